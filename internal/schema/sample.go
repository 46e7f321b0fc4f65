package schema

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Sample returns a JSON value that matches a schema, with all of its members: made of examples, defaults and listed
// values if there are any, otherwise of the simplest values. It is nil if the result violates a rule. Members that are
// not sent in the use are left out.
func (c *Components) Sample(s *openapi3.SchemaRef, use Use) []byte {
	m := &sampler{properties: c.properties, use: use}
	text := m.append(nil, s)
	var value any
	// Checked as a whole, because each member was made separately.
	if m.guesses || json.Unmarshal(text, &value) != nil || Check(s, value) != nil {
		return nil
	}
	return text
}

// sampler builds a sample. path contains the enclosing schemas, so that recursive types end.
type sampler struct {
	properties map[*openapi3.Schema][]string
	path       []*openapi3.Schema
	use        Use
	// guesses means that a value has a rule that no keyword expresses.
	guesses bool
}

func (m *sampler) append(dst []byte, ref *openapi3.SchemaRef) []byte {
	if given := givenValue(ref); given != nil {
		return append(dst, given...)
	}
	s := ref.Value
	m.path = append(m.path, s)
	defer func() { m.path = m.path[:len(m.path)-1] }()
	// One alternative is enough. For allOf the first is used as well: the check at the end decides.
	for _, alternatives := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		if one := m.finite(alternatives); one != nil {
			return m.append(dst, one)
		}
	}
	switch {
	case s.Type.Includes(openapi3.TypeObject):
		return m.appendObject(dst, s)
	case s.Type.Includes(openapi3.TypeArray):
		return m.appendArray(dst, s)
	}
	_, known := formatSamples[s.Format]
	m.guesses = m.guesses || s.Extensions[noted] != nil && !known
	return appendValue(dst, simplest(s))
}

// finite returns the first alternative that does not lead back to an enclosing schema.
func (m *sampler) finite(alternatives openapi3.SchemaRefs) *openapi3.SchemaRef {
	for _, one := range alternatives {
		if !m.repeats(one) {
			return one
		}
	}
	return nil
}

// repeats reports whether a schema is one of the enclosing schemas or can only contain one of them.
func (m *sampler) repeats(ref *openapi3.SchemaRef) bool {
	others := slices.DeleteFunc(slices.Concat(ref.Value.OneOf, ref.Value.AnyOf), func(one *openapi3.SchemaRef) bool {
		return one.Value.Type.Is(openapi3.TypeNull)
	})
	return slices.Contains(m.path, ref.Value) || len(others) == 1 && m.repeats(others[0])
}

// appendObject writes the members in the order of the type.
func (m *sampler) appendObject(dst []byte, s *openapi3.Schema) []byte {
	dst = append(dst, '{')
	before := len(dst)
	for _, name := range m.properties[s] {
		member := s.Properties[name]
		// A member that would contain the type again is left out, or is null.
		if m.repeats(member) && !slices.Contains(s.Required, name) || m.isLeftOut(member) {
			continue
		}
		if len(dst) > before {
			dst = append(dst, ',')
		}
		dst = append(appendValue(dst, name), ':')
		if m.repeats(member) {
			dst = append(dst, "null"...)
			continue
		}
		dst = m.append(dst, member)
	}
	return append(dst, '}')
}

// isLeftOut reports whether a member belongs only to the other use.
func (m *sampler) isLeftOut(member *openapi3.SchemaRef) bool {
	if m.use == Out {
		return isWriteOnly(member)
	}
	return isReadOnly(member)
}

func (m *sampler) appendArray(dst []byte, s *openapi3.Schema) []byte {
	dst = append(dst, '[')
	if s.Items != nil && !m.repeats(s.Items) && (s.MaxItems == nil || *s.MaxItems > 0) {
		for i := range max(s.MinItems, 1) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = m.append(dst, s.Items)
		}
	}
	return append(dst, ']')
}

// givenValue returns an example, default or listed value of a schema, or one beside a reference.
func givenValue(ref *openapi3.SchemaRef) []byte {
	given := slices.Concat(ref.Value.Examples, ref.Value.Enum)
	if beside, ok := ref.Extensions["examples"].([]any); ok {
		given = slices.Concat(beside, given)
	}
	for _, value := range append(given, ref.Extensions["default"], ref.Value.Default, ref.Value.Const) {
		if value != nil {
			return appendValue(nil, value)
		}
	}
	return nil
}

func appendValue(dst []byte, value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, text...)
}

// simplest returns a value without members that satisfies the rules, if a simple one does.
func simplest(s *openapi3.Schema) any {
	candidates := []any{nil}
	switch {
	case s.Type.Includes(openapi3.TypeBoolean):
		candidates = []any{true, false}
	case s.Type.Includes(openapi3.TypeInteger), s.Type.Includes(openapi3.TypeNumber):
		candidates = simpleNumbers(s)
	case s.Type.Includes(openapi3.TypeString):
		candidates = simpleTexts(s)
	}
	for _, value := range candidates {
		if Check(openapi3.NewSchemaRef("", s), value) == nil {
			return value
		}
	}
	return candidates[0]
}

func simpleNumbers(s *openapi3.Schema) []any {
	candidates := []any{1.0, 0.0}
	for _, bound := range []*float64{s.Min, s.Max, s.ExclusiveMin.Value, s.ExclusiveMax.Value, s.MultipleOf} {
		if bound != nil {
			candidates = append(candidates, *bound, *bound+1, *bound-1)
		}
	}
	return candidates
}

// formatSamples are texts for formats, by format name.
var formatSamples = map[string]string{
	"date-time": "2026-01-31T12:00:00Z", "date": "2026-01-31", "time": "12:00:00", "uuid": "123e4567-e89b-12d3-a456-426614174000",
	"email": "ann@example.com", "idn-email": "ann@example.com", "uri": "https://example.com", "iri": "https://example.com", "hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
}

func simpleTexts(s *openapi3.Schema) []any {
	text := "text"
	if known, ok := formatSamples[s.Format]; ok {
		text = known
	}
	if s.ContentEncoding == "base64" {
		text = "AAAA"
	}
	if short := int(s.MinLength) - len(text); short > 0 {
		text += strings.Repeat("t", short)
	}
	if s.MaxLength != nil {
		text = text[:min(len(text), int(*s.MaxLength))]
	}
	return []any{text}
}
