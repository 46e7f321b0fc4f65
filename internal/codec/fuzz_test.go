package codec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
)

// texts seeds the fuzz tests of decoding.
var texts = []string{
	``, ` `, `null`, `true`, `"a"`, `1`, `[]`, `{}`, `[1,[2,{"a":null}]]`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`,
	`"\ud83d\ude00"`, `"\ud83d"`, "\"\xff\"", "\"\x01\"", `"\u00e9\/\b"`, `01`, `-`, `1.5e+3`, `1e400`, `-0`, `1.`, `[1,]`, `{"a"}`,
	`{"a":1}x`, "\t[ 1 ,\r\n2 ] ", `tru`, strings.Repeat("[", 101) + strings.Repeat("]", 101), `"\u12g4"`, `{"é":"日本"}`, "\"\xed\xa0\x80\"",
	`{"bool":true,"int":-5,"int8":7,"uint":8,"float":1.5,"string":"x","bytes":"YQ==","slice":["a"],"map":{"k":1},"array":[1,2]}`,
	`{"int":1.0}`, `{"int":1e2}`, `{"int8":128}`, `{"uint":-1}`, `{"string":null}`, `{"pointer":null}`, `{"inner":{"a":1,"b":"x"},"unknown":{"a":[{}]}}`,
	`{"time":"2026-01-02T03:04:05.5+01:00"}`, `{"time":"2026-01-02T3:04:05,5Z"}`, `{"time":"2024-02-30T23:59:60-23:59"}`, `{"intmap":{"-1":{"a":1}}}`,
	`{"string":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"}`, `{"any":{"b":[1,2,{"c":""}]}}`, `{"raw":[ 1 ]}`,
	`["a","b","c","d","e","f","g","h","i","j",["",""],[1,2,3,4],[1,2,3,4,5]]`, `[0,1,2,3,4,5,6,7,8,9,[10,11,1.5],"` + strings.Repeat("long ", 20) + `","b"]`,
	`[[[[]]],[{}],[{"a":[[1]]},{"a":[["b"]]}],` + strings.Repeat(`["c",2],`, 9) + `0]`,
	`[9007199254740993,9007199254740991,0.1000000000000000055,10.50,1.7976931348623157e308,1e-400,-0.0,0e99]`,
}

func isInvalid(faults []fault.Fault) bool {
	return len(faults) == 1 && faults[0].Type == fault.JSONInvalid
}

// depth returns how deeply a text nests, valid or not.
func depth(text []byte) (deepest int) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.ReadToken(); err != nil {
			return deepest
		}
		deepest = max(deepest, d.StackDepth())
	}
}

// FuzzDecodeAny decodes into any. Validity is the same as in jsontext and the value the same as in encoding/json,
// except:
//   - Nesting over 100 is json_invalid.
//   - A number that has no equal float64 is a json.Number.
func FuzzDecodeAny(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	d, err := newCompiler().Decoder(describe(f, reflect.TypeFor[any]()), nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want any
		faults := run(d, string(text), reflect.ValueOf(&got).Elem())
		if depth(text) > codec.MaxDepth {
			require.True(t, isInvalid(faults))
			return
		}
		if !jsontext.Value(text).IsValid() {
			require.NotEmpty(t, faults, "%q", text)
			blank := len(bytes.Trim(text, " \t\r\n")) == 0
			require.True(t, blank || isInvalid(faults), "%q: %v", text, lines(faults))
			return
		}
		require.Empty(t, lines(faults), "%q", text)
		digits := json.NewDecoder(bytes.NewReader(text))
		digits.UseNumber()
		require.NoError(t, digits.Decode(&want))
		require.Equal(t, numbered(want), got)
	})
}

// numbered converts each json.Number in a value to the type that decoding gives it.
func numbered(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = numbered(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = numbered(v[name])
		}
	case json.Number:
		if f, err := v.Float64(); err == nil && isWritten(f, v.String()) {
			return f
		}
	}
	return value
}

// isWritten reports whether a float64 is encoded as a number equal to the text.
func isWritten(f float64, text string) bool {
	if f == 0 {
		mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
		return !strings.ContainsAny(mantissa, "123456789")
	}
	meant, _ := new(big.Rat).SetString(text)
	written, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	return meant.Cmp(written) == 0
}

type fuzzInner struct {
	A int    `json:"a,omitempty"`
	B string `json:"b,omitempty"`
}

type fuzzed struct {
	Bool    bool                   `json:"bool,omitempty"`
	Int     int                    `json:"int,omitempty"`
	Int8    int8                   `json:"int8,omitempty"`
	Uint    uint                   `json:"uint,omitempty"`
	Uint16  uint16                 `json:"uint16,omitempty"`
	Float   float64                `json:"float,omitempty"`
	Float32 float32                `json:"float32,omitempty"`
	String  string                 `json:"string,omitempty"`
	Bytes   []byte                 `json:"bytes,omitempty"`
	Time    time.Time              `json:"time,omitzero"`
	Raw     jsontext.Value         `json:"raw,omitempty"`
	Any     any                    `json:"any,omitempty"`
	Pointer *int                   `json:"pointer,omitempty"`
	Slice   []string               `json:"slice,omitempty"`
	Array   [2]int                 `json:"array,omitempty"`
	Map     map[string]int         `json:"map,omitempty"`
	IntMap  map[int8]fuzzInner     `json:"intmap,omitempty"`
	Inner   fuzzInner              `json:"inner,omitempty"`
	List    []*fuzzInner           `json:"list,omitempty"`
	Deep    map[string][]fuzzInner `json:"deep,omitempty"`
}

// intended are the intended differences from go-json-experiment/json when a struct is decoded: one row each, with the
// results of both.
var intended = []struct {
	what, text  string
	here, there bool
}{
	{"null is a value of pointers, any and raw only", `{"string":null}`, false, true},
	{"a whole null is missing", `null`, false, true},
	{"an integer may be written with a point", `{"int":1.0}`, true, false},
	{"an integer may be written with an exponent", `{"uint16":1e2}`, true, false},
	{"minus zero is zero to an unsigned integer, too", `{"uint":-0}`, true, false},
	{"an integer key is written in one way", `{"intmap":{"-0":{}}}`, false, true},
	{"nesting ends at 100", `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, false, true},
}

func TestIntendedDifferences(t *testing.T) {
	for _, row := range intended {
		_, faults := decode[fuzzed](t, row.text)
		require.Equal(t, row.here, len(faults) == 0, "%s: %v", row.what, faults)
		err := jsonv2.Unmarshal([]byte(row.text), new(fuzzed))
		require.Equal(t, row.there, err == nil, "%s: %v", row.what, err)
	}
}

// intendedRefusal recognises the rows that are rejected only here.
func intendedRefusal(faults []fault.Fault, text []byte) bool {
	if bytes.Contains(text, []byte("null")) || depth(text) > codec.MaxDepth {
		return true
	}
	for _, f := range faults {
		if f.Type != fault.IntParsing || f.Loc[len(f.Loc)-1] != "[key]" {
			return false
		}
	}
	return true
}

// intendedAcceptance recognises the rows that are accepted only here.
func intendedAcceptance(text []byte) bool {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return false
		}
		if token.Kind() == '0' && (token.String() == "-0" || strings.ContainsAny(token.String(), ".eE")) {
			return true
		}
	}
}

// FuzzDecodeStruct decodes into a struct with all kinds. The result and the value are those of go-json-experiment/json,
// except for the rows of intended.
func FuzzDecodeStruct(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	d, err := newCompiler().Decoder(describe(f, reflect.TypeFor[fuzzed]()), nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want fuzzed
		faults := run(d, string(text), reflect.ValueOf(&got).Elem())
		wantErr := jsonv2.Unmarshal(text, &want)
		switch {
		case wantErr == nil && len(faults) > 0:
			require.True(t, intendedRefusal(faults, text), "%q: %v", text, lines(faults))
		case wantErr != nil && len(faults) == 0:
			require.True(t, intendedAcceptance(text), "%q: %v", text, wantErr)
		case wantErr == nil:
			require.Equal(t, want, got, "%q", text)
		}
		requireFaultsInOrder(t, faults)
	})
}

// requireFaultsInOrder checks that a syntax error is the only validation error, and that others start at the body and
// are in the order of the struct.
func requireFaultsInOrder(t *testing.T, faults []fault.Fault) {
	rank := map[any]int{}
	for i := range reflect.TypeFor[fuzzed]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[fuzzed]().Field(i).Tag.Get("json"), ",")
		rank[name] = i
	}
	last := -1
	for _, f := range faults {
		require.Equal(t, "body", f.Loc[0])
		if f.Type == fault.JSONInvalid {
			require.Len(t, faults, 1)
			return
		}
		if len(f.Loc) > 1 {
			require.GreaterOrEqual(t, rank[f.Loc[1]], last)
			last = rank[f.Loc[1]]
		}
	}
}

// FuzzNumbers compares decoded integers with math/big.
func FuzzNumbers(f *testing.F) {
	for _, text := range []string{
		"0", "-0", "1.0", "1e2", "120e-1", "1.5", "127", "128", "-128", "-129", "255", "256", "9223372036854775807", "9223372036854775808",
		"-9223372036854775808", "18446744073709551615", "18446744073709551616", "0.18446744073709551615e20", "1e19", "1e20", "2e19", "0e999999999",
		"1e-999999999", "0.00", "123456789012345678", "1234567890123456789", "10000000000000000000000e-3", "1E+2", "0.1e1",
	} {
		f.Add(text)
	}
	c := newCompiler()
	var decoders []*codec.Decoder
	types := []reflect.Type{reflect.TypeFor[int8](), reflect.TypeFor[int64](), reflect.TypeFor[uint8](), reflect.TypeFor[uint64]()}
	for _, goType := range types {
		d, err := c.Decoder(describe(f, goType), nil)
		require.NoError(f, err)
		decoders = append(decoders, d)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if raw := jsontext.Value(text); !raw.IsValid() || raw.Kind() != '0' || strings.TrimSpace(text) != text || hugeExponent(text) {
			return
		}
		want, ok := new(big.Rat).SetString(text)
		require.True(t, ok)
		for i, goType := range types {
			into := reflect.New(goType).Elem()
			faults := run(decoders[i], text, into)
			fits := want.IsInt() && inRange(want.Num(), goType)
			require.Equal(t, fits, len(faults) == 0, "%s as %s: %v", text, goType, lines(faults))
			if fits {
				require.Equal(t, want.Num().String(), fmt.Sprint(into.Interface()))
			}
		}
		requireFloat(t, c, text)
	})
}

// hugeExponent excludes numbers that math/big would take minutes for.
func hugeExponent(text string) bool {
	_, exponent, ok := strings.Cut(strings.ToLower(text), "e")
	return ok && len(strings.TrimLeft(exponent, "+-0")) > 4
}

func inRange(n *big.Int, goType reflect.Type) bool {
	if n.IsInt64() && goType.Kind() <= reflect.Int64 {
		return !reflect.Zero(goType).OverflowInt(n.Int64())
	}
	return n.IsUint64() && goType.Kind() >= reflect.Uint && !reflect.Zero(goType).OverflowUint(n.Uint64())
}

func requireFloat(t *testing.T, c *codec.Compiler, text string) {
	d, err := c.Decoder(describe(t, reflect.TypeFor[float64]()), nil)
	require.NoError(t, err)
	var got float64
	faults := run(d, text, reflect.ValueOf(&got).Elem())
	want, err := strconv.ParseFloat(text, 64)
	require.Equal(t, err == nil, len(faults) == 0, text)
	if err == nil {
		require.Equal(t, math.Float64bits(want), math.Float64bits(got), text)
	}
}

// written is a struct that go-json-experiment/json encodes the same way.
type written struct {
	Bool    bool              `json:"bool"`
	Int     int16             `json:"int,omitempty"`
	Uint    uint64            `json:"uint,string"`
	Float   float64           `json:"float"`
	Float32 float32           `json:"float32,omitempty"`
	String  string            `json:"string,omitempty"`
	Bytes   []byte            `json:"bytes"`
	Time    time.Time         `json:"time,omitzero"`
	Any     any               `json:"any"`
	Pointer *written          `json:"pointer,omitempty"`
	Slice   []written         `json:"slice"`
	Map     map[string]string `json:"map"`
	Ints    map[int]int       `json:"ints,omitempty"`
	fuzzInner
}

// FuzzEncode compares the encoding of random values with go-json-experiment/json, with encoding/json's omitempty and
// sorted maps. The values avoid intended differences: equal map keys, and integer keys whose order differs from that of
// their text.
func FuzzEncode(f *testing.F) {
	f.Add(uint64(1), "a")
	f.Add(uint64(2), "é\xff\x00\"\\<\u2028")
	f.Add(uint64(3), "")
	e, err := newCompiler().Encoder(describe(f, reflect.TypeFor[written]()), nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		value := random(rand.New(rand.NewPCG(seed, 0)), text, 3)
		got, err := e.Append(nil, reflect.ValueOf(&value).Elem(), false, nil)
		want, wantErr := jsonv2.Marshal(value, jsonv2.Deterministic(true), jsonv1.OmitEmptyWithLegacySemantics(true), jsontext.AllowInvalidUTF8(true))
		require.Equal(t, wantErr == nil, err == nil, "%v %v", err, wantErr)
		if err == nil {
			require.Equal(t, string(want), string(got))
			require.True(t, json.Valid(got))
		}
	})
}

func random(r *rand.Rand, text string, depth int) written {
	words := []string{text, "", "x", strings.Repeat(text, 3), strconv.Itoa(r.IntN(1000))}
	word := func() string { return words[r.IntN(len(words))] }
	numbers := []float64{0, 1, -1.5, 1e21, 1e-7, 123456789, float64(r.Int64N(1e12)-5e11) / 1000, r.NormFloat64(), math.Float64frombits(r.Uint64())}
	v := written{
		Bool: r.IntN(2) == 0, Int: int16(r.Uint32()), Uint: r.Uint64() >> r.IntN(64), Float: numbers[r.IntN(len(numbers))],
		Float32: float32(numbers[r.IntN(len(numbers)-1)]), String: word(), fuzzInner: fuzzInner{A: r.IntN(3), B: word()},
		Any: []any{nil, true, 1.5, word(), 7, []any{word()}, map[string]any{"b": nil, "a": []int(nil)}, struct{}{}}[r.IntN(8)],
	}
	if r.IntN(2) == 0 {
		v.Time = time.Unix(r.Int64N(1<<38), r.Int64N(1e9)).UTC()
		v.Bytes = []byte(word())
		v.Map = map[string]string{"k": word(), "a": word(), "<": word()}
		v.Ints = map[int]int{r.IntN(9): 1}
	}
	if depth > 0 {
		for range r.IntN(3) {
			v.Slice = append(v.Slice, random(r, text, depth-1))
		}
		if r.IntN(2) == 0 {
			inner := random(r, text, depth-1)
			v.Pointer = &inner
		}
	}
	return v
}

// FuzzFloats compares the encoding of floats, and of those next to a number with few decimals, with encoding/json.
func FuzzFloats(f *testing.F) {
	for _, x := range []float64{0, 1, -1, 0.07, 99.99, 1e13, 1e15, 1e21, 1e-7, 0.005, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		f.Add(x, int64(x))
	}
	e, err := newCompiler().Encoder(describe(f, reflect.TypeFor[float64]()), nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, x float64, n int64) {
		cents, millionths := float64(n)/100, float64(n%1e15)/1e6
		for _, value := range []float64{
			x, cents, math.Nextafter(cents, x), float64(n) / 1000, math.Copysign(x, -1),
			millionths, math.Nextafter(millionths, x), math.Trunc(x*1e6) / 1e6, float64(n%1e4) / 1e6,
		} {
			want, wantErr := json.Marshal(value)
			got, err := e.Append(nil, reflect.ValueOf(&value).Elem(), false, nil)
			require.Equal(t, wantErr == nil, err == nil)
			if err == nil {
				require.Equal(t, string(want), string(got))
			}
		}
	})
}

// FuzzTexts compares the encoding of texts, at any alignment, with go-json-experiment/json, and decodes them again.
// Invalid UTF-8 is replaced.
func FuzzTexts(f *testing.F) {
	for _, text := range []string{
		"", "a", "1234567", "12345678", "123456789", "é", "1234567é", "12345678\"", "\x00\x1f\x7f\u0080", "a\xffb\xc3", "\xed\xa0\x80",
		"12345678\n12345678\\", "日本語のテキスト", "\U0001f600/<>&\u2028", strings.Repeat("é\t", 30),
	} {
		f.Add(text, uint8(0))
		f.Add(text, uint8(3))
	}
	c := newCompiler()
	e, err := c.Encoder(describe(f, reflect.TypeFor[[]string]()), nil)
	require.NoError(f, err)
	d, err := c.Decoder(describe(f, reflect.TypeFor[[]string]()), nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string, offset uint8) {
		texts := []string{text, text[min(len(text), int(offset)):], text + text}
		got, err := e.Append(nil, reflect.ValueOf(&texts).Elem(), false, nil)
		require.NoError(t, err)
		want, err := jsonv2.Marshal(texts, jsontext.AllowInvalidUTF8(true))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
		var back []string
		require.Empty(t, lines(run(d, string(got), reflect.ValueOf(&back).Elem())))
		for i := range texts {
			texts[i] = string([]rune(texts[i]))
		}
		require.Equal(t, texts, back)
	})
}

// FuzzStrings compares the decoding of strings in any position with go-json-experiment/json. Invalid UTF-8 is reported
// at its first byte.
func FuzzStrings(f *testing.F) {
	for _, text := range []string{
		"", "1234567", "12345678", "é", "1234567é", "日本語のテキスト", "\U0001f600", "aaaaaaa\U0001f600", "\xc0\x80", "\xc1\xbf", "\xc2\x7f",
		"\xe0\x9f\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xed\xa0\x80", "\xef\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xff", "\x80", "a\xc3", "aa\xe2\x82", "aaa\xf0\x9f\x98", "\xc3\\n\xa9",
		`\u0041\u00e9\u20ac\ud83d\ude00`, `\"\\\/\b\f\n\r\t`, `\ud83d\u0041`, `\ude00`, `\ud83d`, `\ud83d\ud83d`, `\u00G0`, `\uABCDefAb`, `\x`, `\`,
		"ПРИВЕТ, \\\"мир\\\"", "é\\n12345678901234567", "\\n12345678901234567é", "\\n\xff", "\xff\\n", "\\n1234567\xff\\n", "ไทย", "हिन्दी", "한국어", "\x1f", "\x7f",
	} {
		f.Add(text, uint8(0))
		f.Add(text, uint8(6))
	}
	d, err := newCompiler().Decoder(describe(f, reflect.TypeFor[string]()), nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, inner string, before uint8) {
		for _, behind := range []string{`"`, `"          `, strings.Repeat("x", int(before)) + `"`} {
			text := `"` + strings.Repeat("a", int(before%9)) + inner + behind
			var got, want string
			faults := run(d, text, reflect.ValueOf(&got).Elem())
			if wantErr := jsonv2.Unmarshal([]byte(text), &want); wantErr != nil {
				require.True(t, isInvalid(faults), "%q: %v", text, wantErr)
				requireFirstInvalid(t, text, &faults[0])
				continue
			}
			require.Empty(t, lines(faults), "%q", text)
			require.Equal(t, want, got)
		}
	})
}

// FuzzLists compares the decoding of lists of texts or numbers with go-json-experiment/json. Texts may contain commas
// and brackets.
func FuzzLists(f *testing.F) {
	for _, text := range []string{
		`[]`, `[1]`, `[1,2,3,4,5]`, `["a"]`, `["a","b","c","d","e"]`, `[",,,,,,,,,,,,,,,,,,,,"]`, `["]",",","[1,2]"]`, `["\u005d","\"]\"",""]`,
		`[""  ,  "" ]`, `[1.5,-0,1e3,25e-1,0.00025]`, `[true]`, `[null]`, `["a",1]`, `[1,]`, `["a`,
		"[" + strings.Repeat("7,", 40) + "7]", `["` + strings.Repeat(`text","`, 60) + `"]`, `["` + strings.Repeat("long ", 60) + `","b"]`,
		`["` + strings.Repeat("é", 33) + `","` + strings.Repeat("a", 62) + `",""]`,
	} {
		f.Add(text)
	}
	c := newCompiler()
	var decoders []*codec.Decoder
	types := []reflect.Type{reflect.TypeFor[[]string](), reflect.TypeFor[[]float64](), reflect.TypeFor[[]int64](), reflect.TypeFor[[]int16](), reflect.TypeFor[[]bool]()}
	for _, goType := range types {
		d, err := c.Decoder(describe(f, goType), nil)
		require.NoError(f, err)
		decoders = append(decoders, d)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if trimmed := strings.Trim(text, " \t\r\n"); !strings.HasPrefix(trimmed, "[") || strings.Contains(trimmed, "null") {
			return
		}
		for i, goType := range types {
			got, want := reflect.New(goType), reflect.New(goType)
			faults := run(decoders[i], text, got.Elem())
			if jsonv2.Unmarshal([]byte(text), want.Interface()) == nil {
				require.Empty(t, lines(faults), "%q as %s", text, goType)
				require.Equal(t, want.Interface(), got.Interface(), "%q", text)
			} else if !jsontext.Value(text).IsValid() {
				require.True(t, isInvalid(faults), "%q as %s", text, goType)
			}
		}
	})
}

// requireFirstInvalid checks that a validation error for invalid UTF-8 is located at the first such byte.
func requireFirstInvalid(t *testing.T, text string, f *fault.Fault) {
	if f.Ctx["error"] != "not valid UTF-8" {
		return
	}
	at := f.Loc[1].(int)
	require.True(t, utf8.ValidString(text[:at]), "%q at %d", text, at)
	r, size := utf8.DecodeRuneInString(text[at:])
	require.True(t, r == utf8.RuneError && size == 1, "%q at %d", text, at)
}

// FuzzRoundTrip: decoded values are encoded and decoded again as the same value.
func FuzzRoundTrip(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	c := newCompiler()
	d, err := c.Decoder(describe(f, reflect.TypeFor[fuzzed]()), nil)
	require.NoError(f, err)
	e, err := c.Encoder(describe(f, reflect.TypeFor[fuzzed]()), nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text []byte) {
		var first, second fuzzed
		if len(run(d, string(text), reflect.ValueOf(&first).Elem())) > 0 {
			return
		}
		out, err := e.Append(nil, reflect.ValueOf(&first).Elem(), false, nil)
		require.NoError(t, err)
		require.Empty(t, lines(run(d, string(out), reflect.ValueOf(&second).Elem())), "%s", out)
		again, err := e.Append(nil, reflect.ValueOf(&second).Elem(), false, nil)
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))
	})
}
