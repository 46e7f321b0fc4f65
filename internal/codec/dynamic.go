package codec

import (
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// This file writes what lies in an interface. What decodeAny makes has a switch
// of its own. Any other type gets its encoder when the first value of it is
// written, the same as if it had been registered, so a value looks the same in
// an interface as by itself. No registration knows of the type, so its rules
// are not judged: a tag that is wrong could not be reported any more.

// forInterfaces makes the encoders of the values that responses, errors,
// examples and messages hold in interfaces. They depend on no rules, so all
// apps share them.
func forInterfaces() *Compiler {
	return madeForInterfaces.Get(func() *Compiler { return newCompiler(nil, unjudged) })
}

var madeForInterfaces lazy.Value[*Compiler]

// AppendAny writes a value of a type that is not known beforehand.
func AppendAny(dst []byte, v any) ([]byte, error) { return forInterfaces().appendAny(dst, v) }

func (c *Compiler) appendAny(dst []byte, v any) ([]byte, error) {
	scratch := c.scratches.Get().(*Scratch)
	w := &scratch.writer
	w.begin(c, false, nil)
	dst = w.any(dst, v)
	err := w.problem()
	c.scratches.Put(scratch)
	return dst, err
}

// forPlainData makes the encoders of AppendExact.
func forPlainData() *Compiler {
	return madeForPlainData.Get(func() *Compiler { return newCompiler(nil, client) })
}

var madeForPlainData lazy.Value[*Compiler]

// AppendExact is AppendAny, but refuses text that would be changed on the way.
func AppendExact(dst []byte, v any) ([]byte, error) { return forPlainData().appendAny(dst, v) }

// makeAnyWriter makes the encoder of an interface.
func makeAnyWriter(t *typeinfo.Type) encodeFunc {
	if t.Go.NumMethod() == 0 {
		return encodeAny
	}
	return func(w *writer, dst []byte, p pointer) []byte {
		held := valueAt(t.Go, p)
		if held.IsNil() {
			return append(dst, "null"...)
		}
		return w.any(dst, held.Interface())
	}
}

func encodeAny(w *writer, dst []byte, p pointer) []byte { return w.any(dst, *as[any](p)) }

func (w *writer) any(dst []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case string:
		return w.text(dst, v)
	case int:
		return appendInt(dst, int64(v))
	case int64:
		return appendInt(dst, v)
	case float64:
		return w.float(dst, v, 64)
	case []any:
		return w.anyList(dst, v)
	case map[string]any:
		return w.anyMap(dst, v)
	}
	return w.compiler.dynamicEncoder(reflect.TypeOf(value))(w, dst, value)
}

func (w *writer) anyList(dst []byte, list []any) []byte {
	if !w.enter() {
		return dst
	}
	dst = append(dst, '[')
	for i, value := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst = w.any(dst, value); w.err != nil {
			w.under(w.wrong, i)
			return dst
		}
	}
	w.leave()
	return append(dst, ']')
}

// anyMap writes the names in the order of their bytes, like every map's.
func (w *writer) anyMap(dst []byte, m map[string]any) []byte {
	// On the stack, for the small maps that most are.
	var few [8]string
	names := few[:0]
	for name := range m {
		if !utf8.ValidString(name) {
			return w.mendedMap(dst, m)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if !w.enter() {
		return dst
	}
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, name), ':')
		if dst = w.any(dst, m[name]); w.err != nil {
			w.under(w.wrong, name)
			return dst
		}
	}
	w.leave()
	return append(dst, '}')
}

// mendedMap writes a map of which a name is not valid UTF-8.
func (w *writer) mendedMap(dst []byte, m map[string]any) []byte {
	if w.exact {
		w.fail(errNotUTF8)
		return dst
	}
	valid := make(map[string]any, len(m))
	for name, value := range m {
		valid[string(mended([]byte(name)))] = value
	}
	// Names that differ only in invalid bytes have become one.
	if len(valid) < len(m) {
		w.fail(errNames)
		return dst
	}
	return w.anyMap(dst, valid)
}

// dynamicEncoder appends a value of the type it was made for.
type dynamicEncoder func(w *writer, dst []byte, value any) []byte

// forInterfaces is the compiler for what lies in interfaces: the client's own,
// who writes what has a default and refuses text that would be changed, else
// the one that all share.
func (c *Compiler) forInterfaces() *Compiler {
	if c.side == client {
		return c
	}
	return forInterfaces()
}

// dynamicEncoder makes the encoder of a type, or finds it.
func (c *Compiler) dynamicEncoder(t reflect.Type) dynamicEncoder {
	if known, ok := c.dynamic.Load(t); ok {
		return known.(dynamicEncoder)
	}
	// Two goroutines may make it at once; both go on with the one stored first.
	made, _ := c.dynamic.LoadOrStore(t, c.makeDynamic(t))
	return made.(dynamicEncoder)
}

func (c *Compiler) makeDynamic(t reflect.Type) dynamicEncoder {
	encode, err := c.writtenEncoder(t)
	switch {
	// An error that has no form, or would be {}, says more by its text.
	case t.Implements(reflect.TypeFor[error]()) && (err != nil || isMemberless(t)):
		return func(w *writer, dst []byte, value any) []byte { return w.text(dst, value.(error).Error()) }
	case err != nil:
		return func(w *writer, dst []byte, value any) []byte { return w.undescribed(dst, value) }
	case t.Kind() == reflect.Pointer:
		return func(w *writer, dst []byte, value any) []byte {
			// The encoder of a pointer wants the address of the pointer, so a copy of it
			// gets one.
			held := reflect.ValueOf(value).UnsafePointer()
			return encode(w, dst, pointer(&held))
		}
	}
	return func(w *writer, dst []byte, value any) []byte {
		// A copy, since methods with a pointer receiver could change the original.
		copied := reflect.New(t)
		copied.Elem().Set(reflect.ValueOf(value))
		return encode(w, dst, copied.UnsafePointer())
	}
}

// writtenEncoder makes the encoder of a type that is only written.
func (c *Compiler) writtenEncoder(t reflect.Type) (encode encodeFunc, err error) {
	described, err := typeinfo.Written(t)
	if err != nil {
		return nil, err
	}
	err = c.compile(func() (err error) {
		encode, err = c.encoder(programKey{t: described})
		return err
	})
	return encode, err
}

// isMemberless reports a struct, or a pointer to one, that would be {}.
func isMemberless(t reflect.Type) bool {
	described, err := typeinfo.Written(t)
	if err != nil {
		return false
	}
	if described.Kind == typeinfo.Pointer {
		described = described.Elem
	}
	return described.Kind == typeinfo.Struct && len(described.Object.Fields) == 0
}

// undescribed lets the json library write a value of a type that no
// registration would take, such as a map whose keys are interfaces. Errors in it
// are written as they are elsewhere.
func (w *writer) undescribed(dst []byte, value any) []byte {
	errors := jsonv2.MarshalToFunc(func(e *jsontext.Encoder, err error) error {
		// A writer of its own, as the json library is in the midst of a value of this
		// one. It counts the depth from here on, so that a circle through errors ends.
		inner := &writer{depth: w.depth}
		inner.compiler, inner.exact = w.compiler, w.exact
		text := inner.any(nil, err)
		if inner.err != nil {
			return inner.problem()
		}
		return e.WriteValue(text)
	})
	return w.marshal(dst, value, jsonv2.JoinOptions(
		w.compiler.foreign, jsonv2.WithMarshalers(jsonv2.JoinMarshalers(durationWriter(), errors)),
	))
}
