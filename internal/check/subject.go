package check

import (
	"fmt"
	"math/bits"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/candor-go/candor/internal/typeinfo"
)

// shape is the kind of value that a rule applies to. Sets of shapes are sums.
type shape uint16

const (
	text       shape = 1 << iota // a Go string
	integer                      // signed
	unsigned                     // unsigned
	float                        // float32 and float64
	boolean                      // true, false
	span                         // time.Duration
	moment                       // time.Time
	octets                       // []byte
	list                         // slices and arrays
	dictionary                   // maps
	numeral                      // json.Number: a number kept as text
	stringer                     // another type with a String method
	opaque                       // not supported by validator's rules

	whole   = integer | unsigned
	numbers = whole | float
	sized   = list | dictionary | octets
)

// shapeNames are in the order of the constants.
var shapeNames = [...]string{
	"strings", "integers", "unsigned integers", "floats", "booleans", "durations", "times", "bytes", "lists", "maps",
	"json.Number", "types with a String method", "no built-in type",
}

// String lists the shapes of a set.
func (s shape) String() string {
	var names []string
	for s != 0 {
		lowest := bits.TrailingZeros16(uint16(s))
		names = append(names, shapeNames[lowest])
		s &^= 1 << lowest
	}
	return wordList(names, "and")
}

// wordList returns "a", "a and b" or "a, b and c".
func wordList(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return fmt.Sprintf("%s %s %s", strings.Join(words[:last], ", "), conjunction, words[last])
}

// subject is the type that a rule is compiled for.
type subject struct {
	typ   *typeinfo.Type
	shape shape
	// valuer means that validator validates another value instead of the type's own, so its kind is unknown.
	valuer bool
}

func subjectOf(t *typeinfo.Type) subject {
	for t.Wraps() {
		t = t.Elem
	}
	if t.Go.Implements(reflect.TypeFor[validator.Valuer]()) {
		return subject{typ: t, shape: opaque, valuer: true}
	}
	return subject{typ: t, shape: shapeOf(t)}
}

var shapesOfKinds = map[typeinfo.Kind]shape{
	typeinfo.Bool: boolean, typeinfo.Int: integer, typeinfo.Uint: unsigned, typeinfo.Float: float,
	typeinfo.Number: numeral, typeinfo.String: text, typeinfo.Bytes: octets, typeinfo.Time: moment,
	typeinfo.Duration: span, typeinfo.Slice: list, typeinfo.Array: list, typeinfo.Map: dictionary,
}

// shapeOf treats a type with its own text form as text only if it is a Go string: a bound on the number behind a word
// would mean nothing to a client.
func shapeOf(t *typeinfo.Type) shape {
	if s, ok := shapesOfKinds[t.Kind]; ok {
		return s
	}
	if t.Kind != typeinfo.Text && t.Kind != typeinfo.JSON {
		return opaque
	}
	switch {
	case t.Go.Kind() == reflect.String:
		return text
	case t.Go.Implements(reflect.TypeFor[fmt.Stringer]()):
		return stringer
	}
	return opaque
}
