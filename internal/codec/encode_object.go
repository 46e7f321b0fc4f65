package codec

import (
	"encoding/binary"
	"errors"
	"reflect"

	"github.com/candor-go/candor/internal/typeinfo"
)

// objectWriter writes the fields of a struct as the members of an object.
type objectWriter struct {
	members []memberWriter
	judges  judges
}

type memberWriter struct {
	name string
	// key is what stands in front of the value: `,"name":`.
	key head
	at  path
	// omit reports that the member is to be left out; nil for never. mayLack
	// means that find has to tell whether there is a value to write.
	omit    func(p pointer) bool
	mayLack bool
	encode  encodeFunc
}

func (c *Compiler) makeStructWriter(t *typeinfo.Type) (encodeFunc, error) {
	return c.structWriter(t.Object, t.Go)
}

// structWriter writes an object whose members lie in the struct parent.
func (c *Compiler) structWriter(members *typeinfo.Object, parent reflect.Type) (encodeFunc, error) {
	o, err := c.objectWriter(members, parent, "")
	if err != nil {
		return nil, err
	}
	return func(w *writer, dst []byte, p pointer) []byte {
		if !w.enter() {
			return dst
		}
		start := len(dst)
		if dst = o.write(w, dst, p); w.err != nil {
			return dst
		}
		w.leave()
		if len(dst) == start {
			return append(dst, '{', '}')
		}
		dst[start] = '{'
		return append(dst, '}')
	}, nil
}

// objectWriter compiles the members of an object but the discriminator of a
// union, which the union writes.
func (c *Compiler) objectWriter(o *typeinfo.Object, parent reflect.Type, discriminator string) (*objectWriter, error) {
	made := &objectWriter{}
	for _, f := range o.Fields {
		m := memberWriter{name: f.Name, key: newHead("," + key(f.Name))}
		m.at, _ = pathTo(parent, f.Index)
		var err error
		if m.encode, err = c.encoder(programKey{f.Type, f.Rules, f.Quoted}); err != nil {
			return nil, within(parent, f, err)
		}
		m.omit = c.omission(f)
		if discriminator != "" && f.Name == discriminator {
			m.omit = func(pointer) bool { return true }
		}
		m.mayLack = m.omit != nil || m.at.hops != nil
		made.members = append(made.members, m)
	}
	var err error
	made.judges.parent = parent
	made.judges.crosses, err = c.crosses(o, parent)
	return made, err
}

// write writes the members, a comma in front of each.
func (o *objectWriter) write(w *writer, dst []byte, p pointer) []byte {
	n := w.wrong
	for i := range o.members {
		m := &o.members[i]
		var at pointer
		if !m.mayLack {
			at = m.at.direct(p)
		} else if at = m.find(p); at == nil {
			continue
		}
		before := w.wrong
		dst = m.encode(w, m.key.append(dst), at)
		if w.wrong == before {
			continue
		}
		if w.under(before, m.name); w.err != nil {
			return dst
		}
	}
	if w.checks && o.judges.crosses != nil && w.wrong == n {
		o.judge(w, p)
	}
	return dst
}

// head is a text that is written often. Where there is room for its first words
// it is not copied by its length, but whole: two moves.
type head struct {
	text  string
	words [2]uint64
}

func newHead(text string) head {
	h := head{text: text}
	for i := range min(len(text), headBytes) {
		h.words[i/8] |= uint64(text[i]) << (i % 8 * 8)
	}
	return h
}

const headBytes = 16

func (h *head) append(dst []byte) []byte {
	n := len(dst)
	if len(h.text) > headBytes || cap(dst)-n < headBytes {
		return append(dst, h.text...)
	}
	room := dst[n : n+headBytes]
	binary.LittleEndian.PutUint64(room, h.words[0])
	binary.LittleEndian.PutUint64(room[8:], h.words[1])
	return dst[:n+len(h.text)]
}

// find is the field if it is written, nil if not.
func (m *memberWriter) find(p pointer) pointer {
	at := m.at.find(p)
	if at != nil && m.omit != nil && m.omit(at) {
		return nil
	}
	return at
}

// judge judges the rules between fields; those of what is left out are not.
func (o *objectWriter) judge(w *writer, p pointer) {
	written := func(i int) bool { return i < len(o.members) && o.members[i].find(p) != nil }
	o.judges.between(p, written, w.report)
}

// omission makes what decides that a member is left out: absent Optionals
// always are, others as the options of the json tag say.
func (c *Compiler) omission(f *typeinfo.Field) func(p pointer) bool {
	var empty, zero func(p pointer) bool
	switch {
	case f.Type.Kind == typeinfo.Optional:
		return isAbsent(f.Type)
	case c.rules == nil && f.Default != nil:
		return nil
	}
	if f.OmitEmpty {
		empty = isEmpty(f.Type.Go)
	}
	if f.OmitZero {
		zero = isZero(f.Type.Go)
	}
	switch {
	case empty == nil:
		return zero
	case zero == nil:
		return empty
	}
	return func(p pointer) bool { return empty(p) || zero(p) }
}

func isAbsent(t *typeinfo.Type) func(p pointer) bool {
	layout := optionalOf(t)
	return func(p pointer) bool { return !*layout.setIn(p) && !*layout.nullIn(p) }
}

// isEmpty is encoding/json's omitempty: by the Go kind, and never for structs.
func isEmpty(t reflect.Type) func(p pointer) bool {
	switch t.Kind() {
	case reflect.Struct:
		return nil
	case reflect.String:
		return func(p pointer) bool { return *as[string](p) == "" }
	case reflect.Slice:
		return func(p pointer) bool { return as[list](p).len == 0 }
	case reflect.Map, reflect.Array:
		return func(p pointer) bool { return valueAt(t, p).Len() == 0 }
	}
	return func(p pointer) bool { return valueAt(t, p).IsZero() }
}

type zeroer interface{ IsZero() bool }

// isZero is encoding/json's omitzero: the type's own IsZero if it has one.
func isZero(t reflect.Type) func(p pointer) bool {
	asked := reflect.TypeFor[zeroer]()
	switch {
	case t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer && t.Implements(asked):
		return func(p pointer) bool {
			v := valueAt(t, p)
			if v.IsNil() {
				return true
			}
			own, ok := v.Interface().(zeroer)
			return ok && t.Implements(asked) && own.IsZero()
		}
	case reflect.PointerTo(t).Implements(asked):
		return func(p pointer) bool { return reflect.NewAt(t, p).Interface().(zeroer).IsZero() }
	}
	return func(p pointer) bool { return valueAt(t, p).IsZero() }
}

// unionWriter writes the one variant that is there, the discriminator first.
type unionWriter struct {
	variants []variantWriter
}

type variantWriter struct {
	name string
	// head is the beginning: `{"kind":"cat"`.
	head   []byte
	at     path
	object *objectWriter
}

var errVariant = errors.New("a union needs exactly one variant that is not nil")

func (c *Compiler) makeUnionWriter(t *typeinfo.Type) (encodeFunc, error) {
	u := &unionWriter{}
	for _, wanted := range t.Object.Cases {
		object, err := c.objectWriter(wanted.Type.Object, wanted.Type.Go, t.Object.Discriminator)
		if err != nil {
			return nil, err
		}
		v := variantWriter{name: wanted.Name, object: object}
		v.at, _ = pathTo(t.Go, []int{wanted.Index})
		v.head = appendString([]byte("{"+key(t.Object.Discriminator)), []byte(wanted.Name))
		u.variants = append(u.variants, v)
	}
	return u.write, nil
}

func (u *unionWriter) write(w *writer, dst []byte, p pointer) []byte {
	v, held := u.chosen(p)
	if v == nil {
		w.fail(errVariant)
		return dst
	}
	if !w.enter() {
		return dst
	}
	dst = append(dst, v.head...)
	before := w.wrong
	dst = v.object.write(w, dst, held)
	if w.wrong != before {
		w.under(before, v.name)
	}
	w.leave()
	return append(dst, '}')
}

func (u *unionWriter) chosen(p pointer) (chosen *variantWriter, held pointer) {
	for i := range u.variants {
		at := *as[pointer](u.variants[i].at.reach(p))
		if at == nil {
			continue
		}
		if chosen != nil {
			return nil, nil
		}
		chosen, held = &u.variants[i], at
	}
	return chosen, held
}
