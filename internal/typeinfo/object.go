package typeinfo

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mark"
)

// object describes a struct as the members of a JSON object.
func (r *reader) object(d *Type) error {
	o := &Object{}
	d.Object = o
	_, o.Strict = embeddedMark(d.Go, reflect.TypeFor[mark.Strict]())
	c := collector{reader: r, root: d.Go, object: o}
	if err := c.collect(d.Go, nil, place{}); err != nil {
		return err
	}
	return c.settle()
}

// place is how an embedded struct is reached from the struct described.
type place struct {
	index          []int
	selector       string
	throughPointer bool
}

func (p place) to(f reflect.StructField) place {
	selector := f.Name
	if p.selector != "" {
		selector = p.selector + "." + f.Name
	}
	return place{
		index: append(slices.Clone(p.index), f.Index...), selector: selector,
		throughPointer: p.throughPointer || f.Type.Kind() == reflect.Pointer,
	}
}

// member is a candidate for a name: encoding/json's rules choose among those
// of one name.
type member struct {
	*Field
	depth  int
	tagged bool
	owner  reflect.Type
}

type collector struct {
	*reader
	root    reflect.Type
	object  *Object
	members []member
}

// collect gathers the members of t, which is the struct itself or embedded in
// it; path holds the structs on the way, so that self-embedding ends.
func (c *collector) collect(t reflect.Type, path []reflect.Type, at place) error {
	if slices.Contains(path, t) {
		return nil
	}
	path = append(path, t)
	for i := range t.NumField() {
		if err := c.field(t, t.Field(i), path, at); err != nil {
			return err
		}
	}
	if Declares(t, "Validate") && hasValidate(t) {
		c.object.Validators = append(c.object.Validators, Validator{Index: at.index})
	}
	return nil
}

func hasValidate(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ Validate() error }]())
}

func (c *collector) field(owner reflect.Type, sf reflect.StructField, path []reflect.Type, at place) error {
	t, err := readTags(owner, sf)
	if err != nil {
		return err
	}
	switch {
	case t.hasJSON && t.json == "-" && len(t.jsonOptions) == 0:
		return nil
	case hasMark(sf.Type, reflect.TypeFor[mark.Strict]()):
		return nil
	case sf.Anonymous && t.json == "" && indirect(sf.Type).Kind() == reflect.Struct:
		return c.embedded(&t, path, at)
	case !sf.IsExported():
		if t.hasJSON {
			return t.problem("an unexported field cannot be read or written, but it has a json tag", "export it or drop the tag")
		}
		return nil
	}
	return c.member(&t, at)
}

// embedded lays the fields of an embedded struct among those of the outer one.
func (c *collector) embedded(t *tagged, path []reflect.Type, at place) error {
	inner := indirect(t.Type)
	if t.Type.Kind() == reflect.Pointer && !t.IsExported() {
		return t.problem("an embedded pointer to an unexported struct cannot be filled in", "embed the struct by value or export its type")
	}
	leaf := &Type{Go: inner}
	if own, err := ownForm(leaf); err != nil {
		return err
	} else if own || leaves[inner] != Invalid || hasMark(inner, reflect.TypeFor[mark.Optional]()) {
		return t.problem("it is embedded, but its JSON is not an object whose members could be laid among the others", "give it a json tag with a name")
	}
	return c.collect(inner, path, at.to(t.StructField))
}

func (c *collector) member(t *tagged, at place) error {
	if t.source != NoSource && !t.hasJSON {
		return t.problem(
			fmt.Sprintf("a %s tag inside a body, whose members are named by json tags", t.source),
			fmt.Sprintf("write `json:%q`, or move the field to the input struct", t.name))
	}
	name := t.json
	if name == "" {
		name = t.Name
	}
	if strings.ContainsAny(name, "\\\"") || !t.wellNamed(name) {
		return t.problem(fmt.Sprintf("%q cannot be the name of a member", name), "write a name without quotes, backslashes and control characters")
	}
	typ, err := c.describe(t.Type)
	if err != nil {
		return t.within(err)
	}
	t.source = NoSource
	f, err := t.field(name, t.jsonOptions, typ)
	if err != nil {
		return err
	}
	reach := at.to(t.StructField)
	f.Source, f.Go, f.Index, f.ThroughPointer = Body, reach.selector, reach.index, at.throughPointer
	f.Required = f.Required && !at.throughPointer
	c.members = append(c.members, member{Field: f, depth: len(reach.index), tagged: t.json != "", owner: t.owner})
	return nil
}

// within says through which field a mistake in a nested type was reached,
// unless that type has a name to find it by.
func (t *tagged) within(err error) error {
	e, ok := err.(*Error)
	if !ok || !strings.HasPrefix(e.Type, "the ") && e.Field != "" {
		return err
	}
	wrapped := *e
	wrapped.Type, wrapped.Field = typeName(t.owner), t.Name
	if e.Field != "" {
		wrapped.Field += "." + e.Field
	}
	return &wrapped
}

func (t *tagged) wellNamed(name string) bool {
	return strings.ToValidUTF8(name, "") == name && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' })
}

// settle chooses one member for each name: the least deeply embedded, among
// those the tagged one. Two that are equal in both are a mistake.
func (c *collector) settle() error {
	best := map[string]member{}
	var rivals []member
	for _, m := range c.members {
		other, taken := best[m.Name]
		switch {
		case !taken || better(m, other):
			best[m.Name] = m
		case !better(other, m):
			rivals = append(rivals, m)
		}
	}
	for _, m := range rivals {
		winner := best[m.Name]
		if winner.Field != m.Field && !better(winner, m) {
			return &Error{
				Type: typeName(c.root), Field: m.Go,
				Problem: fmt.Sprintf("it and %s both want the JSON name %q", winner.Go, m.Name),
				Fix:     "give one of them another json name, or leave one out with `json:\"-\"`",
			}
		}
	}
	for _, m := range c.members {
		if best[m.Name].Field == m.Field {
			c.object.Fields = append(c.object.Fields, m.Field)
		}
	}
	return nil
}

func better(a, b member) bool {
	if a.depth != b.depth {
		return a.depth < b.depth
	}
	return a.tagged && !b.tagged
}

// union describes a struct that embeds candor.OneOf.
func (r *reader) union(d *Type, embedded reflect.StructField) error {
	o := &Object{}
	d.Object = o
	t, err := readTags(d.Go, embedded)
	if err != nil {
		return err
	}
	if o.Discriminator = t.json; o.Discriminator == "" {
		return t.problem("a union without a discriminator", "name the member that tells the variants apart: candor.OneOf `json:\"kind\"`")
	}
	for i := range d.Go.NumField() {
		sf := d.Go.Field(i)
		if sf.Name == embedded.Name || sf.Name == "_" {
			continue
		}
		if err := r.unionCase(d, sf); err != nil {
			return err
		}
	}
	if len(o.Cases) == 0 {
		return t.problem("a union without variants", "add a pointer field for each: Cat *Cat `case:\"cat\"`")
	}
	return nil
}

func (r *reader) unionCase(d *Type, sf reflect.StructField) error {
	t := tagged{StructField: sf, owner: d.Go}
	name := sf.Tag.Get("case")
	if name == "" || !sf.IsExported() || sf.Type.Kind() != reflect.Pointer || sf.Type.Elem().Kind() != reflect.Struct {
		return t.problem("each field of a union is an exported pointer to a struct with a case tag", "write it as Cat *Cat `case:\"cat\"`")
	}
	for _, c := range d.Object.Cases {
		if c.Name == name {
			return t.problem(fmt.Sprintf("the case %q stands twice", name), "give each variant its own name")
		}
	}
	typ, err := r.describe(sf.Type.Elem())
	if err != nil {
		return t.within(err)
	}
	if typ.Kind != Struct {
		return t.problem("a variant must be a plain struct, "+typ.Go.String()+" has a form of its own", "wrap it in a struct")
	}
	d.Object.Cases = append(d.Object.Cases, Case{Name: name, Index: sf.Index[0], Type: typ})
	return nil
}
