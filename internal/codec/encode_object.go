package codec

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/typeinfo"
)

// objectWriter writes the fields of a struct as the members of an object.
type objectWriter struct {
	// steps write the members, each with `,"name":` before it.
	steps   []step
	members []memberWriter
	judges  judges
	needs   needs
}

type memberWriter struct {
	at path
	// omit reports whether the member is left out; nil for never.
	omit func(p pointer) bool
	// never is set for a member that is never written.
	never bool
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
		// Every member was left out.
		if len(dst) == start {
			return append(dst, '{', '}')
		}
		// Each member wrote a comma before itself; the brace replaces the first.
		dst[start] = '{'
		return append(dst, '}')
	}, nil
}

// objectWriter compiles the members of an object, except for the discriminator, which the union writes.
func (c *Compiler) objectWriter(o *typeinfo.Object, parent reflect.Type, discriminator string) (*objectWriter, error) {
	made := &objectWriter{}
	for _, f := range o.Fields {
		if !c.writes(f) {
			// It keeps its index, which rules between fields use.
			made.members = append(made.members, memberWriter{never: true})
			continue
		}
		// A name needs no escaping, so comma, name and colon are one constant.
		s, err := c.step(programKey{f.Type, f.Rules, f.Quoted}, ","+key(f.Name))
		if err != nil {
			return nil, inField(parent, f, err)
		}
		s.loc = f.Name
		c.memberExample(f)
		m := memberWriter{omit: c.omission(f)}
		m.at, _ = pathTo(parent, f.Index)
		if discriminator != "" && f.Name == discriminator {
			m.omit = func(pointer) bool { return true }
		}
		made.steps = append(made.steps, *m.step(s))
		made.members = append(made.members, m)
	}
	var err error
	made.judges.parent = parent
	made.judges.crosses, err = c.crosses(o, parent, c.writes)
	made.needs = c.needs(o)
	return made, err
}

// writes reports whether a member is written: requests leave out readonly members, everything else leaves out writeonly
// ones.
func (c *Compiler) writes(f *typeinfo.Field) bool {
	if c.side == client {
		return !f.ReadOnly
	}
	return !f.WriteOnly
}

// step makes the step of a struct member from the step of its value.
func (m memberWriter) step(value *step) *step {
	// Always written, and without a pointer in the path: the step finds the field by its offset.
	if m.omit == nil && m.at.hops == nil {
		value.offset = m.at.offset
		return value
	}
	return &step{write: writeMember, member: &m, elem: value}
}

// write writes the members, a comma before each.
func (o *objectWriter) write(w *writer, dst []byte, p pointer) []byte {
	wrong := w.wrong
	for i := range o.steps {
		s := &o.steps[i]
		if dst = s.write(s, w, dst, p); w.err != nil {
			return dst
		}
	}
	// Rules between fields see only valid fields, as when reading.
	if w.checks && (o.judges.crosses != nil || o.needs != nil) && w.wrong == wrong {
		o.judge(w, p)
	}
	return dst
}

// find returns the field if it is written, otherwise nil.
func (m *memberWriter) find(p pointer) pointer {
	if m.never {
		return nil
	}
	at := m.at.find(p)
	if at != nil && m.omit != nil && m.omit(at) {
		return nil
	}
	return at
}

// judge checks the rules between fields, without those of omitted fields.
func (o *objectWriter) judge(w *writer, p pointer) {
	written := func(i int) bool { return i < len(o.members) && o.members[i].find(p) != nil }
	o.needs.judge(written, w.report)
	o.judges.between(p, written, w.report)
}

// omission returns what decides whether a member is left out: absent Optionals always are, others according to the
// options of the json tag.
func (c *Compiler) omission(f *typeinfo.Field) func(p pointer) bool {
	var empty, zero func(p pointer) bool
	switch {
	case f.Type.Kind == typeinfo.Optional:
		return isAbsent(f.Type)
	// If it were left out, the server would fill in the default.
	case c.side == client && f.Default != nil:
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

// isEmpty implements encoding/json's omitempty: by the Go kind, and never for structs.
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

// isZero implements encoding/json's omitzero: with the type's own IsZero if it has one.
func isZero(t reflect.Type) func(p pointer) bool {
	asked := reflect.TypeFor[zeroer]()
	switch {
	case t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer && t.Implements(asked):
		return func(p pointer) bool {
			v := valueAt(t, p)
			if v.IsNil() {
				return true
			}
			// An interface counts by the IsZero that it declares, not by the value in it.
			own, ok := v.Interface().(zeroer)
			return ok && t.Implements(asked) && own.IsZero()
		}
	case reflect.PointerTo(t).Implements(asked):
		return func(p pointer) bool { return reflect.NewAt(t, p).Interface().(zeroer).IsZero() }
	}
	return func(p pointer) bool { return valueAt(t, p).IsZero() }
}

// unionWriter writes the one variant that is set, with the discriminator first.
type unionWriter struct {
	variants []variantWriter
	// named are the discriminator values of all variants.
	named []string
}

type variantWriter struct {
	name string
	// head is the beginning: `{"kind":"cat"`.
	head   []byte
	at     path
	object *objectWriter
	// tag is the discriminator field of the default variant, nil for others.
	tag *path
}

var errVariant = errors.New("a union needs exactly one variant that is not nil")

func (c *Compiler) makeUnionWriter(t *typeinfo.Type) (encodeFunc, error) {
	u := &unionWriter{named: t.Object.OtherCases()}
	for _, wanted := range t.Object.Cases {
		v := variantWriter{name: wanted.Name}
		v.at, _ = pathTo(t.Go, []int{wanted.Index})
		if wanted.IsDefault() {
			if err := c.defaultVariant(&v, &wanted, t.Object.Discriminator); err != nil {
				return nil, err
			}
			u.variants = append(u.variants, v)
			continue
		}
		var err error
		if v.object, err = c.objectWriter(wanted.Type.Object, wanted.Type.Go, t.Object.Discriminator); err != nil {
			return nil, err
		}
		v.head = AppendString([]byte("{"+key(t.Object.Discriminator)), wanted.Name)
		u.variants = append(u.variants, v)
	}
	return u.write, nil
}

// defaultVariant writes its discriminator itself, like any other member.
func (c *Compiler) defaultVariant(v *variantWriter, wanted *typeinfo.Case, discriminator string) (err error) {
	if f := wanted.Type.Object.Field(discriminator); f != nil {
		at, _ := pathTo(wanted.Type.Go, f.Index)
		v.tag = &at
	}
	v.object, err = c.objectWriter(wanted.Type.Object, wanted.Type.Go, "")
	return err
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
	if v.head == nil {
		return u.writeDefault(w, dst, v, held)
	}
	dst = append(dst, v.head...)
	before := w.wrong
	dst = v.object.write(w, dst, held)
	if w.wrong != before {
		// A location names the variant, as pydantic's do.
		w.under(before, v.name)
	}
	w.leave()
	return append(dst, '}')
}

// writeDefault writes the default variant. It refuses one whose discriminator names another variant, because a reader
// could not tell them apart.
func (u *unionWriter) writeDefault(w *writer, dst []byte, v *variantWriter, held pointer) []byte {
	if v.tag != nil {
		if at := v.tag.find(held); at != nil && slices.Contains(u.named, *as[string](at)) {
			w.fail(fmt.Errorf("the default variant of a union says that it is %q, which is another variant", *as[string](at)))
			return dst
		}
	}
	start := len(dst)
	if dst = v.object.write(w, dst, held); w.err != nil {
		return dst
	}
	w.leave()
	if len(dst) == start {
		return append(dst, '{', '}')
	}
	// The brace replaces the comma before the first member, as in any object.
	dst[start] = '{'
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
