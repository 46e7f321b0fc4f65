package codec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// encodeFunc appends the value at p, which has its type. Errors are recorded in the writer; then dst is not usable.
type encodeFunc func(w *writer, dst []byte, p pointer) []byte

// writer is one pass over one value.
type writer struct {
	checks bool
	faults *fault.List
	// known is how many validation errors there were before; wrong counts the errors of this pass, including those
	// beyond the limit of the list.
	known, wrong int
	depth        int
	// err is the first error, loc its location, innermost first.
	err error
	loc []any
	// compiler is that of the encoder; values in interfaces are encoded by its forInterfaces.
	compiler *Compiler
	// exact rejects text that would be changed.
	exact bool
}

// begin prepares the writer for a value. It sets field by field, which is faster than assigning a new struct.
func (w *writer) begin(c *Compiler, checks bool, faults *fault.List) {
	w.compiler, w.exact = c, c.side == client
	w.checks, w.faults, w.known = checks, faults, 0
	if checks {
		w.known = len(faults.Faults)
	}
	w.wrong, w.depth = 0, 0
	if w.err != nil {
		w.err, w.loc = nil, nil
	}
}

func (w *writer) fail(err error) {
	w.wrong++
	if w.err == nil {
		w.err = err
	}
}

// problem is the error with its location.
func (w *writer) problem() error {
	if w.err == nil || len(w.loc) == 0 {
		return w.err
	}
	var b strings.Builder
	for _, at := range slices.Backward(w.loc) {
		fmt.Fprintf(&b, ".%v", at)
	}
	return fmt.Errorf("%s: %w", b.String()[1:], w.err)
}

var errDepth = errors.New("nested too deeply, or a value that contains itself")

// enter enters one level; false if there are too many.
func (w *writer) enter() bool {
	if w.depth++; w.depth > MaxEncodeDepth {
		w.fail(errDepth)
		return false
	}
	return true
}

func (w *writer) leave() { w.depth-- }

// encodeProgram is an encoder that may still be unfinished.
type encodeProgram struct{ encode encodeFunc }

// encoder returns an encoder, which it compiles if necessary.
func (c *Compiler) encoder(key programKey) (encodeFunc, error) {
	if known, ok := c.encoders[key]; ok {
		if known.encode != nil {
			return known.encode, nil
		}
		// Unfinished, as in a type that contains itself: it is looked up when it runs.
		return func(w *writer, dst []byte, p pointer) []byte { return known.encode(w, dst, p) }, nil
	}
	// Stored before it is made, so that compiling a type that contains itself terminates.
	program := &encodeProgram{}
	c.encoders[key] = program
	c.undo = append(c.undo, func() { delete(c.encoders, key) })
	made, err := c.makeEncoder(key)
	program.encode = made
	return made, err
}

// makeEncoder adds validation to the function that writes a value.
func (c *Compiler) makeEncoder(key programKey) (encodeFunc, error) {
	// The step of a text, a number or a list of them includes its validation.
	leaf, err := c.leafStep(key, "")
	if err != nil {
		return nil, err
	}
	if leaf != nil {
		return leaf.encodeFunc(), nil
	}
	t := key.t
	encode, err := c.makeWriter(key)
	if err != nil || t.Wraps() {
		return encode, err
	}
	if t.Enum != nil && c.side != unjudged {
		listed, err := choicesOf(t)
		if err != nil {
			return nil, err
		}
		encode = judged(encode, listed.judge())
	}
	judge, err := c.judge(t, key.rules)
	if err != nil || judge == nil {
		return encode, err
	}
	return judged(encode, judge), nil
}

// judged validates each value whose members are valid.
func judged(encode encodeFunc, judge *judge) encodeFunc {
	return func(w *writer, dst []byte, p pointer) []byte {
		n := w.wrong
		dst = encode(w, dst, p)
		// As when reading, a value with an invalid member is not validated itself.
		if w.checks && w.wrong == n {
			w.judge(judge, p)
		}
		return dst
	}
}

// judge notes the fault of a value, if it has one.
func (w *writer) judge(judge *judge, p pointer) {
	if judge.passes(p) {
		return
	}
	if f := judge.fault(p); f != nil {
		w.report(f)
	}
}

func (w *writer) report(f *fault.Fault) {
	w.wrong++
	w.faults.Add(f)
}

// locate adds a location to the errors since n were counted.
func (w *writer) locate(n int, loc any) {
	if w.checks {
		w.faults.Under(w.known+n, loc)
	}
}

// under adds a location to everything that went wrong, including the error.
func (w *writer) under(n int, loc any) {
	w.locate(n, loc)
	if w.err != nil {
		w.loc = append(w.loc, loc)
	}
}

// makeWriter chooses the maker for a kind.
func (c *Compiler) makeWriter(key programKey) (encodeFunc, error) {
	t := key.t
	if key.quoted && !t.Wraps() {
		return c.makeQuotedWriter(t)
	}
	switch t.Kind {
	case typeinfo.Bool:
		return encodeBool, nil
	case typeinfo.Int:
		return newIntStep("", t.Bits).encodeFunc(), nil
	case typeinfo.Uint:
		return makeUintWriter(t.Bits), nil
	case typeinfo.Float:
		return makeFloatWriter(t.Bits), nil
	case typeinfo.Number:
		return encodeNumber, nil
	case typeinfo.String:
		return encodeString, nil
	case typeinfo.Bytes:
		return encodeBytes, nil
	case typeinfo.Time:
		return encodeTime, nil
	case typeinfo.Duration:
		return encodeDuration, nil
	case typeinfo.Text:
		return makeTextWriter(t)
	case typeinfo.JSON:
		return makeJSONWriter(t)
	case typeinfo.Raw:
		return encodeRaw, nil
	case typeinfo.Any:
		return makeAnyWriter(t), nil
	case typeinfo.Pointer:
		return c.makePointerWriter(key)
	case typeinfo.Optional:
		return c.makeOptionalWriter(key)
	case typeinfo.Nullable:
		return c.makeNullableWriter(key)
	case typeinfo.Slice:
		return c.makeSliceWriter(key)
	case typeinfo.Array:
		return c.makeArrayWriter(key)
	case typeinfo.Map:
		return c.makeMapWriter(key)
	case typeinfo.Struct:
		return c.makeStructWriter(t)
	case typeinfo.Union:
		return c.makeUnionWriter(t)
	}
	return nil, cannot(t, "it has no JSON form", "use another type")
}
