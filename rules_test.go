package candor_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// divisible is a rule with a parameter and a JSON Schema keyword.
var divisible = candor.Rule{
	Func: func(fl validator.FieldLevel) bool {
		n, err := strconv.Atoi(fl.Param())
		return err == nil && fl.Field().Int()%int64(n) == 0
	},
	Schema: func(param string) map[string]any {
		n, _ := strconv.Atoi(param)
		return map[string]any{"multipleOf": n}
	},
}

// shouting is a rule without a keyword.
var shouting = candor.Rule{Func: func(fl validator.FieldLevel) bool {
	text := fl.Field().String()
	return text != "" && text[len(text)-1] == '!'
}}

type ruled struct {
	Q    int64 `query:"q" validate:"gte=2,divisible=2" default:"4"`
	Body struct {
		N    []int  `json:"n" validate:"dive,divisible=5"`
		Word string `json:"word" validate:"shouting"`
	} `body:""`
}

func TestRulesOfTheApp(t *testing.T) {
	config := candor.Config{Rules: map[string]candor.Rule{"divisible": divisible, "shouting": shouting}}
	app := candor.New(config)
	router := candor.NewRouter("/v1")
	candor.Post(router, "/", apptest.Echo[ruled])
	app.Include(router)
	c := candor.NewTestClient(t, app)
	assert.Equal(t, `200 {"Q":4,"Body":{"n":[5],"word":"yes!"}}`, apptest.Outcome(c.Post("/v1/", `{"n":[5],"word":"yes!"}`)))
	assert.Equal(t, "value_error [\"query\",\"q\"] {\"error\":\"breaks the rule divisible\"}\n"+
		"value_error [\"body\",\"n\",1] {\"error\":\"breaks the rule divisible\"}\n"+
		"value_error [\"body\",\"word\"] {\"error\":\"breaks the rule shouting\"}", apptest.Outcome(c.Post("/v1/?q=3", `{"n":[5,6],"word":"yes"}`)))
	q := apptest.DocumentMember(t, c, "paths", "/v1/", "post", "parameters", 0, "schema")
	assert.Equal(t, map[string]any{"type": "integer", "format": "int64", "minimum": 2.0, "multipleOf": 2.0, "default": 4.0}, q)
	body := apptest.DocumentMember(t, c, "paths", "/v1/", "post", "requestBody", "content", "application/json", "schema", "properties")
	require.NotNil(t, body)
	assert.Equal(t, 5.0, body.(map[string]any)["n"].(map[string]any)["items"].(map[string]any)["multipleOf"])
	assert.Equal(t, "shouting", body.(map[string]any)["word"].(map[string]any)["x-validate"])
}

func TestUnknownRules(t *testing.T) {
	router := candor.NewRouter("/v1")
	candor.Post(router, "/", apptest.Echo[ruled])
	app := candor.New(candor.Config{})
	app.Include(router)
	assert.ErrorContains(t, app.Check(), "divisible: no such rule; write one of validator's or add it to Config.Rules")
	assert.Contains(t, apptest.PanicOf(func() { candor.Post(app, "/", apptest.Echo[ruled]) }), "divisible: no such rule")
}

func TestWrongAdditions(t *testing.T) {
	never := func(validator.FieldLevel) bool { return false }
	rows := map[string]candor.Config{
		`Config.Rules: rule "email": the name is taken`:                       {Rules: map[string]candor.Rule{"email": {Func: never}}},
		`Config.Rules: rule "a,b": a name has letters, digits, - and _ only`:  {Rules: map[string]candor.Rule{"a,b": {Func: never}}},
		`Config.Rules: rule "x": the function is nil`:                         {Rules: map[string]candor.Rule{"x": {}}},
		`Config.Schemas has a nil type`:                                       {Schemas: map[reflect.Type]map[string]any{nil: {}}},
		`Config.Schemas[int]: {"minimum":"a"} is not a schema of OpenAPI 3.1`: {Schemas: map[reflect.Type]map[string]any{reflect.TypeFor[int](): {"minimum": "a"}}},
		`Config.Codecs["cbor"]: not a media type`:                             {Codecs: map[string]candor.Codec{"cbor": cborCodec}},
		`Config.Codecs["application/CBOR"]: not a media type`:                 {Codecs: map[string]candor.Codec{"application/CBOR": cborCodec}},
		`Config.Codecs["application/*"]: not a media type`:                    {Codecs: map[string]candor.Codec{"application/*": cborCodec}},
		`Config.Codecs["application/x+json"]: JSON is built in`:               {Codecs: map[string]candor.Codec{"application/x+json": cborCodec}},
		`Config.Codecs["application/cbor"]: it needs both Marshal and Unmar`:  {Codecs: map[string]candor.Codec{"application/cbor": {Marshal: cborCodec.Marshal}}},
	}
	for want, config := range rows {
		text := apptest.PanicOf(func() { candor.New(config) })
		assert.Contains(t, text, want)
		assert.Contains(t, text, "rules_test.go:")
	}
}

// The config defines the schema of isbn; colour defines its own.
type (
	isbn   string
	colour string
)

func (colour) OpenAPISchema() map[string]any {
	return map[string]any{"type": "string", "pattern": "^#[0-9a-f]{6}$"}
}

func TestSchemasOfTheUser(t *testing.T) {
	app := candor.New(candor.Config{Schemas: map[reflect.Type]map[string]any{
		reflect.TypeFor[isbn](): {"type": "string", "format": "isbn", "description": "an ISBN"},
	}})
	type book struct {
		ISBN   isbn    `json:"isbn" validate:"min=10"`
		Cover  colour  `json:"cover"`
		Others []isbn  `json:"others"`
		Back   *colour `json:"back"`
	}
	candor.Post(app, "/{isbn}", apptest.Echo[struct {
		ISBN isbn `path:"isbn"`
		Body book `body:""`
	}])
	c := candor.NewTestClient(t, app)
	properties := apptest.DocumentMember(t, c, "components", "schemas", "book", "properties")
	isISBN := map[string]any{"type": "string", "format": "isbn", "description": "an ISBN"}
	assert.Equal(t, isISBN, apptest.DocumentMember(t, c, "paths", "/{isbn}", "post", "parameters", 0, "schema"))
	assert.Equal(t, map[string]any{
		"isbn":   map[string]any{"type": "string", "format": "isbn", "description": "an ISBN", "minLength": 10.0},
		"cover":  map[string]any{"type": "string", "pattern": "^#[0-9a-f]{6}$"},
		"others": map[string]any{"type": "array", "items": isISBN},
		"back":   map[string]any{"type": []any{"string", "null"}, "pattern": "^#[0-9a-f]{6}$"},
	}, properties)
}

// invoice has a Validate method, and so do its lines.
type invoice struct {
	Lines []invoiceLine `json:"lines"`
	Total int           `json:"total"`
	Max   int           `json:"max,omitempty" validate:"omitempty,gtefield=Total"`
}

type invoiceLine struct {
	Qty   int `json:"qty"`
	Price int `json:"price"`
}

func (l invoiceLine) Validate() error {
	if l.Qty*l.Price == 13 {
		return errors.New("13 brings bad luck")
	}
	return nil
}

func (i *invoice) Validate() error {
	var all []error
	sum := 0
	for n, line := range i.Lines {
		sum += line.Qty * line.Price
		if line.Qty > 100 {
			all = append(all, fmt.Errorf("order: %w", candor.Invalid("not in stock", "lines", n, "qty")))
		}
	}
	if sum != i.Total {
		all = append(all, candor.Invalid("is not the sum"))
	}
	return errors.Join(all...)
}

func TestBodiesThatValidateThemselves(t *testing.T) {
	c := apptest.Echoing[struct {
		Body invoice `body:"invoice"`
	}](t, "/")
	posts(t, c, "/", [][2]string{
		{`{"invoice":{"lines":[{"qty":1,"price":2}],"total":2}}`, `200 {"Body":{"lines":[{"qty":1,"price":2}],"total":2}}`},
		{`{"invoice":{"lines":[{"qty":1,"price":13}],"total":13}}`, `value_error ["body","invoice","lines",0] {"error":"13 brings bad luck"}`},
		{`{"invoice":{"lines":[{"qty":1,"price":1},{"qty":101,"price":1}],"total":1}}`, "value_error [\"body\",\"invoice\",\"lines\",1,\"qty\"] {\"error\":\"not in stock\"}\nvalue_error [\"body\",\"invoice\"] {\"error\":\"is not the sum\"}"},
		{`{"invoice":{"lines":[],"total":0,"max":-1}}`, `value_error ["body","invoice","max"] {"error":"must not be less than the field total"}`},
		{`{"invoice":{"lines":[],"total":"x","max":-1}}`, `int_type ["body","invoice","total"]`},
	}...)
}

func TestInvalidFromAHandler(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Body int `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, candor.Invalid("no such thing", "body", "thing", 3)
	})
	c := candor.NewTestClient(t, app)
	faults := c.Post("/", `1`).Faults()
	require.Len(t, faults, 1)
	assert.Equal(t, "Value error: no such thing", faults[0].Msg)
	assert.Equal(t, []any{"body", "thing", 3}, faults[0].Loc)
}
