package candor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

type faultyLine struct {
	SKU  string  `json:"sku" validate:"min=2,max=4"`
	Qty  int     `json:"qty" validate:"gte=1,lte=10"`
	Cost float64 `json:"cost" validate:"gt=0,lt=100"`
}

type creature struct {
	candor.OneOf `json:"kind"`
	Cat          *struct {
		Lives int8 `json:"lives"`
	} `case:"cat"`
	Dog *struct {
		Name string `json:"name"`
	} `case:"dog"`
}

type period struct {
	From int `json:"from"`
	To   int `json:"to"`
}

func (s period) Validate() error {
	if s.To < s.From {
		return errors.New("to is before from")
	}
	return nil
}

// everything has a field for each kind of validation error.
type everything struct {
	Name    string            `json:"name" validate:"min=2,max=4" pattern:"^[a-z]*$"`
	Age     int8              `json:"age" validate:"gt=0,lt=100"`
	Ratio   float32           `json:"ratio,omitempty"`
	Open    bool              `json:"open,omitempty"`
	Raw     []byte            `json:"raw,omitempty"`
	At      time.Time         `json:"at,omitempty"`
	For     time.Duration     `json:"for,omitempty"`
	Addr    netip.Addr        `json:"addr,omitempty"`
	Colour  string            `json:"colour,omitempty" validate:"oneof=red blue"`
	Mail    string            `json:"mail,omitempty" validate:"email"`
	Lines   []faultyLine      `json:"lines,omitempty" validate:"min=1,max=3"`
	Labels  map[string]int    `json:"labels,omitempty"`
	Pet     *creature         `json:"pet,omitempty"`
	Span    *period           `json:"span,omitempty"`
	Closed  *closedBox        `json:"closed,omitempty"`
	Choices map[string]string `json:"choices,omitempty"`
}

type closedBox struct {
	candor.Strict
	In int `json:"in"`
}

// invalidApp reads parameters of all sources.
func invalidApp(config candor.Config) *candor.App {
	app := candor.New(config)
	candor.Post(app, "/in/{id}", func(context.Context, struct {
		ID      int        `path:"id" validate:"gte=1"`
		N       int8       `query:"n"`
		Ratio   float64    `query:"ratio,omitempty"`
		Open    bool       `query:"open,omitempty"`
		Day     time.Time  `query:"day,omitempty"`
		IDs     []int      `query:"ids,omitempty" validate:"max=2"`
		Token   string     `header:"X-Token" validate:"len=3"`
		Session int        `cookie:"session"`
		Body    everything `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	return app
}

// sound is a valid request to invalidApp.
var sound = map[string]string{"path": "1", "query": "n=1", "token": "abc", "session": "1", "body": `{"name":"ab","age":1}`}

// sendInvalid sends the valid request with some of its parts changed.
func sendInvalid(h http.Handler, changed map[string]string) *httptest.ResponseRecorder {
	part := func(name string) string {
		if value, ok := changed[name]; ok {
			return value
		}
		return sound[name]
	}
	r := httptest.NewRequest("POST", "/in/"+part("path")+"?"+part("query"), strings.NewReader(part("body")))
	r.Header.Set("Content-Type", "application/json")
	if token := part("token"); token != "" {
		r.Header.Set("X-Token", token)
	}
	if session := part("session"); session != "" {
		r.Header.Set("Cookie", "session="+session)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFaultsOnTheWire(t *testing.T) {
	body := func(rest string) map[string]string {
		return map[string]string{"body": `{"name":"ab","age":1,` + rest + `}`}
	}
	one := func(part, text string) map[string]string { return map[string]string{part: text} }
	tests := []struct {
		name    string
		changed map[string]string
		// faults is the list under "detail" with EchoInput; without it, only the member "input" is missing.
		faults string
	}{
		{
			"everything missing",
			map[string]string{"query": ``, "token": ``, "session": ``, "body": `{}`},
			`{"type":"missing","loc":["query","n"],"msg":"Field required","input":null},{"type":"missing","loc":["header","X-Token"],"msg":"Field required","input":null},{"type":"missing","loc":["cookie","session"],"msg":"Field required","input":null},{"type":"missing","loc":["body","name"],"msg":"Field required","input":{}},{"type":"missing","loc":["body","age"],"msg":"Field required","input":{}}`,
		},
		{
			"one fault in every source",
			map[string]string{"path": `x`, "query": `n=300&ratio=a&open=maybe&day=soon&ids=1&ids=b`, "token": `ab`, "session": `s`, "body": `{"name":1,"age":"a"}`},
			`{"type":"int_parsing","loc":["path","id"],"msg":"Not an integer","input":"x"},{"type":"less_than_equal","loc":["query","n"],"msg":"Must be less than or equal to 127","input":"300","ctx":{"le":127}},{"type":"float_parsing","loc":["query","ratio"],"msg":"Not a number","input":"a"},{"type":"bool_parsing","loc":["query","open"],"msg":"Not a boolean","input":"maybe"},{"type":"datetime_parsing","loc":["query","day"],"msg":"Not a date and time such as 2006-01-02T15:04:05Z (RFC 3339)","input":"soon"},{"type":"int_parsing","loc":["query","ids",1],"msg":"Not an integer","input":"b"},{"type":"string_too_short","loc":["header","X-Token"],"msg":"Must have at least 3 characters","input":"ab","ctx":{"min_length":3}},{"type":"int_parsing","loc":["cookie","session"],"msg":"Not an integer","input":"s"},{"type":"string_type","loc":["body","name"],"msg":"Expected a string","input":1},{"type":"int_type","loc":["body","age"],"msg":"Expected an integer","input":"a"}`,
		},
		{
			"a path below its least", one("path", `0`),
			`{"type":"greater_than_equal","loc":["path","id"],"msg":"Must be greater than or equal to 1","input":"0","ctx":{"ge":1}}`,
		},
		{
			"a list that is too long", one("query", `n=1&ids=1&ids=2&ids=3`),
			`{"type":"too_long","loc":["query","ids"],"msg":"Must have at most 2 items, has 3","input":["1","2","3"],"ctx":{"actual_length":3,"field_type":"List","max_length":2}}`,
		},
		{
			"no body", one("body", ``),
			`{"type":"missing","loc":["body"],"msg":"Field required","input":null}`,
		},
		{
			"null", one("body", `null`),
			`{"type":"missing","loc":["body"],"msg":"Field required","input":null}`,
		},
		{
			"another kind of JSON", one("body", `[]`),
			`{"type":"model_attributes_type","loc":["body"],"msg":"Expected an object","input":[]}`,
		},
		{
			"no JSON", one("body", `{"name":}`),
			`{"type":"json_invalid","loc":["body",8],"msg":"Invalid JSON: expected a value","input":{},"ctx":{"error":"expected a value"}}`,
		},
		{
			"cut off", one("body", `{"name":"a`),
			`{"type":"json_invalid","loc":["body",10],"msg":"Invalid JSON: unexpected end inside a string","input":{},"ctx":{"error":"unexpected end inside a string"}}`,
		},
		{
			"more than one value", one("body", `{} {}`),
			`{"type":"json_invalid","loc":["body",3],"msg":"Invalid JSON: there is more after the value","input":{},"ctx":{"error":"there is more after the value"}}`,
		},
		{
			"not UTF-8", one("body", "{\"name\":\"\xff\"}"),
			`{"type":"json_invalid","loc":["body",9],"msg":"Invalid JSON: not valid UTF-8","input":{},"ctx":{"error":"not valid UTF-8"}}`,
		},
		{
			"a string", body(`"colour":5`),
			`{"type":"string_type","loc":["body","colour"],"msg":"Expected a string","input":5}`,
		},
		{
			"texts", one("body", `{"name":"","age":1}`),
			`{"type":"string_too_short","loc":["body","name"],"msg":"Must have at least 2 characters","input":"","ctx":{"min_length":2}}`,
		},
		{
			"a long text", one("body", `{"name":"abcde","age":1}`),
			`{"type":"string_too_long","loc":["body","name"],"msg":"Must have at most 4 characters","input":"abcde","ctx":{"max_length":4}}`,
		},
		{
			"another pattern", one("body", `{"name":"AB","age":1}`),
			`{"type":"string_pattern_mismatch","loc":["body","name"],"msg":"Must match the pattern ^[a-z]*$","input":"AB","ctx":{"pattern":"^[a-z]*$"}}`,
		},
		{
			"an integer with a fraction", one("body", `{"name":"ab","age":1.5}`),
			`{"type":"int_from_float","loc":["body","age"],"msg":"Expected an integer, got a number with a fraction","input":1.5}`,
		},
		{
			"an integer that is too large", one("body", `{"name":"ab","age":300}`),
			`{"type":"less_than_equal","loc":["body","age"],"msg":"Must be less than or equal to 127","input":300,"ctx":{"le":127}}`,
		},
		{
			"null for an integer", one("body", `{"name":"ab","age":null}`),
			`{"type":"int_type","loc":["body","age"],"msg":"Expected an integer","input":null}`,
		},
		{
			"a bound itself", one("body", `{"name":"ab","age":0}`),
			`{"type":"greater_than","loc":["body","age"],"msg":"Must be greater than 0","input":0,"ctx":{"gt":0}}`,
		},
		{
			"the other bound", one("body", `{"name":"ab","age":100}`),
			`{"type":"less_than","loc":["body","age"],"msg":"Must be less than 100","input":100,"ctx":{"lt":100}}`,
		},
		{
			"a number", body(`"ratio":"1"`),
			`{"type":"float_type","loc":["body","ratio"],"msg":"Expected a number","input":"1"}`,
		},
		{
			"a number that is too large", body(`"ratio":1e300`),
			`{"type":"finite_number","loc":["body","ratio"],"msg":"Number too large","input":1e300}`,
		},
		{
			"a boolean", body(`"open":"yes"`),
			`{"type":"bool_type","loc":["body","open"],"msg":"Expected a boolean","input":"yes"}`,
		},
		{
			"base64", body(`"raw":"%"`),
			`{"type":"bytes_invalid_encoding","loc":["body","raw"],"msg":"Not valid base64","input":"%"}`,
		},
		{
			"a moment", body(`"at":"today"`),
			`{"type":"datetime_parsing","loc":["body","at"],"msg":"Not a date and time such as 2006-01-02T15:04:05Z (RFC 3339)","input":"today"}`,
		},
		{
			"a duration", body(`"for":"long"`),
			`{"type":"time_delta_parsing","loc":["body","for"],"msg":"Not a duration such as 1h30m","input":"long"}`,
		},
		{
			"an address", body(`"addr":"1.2.3"`),
			`{"type":"ip_any_address","loc":["body","addr"],"msg":"Not an IP address","input":"1.2.3"}`,
		},
		{
			"one of some", body(`"colour":"green"`),
			`{"type":"enum","loc":["body","colour"],"msg":"Must be one of 'red' or 'blue'","input":"green","ctx":{"expected":"'red' or 'blue'"}}`,
		},
		{
			"mail", body(`"mail":"nobody"`),
			`{"type":"value_error","loc":["body","mail"],"msg":"Value error: not a valid email address","input":"nobody","ctx":{"error":"not a valid email address"}}`,
		},
		{
			"a list", body(`"lines":{}`),
			`{"type":"list_type","loc":["body","lines"],"msg":"Expected a list","input":{}}`,
		},
		{
			"an empty list", body(`"lines":[]`),
			`{"type":"too_short","loc":["body","lines"],"msg":"Must have at least 1 item, has 0","input":[],"ctx":{"actual_length":0,"field_type":"List","min_length":1}}`,
		},
		{
			"too many elements", body(`"lines":[{"sku":"ab","qty":1,"cost":1},{"sku":"ab","qty":1,"cost":1},{"sku":"ab","qty":1,"cost":1},{"sku":"ab","qty":1,"cost":1}]`),
			`{"type":"too_long","loc":["body","lines"],"msg":"Must have at most 3 items, has 4","input":[{"sku":"ab","qty":1,"cost":1},{"sku":"ab","qty":1,"cost":1},{"sku":"ab","qty":1,"cost":1},{"sku":"ab","qty":1,"cost":1}],"ctx":{"actual_length":4,"field_type":"List","max_length":3}}`,
		},
		{
			"elements", body(`"lines":[{"sku":"ab","qty":1,"cost":1},{"sku":"a","qty":11,"cost":0},{"qty":"1"},null]`),
			`{"type":"string_too_short","loc":["body","lines",1,"sku"],"msg":"Must have at least 2 characters","input":"a","ctx":{"min_length":2}},{"type":"less_than_equal","loc":["body","lines",1,"qty"],"msg":"Must be less than or equal to 10","input":11,"ctx":{"le":10}},{"type":"greater_than","loc":["body","lines",1,"cost"],"msg":"Must be greater than 0","input":0,"ctx":{"gt":0}},{"type":"missing","loc":["body","lines",2,"sku"],"msg":"Field required","input":{"qty":"1"}},{"type":"int_type","loc":["body","lines",2,"qty"],"msg":"Expected an integer","input":"1"},{"type":"missing","loc":["body","lines",2,"cost"],"msg":"Field required","input":{"qty":"1"}},{"type":"model_attributes_type","loc":["body","lines",3],"msg":"Expected an object","input":null}`,
		},
		{
			"a map", body(`"labels":{"a":1,"b":"x"}`),
			`{"type":"int_type","loc":["body","labels","b"],"msg":"Expected an integer","input":"x"}`,
		},
		{
			"no map", body(`"labels":[1]`),
			`{"type":"dict_type","loc":["body","labels"],"msg":"Expected an object","input":[1]}`,
		},
		{
			"an unknown variant", body(`"pet":{"kind":"cow"}`),
			`{"type":"union_tag_invalid","loc":["body","pet"],"msg":"Unknown 'kind', expected one of 'cat', 'dog'","input":{"kind":"cow"},"ctx":{"discriminator":"'kind'","expected_tags":"'cat', 'dog'","tag":"cow"}}`,
		},
		{
			"no variant", body(`"pet":{"lives":3}`),
			`{"type":"union_tag_not_found","loc":["body","pet"],"msg":"The member 'kind', which selects the type, is missing","input":{"lives":3},"ctx":{"discriminator":"'kind'"}}`,
		},
		{
			"a variant", body(`"pet":{"kind":"cat","lives":true}`),
			`{"type":"int_type","loc":["body","pet","cat","lives"],"msg":"Expected an integer","input":true}`,
		},
		{
			"an object's own rule", body(`"span":{"from":2,"to":1}`),
			`{"type":"value_error","loc":["body","span"],"msg":"Value error: to is before from","input":{"from":2,"to":1},"ctx":{"error":"to is before from"}}`,
		},
		{
			"a member nobody asked for", body(`"closed":{"in":1,"out":2}`),
			`{"type":"extra_forbidden","loc":["body","closed","out"],"msg":"Unknown field, not accepted here","input":2}`,
		},
	}
	silent, echoing := invalidApp(candor.Config{}), invalidApp(candor.Config{EchoInput: true})
	require.Equal(t, 204, sendInvalid(silent, nil).Code)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			echoed := sendInvalid(echoing, tc.changed)
			assert.Equal(t, 422, echoed.Code)
			assert.Equal(t, "application/json", echoed.Header().Get("Content-Type"))
			assert.Equal(t, `{"detail":[`+tc.faults+`]}`, echoed.Body.String())

			assert.Equal(t, withoutInput(t, echoed.Body.Bytes()), sendInvalid(silent, tc.changed).Body.String())
		})
	}
}

// withoutInput removes the member "input" from every validation error.
func withoutInput(t *testing.T, body []byte) string {
	t.Helper()
	var answer struct {
		Detail []struct {
			Type json.RawMessage `json:"type"`
			Loc  json.RawMessage `json:"loc"`
			Msg  json.RawMessage `json:"msg"`
			Ctx  json.RawMessage `json:"ctx,omitempty"`
		} `json:"detail"`
	}
	require.NoError(t, json.Unmarshal(body, &answer))
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(answer))
	return strings.TrimSpace(out.String())
}

func TestFaultsAreTruncatedAtAHundred(t *testing.T) {
	app := candor.New(candor.Config{EchoInput: true})
	candor.Post(app, "/", func(context.Context, struct {
		Numbers []int `body:"numbers"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	c := candor.NewTestClient(t, app)
	numbers := func(n int) string { return `{"numbers":["` + strings.Repeat(`a","`, n-1) + `a"]}` }

	assert.Len(t, c.Post("/", numbers(100)).Faults(), 100)
	faults := c.Post("/", numbers(101)).Faults()

	require.Len(t, faults, 101)
	assert.Equal(t, []any{"body", "numbers", 99}, faults[99].Loc)
	assert.Equal(t, candor.Fault{
		Type: "too_many_faults", Loc: []any{}, Msg: "There are more validation errors than the 100 listed", Ctx: map[string]any{"listed": 100.0},
	}, faults[100])
}

func TestOwnValidationError(t *testing.T) {
	own := &candor.ValidationError{Faults: []candor.Fault{
		{Type: "value_error", Loc: []any{"body", "to", 1}, Msg: "to is before from"},
		{Type: "greater_than", Loc: []any{"query", "n"}, Ctx: map[string]any{"gt": 3}, Input: 2},
		{Type: "something_else"},
	}}
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(context.Context, struct {
		N int `query:"n,omitempty"`
	},
	) (candor.None, error) {
		return candor.None{}, own
	})

	got := candor.NewTestClient(t, app).Get("/").Status(422)

	assert.JSONEq(t, `{"detail":[
		{"type":"value_error","loc":["body","to",1],"msg":"to is before from"},
		{"type":"greater_than","loc":["query","n"],"msg":"Must be greater than 3","input":2,"ctx":{"gt":3}},
		{"type":"something_else","loc":[],"msg":"Not valid"}]}`, got.Text())
	assert.Empty(t, own.Faults[1].Msg, "the error itself stays as it is")
	assert.EqualError(t, own, "3 validation errors in the request; value_error at [body to 1]; greater_than at [query n]; something_else at []")
}

func TestMessagesThatPanicAreA500(t *testing.T) {
	config, log := recorded()
	config.Message = func(*http.Request, candor.Fault) string { panic("boom") }
	app := invalidApp(config)

	assert.Equal(t, 500, sendInvalid(app, map[string]string{"path": "x"}).Code)
	assert.Len(t, log.take(), 1)
}

// ExampleConfig_message translates the messages of validation errors.
func ExampleConfig_message() {
	german := map[string]string{"missing": "Pflichtfeld", "greater_than_equal": "Muss mindestens %v sein"}
	app := candor.New(candor.Config{
		Message: func(r *http.Request, f candor.Fault) string {
			sentence, ok := german[f.Type]
			switch {
			case !ok || !strings.HasPrefix(r.Header.Get("Accept-Language"), "de"):
				return "" // English
			case f.Type == "greater_than_equal":
				return fmt.Sprintf(sentence, f.Ctx["ge"])
			}
			return sentence
		},
	})
	candor.Get(app, "/items/{id}", func(context.Context, struct {
		ID int    `path:"id" validate:"gte=1"`
		Q  string `query:"q"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})

	show(app, "GET", "/items/0", "", "Accept-Language: de-AT")
	show(app, "GET", "/items/0", "", "Accept-Language: fr")
	// Output:
	// 422 {"detail":[{"type":"greater_than_equal","loc":["path","id"],"msg":"Muss mindestens 1 sein","ctx":{"ge":1}},{"type":"missing","loc":["query","q"],"msg":"Pflichtfeld"}]}
	// 422 {"detail":[{"type":"greater_than_equal","loc":["path","id"],"msg":"Must be greater than or equal to 1","ctx":{"ge":1}},{"type":"missing","loc":["query","q"],"msg":"Field required"}]}
}

func ExampleValidationError() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/trips", func(_ context.Context, in struct {
		From int `body:"from"`
		To   int `body:"to"`
	},
	) (candor.None, error) {
		if in.To < in.From {
			return candor.None{}, &candor.ValidationError{Faults: []candor.Fault{
				{Type: "value_error", Loc: []any{"body", "to"}, Msg: "is before from"},
			}}
		}
		return candor.None{}, nil
	})

	show(app, "POST", "/trips", `{"from":2,"to":1}`)
	// Output: 422 {"detail":[{"type":"value_error","loc":["body","to"],"msg":"is before from"}]}
}

type (
	evenNumber  int
	lowerText   string
	shortList   []int
	smallMap    map[lowerText]evenNumber
	whenText    struct{ text string }
	maybeNumber struct {
		Number int
		Valid  bool
	}
	evenShape struct {
		candor.OneOf `json:"kind"`
		Square       *struct {
			Side int `json:"side"`
		} `case:"square"`
	}
	evenParams struct {
		N     evenNumber   `query:"n,omitempty" validate:"min=0"`
		Ns    []evenNumber `query:"ns,omitempty"`
		Ptr   *evenNumber  `query:"ptr"`
		List  shortList    `query:"list,omitempty"`
		Text  lowerText    `header:"Text,omitempty"`
		When  whenText     `cookie:"when,omitempty"`
		Maybe maybeNumber  `query:"maybe,omitempty"`
		JSON  smallMap     `query:"json,json,omitempty"`
	}
	evenForm struct {
		N  evenNumber `form:"n,omitempty"`
		Ns shortList  `form:"ns,omitempty"`
	}
	evenBody struct {
		N     evenNumber                  `json:"n,omitempty"`
		Ptr   *evenNumber                 `json:"ptr"`
		Opt   candor.Optional[evenNumber] `json:"opt"`
		Text  lowerText                   `json:"text,omitempty" validate:"max=3"`
		List  []shortList                 `json:"list,omitempty"`
		Map   smallMap                    `json:"map,omitempty"`
		When  whenText                    `json:"when,omitzero"`
		Maybe maybeNumber                 `json:"maybe,omitzero"`
		Shape *evenShape                  `json:"shape"`
		lentNumber
	}
	// lentNumber has a method that is promoted to the types that embed it.
	lentNumber struct {
		Lent int `json:"lent,omitempty"`
	}
)

func refuseIf(refused bool, text string) error {
	if refused {
		return errors.New(text)
	}
	return nil
}

func (n evenNumber) Validate() error { return refuseIf(n%2 != 0, "odd") }
func (t *lowerText) Validate() error {
	return refuseIf(strings.ToLower(string(*t)) != string(*t), "upper")
}

func (l shortList) Validate() error {
	if len(l) > 2 {
		return candor.Invalid("one too many", 2)
	}
	return nil
}
func (m smallMap) Validate() error               { return refuseIf(len(m) > 1, "large") }
func (w whenText) Validate() error               { return refuseIf(w.text == "never", "never") }
func (w *whenText) UnmarshalText(b []byte) error { w.text = string(b); return nil }
func (w whenText) MarshalText() ([]byte, error)  { return []byte(w.text), nil }
func (m maybeNumber) Validate() error            { return refuseIf(m.Number == 13, "unlucky") }
func (s evenShape) Validate() error              { return refuseIf(s.Square.Side%2 != 0, "odd side") }
func (l lentNumber) Validate() error             { return refuseIf(l.Lent == 1, "lent") }

// Every named type can have a Validate method, which is called wherever its value is read.
func TestValidateOfNamedTypes(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/params", func(context.Context, evenParams) (candor.None, error) { return candor.None{}, nil })
	candor.Get(app, "/path/{n}", func(context.Context, struct {
		N evenNumber `path:"n"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.Post(app, "/form", func(context.Context, evenForm) (candor.None, error) { return candor.None{}, nil })
	candor.Post(app, "/body", func(context.Context, struct {
		Body evenBody `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.Post(app, "/whole", func(context.Context, struct {
		Body shortList `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	rows := []struct{ request, body, want string }{
		{"GET /params?n=2&ns=2&ns=4&ptr=2&list=1&maybe=1&json=%7B%22a%22%3A2%7D", "", ""},
		{"GET /params?n=1", "", "query n: odd"},
		{"GET /params?n=-1", "", "query n: Must be greater than or equal to 0"},
		{"GET /params?ns=2&ns=3&ptr=1", "", "query ns 1: odd; query ptr: odd"},
		{"GET /params?list=1&list=2&list=3", "", "query list 2: one too many"},
		{"GET /params?maybe=13", "", "query maybe: unlucky"},
		{"GET /params?json=%7B%22A%22%3A2%7D", "", "query json A [key]: upper"},
		{"GET /params Text:A", "", "header Text: upper"},
		{"GET /params Cookie:when=never", "", "cookie when: never"},
		{"GET /path/3", "", "path n: odd"},
		{"POST /form", "n=1&ns=1&ns=2&ns=3", "body n: odd; body ns 2: one too many"},
		{"POST /whole", "[1,2,3]", "body 2: one too many"},
		{"POST /body", `{"n":2,"ptr":null,"opt":null,"text":"a","list":[[1]],"map":{"a":2},"when":"now","maybe":null,"shape":{"kind":"square","side":2},"lent":2}`, ""},
		{"POST /body", `{"n":1,"ptr":1,"opt":1,"text":"A","list":[[1,2,3]],"map":{"A":1},"when":"never","maybe":13,"shape":{"kind":"square","side":1}}`, "body n: odd; body ptr: odd; body opt: odd; body text: upper; body list 0 2: one too many; body map A [key]: upper; body map A: odd; body when: never; body maybe: unlucky; body shape: odd side"},
		{"POST /body", `{"map":{"a":2,"b":4},"text":"AAAA"}`, "body text: Must have at most 3 characters; body map: large"},
		{"POST /body", `{"lent":1}`, "body: lent"},
	}
	for _, row := range rows {
		parts := strings.SplitN(row.request, " ", 3)
		r := httptest.NewRequest(parts[0], parts[1], strings.NewReader(row.body))
		if len(parts) > 2 {
			name, value, _ := strings.Cut(parts[2], ":")
			r.Header.Set(name, value)
		}
		r.Header.Set("Content-Type", "application/json")
		if parts[1] == "/form" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		var said struct {
			Detail []struct {
				Loc []any
				Msg string
			}
		}
		_ = json.Unmarshal(w.Body.Bytes(), &said)
		var all []string
		for _, f := range said.Detail {
			var at []string
			for _, place := range f.Loc {
				at = append(at, fmt.Sprint(place))
			}
			all = append(all, strings.Join(at, " ")+": "+strings.TrimPrefix(f.Msg, "Value error: "))
		}
		assert.Equal(t, row.want, strings.Join(all, "; "), "%s %s", row.request, row.body)
	}
}

type (
	taken      string
	soldOut    struct{ left int }
	ordered    int
	takenInput struct {
		Name  taken   `query:"name,omitempty"`
		Order ordered `query:"order,omitempty"`
		Limit int     `query:"limit,omitempty" validate:"max=5"`
	}
)

var errTaken = candor.Error(409, "taken")

func (t taken) Validate() error {
	if t == "ada" {
		return fmt.Errorf("looking it up: %w", errTaken)
	}
	return nil
}

func (e *soldOut) Error() string { return "sold out" }

func (o ordered) Validate() error {
	if o > 1 {
		return &soldOut{int(o)}
	}
	return nil
}

// An HTTPError of a Validate method, or an error that an error handler accepts, becomes the response, unless
// something else is invalid.
func TestValidateResponds(t *testing.T) {
	app := candor.New(candor.Config{})
	nothing := func(context.Context, takenInput) (candor.None, error) { return candor.None{}, nil }
	candor.Get(app, "/plain", nothing)
	candor.Post(app, "/body", func(context.Context, struct {
		Body []taken `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.Post(app, "/lines", func(_ context.Context, in struct {
		Body candor.JSONLines[ordered] `body:""`
	},
	) (candor.None, error) {
		for _, err := range in.Body {
			if err != nil {
				return candor.None{}, err
			}
		}
		return candor.None{}, nil
	})
	router := candor.NewRouter("/mapped")
	candor.OnError(router, func(_ context.Context, e *soldOut) (map[string]int, error) {
		return map[string]int{"left": e.left}, nil
	}, candor.Status(410))
	candor.OnError(router, func(context.Context, error) (string, error) { return "unknown", nil }, candor.Status(500))
	candor.Get(router, "/", nothing)
	app.Include(router)
	rows := []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"GET", "/plain?name=bob", "", 204, ""},
		{"GET", "/plain?name=ada", "", 409, `{"detail":"taken"}`},
		{"GET", "/plain?name=ada&limit=9", "", 422, `"loc":["query","limit"]`},
		{"GET", "/plain?order=2", "", 422, `"msg":"Value error: sold out"`},
		{"GET", "/plain?order=2&name=ada", "", 422, `"msg":"Value error: sold out"`},
		{"GET", "/mapped/?order=2", "", 410, `{"left":2}`},
		{"GET", "/mapped/?order=3&name=ada", "", 500, `"unknown"`}, // the error handler gets every error
		{"POST", "/body", `["bob","ada"]`, 409, `{"detail":"taken"}`},
		{"POST", "/body", `["ada",1]`, 422, `"loc":["body",1]`},
		{"POST", "/lines", "1\n2\n", 422, `"loc":["body",2]`},
	}
	for _, row := range rows {
		r := httptest.NewRequest(row.method, row.target, strings.NewReader(row.body))
		r.Header.Set("Content-Type", "application/json")
		if row.target == "/lines" {
			r.Header.Set("Content-Type", "application/jsonl")
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		assert.Equal(t, row.status, w.Code, row.target)
		assert.Contains(t, w.Body.String(), row.want, row.target)
		assert.NotContains(t, w.Body.String(), "looking it up")
		if row.status == 422 {
			assert.NotContains(t, w.Body.String(), "taken", row.target)
		}
	}
}

// oddNumber has a Validate method.
type oddNumber int

func (o oddNumber) Validate() error {
	if o%2 == 0 {
		return errors.New(`"even" <&> ü`)
	}
	return nil
}

// faultyOrder has a field for every way in which validation errors are made.
type faultyOrder struct {
	N    int    `query:"n" validate:"gte=1,lte=9"`
	Kind string `query:"kind,omitempty" validate:"oneof=a b"`
	Body struct {
		Name  string `json:"name" validate:"min=2"`
		Lines []struct {
			Qty int8      `json:"qty" validate:"multiple=3"`
			Odd oddNumber `json:"odd,omitempty"`
		} `json:"lines" validate:"max=3"`
		More map[string]float64 `json:"more,omitempty" validate:"dive,gt=0.5"`
	} `body:""`
}

// faultApp has an operation with them as input, whose validation errors are encoded by Candor itself, or by an error
// handler that returns values of their type.
func faultApp(config candor.Config, handled bool) *candor.App {
	config.Rules = map[string]candor.Rule{"multiple": {Func: func(validator.FieldLevel) bool { return false }}}
	app := candor.New(config)
	candor.Post(app, "/orders", func(context.Context, faultyOrder) (candor.None, error) { return candor.None{}, nil })
	if handled {
		type invalid struct {
			Detail []candor.Fault `json:"detail"`
		}
		candor.OnError(app, func(_ context.Context, err *candor.ValidationError) (invalid, error) { return invalid{err.Faults}, nil })
	}
	return app
}

// For speed, the body of a 422 is not encoded from the type Fault, which the document shows. The bytes must be those
// that the encoder makes of it, and every member of the type must occur.
func TestFaultsAreWrittenAsTheirTypeSays(t *testing.T) {
	members := map[string]bool{}
	german := func(_ *http.Request, f candor.Fault) string {
		if f.Type == "missing" {
			return "" // the default message
		}
		return "Falsch: \"" + f.Type + "\""
	}
	for name, config := range map[string]candor.Config{"plain": {}, "with inputs": {EchoInput: true}, "other sentences": {EchoInput: true, Message: german}} {
		apps := [2]*candor.App{faultApp(config, false), faultApp(config, true)}
		for _, request := range [][2]string{
			{"", `{}`},
			{"", `[]`},
			{"", `{`},
			{"", ""},
			{"?n=x&kind=c", `{"name":7,"lines":{}}`},
			{"?n=0&kind=%22%C3%BC%3C", `{"name":"a","lines":[{},{"qty":1,"odd":2},{"qty":300},{}]}`},
			{"?n=10", `{"name":"ab","lines":[{"qty":"x"},null],"more":{"a/b":0.25,"":"x"}}`},
			{"?n=99999999999999999999", `{"name":null,"lines":null}`},
		} {
			var written [2]string
			for i, app := range apps {
				r := httptest.NewRequest(http.MethodPost, "/orders"+request[0], strings.NewReader(request[1]))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				app.ServeHTTP(w, r)
				require.Equal(t, http.StatusUnprocessableEntity, w.Code, "%s %s", request, w.Body)
				written[i] = strings.TrimSpace(w.Body.String())
			}
			assert.Equal(t, written[1], written[0], "%s: %s", name, request)
			var body struct{ Detail []map[string]any }
			require.NoError(t, json.Unmarshal([]byte(written[0]), &body))
			for _, fault := range body.Detail {
				for member := range fault {
					members[member] = true
				}
			}
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[candor.Fault]()) {
		member, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		assert.True(t, members[member], "nothing here writes %q", member)
	}
}
