package codec_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"net/netip"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// The fields are named for their kinds; all are optional, so that a row needs only one of them.
type kinds struct {
	Bool     bool              `json:"bool,omitempty"`
	Int      int64             `json:"int,omitempty"`
	Int8     int8              `json:"int8,omitempty"`
	Int32    int32             `json:"int32,omitempty"`
	Uint     uint64            `json:"uint,omitempty"`
	Uint8    uint8             `json:"uint8,omitempty"`
	Float    float64           `json:"float,omitempty"`
	Float32  float32           `json:"float32,omitempty"`
	Number   json.Number       `json:"number,omitempty"`
	String   string            `json:"string,omitempty"`
	Bytes    []byte            `json:"bytes,omitempty"`
	Time     time.Time         `json:"time,omitzero"`
	Duration time.Duration     `json:"duration,omitempty"`
	Hex      Hex               `json:"hex,omitempty"`
	Addr     netip.Addr        `json:"addr,omitzero"`
	Point    Point             `json:"point,omitzero"`
	Big      big.Int           `json:"big,omitzero"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Any      any               `json:"any,omitempty"`
	Pointer  *int              `json:"pointer"`
	Optional Optional[int]     `json:"optional"`
	Slice    []string          `json:"slice,omitempty"`
	Array    [2]int            `json:"array,omitempty"`
	Map      map[string]int    `json:"map,omitempty"`
	IntMap   map[int8]string   `json:"intmap,omitempty"`
	UintMap  map[uint16]string `json:"uintmap,omitempty"`
	TextMap  map[Hex]int       `json:"textmap,omitempty"`
	EnumMap  map[Level]int     `json:"enummap,omitempty"`
	Level    Level             `json:"level,omitempty"`
	Grade    Grade             `json:"grade,omitempty"`
	Quoted   int               `json:"quoted,omitempty,string"`
	QuotedB  *bool             `json:"quotedb,string"`
	QuotedF  float64           `json:"quotedf,omitempty,string"`
}

func TestDecodeFaultsOfKinds(t *testing.T) {
	rows := []struct{ text, want string }{
		{`{"bool":"true"}`, "bool_type body/bool"},
		{`{"bool":null}`, "bool_type body/bool"},
		{`{"bool":1}`, "bool_type body/bool"},

		{`{"int":"1"}`, "int_type body/int"},
		{`{"int":true}`, "int_type body/int"},
		{`{"int":null}`, "int_type body/int"},
		{`{"int":[1]}`, "int_type body/int"},
		{`{"int":1.5}`, "int_from_float body/int"},
		{`{"int":1e-1}`, "int_from_float body/int"},
		{`{"int":9223372036854775808}`, "int_parsing_size body/int"},
		{`{"int":-9223372036854775809}`, "int_parsing_size body/int"},
		{`{"int":1e999999999999999999999}`, "int_parsing_size body/int"},
		{`{"int":1e-999999999999999999999}`, "int_from_float body/int"},
		{`{"int8":128}`, "less_than_equal body/int8 [le:127]"},
		{`{"int8":-129}`, "greater_than_equal body/int8 [ge:-128]"},
		{`{"int8":1e30}`, "less_than_equal body/int8 [le:127]"},
		{`{"int32":2147483648}`, "less_than_equal body/int32 [le:2147483647]"},
		{`{"uint":-1}`, "greater_than_equal body/uint [ge:0]"},
		{`{"uint":18446744073709551616}`, "int_parsing_size body/uint"},
		{`{"uint8":256}`, "less_than_equal body/uint8 [le:255]"},
		{`{"uint8":"1"}`, "int_type body/uint8"},

		{`{"float":"1"}`, "float_type body/float"},
		{`{"float":1e999}`, "finite_number body/float"},
		{`{"float32":1e39}`, "finite_number body/float32"},
		{`{"number":"1"}`, "float_type body/number"},

		{`{"string":1}`, "string_type body/string"},
		{`{"string":null}`, "string_type body/string"},
		{`{"bytes":1}`, "string_type body/bytes"},
		{`{"bytes":"YQ"}`, "bytes_invalid_encoding body/bytes"},
		{`{"bytes":"YR=="}`, "bytes_invalid_encoding body/bytes"},
		{`{"bytes":"YQ=\n="}`, "bytes_invalid_encoding body/bytes"},
		{`{"time":1}`, "string_type body/time"},
		{`{"time":"2026-01-02 03:04:05Z"}`, "datetime_parsing body/time"},
		{`{"time":"2026-01-02T3:04:05Z"}`, "datetime_parsing body/time"},
		{`{"time":"2026-01-02T03:04:05,5Z"}`, "datetime_parsing body/time"},
		{`{"time":"2026-01-02T03:04:05.Z"}`, "datetime_parsing body/time"},
		{`{"time":"2026-01-02T03:04:05"}`, "datetime_parsing body/time"},
		{`{"time":"2026-01-02T03:04:05+24:00"}`, "datetime_parsing body/time"},
		{`{"time":"2026-02-30T03:04:05+01:00"}`, "datetime_parsing body/time"},
		{`{"duration":"1 hour"}`, "time_delta_parsing body/duration"},
		{`{"duration":5}`, "string_type body/duration"},

		{`{"hex":"zz"}`, "value_error body/hex [error:not a valid Hex]"},
		{`{"hex":1}`, "string_type body/hex"},
		{`{"addr":"1.2.3"}`, "ip_any_address body/addr"},
		{`{"point":[1,"x"]}`, "value_error body/point [error:not a valid Point]"},
		{`{"point":"x"}`, "value_error body/point [error:not a valid Point]"},
		{`{"big":"x"}`, "int_type body/big"},
		{`{"big":1.5}`, "int_from_float body/big"},
		{`{"big":true}`, "int_type body/big"},
		{`{"big":1e10000}`, "int_parsing_size body/big"},
		{`{"big":0.1e-99999999999999999999}`, "int_from_float body/big"},

		{`{"pointer":"1"}`, "int_type body/pointer"},
		{`{"optional":"1"}`, "int_type body/optional"},
		{`{"slice":{}}`, "list_type body/slice"},
		{`{"slice":null}`, "list_type body/slice"},
		{`{"slice":["a",null]}`, "string_type body/slice/1"},
		{`{"array":[1]}`, "too_short body/array [actual_length:1 min_length:2]"},
		{`{"array":[]}`, "too_short body/array [actual_length:0 min_length:2]"},
		{`{"array":[1,2,"x"]}`, "too_long body/array [actual_length:3 max_length:2]"},
		{`{"array":[1,"x"]}`, "int_type body/array/1"},
		{`{"map":[]}`, "dict_type body/map"},
		{`{"map":null}`, "dict_type body/map"},
		{`{"map":{"a":"x"}}`, "int_type body/map/a"},
		{`{"intmap":{"x":"a"}}`, "int_parsing body/intmap/x/[key]"},
		{`{"intmap":{"01":"a"}}`, "int_parsing body/intmap/01/[key]"},
		{`{"intmap":{"-0":"a"}}`, "int_parsing body/intmap/-0/[key]"},
		{`{"intmap":{"1.0":"a"}}`, "int_parsing body/intmap/1.0/[key]"},
		{`{"intmap":{"128":"a"}}`, "less_than_equal body/intmap/128/[key] [le:127]"},
		{`{"uintmap":{"-1":"a"}}`, "greater_than_equal body/uintmap/-1/[key] [ge:0]"},
		{`{"uintmap":{"65536":"a"}}`, "less_than_equal body/uintmap/65536/[key] [le:65535]"},
		{`{"textmap":{"zz":1}}`, "value_error body/textmap/zz/[key] [error:not a valid Hex]"},
		{`{"textmap":{"f":1,"F":2}}`, "value_error body/textmap/F/[key] [error:the same key as another name]"},
		{`{"enummap":{"top":1}}`, "enum body/enummap/top/[key] [expected:'low', 'mid' or 'high']"},
		{`{"level":"top"}`, "enum body/level [expected:'low', 'mid' or 'high']"},
		{`{"level":1}`, "string_type body/level"},
		{`{"grade":3}`, "enum body/grade [expected:1 or 2]"},
		{`{"quoted":5}`, "string_type body/quoted"},
		{`{"quoted":""}`, "int_parsing body/quoted"},
		{`{"quoted":" 5"}`, "int_parsing body/quoted"},
		{`{"quoted":"5 "}`, "int_parsing body/quoted"},
		{`{"quoted":"true"}`, "int_parsing body/quoted"},
		{`{"quoted":"1.5"}`, "int_from_float body/quoted"},
		{`{"quotedb":"yes"}`, "bool_parsing body/quotedb"},
		{`{"quotedf":"x"}`, "float_parsing body/quotedf"},
	}
	for _, row := range rows {
		_, got := decode[kinds](t, row.text)
		assert.Equal(t, []string{row.want}, got, row.text)
	}
}

// The validation errors of a rule on keys share their facts, which stay the same.
func TestDecodeFaultsOfKeys(t *testing.T) {
	type stock struct {
		Map map[string]int `json:"map" validate:"dive,keys,min=2,endkeys"`
	}
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[stock]()), nil)
	require.NoError(t, err)
	want := []string{"string_too_short body/map/a/[key] [min_length:2]", "string_too_short body/map/b/[key] [min_length:2]"}
	for _, o := range []codec.Options{{Echo: true}, {}} {
		var in stock
		found := run(d, `{"map":{"a":1,"bb":1,"b":1}}`, reflect.ValueOf(&in).Elem(), o)
		assert.Equal(t, want, lines(found))
		for _, f := range found {
			assert.Equal(t, o.Echo, f.Input != nil)
		}
	}
}

func TestDecodeValues(t *testing.T) {
	five, yes := 5, true
	rows := []struct {
		text string
		want kinds
	}{
		{`{"bool":true}`, kinds{Bool: true}},
		{`{"int":1.0}`, kinds{Int: 1}},
		{`{"int":1e2}`, kinds{Int: 100}},
		{`{"int":120E-1}`, kinds{Int: 12}},
		{`{"int":-0}`, kinds{}},
		{`{"int":0e999999999999}`, kinds{}},
		{`{"int":9007199254740993}`, kinds{Int: 9007199254740993}},
		{`{"int":-9223372036854775808}`, kinds{Int: -9223372036854775808}},
		{`{"int":0.0092233720368547758070e21}`, kinds{Int: 9223372036854775807}},
		{`{"int8":-128}`, kinds{Int8: -128}},
		{`{"uint":18446744073709551615}`, kinds{Uint: 18446744073709551615}},
		{`{"uint":-0.0}`, kinds{}},
		{`{"float":-1.25e2}`, kinds{Float: -125}},
		{`{"float":1e-999}`, kinds{}},
		{`{"float":0.1}`, kinds{Float: 0.1}},
		{`{"float32":0.1}`, kinds{Float32: 0.1}},
		{`{"number":1.50e+400}`, kinds{Number: "1.50e+400"}},
		{`{"string":"a\u00e9\ud83d\ude00\n\/"}`, kinds{String: "aé😀\n/"}},
		{`{"str\u0069ng":"x"}`, kinds{String: "x"}},
		{`{"bytes":"YWI="}`, kinds{Bytes: []byte("ab")}},
		{`{"bytes":""}`, kinds{Bytes: []byte{}}},
		{`{"time":"2026-01-02T03:04:05.5Z"}`, kinds{Time: time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.UTC)}},
		{`{"duration":"1h30m"}`, kinds{Duration: 90 * time.Minute}},
		{`{"hex":"ff"}`, kinds{Hex: 255}},
		{`{"addr":"::1"}`, kinds{Addr: netip.IPv6Loopback()}},
		{`{"point": [1, 2] }`, kinds{Point: Point{1, 2}}},
		{`{"raw":{"a": 1}}`, kinds{Raw: json.RawMessage(`{"a": 1}`)}},
		{`{"raw":null}`, kinds{Raw: json.RawMessage(`null`)}},
		{`{"any":{"a":[1,"b",null,true,false,{}]}}`, kinds{Any: map[string]any{"a": []any{1.0, "b", nil, true, false, map[string]any{}}}}},
		{`{"any":null}`, kinds{}},
		{`{"pointer":5}`, kinds{Pointer: &five}},
		{`{"pointer":null}`, kinds{}},
		{`{"optional":5}`, kinds{Optional: Optional[int]{Value: 5, Set: true}}},
		{`{"optional":null}`, kinds{Optional: Optional[int]{Set: true, Null: true}}},
		{`{"slice":[]}`, kinds{Slice: []string{}}},
		{`{"slice":["a","b"]}`, kinds{Slice: []string{"a", "b"}}},
		{`{"array":[1,2]}`, kinds{Array: [2]int{1, 2}}},
		{`{"map":{}}`, kinds{Map: map[string]int{}}},
		{`{"map":{"a":1,"":2}}`, kinds{Map: map[string]int{"a": 1, "": 2}}},
		{`{"intmap":{"-128":"a"}}`, kinds{IntMap: map[int8]string{-128: "a"}}},
		{`{"uintmap":{"65535":"a"}}`, kinds{UintMap: map[uint16]string{65535: "a"}}},
		{`{"textmap":{"f":1}}`, kinds{TextMap: map[Hex]int{15: 1}}},
		{`{"level":"mid"}`, kinds{Level: "mid"}},
		{`{"grade":2}`, kinds{Grade: 2}},
		{`{"quoted":"-5"}`, kinds{Quoted: -5}},
		{`{"quotedb":"true"}`, kinds{QuotedB: &yes}},
		{`{"quotedb":null}`, kinds{}},
		{`{"quotedf":"\u0031.5"}`, kinds{QuotedF: 1.5}},
		{"\t{ \"int\" :\n1 , \"unknown\" : [ { } ] }\r\n", kinds{Int: 1}},
	}
	for _, row := range rows {
		assert.Equal(t, row.want, read[kinds](t, row.text), row.text)
	}
}

func TestDecodeNotJSON(t *testing.T) {
	deep := func(n int) string { return `{"unknown":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	rows := []struct {
		text string
		at   int
	}{
		{`{"int":"x"`, 10},
		{`{"int":1,}`, 9},
		{`{"int":1 "a":2}`, 9},
		{`{"int" 1}`, 7},
		{`{int:1}`, 1},
		{`{"int":01}`, 7},
		{`{"int":-}`, 8},
		{`{"int":1.}`, 9},
		{`{"int":1e}`, 9},
		{`{"int":+1}`, 7},
		{`{"float":NaN}`, 9},
		{`{"bool":tru}`, 8},
		{`{"bool":nul}`, 8},
		{`{"slice":["a",]}`, 14},
		{`{"slice":["a"}`, 13},
		{`{"slice":[`, 10},
		{`{"int":1} x`, 10},
		{`{"int":1}{}`, 9},
		{`nul`, 0},
		{`null x`, 5},
		{"{}\ufeff", 2},
		{"\ufeff\ufeff{}", 3},
		{`{"int":1,"int":2}`, 9},
		{`{"int":1,"\u0069nt":2}`, 9},
		{`{"x":1,"\u0078":2}`, 7},
		{`{"x":{"a":1,"a":2}}`, 12},
		{`{"map":{"a":1,"a":2}}`, 14},
		{`{"map":{"a":"x","a":2}}`, 16},
		{`{"textmap":{"zz":1,"zz":2}}`, 19},
		{`{"intmap":{"1":"","1":""}}`, 18},
		{`{"any":{"a":1,"a":2}}`, 14},
		{`{"raw":{"a":1,"a":2}}`, 14},
		{`{"point":{"a":1,"a":2}}`, 16},
		{"{\"string\":\"a\xffb\"}", 12},
		{"{\"x\":\"\xed\xa0\x80\"}", 6},
		{"{\"\xff\":1}", 2},
		{"{\"string\":\"a\nb\"}", 12},
		{`{"string":"\ud800"}`, 11},
		{`{"string":"\ud800\u0041"}`, 11},
		{`{"string":"\udc00"}`, 11},
		{`{"string":"\x41"}`, 11},
		{`{"string":"\u00g0"}`, 11},
		{`{"string":"abc`, 14},
		{`{"string":"abc\`, 15},
		{deep(100), 110},
		{`{"point":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, 108},
		{`{"any":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, 106},
		{`{"int":"a","level":"top",,}`, 25},
	}
	for _, row := range rows {
		var into kinds
		d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[kinds]()), nil)
		require.NoError(t, err)
		faults := run(d, row.text, reflect.ValueOf(&into).Elem())
		require.Len(t, faults, 1, row.text)
		assert.Equal(t, fault.JSONInvalid, faults[0].Type)
		assert.Equal(t, []any{"body", row.at}, faults[0].Loc, row.text)
		assert.NotEmpty(t, faults[0].Ctx["error"])
	}
	assert.Equal(t, kinds{}, read[kinds](t, deep(99)))
}

func TestDecodeWholeBody(t *testing.T) {
	for _, text := range []string{"", " \n\t\r", "null", " null "} {
		_, got := decode[kinds](t, text)
		assert.Equal(t, []string{"missing body"}, got, "%q", text)
	}
	_, got := decode[*kinds](t, "null")
	assert.Empty(t, got)
	_, got = decode[*kinds](t, "")
	assert.Equal(t, []string{"missing body"}, got)
	_, got = decode[kinds](t, "[]")
	assert.Equal(t, []string{"model_attributes_type body"}, got)
	_, got = decode[[]int](t, `[1,"x"]`)
	assert.Equal(t, []string{"int_type body/1"}, got)
	assert.Equal(t, "x", read[string](t, `"x"`))
}

type (
	line struct {
		Strict
		Qty  int      `json:"qty" validate:"gte=1"`
		Tags []string `json:"tags" default:"[]" validate:"max=2,dive,min=2"`
	}
	base struct {
		ID int `json:"id"`
	}
	Order struct {
		base
		*Extra
		Name  string          `json:"name" validate:"min=1"`
		Lines []line          `json:"lines" validate:"min=1"`
		Index map[string]line `json:"index,omitempty"`
		First *line           `json:"first"`
	}
	Extra = extra2
)

// extra2 is exported under another name: an embedded pointer must be.
type extra2 = ExtraPart

// ExtraPart is embedded by pointer.
type ExtraPart struct {
	Note string `json:"note" default:"none"`
	Code string `json:"code,omitempty"`
}

func TestDecodeFaultsOfObjects(t *testing.T) {
	rows := []struct {
		text string
		want []string
	}{
		{`{}`, []string{"missing body/id", "missing body/name", "missing body/lines"}},
		{`{"lines":[],"name":"","id":"x"}`, []string{
			"int_type body/id", "string_too_short body/name [min_length:1]", "too_short body/lines [actual_length:0 field_type:List min_length:1]",
		}},
		{`{"zzz":1,"id":1,"lines":[{"qty":1},{"qty":0,"b":1,"a":2},{"tags":["x","yy",1]}],"name":"a"}`, []string{
			"greater_than_equal body/lines/1/qty [ge:1]", "extra_forbidden body/lines/1/b", "extra_forbidden body/lines/1/a",
			"missing body/lines/2/qty", "string_too_short body/lines/2/tags/0 [min_length:2]", "string_type body/lines/2/tags/2",
		}},
		{`{"id":1,"name":"a","lines":[{"qty":1}],"index":{"k":{"qty":"x"},"j":{}},"first":{"qty":null},"code":1}`, []string{
			"string_type body/code", "int_type body/index/k/qty", "missing body/index/j/qty", "int_type body/first/qty",
		}},
	}
	for _, row := range rows {
		_, got := decode[Order](t, row.text)
		assert.Equal(t, row.want, got, row.text)
	}
}

func TestDecodeForbidExtra(t *testing.T) {
	_, got := decode[base](t, `{"b":1,"id":1,"a":{"x":2}}`, codec.Options{ForbidExtra: true})
	assert.Equal(t, []string{"extra_forbidden body/b", "extra_forbidden body/a"}, got)
	_, got = decode[base](t, `{"b":1,"id":1}`)
	assert.Empty(t, got)
}

func TestDecodeEcho(t *testing.T) {
	var into Order
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[Order]()), nil)
	require.NoError(t, err)
	data := []byte(`{"id": "x", "name": "n", "lines": [ {"tags": ["abc", "z"]} ]}`)
	var faults fault.List
	d.Decode(data, reflect.ValueOf(&into).Elem(), codec.Options{Echo: true}, &faults)
	clear(data)
	var inputs []string
	for _, f := range faults.Faults {
		inputs = append(inputs, string(f.Input.(json.RawMessage)))
	}
	assert.Equal(t, []string{`"x"`, `{"tags": ["abc", "z"]}`, `"z"`}, inputs)
}

func TestDecodeTruncatesErrors(t *testing.T) {
	text := "[" + strings.Repeat(`"x",`, 200) + `1]`
	var into []int
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[[]int]()), nil)
	require.NoError(t, err)
	var faults fault.List
	d.Decode([]byte(text), reflect.ValueOf(&into).Elem(), codec.Options{}, &faults)
	assert.Len(t, faults.Faults, fault.Limit)
	assert.True(t, faults.Truncated)

	var after fault.List
	d.Decode([]byte(text[:len(text)-1]), reflect.ValueOf(&into).Elem(), codec.Options{}, &after)
	assert.Len(t, after.Faults, 1)
	assert.False(t, after.Truncated)
}

// Many unknown names must not take more than linear time.
func TestDecodeManyUnknownNames(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"nested":{`)
	for i := range 100_000 {
		b.WriteString(`"k` + strconv.Itoa(i) + `":1,`)
	}
	many := b.String()
	assert.Equal(t, kinds{}, read[kinds](t, many+`"k":1}}`))
	assert.Equal(t, kinds{}, read[kinds](t, strings.Replace(many, `"nested":{`, "", 1)+`"k":1}`))
	_, got := decode[kinds](t, many+`"k99999":1}}`)
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "json_invalid")
}

type (
	inner struct {
		Port int      `json:"port" default:"80"`
		Tags []string `json:"tags" default:"[\"a\",\"b\"]"`
	}
	withDefaults struct {
		On     bool             `json:"on" default:"true"`
		Name   string           `json:"name" default:"x"`
		List   []int            `json:"list" default:"[1,2]"`
		Map    map[string]int   `json:"map" default:"{\"a\":1}"`
		Ref    *int             `json:"ref" default:"7"`
		Opt    Optional[int]    `json:"opt" default:"8"`
		Any    any              `json:"any" default:"{\"k\":[1]}"`
		In     inner            `json:"in,omitempty"`
		Full   inner            `json:"full" default:"{\"port\":1}"`
		Pair   [2]inner         `json:"pair,omitempty"`
		Ptr    *inner           `json:"ptr"`
		Elems  []inner          `json:"elems,omitempty"`
		ByName map[string]inner `json:"by_name,omitempty"`
		*ExtraPart
	}
)

func TestDefaults(t *testing.T) {
	seven := 7
	in := func() inner { return inner{Port: 80, Tags: []string{"a", "b"}} }
	want := func() withDefaults {
		return withDefaults{
			On: true, Name: "x", List: []int{1, 2}, Map: map[string]int{"a": 1}, Ref: &seven,
			Opt: Optional[int]{Value: 8, Set: true}, Any: map[string]any{"k": []any{1.0}},
			In: in(), Full: inner{Port: 1, Tags: []string{"a", "b"}}, Pair: [2]inner{in(), in()}, ExtraPart: &ExtraPart{Note: "none"},
		}
	}
	assert.Equal(t, want(), read[withDefaults](t, `{}`))

	got := read[withDefaults](t, `{"on":false,"name":"","list":[9],"map":{"b":2},"ref":null,"opt":null,"any":1,
		"in":{"port":1},"full":{"tags":[]},"pair":[{},{"port":2}],"ptr":{},"elems":[{},{"port":3}],"by_name":{"a":{}},"code":"c"}`)
	assert.Equal(t, withDefaults{
		List: []int{9}, Map: map[string]int{"b": 2}, Opt: Optional[int]{Set: true, Null: true}, Any: 1.0,
		In: inner{Port: 1, Tags: []string{"a", "b"}}, Full: inner{Port: 80, Tags: []string{}},
		Pair: [2]inner{in(), {Port: 2, Tags: []string{"a", "b"}}}, Ptr: &inner{Port: 80, Tags: []string{"a", "b"}},
		Elems: []inner{in(), {Port: 3, Tags: []string{"a", "b"}}}, ByName: map[string]inner{"a": in()},
		ExtraPart: &ExtraPart{Note: "none", Code: "c"},
	}, got)
}

type (
	// Paging has a default; Unpaged has one only in a nested struct.
	Paging struct {
		Limit int   `json:"limit" default:"10"`
		Sort  inner `json:"sort,omitempty"`
	}
	Unpaged struct {
		Where inner `json:"where,omitempty"`
	}
	Outer struct {
		*Paging
		*Unpaged
		Again *Outer `json:"again,omitempty"`
	}
	looped struct {
		*Outer
		Words string `json:"words"`
	}
)

// A default below embedded pointers allocates only the structs that lead to it.
func TestDefaultsBelowEmbeddedPointers(t *testing.T) {
	paging := func(limit int) *Paging { return &Paging{Limit: limit, Sort: inner{80, []string{"a", "b"}}} }
	assert.Equal(t, looped{Words: "w", Outer: &Outer{Paging: paging(10)}}, read[looped](t, `{"words":"w"}`))
	assert.Equal(t, looped{Words: "w", Outer: &Outer{Paging: paging(3)}}, read[looped](t, `{"limit":3,"words":"w"}`))
	assert.Equal(t, Outer{Paging: paging(10), Unpaged: &Unpaged{inner{1, []string{"a", "b"}}}}, read[Outer](t, `{"where":{"port":1}}`))
	assert.Equal(t, []Outer{{Paging: paging(10)}}, read[[]Outer](t, `[{}]`))
	nested := read[struct {
		In Outer `json:"in,omitempty"`
	}](t, `{}`)
	assert.Equal(t, Outer{Paging: &Paging{Limit: 10}}, nested.In)
}

func TestDefaultsAreNotShared(t *testing.T) {
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[withDefaults]()), nil)
	require.NoError(t, err)
	var first, second withDefaults
	require.Empty(t, run(d, `{}`, reflect.ValueOf(&first).Elem()))
	first.List[0], first.In.Tags[0], first.Full.Tags[0], *first.Ref = 99, "zz", "zz", 99
	first.Map["a"] = 99
	first.Any.(map[string]any)["k"].([]any)[0] = "zz"
	first.List = append(first.List[:1], 98)
	require.Empty(t, run(d, `{}`, reflect.ValueOf(&second).Elem()))
	assert.Equal(t, read[withDefaults](t, `{}`), second)
}

type tree struct {
	Value    int             `json:"value"`
	Children []tree          `json:"children,omitempty"`
	ByName   map[string]tree `json:"by_name,omitempty"`
	Next     *tree           `json:"next"`
}

type list []list

func TestDecodeRecursion(t *testing.T) {
	got := read[tree](t, `{"value":1,"children":[{"value":2,"by_name":{"a":{"value":3}}}],"next":{"value":4}}`)
	assert.Equal(t, tree{Value: 1, Children: []tree{{Value: 2, ByName: map[string]tree{"a": {Value: 3}}}}, Next: &tree{Value: 4}}, got)
	_, faults := decode[tree](t, `{"value":1,"children":[{"value":2,"by_name":{"a":{"next":{}}}}]}`)
	assert.Equal(t, []string{"missing body/children/0/by_name/a/value", "missing body/children/0/by_name/a/next/value"}, faults)
	assert.Equal(t, list{list{}, list{list{}}}, read[list](t, `[[],[[]]]`))
}

type (
	Cat struct {
		Kind  string `json:"kind,omitempty"`
		Lives int    `json:"lives" validate:"gte=1"`
	}
	Dog struct {
		Strict
		Bark bool   `json:"bark"`
		Loud string `json:"loud" default:"very"`
	}
	Pet struct {
		OneOf `json:"kind"`
		Cat   *Cat `case:"cat"`
		Dog   *Dog `case:"dog"`
		Five  *Dog `case:"5"`
	}
)

func TestDecodeUnion(t *testing.T) {
	assert.Equal(t, Pet{Cat: &Cat{Kind: "cat", Lives: 9}}, read[Pet](t, `{"kind":"cat","lives":9}`))
	assert.Equal(t, Pet{Dog: &Dog{Bark: true, Loud: "very"}}, read[Pet](t, `{"bark":true, "kind":"d\u006fg"}`))
	rows := []struct {
		text string
		want []string
	}{
		{`{}`, []string{"union_tag_not_found body [discriminator:'kind']"}},
		{`[]`, []string{"model_attributes_type body"}},
		{`{"bark":true}`, []string{"union_tag_not_found body [discriminator:'kind']"}},
		{`{"kind":"cow"}`, []string{"union_tag_invalid body [discriminator:'kind' expected_tags:'cat', 'dog', '5' tag:cow]"}},
		{`{"kind":5}`, []string{"union_tag_invalid body [discriminator:'kind' expected_tags:'cat', 'dog', '5' tag:5]"}},
		{`{"kind":"cat"}`, []string{"missing body/cat/lives"}},
		{`{"lives":0,"kind":"cat"}`, []string{"greater_than_equal body/cat/lives [ge:1]"}},
		{`{"kind":"dog","bark":1,"x":2}`, []string{"bool_type body/dog/bark", "extra_forbidden body/dog/x"}},
	}
	for _, row := range rows {
		_, got := decode[Pet](t, row.text)
		assert.Equal(t, row.want, got, row.text)
	}
	for _, text := range []string{`{"a":1,"kind":"cat","lives":1,"a":2}`, `{"kind":"dog","kind":"dog","bark":true}`, `{"kind":"cow","kind":"cow"}`, `{"kind"`, `{"a":}`} {
		_, got := decode[Pet](t, text)
		require.Len(t, got, 1)
		assert.Contains(t, got[0], "json_invalid", text)
	}
}

var errRange = errors.New("from is behind to")

type (
	span struct {
		From int `json:"from"`
		To   int `json:"to" validate:"gtefield=From"`
	}
	window struct {
		Low  int `json:"low"`
		High int `json:"high"`
	}
	outerWindow struct {
		window
		Name string `json:"name"`
	}
	locations struct {
		A []int `json:"a"`
	}
)

func (w *window) Validate() error {
	if w.Low > w.High {
		return errRange
	}
	return nil
}

type locatedError []fault.Fault

func (locatedError) Error() string                 { return "places" }
func (e locatedError) CandorFaults() []fault.Fault { return e }

func (p locations) Validate() error {
	if len(p.A) > 1 {
		return locatedError{{Type: fault.ValueError, Loc: []any{"a", 1}, Ctx: map[string]any{"error": "odd"}}}
	}
	return nil
}

func TestDecodeJudgesWholeStructs(t *testing.T) {
	_, got := decode[span](t, `{"from":2,"to":1}`)
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "body/to")
	_, got = decode[span](t, `{"from":"x","to":1}`)
	assert.Equal(t, []string{"int_type body/from"}, got)

	_, got = decode[outerWindow](t, `{"low":2,"high":1,"name":"x"}`)
	assert.Equal(t, []string{"value_error body [error:from is behind to]"}, got)
	_, got = decode[outerWindow](t, `{"low":2,"high":1}`)
	assert.Equal(t, []string{"missing body/name"}, got)
	_, got = decode[[]locations](t, `[{"a":[1]},{"a":[1,2]}]`)
	assert.Equal(t, []string{"value_error body/1/a/1 [error:odd]"}, got)
}

func TestObjectOfALargerStruct(t *testing.T) {
	type item struct {
		Name string `json:"name"`
	}
	type input struct {
		Before int
		Item   item
		Count  int
	}
	field := func(name string, index int, goType reflect.Type, required bool) *typeinfo.Field {
		return &typeinfo.Field{Name: name, Go: name, Index: []int{index}, Type: describe(t, goType), Source: typeinfo.Body, Required: required}
	}
	object := &typeinfo.Object{Fields: []*typeinfo.Field{field("item", 1, reflect.TypeFor[item](), true), field("count", 2, reflect.TypeFor[int](), false)}}
	d, err := newCompiler().Object(object, reflect.TypeFor[input]())
	require.NoError(t, err)

	into := input{Before: 1}
	assert.Empty(t, run(d, `{"count":2,"item":{"name":"x"}}`, reflect.ValueOf(&into).Elem()))
	assert.Equal(t, input{1, item{"x"}, 2}, into)
	assert.Equal(t, []string{"missing body/item/name", "int_type body/count"}, lines(run(d, `{"count":"x","item":{}}`, reflect.ValueOf(&into).Elem())))
	assert.Equal(t, []string{"missing body"}, lines(run(d, ``, reflect.ValueOf(&into).Elem())))

	object.Fields[0].Required = false
	object.Fields[1].Default = json.RawMessage(`5`)
	d, err = newCompiler().Object(object, reflect.TypeFor[input]())
	require.NoError(t, err)
	into = input{}
	assert.Empty(t, run(d, ``, reflect.ValueOf(&into).Elem()))
	assert.Equal(t, input{Count: 5}, into)
}

func TestDefaultAndExample(t *testing.T) {
	type holder struct {
		Qty  int       `json:"qty" validate:"min=10" default:"5"`
		Tags []string  `json:"tags" default:"[1]"`
		Node []holder2 `json:"node" default:"[{}]"`
		Good []string  `json:"good" default:"[\"a\"]" example:"[\"b\"]"`
		Bad  uint8     `json:"bad" default:"7" example:"300"`
	}
	object := &typeinfo.Object{}
	for i := range reflect.TypeFor[holder]().NumField() {
		sf := reflect.TypeFor[holder]().Field(i)
		one := describe(t, reflect.StructOf([]reflect.StructField{sf}))
		object.Fields = append(object.Fields, one.Object.Fields...)
	}
	c := newCompiler()
	wants := []string{
		"default 5 breaks min=10; change the default or the rule",
		"default [1] does not fit []string (Expected a string at 0); change the default or the rule",
		"default [{}] contains the field itself, without end; use a default without it",
	}
	for i, want := range wants {
		_, err := c.Default(object.Fields[i])
		require.Error(t, err)
		assert.Contains(t, err.Error(), want)
		_, err = c.Object(&typeinfo.Object{Fields: object.Fields[i : i+1]}, reflect.StructOf([]reflect.StructField{reflect.TypeFor[holder]().Field(i)}))
		require.Error(t, err)
	}
	set, err := c.Default(object.Fields[3])
	require.NoError(t, err)
	var a, b []string
	set(reflect.ValueOf(&a).Elem())
	a[0] = "changed"
	set(reflect.ValueOf(&b).Elem())
	assert.Equal(t, []string{"a"}, b)
	assert.NoError(t, c.CheckExample(object.Fields[3]))
	assert.EqualError(t, c.CheckExample(object.Fields[4]), "example 300 does not fit uint8 (Must be less than or equal to 255); change the example or the rule")
}

type holder2 struct {
	Node []holder2 `json:"node" default:"[{}]"`
}

// onlyWrites and onlyReads implement half of a text form.
type (
	onlyWrites struct{}
	onlyReads  struct{ v int }
)

func (onlyWrites) MarshalText() ([]byte, error)   { return []byte("w"), nil }
func (r *onlyReads) UnmarshalText(_ []byte) error { r.v = 1; return nil }

// copiedText and copiedJSON read into copies of themselves; sized has nothing to fill in.
type (
	copiedText string
	copiedJSON map[string]int
	sized      struct{}
)

func (copiedText) UnmarshalText([]byte) error { return nil }
func (copiedJSON) UnmarshalJSON([]byte) error { return nil }
func (sized) UnmarshalJSON([]byte) error      { return nil }

func TestMethodsThatReadIntoACopy(t *testing.T) {
	c := newCompiler()
	const text, json = "UnmarshalText with a pointer receiver", "UnmarshalJSON with a pointer receiver"
	for of, fix := range map[reflect.Type]string{
		reflect.TypeFor[copiedText](): text, reflect.TypeFor[[]*copiedText](): text, reflect.TypeFor[map[copiedText]int](): text,
		reflect.TypeFor[copiedJSON](): json, reflect.TypeFor[struct {
			A copiedJSON `json:"a"`
		}](): json,
	} {
		_, err := c.Decoder(describe(t, of), nil)
		require.ErrorContains(t, err, "has a value receiver, so what it reads is lost; declare "+fix, of)
	}
	_, err := c.Decoder(describe(t, reflect.TypeFor[sized]()), nil)
	require.NoError(t, err)
}

func TestRegistrationErrors(t *testing.T) {
	c := newCompiler()
	_, err := c.Decoder(describe(t, reflect.TypeFor[struct {
		A onlyWrites `json:"a"`
	}]()), nil)
	require.ErrorContains(t, err, "give it a method UnmarshalText")
	_, err = c.Decoder(describe(t, reflect.TypeFor[map[onlyWrites]int]()), nil)
	require.ErrorContains(t, err, "give it a method UnmarshalText")
	_, err = c.Encoder(describe(t, reflect.TypeFor[[]onlyReads]()), nil)
	require.ErrorContains(t, err, "give it a method MarshalText")
	_, err = c.Encoder(describe(t, reflect.TypeFor[map[onlyReads]int]()), nil)
	require.ErrorContains(t, err, "give it a method MarshalText")
	// A failed compilation is not cached: the same compiler fails again.
	_, err = c.Encoder(describe(t, reflect.TypeFor[[]onlyReads]()), nil)
	require.ErrorContains(t, err, "give it a method MarshalText")

	example := &typeinfo.Field{Name: "a", Type: describe(t, reflect.TypeFor[onlyWrites]()), Example: json.RawMessage(`"x"`)}
	assert.NoError(t, c.CheckExample(example))
	example.Example = json.RawMessage(`x`)
	assert.Error(t, c.CheckExample(example))
}

// id has the text form of UUID types.
type id string

func (i *id) UnmarshalText(text []byte) error { *i = id(text); return nil }

func TestDecodeUUID(t *testing.T) {
	uuid := &typeinfo.Type{Go: reflect.TypeFor[id](), Kind: typeinfo.Text, Format: "uuid", Reads: true}
	d, err := newCompiler().Decoder(uuid, nil)
	require.NoError(t, err)
	rows := map[string][]string{
		`"f81d4fae-7dec-11d0-A765-00a0c91e6bf6"`:          nil,
		`"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"`: {"uuid_parsing body"},
		`"{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}"`:        {"uuid_parsing body"},
		`"f81d4fae17dec-11d0-a765-00a0c91e6bf6"`:          {"uuid_parsing body"},
		`"g81d4fae-7dec-11d0-a765-00a0c91e6bf6"`:          {"uuid_parsing body"},
		`5`:                                               {"string_type body"},
	}
	for text, want := range rows {
		var into id
		assert.Equal(t, want, lines(run(d, text, reflect.ValueOf(&into).Elem())), text)
	}
}

func TestIntegersOfEveryWidth(t *testing.T) {
	type widths struct {
		A int8
		B int16
		C int32
		D int64
		E uint8
		F uint16
		G uint32
		H uint64
		I uintptr
	}
	for _, text := range []string{
		`{"A":127,"B":32767,"C":2147483647,"D":9223372036854775807,"E":255,"F":65535,"G":4294967295,"H":18446744073709551615,"I":1}`,
		`{"A":-128,"B":-32768,"C":-2147483648,"D":-9223372036854775808,"E":0,"F":0,"G":0,"H":0,"I":0}`,
	} {
		out, err := encode(t, read[widths](t, text))
		require.NoError(t, err)
		assert.Equal(t, text, out)
	}
}

type (
	// Checked is embedded by pointer and validates itself.
	Checked struct {
		N int `json:"n,omitempty"`
	}
	holdsChecked struct {
		*Checked
		M int `json:"m"`
	}
)

func (c *Checked) Validate() error {
	if c.N > 9 {
		return errRange
	}
	return nil
}

func TestValidateThroughAnEmbeddedPointer(t *testing.T) {
	assert.Equal(t, holdsChecked{M: 1}, read[holdsChecked](t, `{"m":1}`))
	assert.Equal(t, holdsChecked{M: 1, Checked: &Checked{N: 9}}, read[holdsChecked](t, `{"m":1,"n":9}`))
	_, got := decode[holdsChecked](t, `{"m":1,"n":10}`)
	assert.Equal(t, []string{"value_error body [error:from is behind to]"}, got)
}

func TestCompilerIsSafeForConcurrentUse(t *testing.T) {
	c := newCompiler()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			described, err := typeinfo.Of(reflect.TypeFor[tree]())
			assert.NoError(t, err)
			d, err := c.Decoder(described, nil)
			assert.NoError(t, err)
			e, err := c.Encoder(described, nil)
			assert.NoError(t, err)
			for i := range 100 {
				var into tree
				text := `{"value":` + strconv.Itoa(i) + `,"next":{"value":1,"next":null}}`
				assert.Empty(t, run(d, text, reflect.ValueOf(&into).Elem()))
				out, err := e.Append(nil, reflect.ValueOf(&into).Elem(), false, nil)
				assert.NoError(t, err)
				assert.Equal(t, text, string(out))
			}
		})
	}
	wait.Wait()
}

// Decoding into a struct of scalars allocates once for each string.
func TestDecodeAllocations(t *testing.T) {
	var into product
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[product]()), nil)
	require.NoError(t, err)
	data, v, faults := []byte(favourable), reflect.ValueOf(&into).Elem(), new(fault.List)
	// Five strings and a slice for three of them.
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { d.Decode(data, v, codec.Options{}, faults) }), 6.0)
}

// Values in interfaces share memory: an object with five strings, two numbers and a list.
func TestDecodeAnyAllocations(t *testing.T) {
	var into any
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[any]()), nil)
	require.NoError(t, err)
	data, v, faults := []byte(favourable), reflect.ValueOf(&into).Elem(), new(fault.List)
	// The map takes two; names and texts, strings, numbers and the list take one each.
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { d.Decode(data, v, codec.Options{}, faults) }), 6.0)
}

func TestDecodeManyMembers(t *testing.T) {
	var fields []reflect.StructField
	for i := range 150 {
		fields = append(fields, reflect.StructField{
			Name: "F" + strconv.Itoa(i), Type: reflect.TypeFor[int](), Tag: reflect.StructTag(`json:"f` + strconv.Itoa(i) + `"`),
		})
	}
	goType := reflect.StructOf(fields)
	d, err := newCompiler().Decoder(describe(t, goType), nil)
	require.NoError(t, err)
	all := map[string]int{}
	for i := range 150 {
		all["f"+strconv.Itoa(i)] = i
	}
	text, err := json.Marshal(all)
	require.NoError(t, err)
	into := reflect.New(goType).Elem()
	require.Empty(t, run(d, string(text), into))
	for i := range 150 {
		assert.EqualValues(t, i, into.Field(i).Int())
	}
	delete(all, "f149")
	delete(all, "f70")
	text, err = json.Marshal(all)
	require.NoError(t, err)
	assert.Equal(t, []string{"missing body/f70", "missing body/f149"}, lines(run(d, string(text), into)))
}

func TestMemory(t *testing.T) {
	c := newCompiler()
	rows := []struct {
		name string
		into reflect.Type
		unit string
	}{
		{"slice", reflect.TypeFor[[]int64](), `1`},
		{"slice of structs", reflect.TypeFor[[]struct {
			A, B int `json:",omitempty"`
		}](), `{}`},
		{"slice of pointers", reflect.TypeFor[[]*[64]int64](), `null`},
		{"any, numbers", reflect.TypeFor[any](), `1`},
		{"any, objects", reflect.TypeFor[any](), `{}`},
		{"any, lists", reflect.TypeFor[any](), `[]`},
		{"any, texts", reflect.TypeFor[any](), `""`},
		{"map of numbers", reflect.TypeFor[[]map[string]int](), `{"a":1}`},
		{"map of texts", reflect.TypeFor[[]map[string]string](), `{"a":""}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			described, err := typeinfo.Of(row.into)
			require.NoError(t, err)
			d, err := c.Decoder(described, nil)
			require.NoError(t, err)
			text := []byte("[" + strings.Repeat(row.unit+",", 9_999) + row.unit + "]")
			for memory, fits := range map[int]bool{0: true, 10 << 20: true, 10_000: false} {
				var faults fault.List
				into := reflect.New(row.into).Elem()
				assert.Equal(t, fits, d.Decode(text, into, codec.Options{Memory: memory}, &faults), memory)
				assert.Empty(t, faults.Faults)
			}
		})
	}
}

// Texts share buffers with each other, but not with the body, and do not change when others are decoded.
func TestShortTextsAreCopies(t *testing.T) {
	var want []string
	for i := range 2000 {
		want = append(want, strings.Repeat(string(rune('a'+i%26)), i%130)+strings.Repeat("é\n", i%3))
	}
	body, err := json.Marshal(want)
	require.NoError(t, err)
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[[]string]()), nil)
	require.NoError(t, err)
	var first, second []string
	var faults fault.List
	d.Decode(body, reflect.ValueOf(&first).Elem(), codec.Options{}, &faults)
	slices.Reverse(want)
	other, err := json.Marshal(want)
	require.NoError(t, err)
	copy(body, other)
	d.Decode(body, reflect.ValueOf(&second).Elem(), codec.Options{}, &faults)
	clear(body)
	require.Empty(t, faults.Faults)
	assert.Equal(t, want, second)
	slices.Reverse(want)
	assert.Equal(t, want, first)
}

// Values in interfaces share memory, but none changes when others are read.
func TestValuesInInterfacesAreCopies(t *testing.T) {
	var want []any
	for i := range 500 {
		var list []any
		for j := range i % 11 {
			list = append(list, float64(i)/4, strings.Repeat(string(rune('a'+i%26)), i%70), map[string]any{"é\n": float64(j)})
		}
		want = append(want, list)
	}
	body, err := json.Marshal(want)
	require.NoError(t, err)
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[any]()), nil)
	require.NoError(t, err)
	var first, second any
	var faults fault.List
	d.Decode(body, reflect.ValueOf(&first).Elem(), codec.Options{}, &faults)
	before, err := json.Marshal(first)
	require.NoError(t, err)
	slices.Reverse(want)
	other, err := json.Marshal(want)
	require.NoError(t, err)
	d.Decode(other, reflect.ValueOf(&second).Elem(), codec.Options{}, &faults)
	// Lists of several lengths are appended to, as their owner may.
	for i, list := range second.([]any) {
		if list != nil {
			second.([]any)[i] = append(list.([]any), "more", 1.5)[:len(list.([]any))]
		}
	}
	require.Empty(t, faults.Faults)
	after, err := json.Marshal(first)
	require.NoError(t, err)
	assert.Equal(t, string(body), string(before))
	assert.Equal(t, string(body), string(after))
	reversed, err := json.Marshal(second)
	require.NoError(t, err)
	assert.Equal(t, string(other), string(reversed))
}

// A short text that is kept does not keep the other values of its text in memory.
func TestAKeptValueKeepsLittle(t *testing.T) {
	text := []byte(`["short","` + strings.Repeat("long ", 200_000) + `",[` + strings.Repeat("1.5,", 50_000) + `1]]`)
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[any]()), nil)
	require.NoError(t, err)
	inUse := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := inUse()
	var kept []any
	for range 20 {
		var value any
		var faults fault.List
		d.Decode(text, reflect.ValueOf(&value).Elem(), codec.Options{}, &faults)
		kept = append(kept, value.([]any)[0])
	}
	// Each of them was read from a text of more than a megabyte.
	assert.Less(t, int64(inUse())-int64(before), int64(1<<20))
	assert.Equal(t, "short", kept[19])
}

type (
	mapName  string
	mapCount int
	mapWord  string
)

func (w *mapWord) UnmarshalText(text []byte) error {
	*w += mapWord(text) // the value is zero before
	return nil
}

// Maps of common types are built without reflection and with the right capacity, for all types and names.
func TestMapsOfCommonTypes(t *testing.T) {
	names := []string{`a`, `a}`, `\"b`, `\u007b\"\"\"`, `,\":`, `é`, ``, strings.Repeat("n", 70)}
	for i := range 300 {
		names = append(names, "name"+strconv.Itoa(i))
	}
	rows := []struct {
		into  reflect.Type
		value string
	}{
		{reflect.TypeFor[map[string]bool](), `true`},
		{reflect.TypeFor[map[string]int](), `-12`},
		{reflect.TypeFor[map[mapName]mapCount](), `12`},
		{reflect.TypeFor[map[string]int64](), `9223372036854775807`},
		{reflect.TypeFor[map[string]uint8](), `7`},
		{reflect.TypeFor[map[string]float64](), `1.5e2`},
		{reflect.TypeFor[map[mapName]string](), `"a text\n"`},
		{reflect.TypeFor[map[string]mapWord](), `"a word"`},
		{reflect.TypeFor[map[string][]int](), `[1]`},
		{reflect.TypeFor[map[string]map[string]int](), `{"x":1,"y":2}`},
	}
	for _, row := range rows {
		t.Run(row.into.String(), func(t *testing.T) {
			d, err := newCompiler().Decoder(describe(t, row.into), nil)
			require.NoError(t, err)
			for _, n := range []int{0, 1, 8, len(names)} {
				var members []string
				for _, name := range names[:n] {
					members = append(members, `"`+name+`" : `+row.value)
				}
				text := "{" + strings.Join(members, ",\n") + "}"
				got, want := reflect.New(row.into), reflect.New(row.into)
				require.Empty(t, lines(run(d, text, got.Elem())))
				require.NoError(t, json.Unmarshal([]byte(text), want.Interface()))
				require.Equal(t, want.Interface(), got.Interface())
			}
			twice := `{"` + strings.Join(names, `":`+row.value+`,"`) + `":` + row.value + `,"a":` + row.value + `}`
			faults := run(d, twice, reflect.New(row.into).Elem())
			require.True(t, isInvalid(faults), lines(faults))
			require.Equal(t, strings.LastIndex(twice, `"a"`), faults[0].Loc[1])
		})
	}
}

// While a list is decoded, the number of remaining elements is estimated from its length and the remaining bytes; here
// their product exceeds 32 bits.
func TestDecodeLongList(t *testing.T) {
	const length = 300_000
	text := []byte("[" + strings.Repeat("1,", length-1) + "1]")
	for _, into := range []any{new([]int8), new([]uint16), new([]float64), new([]any), new(any)} {
		described, err := typeinfo.Of(reflect.TypeOf(into).Elem())
		require.NoError(t, err)
		decoder, err := codec.NewCompiler(nil).Decoder(described, nil)
		require.NoError(t, err)
		var faults fault.List
		assert.True(t, decoder.Decode(text, reflect.ValueOf(into).Elem(), codec.Options{Memory: 1 << 30}, &faults))
		assert.Empty(t, faults.Faults)
		list := reflect.ValueOf(into).Elem()
		if list.Kind() == reflect.Interface {
			list = list.Elem()
		}
		assert.Equal(t, length, list.Len(), "%T", into)
	}
}

// Unescaped characters fit at every distance from the end of the buffer.
func TestDecodeEscapesAtEveryDistance(t *testing.T) {
	for _, escape := range []string{`\n`, `\u00b5`, `\u20ac`, `\ud83d\ude00`} {
		for gap := range 24 {
			for first := range 24 {
				text := `"` + strings.Repeat("x", first) + strings.Repeat(escape+strings.Repeat("x", gap), 100) + `"`
				var want string
				require.NoError(t, json.Unmarshal([]byte(text), &want))
				got, faults := decode[string](t, text)
				require.Empty(t, faults)
				require.Equal(t, want, got)
			}
		}
	}
}
