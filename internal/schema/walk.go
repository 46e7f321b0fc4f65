package schema

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// MaxNesting limits the depth in schemas that contain themselves.
const MaxNesting = 100

// keyMark follows the name of a member in a location if the member's name is not a valid key.
const keyMark = "[key]"

// IsKey reports whether a location leads to the name of a member.
func IsKey(loc []any) bool { return len(loc) > 0 && loc[len(loc)-1] == keyMark }

// Alternatives returns the schemas in allOf, anyOf and oneOf.
func Alternatives(s *openapi3.SchemaRef) openapi3.SchemaRefs {
	return slices.Concat(s.Value.AllOf, s.Value.AnyOf, s.Value.OneOf)
}

// Inner returns the schema of a member or an item, nil if there is none. The position of an item is an int.
func Inner(s *openapi3.SchemaRef, at any) *openapi3.SchemaRef {
	if _, isIndex := at.(int); isIndex {
		return s.Value.Items
	}
	if member := s.Value.Properties[fmt.Sprint(at)]; member != nil {
		return member
	}
	for pattern, member := range s.Value.PatternProperties {
		// In a document, at most one pattern matches a name.
		if matches, err := regexp.MatchString(pattern, fmt.Sprint(at)); err == nil && matches {
			return member
		}
	}
	return s.Value.AdditionalProperties.Schema
}

// Follow calls meet for the schemas on the way to a location, with the value at that point and the rest of the location.
// Alternatives are included, except those of the last schema.
func Follow(s *openapi3.SchemaRef, loc []any, value any, meet func(s *openapi3.SchemaRef, value any, rest []any)) {
	follow(s, loc, value, 0, meet)
}

func follow(s *openapi3.SchemaRef, loc []any, value any, depth int, meet func(*openapi3.SchemaRef, any, []any)) {
	if s == nil || s.Value == nil || depth > MaxNesting {
		return
	}
	meet(s, value, loc)
	if len(loc) == 0 {
		return
	}
	for _, alternative := range Alternatives(s) {
		follow(alternative, loc, value, depth+1, meet)
	}
	if inner, ok := stepInto(value, loc[0]); ok {
		follow(Inner(s, loc[0]), loc[1:], inner, depth+1, meet)
	}
}

func stepInto(value, at any) (any, bool) {
	switch value := value.(type) {
	case map[string]any:
		inner, ok := value[fmt.Sprint(at)]
		return inner, ok
	case []any:
		i, isIndex := at.(int)
		if isIndex && i < len(value) {
			return value[i], true
		}
	}
	return nil, false
}

// IsInexact reports whether the schema at a location lists rules that no keyword expresses exactly. If the schema does not
// reach the location, its last schema counts. Validate methods are not considered.
func IsInexact(s *openapi3.SchemaRef, loc []any) bool { return isInexact(s, loc, 0) }

func isInexact(s *openapi3.SchemaRef, loc []any, depth int) bool {
	if s == nil || s.Value == nil || depth > MaxNesting {
		return false
	}
	for _, alternative := range Alternatives(s) {
		if isInexact(alternative, loc, depth+1) {
			return true
		}
	}
	switch {
	case len(loc) == 2 && IsKey(loc):
		return isInexact(s.Value.PropertyNames, nil, depth+1)
	case len(loc) == 0 || Inner(s, loc[0]) == nil:
		return hasNote(s.Extensions) || hasNote(s.Value.Extensions)
	}
	return isInexact(Inner(s, loc[0]), loc[1:], depth+1)
}
