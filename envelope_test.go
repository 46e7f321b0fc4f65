package candor_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// pageHeaders is embedded in envelopes.
type pageHeaders struct {
	Total int64  `header:"X-Total" doc:"How many there are"`
	Next  string `header:"x-next,omitempty"`
}

type everyHeader struct {
	pageHeaders
	Pointer  *int64                `header:"X-Pointer"`
	Optional candor.Optional[bool] `header:"X-Optional"`
	Lines    []string              `header:"X-Lines"`
	CSV      []int64               `header:"X-Csv,csv"`
	Nullable sql.NullInt64         `header:"X-Nullable"`
	Moment   time.Time             `header:"X-Moment,omitzero"`
	Span     time.Duration         `header:"X-Span"`
	Addr     netip.Addr            `header:"X-Addr" hidden:"true"`
	Ratio    float64               `header:"X-Ratio"`
	Secret   string                `header:"X-Secret,omitempty" hidden:"true"`
	Body     struct {
		A int64 `json:"a"`
	} `body:""`
}

type statuses struct {
	Status int   `status:"200,201,304,404"`
	Tag    int64 `header:"X-Tag"`
	Body   *ping `body:""`
}

type cookies struct {
	Session string         `cookie:"session" doc:"who is logged in"`
	Count   int64          `cookie:"count"`
	Theme   *string        `cookie:"theme"`
	Seen    sql.NullString `cookie:"seen"`
	Full    http.Cookie    `cookie:"full"`
	Pointer *http.Cookie   `cookie:"pointer"`
}

type login struct {
	Session string          `cookie:"session"`
	To      candor.Redirect `body:""`
}

type export struct {
	Name string      `header:"X-Name"`
	Body candor.Text `body:"" media:"text/csv"`
}

type picture struct {
	Type string `header:"Content-Type"`
	Body []byte `body:""`
}

type silent struct {
	Status int  `status:"202,200"`
	Wait   uint `header:"Retry-After"`
}

type bare struct {
	Tag string `header:"X-Tag"`
}

func TestEnvelopes(t *testing.T) {
	moment := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	seven, dark, empty := int64(7), "dark", ""
	app := candor.New(candor.Config{})
	candor.Get(app, "/plain", apptest.Returns(everyHeader{Lines: nil, Addr: netip.IPv4Unspecified()}))
	candor.Get(app, "/full", apptest.Returns(everyHeader{
		pageHeaders: pageHeaders{Total: 3, Next: "p2"}, Pointer: &seven, Optional: candor.Some(false), Lines: []string{"a", "b, c"}, CSV: []int64{1, 2},
		Moment: moment, Span: time.Minute, Addr: netip.MustParseAddr("::1"), Ratio: 0.5, Secret: "s",
	}))
	candor.Get(app, "/status/0", apptest.Returns(statuses{Body: &ping{}}))
	candor.Get(app, "/status/201", apptest.Returns(statuses{Status: 201, Body: &ping{}}))
	candor.Get(app, "/status/304", apptest.Returns(statuses{Status: 304, Tag: 2, Body: &ping{}}))
	candor.Get(app, "/status/404", apptest.Returns(statuses{Status: 404}))
	candor.Get(app, "/cookies", apptest.Returns(cookies{
		Session: "abc", Theme: &dark, Full: http.Cookie{Name: "other", Value: "x", Secure: true, MaxAge: 60, Path: "/a"}, Pointer: &http.Cookie{MaxAge: -1},
	}))
	candor.Get(app, "/cookies/none", apptest.Returns(cookies{Theme: &empty, Seen: sql.NullString{Valid: true}}))
	candor.Get(app, "/login", apptest.Returns(login{Session: "abc", To: "/home"}), candor.Status(303))
	candor.Get(app, "/export", apptest.Returns(export{Name: "é", Body: "a,b"}))
	candor.Get(app, "/picture", apptest.Returns(picture{Type: "image/png", Body: []byte("png")}), candor.Produces("image/*"))
	candor.Get(app, "/thing", apptest.Returns(picture{Body: []byte("?")}))
	candor.Get(app, "/silent", apptest.Returns(silent{Wait: 5}))
	candor.Get(app, "/bare", apptest.Returns(bare{Tag: "x"}))

	tests := []struct{ path, want string }{
		{"/plain", "200\nContent-Length: 7\nContent-Type: application/json\nX-Addr: 0.0.0.0\nX-Ratio: 0\nX-Span: 0s\nX-Total: 0\n\n{\"a\":0}"},
		{"/full", "200\nContent-Length: 7\nContent-Type: application/json\nX-Addr: ::1\nX-Csv: 1, 2\nX-Lines: a\nX-Lines: b, c\n" +
			"X-Moment: 2026-11-21T10:00:00Z\nX-Next: p2\nX-Optional: false\nX-Pointer: 7\nX-Ratio: 0.5\nX-Secret: s\nX-Span: 1m0s\nX-Total: 3\n\n{\"a\":0}"},
		{"/status/0", "200\nContent-Length: 2\nContent-Type: application/json\nX-Tag: 0\n\n{}"},
		{"/status/201", "201\nContent-Length: 2\nContent-Type: application/json\nX-Tag: 0\n\n{}"},
		{"/status/304", "304\nX-Tag: 2\n\n"},
		{"/status/404", "404\nContent-Length: 4\nContent-Type: application/json\nX-Tag: 0\n\nnull"},
		{"/cookies", "204\nSet-Cookie: count=0; Path=/; HttpOnly; SameSite=Lax\nSet-Cookie: full=x; Path=/a; Max-Age=60; Secure\n" +
			"Set-Cookie: pointer=; Max-Age=0\nSet-Cookie: session=abc; Path=/; HttpOnly; SameSite=Lax\n" +
			"Set-Cookie: theme=dark; Path=/; HttpOnly; SameSite=Lax\n\n"},
		{"/cookies/none", "204\nSet-Cookie: count=0; Path=/; HttpOnly; SameSite=Lax\nSet-Cookie: seen=; Path=/; HttpOnly; SameSite=Lax\n" +
			"Set-Cookie: theme=; Path=/; HttpOnly; SameSite=Lax\n\n"},
		{"/login", "303\nContent-Length: 0\nLocation: /home\nSet-Cookie: session=abc; Path=/; HttpOnly; SameSite=Lax\n\n"},
		{"/export", "200\nContent-Length: 3\nContent-Type: text/csv; charset=utf-8\nX-Name: é\n\na,b"},
		{"/picture", "200\nContent-Length: 3\nContent-Type: image/png\n\npng"},
		{"/thing", "200\nContent-Length: 1\nContent-Type: application/octet-stream\n\n?"},
		{"/silent", "202\nContent-Length: 0\nRetry-After: 5\n\n"},
		{"/bare", "204\nX-Tag: x\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			assert.Equal(t, tt.want, answered(candor.NewTestClient(t, app).Get(tt.path)))
		})
	}
}

func TestEnvelopesInTheDocument(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/headers", apptest.Returns(everyHeader{}))
	candor.Get(app, "/statuses", apptest.Returns(statuses{}))
	candor.Get(app, "/cookies", apptest.Returns(cookies{}))
	candor.Get(app, "/login", apptest.Returns(login{}), candor.Status(303, "Logged in"))
	candor.Get(app, "/export", apptest.Returns(export{}))
	candor.Get(app, "/picture", apptest.Returns(picture{}), candor.Produces("image/png", "image/webp"))

	pingBody := `"content": {"application/json": {"schema": {"anyOf": [{"$ref": "#/components/schemas/ping"}, {"type": "null"}]}}}`
	tag := `"headers": {"X-Tag": {"required": true, "schema": {"type": "integer", "format": "int64"}}}`
	tests := map[string]string{
		"/headers": `{"200": {"description": "OK",
			"headers": {
				"X-Total": {"description": "How many there are", "required": true, "schema": {"type": "integer", "format": "int64", "description": "How many there are"}},
				"x-next": {"schema": {"type": "string"}},
				"X-Pointer": {"schema": {"type": "integer", "format": "int64"}},
				"X-Optional": {"schema": {"type": "boolean"}},
				"X-Lines": {"schema": {"type": "array", "items": {"type": "string"}}},
				"X-Csv": {"schema": {"type": "array", "items": {"type": "integer", "format": "int64"}}},
				"X-Nullable": {"schema": {"type": "integer", "format": "int64"}},
				"X-Moment": {"schema": {"type": "string", "format": "date-time"}},
				"X-Span": {"required": true, "schema": {"type": "string", "description": "A duration such as 1h30m or 250ms", "examples": ["1h30m"],
					"pattern": "^[-+]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$", "x-validate": "duration"}},
				"X-Ratio": {"required": true, "schema": {"type": "number", "format": "double"}}},
			"content": {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "integer", "format": "int64"}}, "required": ["a"]}}}}}`,
		"/statuses": `{
			"200": {"description": "OK", ` + tag + `, ` + pingBody + `},
			"201": {"description": "Created", ` + tag + `, ` + pingBody + `},
			"304": {"description": "Not Modified", ` + tag + `},
			"404": {"description": "Not Found", ` + tag + `, ` + pingBody + `}}`,
		"/cookies": `{"204": {"description": "No Content", "headers": {"Set-Cookie": {
			"description": "Sets session (who is logged in), count, theme, seen, full, pointer", "schema": {"type": "string"}, "x-cookies": {
				"session": {"type": "string", "description": "who is logged in"}, "count": {"type": "integer", "format": "int64"},
				"theme": {"type": "string"}, "seen": {"type": "string"}, "full": {"type": "string"}, "pointer": {"type": "string"}}}}}}`,
		"/login": `{"303": {"description": "Logged in", "headers": {
			"Location": {"description": "Where to go", "required": true, "schema": {"type": "string", "format": "uri-reference"}},
			"Set-Cookie": {"description": "Sets session", "schema": {"type": "string"}, "x-cookies": {"session": {"type": "string"}}}}}}`,
		"/export": `{"200": {"description": "OK", "headers": {"X-Name": {"required": true, "schema": {"type": "string"}}},
			"content": {"text/csv": {"schema": {"type": "string"}}}}}`,
		"/picture": `{"200": {"description": "OK", "content": {
			"image/png": {"schema": {"type": "string", "format": "binary"}}, "image/webp": {"schema": {"type": "string", "format": "binary"}}}}}`,
	}
	doc := documentOf(t, app)
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			assert.JSONEq(t, want, string(doc.at(t, "paths", path, "get", "responses")))
		})
	}
}

func TestEnvelopesThatCannotBeWritten(t *testing.T) {
	type rules struct {
		Stars int `header:"X-Stars" validate:"lte=5"`
	}
	type numbers struct {
		Ratio float64 `header:"X-Ratio"`
	}
	tests := map[string]struct {
		register func(*candor.App)
		log      string
	}{
		"a status that is not listed": {
			func(a *candor.App) { candor.Get(a, "/", apptest.Returns(statuses{Status: 202})) },
			"the status 202 is not one of [200 201 304 404], which the tag of Status lists",
		},
		"a line break in a header": {
			func(a *candor.App) { candor.Get(a, "/", apptest.Returns(bare{Tag: "x\r\nSet-Cookie: y"})) },
			"the header X-Tag has a control character",
		},
		"a line break in a list": {
			func(a *candor.App) { candor.Get(a, "/", apptest.Returns(everyHeader{Lines: []string{"x", "\n"}})) },
			"the header X-Lines has a control character",
		},
		"NaN": {
			func(a *candor.App) { candor.Get(a, "/", apptest.Returns(numbers{math.NaN()})) },
			"the header X-Ratio: NaN is not a number that can be written",
		},
		"a rule of a header": {
			func(a *candor.App) { candor.Get(a, "/", apptest.Returns(rules{6})) },
			"[header X-Stars]: ",
		},
		"a semicolon in a cookie": {
			func(a *candor.App) {
				candor.Get(a, "/", apptest.Returns(login{Session: "secret; Domain=evil.example"}))
			},
			"the cookie session cannot be written",
		},
		"a line break in a cookie": {
			func(a *candor.App) {
				candor.Get(a, "/", apptest.Returns(cookies{Full: http.Cookie{Value: "secret\n"}}))
			},
			"the cookie full cannot be written",
		},
		"a bad domain": {
			func(a *candor.App) {
				candor.Get(a, "/", apptest.Returns(cookies{Pointer: &http.Cookie{Domain: "a b"}}))
			},
			"the cookie pointer cannot be written",
		},
		"a media type that is not listed": {
			func(a *candor.App) {
				candor.Get(a, "/", apptest.Returns(picture{Type: "image/gif"}), candor.Produces("image/png", "image/webp"))
			},
			`the media type \"image/gif\" is not one of image/png, image/webp`,
		},
		"no media type": {
			func(a *candor.App) { candor.Get(a, "/", apptest.Returns(picture{Type: "gif;;"})) },
			`the media type \"gif;;\" is malformed`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			app, log := apptest.Quiet(candor.Config{})
			tt.register(app)
			got := candor.NewTestClient(t, app).Get("/").Status(500)
			assert.Equal(t, "500\nContent-Length: 34\nContent-Type: application/json\n\n{\"detail\":\"Internal Server Error\"}", answered(got))
			assert.Contains(t, log.String(), tt.log)
			assert.NotContains(t, log.String(), "secret")
		})
	}
}

// A status without a body takes an envelope whose body is empty. With 304 the body may be the one that a 200 would have;
// with the others it would be lost, so it is an error, as a value that breaks a rule is.
func TestEnvelopesOfAStatusWithoutABody(t *testing.T) {
	type pair struct {
		A int `json:"a"`
	}
	type value struct {
		Status int  `status:"200,204,205,304"`
		Body   pair `body:""`
	}
	type anything struct {
		Status int `status:"200,204,304"`
		Body   any `body:""`
	}
	type list struct {
		Status int    `status:"200,204"`
		Body   []pair `body:""`
	}
	type text struct {
		Status int         `status:"200,205"`
		Body   candor.Text `body:""`
	}
	type read struct {
		Status int           `status:"200,204,304"`
		Body   candor.Reader `body:""`
	}
	type file struct {
		Status int         `status:"200,204,304"`
		Body   candor.File `body:""`
	}
	type lines struct {
		Status int                    `status:"200,204,304"`
		Body   candor.JSONLines[pair] `body:""`
	}
	type events struct {
		Status int                 `status:"200,204,304"`
		Body   candor.Events[pair] `body:""`
	}
	started := func(yield func(pair, error) bool) { panic("the producer runs") }
	rows := map[string]struct {
		register func(*candor.App)
		want     string
	}{
		"204, a value":       {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(value{204, pair{1}})) }, "500"},
		"205, a value":       {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(value{205, pair{1}})) }, "500"},
		"304, a value":       {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(value{304, pair{1}})) }, "304\n\n"},
		"204, a zero value":  {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(value{204, pair{}})) }, "204\n\n"},
		"204, nil":           {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(anything{204, nil})) }, "204\n\n"},
		"204, an empty text": {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(anything{204, ""})) }, "500"},
		"204, an empty list": {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(list{204, []pair{}})) }, "204\n\n"},
		"204, a list":        {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(list{204, []pair{{}}})) }, "500"},
		"205, no text":       {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(text{205, ""})) }, "205\n\n"},
		"205, a text":        {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(text{205, "x"})) }, "500"},
		"204, a nil reader":  {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(read{204, nil})) }, "204\n\n"},
		"204, a reader":      {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(read{204, strings.NewReader("x")})) }, "500"},
		"304, a reader":      {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(read{304, strings.NewReader("x")})) }, "304\n\n"},
		"204, no file":       {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(file{204, candor.File{}})) }, "204\n\n"},
		"304, a file": {func(a *candor.App) {
			candor.Get(a, "/", apptest.Returns(file{304, candor.File{Content: strings.NewReader("x"), ETag: `"a"`}}))
		}, "304\nEtag: \"a\"\n\n"},
		"204, no lines":  {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(lines{204, nil})) }, "204\n\n"},
		"204, lines":     {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(lines{204, started})) }, "500"},
		"304, lines":     {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(lines{304, started})) }, "304\n\n"},
		"204, no events": {func(a *candor.App) { candor.Get(a, "/", apptest.Returns(events{204, nil})) }, "204\n\n"},
		"304, events": {func(a *candor.App) {
			candor.Get(a, "/", apptest.Returns(events{304, func(func(candor.Event[pair], error) bool) { panic("runs") }}))
		}, "304\n\n"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			app, log := apptest.Quiet(candor.Config{})
			row.register(app)
			got := candor.NewTestClient(t, app).Get("/")
			if row.want == "500" {
				got.Status(500)
				assert.Contains(t, log.String(), "has no body, so it would be lost; leave candor_test.")
				return
			}
			assert.Equal(t, row.want, answered(got))
		})
	}

	app, log := apptest.Quiet(candor.Config{ResponseChecks: candor.ChecksLog})
	candor.Get(app, "/", apptest.Returns(value{204, pair{1}}))
	assert.Equal(t, "204\n\n", answered(candor.NewTestClient(t, app).Get("/")))
	assert.Contains(t, log.String(), "a response with the status 204 has no body")
}

func TestHeadersBesideThoseOfMiddleware(t *testing.T) {
	type out struct {
		Vary  string `header:"Vary"`
		Cache string `header:"Cache-Control"`
		Theme string `cookie:"theme"`
	}
	app := candor.New(candor.Config{}, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Vary", "Origin")
			w.Header().Set("Cache-Control", "private")
			w.Header().Set("Set-Cookie", "a=b")
			w.Header().Set("X-Other", "kept")
			next.ServeHTTP(w, r)
		})
	}))
	candor.Get(app, "/", apptest.Returns(out{Vary: "Accept", Cache: "no-store", Theme: "dark"}))
	assert.Equal(t, "204\nCache-Control: no-store\nSet-Cookie: a=b\nSet-Cookie: theme=dark; Path=/; HttpOnly; SameSite=Lax\nVary: Accept\nVary: Origin\nX-Other: kept\n\n",
		answered(candor.NewTestClient(t, app).Get("/")))
}

// Date headers are encoded, documented and read as HTTP dates.
func TestDatesInEnvelopes(t *testing.T) {
	type page struct {
		Modified time.Time   `header:"Last-Modified"`
		Expires  *time.Time  `header:"Expires"`
		Other    []time.Time `header:"X-Times,csv"`
		Body     string      `body:""`
	}
	at := time.Date(2026, 11, 21, 14, 0, 0, 5, time.FixedZone("east", 3600))
	app := candor.New(candor.Config{})
	route := candor.Get(app, "/", func(context.Context, candor.None) (page, error) {
		return page{Modified: at, Expires: &at, Other: []time.Time{at}, Body: "x"}, nil
	})
	c := candor.NewTestClient(t, app)
	r := c.Get("/").Status(200)
	assert.Equal(t, "Sat, 21 Nov 2026 13:00:00 GMT", r.Header.Get("Last-Modified"))
	assert.Equal(t, "Sat, 21 Nov 2026 13:00:00 GMT", r.Header.Get("Expires"))
	assert.Equal(t, "2026-11-21T14:00:00.000000005+01:00", r.Header.Get("X-Times"))
	headers := []any{"paths", "/", "get", "responses", "200", "headers"}
	assert.Equal(t, "http-date", apptest.DocumentMember(t, c, append(headers, "Last-Modified", "schema", "format")...))
	assert.Equal(t, "date-time", apptest.DocumentMember(t, c, append(headers, "X-Times", "schema", "items", "format")...))

	got, err := route.Call(t.Context(), candor.InProcess(app), candor.None{})
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC), got.Modified)
	assert.Equal(t, got.Modified, *got.Expires)
}

func TestMistakesInEnvelopes(t *testing.T) {
	type (
		twice struct {
			Status int `status:"200,201"`
		}
		connection struct {
			C string `header:"Connection"`
		}
		setCookie struct {
			C string `header:"Set-Cookie"`
		}
		length struct {
			N    int  `header:"content-length"`
			Body ping `body:""`
		}
		typed struct {
			T    string `header:"Content-Type"`
			Body ping   `body:""`
		}
		typeless struct {
			T string `header:"Content-Type"`
		}
		typeNumber struct {
			T    int         `header:"Content-Type"`
			Body candor.Text `body:""`
		}
		away struct {
			To   string          `header:"Location"`
			Body candor.Redirect `body:""`
		}
		mapped struct {
			M map[string]int `header:"X-M"`
		}
		defaulted struct {
			N int `header:"X-N" default:"1"`
		}
		crossed struct {
			A int `header:"X-A" validate:"gtfield=B"`
			B int `header:"X-B"`
		}
		many struct {
			C []string `cookie:"c"`
		}
		bodiless struct {
			Status int             `status:"200,302"`
			Body   candor.Redirect `body:""`
		}
		filed struct {
			F    candor.File `header:"X-F"`
			Body ping        `body:""`
		}
		cookied struct {
			C http.Cookie `header:"X-C"`
		}
	)
	tests := map[string]struct {
		register func(*candor.App)
		want     string
	}{
		"two ways to a status": {
			mistake[twice](candor.Status(201)),
			"Status(201) together with candor_test.twice.Status, which already gives the status codes of the response; drop the option and list the status in the tag, the default first",
		},
		"connection":         {mistake[connection](), "candor_test.connection.C: Connection is about the connection, which the server keeps; drop the field"},
		"a cookie by hand":   {mistake[setCookie](), "candor_test.setCookie.C: a cookie has a tag of its own; write `cookie:\"name\"`"},
		"a length of JSON":   {mistake[length](), "candor_test.length.N: the length is set automatically, except for a candor.Reader; drop the field"},
		"a type of JSON":     {mistake[typed](), "candor_test.typed.T: the media type of this body is fixed; name another one by `media:\"...\"` on the body or by candor.Produces"},
		"a type of nothing":  {mistake[typeless](), "candor_test.typeless.T: the response has no body, so it has no media type; drop the field"},
		"a type in numbers":  {mistake[typeNumber](), "candor_test.typeNumber.T: a media type is a string; make the field one"},
		"two locations":      {mistake[away](), "candor_test.away.To: the body is a candor.Redirect, which writes Location; keep one of them"},
		"a map":              {mistake[mapped](), "candor_test.mapped.M: map[string]int: a value of this type cannot be written as a string; use a scalar, or give the type a method MarshalText"},
		"a default":          {mistake[defaulted](), "candor_test.defaulted.N: its default tag has no effect on a response; drop the tag"},
		"a rule over fields": {mistake[crossed](), "candor_test.crossed.A: the rule gtfield=B compares with other fields, which the fields of a response envelope do not have; drop it"},
		"a list of cookies":  {mistake[many](), "candor_test.many.C: a cookie has one value; use one field for each"},
		"a redirect to 200":  {mistake[bodiless](), "the status 200 is not a redirect, but the response is a candor.Redirect; choose one of 301, 302, 303, 307, 308"},
		"a file in a header": {mistake[filed](), "candor_test.filed.F: candor.File: a value of this type cannot be written as a string; use a scalar, or give the type a method MarshalText"},
		"a cookie in a header": {
			mistake[cookied](),
			"candor_test.cookied.C: http.Cookie: a value of this type cannot be written as a string; use a scalar, or give the type a method MarshalText",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, registered(t, tt.register)) })
	}
}

func TestAnEnvelopeIsEmptyInEveryRequest(t *testing.T) {
	calls := 0
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(context.Context, candor.None) (out statuses, err error) {
		if calls++; calls == 1 {
			out = statuses{Status: 201, Tag: 5, Body: &ping{}}
		}
		return out, nil
	})
	c := candor.NewTestClient(t, app)
	assert.True(t, strings.HasPrefix(answered(c.Get("/")), "201\n"))
	assert.Equal(t, "200\nContent-Length: 4\nContent-Type: application/json\nX-Tag: 0\n\nnull", answered(c.Get("/")))
}

// TestHeadersThatCannotBeSent checks the rule for header values that HTTP cannot carry: an error response is sent
// without the header, any other response becomes a 500. The log has the reason.
func TestHeadersThatCannotBeSent(t *testing.T) {
	type out struct {
		Reason string `header:"X-Reason"`
	}
	type cookie struct {
		Reason string `cookie:"X-Reason"`
	}
	type setting struct{ Header candor.ResponseHeader }
	set := func(text string, err error) func(context.Context, setting) (candor.None, error) {
		return func(_ context.Context, in setting) (candor.None, error) {
			in.Header.Set("X-Reason", text)
			return candor.None{}, err
		}
	}
	writes := func(err error) func(http.Handler) http.Handler {
		return func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { candor.WriteError(w, r, err) })
		}
	}
	fails := func(err error) func(context.Context, candor.None) (candor.None, error) {
		return func(context.Context, candor.None) (candor.None, error) { return candor.None{}, err }
	}
	taken := candor.Error(409, "taken").WithHeader("X-Reason", "a\x00b")
	for name, row := range map[string]struct {
		register func(app *candor.App)
		status   int
		// reason is the header that is sent; if it is, nothing is logged.
		reason string
	}{
		"an envelope":              {func(app *candor.App) { candor.Get(app, "/", apptest.Returns(out{"a\x00b"})) }, 500, ""},
		"a tab in an envelope":     {func(app *candor.App) { candor.Get(app, "/", apptest.Returns(out{"a\tb"})) }, 204, "a\tb"},
		"a cookie":                 {func(app *candor.App) { candor.Get(app, "/", apptest.Returns(cookie{"a\x00b"})) }, 500, ""},
		"the header":               {func(app *candor.App) { candor.Get(app, "/", set("a\nb", nil)) }, 500, ""},
		"a tab in the header":      {func(app *candor.App) { candor.Get(app, "/", set("a\tb", nil)) }, 204, "a\tb"},
		"the header, and an error": {func(app *candor.App) { candor.Get(app, "/", set("a\x7fb", candor.Error(404, nil))) }, 404, ""},
		"an error":                 {func(app *candor.App) { candor.Get(app, "/", fails(taken)) }, 409, ""},
		"an error of a middleware": {func(app *candor.App) { candor.Get(app, "/", fails(nil), candor.Use(writes(taken))) }, 409, ""},
		"a name": {func(app *candor.App) {
			candor.Get(app, "/", fails(candor.Error(409, nil).WithHeader("X-Reason\n", "a")))
		}, 409, ""},
		"an envelope of an error": {func(app *candor.App) {
			candor.OnStatus(app, 409, func(context.Context, *candor.HTTPError) (out, error) { return out{"a\x00b"}, nil })
			candor.Get(app, "/", fails(candor.Error(409, nil)))
		}, 409, ""},
		"a cookie of an error": {func(app *candor.App) {
			candor.OnStatus(app, 409, func(context.Context, *candor.HTTPError) (cookie, error) { return cookie{"a;b"}, nil })
			candor.Get(app, "/", fails(candor.Error(409, nil)))
		}, 409, ""},
		"a stream": {func(app *candor.App) {
			candor.Get(app, "/", func(_ context.Context, in setting) (candor.JSONLines[int], error) {
				in.Header.Set("X-Reason", "a\x00b")
				return func(yield func(int, error) bool) { yield(1, nil) }, nil
			})
		}, 500, ""},
		"a tear-down": {func(app *candor.App) {
			candor.ProvideScoped(app, func(_ context.Context, in setting, use func(*out) error) error {
				defer in.Header.Set("X-Reason", "a\x00b")
				return use(new(out))
			})
			candor.Get(app, "/", func(context.Context, struct {
				Out *out `dep:""`
			},
			) (string, error) {
				return "", nil
			})
		}, 500, ""},
		"a redirect": {func(app *candor.App) { candor.Get(app, "/", apptest.Returns(candor.Redirect("/a\x00b"))) }, 307, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			row.register(app)
			w := httptest.NewRecorder()
			app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			assert.Equal(t, row.status, w.Code)
			assert.Equal(t, row.reason, w.Header().Get("X-Reason"))
			assert.Equal(t, row.status < 400, !strings.Contains(log.String(), "X-Reason"), log.String())
		})
	}
}
