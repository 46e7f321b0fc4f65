package bind_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/typeinfo"
)

// maybe is like candor.Optional.
type maybe[T any] struct {
	Value T
	Set   bool
	Null  bool

	_ mark.Optional
}

// written encodes all headers of a struct.
func written(t testing.TB, in any, faults *fault.List) (http.Header, error) {
	t.Helper()
	from := reflect.New(reflect.TypeOf(in)).Elem()
	from.Set(reflect.ValueOf(in))
	h := http.Header{}
	for _, f := range describe(t, from.Type()).Params {
		w, err := compiler.Writer(f)
		require.NoError(t, err)
		texts, err := w.Append(nil, from, true, faults)
		if err != nil {
			return h, err
		}
		if len(texts) > 0 {
			h[http.CanonicalHeaderKey(f.Name)] = texts
		}
	}
	return h, nil
}

func TestWriter(t *testing.T) {
	moment := time.Date(2026, 11, 21, 10, 0, 0, 500, time.UTC)
	seven, none := 7, ""
	tests := map[string]struct {
		in   any
		want []string
	}{
		"text": {struct {
			V string `header:"v"`
		}{"a b"}, []string{"a b"}},
		"empty text is there": {struct {
			V string `header:"v"`
		}{}, []string{""}},
		"omitempty": {struct {
			V string `header:"v,omitempty"`
		}{}, nil},
		"omitempty with text": {struct {
			V string `header:"v,omitempty"`
		}{"x"}, []string{"x"}},
		"omitempty of a number": {struct {
			V int `header:"v,omitempty"`
		}{}, nil},
		"omitzero asks IsZero": {struct {
			V time.Time `header:"v,omitzero"`
		}{time.Time{}.In(time.FixedZone("", 60))}, nil},
		"omitempty keeps a struct": {struct {
			V time.Time `header:"v,omitempty"`
		}{}, []string{"0001-01-01T00:00:00Z"}},
		"integer": {struct {
			V int8 `header:"v"`
		}{-128}, []string{"-128"}},
		"unsigned": {struct {
			V uint64 `header:"v"`
		}{math.MaxUint64}, []string{"18446744073709551615"}},
		"boolean": {struct {
			V bool `header:"v"`
		}{true}, []string{"true"}},
		"a million has no exponent": {struct {
			V float64 `header:"v"`
		}{1e6}, []string{"1000000"}},
		"a tiny number has": {struct {
			V float32 `header:"v"`
		}{1e-7}, []string{"1e-07"}},
		"number kept as text": {struct {
			V json.Number `header:"v"`
		}{"1.50"}, []string{"1.50"}},
		"number without text": {struct {
			V json.Number `header:"v"`
		}{}, []string{"0"}},
		"bytes are text": {struct {
			V []byte `header:"v"`
		}{[]byte("raw")}, []string{"raw"}},
		"raw JSON on one line": {struct {
			V json.RawMessage `header:"v"`
		}{json.RawMessage("{ \"a\":\n1 }")}, []string{`{"a":1}`}},
		"no raw JSON is null": {struct {
			V json.RawMessage `header:"v"`
		}{}, []string{"null"}},
		"time": {struct {
			V time.Time `header:"v"`
		}{moment}, []string{"2026-11-21T10:00:00.0000005Z"}},
		"duration": {struct {
			V time.Duration `header:"v"`
		}{90 * time.Second}, []string{"1m30s"}},
		"a type with a text": {struct {
			V netip.Addr `header:"v"`
		}{netip.MustParseAddr("::1")}, []string{"::1"}},
		"nil pointer": {struct {
			V *int `header:"v"`
		}{}, nil},
		"pointer": {struct {
			V *int `header:"v"`
		}{&seven}, []string{"7"}},
		"pointer to nothing written": {struct {
			V *string `header:"v"`
		}{&none}, []string{""}},
		"absent": {struct {
			V maybe[int] `header:"v"`
		}{}, nil},
		"null": {struct {
			V maybe[int] `header:"v"`
		}{maybe[int]{Set: true, Null: true}}, nil},
		"set": {struct {
			V maybe[int] `header:"v"`
		}{maybe[int]{Set: true, Value: 3}}, []string{"3"}},
		"list, a line each": {struct {
			V []int `header:"v"`
		}{[]int{1, 2}}, []string{"1", "2"}},
		"list without elements": {struct {
			V []int `header:"v"`
		}{}, nil},
		"array": {struct {
			V [2]bool `header:"v"`
		}{[2]bool{true}}, []string{"true", "false"}},
		"csv": {struct {
			V []string `header:"v,csv"`
		}{[]string{"a", "b"}}, []string{"a, b"}},
		"csv without elements": {struct {
			V []string `header:"v,csv"`
		}{}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var faults fault.List
			h, err := written(t, tt.in, &faults)
			require.NoError(t, err)
			assert.Empty(t, faults.Faults)
			assert.Equal(t, tt.want, h["V"])
		})
	}
}

type cannotSay struct{}

func (cannotSay) MarshalText() ([]byte, error) { return nil, assert.AnError }
func (*cannotSay) UnmarshalText([]byte) error  { return nil }

func TestWriterRejectsTypesWithoutText(t *testing.T) {
	tests := map[string]struct {
		in   any
		want string
	}{
		"NaN": {struct {
			V float64 `header:"v"`
		}{math.NaN()}, "NaN is not a number that can be written"},
		"infinite": {struct {
			V []float64 `header:"v"`
		}{[]float64{math.Inf(-1)}}, "element 0: -Inf is not a number that can be written"},
		"no number": {struct {
			V json.Number `header:"v"`
		}{"one"}, `json.Number "one" is not a number`},
		"raw JSON": {struct {
			V json.RawMessage `header:"v"`
		}{json.RawMessage("{")}, "raw JSON is not valid"},
		"a late year": {struct {
			V time.Time `header:"v"`
		}{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "a time outside of what RFC 3339 can write"},
		"a failing method": {struct {
			V cannotSay `header:"v"`
		}{}, "MarshalText of bind_test.cannotSay: " + assert.AnError.Error()},
		"nil in a list": {struct {
			V []*int `header:"v"`
		}{[]*int{nil}}, "element 0 is nil"},
		"comma in csv": {struct {
			V []string `header:"v,csv"`
		}{[]string{"x", "a,b"}}, `element 1, "a,b", cannot be part of a list separated by commas`},
		"nothing in csv": {struct {
			V []string `header:"v,csv"`
		}{[]string{""}}, `element 0, "", cannot be part of a list separated by commas`},
		"space round a csv": {struct {
			V []string `header:"v,csv"`
		}{[]string{" a"}}, `element 0, " a", cannot be part of a list separated by commas`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := written(t, tt.in, &fault.List{})
			assert.EqualError(t, err, tt.want)
		})
	}
}

type light string

func (light) Enum() []light { return []light{"red", "green"} }

type step int

func (step) Enum() []step { return []step{1, 2} }

func TestWriterJudges(t *testing.T) {
	tests := map[string]struct {
		in   any
		want []fault.Fault
	}{
		"rule": {
			struct {
				V int `header:"V" validate:"gte=1"`
			}{0},
			[]fault.Fault{{Type: fault.GreaterEqual, Loc: []any{"header", "V"}, Ctx: map[string]any{"ge": int64(1)}, Tag: "gte=1"}},
		},
		"element": {
			struct {
				V []int `header:"V" validate:"dive,lt=2"`
			}{[]int{1, 2}},
			[]fault.Fault{{Type: fault.Less, Loc: []any{"header", "V", 1}, Ctx: map[string]any{"lt": int64(2)}, Tag: "lt=2"}},
		},
		"list": {
			struct {
				V []int `header:"V" validate:"max=1"`
			}{[]int{1, 2}},
			[]fault.Fault{{Type: fault.TooLong, Loc: []any{"header", "V"}, Ctx: map[string]any{"field_type": "List", "max_length": 1, "actual_length": 2}, Tag: "max=1"}},
		},
		"enum": {
			struct {
				V light `header:"V"`
			}{"blue"},
			[]fault.Fault{{Type: fault.Enum, Loc: []any{"header", "V"}, Ctx: map[string]any{"expected": "'red' or 'green'"}}},
		},
		"numbers": {
			struct {
				V *step `header:"V"`
			}{new(step(3))},
			[]fault.Fault{{Type: fault.Enum, Loc: []any{"header", "V"}, Ctx: map[string]any{"expected": "1 or 2"}}},
		},
		"absent keeps every rule": {struct {
			V *int `header:"V" validate:"gte=1"`
		}{}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var faults fault.List
			_, err := written(t, tt.in, &faults)
			require.NoError(t, err)
			for i := range faults.Faults {
				faults.Faults[i].Rule = nil // only used to write responses
			}
			assert.Equal(t, tt.want, faults.Faults)
		})
	}
}

func TestWriterOfTypesWithoutText(t *testing.T) {
	typ, err := typeinfo.Of(reflect.TypeFor[map[string]int]())
	require.NoError(t, err)
	_, err = compiler.Writer(&typeinfo.Field{Name: "v", Type: typ, Source: typeinfo.Header})
	assert.EqualError(t, err, "map[string]int: a value of this type cannot be written as a string; use a scalar, or give the type a method MarshalText")
}

// Encoded values are decoded as the same values.
func FuzzWriteThenRead(f *testing.F) {
	f.Add("a", int64(-1), 1.5, true, []byte("x"), uint8(2))
	f.Add("", int64(math.MinInt64), 1e21, false, []byte{}, uint8(0))
	f.Add("a,b", int64(7), 1e-7, true, []byte("\xff"), uint8(9))
	f.Add(`"`, int64(94), 1.5, true, []byte("0"), uint8(29))
	f.Fuzz(func(t *testing.T, s string, i int64, d float64, b bool, raw []byte, n uint8) {
		type all struct {
			S string        `header:"s"`
			I int64         `header:"i"`
			D float64       `header:"d"`
			B bool          `header:"b"`
			R []byte        `header:"r"`
			T time.Time     `header:"t"`
			P time.Duration `header:"p"`
			L []string      `header:"l"`
			C []string      `header:"c,csv"`
			O *string       `header:"o"`
			Z string        `header:"z,omitempty"`
		}
		if math.IsNaN(d) || math.IsInf(d, 0) || s != strings.ToValidUTF8(s, "") {
			return
		}
		in := all{S: s, I: i, D: d, B: b, R: raw, P: time.Duration(i), T: time.Unix(i%1e10, int64(n)).UTC(), Z: s}
		if element := strings.TrimSpace(strings.ReplaceAll(s, ",", "")); element != "" && strings.Trim(element, " \t") == element {
			in.C = slices.Repeat([]string{element}, int(n)%3+1)
		} else {
			in.C = []string{"x"}
		}
		in.L = slices.Repeat(in.C, int(n)%4+1)
		if b {
			in.O = &s
		}
		if in.T.Year() > 9999 || in.T.Year() < 0 {
			return
		}
		if in.R == nil {
			in.R = []byte{}
		}
		var faults fault.List
		h, err := written(t, in, &faults)
		if err != nil { // the element has a quotation mark, which would include the commas after it
			require.ErrorContains(t, err, "cannot be part of a list")
			require.Contains(t, in.C[0], `"`)
			return
		}
		got, lines := bound[all](t, bind.Request{Header: h})
		require.Empty(t, lines)
		if got.R == nil {
			got.R = []byte{}
		}
		require.Equal(t, in, got)
	})
}
