package typeinfo

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/candor-go/candor/internal/mark"
)

// object describes a struct as the members of a JSON object.
func (r *reader) object(d *Type) error {
	o := &Object{}
	// Set before the fields are read, because a field may refer to the struct itself.
	d.Object = o
	_, o.Strict = embeddedMark(d.Go, reflect.TypeFor[mark.Strict]())
	c := collector{reader: r, root: d.Go, object: o}
	if err := c.collect(d.Go, nil, embedding{}); err != nil {
		return err
	}
	if hidesAll(d.Go) {
		return &Error{
			Type: Name(d.Go), Problem: "none of its fields is exported, so every value of it would be {}",
			Fix: "export them, or give the type the methods MarshalJSON and UnmarshalJSON",
		}
	}
	return c.resolveNames()
}

// hidesAll reports whether a struct has fields, but only unexported ones, including those of embedded structs.
func hidesAll(t reflect.Type) bool {
	hides := false
	for i := range t.NumField() {
		f := t.Field(i)
		isEmbedded := f.Anonymous && indirect(f.Type).Kind() == reflect.Struct
		switch {
		case f.Name == "_":
		case f.IsExported(), isEmbedded && !hidesAll(indirect(f.Type)):
			return false
		default:
			hides = true
		}
	}
	return hides
}

// embedding is the path from the described struct to an embedded struct.
type embedding struct {
	index          []int
	selector       string
	throughPointer bool
}

func (p embedding) to(f reflect.StructField) embedding {
	selector := f.Name
	if p.selector != "" {
		selector = p.selector + "." + f.Name
	}
	// A copy, because sibling indexes share a prefix.
	return embedding{
		index: append(slices.Clone(p.index), f.Index...), selector: selector,
		throughPointer: p.throughPointer || f.Type.Kind() == reflect.Pointer,
	}
}

// member is a candidate for a name: the rules of encoding/json choose among candidates.
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

// collect collects the members of t, which is the struct itself or embedded in it; path has the enclosing structs, to
// stop at a struct that embeds itself.
func (c *collector) collect(t reflect.Type, path []reflect.Type, at embedding) error {
	if slices.Contains(path, t) {
		return nil
	}
	path = append(path, t)
	for i := range t.NumField() {
		if err := c.field(t, t.Field(i), path, at); err != nil {
			return err
		}
	}
	if declaresValidate(t) {
		c.object.Validators = append(c.object.Validators, Validator{Index: at.index})
	}
	return nil
}

type validator interface{ Validate() error }

// declaresValidate reports whether a type declares a Validate method itself.
func declaresValidate(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[validator]()) && t.Kind() != reflect.Interface && Declares(t, "Validate")
}

// Validate calls the Validate method of the value behind a pointer.
func Validate(pointer any) error { return pointer.(validator).Validate() }

func (c *collector) field(owner reflect.Type, sf reflect.StructField, path []reflect.Type, at embedding) error {
	t, err := readTags(owner, sf)
	if err != nil {
		return err
	}
	if t.left() {
		return nil
	}
	c.object.Strays = append(c.object.Strays, t.strayKeys()...)
	switch {
	case isMark(sf.Type):
		return t.strictMark()
	case sf.Anonymous && t.json == "" && indirect(sf.Type).Kind() == reflect.Struct:
		return c.embedded(&t, path, at)
	// An embedded struct was handled before: its fields may be exported even if its type is not.
	case !sf.IsExported():
		return t.unexported()
	}
	return c.member(&t, at)
}

// left reports whether the field is excluded from request and response bodies.
func (t *tagged) left() bool { return t.json == "-" && len(t.jsonOptions) == 0 }

// unexported ignores an unexported field, unless its tags ask for it.
func (t *tagged) unexported() error {
	if t.hasJSON {
		return t.problem("an unexported field cannot be read or written, but it has a json tag", "export it or drop the tag")
	}
	if t.source != NoSource {
		return t.problem(fmt.Sprintf("an unexported field cannot be filled in, but it has a %s tag", t.source), "export it or drop the tag")
	}
	return nil
}

// isMark reports whether t is candor.Strict or candor.OneOf, or a pointer to one of them.
func isMark(t reflect.Type) bool {
	return hasMark(indirect(t), reflect.TypeFor[mark.Strict]()) || hasMark(indirect(t), reflect.TypeFor[mark.Union]())
}

// strictMark rejects a field of a marker type: only an embedded candor.Strict has a meaning here, and it was handled
// before.
func (t *tagged) strictMark() error {
	if !t.Anonymous || t.Type.Kind() == reflect.Pointer {
		return t.problem("it means something only where it is embedded by value", "embed "+Name(indirect(t.Type))+" itself, without a field name and without a pointer")
	}
	return nil
}

// embedded adds the fields of an embedded struct to the fields of the outer one.
func (c *collector) embedded(t *tagged, path []reflect.Type, at embedding) error {
	inner := indirect(t.Type)
	if t.Type.Kind() == reflect.Pointer && !t.IsExported() {
		return t.problem("an embedded pointer to an unexported struct cannot be filled in", "embed the struct by value or export its type")
	}
	if members, err := hasMembers(inner); err != nil {
		return err
	} else if !members {
		return t.problem("it is embedded, but its JSON is not an object whose members could be merged into the others", "give it a json tag with a name")
	}
	if err := t.useless("an embedded struct", valueTags...); err != nil {
		return err
	}
	if t.source != NoSource {
		return t.refuseLocationTag()
	}
	if len(t.jsonOptions) > 0 && !slices.Equal(t.jsonOptions, []string{"inline"}) {
		return t.problem(fmt.Sprintf("the json option %q has no effect on an embedded struct without a name", t.jsonOptions[0]), "drop the tag, or give it a name")
	}
	return c.collect(inner, path, at.to(t.StructField))
}

// hasMembers reports whether t is a struct that is encoded as an object of its fields.
func hasMembers(t reflect.Type) (bool, error) {
	if t.Kind() != reflect.Struct || leaves[t] != Invalid || hasMark(t, reflect.TypeFor[mark.Optional]()) {
		return false, nil
	}
	if _, _, isNullable := NullableFields(t); isNullable {
		return false, nil
	}
	if _, union := embeddedMark(t, reflect.TypeFor[mark.Union]()); union {
		return false, nil
	}
	own, err := ownForm(&Type{Go: t})
	return !own, err
}

// refuseLocationTag rejects a location tag inside a body.
func (t *tagged) refuseLocationTag() error {
	if t.Anonymous {
		return t.problem(fmt.Sprintf("a %s tag inside a body, whose members are named by json tags", t.source),
			"drop the tag, or move the field to the input struct")
	}
	name := t.name
	if name == "" || t.source == Status || t.source == Dep {
		name = t.suggestion(NoSource)
	}
	return t.problem(fmt.Sprintf("a %s tag inside a body, whose members are named by json tags", t.source),
		fmt.Sprintf("write `json:%q`, or move the field to the struct that is the input or the response itself", name))
}

func (c *collector) member(t *tagged, at embedding) error {
	if _, ok := t.Tag.Lookup("alias"); ok && c.model != NoSource {
		return t.problem("its alias tag has no effect in a value that is sent member by member", "drop the tag")
	}
	name, options, err := t.memberName(c.model)
	if err != nil {
		return err
	}
	if !isMemberName(name) {
		return t.problem(fmt.Sprintf("%q cannot be the name of a member", name), memberNames)
	}
	typ, err := c.describe(t.Type)
	if err != nil {
		return t.wrapError(err)
	}
	// The type may also be an input; its location tags have no meaning in a body.
	if t.source != c.model {
		t.source = NoSource
	}
	f, err := t.field(name, options, typ)
	if err != nil {
		return err
	}
	reach := at.to(t.StructField)
	f.Source, f.Go, f.Index, f.ThroughPointer = Body, reach.selector, reach.index, at.throughPointer
	// If the embedded pointer is nil, all its members are absent.
	f.Required = f.Required && !at.throughPointer
	c.members = append(c.members, member{Field: f, depth: len(reach.index), tagged: name != t.Name || t.json != "", owner: t.owner})
	return nil
}

// memberName returns the name of a member and its options: from its json tag or, in a model, from the tag of its
// source.
func (t *tagged) memberName(model Source) (name string, options []string, err error) {
	switch {
	case t.source == model && model != NoSource:
		if t.json != "" && t.json != t.name {
			return "", nil, t.problem(fmt.Sprintf("it is called %q in JSON and %q in a %s, though a member has one name", t.json, t.name, model),
				fmt.Sprintf("write `json:%[1]q %[2]s:%[1]q`", t.json, model))
		}
		if slices.Contains(t.options, "deep") {
			return "", nil, t.problem("the option deep in a value that is deep itself", "drop it, as its members are sent one by one already")
		}
		return t.name, t.options, nil
	case t.source != NoSource && !t.hasJSON:
		return "", nil, t.refuseLocationTag()
	case t.json == "":
		return t.Name, t.jsonOptions, nil
	}
	return t.json, t.jsonOptions, nil
}

// wrapError adds the field through which a nested type was reached, unless that type has a name.
func (t *tagged) wrapError(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Field != "" && e.Type != unnamed {
		return err
	}
	wrapped := *e
	wrapped.Type, wrapped.Field = Name(t.owner), t.Name
	if e.Field != "" {
		wrapped.Field += "." + e.Field
	} else {
		wrapped.Problem = e.Type + ": " + e.Problem
	}
	return &wrapped
}

const memberNames = "use letters, digits and signs other than quotes, backslashes and commas"

// isMemberName reports whether encoding/json accepts the name in a tag; otherwise it would use the Go field name.
func isMemberName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r)
	})
}

// resolveNames chooses one member for each name: the least deeply embedded, then the one with a tag. If that does not
// decide, it is an error.
func (c *collector) resolveNames() error {
	best := map[string]member{}
	var rivals []member
	for _, m := range c.members {
		other, taken := best[m.Name]
		switch {
		case !taken || better(m, other):
			best[m.Name] = m
		case !better(other, m):
			// A later member may take precedence over both, so they are checked at the end.
			rivals = append(rivals, m)
		}
	}
	for _, m := range rivals {
		winner := best[m.Name]
		if winner.Field != m.Field && !better(winner, m) {
			return &Error{
				Type: Name(c.root), Field: m.Go,
				Problem: fmt.Sprintf("it and %s both have the JSON name %q", winner.Go, m.Name),
				Fix:     "give one of them another json name, or leave one out with `json:\"-\"`",
			}
		}
	}
	// In the order of declaration.
	for _, m := range c.members {
		if best[m.Name].Field == m.Field {
			c.object.Fields = append(c.object.Fields, m.Field)
		}
	}
	return resolveRequires(c.root, c.object.Fields)
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
	o.Strays = t.strayKeys()
	if o.Discriminator = t.json; !isMemberName(t.json) || t.left() || len(t.jsonOptions) > 0 {
		return t.lost("a union without the name of its discriminator", "name the member that selects the variant, and nothing else: candor.OneOf `json:\"kind\"`")
	}
	switch event, ok := embedded.Tag.Lookup("event"); {
	case ok && event != "name":
		return t.problem(fmt.Sprintf("the tag event:%q has no meaning", event), "write event:\"name\" where the case is to be the name of a server-sent event, or drop the tag")
	case ok:
		o.NamesEvents = true
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
	if len(o.OtherCases()) == 0 {
		return t.problem("a union without variants", "add a pointer field for each: Cat *Cat `case:\"cat\"`")
	}
	return nil
}

func (r *reader) unionCase(d *Type, sf reflect.StructField) error {
	t, err := readTags(d.Go, sf)
	if err != nil {
		return err
	}
	d.Object.Strays = append(d.Object.Strays, t.strayKeys()...)
	name := sf.Tag.Get("case")
	if name == "" || !sf.IsExported() || sf.Type.Kind() != reflect.Pointer || sf.Type.Elem().Kind() != reflect.Struct {
		return t.lost("every field of a union is an exported pointer to a struct with a case tag, and this one is not", "write it as Cat *Cat `case:\"cat\"`")
	}
	if err := t.useless("a variant of a union", append([]string{"json"}, valueTags...)...); err != nil {
		return err
	}
	for _, c := range d.Object.Cases {
		if c.Name == name {
			return t.problem(fmt.Sprintf("the case %q is listed twice", name), "give each variant a case of its own")
		}
	}
	typ, err := r.describe(sf.Type.Elem())
	if err != nil {
		return t.wrapError(err)
	}
	if typ.Kind != Struct {
		return t.problem("a variant is a struct written as its fields, "+Name(typ.Go)+" has a form of its own", "wrap it in a struct")
	}
	if name == DefaultCase {
		if err := d.Object.checkDefault(t, typ); err != nil {
			return err
		}
	}
	d.Object.Cases = append(d.Object.Cases, Case{Name: name, Index: sf.Index[0], Type: typ})
	return nil
}

// checkDefault rejects a default variant that could not represent its discriminator value.
func (o *Object) checkDefault(t tagged, variant *Type) error {
	f := variant.Object.Field(o.Discriminator)
	if f == nil && o.NamesEvents {
		return t.problem("the discriminator names the events, and the default variant does not have it", fmt.Sprintf("give %s a member with the name: Name string `json:%q`", Name(variant.Go), o.Discriminator))
	}
	if f != nil && f.Type.Kind != String {
		return t.problem(fmt.Sprintf("the discriminator is a string, but %s of the default variant is not", f.Go), "make it a string, or leave it out of the variant")
	}
	return nil
}
