package candor_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type (
	liedLine struct {
		Qty  int    `json:"qty" validate:"gte=1"`
		Unit string `json:"unit,omitempty" validate:"max=2"`
	}
	liedOrder struct {
		Name  string     `json:"name" validate:"max=3"`
		Level string     `json:"level" default:"low" validate:"oneof=low high"`
		Note  *string    `json:"note" validate:"min=2"`
		Mail  string     `json:"mail,omitempty" validate:"email"`
		Lines []liedLine `json:"lines,omitempty" validate:"max=2"`
		Exact int64      `json:"exact,omitempty" validate:"lte=9007199254740993"`
	}
	liedCat struct {
		Lives int `json:"lives" validate:"lte=9"`
	}
	liedDog struct {
		Tricks []string `json:"tricks"`
	}
	liedPet struct {
		candor.OneOf `json:"kind"`
		Cat          *liedCat `case:"cat"`
		Dog          *liedDog `case:"dog"`
	}
	liedMeta struct {
		Author string `json:"author" validate:"max=3"`
	}
)

// liedAbout is an app whose document is modified; the app itself is correct.
func liedAbout(lie func(doc *openapi3.T)) *candor.App {
	config := apptest.Unlogged()
	config.EditDocument = lie
	app := candor.New(config)
	candor.Post(app, "/orders/{id}", func(context.Context, struct {
		ID      int       `path:"id" validate:"gte=1"`
		N       int       `query:"n" default:"1" validate:"lte=9"`
		On      bool      `query:"on,omitempty"`
		Tags    []string  `query:"tags,csv,omitempty" validate:"max=2,dive,max=3"`
		IDs     []int     `query:"ids,omitempty"`
		Token   string    `header:"X-Token" validate:"min=2"`
		Lists   []int     `header:"X-List,csv,omitempty" validate:"max=2"`
		Visitor string    `cookie:"visitor,omitempty" validate:"max=3"`
		Filter  *liedMeta `query:"filter,json"`
		Body    liedOrder `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("order"))
	candor.Post(app, "/pets", func(context.Context, struct {
		Body *liedPet `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("adopt"))
	candor.Post(app, "/form", func(context.Context, struct {
		Album string         `form:"album" validate:"min=1,max=5"`
		Year  *int           `form:"year" validate:"gte=1900"`
		Tags  []string       `form:"tags,csv,omitempty" validate:"max=2"`
		Meta  *liedMeta      `form:"meta,json"`
		Photo *candor.Upload `file:"photo"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("upload"))
	candor.Post(app, "/text", func(context.Context, struct {
		Body string `body:"" validate:"max=3"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("write"))
	return app
}

// The parts of the document that the tests modify.
func liedParameter(doc *openapi3.T, name string) *openapi3.Parameter {
	for _, p := range doc.Paths.Value("/orders/{id}").Post.Parameters {
		if p.Value.Name == name {
			return p.Value
		}
	}
	return nil
}

func liedSchema(doc *openapi3.T, name string) *openapi3.Schema {
	return doc.Components.Schemas[name].Value
}

func liedMember(doc *openapi3.T, of, name string) *openapi3.Schema {
	return liedSchema(doc, of).Properties[name].Value
}

const (
	liedBody   = `{"name":"abc","note":"ab","lines":[{"qty":1,"unit":"kg"}]}`
	liedTarget = "/orders/7?n=5&on=yes&tags=a,b&ids=1&ids=2&filter=%7B%22author%22%3A%22me%22%7D"
)

// ordering sends an order with everything that makes it valid.
func ordering(target, body string, options ...candor.TestOption) func(c *candor.TestClient) {
	options = append([]candor.TestOption{candor.WithHeader("X-Token", "abc"), candor.WithHeader("X-List", "1, 2"), candor.WithCookie("visitor", "me")}, options...)
	return func(c *candor.TestClient) { c.Post(target, body, options...) }
}

func posting(target, body string, options ...candor.TestOption) func(c *candor.TestClient) {
	return func(c *candor.TestClient) { c.Post(target, body, options...) }
}

func sendingForm(values url.Values, options ...candor.TestOption) func(c *candor.TestClient) {
	return func(c *candor.TestClient) {
		c.Post("/form", nil, append(options, candor.WithForm(values))...)
	}
}

type lieRow struct {
	name string
	lie  func(doc *openapi3.T)
	send func(c *candor.TestClient)
	// want has the operation, location, expectation and fact, all "" if nothing is reported.
	want [4]string
}

func uintp(n uint64) *uint64 { return &n }

func liesThatAreTooNarrow() []lieRow {
	order := ordering(liedTarget, liedBody)
	return []lieRow{
		{
			"a shorter text", func(d *openapi3.T) { liedMember(d, "liedOrder", "name").MaxLength = uintp(2) }, order,
			[4]string{"POST " + liedTarget + " (order)", "body.name", "maxLength: got 3, want 2", "204, the app accepted " + liedBody},
		},
		{
			"a renamed member", func(d *openapi3.T) {
				s := liedSchema(d, "liedOrder")
				s.Properties["title"] = s.Properties["name"]
				delete(s.Properties, "name")
				s.Required = []string{"title"}
			}, order,
			[4]string{"(order)", "body\n", "missing property 'title'", "accepted " + liedBody},
		},
		{"a member that is required", func(d *openapi3.T) { liedSchema(d, "liedOrder").Required = []string{"mail"} }, order, [4]string{"(order)", "body\n", "missing property 'mail'", "204"}},
		{"null forbidden", func(d *openapi3.T) { liedMember(d, "liedOrder", "note").Type = &openapi3.Types{"string"} }, ordering(liedTarget, `{"name":"a","note":null}`), [4]string{"(order)", "body.note", "got null, want string", "204"}},
		{"fewer choices", func(d *openapi3.T) { liedMember(d, "liedOrder", "level").Enum = []any{"high"} }, ordering(liedTarget, `{"name":"a","note":"ab","level":"low"}`), [4]string{"(order)", "body.level", "high", "204"}},
		{"a closed object", func(d *openapi3.T) {
			liedSchema(d, "liedLine").AdditionalProperties = openapi3.AdditionalProperties{Has: new(bool)}
		}, ordering(liedTarget, `{"name":"a","note":"ab","lines":[{"qty":1},{"qty":1,"more":1}]}`), [4]string{"(order)", "body.lines.1", "'more'", "204"}},
		{"a bound in a list", func(d *openapi3.T) { liedMember(d, "liedLine", "qty").Min = openapi3.Ptr(2.0) }, order, [4]string{"(order)", "body.lines.0.qty", "minimum: got 1, want 2", "204"}},
		{"a minimum of a query", func(d *openapi3.T) { liedParameter(d, "n").Schema.Value.Min = openapi3.Ptr(6.0) }, order, [4]string{"(order)", "query n", "minimum: got 5, want 6", `204, the app accepted ["5"]`}},
		{"fewer items between commas", func(d *openapi3.T) { liedParameter(d, "tags").Schema.Value.MaxItems = uintp(1) }, order, [4]string{"(order)", "query tags", "maxItems: got 2, want 1", `["a,b"]`}},
		{"an item between commas", func(d *openapi3.T) { liedParameter(d, "tags").Schema.Value.Items.Value.MinLength = 2 }, order, [4]string{"(order)", "query tags.0", "minLength: got 1, want 2", "204"}},
		{"a repeated name", func(d *openapi3.T) { liedParameter(d, "ids").Schema.Value.MaxItems = uintp(1) }, order, [4]string{"(order)", "query ids", "maxItems", "204"}},
		{"a boolean that is none", func(d *openapi3.T) { liedParameter(d, "on").Schema.Value.Type = &openapi3.Types{"integer"} }, order, [4]string{"(order)", "query on", "want integer", `["yes"]`}},
		{"JSON in a query", func(d *openapi3.T) { liedMember(d, "liedMeta", "author").MaxLength = uintp(1) }, order, [4]string{"(order)", "query filter.author", "maxLength", `{"author":"me"}`}},
		{"a header", func(d *openapi3.T) { liedParameter(d, "X-Token").Schema.Value.MaxLength = uintp(1) }, order, [4]string{"(order)", "header x-token", "maxLength: got 3, want 1", `["abc"]`}},
		{"a list in a header", func(d *openapi3.T) { liedParameter(d, "X-List").Schema.Value.MaxItems = uintp(1) }, order, [4]string{"(order)", "header x-list", "maxItems: got 2, want 1", `["1, 2"]`}},
		{"a cookie", func(d *openapi3.T) { liedParameter(d, "visitor").Schema.Value.MaxLength = uintp(1) }, order, [4]string{"(order)", "cookie visitor", "maxLength: got 2, want 1", `["me"]`}},
		{"a path", func(d *openapi3.T) { liedParameter(d, "id").Schema.Value.Max = openapi3.Ptr(6.0) }, order, [4]string{"(order)", "path id", "maximum: got 7, want 6", `["7"]`}},
		{"one more parameter", func(d *openapi3.T) {
			op := d.Paths.Value("/orders/{id}").Post
			op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Value: openapi3.NewQueryParameter("more").WithRequired(true).WithSchema(openapi3.NewStringSchema())})
		}, order, [4]string{"(order)", "query more", "it is required", "204, the app accepted a request without it"}},
		{"an optional body", func(d *openapi3.T) { d.Paths.Value("/pets").Post.RequestBody.Value.Required = true }, func(c *candor.TestClient) { c.Post("/pets", nil) }, [4]string{"(adopt)", "body\n", "it is required", "a request without it"}},
		{"another media type", func(d *openapi3.T) {
			content := d.Paths.Value("/pets").Post.RequestBody.Value.Content
			content["text/csv"] = content["application/json"]
			delete(content, "application/json")
		}, posting("/pets", `{"kind":"dog","tricks":[]}`), [4]string{"(adopt)", "body\n", "text/csv", "204, the app accepted application/json"}},
		{"a variant", func(d *openapi3.T) {
			for name, s := range d.Components.Schemas {
				if lives := s.Value.Properties["lives"]; lives != nil {
					lives.Value.Min = openapi3.Ptr(8.0)
					d.Components.Schemas[name] = s
				}
			}
		}, posting("/pets", `{"kind":"cat","lives":7}`), [4]string{"(adopt)", "body", "minimum: got 7, want 8", "204"}},
		{"a form", func(d *openapi3.T) { liedMember(d, "uploadForm", "album").MaxLength = uintp(1) }, sendingForm(url.Values{"album": {"pets"}, "year": {""}, "tags": {"a,b"}}, candor.WithFile("photo", "x", nil)), [4]string{"(upload)", "body.album", "maxLength: got 4, want 1", "204"}},
		{"a number of a form", func(d *openapi3.T) { liedMember(d, "uploadForm", "year").Min = openapi3.Ptr(2000.0) }, sendingForm(url.Values{"album": {"pets"}, "year": {"1999"}}, candor.WithFile("photo", "x", nil)), [4]string{"(upload)", "body.year", "minimum: got 1,999, want 2,000", "204"}},
		{"JSON of a form", func(d *openapi3.T) { liedMember(d, "liedMeta", "author").MaxLength = uintp(1) }, sendingForm(url.Values{"album": {"pets"}, "meta": {`{"author":"me"}`}}, candor.WithFile("photo", "x", nil)), [4]string{"(upload)", "body.meta.author", "maxLength", "204"}},
		{"a text", func(d *openapi3.T) {
			d.Paths.Value("/text").Post.RequestBody.Value.Content["text/plain"].Schema.Value.MaxLength = uintp(1)
		}, func(c *candor.TestClient) {
			c.Post("/text", nil, candor.WithBody("text/plain", strings.NewReader("abc")))
		}, [4]string{"(write)", "body\n", "maxLength: got 3, want 1", "204, the app accepted abc"}},
	}
}

func liesThatAreTooWide() []lieRow {
	return []lieRow{
		{
			"a longer text", func(d *openapi3.T) { liedMember(d, "liedOrder", "name").MaxLength = nil }, ordering(liedTarget, `{"name":"abcd","note":"ab"}`),
			[4]string{"POST " + liedTarget + " (order)", "body.name", "no maxLength that refuses this", `422, the app refused {"name":"abcd","note":"ab"} for string_too_long {"max_length":3}`},
		},
		{"beside an honest fault", func(d *openapi3.T) { liedMember(d, "liedOrder", "name").MaxLength = nil }, ordering(liedTarget, `{"name":"abcd","note":"a"}`), [4]string{"(order)", "body.name", "no maxLength", "422"}},
		{"a member that may be missing", func(d *openapi3.T) { liedSchema(d, "liedLine").Required = nil }, ordering(liedTarget, `{"name":"a","note":"ab","lines":[{}]}`), [4]string{"(order)", "body.lines.0.qty", "no required", "422"}},
		{"one of two that are missing", func(d *openapi3.T) {
			s := liedSchema(d, "liedOrder")
			s.Required = []string{"mail"}
		}, ordering(liedTarget, `{"note":"ab"}`), [4]string{"(order)", "body.name", "no required", "422"}},
		{"null allowed", func(d *openapi3.T) { liedMember(d, "liedOrder", "name").Type = &openapi3.Types{"string", "null"} }, ordering(liedTarget, `{"name":null,"note":"ab"}`), [4]string{"(order)", "body.name", "no type", "string_type"}},
		{"more choices", func(d *openapi3.T) { liedMember(d, "liedOrder", "level").Enum = []any{"low", "high", "top"} }, ordering(liedTarget, `{"name":"a","note":"ab","level":"top"}`), [4]string{"(order)", "body.level", "no enum", "enum"}},
		{"a dropped bound", func(d *openapi3.T) { liedMember(d, "liedLine", "qty").Min = nil }, ordering(liedTarget, `{"name":"a","note":"ab","lines":[{"qty":1},{"qty":0}]}`), [4]string{"(order)", "body.lines.1.qty", "no minimum", "greater_than_equal"}},
		{"a longer list", func(d *openapi3.T) { liedMember(d, "liedOrder", "lines").MaxItems = nil }, ordering(liedTarget, `{"name":"a","note":"ab","lines":[{"qty":1},{"qty":1},{"qty":1}]}`), [4]string{"(order)", "body.lines", "no maxItems", "too_long"}},
		{"another type", func(d *openapi3.T) { liedParameter(d, "n").Schema.Value.Type = &openapi3.Types{"string"} }, ordering("/orders/7?n=x", liedBody), [4]string{"(order)", "query n", "no type", `["x"]`}},
		{"any type", func(d *openapi3.T) { liedParameter(d, "id").Schema.Value = &openapi3.Schema{} }, ordering("/orders/x", liedBody), [4]string{"(order)", "path id", "no type", "int_parsing"}},
		{"a bound of a query", func(d *openapi3.T) { liedParameter(d, "n").Schema.Value.Max = nil }, ordering("/orders/7?n=10", liedBody), [4]string{"(order)", "query n", "no maximum", `["10"]`}},
		{"an item between commas", func(d *openapi3.T) { liedParameter(d, "tags").Schema.Value.Items.Value.MaxLength = nil }, ordering("/orders/7?tags=a,abcd", liedBody), [4]string{"(order)", "query tags.1", "no maxLength", "422"}},
		{"a list in a header", func(d *openapi3.T) { liedParameter(d, "X-List").Schema.Value.MaxItems = nil }, ordering(liedTarget, liedBody, candor.WithHeader("X-List", "1,2,3")), [4]string{"(order)", "header x-list", "no maxItems", "422"}},
		{"a header that need not be", func(d *openapi3.T) { liedParameter(d, "X-Token").Required = false }, posting(liedTarget, liedBody), [4]string{"(order)", "header x-token", "no required", "a request without it"}},
		{"a body that need not be", func(d *openapi3.T) { d.Paths.Value("/orders/{id}").Post.RequestBody.Value.Required = false }, func(c *candor.TestClient) {
			c.Post(liedTarget, nil, candor.WithHeader("X-Token", "abc"))
		}, [4]string{"(order)", "body\n", "no required", "a request without it"}},
		{"JSON in a query", func(d *openapi3.T) { liedMember(d, "liedMeta", "author").MaxLength = nil }, ordering("/orders/7?filter=%7B%22author%22%3A%22many%22%7D", liedBody), [4]string{"(order)", "query filter.author", "no maxLength", "422"}},
		{"a variant", func(d *openapi3.T) {
			for _, s := range d.Components.Schemas {
				if lives := s.Value.Properties["lives"]; lives != nil {
					lives.Value.Max = nil
				}
			}
		}, posting("/pets", `{"kind":"cat","lives":10}`), [4]string{"(adopt)", "body", "no maximum", "422"}},
		{"a form", func(d *openapi3.T) { liedMember(d, "uploadForm", "album").MaxLength = nil }, sendingForm(url.Values{"album": {"animals"}}, candor.WithFile("photo", "x", nil)), [4]string{"(upload)", "body.album", "no maxLength", "422"}},
		{"a number of a form", func(d *openapi3.T) { liedMember(d, "uploadForm", "year").Min = nil }, sendingForm(url.Values{"album": {"pets"}, "year": {"7"}}, candor.WithFile("photo", "x", nil)), [4]string{"(upload)", "body.year", "no minimum", "422"}},
		{"JSON of a form", func(d *openapi3.T) { liedMember(d, "liedMeta", "author").MaxLength = nil }, sendingForm(url.Values{"album": {"pets"}, "meta": {`{"author":"many"}`}}, candor.WithFile("photo", "x", nil)), [4]string{"(upload)", "body.meta.author", "no maxLength", "422"}},
		{"a text", func(d *openapi3.T) {
			d.Paths.Value("/text").Post.RequestBody.Value.Content["text/plain"].Schema.Value.MaxLength = nil
		}, func(c *candor.TestClient) {
			c.Post("/text", nil, candor.WithBody("text/plain", strings.NewReader("abcd")))
		}, [4]string{"(write)", "body\n", "no maxLength", "422"}},
	}
}

// Every wrong statement about requests is reported, and the same requests pass with the correct document.
func TestLiesAboutRequestsAreFound(t *testing.T) {
	t.Parallel()
	for direction, rows := range map[string][]lieRow{"too narrow": liesThatAreTooNarrow(), "too wide": liesThatAreTooWide()} {
		for _, row := range rows {
			t.Run(direction+"/"+row.name, func(t *testing.T) {
				t.Parallel()
				honest := record(func(tb candor.TB) { row.send(candor.NewTestClient(tb, liedAbout(nil))) })
				assert.Empty(t, honest.errors, "without the lie")
				require.Empty(t, honest.fatal)
				got := record(func(tb candor.TB) { row.send(candor.NewTestClient(tb, liedAbout(row.lie))) })
				require.Empty(t, got.fatal)
				require.Len(t, got.errors, 1, "%s", strings.Join(got.errors, "\n"))
				head, rest, _ := strings.Cut(got.errors[0], " disagree about ")
				assert.Contains(t, head, row.want[0])
				place, rest, _ := strings.Cut(rest, "promised: ")
				assert.Contains(t, place, row.want[1])
				promise, fact, _ := strings.Cut(rest, "came: ")
				assert.Contains(t, promise, row.want[2])
				assert.Contains(t, fact, row.want[3])
			})
		}
	}
}

// In a body of JSON Lines, the line of the validation error is checked.
func TestLiesAboutLinesOfABody(t *testing.T) {
	t.Parallel()
	app := func(lie func(d *openapi3.T)) *candor.App {
		config := apptest.Unlogged()
		config.EditDocument = lie
		app := candor.New(config)
		candor.Post(app, "/it", func(_ context.Context, in struct {
			Lines candor.JSONLines[liedLine] `body:""`
		},
		) (candor.None, error) {
			for _, err := range in.Lines {
				if err != nil {
					return candor.None{}, err
				}
			}
			return candor.None{}, nil
		}, candor.OperationID("load"))
		return app
	}
	for body, want := range map[string]string{
		"{\"qty\":1}\n{\"qty\":1,\"unit\":\"long\"}\n{}": "body.2.unit\n\tpromised: no maxLength that refuses this: the document allows it\n\tcame:     422, the app refused {\"qty\":1,\"unit\":\"long\"} for",
		"{\"qty\":0}\n{\"qty\":1,\"unit\":\"long\"}":     "",
		"{\"qty\":1}\n{": "",
	} {
		for _, lie := range []func(d *openapi3.T){nil, func(d *openapi3.T) { liedMember(d, "liedLine", "unit").MaxLength = nil }} {
			got := record(func(tb candor.TB) {
				candor.NewTestClient(tb, app(lie)).Post("/it", nil, candor.WithBody("application/jsonl", strings.NewReader(body))).Status(422)
			})
			require.Empty(t, got.fatal)
			if lie == nil || want == "" {
				assert.Empty(t, got.errors)
				continue
			}
			require.Len(t, got.errors, 1)
			assert.Contains(t, got.errors[0], want)
		}
	}
}

// Errors that no document can describe are not reported, nor are those of unread parts.
func TestWhatTheContractOfRequestsLeavesOut(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(c *candor.TestClient){
		"a member twice":            ordering(liedTarget, `{"name":"a","name":"b","note":"ab"}`),
		"no JSON":                   ordering(liedTarget, `{"name":`),
		"no UTF-8":                  ordering(liedTarget, "{\"name\":\"\xff\",\"note\":\"ab\"}"),
		"depth":                     ordering(liedTarget, `{"name":"a","note":"ab","more":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`}`),
		"a format":                  ordering(liedTarget, `{"name":"a","note":"ab","mail":"x@y"}`),
		"64 bits":                   ordering(liedTarget, `{"name":"a","note":"ab","exact":9007199254740994}`),
		"more than 64 bits":         ordering(liedTarget, `{"name":"a","note":"ab","exact":9223372036854775808}`),
		"escapes that are none":     ordering("/orders/7?n=%zz", liedBody),
		"a number written as one":   ordering("/orders/7?n=1.0", liedBody),
		"leading zeros":             ordering("/orders/007?n=05", liedBody),
		"the last of several":       ordering("/orders/7?n=x&n=1&on=0&on=TRUE", liedBody),
		"a semicolon":               ordering("/orders/7?tags=a;b", liedBody),
		"no list":                   ordering("/orders/7?tags=", liedBody),
		"too many pairs":            ordering("/orders/7?"+strings.Repeat("a=1&", 1001), liedBody),
		"fields left empty":         sendingForm(url.Values{"album": {"pets"}, "year": {""}, "tags": {""}}, candor.WithFile("photo", "", nil)),
		"a field too many":          sendingForm(url.Values{"album": {"pets", "last"}, "more": {"x"}}, candor.WithFile("photo", "x", nil)),
		"a text for a file":         sendingForm(url.Values{"album": {"pets"}, "photo": {"x"}}, candor.WithFile("other", "x", nil)),
		"an empty text":             sendingForm(url.Values{"album": {""}}, candor.WithFile("photo", "x", nil)),
		"a form that is none":       posting("/form", "", candor.WithBody("multipart/form-data; boundary=x", strings.NewReader("y"))),
		"JSON of a form, broken":    sendingForm(url.Values{"album": {"pets"}, "meta": {`{`}}, candor.WithFile("photo", "x", nil)),
		"no media type at all":      posting("/text", "", candor.WithBody("", strings.NewReader("abc"))),
		"another media type":        posting("/pets", "", candor.WithBody("text/csv", strings.NewReader("a"))),
		"a media type with +json":   posting("/pets", "", candor.WithBody("application/x+json", strings.NewReader(`{"kind":"dog","tricks":[]}`))),
		"a variant without its tag": posting("/pets", `{"lives":3}`),
		"a variant nobody knows":    posting("/pets", `{"kind":"cow"}`),
		"null for a body":           posting("/pets", `null`),
		"an empty body":             posting("/pets", ``),
		"a large body": ordering(liedTarget, `{"name":"abcd","note":"ab","lines":[`+strings.Repeat(`{"qty":0},`, 10000)+`{"qty":0}]}`,
			candor.WithHeader("X-Large", "1")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := record(func(tb candor.TB) { send(candor.NewTestClient(tb, liedAbout(nil))) })
			assert.Empty(t, got.errors)
			assert.Empty(t, got.fatal)
		})
	}
}

// Validation errors that a handler returns are checked against the document, unless their type has no keyword.
func TestFaultsOfAHandler(t *testing.T) {
	t.Parallel()
	fault := candor.Fault{Type: "value_error", Loc: []any{"body", "name"}, Ctx: map[string]any{"error": "taken"}}
	app := candor.New(apptest.Unlogged())
	candor.Post(app, "/names", func(_ context.Context, in struct {
		Type string    `query:"type"`
		Body promised  `body:""`
		More *promised `query:"more,json"`
	},
	) (candor.None, error) {
		f := fault
		f.Type = in.Type
		return candor.None{}, &candor.ValidationError{Faults: []candor.Fault{f}}
	})
	for typ, want := range map[string]int{"value_error": 0, "name_taken": 0, "uuid_parsing": 0, "string_too_long": 1, "missing": 1} {
		got := record(func(tb candor.TB) {
			candor.NewTestClient(tb, app).Post("/names?type="+typ, `{"id":1,"name":"abc"}`).Status(422)
		})
		assert.Len(t, got.errors, want, typ)
	}
}

// The reasons for rejecting a request are checked, whatever form the response has.
func TestFaultsInAFormOfTheirOwn(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]func(app *candor.App){
		"dotted": func(app *candor.App) { candor.OnError(app, candor.DottedFaults, candor.Status(422)) },
		"another status": func(app *candor.App) {
			candor.OnError(app, func(context.Context, *candor.ValidationError) (string, error) { return "no", nil }, candor.Status(400))
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := apptest.Unlogged()
			config.EditDocument = func(d *openapi3.T) { liedMember(d, "promised", "name").MaxLength = nil }
			app := candor.New(config)
			form(app)
			candor.Post(app, "/it", func(context.Context, struct {
				Body promised `body:""`
			},
			) (candor.None, error) {
				return candor.None{}, nil
			})
			got := record(func(tb candor.TB) { candor.NewTestClient(tb, app).Post("/it", `{"id":1,"name":"abcd"}`) })
			require.Len(t, got.errors, 1)
			assert.Contains(t, got.errors[0], "no maxLength that refuses this")
			got = record(func(tb candor.TB) { candor.NewTestClient(tb, app).Post("/it", `{"id":"x","name":"abc"}`) })
			assert.Empty(t, got.errors)
		})
	}
}

// Requests to a plain handler are checked against its documented parameters.
func TestTheContractOfAPlainHandler(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.HandleHTTP(app, []string{"GET"}, "/it/{n}", apptest.Handler(204, "", ""), candor.Responds[candor.None](204), candor.EditOperation(func(op *openapi3.Operation) {
		op.Parameters.GetByInAndName("path", "n").Schema.Value.MaxLength = uintp(2)
	}))
	got := record(func(tb candor.TB) { candor.NewTestClient(tb, app).Get("/it/abc") })
	require.Len(t, got.errors, 1)
	assert.Contains(t, got.errors[0], "disagree about path n\n\tpromised: maxLength: got 3, want 2")
	for _, target := range []string{"/it/ab", "/it/%C3%A9%C3%A9"} {
		assert.Empty(t, record(func(tb candor.TB) { candor.NewTestClient(tb, app).Get(target) }).errors, target)
	}
}

// A status is declared by its number, its range, or the default, which does not declare a 500.
func TestTheContractKnowsRangesOfStatuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		declared, status string
		body, want       string
	}{
		{"4XX", "404", `"abc"`, ""},
		{"4XX", "404", `"abcd"`, "the body of status 404\n\tpromised: maxLength"},
		{"4XX", "302", `"abc"`, "the status\n\tpromised: one of"},
		{"5XX", "500", `"abc"`, ""},
		{"default", "404", `"abc"`, ""},
		{"default", "404", `"abcd"`, "the body of status 404\n\tpromised: maxLength"},
		{"default", "500", `"abc"`, "status 500, which the test did not expect"},
	} {
		t.Run(row.declared+" "+row.status+" "+row.body, func(t *testing.T) {
			t.Parallel()
			var status int
			_, err := fmt.Sscan(row.status, &status)
			require.NoError(t, err)
			app := candor.New(apptest.Unlogged())
			candor.HandleHTTP(app, []string{"GET"}, "/it", apptest.Handler(status, asJSON, row.body), candor.Responds[candor.None](204), candor.EditOperation(func(op *openapi3.Operation) {
				text := openapi3.NewResponse().WithDescription("a text").WithJSONSchema(openapi3.NewStringSchema().WithMaxLength(3))
				op.Responses.Set(row.declared, &openapi3.ResponseRef{Value: text})
			}))
			got := record(func(tb candor.TB) { candor.NewTestClient(tb, app).Do(http.MethodGet, "/it", nil) })
			if row.want == "" {
				assert.Empty(t, got.errors)
				return
			}
			require.Len(t, got.errors, 1)
			assert.Contains(t, got.errors[0], row.want)
		})
	}
}
