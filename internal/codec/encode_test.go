package codec_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
)

func TestEncodeValues(t *testing.T) {
	five := 5
	type omits struct {
		A int        `json:"a,omitempty"`
		B string     `json:"b,omitempty"`
		C []int      `json:"c,omitempty"`
		D *int       `json:"d,omitempty"`
		E struct{}   `json:"e,omitempty"`
		F time.Time  `json:"f,omitzero"`
		G [0]int     `json:"g,omitempty"`
		H netip.Addr `json:"h,omitzero"`
		I any        `json:"i,omitempty"`
		J any        `json:"j,omitzero"`
		K *time.Time `json:"k,omitzero"`
		L int        `json:"l,omitempty,omitzero"`
	}
	type quoted struct {
		A int      `json:"a,string"`
		B *float64 `json:"b,string"`
		C bool     `json:"c,string"`
	}
	type patch struct {
		A Optional[int]    `json:"a"`
		B Optional[string] `json:"b"`
		C Optional[[]int]  `json:"c"`
	}
	type withPart struct {
		*ExtraPart
		Z int `json:"z"`
	}
	rows := []struct {
		encode func(t testing.TB) (string, error)
		want   string
	}{
		{of(true), `true`},
		{of(int8(-128)), `-128`},
		{of(uint64(math.MaxUint64)), `18446744073709551615`},
		{of(1e21), `1e+21`},
		{of(1e-7), `1e-7`},
		{of(100.0), `100`},
		{of(-99.99), `-99.99`},
		{of(0.5), `0.5`},
		{of(0.07), `0.07`},
		{of(0.005), `0.005`},
		{of(0.000001), `0.000001`},
		{of(-52.520008), `-52.520008`},
		{of(13.40495), `13.40495`},
		{of(999999999.999999), `999999999.999999`},
		{of(1000000000.000001), `1000000000.000001`},
		{of(0.0000015), `0.0000015`},
		{of(9999999999999.99), `9999999999999.99`},
		{of(90071992547409.93), `90071992547409.94`},
		{of("0123456789\\\"é日本\xff\xc3!\x7f"), `"0123456789\\\"é日本��!` + "\x7f" + `"`},
		{of(float32(0.1)), `0.1`},
		{of(math.Copysign(0, -1)), `-0`},
		{of(json.Number("")), `0`},
		{of(json.Number("1.50")), `1.50`},
		{of("a\"\\\b\f\n\r\t\x01\x7f<&>\u2028é\xffz"), `"a\"\\\b\f\n\r\t\u0001` + "\x7f<&>\u2028é\ufffdz\""},
		{of([]byte(nil)), `""`},
		{of([]byte("ab")), `"YWI="`},
		{of(time.Date(2026, 1, 2, 3, 4, 5, 5e8, time.FixedZone("", 3600))), `"2026-01-02T03:04:05.5+01:00"`},
		{of(90 * time.Minute), `"1h30m0s"`},
		{of(Hex(255)), `"ff"`},
		{of(Point{1, 2}), `[1,2]`},
		{of(json.RawMessage(nil)), `null`},
		{of(json.RawMessage(` { "a b" : [ 1 , "\" " ] } `)), `{"a b":[1,"\" "]}`},
		{of[any](nil), `null`},
		{of[any](1.5), `1.5`},
		{of[any](-7), `-7`},
		{of[any](false), `false`},
		{of[any]("é"), `"é"`},
		{of[any](map[string]any{"b": []int(nil), "a": time.Second, "c": map[string]int(nil)}), `{"a":"1s","b":[],"c":{}}`},
		{of[any](map[string]any{"z": nil, "é": []any{int64(-1), []any(nil), true}, "a": map[string]any(nil)}), `{"a":{},"z":null,"é":[-1,[],true]}`},
		{of(map[string]any{"b": 1, "a": "x"}), `{"a":"x","b":1}`},
		{of[any](map[string]any{"\xff": 1}), `{"�":1}`},
		{of[*int](nil), `null`},
		{of(&five), `5`},
		{of([]int(nil)), `[]`},
		{of([]int{1, 2}), `[1,2]`},
		{of([2]bool{true}), `[true,false]`},
		{of(map[string]int(nil)), `{}`},
		{of(map[string]int{"b": 1, "a": 2, "": 3}), `{"":3,"a":2,"b":1}`},
		{of(map[int]string{10: "x", 9: "y", -1: "z"}), `{"-1":"z","10":"x","9":"y"}`},
		{of(map[Hex]int{255: 1}), `{"ff":1}`},
		{of(map[string]int{"a\xff": 1}), "{\"a\ufffd\":1}"},
		{of(struct{}{}), `{}`},
		{of(omits{}), `{"e":{}}`},
		{of(omits{A: 1, D: &five, G: [0]int{}, I: 0, J: 0, L: 1}), `{"a":1,"d":5,"e":{},"i":0,"j":0,"l":1}`},
		{of(quoted{A: 5}), `{"a":"5","b":null,"c":"false"}`},
		{of(map[ownText]int{{'a', 'b'}: 1, {'c', 'd'}: 2}), `{"ab":1,"cd":2}`},
		{of(patch{}), `{}`},
		{of(patch{A: Optional[int]{Set: true}, B: Optional[string]{Set: true, Null: true}, C: Optional[[]int]{Set: true}}), `{"a":0,"b":null,"c":[]}`},
		{of([]Optional[int]{{}}), `[null]`},
		{of(withPart{}), `{"z":0}`},
		{of(withPart{ExtraPart: &ExtraPart{Note: "n"}}), `{"note":"n","z":0}`},
		{of(Pet{Dog: &Dog{Bark: true}}), `{"kind":"dog","bark":true,"loud":""}`},
		{of(Pet{Cat: &Cat{Kind: "lion", Lives: 1}}), `{"kind":"cat","lives":1}`},
		{of(tree{Value: 1, Children: []tree{{}}}), `{"value":1,"children":[{"value":0,"next":null}],"next":null}`},
	}
	for _, row := range rows {
		got, err := row.encode(t)
		require.NoError(t, err, row.want)
		assert.Equal(t, row.want, got)
		assert.True(t, json.Valid([]byte(got)))
	}
}

// ownText is a key whose text is its own memory.
type ownText [2]byte

func (k *ownText) MarshalText() ([]byte, error) { return k[:], nil }

func (k *ownText) UnmarshalText(text []byte) error {
	copy(k[:], text)
	return nil
}

func of[T any](v T) func(testing.TB) (string, error) {
	return func(t testing.TB) (string, error) { return encode(t, v) }
}

func TestEncodeErrors(t *testing.T) {
	loop := &tree{}
	loop.Next = loop
	circle := map[string]any{}
	circle["self"] = []any{circle}
	type holder struct {
		List []map[string]float64 `json:"list"`
	}
	rows := []struct {
		encode func(t testing.TB) (string, error)
		want   string
	}{
		{of(holder{[]map[string]float64{{"a": 1}, {"b": math.NaN()}}}), "list.1.b: NaN is not a number in JSON"},
		{of(math.Inf(1)), "+Inf"},
		{of[any](math.Inf(-1)), "-Inf"},
		{of(json.Number("1x")), "json.Number"},
		{of(json.RawMessage(`{`)), "raw JSON is not valid"},
		{of(json.RawMessage{}), "raw JSON is not valid"},
		{of(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), "RFC 3339"},
		{of(map[string]int{"\xff": 1, "\xfe": 2}), "written alike"},
		{of(Pet{}), "exactly one variant"},
		{of([]Pet{{Cat: &Cat{}, Dog: &Dog{}}}), "0: a union needs exactly one variant"},
		{of(loop), "nested too deeply"},
		{of[any](circle), "nested too deeply"},
		{of[any](map[string]any{"a": []any{1, math.NaN()}}), "a.1: NaN"},
		{of[any](func() {}), "func"},
	}
	for _, row := range rows {
		_, err := row.encode(t)
		assert.ErrorContains(t, err, row.want)
	}
}

func TestEncodeChecks(t *testing.T) {
	type item struct {
		Name  string         `json:"name" validate:"min=2"`
		Skip  string         `json:"skip,omitempty" validate:"min=2"`
		Ref   *int           `json:"ref" validate:"gte=1"`
		Opt   Optional[int]  `json:"opt" validate:"gte=1"`
		Level Level          `json:"level,omitempty"`
		Map   map[string]int `json:"map" validate:"dive,keys,min=2,endkeys,gte=1"`
		Enums map[Level]int  `json:"enums,omitempty"`
		Union *Pet           `json:"union,omitempty"`
		From  int            `json:"from"`
		To    int            `json:"to" validate:"gtefield=From"`
	}
	zero := 0
	rows := []struct {
		v    item
		want []string
	}{
		{item{Name: "ab"}, nil},
		{item{Name: "a", Ref: &zero, Opt: Optional[int]{Set: true}, Level: "top", Map: map[string]int{"k": 1, "kk": 0}}, []string{
			"string_too_short 0/name [min_length:2]", "greater_than_equal 0/ref [ge:1]", "greater_than_equal 0/opt [ge:1]",
			"enum 0/level [expected:'low', 'mid' or 'high']", "string_too_short 0/map/k/[key] [min_length:2]", "greater_than_equal 0/map/kk [ge:1]",
		}},
		{item{Name: "ab", Enums: map[Level]int{"top": 1}, Union: &Pet{Cat: &Cat{}}}, []string{
			"enum 0/enums/top/[key] [expected:'low', 'mid' or 'high']", "greater_than_equal 0/union/cat/lives [ge:1]",
		}},
		{item{Name: "ab", Opt: Optional[int]{Set: true, Null: true}, From: 2, To: 1}, []string{"value_error 0/to"}},
	}
	e, err := newCompiler().Encoder(describe(t, reflect.TypeFor[[]item]()), nil)
	require.NoError(t, err)
	for _, row := range rows {
		var faults fault.List
		value := []item{row.v}
		out, err := e.Append([]byte("x"), reflect.ValueOf(&value).Elem(), true, &faults)
		require.NoError(t, err)
		assert.True(t, json.Valid(out[1:]))
		faults.Seal(0, "out")
		got := lines(faults.Faults)
		require.Len(t, got, len(row.want))
		for i := range got {
			got[i] = strings.Replace(got[i], "out/", "", 1)
			assert.True(t, strings.HasPrefix(got[i], row.want[i]), "%s, want %s", got[i], row.want[i])
		}
	}
}

func TestEncodeCopiesUnaddressableValues(t *testing.T) {
	e, err := newCompiler().Encoder(describe(t, reflect.TypeFor[Point]()), nil)
	require.NoError(t, err)
	out, err := e.Append(nil, reflect.ValueOf(Point{3, 4}), false, nil)
	require.NoError(t, err)
	assert.Equal(t, "[3,4]", string(out))
}

func TestEncodeIntegers(t *testing.T) {
	var all []int64
	for n := int64(1); n > 0 && n < math.MaxInt64/10; n *= 10 {
		all = append(all, n-1, n, n+1, 5*n, -n, 1-n)
	}
	all = append(all, math.MaxInt64, math.MinInt64)
	want, err := json.Marshal(all)
	require.NoError(t, err)
	e, err := newCompiler().Encoder(describe(t, reflect.TypeFor[[]int64]()), nil)
	require.NoError(t, err)
	got, err := e.Append(nil, reflect.ValueOf(&all).Elem(), false, nil)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))

	large := []uint64{math.MaxUint64, 1 << 63, 1e19}
	e, err = newCompiler().Encoder(describe(t, reflect.TypeFor[[]uint64]()), nil)
	require.NoError(t, err)
	got, err = e.Append(nil, reflect.ValueOf(&large).Elem(), false, nil)
	require.NoError(t, err)
	assert.Equal(t, "[18446744073709551615,9223372036854775808,10000000000000000000]", string(got))
}

// Every UTF-8 form of a character, valid or not, is encoded as by a loop over runes, inside a text and at its end.
func TestEncodeEveryCharacter(t *testing.T) {
	var got, want []byte
	for lead := range 256 {
		for second := range 256 {
			for _, rest := range []string{"", "\x80", "\xbf\x80", "\x80\xbf", "\xbfz", "\x80\x80 12345678"} {
				text := "1234" + string([]byte{byte(lead), byte(second)}) + rest
				want = want[:0]
				for _, r := range text {
					want = appendNaive(want, r)
				}
				if got = codec.AppendString(got[:0], text); string(got) != `"`+string(want)+`"` {
					t.Fatalf("%q is written %q, not %q", text, got, want)
				}
			}
		}
	}
}

func appendNaive(dst []byte, r rune) []byte {
	if at := strings.IndexRune("\b\f\n\r\t\"\\", r); at >= 0 {
		return append(dst, '\\', `bfnrt"\`[at])
	}
	if r < ' ' {
		return fmt.Appendf(dst, "\\u%04x", r)
	}
	return utf8.AppendRune(dst, r)
}

// The encoder counts characters for the rules, including replaced ones.
func TestEncodeCountsCharacters(t *testing.T) {
	type counted struct {
		Text string `json:"text" validate:"min=9,max=12"`
	}
	rows := []struct {
		text string
		want int
	}{
		{"12345678", 1},
		{"123456789", 0},
		{"123456789012", 0},
		{"1234567890123", 1},
		{"äöüäöüäö", 1},
		{"äöüäöüäöü", 0},
		{"日本\n語\"日本語日本語", 0},
		{"日本\n語\"日本語日本語日本", 1},
		{"\xff\xff\xffa\xc3\xe2\x82日\x00", 0},
		{"\xff\xffa\xc3\xe2\x82日", 1},
		{"😀é😀é😀é😀é", 1},
		{"😀é😀é😀é😀é\\", 0},
	}
	e, err := newCompiler().Encoder(describe(t, reflect.TypeFor[counted]()), nil)
	require.NoError(t, err)
	for _, row := range rows {
		var faults fault.List
		_, err := e.Append(nil, reflect.ValueOf(&counted{row.text}).Elem(), true, &faults)
		require.NoError(t, err)
		assert.Len(t, faults.Faults, row.want, row.text)
	}
}
