package codec_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
)

type sample struct {
	Sum   [3]byte         `json:"sum"`
	On    bool            `json:"on,string"`
	Every time.Duration   `json:"every"`
	Opt   Optional[int]   `json:"opt"`
	Gone  Optional[int]   `json:"gone"`
	None  []int           `json:"none"`
	Map   map[string]int  `json:"map"`
	Raw   json.RawMessage `json:"raw"`
	Zero  int             `json:"zero,omitempty"`
	Empty struct{}        `json:"empty,omitempty"`
	Pet   *Pet            `json:"pet"`
	Text  string          `json:"text"`
	Next  *sample         `json:"next,omitempty"`
}

// A value has the same encoding alone and inside an any.
func TestEncodeTheSameInAny(t *testing.T) {
	one := sample{Sum: [3]byte{1, 2, 3}, On: true, Every: time.Second, Opt: Optional[int]{Value: 3, Set: true}, Pet: &Pet{Dog: &Dog{}}, Text: "a<\xff"}
	one.Next = &sample{Raw: json.RawMessage("[ 1 ]"), Opt: Optional[int]{Set: true, Null: true}}
	level := Level("unlisted")
	values := []func(t *testing.T) (any, string){
		alone(one), alone(&one), alone([]sample{one}), alone(map[string]*sample{"a": &one}), alone([1]*sample{}),
		alone(Pet{Cat: &Cat{Lives: 1}}), alone(Optional[string]{Value: "x", Set: true}), alone(Optional[string]{}),
		alone([3]byte{1}), alone([]byte("ab")), alone(time.Minute), alone(time.Time{}), alone(Point{1, 2}), alone(Hex(255)),
		alone(map[Hex]int{255: 1}), alone(map[string]any{"\xff": one}), alone(netip.MustParseAddr("::1")), alone(level), alone(&level),
		alone(json.Number("1.50")), alone(float32(0.1)), alone(uint8(3)), alone((*int)(nil)), alone([]int(nil)), alone(map[int]bool(nil)),
	}
	for _, value := range values {
		v, want := value(t)
		for _, held := range []any{v, &v, []any{v}, map[string]any{"a": v}, struct{ A any }{v}, map[string]fmt.Stringer{}, []any{map[string]any{"b": []any{v}}}} {
			text, err := codec.AppendAny(nil, held)
			require.NoError(t, err)
			if m, ok := held.(map[string]fmt.Stringer); ok {
				assert.Equal(t, "{}", string(text), "%v", m)
				continue
			}
			assert.Contains(t, string(text), want, "%T", v)
		}
	}
}

func alone[T any](v T) func(t *testing.T) (any, string) {
	return func(t *testing.T) (any, string) {
		text, err := encode(t, v)
		require.NoError(t, err)
		return v, text
	}
}

type (
	// quota is an error with its own form, emptyError one without members.
	quota struct {
		Left int `json:"left"`
	}
	emptyError struct{}
	kind       string
	holder     struct {
		Err    error          `json:"err"`
		Next   fmt.Stringer   `json:"next"`
		Errors []error        `json:"errors"`
		Time   fmt.Stringer   `json:"time,omitempty"`
		Addrs  []fmt.Stringer `json:"addrs,omitempty"`
	}
	closed struct{ cents int }
	opaque struct {
		Price closed `json:"price"`
	}
)

func (quota) Error() string      { return "no quota" }
func (emptyError) Error() string { return "empty \xff" }
func (k kind) Error() string     { return "kind " + string(k) }

func TestEncodeErrorsAndInterfaces(t *testing.T) {
	rows := []struct {
		value any
		want  string
	}{
		{errors.New("taken"), `"taken"`},
		{fmt.Errorf("a: %w", errors.New("b")), `"a: b"`},
		{errors.Join(errors.New("a"), errors.New("b")), `"a\nb"`},
		{emptyError{}, `"empty �"`},
		{quota{3}, `{"left":3}`},
		{&quota{3}, `{"left":3}`},
		{kind("a"), `"a"`},
		{&fs.PathError{Op: "open", Path: "x", Err: errors.New("gone")}, `{"Op":"open","Path":"x","Err":"gone"}`},
		{[]error{quota{1}, errors.New("b"), nil}, `[{"left":1},"b",null]`},
		{map[string]error{"a": emptyError{}}, `{"a":"empty �"}`},
		{holder{Err: quota{2}}, `{"err":{"left":2},"next":null,"errors":[]}`},
		{holder{Next: time.Second, Addrs: []fmt.Stringer{netip.MustParseAddr("::1")}}, `{"err":null,"next":"1s","errors":[],"addrs":["::1"]}`},
		{map[any]any{1: errors.New("b"), "a": time.Second}, `{"1":"b","a":"1s"}`},
	}
	for _, row := range rows {
		text, err := codec.AppendAny([]byte("x"), row.value)
		require.NoError(t, err)
		assert.Equal(t, "x"+row.want, string(text))
	}
	for _, value := range []any{make(chan int), func() {}, []any{1, make(chan int)}, closed{1}, &opaque{}, map[string]any{"\xff": 1, "\xfe": 2}} {
		_, err := codec.AppendAny(nil, value)
		assert.Error(t, err, "%T", value)
	}
}

// Only registered types are validated.
func TestEncodeInAnyDoesNotValidate(t *testing.T) {
	type ruled struct {
		Name  string           `json:"name" validate:"min=3"`
		Level Level            `json:"level"`
		Keys  map[Level]string `json:"keys" validate:"nosuchrule"`
	}
	type response struct {
		Data any `json:"data"`
	}
	e, err := newCompiler().Encoder(describe(t, reflect.TypeFor[response]()), nil)
	require.NoError(t, err)
	var faults fault.List
	text, err := e.Append(nil, reflect.ValueOf(response{ruled{Level: "unlisted", Keys: map[Level]string{"x": ""}}}), true, &faults)
	require.NoError(t, err)
	assert.Empty(t, faults.Faults)
	assert.Equal(t, `{"data":{"name":"","level":"unlisted","keys":{"x":""}}}`, string(text)) //nolint:testifylint // byte for byte
}

func TestAppendExact(t *testing.T) {
	text, err := codec.AppendExact(nil, map[any]any{"a": []any{1, "b", 1.5}, 2: uint64(1 << 63)})
	require.NoError(t, err)
	assert.JSONEq(t, `{"2":9223372036854775808,"a":[1,"b",1.5]}`, string(text))
	for _, value := range []any{"\xff", []any{"\xff"}, map[string]any{"\xff": 1}, map[any]any{1: "\xff"}, []string{"\xff"}} {
		_, err := codec.AppendExact(nil, value)
		assert.Error(t, err, "%q", value)
	}
}

func TestNumbersInAny(t *testing.T) {
	rows := []struct {
		text string
		want any
	}{
		{"1", 1.0},
		{"10.50", 10.5},
		{"-0.0", math.Copysign(0, -1)},
		{"1e2", 100.0},
		{"100000000000000000000000", 1e23},
		{"0.1", 0.1},
		{"1.7976931348623157e308", 1.7976931348623157e308},
		{"9007199254740992", 9007199254740992.0},
		{"9007199254740993", json.Number("9007199254740993")},
		{"18446744073709551615", json.Number("18446744073709551615")},
		{"1152921504606846976", json.Number("1152921504606846976")},
		{"0.10000000000000000555", json.Number("0.10000000000000000555")},
		{"1e400", json.Number("1e400")},
		{"1e-400", json.Number("1e-400")},
		{"0e400", 0.0},
	}
	for _, row := range rows {
		assert.Equal(t, row.want, codec.Number(row.text), row.text)
		assert.Equal(t, row.want, read[any](t, row.text), row.text)
		assert.Equal(t, map[string]any{"a": []any{row.want}}, read[map[string]any](t, `{"a":[`+row.text+`]}`), row.text)
	}
}
