package openapi30

import (
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
)

// schemaWriter makes one schema.
type schemaWriter struct {
	*converter
	in, out *doctree.Value
	// exact means that out accepts nothing that in does not.
	exact bool
	// all are additional schemas that a value must satisfy.
	all []*doctree.Value
}

// copied are the keywords that mean the same in both versions.
var copied = strings.Fields(`title description deprecated readOnly writeOnly format default multipleOf minLength maxLength
	minItems maxItems uniqueItems minProperties maxProperties discriminator xml externalDocs example`)

// silent are the keywords that say nothing about which values are accepted.
var silent = strings.Fields(`$schema $id $anchor $comment $defs contentEncoding contentMediaType contentSchema examples nullable
	then else minContains maxContains`)

// schema makes a schema, and says whether it accepts exactly the same.
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

// nullableEnum makes one schema of a choice between listed values and null,
// nil where v is something else. Null is one more value in the list then:
// generators make an enum of that, and a union of an anyOf. It replaces
// a reference too, because nullable beside one would not let null pass.
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
	// Keywords of this use come last, so they win over the component.
	for _, m := range slices.Concat(listed.Members, v.Members) {
		if m.Name != "anyOf" && m.Name != "const" {
			flat.Set(m.Name, m.Value)
		}
	}
	flat.Set("type", doctree.Array(listed.Get("type"), doctree.String("null")))
	flat.Set("enum", doctree.Array(append(slices.Clone(values), doctree.Null())...))
	return flat
}

// isNull reports the schema of null alone.
func isNull(v *doctree.Value) bool {
	name := v.Get("type")
	return len(v.Members) == 1 && name != nil && name.Text == "null"
}

// resolve is the component that a schema refers to and adds nothing to, or the
// schema itself.
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

// listedValues are the values that a schema of one type lists, nil where it
// lists none or asks for more than that.
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

// nothing is the schema of no value.
func nothing() *doctree.Value {
	return doctree.Object(doctree.Member{Name: "not", Value: doctree.Object()})
}

// reference is a schema that is nothing but a reference, or else nil: then it
// is one of the things a value must satisfy. One that leads elsewhere than to a
// component leads nowhere in 3.0.
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

// keyword converts one keyword that does not depend on others.
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
		// With prefixItems beside it, tuple writes it.
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
		// If the forbidden schema became wider, forbidding it would reject more than 3.1 does.
		if forbidden, exact := s.schema(value); s.keep(exact) {
			s.out.Set(name, forbidden)
		}
	default:
		s.other(name, value)
	}
}

// other takes over what needs no thought. A keyword that nobody knows says
// nothing in either version.
func (s *schemaWriter) other(name string, value *doctree.Value) {
	switch {
	case slices.Contains(copied, name), isExtension(name):
		s.out.Set(name, value)
	case slices.Contains(silent, name):
	default:
		s.exact = false
	}
}

// keep notes a keyword that cannot be kept.
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

// additional is about the properties that are not listed. Those listed by pattern
// are not in 3.0, so there they would be among them.
func (s *schemaWriter) additional(v *doctree.Value) {
	switch {
	case !s.keep(s.in.Get("patternProperties") == nil):
	case v.Kind == '{':
		s.out.Set("additionalProperties", s.inner(v))
	default:
		s.out.Set("additionalProperties", v)
	}
}

// oneOf stays where its parts are what they were. Parts that became wider may
// overlap where they did not.
func (s *schemaWriter) oneOf(v *doctree.Value) {
	before := s.exact
	// Asked of these schemas alone, whatever was not exact before.
	s.exact = true
	alternatives := s.inners(v)
	switch exact := s.exact; {
	case exact:
		s.out.Set("oneOf", alternatives)
	case s.in.Get("anyOf") == nil:
		s.out.Set("anyOf", alternatives)
	default:
		// There is one anyOf already, and both must hold.
		s.all = append(s.all, doctree.Object(doctree.Member{Name: "anyOf", Value: alternatives}))
	}
	s.exact = before && s.exact
}

// enum lists the only values. A const beside a list, or beside the null that a
// type already is, is one more thing to satisfy.
func (s *schemaWriter) enum(values *doctree.Value) {
	switch {
	case !s.keep(len(values.Items) > 0): // 3.0 has no empty list
	case s.out.Get("enum") == nil:
		s.out.Set("enum", values)
	default:
		s.all = append(s.all, doctree.Object(doctree.Member{Name: "enum", Value: values}))
	}
}

// tuple says of every element what was said of each index. Without more
// elements the list ends with them.
func (s *schemaWriter) tuple(items []*doctree.Value) {
	s.exact = false
	choices := doctree.Array()
	for _, item := range items {
		choices.Items = append(choices.Items, s.inner(item))
	}
	more := s.in.Get("items")
	switch {
	case more == nil, len(items) == 0:
		return // elements after those may be anything
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

// bound writes the limit of a number, of which 3.0 has one on each side.
func (s *schemaWriter) bound(name, exclusiveName string, stricter func(limit, exclusive float64) bool) {
	limit, exclusive := s.in.Get(name), s.in.Get(exclusiveName)
	// 3.1 may have both; the stricter one decides.
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

// types writes what kind of value it is.
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

// onlyNull is a schema of null alone: 3.0 has no type for it.
func (s *schemaWriter) onlyNull() {
	// A string that may be null and is nothing else, by the list.
	s.out.Set("type", doctree.String("string"))
	s.out.Set("nullable", doctree.Bool(true))
	s.enum(doctree.Array(doctree.Null()))
}

// holdsAnything adds items to lists, which 3.0 requires.
func (s *schemaWriter) holdsAnything(name string) {
	if name == "array" && s.in.Get("items") == nil {
		s.out.Set("items", doctree.Object())
	}
}

// severalTypes writes several types as alternatives.
func (s *schemaWriter) severalTypes(names []string, null bool) {
	choices := doctree.Array()
	for i, name := range names {
		choice := schemaWriter{in: doctree.Object(), out: doctree.Object()}
		kinds := doctree.Array(doctree.String(name))
		// It is enough if one of the choices takes null.
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

// annotations writes what says nothing about validity, in the older words.
func (s *schemaWriter) annotations() {
	if examples := s.in.Get("examples"); examples != nil && len(examples.Items) > 0 {
		orElse(s.out, "example", examples.Items[0])
	}
	encoding, media := s.in.Get("contentEncoding"), s.in.Get("contentMediaType")
	switch {
	case encoding != nil && encoding.Text == "base64":
		orElse(s.out, "format", doctree.String("byte"))
	case encoding == nil && media != nil && media.Text == "application/octet-stream":
		orElse(s.out, "format", doctree.String("binary"))
	}
}

// conjunction writes what else must hold.
func (s *schemaWriter) conjunction() {
	if len(s.all) > 0 {
		s.out.Set("allOf", doctree.Array(s.all...))
	}
}
