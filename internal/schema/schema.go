// Package schema converts type descriptions to JSON Schema 2020-12, as in OpenAPI 3.1, and writes documents in order of
// declaration.
//
// It builds on typeinfo, converts patterns with check, and knows nothing about operations or requests.
//
// A schema never rejects a value that the decoder and the rules accept. If no keyword expresses a rule exactly, the
// schema is wider and names the rule in the extension x-validate; a schema without that extension is exact.
package schema

import (
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/typeinfo"
)

// Use says whether a type is read from requests or written in responses.
type Use uint8

// The uses; a type may have several. Closed is In with unknown members rejected in every object. Types that are used in
// this way and in another have a separate component for it.
const (
	In Use = 1 << iota
	Out
	Closed
)

// Rule adds a user's rule to the schema of a value.
type Rule = func(s *openapi3.Schema, param string)

// Options are the user's additions; the zero value has none.
type Options struct {
	// Custom holds schemas by type. They are copied, and take precedence over the type's method OpenAPISchema.
	Custom map[reflect.Type]*openapi3.Schema
	// Rules holds the keywords of the user's rules by name. A nil function means a rule without keywords.
	Rules map[string]Rule
	// Comments are the doc comments of types and fields; nil without.
	Comments Comments
	// Split gives a type that differs between requests and responses one component for each.
	Split bool
}

// Comments finds doc comments; "" if there is none.
type Comments interface {
	Type(t reflect.Type) string
	Field(t reflect.Type, name string) string
}

// Components builds schemas and collects those of named structs, unions and enums, which are referred to. It is for one
// document and one goroutine.
//
// Mark every type of the document before asking for the first schema: names and required members depend on all of them.
type Components struct {
	options Options
	uses    map[reflect.Type]Use
	// marked lists the types of components in the order they were marked; unnamed are those that have no component yet.
	marked  []*typeinfo.Type
	unnamed []*typeinfo.Type
	entries map[key]*component
	taken   map[string]bool
	// reached lists the components in the order of their first use.
	reached    []*component
	properties map[*openapi3.Schema][]string
}

// New returns an empty set of components.
func New(o Options) *Components {
	return &Components{
		options: o, uses: map[reflect.Type]Use{}, entries: map[key]*component{},
		taken: map[string]bool{}, properties: map[*openapi3.Schema][]string{},
	}
}

// Mark records that t, and every type inside it, has the use.
func (c *Components) Mark(t *typeinfo.Type, use Use) {
	if t == nil || c.overridden(t) {
		return
	}
	if hasComponent(t) {
		before := c.uses[t.Go]
		// Everything inside is already marked. This also ends the recursion for recursive types.
		if before&use == use {
			return
		}
		if c.uses[t.Go] = before | use; before == 0 {
			c.marked = append(c.marked, t)
			c.unnamed = append(c.unnamed, t)
		}
	}
	for inner := range inside(t) {
		c.Mark(inner, use)
	}
}

// hasComponent reports whether a type becomes a component if it has a name: structs, unions and enums do.
func hasComponent(t *typeinfo.Type) bool {
	return t.Kind == typeinfo.Struct || t.Kind == typeinfo.Union || t.Enum != nil
}

// MarkObject is like Mark for an object that is not a Go type, such as the members of a body.
func (c *Components) MarkObject(o *typeinfo.Object, use Use) {
	for _, f := range o.Fields {
		c.Mark(f.Type, use)
	}
}

// inside lists the types that a schema of t mentions. A variant of a union is expanded in the union's own components,
// so its members are listed instead.
func inside(t *typeinfo.Type) iter.Seq[*typeinfo.Type] {
	return func(yield func(*typeinfo.Type) bool) {
		if t.Elem != nil && !yield(t.Elem) || t.Object == nil {
			return
		}
		objects := []*typeinfo.Object{t.Object}
		for _, variant := range t.Object.Cases {
			objects = append(objects, variant.Type.Object)
		}
		for _, o := range objects {
			for _, f := range o.Fields {
				if !f.Hidden && !yield(f.Type) {
					return
				}
			}
		}
	}
}

// position says how a value is used, and whether it is plain text, as in a parameter, which has neither null nor base64.
type position struct {
	use  Use
	text bool
}

// Value returns the schema of a JSON value of type t that satisfies the rules: a reference for a named struct, union or
// enum, otherwise the schema itself.
func (c *Components) Value(t *typeinfo.Type, rules *typeinfo.Rules, use Use) *openapi3.SchemaRef {
	return c.value(t, rules, position{use: use})
}

// Field returns the schema of a member or a parameter, with its default, example and documentation.
func (c *Components) Field(f *typeinfo.Field, use Use) *openapi3.SchemaRef {
	made := annotate(c.fieldValue(f, use), f, c.Doc(f))
	// Parameters have separate schemas, so no keyword expresses this for them.
	if len(f.RequiredBy) > 0 && f.Source != typeinfo.Body && f.Source != typeinfo.Form && f.Source != typeinfo.File {
		noteBeside(made, "required_with="+strings.Join(f.RequiredBy, " "))
	}
	return made
}

// Doc returns the documentation of a field: its tag or its doc comment.
func (c *Components) Doc(f *typeinfo.Field) string {
	if f.Doc != "" || f.Owner == nil || c.options.Comments == nil {
		return f.Doc
	}
	return c.options.Comments.Field(f.Owner, f.Declared)
}

// typeDoc returns the doc comment of a user's type.
func (c *Components) typeDoc(t *typeinfo.Type) string {
	if c.options.Comments == nil || t.Go == nil || t.Go.PkgPath() == "" {
		return ""
	}
	return c.options.Comments.Type(t.Go)
}

func (c *Components) fieldValue(f *typeinfo.Field, use Use) *openapi3.SchemaRef {
	switch {
	case f.Source == typeinfo.File:
		files := file(f.Type.Go)
		c.keep(files.Value, f.Type, f.Rules, position{use: use})
		return files
	case f.Quoted:
		return c.quoted(f.Type, f.Rules)
	}
	return c.value(f.Type, f.Rules, position{use: use, text: isText(f)})
}

// isText reports whether the field's value is plain text in a path, a query, a header, a cookie or a form.
func isText(f *typeinfo.Field) bool {
	switch f.Source {
	case typeinfo.Path, typeinfo.Query, typeinfo.Header, typeinfo.Cookie, typeinfo.Form:
		return !f.JSON
	}
	return false
}

// Object returns the schema of an object that is not a Go type of its own. With a name it becomes a component of that
// name, with a number if it is taken; without a name it is inlined.
func (c *Components) Object(name string, o *typeinfo.Object, use Use) *openapi3.SchemaRef {
	c.assignNames()
	if name == "" {
		s := &openapi3.Schema{}
		c.object(s, o, nil, use, use)
		return openapi3.NewSchemaRef("", s)
	}
	made := &component{name: c.free(legal(name))}
	c.reach(made, func(s *openapi3.Schema) { c.object(s, o, nil, use, use) })
	return made.ref()
}

// Reached returns the component schema of a type, nil if no other schema has referred to it yet. It may be modified.
func (c *Components) Reached(t *typeinfo.Type, use Use) *openapi3.Schema {
	if made := c.find(t, whole, use); made != nil && slices.Contains(c.reached, made) {
		return made.schema
	}
	return nil
}

// Schemas returns the components that have been referred to so far.
func (c *Components) Schemas() openapi3.Schemas {
	schemas := make(openapi3.Schemas, len(c.reached))
	for _, made := range c.reached {
		schemas[made.name] = openapi3.NewSchemaRef("", made.schema)
	}
	return schemas
}

// Order returns the order of the components and of the members of every object. The caller adds the order of paths and
// methods.
func (c *Components) Order() Order {
	names := make([]string, len(c.reached))
	for i, made := range c.reached {
		names[i] = made.name
	}
	return Order{Schemas: names, Properties: maps.Clone(c.properties)}
}

// component is an entry of components.schemas.
type component struct {
	name   string
	schema *openapi3.Schema
}

func (m *component) ref() *openapi3.SchemaRef {
	return openapi3.NewSchemaRef("#/components/schemas/"+m.name, m.schema)
}

// reach creates a component on its first use. Its schema exists before it is filled in, so that it can refer to itself.
func (c *Components) reach(made *component, fill func(*openapi3.Schema)) {
	if made.schema != nil {
		return
	}
	made.schema = &openapi3.Schema{}
	c.reached = append(c.reached, made)
	fill(made.schema)
}

// requiredUse returns the use that decides which members of a type are required.
func (c *Components) requiredUse(t *typeinfo.Type, use Use) Use {
	// Without Split one component serves all uses, so all of them decide.
	if marked := c.uses[t.Go]; marked != 0 && !c.options.Split {
		return marked
	}
	return use
}

// isRequired reports whether a member is required. If a type has both uses, requests decide, because a request without the
// member is accepted.
func isRequired(f *typeinfo.Field, use Use) bool {
	if use&(In|Closed) != 0 {
		return f.Required
	}
	return alwaysWritten(f)
}

// isListed reports whether an object has a member for the uses: requests have no read-only members, and responses no
// write-only ones.
func isListed(f *typeinfo.Field, uses Use) bool {
	switch {
	case f.ReadOnly:
		return uses&Out != 0
	case f.WriteOnly:
		return uses&(In|Closed) != 0
	}
	return true
}

func alwaysWritten(f *typeinfo.Field) bool {
	return !f.OmitEmpty && !f.OmitZero && !f.ThroughPointer && f.Type.Kind != typeinfo.Optional
}

// object fills in the schema of an object for a use; required is the use that decides which members are required. If tag
// is set, it is the discriminator: the first member, with only one value.
func (c *Components) object(s *openapi3.Schema, o *typeinfo.Object, tag *discriminator, use, required Use) {
	s.Type = types(openapi3.TypeObject)
	s.Properties = openapi3.Schemas{}
	var names []string
	put := func(name string, member *openapi3.SchemaRef, required bool) {
		names = append(names, name)
		s.Properties[name] = member
		if required {
			s.Required = append(s.Required, name)
		}
	}
	if tag != nil {
		member, needed := c.discriminated(o, tag, use, required)
		put(tag.property, member, needed)
	}
	closed := o.Strict || use == Closed
	// Closed objects have their own component, which is only for requests.
	uses := required &^ Closed
	if use == Closed {
		uses = Closed
	}
	for _, f := range o.Fields {
		switch {
		case tag != nil && f.Name == tag.property, !isListed(f, uses):
		case f.Hidden:
			// The object accepts a member that the document does not show.
			closed = false
		default:
			member, isNeeded := c.Field(f, use), isRequired(f, required)
			// Not required in a schema for both directions, because no response has it.
			if f.WriteOnly && isNeeded && uses&Out != 0 {
				isNeeded = false
				noteBeside(member, "required")
			}
			put(f.Name, member, isNeeded)
		}
	}
	s.DependentRequired = c.dependent(o, names)
	if closed {
		s.AdditionalProperties = openapi3.AdditionalProperties{Has: new(bool)}
	}
	if len(o.Validators) > 0 {
		addNote(s, validates) // a method of the type, which may reject anything
	}
	c.properties[s] = names
}

// dependent returns which of the shown members require other members.
func (c *Components) dependent(o *typeinfo.Object, shown []string) map[string][]string {
	all := map[string][]string{}
	for _, f := range o.Fields {
		for _, needed := range f.Requires {
			if slices.Contains(shown, f.Name) && slices.Contains(shown, needed) {
				all[f.Name] = append(all[f.Name], needed)
			}
		}
	}
	return all
}

type discriminator struct {
	property, value string
	// others are the values that the default variant does not have; nil for any other variant.
	others []string
}

// discriminated returns the member of a variant that identifies it. That of the default variant has any value except
// those of the others, and may be absent.
func (c *Components) discriminated(o *typeinfo.Object, tag *discriminator, use, required Use) (member *openapi3.SchemaRef, needed bool) {
	if tag.others == nil {
		return openapi3.NewSchemaRef("", &openapi3.Schema{Type: types(openapi3.TypeString), Const: tag.value}), true
	}
	not := &openapi3.Schema{}
	for _, name := range tag.others {
		not.Enum = append(not.Enum, name)
	}
	f := o.Field(tag.property)
	if f == nil || f.Hidden {
		return openapi3.NewSchemaRef("", &openapi3.Schema{Type: types(openapi3.TypeString), Not: openapi3.NewSchemaRef("", not)}), false
	}
	own := openapi3.Schema{AllOf: openapi3.SchemaRefs{c.Field(f, use)}}
	if plain := own.AllOf[0]; plain.Ref == "" && plain.Value.Not == nil {
		own = *plain.Value
	}
	own.Not = openapi3.NewSchemaRef("", not)
	return openapi3.NewSchemaRef("", &own), isRequired(f, required)
}

// Check reports why a value, as encoding/json decodes it into any, does not match the schema. It makes kin use JSON
// Schema 2020-12, because kin would fall back to OpenAPI 3.0, in which null does not match {}.
func Check(s *openapi3.SchemaRef, value any) error {
	judge := &openapi3.Schema{
		AllOf: openapi3.SchemaRefs{s},
		// An if without then and else has no effect; it only selects the validator.
		If: openapi3.NewSchemaRef("", &openapi3.Schema{}),
	}
	return judge.VisitJSON(value, openapi3.EnableJSONSchema2020())
}

func types(names ...string) *openapi3.Types {
	t := openapi3.Types(slices.Clone(names))
	return &t
}
