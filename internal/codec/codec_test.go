package codec_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/typeinfo"
)

// The types of the tests: like those of the public package, and some that encode or decode themselves.
type (
	Optional[T any] struct {
		Value     T
		Set, Null bool
		_         mark.Optional
	}
	Strict struct{ _ mark.Strict }
	OneOf  struct{ _ mark.Union }

	// Level lists its values.
	Level string
	// Grade lists its values, too.
	Grade int
	// Hex has a text form.
	Hex uint32
	// Point has its own JSON form: a list of two.
	Point struct{ X, Y int }
)

func (Level) Enum() []Level { return []Level{"low", "mid", "high"} }
func (Grade) Enum() []Grade { return []Grade{1, 2} }

var errSecret = errors.New("library says: secret")

func (h Hex) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", uint32(h)), nil }
func (h *Hex) UnmarshalText(text []byte) error {
	if _, err := fmt.Sscanf(string(text), "%x", (*uint32)(h)); err != nil {
		return errSecret
	}
	return nil
}

func (p Point) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "[ %d , %d ]", p.X, p.Y), nil }

func (p *Point) UnmarshalJSON(raw []byte) error {
	var list [2]int
	if json.Unmarshal(raw, &list) != nil {
		return errSecret
	}
	p.X, p.Y = list[0], list[1]
	return nil
}

func describe(t testing.TB, goType reflect.Type) *typeinfo.Type {
	t.Helper()
	d, err := typeinfo.Of(goType)
	require.NoError(t, err)
	return d
}

func newCompiler() *codec.Compiler { return codec.NewCompiler(check.Builtin()) }

// decode decodes text as a T and returns the validation errors, one line each.
func decode[T any](t testing.TB, text string, opts ...codec.Options) (T, []string) {
	t.Helper()
	var into T
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[T]()), nil)
	require.NoError(t, err)
	return into, lines(run(d, text, reflect.ValueOf(&into).Elem(), opts...))
}

func run(d *codec.Decoder, text string, into reflect.Value, opts ...codec.Options) []fault.Fault {
	var faults fault.List
	var o codec.Options
	if len(opts) > 0 {
		o = opts[0]
	}
	d.Decode([]byte(text), into, o, &faults)
	faults.Seal(0, "body")
	return faults.Faults
}

// read is decode for tests of the value.
func read[T any](t testing.TB, text string) T {
	t.Helper()
	var into T
	d, err := newCompiler().Decoder(describe(t, reflect.TypeFor[T]()), nil)
	require.NoError(t, err)
	require.Empty(t, lines(run(d, text, reflect.ValueOf(&into).Elem())), text)
	return into
}

// lines formats validation errors as "type loc ctx".
func lines(faults []fault.Fault) []string {
	var all []string
	for _, f := range faults {
		var loc []string
		for _, at := range f.Loc {
			loc = append(loc, fmt.Sprint(at))
		}
		line := f.Type + " " + strings.Join(loc, "/")
		if f.Ctx != nil {
			line += " " + strings.TrimPrefix(fmt.Sprint(f.Ctx), "map")
		}
		all = append(all, line)
	}
	return all
}

// encode encodes a value without validation.
func encode[T any](t testing.TB, v T) (string, error) {
	t.Helper()
	e, err := newCompiler().Encoder(describe(t, reflect.TypeFor[T]()), nil)
	require.NoError(t, err)
	out, err := e.Append(nil, reflect.ValueOf(&v).Elem(), false, nil)
	return string(out), err
}
