package candor_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/middleware"
)

// callServer serves an app on a real server and returns a client for it.
func callServer(t testing.TB, app *candor.App) candor.Client {
	t.Helper()
	app.Seal()
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return candor.Client{Base: server.URL, HTTP: server.Client()}
}

// callEcho registers a route that stores the input its handler got.
func callEcho[In any](t testing.TB, path string, options ...candor.RouteOption) (*candor.Route[In, candor.None], candor.Client, *In) {
	t.Helper()
	got := new(In)
	app := candor.New(candor.Config{})
	route := candor.Post(app, path, func(_ context.Context, in In) (candor.None, error) {
		*got = in
		return candor.None{}, nil
	}, options...)
	return route, callServer(t, app), got
}

// callArrives asserts that the handler receives an equal input, over the network and in process.
func callArrives[In any](t *testing.T, name, path string, in In, want ...In) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		route, client, got := callEcho[In](t, path)
		expected := in
		if len(want) > 0 {
			expected = want[0]
		}
		_, err := route.Call(t.Context(), client, in)
		require.NoError(t, err)
		assert.Equal(t, expected, *got)
	})
}

// callRefused asserts that an input is rejected before anything is sent.
func callRefused[In any](t *testing.T, name, path string, in In, want string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		route, client, _ := callEcho[In](t, path)
		client.HTTP = &http.Client{Transport: callNoTransport{t}}
		_, err := route.Call(t.Context(), client, in)
		assert.ErrorContains(t, err, want)
	})
}

type callNoTransport struct{ t *testing.T }

func (n callNoTransport) RoundTrip(*http.Request) (*http.Response, error) {
	n.t.Error("the request was sent")
	return nil, errors.New("no network")
}

type callItem struct {
	Name  string               `json:"name"`
	Price float64              `json:"price" default:"9.5"`
	Tags  []string             `json:"tags"`
	Note  *string              `json:"note,omitempty"`
	Seen  map[string]int       `json:"seen,omitempty"`
	Left  int                  `json:"left,omitempty" default:"3"`
	Sold  candor.Optional[int] `json:"sold"`
}

func TestCallSendsParameters(t *testing.T) {
	type paths struct {
		Name string     `path:"name"`
		N    int8       `path:"n"`
		IP   netip.Addr `path:"ip"`
		Rest string     `path:"rest"`
	}
	const template = "/{name}/{n}/{ip}/{rest...}"
	addr := netip.MustParseAddr("2001:db8::1")
	callArrives(t, "path", template, paths{"plain", math.MinInt8, addr, "a/b"})
	callArrives(t, "path, what URLs escape", template, paths{"a/b?c#d%20 é;:@&=+$,\"", 0, addr, "/x//é?/%2F/"})
	callArrives(t, "path, nothing left", template, paths{"...", 1, addr, ""})
	callRefused(t, "path, empty", template, paths{"", 1, addr, ""}, "empty")
	callRefused(t, "path, dots", template, paths{"..", 1, addr, ""}, "clients resolve")
	callRefused(t, "path, dots in the rest", template, paths{"a", 1, addr, "a/../b"}, "clients resolve")

	type queries struct {
		S    string                  `query:"s"`
		Odd  string                  `query:"a&b=c é,omitempty"`
		N    int64                   `query:"n" default:"7"`
		F    float32                 `query:"f,omitempty"`
		B    bool                    `query:"b"`
		At   time.Time               `query:"at,omitzero"`
		For  time.Duration           `query:"for"`
		List []string                `query:"list,omitempty"`
		CSV  []string                `query:"csv,csv"`
		Ptr  *int                    `query:"ptr"`
		Opt  candor.Optional[string] `query:"opt"`
		JSON *callItem               `query:"json,json"`
		Raw  []byte                  `query:"raw,omitempty"`
	}
	zero := 0
	callArrives(t, "query, nothing", "/", queries{CSV: []string{}})
	callArrives(t, "query, a nil list that must be there", "/", queries{}, queries{CSV: []string{}})
	callArrives(t, "query, zeros", "/", queries{CSV: []string{"a"}, Ptr: &zero, Opt: candor.Some("")})
	callArrives(t, "query, bounds", "/", queries{N: math.MinInt64, F: math.MaxFloat32, For: math.MinInt64, CSV: []string{"", "a,b", " ", ""}})
	callArrives(t, "query, text", "/", queries{
		S: "a b+c%&=;#é\x00\n", Odd: "&=", B: true, At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		List: []string{"", "x,y", " "}, CSV: []string{"1"}, JSON: &callItem{Name: "é\"", Tags: []string{}}, Raw: []byte{0xff, 0},
	})
	callRefused(t, "query, one empty text between no commas", "/", queries{CSV: []string{""}}, "cannot be part of a list")
	type maybeLists struct {
		Ptr    *[]string                 `query:"ptr"`
		Opt    candor.Optional[[]string] `query:"opt"`
		PtrCSV *[]string                 `query:"ptr_csv,csv"`
		OptCSV candor.Optional[[]string] `query:"opt_csv,csv"`
	}
	none := []string{}
	callArrives(t, "query, lists that are not there", "/", maybeLists{})
	callArrives(t, "query, lists that have a form without elements", "/", maybeLists{PtrCSV: &none, OptCSV: candor.Some(none)})
	callArrives(t, "query, a pointer to nil", "/", maybeLists{PtrCSV: new([]string)}, maybeLists{PtrCSV: &none})
	callRefused(t, "query, a pointer to no elements", "/", maybeLists{Ptr: &none}, `Ptr (query "ptr"): a list without elements cannot be sent here`)
	callRefused(t, "query, a pointer to a nil list", "/", maybeLists{Ptr: new([]string)}, "a list without elements cannot be sent here")
	callRefused(t, "query, no elements that are set", "/", maybeLists{Opt: candor.Some(none)}, `Opt (query "opt"): a list without elements cannot be sent here`)
	callRefused(t, "form, a pointer to no elements", "/", struct {
		Tags *[]string `form:"tags"`
	}{&none}, "a list without elements cannot be sent here")

	callRefused(t, "query, null", "/", queries{Opt: candor.Null[string]()}, `Opt (query "opt"): null cannot be sent`)
	callRefused(t, "query, not UTF-8", "/", queries{S: "\xff"}, "not valid UTF-8")
	callRefused(t, "query, not a number", "/", queries{F: float32(math.NaN())}, "not a number")
	type lists struct {
		Must []int `query:"must"`
		May  []int `query:"may" default:"[1]"`
	}
	callRefused(t, "query, a list of nothing that must be there", "/", lists{}, "the option csv gives it a form")
	callRefused(t, "query, a list of nothing beside a default", "/", lists{Must: []int{1}, May: []int{}}, "the option csv gives it a form")
	callArrives(t, "query, nil is left to the server", "/", lists{Must: []int{1}}, lists{Must: []int{1}, May: []int{1}})

	type headers struct {
		S     string   `header:"X-S"`
		List  []string `header:"X-List"`
		CSV   []int    `header:"X-Csv,csv,omitempty"`
		Ptr   *string  `header:"X-Ptr"`
		Agent string   `header:"User-Agent,omitempty"`
		Host  string   `header:"Host"`
	}
	empty := ""
	callArrives(t, "header", "/", headers{S: "a, b;\té=\"x\"", List: []string{"a", "b c"}, CSV: []int{1, 2}, Ptr: &empty, Host: "example.org"},
		headers{S: "a, b;\té=\"x\"", List: []string{"a", "b c"}, CSV: []int{1, 2}, Ptr: &empty, Host: "example.org", Agent: "Go-http-client/1.1"})
	callArrives(t, "header, nothing", "/", headers{List: []string{}, Agent: "test", Host: "example.org"})
	callRefused(t, "header, space at the end", "/", headers{S: "a "}, "white space")
	callRefused(t, "header, a line break", "/", headers{S: "a\r\nX-Other: b"}, "control character")
	callRefused(t, "header, a comma in an element", "/", headers{List: []string{"a,b"}}, "cannot be part of a list")
	callRefused(t, "header of the connection", "/", struct {
		L string `header:"Content-Length"`
	}{"5"}, "written by the connection")

	type dates struct {
		Since *time.Time `header:"If-Modified-Since"`
		Other time.Time  `header:"X-When"`
	}
	when := time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC)
	callArrives(t, "header, dates", "/", dates{Since: &when, Other: when})
	callRefused(t, "header, a date out of range", "/", dates{Since: new(when.AddDate(9000, 0, 0))}, "a time outside of what HTTP can write")
	callArrives(t, "header, a list of quoted strings", "/", struct {
		Match []string `header:"If-Match"`
	}{[]string{`"a,b"`, `W/"c"`}})
	callRefused(t, "header, a quotation mark left open", "/", struct {
		Match []string `header:"If-Match"`
	}{[]string{`"a`, `b"`}}, "cannot be part of a list")

	type cookies struct {
		S    string   `cookie:"s"`
		List []string `cookie:"list,omitempty"`
		Ptr  *int     `cookie:"ptr"`
	}
	callArrives(t, "cookie", "/", cookies{S: " a, b=%c ", List: []string{"x y", "", "z"}, Ptr: &zero})
	callArrives(t, "cookie, empty", "/", cookies{})
	callArrives(t, "cookie, not ASCII", "/", cookies{S: `é {"a": 1}, \ "x"`})
	callRefused(t, "cookie, a semicolon", "/", cookies{S: "a;b"}, "no semicolons")
	callRefused(t, "cookie, a comma in an element", "/", cookies{List: []string{"a,b"}}, "cannot be part of a list")
}

func TestCallSendsModelsAndCredentials(t *testing.T) {
	type page struct {
		Limit  int `query:"limit" default:"10"`
		Offset int `query:"offset,omitempty"`
	}
	type embedded struct {
		page
		Model struct {
			From *int `query:"from"`
		} `query:""`
		Token candor.Bearer
		Key   candor.APIKey  `header:"X-Key"`
		Asked *candor.APIKey `query:"key"`
		Kept  candor.APIKey  `cookie:"kept"`
		R     *http.Request
	}
	seven := 7
	in := embedded{page: page{Limit: 0, Offset: 5}, Token: "t", Key: "k", Kept: "c"}
	in.Model.From = &seven
	route, client, got := callEcho[embedded](t, "/")
	_, err := route.Call(t.Context(), client, in)
	require.NoError(t, err)
	got.R = nil
	assert.Equal(t, in, *got)

	type basic struct{ User candor.Basic }
	callArrives(t, "basic", "/", basic{candor.Basic{Username: "u", Password: "p:ä"}})
	callArrives(t, "basic, empty", "/", basic{})
	callRefused(t, "basic, a colon", "/", basic{candor.Basic{Username: "u:v"}}, "colon")
	callRefused(t, "bearer, a line break", "/", struct{ T candor.Bearer }{"a\nb"}, "control character")

	bearer, client, _ := callEcho[struct{ Token candor.Bearer }](t, "/")
	_, err = bearer.Call(t.Context(), client, struct{ Token candor.Bearer }{})
	var refused *candor.HTTPError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 401, refused.Status())
	assert.Equal(t, "Not authenticated", refused.Detail())
	assert.Equal(t, "Bearer", refused.Header().Get("WWW-Authenticate"))
	assert.NotContains(t, refused.Header(), "Content-Type", "nothing of the answer itself")
}

func TestCallSendsBodies(t *testing.T) {
	type whole struct {
		Body callItem `body:""`
	}
	note := ""
	callArrives(t, "JSON", "/", whole{callItem{Name: "é\u2028\"\\<", Price: 0, Tags: []string{}, Note: &note, Seen: map[string]int{"": 1}, Sold: candor.Null[int]()}})
	callArrives(t, "JSON, zeros", "/", whole{}, whole{callItem{Tags: []string{}}})
	callRefused(t, "JSON, not UTF-8", "/", whole{callItem{Name: "\xff"}}, "not valid UTF-8")
	callRefused(t, "JSON, not a number", "/", whole{callItem{Price: math.Inf(1)}}, "price")

	type may struct {
		Body *callItem `body:""`
	}
	callArrives(t, "no body", "/", may{})
	type patch struct {
		Body candor.Optional[[]int] `body:""`
	}
	callArrives(t, "no body, Optional", "/", patch{})
	callArrives(t, "null", "/", patch{candor.Null[[]int]()})
	callArrives(t, "a value", "/", patch{candor.Some([]int{})})
	type anything struct {
		Body any `body:""`
	}
	callArrives(t, "any", "/", anything{map[string]any{"a": []any{1.5, nil, "x"}}})
	callArrives(t, "any, nil", "/", anything{})

	type members struct {
		ID   int                     `path:"id"`
		Item callItem                `body:"item"`
		N    candor.Optional[int]    `body:"n"`
		S    candor.Optional[string] `body:"s"`
		D    int                     `body:"d,omitempty" default:"4"`
	}
	callArrives(t, "members", "/{id}", members{ID: 1, Item: callItem{Tags: []string{"a"}}, N: candor.Null[int]()})

	type bytes struct {
		Body []byte `body:"" media:"video/mp4"`
	}
	callArrives(t, "bytes", "/", bytes{[]byte{0, 1, 0xff}})
	callRefused(t, "no bytes", "/", bytes{}, "the server treats an empty one as absent")
	type text struct {
		Body string `body:""`
	}
	callArrives(t, "text", "/", text{"é\n"})
	callRefused(t, "text, not UTF-8", "/", text{"\xff"}, "not valid UTF-8")
	type image struct {
		Body []byte `body:"" media:"image/*"`
	}
	callRefused(t, "no type chosen", "/", image{Body: []byte("x")}, "nothing says which media type")

	form := "/form"
	type pairs struct {
		S    string                  `form:"s"`
		N    int                     `form:"n" default:"2"`
		List []string                `form:"list,omitempty"`
		CSV  []string                `form:"csv,csv,omitempty"`
		JSON map[string]int          `form:"json,json"`
		Opt  candor.Optional[string] `form:"opt"`
	}
	callArrives(t, "form", form, pairs{S: "a&b=c;é +%", List: []string{"", "a,b"}, CSV: []string{"a ", "", "b"}, JSON: map[string]int{"&": 1}, Opt: candor.Some("")})
	callRefused(t, "form, a comma in an element", form, pairs{CSV: []string{"a,b"}}, `CSV (form "csv")`)
	type nobody struct {
		S string `form:"s,omitempty"`
		N *int   `form:"n"`
	}
	callArrives(t, "form, nothing", form, nobody{})
}

func TestCallSendsReaders(t *testing.T) {
	type input struct {
		Body io.Reader `body:""`
	}
	app := candor.New(candor.Config{})
	route := candor.Post(app, "/", func(_ context.Context, in input) (candor.Text, error) {
		data, err := io.ReadAll(in.Body)
		return candor.Text(data), err
	})
	for name, client := range map[string]candor.Client{"wire": callServer(t, app), "process": candor.InProcess(app)} {
		got, err := route.Call(t.Context(), client, input{strings.NewReader("a long story")})
		require.NoError(t, err, name)
		assert.Equal(t, candor.Text("a long story"), got)
		_, err = route.Call(t.Context(), client, input{})
		assert.ErrorContains(t, err, "the server treats an empty one as absent")
	}
}

func TestCallSendsLines(t *testing.T) {
	type input struct {
		Body candor.JSONLines[callItem] `body:""`
	}
	app := candor.New(candor.Config{})
	route := candor.Post(app, "/", func(_ context.Context, in input) ([]callItem, error) {
		var all []callItem
		for item, err := range in.Body {
			if err != nil {
				return nil, err
			}
			all = append(all, item)
		}
		return all, nil
	})
	sent := []callItem{{Name: "a", Tags: []string{}}, {Name: strings.Repeat("b", 5000), Tags: []string{"\n"}}}
	for name, client := range map[string]candor.Client{"wire": callServer(t, app), "process": candor.InProcess(app)} {
		got, err := route.Call(t.Context(), client, input{candor.LinesOf(slices.Values(sent))})
		require.NoError(t, err, name)
		assert.Equal(t, sent, got)
		_, err = route.Call(t.Context(), client, input{func(yield func(callItem, error) bool) { yield(callItem{}, errors.New("no more")) }})
		require.Error(t, err)
		_, err = route.Call(t.Context(), client, input{})
		require.ErrorContains(t, err, "the server treats an empty one as absent")
	}
}

func TestCallSendsFiles(t *testing.T) {
	type input struct {
		Title  string          `form:"title"`
		Avatar candor.Upload   `file:"avatar"`
		Banner *candor.Upload  `file:"banner"`
		Photos []candor.Upload `file:"photos,omitempty"`
		Notes  []byte          `file:"notes"`
	}
	app := candor.New(candor.Config{})
	type seen struct{ Title, Name, Type, Content, Photo, Notes, Header string }
	route := candor.Post(app, "/", func(_ context.Context, in input) (seen, error) {
		open := func(u candor.Upload) string {
			content, err := u.Open()
			require.NoError(t, err)
			data, err := io.ReadAll(content)
			require.NoError(t, err)
			return u.Filename + ":" + string(data)
		}
		s := seen{in.Title, in.Avatar.Filename, in.Avatar.ContentType, open(in.Avatar), "", string(in.Notes), in.Avatar.Header.Get("X-Extra")}
		for _, photo := range in.Photos {
			s.Photo += open(photo) + ";"
		}
		assert.Nil(t, in.Banner)
		return s, nil
	})
	avatar := candor.NewUpload(`a "b" é.png`, []byte("PNG"))
	avatar.ContentType = "image/png"
	avatar.Header = map[string][]string{"X-Extra": {"1"}}
	large := strings.Repeat("x", 2<<20)
	in := input{Title: "é\r\n--", Avatar: avatar, Photos: []candor.Upload{candor.NewUpload("1", nil), candor.NewUpload("2", []byte(large))}, Notes: []byte{}}
	for name, client := range map[string]candor.Client{"wire": callServer(t, app), "process": candor.InProcess(app)} {
		got, err := route.Call(t.Context(), client, in)
		require.NoError(t, err, name)
		assert.Equal(t, seen{in.Title, avatar.Filename, "image/png", avatar.Filename + ":PNG", "1:;2:" + large + ";", "", "1"}, got)
	}
	client := candor.InProcess(app)
	_, err := route.Call(t.Context(), client, input{})
	assert.ErrorContains(t, err, `Avatar (file "avatar"): it is required`)
	_, err = route.Call(t.Context(), client, input{Avatar: candor.Upload{Filename: "../x"}})
	assert.ErrorContains(t, err, "would not arrive as it is")
}

func TestCallReceives(t *testing.T) {
	app := candor.New(candor.Config{})
	type envelope struct {
		Status int         `status:"200,201,204"`
		Trace  string      `header:"X-Trace"`
		Counts []int       `header:"X-Counts,csv"`
		Kind   *string     `header:"X-Kind"`
		Who    string      `cookie:"who"`
		Raw    http.Cookie `cookie:"raw"`
		Body   *callItem   `body:""`
	}
	sold := envelope{Status: 201, Trace: "é", Counts: []int{1, 2}, Who: "me", Body: &callItem{Name: "x", Tags: []string{}, Left: 0}}
	envelopes := candor.Get(app, "/envelope/{status}", func(_ context.Context, in struct {
		Status int `path:"status"`
	},
	) (envelope, error) {
		answer := sold
		answer.Status, answer.Raw = in.Status, http.Cookie{Value: "r", Path: "/p"}
		if in.Status == http.StatusNoContent {
			answer.Body = nil
		}
		return answer, nil
	})
	plain := candor.Get(app, "/plain", func(context.Context, candor.None) ([]callItem, error) {
		return []callItem{{Name: "é", Tags: []string{"a"}}}, nil
	})
	text := candor.Get(app, "/text", func(context.Context, candor.None) (candor.Text, error) { return "é", nil })
	page := candor.Get(app, "/page", func(context.Context, candor.None) (candor.HTML, error) { return "<p>", nil })
	data := candor.Get(app, "/data", func(context.Context, candor.None) ([]byte, error) { return []byte{0xff}, nil })
	away := candor.Get(app, "/away", func(context.Context, candor.None) (candor.Redirect, error) { return "/text", nil })
	reader := candor.Get(app, "/reader", func(context.Context, candor.None) (candor.Reader, error) { return strings.NewReader("read"), nil })
	file := candor.Get(app, "/file", func(context.Context, candor.None) (candor.File, error) {
		return candor.File{FS: os.DirFS("testdata"), Path: "call.txt", Download: true}, nil
	})
	nothing := candor.Delete(app, "/nothing", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil })
	head := candor.Head(app, "/head", func(context.Context, candor.None) (callItem, error) { return callItem{Name: "x"}, nil })

	clients := map[string]candor.Client{"wire": callServer(t, app), "process": candor.InProcess(app)}
	for name, client := range clients {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			got, err := envelopes.Call(ctx, client, struct {
				Status int `path:"status"`
			}{201})
			require.NoError(t, err)
			assert.Equal(t, "r", got.Raw.Value)
			assert.Equal(t, "/p", got.Raw.Path)
			got.Raw = http.Cookie{}
			assert.Equal(t, sold, got)
			got, err = envelopes.Call(ctx, client, struct {
				Status int `path:"status"`
			}{204})
			require.NoError(t, err)
			assert.Nil(t, got.Body)

			items, err := plain.Call(ctx, client, candor.None{})
			require.NoError(t, err)
			assert.Equal(t, []callItem{{Name: "é", Tags: []string{"a"}}}, items, "zeros of fields with defaults, too")
			s, err := text.Call(ctx, client, candor.None{})
			require.NoError(t, err)
			assert.Equal(t, candor.Text("é"), s)
			h, err := page.Call(ctx, client, candor.None{})
			require.NoError(t, err)
			assert.Equal(t, candor.HTML("<p>"), h)
			b, err := data.Call(ctx, client, candor.None{})
			require.NoError(t, err)
			assert.Equal(t, []byte{0xff}, b)
			to, err := away.Call(ctx, client, candor.None{})
			require.NoError(t, err)
			assert.Equal(t, candor.Redirect("/text"), to)
			r, err := reader.Call(ctx, client, candor.None{})
			require.NoError(t, err)
			read, err := io.ReadAll(r)
			require.NoError(t, err)
			assert.Equal(t, "read", string(read))
			require.NoError(t, r.(io.Closer).Close())
			f, err := file.Call(ctx, client, candor.None{})
			require.NoError(t, err)
			content, err := io.ReadAll(f.Content)
			require.NoError(t, err)
			assert.Equal(t, "a file\n", string(content))
			assert.Equal(t, "call.txt", f.Name)
			assert.True(t, f.Download)
			_, err = nothing.Call(ctx, client, candor.None{})
			require.NoError(t, err)
			_, err = head.Call(ctx, client, candor.None{})
			require.NoError(t, err)
		})
	}
}

// A null and an empty list are no header line, as the document says.
func TestCallReceivesHeadersThatAreNotSent(t *testing.T) {
	type sent struct {
		Null   sql.NullInt64        `header:"X-Null"`
		Null2  uuid.NullUUID        `header:"X-Null2"`
		None   candor.Optional[int] `header:"X-None"`
		List   []int                `header:"X-List"`
		Cookie sql.NullString       `cookie:"c"`
		Body   string               `body:""`
	}
	app := candor.New(candor.Config{})
	route := candor.Get(app, "/sent", func(context.Context, candor.None) (sent, error) { return sent{Body: "x"}, nil })
	got, err := route.Call(t.Context(), callServer(t, app), candor.None{})
	require.NoError(t, err)
	assert.Equal(t, sent{Body: "x"}, got)
}

func TestCallReceivesStreams(t *testing.T) {
	app := candor.New(candor.Config{})
	late := candor.Error(409, "too late")
	read := make(chan struct{}, 4)
	type input struct {
		Fail bool `query:"fail"`
	}
	items := func(fail bool, yield func(int, error) bool) {
		for i := range 3 {
			if !yield(i, nil) {
				return
			}
		}
		if fail {
			<-read // an error before the first byte would be sent as an error response
			yield(0, late)
		}
	}
	lines := candor.Get(app, "/lines", func(_ context.Context, in input) (candor.JSONLines[int], error) {
		return func(yield func(int, error) bool) { items(in.Fail, yield) }, nil
	})
	events := candor.Get(app, "/events", func(_ context.Context, in input) (candor.Events[int], error) {
		return func(yield func(candor.Event[int], error) bool) {
			items(in.Fail, func(n int, err error) bool {
				return yield(candor.Event[int]{Data: n, Name: "count", ID: "1", Retry: time.Second}, err)
			})
		}, nil
	})
	raw := candor.Get(app, "/raw", func(context.Context, candor.None) (candor.Events[candor.Raw], error) {
		return func(yield func(candor.Event[candor.Raw], error) bool) {
			yield(candor.Event[candor.Raw]{Data: "a\nb"}, nil)
		}, nil
	})
	for name, client := range map[string]candor.Client{"wire": callServer(t, app), "process": candor.InProcess(app)} {
		t.Run(name, func(t *testing.T) {
			got, err := lines.Call(t.Context(), client, input{})
			require.NoError(t, err)
			var numbers []int
			for n, err := range got {
				require.NoError(t, err)
				numbers = append(numbers, n)
			}
			assert.Equal(t, []int{0, 1, 2}, numbers)
			for _, err := range got {
				assert.ErrorContains(t, err, "ranged over before")
			}

			got, err = lines.Call(t.Context(), client, input{Fail: true})
			require.NoError(t, err)
			var last error
			for n, err := range got {
				if last = err; n == 2 {
					read <- struct{}{}
				}
			}
			var cut *candor.ResponseError
			require.ErrorAs(t, last, &cut, "lines are missing, and the client sees it")

			stream, err := events.Call(t.Context(), client, input{Fail: true})
			require.NoError(t, err)
			var seen []candor.Event[int]
			for event, err := range stream {
				if last = err; err == nil {
					seen = append(seen, event)
				}
				if event.Data == 2 {
					read <- struct{}{}
				}
			}
			assert.Equal(t, candor.Event[int]{Data: 2, Name: "count", ID: "1", Retry: time.Second}, seen[2])
			assert.Len(t, seen, 3)
			var failed *candor.HTTPError
			require.ErrorAs(t, last, &failed)
			assert.Equal(t, "too late", failed.Detail())

			texts, err := raw.Call(t.Context(), client, candor.None{})
			require.NoError(t, err)
			for event, err := range texts {
				require.NoError(t, err)
				assert.Equal(t, candor.Raw("a\nb"), event.Data)
			}
		})
	}
}

func TestCallOfErrors(t *testing.T) {
	missing := candor.Error(404, "item not found")
	type refused struct {
		Code int `json:"code"`
	}
	for name, config := range map[string]candor.Config{"detail": {}, "problem": {ProblemDetails: true}} {
		t.Run(name, func(t *testing.T) {
			app := candor.New(config)
			route := candor.Get(app, "/items/{id}", func(_ context.Context, in struct {
				ID int `path:"id" validate:"lte=9"`
			},
			) (callItem, error) {
				switch in.ID {
				case 1:
					return callItem{}, missing.WithHeader("X-Hint", "another")
				case 2:
					return callItem{}, candor.Error(409, refused{7})
				case 3:
					return callItem{}, candor.Invalid("not that one", "path", "list", 3)
				}
				return callItem{}, errors.New("secret")
			})
			client := candor.InProcess(app)
			call := func(id int) error {
				_, err := route.Call(t.Context(), client, struct {
					ID int `path:"id" validate:"lte=9"`
				}{id})
				return err
			}
			err := call(1)
			require.ErrorIs(t, err, missing, "it is known by its status and detail")
			var known *candor.HTTPError
			require.ErrorAs(t, err, &known)
			assert.Equal(t, "another", known.Header().Get("X-Hint"))
			assert.NotErrorIs(t, err, candor.Error(404, "user not found"))

			require.ErrorAs(t, call(2), &known)
			assert.Equal(t, 409, known.Status())
			assert.Equal(t, map[string]any{"code": 7.0}, known.Detail())

			var invalid *candor.ValidationError
			require.ErrorAs(t, call(10), &invalid)
			assert.Equal(t, []candor.Fault{{
				Type: "less_than_equal", Loc: []any{"path", "id"}, Msg: invalid.Faults[0].Msg, Ctx: map[string]any{"le": 9.0},
			}}, invalid.Faults)
			require.ErrorAs(t, call(3), &invalid)
			assert.Equal(t, []any{"path", "list", 3}, invalid.Faults[0].Loc, "positions are ints")

			require.ErrorAs(t, call(4), &known)
			assert.Equal(t, 500, known.Status())
			assert.NotContains(t, known.Error(), "secret")
		})
	}
}

func TestCallOfUnexpectedResponses(t *testing.T) {
	app := candor.New(candor.Config{})
	route := candor.Get(app, "/items", func(context.Context, candor.None) ([]callItem, error) { return nil, nil })
	app.Seal()
	asJSON := http.Header{"Content-Type": {"application/json"}}
	for name, tt := range map[string]struct {
		status int
		header http.Header
		body   string
		want   string
	}{
		"the page of a proxy":               {502, http.Header{"Content-Type": {"text/html"}}, "<html>Bad Gateway</html>", `GET /items: the response is 502 Bad Gateway (text/html): an error of the server would be JSON: "<html>Bad Gateway</html>"`},
		"a page in the place of the answer": {200, http.Header{"Content-Type": {"text/html"}}, "<html>", `(text/html): it should be application/json: "<html>"`},
		"another status":                    {202, asJSON, "[]", "the route does not document this status"},
		"cut short":                         {200, asJSON, `[{"name"`, "it is not what the route returns"},
		"another type":                      {200, asJSON, `[{"name":1}]`, "at [body 0 name]"},
		"too large":                         {200, asJSON, "[" + strings.Repeat(" ", 2000) + "]", "more than 1000 bytes"},
		"an error that is no JSON":          {500, asJSON, "oops", "it is not JSON"},
		"an error without a body":           {304, http.Header{}, "", "304: Not Modified"},
		"an error in another form":          {418, asJSON, `{"teapot":true}`, "418: map[teapot:true]"},
		"a 422 in another form":             {422, asJSON, `{"detail":"no"}`, "422: no"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for key, lines := range tt.header {
					w.Header()[key] = lines
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			_, err := route.Call(t.Context(), candor.Client{Base: server.URL, MaxBody: 1000}, candor.None{})
			assert.ErrorContains(t, err, tt.want)
		})
	}
	_, err := route.Call(t.Context(), candor.Client{}, candor.None{})
	assert.ErrorContains(t, err, "Client.Base is")
}

// The largest possible limit must not overflow and make the response look empty.
func TestCallWithTheLargestLimit(t *testing.T) {
	app := candor.New(candor.Config{})
	route := candor.Get(app, "/name", func(context.Context, candor.None) (string, error) { return "Ann", nil })
	client := callServer(t, app)
	client.MaxBody = math.MaxInt64
	got, err := route.Call(t.Context(), client, candor.None{})
	require.NoError(t, err)
	assert.Equal(t, "Ann", got)
}

func TestRouteURLsAndPlaces(t *testing.T) {
	type ref struct {
		ID int     `path:"id"`
		Q  *string `query:"q"`
		T  candor.Bearer
	}
	handler := func(context.Context, ref) (string, error) { return "", nil }
	items := candor.NewRouter("/items")
	route := candor.Get(items, "/{id}", handler, candor.Alias("/by-id/{id}"))
	_, err := route.URL(ref{})
	require.ErrorContains(t, err, "the route has no path yet")
	app := candor.New(candor.Config{})
	app.Include(items, candor.Prefix("/v1"))
	app.Include(items, candor.Prefix("/v2"))
	app.Seal()
	assert.Equal(t, []string{"/v1/items/{id}", "/v1/items/by-id/{id}", "/v2/items/{id}", "/v2/items/by-id/{id}"}, route.Places())
	q := "a b"
	for at, want := range map[string]string{
		"": "/v1/items/3?q=a+b", "/v2": "/v2/items/3?q=a+b", "/v2/items/by-id": "/v2/items/by-id/3?q=a+b", "/v1/items/by-id/{id}": "/v1/items/by-id/3?q=a+b",
	} {
		got, err := route.At(at).URL(ref{ID: 3, Q: &q})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err = route.At("/v").URL(ref{})
	assert.ErrorContains(t, err, "not served at /v, only at /v1/items/{id}, ")

	other := candor.New(candor.Config{})
	other.Include(items, candor.Prefix("/other"))
	_, err = route.Call(t.Context(), candor.InProcess(other), ref{ID: 3, T: "t"})
	require.NoError(t, err, "in process the place is the app's own")
	_, err = route.At("/v2").Call(t.Context(), candor.InProcess(other), ref{ID: 3, T: "t"})
	assert.ErrorContains(t, err, "the app does not serve the route at /v2")
}

func callNamed(context.Context, struct {
	ID string `path:"item_id"`
},
) (string, error) {
	return "", nil
}

func TestAppURL(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/items/{item_id}", callNamed)
	candor.Get(app, "/all", callNamedNothing, candor.OperationID("everything"))
	for _, tt := range []struct {
		name   string
		params map[string]string
		want   string
	}{
		{"callNamed", map[string]string{"item_id": "a/b"}, "/items/a%2Fb"},
		{"callNamed", map[string]string{"item_id": "1", "z": "1", "a": "&"}, "/items/1?a=%26&z=1"},
		{"everything", nil, "/all"},
		{"callNamedNothing", nil, "/all"},
	} {
		got, err := app.URL(tt.name, tt.params)
		require.NoError(t, err)
		assert.Equal(t, tt.want, got)
	}
	_, err := app.URL("nobody", nil)
	assert.ErrorContains(t, err, `URL("nobody"): the app has no operation of that name`)
	_, err = app.URL("callNamed", nil)
	assert.ErrorContains(t, err, "{item_id}")
}

func callNamedNothing(context.Context, candor.None) (string, error) { return "", nil }

func TestCallSendsWhatProvidersRead(t *testing.T) {
	type tenant struct{ name string }
	type tenantIn struct {
		Name  string `path:"tenant"`
		Token candor.Bearer
		Page  int `query:"page" default:"1"`
	}
	app := candor.New(candor.Config{})
	candor.Provide(app, func(_ context.Context, in tenantIn) (*tenant, error) {
		return &tenant{in.Name + ":" + string(in.Token)}, nil
	})
	type input struct {
		Page   int     `query:"page"`
		Tenant *tenant `dep:""`
	}
	route := candor.Get(app, "/{tenant}/items", func(_ context.Context, in input) (string, error) { return in.Tenant.name, nil })
	client := candor.InProcess(app)
	_, err := route.Call(t.Context(), client, input{})
	require.ErrorContains(t, err, "nothing gives {tenant}")
	got, err := route.Call(t.Context(), client.With(tenantIn{"acme", "t", 2}), input{Page: 2})
	require.NoError(t, err)
	assert.Equal(t, "acme:t", got)
	_, err = route.Call(t.Context(), client.With(tenantIn{"acme", "t", 2}), input{Page: 3})
	require.ErrorContains(t, err, "another value before")
	_, err = route.Call(t.Context(), client.With(5), input{})
	require.ErrorContains(t, err, "an input must be a struct")
	_, err = route.Call(t.Context(), client.With(struct {
		B int `body:""`
	}{}), input{})
	require.ErrorContains(t, err, "has a body")
	client.Header = http.Header{"authorization": {"Bearer h"}}
	got, err = route.Call(t.Context(), client.With(struct {
		Name string `path:"tenant"`
	}{"acme"}), input{})
	require.NoError(t, err)
	assert.Equal(t, "acme:h", got)
}

func TestRouteDefaults(t *testing.T) {
	app := candor.New(candor.Config{})
	type input struct {
		Limit int      `query:"limit" default:"10" validate:"gte=1"`
		Sort  []string `query:"sort" default:"[\"a\"]"`
		Must  string   `query:"must"`
		Body  callItem `body:""`
	}
	route := candor.Post(app, "/", func(_ context.Context, in input) (candor.None, error) { return candor.None{}, nil })
	_, err := route.Defaults()
	require.Error(t, err)
	app.Seal()
	in, err := route.Defaults()
	require.NoError(t, err)
	assert.Equal(t, input{Limit: 10, Sort: []string{"a"}, Body: callItem{Price: 9.5, Left: 3}}, in)
}

func TestCallWithCodecs(t *testing.T) {
	reversed := candor.Codec{
		Marshal:   func(v any) ([]byte, error) { data, err := json.Marshal(v); return append([]byte("!"), data...), err },
		Unmarshal: func(data []byte, v any) error { return json.Unmarshal(data[1:], v) },
	}
	app := candor.New(candor.Config{Codecs: map[string]candor.Codec{"application/odd": reversed}})
	type input struct {
		Body callItem `body:"" media:"application/odd"`
	}
	route := candor.Post(app, "/", func(_ context.Context, in input) (callItem, error) { return in.Body, nil })
	item := callItem{Name: "x", Tags: []string{}, Left: 2}
	for _, accept := range []string{"", "application/odd"} {
		client := candor.InProcess(app)
		client.Header = http.Header{"Accept": {accept}}
		got, err := route.Call(t.Context(), client, input{Body: item})
		require.NoError(t, err)
		assert.Equal(t, item, got)
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	app := candor.New(candor.Config{})
	ended := make(chan struct{})
	route := candor.Get(app, "/", func(ctx context.Context, _ candor.None) (candor.None, error) {
		<-ctx.Done()
		close(ended)
		return candor.None{}, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := route.Call(ctx, candor.InProcess(app), candor.None{})
		failed <- err
	}()
	cancel()
	assert.ErrorIs(t, <-failed, context.Canceled)
}

// addressApp reports a request's client address in its response and in its access log.
func addressApp(t *testing.T) (candor.Client, *strings.Builder) {
	log := &strings.Builder{}
	inner := candor.New(candor.Config{}, candor.Use(
		middleware.TrustedProxies("127.0.0.0/8", "192.0.2.0/24", "unix"),
		middleware.AccessLog(slog.New(slog.NewTextHandler(log, nil)))))
	candor.HandleHTTP(inner, []string{"GET"}, "/who", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RemoteAddr)
	}))
	inner.Seal()
	return candor.InProcess(inner), log
}

// ask sends a request with the context and returns the client address that the app saw.
func ask(ctx context.Context, client candor.Client, headers ...string) string {
	r, err := http.NewRequestWithContext(ctx, "GET", client.Base+"/who", http.NoBody)
	if err != nil {
		return err.Error()
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.HTTP.Do(r)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func TestCallInProcessKeepsTheAddress(t *testing.T) {
	client, log := addressApp(t)
	var got string
	asks := func(ctx context.Context) { got = ask(ctx, client, "X-Forwarded-For", "198.51.100.66") }
	handler := func(ctx context.Context, _ candor.None) (candor.None, error) {
		asks(ctx)
		return candor.None{}, nil
	}
	plain := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asks(r.Context()) })
	guard := func(ctx context.Context, _ candor.None) error {
		asks(ctx)
		return nil
	}
	rewrites := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner := r.Clone(r.Context())
			inner.RemoteAddr = "203.0.113.9:4711"
			next.ServeHTTP(w, inner)
		})
	}
	tests := map[string]func(app *candor.App){
		"a handler":                     func(app *candor.App) { candor.Get(app, "/", handler) },
		"a handler with a timeout":      func(app *candor.App) { candor.Get(app, "/", handler, candor.Timeout(time.Minute)) },
		"a handler behind middleware":   func(app *candor.App) { candor.Get(app, "/", handler, candor.Use(rewrites)) },
		"a plain handler":               func(app *candor.App) { candor.HandleHTTP(app, []string{"GET"}, "/", plain) },
		"a plain one behind middleware": func(app *candor.App) { candor.HandleHTTP(app, []string{"GET"}, "/", plain, candor.Use(rewrites)) },
		"a guard":                       func(app *candor.App) { candor.Get(app, "/", apptest.Fails(nil), candor.Require(guard)) },
		"a mount":                       func(app *candor.App) { app.Mount("", plain) },
		"middleware": func(app *candor.App) {
			candor.Get(app, "/", apptest.Fails(nil), candor.Use(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asks(r.Context())
					next.ServeHTTP(w, r)
				})
			}))
		},
		"a mounted app": func(app *candor.App) {
			sub := candor.New(candor.Config{})
			candor.Get(sub, "/", handler)
			app.Mount("", sub)
		},
		"the answer to an error": func(app *candor.App) {
			candor.OnStatus(app, 404, func(ctx context.Context, _ *candor.HTTPError) (candor.None, error) {
				return handler(ctx, candor.None{})
			})
		},
		"a stream": func(app *candor.App) {
			candor.Get(app, "/", func(ctx context.Context, _ candor.None) (candor.JSONLines[int], error) {
				return func(func(int, error) bool) { asks(ctx) }, nil
			})
		},
		"a call in a call": func(app *candor.App) {
			route := candor.Get(app, "/inner", handler)
			candor.Get(app, "/", func(ctx context.Context, _ candor.None) (candor.None, error) {
				return route.Call(ctx, candor.InProcess(app), candor.None{})
			})
		},
	}
	for name, register := range tests {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			register(app)
			r := httptest.NewRequest("GET", "/", http.NoBody)
			r.RemoteAddr = "203.0.113.9:4711"
			if strings.HasSuffix(name, "behind middleware") { // a middleware has set the client's address
				r.RemoteAddr = "192.0.2.200:1"
			}
			got = ""
			log.Reset()
			app.ServeHTTP(httptest.NewRecorder(), r)
			assert.Equal(t, "203.0.113.9:4711", got)
			assert.Contains(t, log.String(), "client=203.0.113.9\n")
		})
	}

	t.Run("what proxies said counts, but not what calls say", func(t *testing.T) {
		app := candor.New(candor.Config{}, candor.Use(middleware.TrustedProxies("192.0.2.1")))
		candor.Get(app, "/", handler)
		candor.NewTestClient(t, app).Get("/", candor.WithHeader("X-Forwarded-For", "198.51.100.7")).Status(204)
		assert.Equal(t, "198.51.100.7:0", got)
	})
	t.Run("no request", func(t *testing.T) {
		assert.Equal(t, "127.0.0.1:0", ask(t.Context(), client, "X-Forwarded-For", "198.51.100.66"))
	})
	t.Run("an address of its own", func(t *testing.T) {
		r := httptest.NewRequest("GET", client.Base+"/who", http.NoBody)
		r.RequestURI, r.RemoteAddr = "", "192.0.2.44:9"
		response, err := client.HTTP.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assert.Equal(t, "192.0.2.44:9", string(body))
	})
}

// A rate limit counts calls in process for the client of the request that makes them.
func TestCallInProcessUnderARateLimit(t *testing.T) {
	inner := candor.New(candor.Config{}, candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1)}))
	route := candor.Get(inner, "/", apptest.Fails(nil))
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(ctx context.Context, _ candor.None) (candor.None, error) {
		return route.Call(ctx, candor.InProcess(inner), candor.None{})
	})
	app.Seal()
	inner.Seal()
	status := func(address string) int {
		r := httptest.NewRequest("GET", "/", http.NoBody)
		r.RemoteAddr = address
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, []int{204, 204, 429}, []int{status("203.0.113.1:1"), status("203.0.113.2:1"), status("203.0.113.1:2")})
}

func TestCallsAreNotRedirectedToAnotherMethod(t *testing.T) {
	app := candor.New(candor.Config{})
	echo := func(_ context.Context, in struct {
		Body []int `body:""`
	},
	) ([]int, error) {
		return in.Body, nil
	}
	type route interface {
		Call(ctx context.Context, client candor.Client, in struct {
			Body []int `body:""`
		}) ([]int, error)
	}
	routes := map[string]route{
		"QUERY": candor.Query(app, "/list", echo), "POST": candor.Post(app, "/list", echo),
		"PUT": candor.Put(app, "/list", echo), "PATCH": candor.Patch(app, "/list", echo),
	}
	candor.Get(app, "/list", func(context.Context, candor.None) ([]int, error) { return []int{7}, nil })
	app.Seal()
	var status, asked int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, found := strings.CutPrefix(r.URL.Path, "/old"); found {
			asked++
			http.Redirect(w, r, path, status)
			return
		}
		app.ServeHTTP(w, r)
	}))
	defer server.Close()
	for method, route := range routes {
		for _, row := range []struct {
			status int
			want   []int
			err    string
		}{
			{301, nil, "a redirect by 301 makes a " + method + " a GET; the server should send 307 or 308"},
			{302, nil, "a redirect by 302 makes a " + method + " a GET; the server should send 307 or 308"},
			{303, []int{7}, ""},
			{307, []int{1, 2}, ""},
			{308, []int{1, 2}, ""},
		} {
			status = row.status
			out, err := route.Call(context.Background(), candor.Client{Base: server.URL + "/old"}, struct {
				Body []int `body:""`
			}{[]int{1, 2}})
			if row.err != "" {
				require.ErrorContains(t, err, row.err)
				continue
			}
			require.NoError(t, err, "%s %d", method, row.status)
			assert.Equal(t, row.want, out, "%s %d", method, row.status)
		}
	}

	status = 307
	// The client's own redirect policy applies as well.
	_, err := routes["PUT"].Call(context.Background(), candor.Client{Base: server.URL + "/old", HTTP: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, struct {
		Body []int `body:""`
	}{})
	var other *candor.ResponseError
	require.ErrorAs(t, err, &other)
	// So does the default policy: at most ten redirects.
	asked = 0
	_, err = routes["PUT"].Call(context.Background(), candor.Client{Base: server.URL + "/old/old/old/old/old/old/old/old/old/old/old"}, struct {
		Body []int `body:""`
	}{})
	require.ErrorContains(t, err, "stopped after 10 redirects")
	assert.Equal(t, 10, asked)
}
