package schema_test

import (
	"context"
	"encoding/json"
	"math/big"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/schema"
	ashop "github.com/candor-go/candor/internal/schema/testdata/a/shop"
	bshop "github.com/candor-go/candor/internal/schema/testdata/b/shop"
	"github.com/candor-go/candor/internal/typeinfo"
)

type (
	optional[T any] struct {
		Value     T
		Set, Null bool
		_         mark.Optional
	}
	Strict struct{ _ mark.Strict }
	OneOf  struct{ _ mark.Union }

	word      string
	level     int
	colour    struct{ name string }
	amount    struct{ cents int }
	described struct{ v any }
)

func (word) Enum() []word                            { return []word{"a", "b<c"} }
func (level) Enum() []level                          { return []level{1, 2} }
func (c colour) MarshalText() ([]byte, error)        { return []byte(c.name), nil }
func (c *colour) UnmarshalText(text []byte) error    { c.name = string(text); return nil }
func (a amount) MarshalJSON() ([]byte, error)        { return json.Marshal(a.cents) }
func (a *amount) UnmarshalJSON(text []byte) error    { return json.Unmarshal(text, &a.cents) }
func (t described) MarshalJSON() ([]byte, error)     { return json.Marshal(t.v) }
func (t *described) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &t.v) }
func (*described) OpenAPISchema() *openapi3.Schema {
	return openapi3.NewStringSchema().WithPattern("^t")
}

func ref(name string) string { return `{"$ref":"#/components/schemas/` + name + `"}` }

func nullable(inner string) string { return `{"anyOf":[` + inner + `,{"type":"null"}]}` }

func describe[T any](t testing.TB) *typeinfo.Type {
	t.Helper()
	return describeType(t, reflect.TypeFor[T]())
}

func describeType(t testing.TB, goType reflect.Type) *typeinfo.Type {
	t.Helper()
	d, err := typeinfo.Of(goType)
	require.NoError(t, err)
	return d
}

// compact encodes a schema as in a document.
func compact(t testing.TB, v any) string {
	t.Helper()
	doc := &openapi3.T{Extensions: map[string]any{"x-value": v}}
	out, err := schema.Encode(doc, schema.Order{})
	require.NoError(t, err)
	text := strings.TrimSuffix(out.String(), "}")
	_, text, found := strings.Cut(text, `"x-value":`)
	require.True(t, found)
	return text
}

// field describes the only field of a struct with a tag.
func field(t testing.TB, goType reflect.Type, tag string) *typeinfo.Field {
	t.Helper()
	d := describeType(t, reflect.StructOf([]reflect.StructField{{Name: "V", Type: goType, Tag: reflect.StructTag(tag)}}))
	require.Len(t, d.Object.Fields, 1)
	return d.Object.Fields[0]
}

// docs creates documents of components.
type docs struct {
	t *testing.T
	c *schema.Components
}

func (d docs) doc() *openapi3.T {
	return &openapi3.T{
		OpenAPI: "3.1.0", Info: &openapi3.Info{Title: "t", Version: "1"}, Paths: openapi3.NewPaths(),
		Components: &openapi3.Components{Schemas: d.c.Schemas()},
	}
}

// components returns the text of components.schemas. The document must be valid, both as built and as decoded.
func (d docs) components() string {
	d.t.Helper()
	doc := d.doc()
	require.NoError(d.t, doc.Validate(context.Background(), openapi3.EnableMultiError()))
	text, err := schema.Encode(doc, d.c.Order())
	require.NoError(d.t, err)
	loaded, err := openapi3.NewLoader().LoadFromData(text.Bytes())
	require.NoError(d.t, err)
	require.NoError(d.t, loaded.Validate(context.Background()))
	_, rest, found := strings.Cut(text.String(), `"components":{"schemas":`)
	require.True(d.t, found)
	return strings.TrimSuffix(rest, "}}")
}

// judge compiles a component with the independent validator.
func (d docs) judge(name string) *jsonschema.Schema {
	d.t.Helper()
	text, err := schema.Encode(d.doc(), d.c.Order())
	require.NoError(d.t, err)
	return judgeText(d.t, text.String(), "#/components/schemas/"+name)
}

// judgeIn compiles a schema that may refer to components.
func judgeIn(t testing.TB, c *schema.Components, s *openapi3.SchemaRef) *jsonschema.Schema {
	t.Helper()
	doc := &openapi3.T{Extensions: map[string]any{"x-value": s}, Components: &openapi3.Components{Schemas: c.Schemas()}}
	text, err := schema.Encode(doc, c.Order())
	require.NoError(t, err)
	return judgeText(t, text.String(), "#/x-value")
}

func judgeText(t testing.TB, text, fragment string) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("file:///doc.json", parsed))
	compiled, err := compiler.Compile("file:///doc.json" + fragment)
	require.NoError(t, err)
	return compiled
}

func value(t testing.TB, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	return v
}

func TestKinds(t *testing.T) {
	t.Parallel()
	wordSized := `{"type":"integer","format":"int64"}`
	if strconv.IntSize == 32 {
		wordSized = `{"type":"integer","format":"int32","minimum":-2147483648,"maximum":2147483647}`
	}
	const duration = `{"description":"A duration such as 1h30m or 250ms","type":"string",` +
		`"pattern":"^[-+]?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$","examples":["1h30m"],"x-validate":"duration"}`
	for _, row := range []struct {
		typ      reflect.Type
		want     string
		accepted string
		refused  string
	}{
		{reflect.TypeFor[bool](), `{"type":"boolean"}`, `true false`, `0 null`},
		{reflect.TypeFor[int8](), `{"type":"integer","format":"int32","minimum":-128,"maximum":127}`, `-128 127 1.0`, `128 -129 1.5 null`},
		{reflect.TypeFor[int16](), `{"type":"integer","format":"int32","minimum":-32768,"maximum":32767}`, `1`, `32768`},
		{reflect.TypeFor[int32](), `{"type":"integer","format":"int32","minimum":-2147483648,"maximum":2147483647}`, `1e2`, `2147483648`},
		{reflect.TypeFor[int64](), `{"type":"integer","format":"int64"}`, `9223372036854775807`, `0.5 "1"`},
		{reflect.TypeFor[int](), wordSized, `-1`, `null`},
		{reflect.TypeFor[uint8](), `{"type":"integer","format":"int32","minimum":0,"maximum":255}`, `255`, `-1 256`},
		{reflect.TypeFor[uint16](), `{"type":"integer","format":"int32","minimum":0,"maximum":65535}`, `65535`, `65536`},
		{reflect.TypeFor[uint32](), `{"type":"integer","format":"int64","minimum":0,"maximum":4294967295}`, `4294967295`, `4294967296`},
		{reflect.TypeFor[uint64](), `{"type":"integer","minimum":0}`, `18446744073709551615`, `-1`},
		{reflect.TypeFor[float32](), `{"type":"number","format":"float"}`, `0.5`, `"0.5"`},
		{reflect.TypeFor[float64](), `{"type":"number","format":"double"}`, `1e300 -0`, `null`},
		{reflect.TypeFor[json.Number](), `{"type":"number"}`, `1e999`, `"1"`},
		{reflect.TypeFor[string](), `{"type":"string"}`, `""`, `null 1`},
		{reflect.TypeFor[[]byte](), `{"type":"string","contentEncoding":"base64"}`, `"YQ=="`, `[97]`},
		{reflect.TypeFor[time.Time](), `{"type":"string","format":"date-time"}`, `"2026-01-02T03:04:05.6Z"`, `"2026-01-02"`},
		{reflect.TypeFor[time.Duration](), duration, `"1h30m" "-.5s" "0" "+0" "1.s" "3µs"`, `"1" "h" "" 5 "1h30"`},
		{reflect.TypeFor[colour](), `{"type":"string","x-validate":"colour"}`, `"red"`, `1`},
		{reflect.TypeFor[netip.Addr](), `{"type":"string","examples":["192.0.2.1","2001:db8::1"],"x-validate":"ip"}`, `"::1" "1.2.3.4" "fe80::1%eth0" ""`, `1`},
		{reflect.TypeFor[netip.Prefix](), `{"type":"string","examples":["192.0.2.0/24","2001:db8::/32"],"x-validate":"cidr"}`, `"10.0.0.0/8" ""`, `1`},
		{reflect.TypeFor[netip.AddrPort](), `{"type":"string","examples":["192.0.2.1:443","[2001:db8::1]:443"],"x-validate":"ip-port"}`, `"[::1]:80" ""`, `1`},
		{reflect.TypeFor[big.Int](), `{"type":["integer","null"]}`, `123456789012345678901234567890 null`, `"1" 1.5`},
		{reflect.TypeFor[amount](), `{}`, `null 1 "x" {}`, ``},
		{reflect.TypeFor[described](), `{"type":"string","pattern":"^t"}`, `"to"`, `"x"`},
		{reflect.TypeFor[json.RawMessage](), `{}`, `null []`, ``},
		{reflect.TypeFor[any](), `{}`, `null []`, ``},
		{reflect.TypeFor[*int8](), `{"type":["integer","null"],"format":"int32","minimum":-128,"maximum":127}`, `null 5`, `500 "x"`},
		{reflect.TypeFor[optional[string]](), `{"type":["string","null"]}`, `null "x"`, `1`},
		{reflect.TypeFor[*any](), `{}`, `null 1`, ``},
		{reflect.TypeFor[*word](), nullable(`{"$ref":"#/components/schemas/word"}`), `null "a"`, `"c" 1`},
		{reflect.TypeFor[[]int64](), `{"type":"array","items":{"type":"integer","format":"int64"}}`, `[] [1]`, `null ["1"]`},
		{reflect.TypeFor[[]*string](), `{"type":"array","items":{"type":["string","null"]}}`, `[null]`, `[1]`},
		{reflect.TypeFor[[2]bool](), `{"type":"array","minItems":2,"maxItems":2,"items":{"type":"boolean"}}`, `[true,false]`, `[true] [true,true,true]`},
		{reflect.TypeFor[map[string]int64](), `{"type":"object","additionalProperties":{"type":"integer","format":"int64"}}`, `{} {"a":1}`, `null {"a":""}`},
		{reflect.TypeFor[map[string]any](), `{"type":"object","additionalProperties":{}}`, `{"a":null}`, `[]`},
		{reflect.TypeFor[map[int8]bool](), `{"type":"object","propertyNames":{"type":"string","pattern":"^(0|-?[1-9][0-9]*)$","x-validate":"int8"},"additionalProperties":{"type":"boolean"}}`, `{"-1":true,"0":true}`, `{"-0":true} {"01":true} {"x":true}`},
		{reflect.TypeFor[map[uint]bool](), `{"type":"object","propertyNames":{"type":"string","pattern":"^(0|[1-9][0-9]*)$","x-validate":"uint"},"additionalProperties":{"type":"boolean"}}`, `{"10":true}`, `{"-1":true}`},
		{reflect.TypeFor[map[netip.Addr]bool](), `{"type":"object","propertyNames":{"type":"string","examples":["192.0.2.1","2001:db8::1"],"x-validate":"ip"},"additionalProperties":{"type":"boolean"}}`, `{"::1":true}`, `{"::1":1}`},
		{reflect.TypeFor[map[word]bool](), `{"type":"object","propertyNames":{"type":"string","enum":["a","b<c"]},"additionalProperties":{"type":"boolean"}}`, `{"a":true}`, `{"c":true}`},
		{reflect.TypeFor[map[level]bool](), `{"type":"object","propertyNames":{"type":"string","enum":["1","2"]},"additionalProperties":{"type":"boolean"}}`, `{"1":true}`, `{"3":true}`},
		{reflect.TypeFor[word](), `{"$ref":"#/components/schemas/word"}`, `"a"`, `"c"`},
		{reflect.TypeFor[level](), `{"$ref":"#/components/schemas/level"}`, `1 2.0`, `3 "1"`},
		{reflect.TypeFor[struct {
			A int64 `json:"a"`
		}](), `{"type":"object","required":["a"],"properties":{"a":{"type":"integer","format":"int64"}}}`, `{"a":1} {"a":1,"b":2}`, `{} null {"a":null}`},
		{reflect.TypeFor[struct{}](), `{"type":"object"}`, `{}`, `[]`},
	} {
		t.Run(row.typ.String(), func(t *testing.T) {
			t.Parallel()
			d := describeType(t, row.typ)
			c := schema.New(schema.Options{})
			c.Mark(d, schema.In)
			got := c.Value(d, nil, schema.In)
			text := compact(t, got)
			require.Equal(t, row.want, text)
			assertVerdicts(t, got, judgeIn(t, c, got), row.accepted, row.refused)
		})
	}
}

// assertVerdicts checks that two validators accept and reject the given values.
func assertVerdicts(t *testing.T, s *openapi3.SchemaRef, judge *jsonschema.Schema, accepted, refused string) {
	t.Helper()
	for verdict, list := range map[bool]string{true: accepted, false: refused} {
		for text := range strings.FieldsSeq(list) {
			assert.Equal(t, verdict, judge.Validate(value(t, text)) == nil, "jsonschema on %s", text)
			if s != nil && !strings.Contains(compact(t, s), "format") {
				assert.Equal(t, verdict, schema.Check(s, value(t, text)) == nil, "kin on %s", text)
			}
		}
	}
}

func TestFieldAddsItsDocumentation(t *testing.T) {
	t.Parallel()
	type inner struct {
		N int `json:"n"`
	}
	type holder struct {
		Plain    string         `json:"plain" title:"T" doc:"D" default:"x" example:"y" deprecated:"true"`
		Number   int64          `json:"number" default:"9007199254740993" example:"1"`
		Quoted   int            `json:"quoted,string" default:"5" example:"6" validate:"min=5"`
		QuotedP  *bool          `json:"quotedp,string"`
		List     []string       `json:"list" default:"[\"b\",\"a\"]"`
		Ref      inner          `json:"ref" title:"T" doc:"D" default:"{\"n\":1}" example:"{\"n\":2}" deprecated:"true"`
		PRef     *inner         `json:"pref" doc:"D" default:"null"`
		Duration time.Duration  `json:"duration" doc:"How long" default:"1m" example:"2m"`
		Map      map[string]any `json:"map" default:"{\"z\":1,\"a\":null}"`
	}
	c := schema.New(schema.Options{})
	d := describe[holder](t)
	c.Mark(d, schema.In)
	want := map[string]string{
		"plain":   `{"title":"T","description":"D","deprecated":true,"type":"string","default":"x","examples":["y"]}`,
		"number":  `{"type":"integer","format":"int64","default":9007199254740993,"examples":[1]}`,
		"quoted":  `{"type":"string","pattern":"^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?$","default":"5","examples":["6"],"x-validate":"int,min=5"}`,
		"quotedp": `{"anyOf":[{"type":"string","enum":["true","false"]},{"type":"null"}]}`,
		"list":    `{"type":"array","items":{"type":"string"},"default":["b","a"]}`,
		"ref":     `{"$ref":"#/components/schemas/inner","title":"T","description":"D","deprecated":true,"default":{"n":1},"examples":[{"n":2}]}`,
		"pref":    `{"description":"D","anyOf":[{"$ref":"#/components/schemas/inner"},{"type":"null"}]}`,
		"map":     `{"type":"object","additionalProperties":{},"default":{"a":null,"z":1}}`,
	}
	for name, text := range want {
		assert.Equal(t, text, compact(t, c.Field(d.Object.Field(name), schema.In)), name)
	}
	assert.Contains(t, compact(t, c.Field(d.Object.Field("duration"), schema.In)), `{"description":"How long","type":"string","pattern"`)
	c.Value(d, nil, schema.In)
	docs{t, c}.components() // finds the defaults valid
}

func TestParametersAreText(t *testing.T) {
	t.Parallel()
	type in struct {
		Raw  []byte             `query:"raw"`
		Opt  *int64             `query:"opt"`
		Set  optional[string]   `header:"set"`
		List []*int64           `query:"list"`
		JSON map[string]*string `query:"json,json"`
		Big  big.Int            `query:"big"`
	}
	input, err := typeinfo.ReadInput(reflect.TypeFor[in](), func(reflect.Type) bool { return false })
	require.NoError(t, err)
	want := map[string]string{
		"raw":  `{"type":"string"}`,
		"opt":  `{"type":"integer","format":"int64"}`,
		"set":  `{"type":"string"}`,
		"list": `{"type":"array","items":{"type":"integer","format":"int64"}}`,
		"json": `{"type":"object","additionalProperties":{"type":["string","null"]}}`,
		"big":  `{"type":"integer"}`,
	}
	c := schema.New(schema.Options{})
	for _, f := range input.Params {
		assert.Equal(t, want[f.Name], compact(t, c.Field(f, schema.In)), f.Name)
	}
	assert.Len(t, input.Params, len(want))
}

func TestFilesAreBinary(t *testing.T) {
	t.Parallel()
	type upload struct{ Name string }
	type in struct {
		One  upload   `file:"one"`
		Many []upload `file:"many,omitempty"`
		Raw  []byte   `file:"raw"`
	}
	input, err := typeinfo.ReadInput(reflect.TypeFor[in](), func(reflect.Type) bool { return false })
	require.NoError(t, err)
	c := schema.New(schema.Options{})
	c.MarkObject(input.Form, schema.In)
	const one = `{"type":"string","format":"binary","contentMediaType":"application/octet-stream"}`
	assert.JSONEq(t, `{"type":"object","required":["one","raw"],"properties":{"many":{"type":"array","items":`+one+`},"one":`+one+`,"raw":`+one+`}}`,
		compact(t, c.Object("", input.Form, schema.In)))
}

type (
	base struct {
		ID int64 `json:"id"`
	}
	node struct {
		base
		*Extra
		Name     string           `json:"name"`
		Children []node           `json:"children,omitempty"`
		Next     *node            `json:"next"`
		ByName   map[string]*node `json:"by_name" default:"{}"`
		Secret   string           `json:"secret" hidden:"true"`
		Level    int64            `json:"level" default:"3"`
		Patch    optional[int64]  `json:"patch,omitzero"`
	}
	Extra struct {
		Note string `json:"note"`
	}
)

func TestRequiredFollowsTheUse(t *testing.T) {
	t.Parallel()
	type part struct {
		A int64  `json:"a"`
		B int64  `json:"b" default:"1"`
		C *int64 `json:"c"`
		D int64  `json:"d,omitempty"`
		E string `json:"e,omitzero"`
	}
	const members = `"properties":{"a":{"type":"integer","format":"int64"},"b":{"type":"integer","format":"int64","default":1},` +
		`"c":{"type":["integer","null"],"format":"int64"},"d":{"type":"integer","format":"int64"},"e":{"type":"string"}}}`
	for name, row := range map[string]struct {
		uses []schema.Use
		want string
	}{
		"read":    {[]schema.Use{schema.In}, `{"part":{"type":"object","required":["a"],` + members + `}`},
		"written": {[]schema.Use{schema.Out}, `{"part":{"type":"object","required":["a","b","c"],` + members + `}`},
		"both":    {[]schema.Use{schema.Out, schema.In}, `{"part":{"type":"object","required":["a"],` + members + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := schema.New(schema.Options{})
			for _, use := range row.uses {
				c.Mark(describe[part](t), use)
			}
			assert.Equal(t, ref("part"), compact(t, c.Value(describe[part](t), nil, row.uses[0])))
			assert.Equal(t, row.want, docs{t, c}.components())
		})
	}
	t.Run("split", func(t *testing.T) {
		t.Parallel()
		type same struct {
			A int64 `json:"a"`
		}
		type outer struct {
			Part part `json:"part"`
			Same same `json:"same"`
		}
		c := schema.New(schema.Options{Split: true})
		c.Mark(describe[outer](t), schema.In|schema.Out)
		assert.Equal(t, ref("outerInput"), compact(t, c.Value(describe[outer](t), nil, schema.In)))
		assert.Equal(t, ref("outerOutput"), compact(t, c.Value(describe[outer](t), nil, schema.Out)))
		const outer2 = `{"type":"object","required":["part","same"],"properties":{"part":`
		assert.Equal(t, `{"outerInput":`+outer2+ref("partInput")+`,"same":`+ref("same")+`}},`+
			`"partInput":{"type":"object","required":["a"],`+members+`,`+
			`"same":{"type":"object","required":["a"],"properties":{"a":{"type":"integer","format":"int64"}}},`+
			`"outerOutput":`+outer2+ref("partOutput")+`,"same":`+ref("same")+`}},`+
			`"partOutput":{"type":"object","required":["a","b","c"],`+members+`}`, docs{t, c}.components())
	})
}

func TestRecursionAndEmbedding(t *testing.T) {
	t.Parallel()
	c := schema.New(schema.Options{})
	d := describe[struct {
		Root node `json:"root"`
		Strict
	}](t)
	c.Mark(d, schema.In)
	root := c.Value(d, nil, schema.In)
	assert.Equal(t, `{"type":"object","required":["root"],"properties":{"root":`+ref("node")+`},"additionalProperties":false}`, compact(t, root))
	assert.Equal(t, `{"node":{"type":"object","required":["id","name"],"properties":{`+
		`"id":{"type":"integer","format":"int64"},"note":{"type":"string"},"name":{"type":"string"},`+
		`"children":{"type":"array","items":`+ref("node")+`},"next":`+nullable(ref("node"))+`,`+
		`"by_name":{"type":"object","additionalProperties":`+nullable(ref("node"))+`,"default":{}},`+
		`"level":{"type":"integer","format":"int64","default":3},"patch":{"type":["integer","null"],"format":"int64"}}}}`,
		docs{t, c}.components())
	judge := docs{t, c}.judge("node")
	assertVerdicts(t, c.Value(describe[node](t), nil, schema.In), judge,
		`{"id":1,"name":"a"} {"id":1,"name":"a","next":{"id":2,"name":"b","next":null}} {"id":1,"name":"a","unknown":1}`,
		`{"id":1} {"id":1,"name":"a","next":{"id":2}} {"id":1,"name":"a","children":[{}]} {"id":1,"name":"a","by_name":{"x":1}}`)
	// Kin's own fallback would reject null for {}.
	assert.NoError(t, schema.Check(root, map[string]any{"root": map[string]any{"id": 1.0, "name": "a", "next": nil}}))
	assert.Error(t, schema.Check(root, map[string]any{"root": map[string]any{"id": 1.0, "name": "a"}, "other": 1.0}))
}

func TestCheckAcceptsNullForAny(t *testing.T) {
	t.Parallel()
	type holder struct {
		Any  any     `json:"any"`
		Self *holder `json:"self"`
	}
	c := schema.New(schema.Options{})
	s := c.Value(describe[holder](t), nil, schema.In)
	assert.NoError(t, schema.Check(s, map[string]any{"any": nil, "self": map[string]any{"any": nil}}))
	assert.Error(t, schema.Check(s, map[string]any{"any": nil, "self": map[string]any{}}))
}

type (
	cat struct {
		Lives int64 `json:"lives" default:"9"`
		Kin   *pet  `json:"kin"`
	}
	dog struct {
		Strict
		Kind string `json:"kind"`
		Bark bool   `json:"bark"`
	}
	pet struct {
		OneOf `json:"kind"`
		Cat   *cat `case:"cat"`
		Dog   *dog `case:"big-dog"`
	}
)

func TestUnion(t *testing.T) {
	t.Parallel()
	c := schema.New(schema.Options{})
	d := describe[struct {
		Pet pet `json:"pet" doc:"D"`
	}](t)
	c.Mark(d, schema.In)
	c.Value(d, nil, schema.In)
	assert.Equal(t, `{"pet":{"oneOf":[`+ref("petCat")+`,`+ref("petBigDog")+`],"discriminator":{"propertyName":"kind",`+
		`"mapping":{"big-dog":"#/components/schemas/petBigDog","cat":"#/components/schemas/petCat"}}},`+
		`"petCat":{"type":"object","required":["kind"],"properties":{"kind":{"type":"string","const":"cat"},`+
		`"lives":{"type":"integer","format":"int64","default":9},"kin":`+nullable(ref("pet"))+`}},`+
		`"petBigDog":{"type":"object","required":["kind","bark"],"properties":{"kind":{"type":"string","const":"big-dog"},"bark":{"type":"boolean"}},"additionalProperties":false}}`,
		docs{t, c}.components())
	assertVerdicts(t, c.Value(describe[pet](t), nil, schema.In), docs{t, c}.judge("pet"),
		`{"kind":"cat"} {"kind":"cat","kin":{"kind":"big-dog","bark":true}} {"kind":"big-dog","bark":true}`,
		`{} {"kind":"cow"} {"kind":"cat","lives":""} {"kind":"big-dog"} {"kind":"cat","kin":{"kind":"cow"}} {"kind":"big-dog","bark":true,"x":1} null`)

	t.Run("without a name", func(t *testing.T) {
		t.Parallel()
		d := describe[struct {
			OneOf `json:"t"`
			A     *struct {
				N int64 `json:"n"`
			} `case:"a"`
		}](t)
		c := schema.New(schema.Options{})
		assert.JSONEq(t, `{"oneOf":[{"type":"object","required":["t","n"],"properties":{"n":{"type":"integer","format":"int64"},"t":{"type":"string","const":"a"}}}]}`,
			compact(t, c.Value(d, nil, schema.In)))
	})
}

type (
	page[T any]    struct{ Items []T }
	pageOf[T any]  struct{ Items []T }
	pair[A, B any] struct {
		First  A
		Second B
	}
	Item struct{ Own int }
)

func TestNames(t *testing.T) {
	t.Parallel()
	localItem := func() reflect.Type {
		type local struct{ One int }
		return reflect.TypeFor[local]()
	}()
	otherLocal := func() reflect.Type {
		type local struct{ Two int }
		return reflect.TypeFor[local]()
	}()
	localPage := func() reflect.Type {
		type local struct{ Three int }
		return reflect.TypeFor[page[local]]()
	}()
	for name, row := range map[string]struct {
		types []reflect.Type
		want  []string
	}{
		"plain":           {[]reflect.Type{reflect.TypeFor[Item]()}, []string{"Item"}},
		"generic":         {[]reflect.Type{reflect.TypeFor[page[ashop.Item]]()}, []string{"pageOfItem", "Item"}},
		"named for it":    {[]reflect.Type{reflect.TypeFor[pageOf[ashop.Item]]()}, []string{"pageOfItem", "Item"}},
		"of basic types":  {[]reflect.Type{reflect.TypeFor[pair[int, string]]()}, []string{"pairOfIntAndString"}},
		"of lists":        {[]reflect.Type{reflect.TypeFor[page[[]string]]()}, []string{"pageOfListOfString"}},
		"of arrays":       {[]reflect.Type{reflect.TypeFor[page[[3]bool]]()}, []string{"pageOfArray3OfBool"}},
		"of pointers":     {[]reflect.Type{reflect.TypeFor[page[*Item]]()}, []string{"pageOfNullableItem", "Item"}},
		"of maps":         {[]reflect.Type{reflect.TypeFor[page[map[string]any]]()}, []string{"pageOfMapOfStringAndAny"}},
		"nested":          {[]reflect.Type{reflect.TypeFor[page[pair[Item, page[bool]]]]()}, []string{"pageOfPairOfItemAndPageOfBool", "pairOfItemAndPageOfBool", "Item", "pageOfBool"}},
		"of an anonymous": {[]reflect.Type{reflect.TypeFor[page[struct{ A map[string][]int }]]()}, []string{"pageOfStruct"}},
		"of two anonymous": {
			[]reflect.Type{reflect.TypeFor[page[struct{ A int }]](), reflect.TypeFor[page[struct{ B int }]]()},
			[]string{"pageOfStruct", "pageOfStruct2"},
		},
		"two packages": {
			[]reflect.Type{reflect.TypeFor[Item](), reflect.TypeFor[ashop.Item]()},
			[]string{"SchemaTestItem", "ShopItem"},
		},
		"two packages of one name": {
			[]reflect.Type{reflect.TypeFor[ashop.Item](), reflect.TypeFor[bshop.Item]()},
			[]string{"AShopItem", "BShopItem"},
		},
		"two packages as arguments": {
			[]reflect.Type{reflect.TypeFor[page[ashop.Item]](), reflect.TypeFor[page[Item]]()},
			[]string{"pageOfShopItem", "ShopItem", "pageOfSchemaTestItem", "SchemaTestItem"},
		},
		"inside functions": {[]reflect.Type{localItem, otherLocal}, []string{"local", "local2"}},
		"as an argument":   {[]reflect.Type{localPage}, []string{"pageOfLocal", "local"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := schema.New(schema.Options{})
			for _, goType := range row.types {
				c.Mark(describeType(t, goType), schema.In)
			}
			for _, goType := range row.types {
				c.Value(describeType(t, goType), nil, schema.In)
			}
			docs{t, c}.components()
			assert.Equal(t, row.want, c.Order().Schemas)
		})
	}
}

func TestLateTypesKeepSettledNames(t *testing.T) {
	t.Parallel()
	c := schema.New(schema.Options{})
	assert.Equal(t, ref("Item"), compact(t, c.Value(describe[Item](t), nil, schema.Out)))
	assert.Equal(t, ref("ShopItem"), compact(t, c.Value(describe[ashop.Item](t), nil, schema.Out)))
	assert.Equal(t, ref("Item"), compact(t, c.Value(describe[Item](t), nil, schema.In)))
	assert.Equal(t, ref("Item2"), compact(t, c.Object("Item", &typeinfo.Object{}, schema.In)))
	assert.Equal(t, ref("Cr_me"), compact(t, c.Object("Crème", &typeinfo.Object{}, schema.In)))
}

func TestUsersSchemas(t *testing.T) {
	t.Parallel()
	given := openapi3.NewStringSchema().WithFormat("date")
	c := schema.New(schema.Options{
		Custom: map[reflect.Type]*openapi3.Schema{
			reflect.TypeFor[base]():   given,
			reflect.TypeFor[colour](): openapi3.NewStringSchema().WithPattern("^#"),
		},
		Rules: map[string]schema.Rule{
			"even": func(s *openapi3.Schema, _ string) { s.MultipleOf = new(2.0) },
			"known": func(s *openapi3.Schema, param string) {
				s.Properties = openapi3.Schemas{param: {Value: &openapi3.Schema{}}}
				s.Required = []string{param}
			},
			"vague": nil,
		},
	})
	d := describe[base](t)
	c.Mark(d, schema.In)
	s := c.Value(d, nil, schema.In)
	assert.JSONEq(t, `{"type":"string","format":"date"}`, compact(t, s))
	assert.NotSame(t, given, s.Value)
	assert.JSONEq(t, `{"type":["string","null"],"pattern":"^#"}`, compact(t, c.Value(describe[*colour](t), nil, schema.In)))
	assert.Empty(t, c.Schemas())

	for _, row := range []struct{ got, want string }{
		{compact(t, c.Field(field(t, reflect.TypeFor[int64](), `validate:"even,vague"`), schema.In)), `{"type":"integer","format":"int64","multipleOf":2,"x-validate":"vague"}`},
		{compact(t, c.Field(field(t, reflect.TypeFor[int64](), `validate:"even|eq=3"`), schema.In)), `{"type":"integer","format":"int64","anyOf":[{"type":"integer","multipleOf":2},{"type":"integer","const":3}]}`},
		{compact(t, c.Field(field(t, reflect.TypeFor[Item](), `validate:"vague"`), schema.In)), `{"$ref":"#/components/schemas/Item","x-validate":"vague"}`},
		{compact(t, c.Field(field(t, reflect.TypeFor[Item](), `validate:"known=Own" doc:"D"`), schema.In)), `{"description":"D","allOf":[` + ref("Item") + `,{"required":["Own"],"properties":{"Own":{}}}]}`},
	} {
		assert.Equal(t, row.want, row.got)
	}
}

func TestTwoBuildsAreEqual(t *testing.T) {
	t.Parallel()
	build := func() string {
		c := schema.New(schema.Options{})
		for _, d := range []*typeinfo.Type{describe[page[pet]](t), describe[page[node]](t), describe[ashop.Item](t), describe[bshop.Item](t), describe[Item](t)} {
			c.Mark(d, schema.In|schema.Out)
		}
		for _, d := range []*typeinfo.Type{describe[page[node]](t), describe[page[pet]](t), describe[Item](t), describe[ashop.Item](t), describe[bshop.Item](t)} {
			c.Value(d, nil, schema.Out)
		}
		return docs{t, c}.components()
	}
	first := build()
	for range 20 {
		require.Equal(t, first, build())
	}
}

type closable struct {
	Name  string    `json:"name"`
	Parts []segment `json:"parts"`
	Extra anything  `json:"extra,omitzero"`
}

type segment struct {
	N int `json:"n"`
}

type anything struct {
	Any map[string]int `json:"any"`
}

func TestClosed(t *testing.T) {
	t.Run("alone", func(t *testing.T) {
		c := schema.New(schema.Options{})
		c.Mark(describe[closable](t), schema.Closed)
		assert.Equal(t, ref("closable"), compact(t, c.Value(describe[closable](t), nil, schema.Closed)))
		for name, s := range c.Schemas() {
			require.NotNil(t, s.Value.AdditionalProperties.Has, name)
			assert.False(t, *s.Value.AdditionalProperties.Has, name)
		}
		assert.Len(t, c.Schemas(), 3)
	})
	t.Run("beside an open use", func(t *testing.T) {
		c := schema.New(schema.Options{})
		c.Mark(describe[closable](t), schema.Closed)
		c.Mark(describe[closable](t), schema.Out)
		assert.Equal(t, ref("closableStrict"), compact(t, c.Value(describe[closable](t), nil, schema.Closed)))
		assert.Equal(t, ref("closable"), compact(t, c.Value(describe[closable](t), nil, schema.Out)))
		strict, open := c.Schemas()["closableStrict"].Value, c.Schemas()["closable"].Value
		assert.Equal(t, ref("segmentStrict"), compact(t, strict.Properties["parts"].Value.Items))
		assert.Equal(t, ref("segment"), compact(t, open.Properties["parts"].Value.Items))
		assert.Nil(t, open.AdditionalProperties.Has)
		assert.Equal(t, strict.Required, open.Required, "what is read decides")
	})
}

func TestKeywords(t *testing.T) {
	s, err := schema.Keywords(map[string]any{"type": "string", "maxLength": 3})
	require.NoError(t, err)
	assert.JSONEq(t, `{"type":"string","maxLength":3}`, compact(t, openapi3.NewSchemaRef("", s)))
	_, err = schema.Keywords(map[string]any{"maxLength": "3"})
	assert.ErrorContains(t, err, "is not a schema")
	_, err = schema.Keywords(map[string]any{"maxLength": func() {}})
	assert.ErrorContains(t, err, "cannot be written as JSON")
}

func TestOverlay(t *testing.T) {
	s, err := schema.Keywords(map[string]any{"type": "integer", "minimum": 1})
	require.NoError(t, err)
	for _, keywords := range []map[string]any{{"multipleOf": 2}, {"minimum": 4, "type": "integer"}, {}} {
		more, err := schema.Keywords(keywords)
		require.NoError(t, err)
		schema.Overlay(s, more)
	}
	assert.JSONEq(t, `{"type":"integer","minimum":1,"multipleOf":2,"allOf":[{"minimum":4}]}`, compact(t, openapi3.NewSchemaRef("", s)))
}

// A float may not hold all digits of its default, and the server uses what it holds.
func TestDefaultsOfFloats(t *testing.T) {
	d := describe[struct {
		A float64  `json:"a" default:"9007199254740993"`
		B float32  `json:"b" default:"16777217"`
		C *float32 `json:"c" default:"0.1"`
		D float64  `json:"d" default:"0.10"`
		E float64  `json:"e" default:"0.3333333333333333333333"`
		F float64  `json:"f" default:"1e22"`
		G float64  `json:"g" default:"-0.0"`
		H float64  `json:"h" default:"1e-999999999"`
	}](t)
	c := schema.New(schema.Options{})
	for name, want := range map[string]string{
		"a": "9007199254740992", "b": "16777216", "c": "0.1", "d": "0.10", "e": "0.3333333333333333", "f": "1e22", "g": "-0.0", "h": "1e-999999999",
	} {
		assert.Contains(t, compact(t, c.Field(d.Object.Field(name), schema.In)), `"default":`+want, name)
	}
}
