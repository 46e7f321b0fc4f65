package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/typeinfo"
)

// Joined returns the schema of a parameter that several fields read: a value must satisfy all of them. f provides the
// documentation of the parameter.
func (c *Components) Joined(f *typeinfo.Field, readers []*typeinfo.Field) *openapi3.SchemaRef {
	s := merge(c.readings(readers))
	if f.Default != nil && Check(s, parsed(f.Default)) != nil {
		// The default of one reader might be a value that another one rejects.
		without := *f
		without.Default = nil
		f = &without
	}
	return annotate(s, f, c.Doc(f))
}

// Contradiction returns why no value satisfies all readers of a parameter, "" if a value may.
func (c *Components) Contradiction(readers []*typeinfo.Field) string {
	readings := c.readings(readers)
	schemas := flatten(readings, nil)
	if names := disjoint(schemas); names != "" {
		return "it is " + names
	}
	var listed []any
	all := openapi3.Schema{}
	for _, s := range schemas {
		if s.Const != nil {
			listed = append(listed, s.Const)
		}
		listed = append(listed, s.Enum...)
		// Only the bounds, of which conjoin keeps the tightest.
		conjoin(&all, &openapi3.Schema{
			Min: s.Min, Max: s.Max, ExclusiveMin: s.ExclusiveMin, ExclusiveMax: s.ExclusiveMax, MinLength: s.MinLength,
			MaxLength: s.MaxLength, MinItems: s.MinItems, MaxItems: s.MaxItems,
		})
	}
	low, high := lowest(&all), highest(&all)
	switch {
	case len(listed) > 0 && !slices.ContainsFunc(listed, func(value any) bool { return allow(readings, value) }):
		return "their values differ"
	case low.at != nil && high.excludes(*low.at) || high.at != nil && low.excludes(*high.at):
		return "their bounds leave no number"
	case all.MaxLength != nil && all.MinLength > *all.MaxLength:
		return "their bounds leave no length"
	case all.MaxItems != nil && all.MinItems > *all.MaxItems:
		return "their bounds leave no number of elements"
	}
	return ""
}

func allow(readings openapi3.SchemaRefs, value any) bool {
	text, err := json.Marshal(value)
	return err == nil && !slices.ContainsFunc(readings, func(s *openapi3.SchemaRef) bool { return Check(s, parsed(text)) != nil })
}

// readings returns the schemas of all fields that read a parameter. String schemas without rules are dropped beside a
// number or a list, because every parameter is text; rules of strings have no keywords there.
func (c *Components) readings(readers []*typeinfo.Field) openapi3.SchemaRefs {
	var kept, notes openapi3.SchemaRefs
	for _, f := range readers {
		narrows := func(other *typeinfo.Field) bool { return c.narrows(other, f) }
		switch {
		case !slices.ContainsFunc(readers, narrows):
			kept = append(kept, c.fieldValue(f, In))
		case f.Rules != nil:
			s := &openapi3.Schema{}
			noteAll(s, f.Rules.Self)
			notes = append(notes, openapi3.NewSchemaRef("", s))
		}
	}
	return append(kept, notes...)
}

// narrows reports whether a reader accepts only some of the values that another one reads as plain text, and its values
// are not strings in JSON.
func (c *Components) narrows(f, text *typeinfo.Field) bool {
	of, from := bare(f.Type), bare(text.Type)
	switch {
	case f.JSON != text.JSON || f.JSON:
		return false
	case c.isPlainText(from):
		return !c.readsText(of)
	case isArray(from) && c.isPlainText(bare(from.Elem)):
		return isArray(of) && !c.readsText(bare(of.Elem))
	}
	return false
}

func (c *Components) isPlainText(t *typeinfo.Type) bool {
	return t.Kind == typeinfo.String && t.Enum == nil && !c.overridden(t)
}

// readsText reports whether values of a type are also strings in JSON.
func (c *Components) readsText(t *typeinfo.Type) bool {
	switch t.Kind {
	case typeinfo.String, typeinfo.Text, typeinfo.Time, typeinfo.Duration, typeinfo.Bytes:
		return true
	}
	return c.overridden(t)
}

func isArray(t *typeinfo.Type) bool {
	t = bare(t)
	return t.Kind == typeinfo.Slice || t.Kind == typeinfo.Array
}

// bare returns the type inside pointers and optional values.
func bare(t *typeinfo.Type) *typeinfo.Type {
	for t.Wraps() {
		t = t.Elem
	}
	return t
}

// merge returns a schema for values that satisfy all: one list of keywords if possible, otherwise allOf.
func merge(schemas openapi3.SchemaRefs) *openapi3.SchemaRef {
	var distinct openapi3.SchemaRefs
	for _, s := range ofOneNumber(schemas) {
		same := func(other *openapi3.SchemaRef) bool { return reflect.DeepEqual(s, other) } //nolint:govet // errors do not matter here
		if !slices.ContainsFunc(distinct, same) {
			distinct = append(distinct, s)
		}
	}
	if len(distinct) == 1 {
		return distinct[0]
	}
	// A copy, because the first may be a shared component.
	whole := *distinct[0].Value
	for _, s := range distinct {
		if s.Ref != "" || !sameBase(&whole, s.Value) {
			return openapi3.NewSchemaRef("", &openapi3.Schema{AllOf: distinct})
		}
	}
	for _, s := range distinct[1:] {
		conjoin(&whole, s.Value)
		if text, ok := s.Value.Extensions[noted].(string); ok {
			addNote(&whole, text)
		}
	}
	return openapi3.NewSchemaRef("", &whole)
}

// ofOneNumber gives numbers of several types the narrowest type: what must be an integer and a number is an integer.
func ofOneNumber(schemas openapi3.SchemaRefs) openapi3.SchemaRefs {
	narrowest := -1
	for i, s := range schemas {
		if s.Value.Type == nil && s.Ref == "" && len(s.Value.AllOf) == 0 {
			continue // a note
		}
		width := slices.Index(widths, s.Value.Format)
		if s.Ref != "" || width < 0 || !hasType(s.Value, openapi3.TypeNumber) {
			return schemas
		}
		if narrowest < 0 || width < slices.Index(widths, schemas[narrowest].Value.Format) {
			narrowest = i
		}
	}
	if narrowest < 0 {
		return schemas
	}
	numbers := openapi3.SchemaRefs{schemas[narrowest]}
	for i, s := range schemas {
		if i != narrowest {
			bounds := *s.Value
			// Of the other types only the bounds remain.
			bounds.Type, bounds.Format = nil, ""
			numbers = append(numbers, openapi3.NewSchemaRef("", &bounds))
		}
	}
	return numbers
}

// widths are the formats of numbers, the narrowest first.
var widths = []string{"int32", "int64", "float", "double"}

// sameBase reports whether two schemas differ only in what conjoin joins.
func sameBase(a, b *openapi3.Schema) bool {
	bare := b.Type == nil && b.Items == nil
	return len(a.AllOf)+len(b.AllOf)+len(a.OneOf)+len(b.OneOf) == 0 && (a.Format == "" || b.Format == "" || a.Format == b.Format) &&
		(bare || reflect.DeepEqual(a.Type, b.Type) && reflect.DeepEqual(a.Items, b.Items)) //nolint:govet // errors do not matter here
}

// flatten lists schemas and the content of their allOf.
func flatten(refs openapi3.SchemaRefs, into []*openapi3.Schema) []*openapi3.Schema {
	for _, s := range refs {
		into = flatten(s.Value.AllOf, append(into, s.Value))
	}
	return into
}

// exclusive lists formats of which a text has at most one.
var exclusive = []string{"uuid", "date", "date-time"}

// disjoint returns two types or formats that exclude each other, "" if there are none.
func disjoint(schemas []*openapi3.Schema) string {
	for i, a := range schemas {
		for _, b := range schemas[:i] {
			switch {
			case a.Type != nil && b.Type != nil && !slices.ContainsFunc(*a.Type, func(name string) bool { return hasType(b, name) }):
				return fmt.Sprintf("%s for one and %s for another", b.Type.Slice()[0], a.Type.Slice()[0])
			case a.Format != b.Format && slices.Contains(exclusive, a.Format) && slices.Contains(exclusive, b.Format):
				return fmt.Sprintf("a %s for one and a %s for another", b.Format, a.Format)
			}
		}
	}
	return ""
}

// hasType reports whether a schema allows values of a type; integers are numbers.
func hasType(s *openapi3.Schema, name string) bool {
	number := func(name string) bool { return name == openapi3.TypeNumber || name == openapi3.TypeInteger }
	return s.Type.Includes(name) || number(name) && slices.ContainsFunc(*s.Type, number)
}

func parsed(text json.RawMessage) (value any) {
	_ = json.Unmarshal(text, &value) // valid JSON, written by typeinfo
	return value
}
