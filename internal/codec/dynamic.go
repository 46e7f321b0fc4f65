package codec

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// This file encodes values in interfaces. Values made by decodeAny have a switch of their own. Any other type gets its
// encoder when the first value of it is encoded, as if it had been registered, so a value looks the same in an
// interface as by itself. Because the type was not known at registration, its rules are not checked: it is too late to
// report an invalid tag.

// forInterfaces returns the compiler for values in interfaces: in responses, errors, examples and messages. It depends
// on no rules, so all apps share it.
func forInterfaces() *Compiler {
	return madeForInterfaces.Get(func() *Compiler { return newCompiler(nil, unjudged) })
}

var madeForInterfaces lazy.Value[*Compiler]

// AppendAny encodes a value of a type that is not known beforehand.
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

// AppendExact is AppendAny, but rejects text that would be changed.
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
	return w.compiler.forInterfaces().dynamicEncoder(reflect.TypeOf(value))(w, dst, value)
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

// anyMap writes the names in byte order, like every map.
func (w *writer) anyMap(dst []byte, m map[string]any) []byte {
	// On the stack, for small maps, as most are.
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
	// Names that differ only in invalid bytes have become equal.
	if len(valid) < len(m) {
		w.fail(errNames)
		return dst
	}
	return w.anyMap(dst, valid)
}

// dynamicEncoder appends a value of its type.
type dynamicEncoder func(w *writer, dst []byte, value any) []byte

// forInterfaces returns the compiler for values in interfaces: clients use their own, which writes values that have
// defaults and rejects text that would be changed; all others share one.
func (c *Compiler) forInterfaces() *Compiler {
	if c.side == client {
		return c
	}
	return forInterfaces()
}

// dynamicEncoder makes the encoder of a type, or finds it.
func (c *Compiler) dynamicEncoder(t reflect.Type) dynamicEncoder {
	known, _ := c.dynamic.Load().(map[reflect.Type]dynamicEncoder)
	if encode := known[t]; encode != nil {
		return encode
	}
	return c.keepDynamic(t, c.makeDynamic(t))
}

// keepDynamic keeps the encoder of a type. Two goroutines may have made it at once; both get the one kept first.
func (c *Compiler) keepDynamic(t reflect.Type, made dynamicEncoder) dynamicEncoder {
	c.growing.Lock()
	defer c.growing.Unlock()
	known, _ := c.dynamic.Load().(map[reflect.Type]dynamicEncoder)
	if encode := known[t]; encode != nil {
		return encode
	}
	all := maps.Clone(known)
	if all == nil {
		all = map[reflect.Type]dynamicEncoder{}
	}
	all[t] = made
	c.dynamic.Store(all)
	return made
}

func (c *Compiler) makeDynamic(t reflect.Type) dynamicEncoder {
	encode, err := c.writtenEncoder(t)
	switch {
	// For an error without a JSON form, or that would be {}, the text says more.
	case t.Implements(reflect.TypeFor[error]()) && (err != nil || isMemberless(t)):
		return func(w *writer, dst []byte, value any) []byte { return w.text(dst, value.(error).Error()) }
	case err != nil:
		return func(w *writer, dst []byte, value any) []byte { return w.undescribed(dst, value) }
	case t.Kind() == reflect.Pointer:
		return func(w *writer, dst []byte, value any) []byte {
			// The encoder of a pointer needs the address of the pointer, so a copy of it gets one.
			held := reflect.ValueOf(value).UnsafePointer()
			return encode(w, dst, pointer(&held))
		}
	}
	return func(w *writer, dst []byte, value any) []byte {
		// A copy, because methods with a pointer receiver could change the original.
		copied := reflect.New(t)
		copied.Elem().Set(reflect.ValueOf(value))
		return encode(w, dst, copied.UnsafePointer())
	}
}

// writtenEncoder compiles the encoder of a type that is only written.
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

// isMemberless reports whether a struct, or a pointer to one, would be {}.
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

// undescribed uses the json library for a value of a type that cannot be registered, such as a map whose keys are
// interfaces. Errors in it are encoded as elsewhere.
func (w *writer) undescribed(dst []byte, value any) []byte {
	errors := jsonv2.MarshalToFunc(func(e *jsontext.Encoder, err error) error {
		// A separate writer, because this one is in the middle of a value. It continues the depth, so that a cycle
		// through errors ends.
		inner := &writer{depth: w.depth}
		inner.compiler, inner.exact = w.compiler, w.exact
		text := inner.any(nil, err)
		if inner.err != nil {
			return inner.problem()
		}
		return e.WriteValue(text)
	})
	return w.marshal(dst, value, jsonv2.JoinOptions(
		w.compiler.forInterfaces().foreign, jsonv2.WithMarshalers(jsonv2.JoinMarshalers(durationWriter(), errors)),
	))
}
