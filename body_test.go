package candor_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

func TestJSONBodies(t *testing.T) {
	type line struct {
		SKU string `json:"sku" validate:"min=1"`
		Qty int    `json:"qty" default:"1" validate:"gte=1"`
	}
	type order struct {
		Lines   []line            `json:"lines" validate:"min=1"`
		Note    *string           `json:"note"`
		Labels  map[string]int    `json:"labels,omitempty"`
		Gift    bool              `json:"gift" default:"true"`
		Address sql.NullString    `json:"address,omitzero"`
		Paid    sql.Null[float64] `json:"paid"`
	}
	c := apptest.Echoing[struct {
		Body order `body:""`
	}](t, "/")
	posts(t, c, "/", [][2]string{
		{`{"lines":[{"sku":"a"}],"paid":null}`, `200 {"Body":{"lines":[{"sku":"a","qty":1}],"note":null,"gift":true,"paid":{"V":0,"Valid":false}}}`},
		{`{"lines":[{"sku":"a","qty":2}],"gift":false,"paid":2.5,"address":"x","extra":1}`, `200 {"Body":{"lines":[{"sku":"a","qty":2}],"note":null,"gift":false,"address":{"String":"x","Valid":true},"paid":{"V":2.5,"Valid":true}}}`},
		{`{"lines":[{"sku":""},{"qty":0},{"sku":5}]}`, "string_too_short [\"body\",\"lines\",0,\"sku\"] {\"min_length\":1}\n" +
			"missing [\"body\",\"lines\",1,\"sku\"]\ngreater_than_equal [\"body\",\"lines\",1,\"qty\"] {\"ge\":1}\n" +
			"string_type [\"body\",\"lines\",2,\"sku\"]\nmissing [\"body\",\"paid\"]"},
		{`{"lines":null,"note":5,"labels":{"a":"x"},"gift":null,"paid":1}`, "list_type [\"body\",\"lines\"]\nstring_type [\"body\",\"note\"]\nint_type [\"body\",\"labels\",\"a\"]\nbool_type [\"body\",\"gift\"]"},
		{`[]`, `model_attributes_type ["body"]`},
		{`null`, `missing ["body"]`},
		{``, `missing ["body"]`},
		{"  \n", `missing ["body"]`},
		{`{"lines":[}`, `json_invalid ["body",10] {"error":"expected a value"}`},
		{`{"lines":[{"sku":"a"}],"paid":1} x`, `json_invalid ["body",33] {"error":"there is more after the value"}`},
	}...)
}

func TestSmallBodies(t *testing.T) {
	t.Run("a number", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body int `body:"" validate:"gte=1"`
		}](t, "/")
		posts(t, c, "/", [][2]string{{`5`, `200 {"Body":5}`}, {`0`, `greater_than_equal ["body"] {"ge":1}`}, {`"5"`, `int_type ["body"]`}, {`1e2`, `200 {"Body":100}`}, {`null`, `missing ["body"]`}}...)
	})
	t.Run("a list", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body []level `body:"" validate:"max=2"`
		}](t, "/")
		posts(t, c, "/", [][2]string{
			{`["low"]`, `200 {"Body":["low"]}`},
			{`[]`, `200 {"Body":[]}`},
			{`["x"]`, `enum ["body",0] {"expected":"'low' or 'high'"}`},
			{`["low","low","low"]`, `too_long ["body"] {"actual_length":3,"field_type":"List","max_length":2}`},
		}...)
	})
	t.Run("a map", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body map[int]float64 `body:""`
		}](t, "/")
		posts(t, c, "/", [][2]string{{`{"1":2.5}`, `200 {"Body":{"1":2.5}}`}, {`{"x":1}`, `int_parsing ["body","x","[key]"]`}}...)
	})
	t.Run("anything", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body any `body:""`
		}](t, "/")
		posts(t, c, "/", [][2]string{{`null`, `200 {"Body":null}`}, {`{"a":[1,"x"]}`, `200 {"Body":{"a":[1,"x"]}}`}, {``, `missing ["body"]`}}...)
	})
	t.Run("a type that reads itself", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body json.RawMessage `body:""`
		}](t, "/")
		posts(t, c, "/", [][2]string{{`{"a": 1}`, `200 {"Body":{"a":1}}`}, {`{`, `json_invalid ["body",1] {"error":"unexpected end, expected a name in double quotes"}`}}...)
	})
	t.Run("a generic type", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body sheet[level] `body:""`
		}](t, "/")
		posts(t, c, "/", [][2]string{{`{"items":["low"],"next":null}`, `200 {"Body":{"items":["low"],"next":null}}`}}...)
		assert.Equal(t, "#/components/schemas/sheetOfLevel", apptest.DocumentMember(t, c, "paths", "/", "post", "requestBody", "content", "application/json", "schema", "$ref"))
	})
}

type sheet[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

func TestBodyMembers(t *testing.T) {
	c := apptest.Echoing[struct {
		Item struct {
			Name string `json:"name"`
		} `body:"item"`
		Importance int                     `body:"importance" validate:"gte=1"`
		Note       candor.Optional[string] `body:"note"`
		Kind       string                  `body:"kind" default:"plain"`
	}](t, "/")
	posts(t, c, "/", [][2]string{
		{`{"item":{"name":"x"},"importance":1}`, `200 {"Item":{"name":"x"},"Importance":1,"Note":{"Value":"","Set":false,"Null":false},"Kind":"plain"}`},
		{`{"item":{"name":"x"},"importance":1,"note":null,"kind":"y"}`, `200 {"Item":{"name":"x"},"Importance":1,"Note":{"Value":"","Set":true,"Null":true},"Kind":"y"}`},
		{`{"item":{},"importance":0}`, "missing [\"body\",\"item\",\"name\"]\ngreater_than_equal [\"body\",\"importance\"] {\"ge\":1}"},
		{`{}`, "missing [\"body\",\"item\"]\nmissing [\"body\",\"importance\"]"},
		{``, `missing ["body"]`},
		{`null`, `missing ["body"]`},
	}...)
	body := apptest.DocumentMember(t, c, "paths", "/", "post", "requestBody")
	assert.Equal(t, true, body.(map[string]any)["required"])
}

func TestOptionalBodies(t *testing.T) {
	type options struct {
		Depth int    `json:"depth" default:"3"`
		Mode  string `json:"mode,omitempty"`
	}
	t.Run("omitempty", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body options `body:",omitempty"`
		}](t, "/")
		posts(t, c, "/", [][2]string{{``, `200 {"Body":{"depth":3}}`}, {`{}`, `200 {"Body":{"depth":3}}`}, {`{"depth":5}`, `200 {"Body":{"depth":5}}`}, {`null`, `missing ["body"]`}}...)
		assert.Nil(t, apptest.DocumentMember(t, c, "paths", "/", "post", "requestBody", "required"))
	})
	t.Run("a pointer", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body *options `body:""`
		}](t, "/")
		posts(t, c, "/", [][2]string{{``, `200 {"Body":null}`}, {`null`, `200 {"Body":null}`}, {`{}`, `200 {"Body":{"depth":3}}`}}...)
	})
	t.Run("a default", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body options `body:"" default:"{\"mode\":\"fast\"}"`
		}](t, "/")
		posts(t, c, "/", [][2]string{{``, `200 {"Body":{"depth":3,"mode":"fast"}}`}, {`{}`, `200 {"Body":{"depth":3}}`}}...)
	})
	t.Run("Optional", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body candor.Optional[options] `body:""`
		}](t, "/")
		posts(t, c, "/", [][2]string{{``, `200 {"Body":{"Value":{"depth":0},"Set":false,"Null":false}}`}, {`null`, `200 {"Body":{"Value":{"depth":0},"Set":true,"Null":true}}`}}...)
	})
	t.Run("members", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Depth int `body:"depth" default:"3"`
		}](t, "/")
		posts(t, c, "/", [][2]string{{``, `200 {"Depth":3}`}, {`{"depth":4}`, `200 {"Depth":4}`}}...)
	})
	t.Run("needs no media type when it is not there", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body *options `body:""`
		}](t, "/")
		r := c.Post("/", nil, candor.WithBody("text/plain", strings.NewReader("")))
		assert.Equal(t, `200 {"Body":null}`, apptest.Outcome(r))
	})
}

func TestRawBodies(t *testing.T) {
	t.Run("bytes", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body []byte `body:"" validate:"max=3"`
		}](t, "/")
		assert.Equal(t, `200 {"Body":"//4="}`, apptest.Outcome(c.Post("/", nil, apptest.Body("application/octet-stream", "\xff\xfe"))))
		assert.Equal(t, `too_long ["body"] {"actual_length":4,"field_type":"Bytes","max_length":3}`, apptest.Outcome(c.Post("/", nil, apptest.Body("application/octet-stream", "abcd"))))
		assert.Equal(t, `missing ["body"]`, apptest.Outcome(c.Post("/", nil)))
		assert.Equal(t, `415 {"detail":"the body must be application/octet-stream"}`, apptest.Outcome(c.Post("/", "{}")))
		assert.Equal(t, "binary", apptest.DocumentMember(t, c, "paths", "/", "post", "requestBody", "content", "application/octet-stream", "schema", "format"))
	})
	t.Run("text", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body string `body:"" validate:"min=2" default:"none"`
		}](t, "/")
		assert.Equal(t, `200 {"Body":"äö"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("text/plain; charset=UTF-8", "äö"))))
		assert.Equal(t, `string_too_short ["body"] {"min_length":2}`, apptest.Outcome(c.Post("/", nil, apptest.Body("text/plain", "a"))))
		assert.Equal(t, `string_unicode ["body"]`, apptest.Outcome(c.Post("/", nil, apptest.Body("text/plain", "\xff\xfe"))))
		assert.Equal(t, `200 {"Body":"none"}`, apptest.Outcome(c.Post("/", nil)))
		r := c.Post("/", nil, apptest.Body("text/plain; charset=latin1", "ab"))
		assert.Equal(t, `415 {"detail":"the body must be text/plain"}`, apptest.Outcome(r))
		assert.Equal(t, "text/plain", r.Header.Get("Accept"))
		schema := apptest.DocumentMember(t, c, "paths", "/", "post", "requestBody", "content", "text/plain", "schema")
		assert.Equal(t, map[string]any{"type": "string", "minLength": 2.0, "default": "none"}, schema)
	})
	t.Run("a media type of its own", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body []byte `body:"" media:"image/*"`
		}](t, "/")
		assert.Equal(t, `200 {"Body":"YQ=="}`, apptest.Outcome(c.Post("/", nil, apptest.Body("IMAGE/Png", "a"))))
		assert.Equal(t, `415 {"detail":"the body must be image/*"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("video/mp4", "a"))))
		assert.Equal(t, `415 {"detail":"the body must be image/*"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("", "a"))))
		assert.NotNil(t, apptest.DocumentMember(t, c, "paths", "/", "post", "requestBody", "content", "image/*"))
	})
	t.Run("JSON under a name of its own", func(t *testing.T) {
		c := apptest.Echoing[struct {
			Body map[string]any `body:"" media:"application/merge-patch+json"`
		}](t, "/")
		assert.Equal(t, `200 {"Body":{"a":null}}`, apptest.Outcome(c.Post("/", nil, apptest.Body("application/merge-patch+json", `{"a":null}`))))
		assert.Equal(t, `415 {"detail":"the body must be application/merge-patch+json"}`, apptest.Outcome(c.Post("/", "{}")))
	})
}

func TestStreamedBodies(t *testing.T) {
	app := candor.New(candor.Config{}, candor.MaxBody(10))
	candor.Post(app, "/", func(_ context.Context, in struct {
		Name string    `query:"name,omitempty"`
		Body io.Reader `body:"" media:"video/mp4"`
	},
	) (candor.Text, error) {
		data, err := io.ReadAll(in.Body)
		return candor.Text(data), err
	})
	candor.Post(app, "/optional", func(_ context.Context, in struct {
		Body io.Reader `body:",omitempty"`
	},
	) (candor.Text, error) {
		data, err := io.ReadAll(in.Body)
		return candor.Text(data), err
	})
	c := candor.NewTestClient(t, app)
	assert.Equal(t, `200 0123456789`, apptest.Outcome(c.Post("/", nil, apptest.Body("video/mp4", "0123456789"))))
	assert.Equal(t, `413 {"detail":"the body is too large"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("video/mp4", "0123456789a"))))
	assert.Equal(t, `413 {"detail":"the body is too large"}`, apptest.Outcome(c.Post("/", nil, candor.WithBody("video/mp4", io.MultiReader(strings.NewReader("0123456789a"))))), "without a length")
	assert.Equal(t, `415 {"detail":"the body must be video/mp4"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("video/ogg", "0"))))
	assert.Equal(t, `missing ["body"]`, apptest.Outcome(c.Post("/", nil)))
	assert.Equal(t, `200`, apptest.Outcome(c.Post("/optional", nil)))
	failing := candor.WithBody("video/mp4", io.MultiReader(strings.NewReader("0"), failingReader{}))
	assert.Equal(t, `400 {"detail":"the body could not be read"}`, apptest.Outcome(c.Post("/", nil, failing, candor.Unchecked())))
	assert.Equal(t, "binary", apptest.DocumentMember(t, c, "paths", "/", "post", "requestBody", "content", "video/mp4", "schema", "format"))
	assert.Equal(t, true, apptest.DocumentMember(t, c, "paths", "/", "post", "requestBody", "required"))
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestContentTypes(t *testing.T) {
	type body = struct {
		Body map[string]int `body:""`
	}
	strict := apptest.Echoing[body](t, "/")
	loose := apptest.Echoing[body](t, "/", candor.StrictContentType(false))
	const refused = `415 {"detail":"the body must be application/json"}`
	rows := []struct{ media, strict, loose string }{
		{"application/json", `200 {"Body":{"a":1}}`, `200 {"Body":{"a":1}}`},
		{"APPLICATION/JSON; charset=UTF-8", `200 {"Body":{"a":1}}`, `200 {"Body":{"a":1}}`},
		{"application/json; charset=latin1", refused, refused},
		{"application/vnd.api+json", `200 {"Body":{"a":1}}`, `200 {"Body":{"a":1}}`},
		{"application/json;", `200 {"Body":{"a":1}}`, `200 {"Body":{"a":1}}`},
		{"application/json; a", `200 {"Body":{"a":1}}`, `200 {"Body":{"a":1}}`},
		{"", refused, `200 {"Body":{"a":1}}`},
		{"text/plain", refused, refused},
		{"text/json+json", refused, refused},
		{"application/jsonp", refused, refused},
		{"json", refused, refused},
		{";", refused, refused},
		{"application/json, text/plain", refused, refused},
		{"application/json; charset=utf-8, text/plain", refused, refused},
		{"application/json; charset=utf-8, application/json", refused, refused},
		{`application/json; a="b, c"`, `200 {"Body":{"a":1}}`, `200 {"Body":{"a":1}}`},
	}
	for _, row := range rows {
		assert.Equal(t, row.strict, apptest.Outcome(strict.Post("/", nil, apptest.Body(row.media, `{"a":1}`))), row.media)
		assert.Equal(t, row.loose, apptest.Outcome(loose.Post("/", nil, apptest.Body(row.media, `{"a":1}`))), row.media)
	}
	for encoding, want := range map[string]string{
		"gzip": `415 {"detail":"the body must not be compressed"}`, "identity": `200 {"Body":{"a":1}}`,
		"gzip, identity": `415 {"detail":"the body must not be compressed"}`,
	} {
		r := strict.Post("/", `{"a":1}`, candor.WithHeader("Content-Encoding", encoding))
		assert.Equal(t, want, apptest.Outcome(r), encoding)
	}
}

// Several lines of a header are one list (RFC 9110, section 5.3), which is no media type, even if the lines are equal.
// A proxy in front of the server may have read another line than the server.
func TestContentTypeOnTwoLines(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/json", apptest.Ignores[struct {
		Body map[string]int `body:""`
	}])
	candor.Post(app, "/loose", apptest.Ignores[struct {
		Body map[string]int `body:""`
	}], candor.StrictContentType(false))
	candor.Post(app, "/form", apptest.Ignores[struct {
		A string `form:"a,omitempty"`
	}])
	candor.Post(app, "/multipart", apptest.Ignores[struct {
		A *candor.Upload `file:"a"`
	}])
	candor.Post(app, "/lines", apptest.Ignores[struct {
		Body candor.JSONLines[int] `body:""`
	}])
	candor.Post(app, "/raw", apptest.Ignores[struct {
		Body []byte `body:"" media:"*/*"`
	}])
	for path, media := range map[string]string{
		"/json": "application/json", "/loose": "application/json", "/form": "application/x-www-form-urlencoded",
		"/multipart": "multipart/form-data; boundary=x", "/lines": "application/jsonl", "/raw": "text/plain",
	} {
		for _, lines := range [][]string{{media, media}, {media, "text/html"}, {"text/html", media}, {"", media}, {media, ""}, {media + "; charset=utf-8", media}} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("{}"))
			r.Header["Content-Type"] = lines
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			assert.Equal(t, 415, w.Code, "%s %q", path, lines)
		}
	}
}

// A list header may be sent as several lines; all of them count.
func TestEncodedBodiesOnTwoLines(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/json", func(_ context.Context, in struct {
		Body map[string]int `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.Post(app, "/form", func(_ context.Context, in struct {
		A string `form:"a"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	for path, media := range map[string]string{"/json": "application/json", "/form": "application/x-www-form-urlencoded"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("{}"))
		r.Header.Set("Content-Type", media)
		r.Header["Content-Encoding"] = []string{"identity", "gzip"}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		assert.Equal(t, 415, w.Code, path)
		assert.JSONEq(t, `{"detail":"the body must not be compressed"}`, w.Body.String(), path)
	}
}

func TestSizeOfBodies(t *testing.T) {
	c := apptest.Echoing[struct {
		Body []int `body:""`
	}](t, "/", candor.MaxBody(10))
	exact, over := `[12345678]`, `[123456789]`
	withoutLength := func(body string) candor.TestOption {
		return candor.WithBody("application/json", io.MultiReader(strings.NewReader(body)))
	}
	assert.Equal(t, `200 {"Body":[12345678]}`, apptest.Outcome(c.Post("/", exact)))
	assert.Equal(t, `200 {"Body":[12345678]}`, apptest.Outcome(c.Post("/", nil, withoutLength(exact))))
	const tooLarge = `413 {"detail":"the body is too large"}`
	assert.Equal(t, tooLarge, apptest.Outcome(c.Post("/", over)))
	assert.Equal(t, tooLarge, apptest.Outcome(c.Post("/", nil, withoutLength(over))))
	assert.Equal(t, tooLarge, apptest.Outcome(c.Post("/", nil, withoutLength(exact+" "))))
	assert.Equal(t, `415 {"detail":"the body must be application/json"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("text/plain", "x"))))
}

func TestLargeBodiesArriveWhole(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Body []byte `body:""`
	},
	) (int, error) {
		return bytes.Count(in.Body, []byte("a")), nil
	})
	c := candor.NewTestClient(t, app)
	for _, n := range []int{1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 200_000, 1 << 20} {
		var got int
		c.Post("/", nil, apptest.Body("application/octet-stream", strings.Repeat("a", n))).Status(http.StatusOK).JSON(&got)
		assert.Equal(t, n, got)
	}
}

func TestStrictBodies(t *testing.T) {
	type open struct {
		A  int `json:"a,omitempty"`
		In struct {
			B int `json:"b,omitempty"`
		} `json:"in,omitzero"`
	}
	type closed struct {
		candor.Strict
		open
	}
	const sentBody = `{"a":1,"x":1,"in":{"y":1}}`
	app := candor.New(candor.Config{})
	candor.Post(app, "/open", apptest.Echo[struct {
		Body open `body:""`
	}])
	candor.Post(app, "/strict", apptest.Echo[struct {
		Body closed `body:""`
	}])
	candor.Post(app, "/forbid", apptest.Echo[struct {
		Body open `body:""`
	}], candor.ForbidExtra())
	candor.Post(app, "/members", apptest.Echo[struct {
		candor.Strict
		Body open `body:"o"`
	}])
	c := candor.NewTestClient(t, app)
	posts(t, c, "/open", [2]string{sentBody, `200 {"Body":{"a":1}}`})
	posts(t, c, "/strict", [2]string{sentBody, `extra_forbidden ["body","x"]`})
	posts(t, c, "/forbid", [2]string{sentBody, "extra_forbidden [\"body\",\"in\",\"y\"]\nextra_forbidden [\"body\",\"x\"]"})
	posts(t, c, "/members", [2]string{`{"o":` + sentBody + `,"p":1}`, `extra_forbidden ["body","p"]`})
	closedAt := func(path string) any {
		ref := apptest.DocumentMember(t, c, "paths", path, "post", "requestBody", "content", "application/json", "schema", "$ref").(string)
		return apptest.DocumentMember(t, c, "components", "schemas", strings.TrimPrefix(ref, "#/components/schemas/"), "additionalProperties")
	}
	assert.Nil(t, closedAt("/open"))
	for _, path := range []string{"/strict", "/forbid", "/members"} {
		assert.Equal(t, false, closedAt(path), path)
	}
	assert.Equal(t, false, apptest.DocumentMember(t, c, "components", "schemas", "openStrict", "properties", "in", "additionalProperties"))
}

func TestBodiesOfEveryMethod(t *testing.T) {
	type body = struct {
		Body map[string]int `body:""`
	}
	app := candor.New(candor.Config{})
	methods := []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodPost}
	candor.Handle(app, methods, "/", apptest.Echo[body])
	c := candor.NewTestClient(t, app)
	for _, method := range methods {
		assert.Equal(t, `200 {"Body":{"a":1}}`, apptest.Outcome(c.Do(method, "/", `{"a":1}`)), method)
		assert.NotNil(t, apptest.DocumentMember(t, c, "paths", "/", strings.ToLower(method), "requestBody"), method)
	}
}

func TestEchoedInput(t *testing.T) {
	c := apptest.EchoingIn[struct {
		N    int `query:"n"`
		Body struct {
			A int `json:"a"`
			B int `json:"b"`
		} `body:""`
	}](t, candor.Config{EchoInput: true}, "/")
	var seen []any
	for _, f := range c.Post("/?n=x", `{"a":"secret"}`).Faults() {
		seen = append(seen, f.Input)
	}
	assert.Equal(t, []any{"x", "secret", map[string]any{"a": "secret"}}, seen)
}

// patchOfNote is a change to a note; each member distinguishes absent, null and a value.
type patchOfNote struct {
	Title candor.Optional[string]   `json:"title,omitzero" validate:"max=5"`
	Tags  candor.Optional[[]string] `json:"tags,omitzero"`
	Place candor.Optional[struct {
		City candor.Optional[string] `json:"city,omitzero"`
	}] `json:"place,omitzero"`
}

// Changes to an object are sent as JSON or as merge patches (RFC 7396). The document lists the latter where the type
// distinguishes absent members.
func TestMergePatches(t *testing.T) {
	app := candor.New(candor.Config{})
	type whole = struct {
		Note patchOfNote `body:""`
	}
	echo := func(_ context.Context, in whole) (patchOfNote, error) { return in.Note, nil }
	candor.Patch(app, "/whole", echo)
	candor.Post(app, "/whole", echo)
	candor.Patch(app, "/members", func(_ context.Context, in struct {
		Title candor.Optional[string] `body:"title"`
	},
	) (patchOfNote, error) {
		return patchOfNote{Title: in.Title}, nil
	})
	candor.Patch(app, "/plain", apptest.Echo[struct {
		Note struct {
			Title *string `json:"title"`
		} `body:""`
	}])
	c := candor.NewTestClient(t, app)
	patch := func(path, body string) string {
		merge := apptest.Outcome(c.Patch(path, nil, apptest.Body("application/merge-patch+json", body)))
		assert.Equal(t, apptest.Outcome(c.Patch(path, nil, apptest.Body("application/json", body))), merge, path)
		return merge
	}
	assert.Equal(t, `200 {"title":null,"place":{"city":"Ulm"}}`, patch("/whole", `{"title":null,"place":{"city":"Ulm"}}`))
	assert.Equal(t, `200 {"place":{"city":null}}`, patch("/whole", `{"place":{"city":null}}`))
	assert.Equal(t, `200 {}`, patch("/whole", `{}`))
	assert.Equal(t, `string_too_long ["body","title"] {"max_length":5}`, patch("/whole", `{"title":"too long"}`))
	assert.Equal(t, `200 {"title":null}`, patch("/members", `{"title":null}`))

	for path, listed := range map[string]bool{"/whole": true, "/members": true, "/plain": false} {
		content := apptest.DocumentMember(t, c, "paths", path, "patch", "requestBody", "content").(map[string]any)
		assert.Contains(t, content, "application/json", path)
		assert.Equal(t, listed, content["application/merge-patch+json"] != nil, path)
	}
	assert.Len(t, apptest.DocumentMember(t, c, "paths", "/whole", "post", "requestBody", "content"), 1)
	refused := c.Patch("/whole", nil, apptest.Body("text/plain", "{}")).Status(415)
	assert.Equal(t, "application/json, application/merge-patch+json", refused.Header.Get("Accept"))
}
