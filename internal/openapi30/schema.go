package openapi30

import (
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
)

// schemaWriter converts one schema.
type schemaWriter struct {
	*converter
	in, out *doctree.Value
	// exact means that out accepts the same values as in.
	exact bool
	// all are additional schemas that a value must satisfy.
	all []*doctree.Value
}

// copied are keywords with the same meaning in both versions.
var copied = strings.Fields(`title description deprecated readOnly writeOnly format default multipleOf minLength maxLength
	minItems maxItems uniqueItems minProperties maxProperties discriminator xml externalDocs example`)

// silent are keywords that do not affect which values are accepted. content converts those of a string's content.
var silent = strings.Fields(`$schema $id $anchor $comment $defs contentEncoding contentMediaType contentSchema examples nullable
	then else minContains maxContains`)

// schema converts a schema, and reports whether the result accepts exactly the same values.
func (c *converter) schema(v *doctree.Value) (*doctree.Value, bool) {
	// In 3.0 a schema is an object.
	switch v.Kind {
	case 't':
		return doctree.Object(), true
	case 'f':
		return nothing(), true
	}
	if flat := c.nullableEnum(v); flat != nil {
		v = flat
	}
	s := schemaWriter{converter: c, in: v, out: doctree.Object(), exact: true}
	if ref := v.Get("$ref"); ref != nil {
		// In 3.0 siblings of a reference are ignored.
		if alone := s.reference(ref.Text, len(v.Members) == 1); alone != nil {
			return alone, s.exact
		}
	}
	for _, m := range v.Members {
		s.keyword(m.Name, m.Value)
	}
	s.annotations()
	s.conjunction()
	return s.out, s.exact
}

// nullableEnum returns one enum for an alternative of an enum and null, nil if v is something else. Null becomes a value of
// the enum: generators make an enum of that, but a union of an anyOf. The enum also replaces a reference, because nullable
// beside a reference would not allow null.
func (c *converter) nullableEnum(v *doctree.Value) *doctree.Value {
	choice := v.Get("anyOf")
	if choice == nil || len(choice.Items) != 2 || !isNull(choice.Items[1]) {
		return nil
	}
	listed := c.resolve(choice.Items[0])
	values := listedValues(listed)
	if values == nil || v.Get("type") != nil || listedValues(v) != nil {
		return nil
	}
	flat := doctree.Object()
	// Keywords of this schema come last, so they override those of the component.
	for _, m := range slices.Concat(listed.Members, v.Members) {
		if m.Name != "anyOf" && m.Name != "const" {
			flat.Set(m.Name, m.Value)
		}
	}
	flat.Set("type", doctree.Array(listed.Get("type"), doctree.String("null")))
	flat.Set("enum", doctree.Array(append(slices.Clone(values), doctree.Null())...))
	return flat
}

// isNull reports whether a schema allows only null.
func isNull(v *doctree.Value) bool {
	name := v.Get("type")
	return len(v.Members) == 1 && name != nil && name.Text == "null"
}

// resolve returns the component that a schema refers to without adding anything, or the schema itself.
func (c *converter) resolve(v *doctree.Value) *doctree.Value {
	ref := v.Get("$ref")
	if ref == nil || len(v.Members) != 1 {
		return v
	}
	name, _ := strings.CutPrefix(ref.Text, "#/components/schemas/")
	if component := c.schemas.Get(name); component != nil {
		return component
	}
	return v
}

// listedValues returns the values of an enum of one type, nil if the schema has none or requires more.
func listedValues(v *doctree.Value) []*doctree.Value {
	for _, more := range [...]string{"$ref", "allOf", "anyOf", "oneOf", "not"} {
		if v.Get(more) != nil {
			return nil
		}
	}
	list, constant, name := v.Get("enum"), v.Get("const"), v.Get("type")
	switch {
	case name == nil || name.Kind != '"' || name.Text == "null", list != nil && constant != nil:
		return nil
	case list != nil:
		return list.Items
	case constant != nil:
		return []*doctree.Value{constant}
	}
	return nil
}

// nothing returns a schema that accepts no value.
func nothing() *doctree.Value {
	return doctree.Object(doctree.Member{Name: "not", Value: doctree.Object()})
}

// reference returns a schema that is only a reference. If the schema has other keywords, it returns nil and adds the
// reference to the schemas that a value must satisfy. In 3.0 a reference can only lead to a component.
func (s *schemaWriter) reference(ref string, alone bool) *doctree.Value {
	name, ok := strings.CutPrefix(ref, "#/components/schemas/")
	if !ok || strings.Contains(name, "/") {
		s.exact = false
		return nil
	}
	s.exact = s.exact && !s.wider[name]
	made := doctree.Object(doctree.Member{Name: "$ref", Value: doctree.String(ref)})
	if alone {
		return made
	}
	s.all = append(s.all, made)
	return nil
}

// keyword converts a keyword that does not depend on others.
func (s *schemaWriter) keyword(name string, value *doctree.Value) {
	switch name {
	case "$ref": // see reference
	case "type":
		s.types(value)
	case "minimum", "exclusiveMinimum":
		s.bound("minimum", "exclusiveMinimum", func(limit, exclusive float64) bool { return limit > exclusive })
	case "maximum", "exclusiveMaximum":
		s.bound("maximum", "exclusiveMaximum", func(limit, exclusive float64) bool { return limit < exclusive })
	case "const":
		s.enum(doctree.Array(value))
	case "enum":
		s.enum(value)
	case "required":
		if len(value.Items) > 0 {
			s.out.Set(name, value)
		}
	case "pattern":
		if isOld := !newPattern(value.Text); s.keep(isOld) {
			s.out.Set(name, value)
		}
	case "properties":
		s.properties(value)
	case "additionalProperties":
		s.additional(value)
	case "items":
		// If there are prefixItems, tuple converts it.
		if s.in.Get("prefixItems") == nil {
			s.out.Set(name, s.inner(value))
		}
	case "prefixItems":
		s.tuple(value.Items)
	case "allOf":
		for _, item := range value.Items {
			s.all = append(s.all, s.inner(item))
		}
	case "anyOf":
		s.out.Set(name, s.inners(value))
	case "oneOf":
		s.oneOf(value)
	case "not":
		// If the forbidden schema became wider, not would reject more than in 3.1.
		if forbidden, exact := s.schema(value); s.keep(exact) {
			s.out.Set(name, forbidden)
		}
	default:
		s.other(name, value)
	}
}

// other copies other keywords. An unknown keyword has no effect in either version.
func (s *schemaWriter) other(name string, value *doctree.Value) {
	switch {
	case slices.Contains(copied, name), isExtension(name):
		s.out.Set(name, value)
	case slices.Contains(silent, name):
	default:
		s.exact = false
	}
}

// keep records that a keyword cannot be kept.
func (s *schemaWriter) keep(possible bool) bool {
	s.exact = s.exact && possible
	return possible
}

func (s *schemaWriter) inner(v *doctree.Value) *doctree.Value {
	made, exact := s.schema(v)
	s.exact = s.exact && exact
	return made
}

func (s *schemaWriter) inners(v *doctree.Value) *doctree.Value {
	out := doctree.Array()
	for _, item := range v.Items {
		out.Items = append(out.Items, s.inner(item))
	}
	return out
}

func (s *schemaWriter) properties(v *doctree.Value) {
	out := doctree.Object()
	for _, m := range v.Members {
		out.Members = append(out.Members, doctree.Member{Name: m.Name, Value: s.inner(m.Value)})
	}
	s.out.Set("properties", out)
}

// additional converts additionalProperties. In 3.0 there are no patternProperties, so properties that match a pattern would
// count as additional.
func (s *schemaWriter) additional(v *doctree.Value) {
	switch {
	case !s.keep(s.in.Get("patternProperties") == nil):
	case v.Kind == '{':
		s.out.Set("additionalProperties", s.inner(v))
	default:
		s.out.Set("additionalProperties", v)
	}
}

// oneOf stays oneOf if its alternatives are unchanged. Alternatives that became wider may overlap.
func (s *schemaWriter) oneOf(v *doctree.Value) {
	before := s.exact
	// Only these schemas matter here, whatever was inexact before.
	s.exact = true
	alternatives := s.inners(v)
	switch exact := s.exact; {
	case exact:
		s.out.Set("oneOf", alternatives)
	case s.in.Get("anyOf") == nil:
		s.out.Set("anyOf", alternatives)
	default:
		// There is already an anyOf, and both must hold.
		s.all = append(s.all, doctree.Object(doctree.Member{Name: "anyOf", Value: alternatives}))
	}
	s.exact = before && s.exact
}

// enum converts the list of values. A const beside an enum, or beside a type that is null, is another schema to satisfy.
func (s *schemaWriter) enum(values *doctree.Value) {
	switch {
	case !s.keep(len(values.Items) > 0): // 3.0 has no empty list
	case s.out.Get("enum") == nil:
		s.out.Set("enum", values)
	default:
		s.all = append(s.all, doctree.Object(doctree.Member{Name: "enum", Value: values}))
	}
}

// tuple applies the schemas of all positions to every element. Without further elements the list ends after them.
func (s *schemaWriter) tuple(items []*doctree.Value) {
	s.exact = false
	choices := doctree.Array()
	for _, item := range items {
		choices.Items = append(choices.Items, s.inner(item))
	}
	more := s.in.Get("items")
	switch {
	case more == nil, len(items) == 0:
		return // further elements may be anything
	case more.Kind == 'f':
		if s.in.Get("maxItems") == nil {
			s.out.Set("maxItems", doctree.Number(strconv.Itoa(len(items))))
		}
	default:
		choices.Items = append(choices.Items, s.inner(more))
	}
	s.out.Set("items", doctree.Object(doctree.Member{Name: "anyOf", Value: distinct(choices)}))
}

// distinct removes duplicates.
func distinct(list *doctree.Value) *doctree.Value {
	list.Items = slices.CompactFunc(list.Items, func(a, b *doctree.Value) bool {
		return string(a.AppendJSON(nil)) == string(b.AppendJSON(nil))
	})
	return list
}

// newPattern reports whether a pattern uses features that were added after 3.0: Unicode classes and lookbehind.
func newPattern(pattern string) bool {
	for _, sign := range []string{`\p{`, `\P{`, `\u{`, `(?<`} {
		if strings.Contains(pattern, sign) {
			return true
		}
	}
	return false
}

// bound converts the limit of a number. 3.0 has one limit on each side.
func (s *schemaWriter) bound(name, exclusiveName string, stricter func(limit, exclusive float64) bool) {
	limit, exclusive := s.in.Get(name), s.in.Get(exclusiveName)
	// 3.1 may have both; the stricter one is kept.
	if exclusive == nil || limit != nil && stricter(number(limit), number(exclusive)) {
		s.out.Set(name, limit)
		return
	}
	s.out.Set(name, exclusive)
	s.out.Set(exclusiveName, doctree.Bool(true))
}

func number(v *doctree.Value) float64 {
	n, _ := strconv.ParseFloat(v.Text, 64)
	return n
}

// types converts the type keyword.
func (s *schemaWriter) types(declared *doctree.Value) {
	list := declared.Items
	if declared.Kind == '"' {
		list = []*doctree.Value{declared}
	}
	var names []string
	null := false
	for _, item := range list {
		if item.Text == "null" {
			null = true
			continue
		}
		names = append(names, item.Text)
	}
	switch len(names) {
	case 0:
		s.onlyNull()
	case 1:
		s.out.Set("type", doctree.String(names[0]))
		if null {
			s.out.Set("nullable", doctree.Bool(true))
		}
		s.holdsAnything(names[0])
	default:
		s.severalTypes(names, null)
	}
}

// onlyNull converts a schema that allows only null: 3.0 has no type for it.
func (s *schemaWriter) onlyNull() {
	// A nullable string whose enum contains only null.
	s.out.Set("type", doctree.String("string"))
	s.out.Set("nullable", doctree.Bool(true))
	s.enum(doctree.Array(doctree.Null()))
}

// holdsAnything adds items to lists, because 3.0 requires it.
func (s *schemaWriter) holdsAnything(name string) {
	if name == "array" && s.in.Get("items") == nil {
		s.out.Set("items", doctree.Object())
	}
}

// severalTypes converts several types to alternatives.
func (s *schemaWriter) severalTypes(names []string, null bool) {
	choices := doctree.Array()
	for i, name := range names {
		choice := schemaWriter{in: doctree.Object(), out: doctree.Object()}
		kinds := doctree.Array(doctree.String(name))
		// It is enough if one of the alternatives allows null.
		if null && i == 0 {
			kinds.Items = append(kinds.Items, doctree.String("null"))
		}
		choice.types(kinds)
		choices.Items = append(choices.Items, choice.out)
	}
	if s.in.Get("anyOf") == nil && s.in.Get("oneOf") == nil {
		s.out.Set("anyOf", choices)
		return
	}
	s.all = append(s.all, doctree.Object(doctree.Member{Name: "anyOf", Value: choices}))
}

// annotations converts keywords that do not affect validity.
func (s *schemaWriter) annotations() {
	if examples := s.in.Get("examples"); examples != nil && len(examples.Items) > 0 {
		orElse(s.out, "example", examples.Items[0])
	}
	s.content()
}

// content describes what a string holds, such as the JSON in the data of an event: by a format where 3.0 has one,
// otherwise by extensions.
func (s *schemaWriter) content() {
	encoding, media := s.in.Get("contentEncoding"), s.in.Get("contentMediaType")
	isBinary := encoding == nil && media != nil && media.Text == "application/octet-stream"
	switch {
	case encoding != nil && encoding.Text == "base64":
		orElse(s.out, "format", doctree.String("byte"))
	case encoding != nil:
		s.out.Set("x-contentEncoding", encoding)
	case isBinary:
		orElse(s.out, "format", doctree.String("binary"))
	}
	if media != nil && !isBinary {
		s.out.Set("x-contentMediaType", media)
	}
	if content := s.in.Get("contentSchema"); content != nil {
		made, _ := s.schema(content) // says nothing about which strings are accepted
		if made.Get("$ref") != nil {
			// Linters reject a reference that stands alone in an extension.
			made = doctree.Object(doctree.Member{Name: "allOf", Value: doctree.Array(made)})
		}
		s.out.Set("x-contentSchema", made)
	}
}

// conjunction adds the other schemas that must hold.
func (s *schemaWriter) conjunction() {
	if len(s.all) > 0 {
		s.out.Set("allOf", doctree.Array(s.all...))
	}
}
