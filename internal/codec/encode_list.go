package codec

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/typeinfo"
)

func (c *Compiler) makePointerWriter(key programKey) (encodeFunc, error) {
	encode, err := c.encoder(programKey{key.t.Elem, key.rules, key.quoted})
	return func(w *writer, dst []byte, p pointer) []byte {
		held := *as[pointer](p)
		if held == nil {
			return append(dst, "null"...)
		}
		if !w.enter() {
			return dst
		}
		dst = encode(w, dst, held)
		w.leave()
		return dst
	}, err
}

// makeOptionalWriter writes an Optional. An absent member is left out by its object; anywhere else an absent value is
// null.
func (c *Compiler) makeOptionalWriter(key programKey) (encodeFunc, error) {
	encode, err := c.encoder(programKey{key.t.Elem, key.rules, key.quoted})
	if err != nil {
		return nil, err
	}
	layout := optionalOf(key.t)
	return func(w *writer, dst []byte, p pointer) []byte {
		if *layout.nullIn(p) || !*layout.setIn(p) {
			return append(dst, "null"...)
		}
		return encode(w, dst, layout.valueIn(p))
	}, nil
}

// makeNullableWriter writes a nullable type.
func (c *Compiler) makeNullableWriter(key programKey) (encodeFunc, error) {
	encode, err := c.encoder(programKey{key.t.Elem, key.rules, key.quoted})
	if err != nil {
		return nil, err
	}
	layout := nullableOf(key.t)
	return func(w *writer, dst []byte, p pointer) []byte {
		if !*layout.validIn(p) {
			return append(dst, "null"...)
		}
		return encode(w, dst, layout.valueIn(p))
	}, nil
}

func elemKey(key programKey) programKey {
	var rules *typeinfo.Rules
	if key.rules != nil {
		rules = key.rules.Elem
	}
	return programKey{t: key.t.Elem, rules: rules}
}

func (c *Compiler) makeSliceWriter(key programKey) (encodeFunc, error) {
	elem, err := c.step(elemKey(key), ",")
	size := key.t.Elem.Go.Size()
	return func(w *writer, dst []byte, p pointer) []byte {
		header := as[list](p)
		return w.list(dst, header.first, header.len, size, elem)
	}, err
}

func (c *Compiler) makeArrayWriter(key programKey) (encodeFunc, error) {
	elem, err := c.step(elemKey(key), ",")
	n, size := key.t.Len, key.t.Elem.Go.Size()
	return func(w *writer, dst []byte, p pointer) []byte {
		return w.list(dst, p, n, size, elem)
	}, err
}

// list writes n adjacent elements, with a comma before each; the bracket replaces the first comma.
func (w *writer) list(dst []byte, first pointer, n int, size uintptr, elem *step) []byte {
	if n == 0 {
		return append(dst, '[', ']')
	}
	if !w.enter() {
		return dst
	}
	start := len(dst)
	for i := range n {
		before := w.wrong
		dst = elem.write(elem, w, dst, element(first, i, size))
		if w.wrong == before {
			continue
		}
		if w.under(before, i); w.err != nil {
			return dst
		}
	}
	w.leave()
	dst[start] = '['
	return append(dst, ']')
}

// mapWriter writes a map, with its names in byte order.
type mapWriter struct {
	goType reflect.Type
	elems  reflect.Type
	size   uintptr
	name   func(key reflect.Value) ([]byte, error)
	encode encodeFunc
	// keys validates keys; may be nil.
	keys encodeFunc
}

func (c *Compiler) makeMapWriter(key programKey) (encodeFunc, error) {
	t := key.t
	// The most common map is written without reflection.
	if t.Go == reflect.TypeFor[map[string]any]() && key.rules == nil {
		return func(w *writer, dst []byte, p pointer) []byte { return w.anyMap(dst, *as[map[string]any](p)) }, nil
	}
	m := &mapWriter{goType: t.Go, elems: reflect.SliceOf(t.Elem.Go), size: t.Elem.Go.Size()}
	var err error
	if m.encode, err = c.encoder(elemKey(key)); err != nil {
		return nil, err
	}
	if m.name, err = nameWriter(t.Key); err != nil {
		return nil, err
	}
	m.keys, err = c.keyJudge(key)
	return m.write, err
}

// keyJudge returns what validates keys, as an encoder that writes nothing; nil if there is nothing to check.
func (c *Compiler) keyJudge(key programKey) (encodeFunc, error) {
	if c.side == unjudged {
		return nil, nil
	}
	t := key.t.Key
	nothing := func(_ *writer, dst []byte, _ pointer) []byte { return dst }
	var judge encodeFunc
	if t.Enum != nil {
		listed, err := choicesOf(t)
		if err != nil {
			return nil, err
		}
		judge = judged(nothing, listed.judge())
	}
	if key.rules == nil {
		return judge, nil
	}
	keeps, err := c.judge(t, key.rules.Keys)
	if err != nil || keeps == nil {
		return judge, err
	}
	if judge == nil {
		judge = nothing
	}
	return judged(judge, keeps), nil
}

// nameWriter makes a function that converts a key to a name.
func nameWriter(t *typeinfo.Type) (func(key reflect.Value) ([]byte, error), error) {
	switch t.Kind {
	case typeinfo.String:
		return func(key reflect.Value) ([]byte, error) { return []byte(key.String()), nil }, nil
	case typeinfo.Int:
		return func(key reflect.Value) ([]byte, error) { return strconv.AppendInt(nil, key.Int(), 10), nil }, nil
	case typeinfo.Uint:
		return func(key reflect.Value) ([]byte, error) { return strconv.AppendUint(nil, key.Uint(), 10), nil }, nil
	case typeinfo.Text:
		if !t.Writes {
			return nil, cannot(t, "it is the key of a map in a response, but it can only be read", "give it a method MarshalText")
		}
		write := textWriter(t)
		return func(key reflect.Value) ([]byte, error) {
			// All keys use the same variable, and the result may share a key's memory.
			name, err := write(pointerTo(key))
			return slices.Clone(name), err
		}, nil
	}
	return nil, cannot(t, "the names of a JSON object cannot be made of it", "use a string, an integer or a type that implements encoding.TextUnmarshaler as the key")
}

// named is an entry of a map: its name, and which element it has.
type named struct {
	name  []byte
	index int
}

var errNames = errors.New("a map with two keys that are written alike")

func (m *mapWriter) write(w *writer, dst []byte, p pointer) []byte {
	v := valueAt(m.goType, p)
	if v.Len() == 0 {
		return append(dst, '{', '}')
	}
	if !w.enter() {
		return dst
	}
	entries, elems := m.collect(w, v)
	if w.err != nil {
		return dst
	}
	// Map elements have no addresses, so collect has copied them.
	first := pointer(elems.UnsafePointer())
	for i, e := range entries {
		// Sorted, so keys with the same text are adjacent.
		if i > 0 && bytes.Equal(e.name, entries[i-1].name) {
			w.fail(errNames)
			return dst
		}
		dst = append(dst, ',')
		if i == 0 {
			dst[len(dst)-1] = '{'
		}
		dst = append(AppendString(dst, textOf(e.name)), ':')
		before := w.wrong
		dst = m.encode(w, dst, element(first, e.index, m.size))
		if w.wrong == before {
			continue
		}
		if w.under(before, string(e.name)); w.err != nil {
			return dst
		}
	}
	w.leave()
	return append(dst, '}')
}

// collect copies the elements of a map and converts its keys to names, sorted.
func (m *mapWriter) collect(w *writer, v reflect.Value) ([]named, reflect.Value) {
	entries := make([]named, 0, v.Len())
	elems := reflect.MakeSlice(m.elems, v.Len(), v.Len())
	// One variable for all keys, because an encoder needs an address.
	key := reflect.New(m.goType.Key()).Elem()
	for i := v.MapRange(); i.Next(); {
		key.SetIterKey(i)
		name, err := m.name(key)
		if err != nil {
			w.fail(err)
			return nil, elems
		}
		if !utf8.Valid(name) {
			if w.exact {
				w.fail(errNotUTF8)
				return nil, elems
			}
			name = mended(name) // as AppendString writes it
		}
		m.judgeKey(w, key, name)
		elems.Index(len(entries)).SetIterValue(i)
		entries = append(entries, named{name, len(entries)})
	}
	slices.SortFunc(entries, func(a, b named) int { return bytes.Compare(a.name, b.name) })
	return entries, elems
}

func (m *mapWriter) judgeKey(w *writer, key reflect.Value, name []byte) {
	if m.keys == nil || !w.checks {
		return
	}
	n := w.wrong
	m.keys(w, nil, pointerTo(key))
	// Innermost first: the location ends with the name and [key], as pydantic has it.
	w.locate(n, "[key]")
	w.locate(n, string(name))
}
