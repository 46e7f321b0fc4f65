package schema

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// isReadOnly reports whether a schema, or a keyword beside a reference to it, marks its value as readOnly.
func isReadOnly(s *openapi3.SchemaRef) bool {
	return s != nil && s.Value != nil && says(s, "readOnly", s.Value.ReadOnly)
}

// isWriteOnly is like isReadOnly, for writeOnly.
func isWriteOnly(s *openapi3.SchemaRef) bool {
	return s != nil && s.Value != nil && says(s, "writeOnly", s.Value.WriteOnly)
}

// says reports whether a keyword is true in a schema or beside a reference.
func says(s *openapi3.SchemaRef, keyword string, inside bool) bool {
	beside, _ := s.Extensions[keyword].(bool)
	return inside || beside
}

// WithoutReadOnly returns a request value without readOnly members, which are ignored in requests. The value itself is not
// modified.
func WithoutReadOnly(s *openapi3.SchemaRef, value any) any { return withoutReadOnly(s, value, 0) }

func withoutReadOnly(s *openapi3.SchemaRef, value any, depth int) any {
	if s == nil || s.Value == nil || depth > MaxNesting {
		return value
	}
	for _, alternative := range Alternatives(s) {
		value = withoutReadOnly(alternative, value, depth+1)
	}
	switch v := value.(type) {
	case map[string]any:
		kept := maps.Clone(v)
		for name, inner := range v {
			if isReadOnly(s.Value.Properties[name]) {
				delete(kept, name)
				continue
			}
			kept[name] = withoutReadOnly(Inner(s, name), inner, depth+1)
		}
		return kept
	case []any:
		kept := slices.Clone(v)
		for i, inner := range v {
			kept[i] = withoutReadOnly(Inner(s, i), inner, depth+1)
		}
		return kept
	}
	return value
}

// FindWriteOnly returns the location of a member in a response whose schema marks it as writeOnly; ok is false if there
// is none.
func FindWriteOnly(s *openapi3.SchemaRef, value any) (loc []any, ok bool) {
	return findWriteOnly(s, value, 0)
}

func findWriteOnly(s *openapi3.SchemaRef, value any, depth int) (loc []any, ok bool) {
	if s == nil || s.Value == nil || depth > MaxNesting {
		return nil, false
	}
	for _, alternative := range Alternatives(s) {
		if loc, ok = findWriteOnly(alternative, value, depth+1); ok {
			return loc, true
		}
	}
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if isWriteOnly(s.Value.Properties[name]) {
				return []any{name}, true
			}
			if loc, ok = findWriteOnly(Inner(s, name), v[name], depth+1); ok {
				return append([]any{name}, loc...), true
			}
		}
	case []any:
		for i, inner := range v {
			if loc, ok = findWriteOnly(Inner(s, i), inner, depth+1); ok {
				return append([]any{i}, loc...), true
			}
		}
	}
	return nil, false
}

// Demands reports whether a member is required in an object, always or because of another member.
func Demands(s *openapi3.SchemaRef, object any, name string) bool {
	if slices.Contains(s.Value.Required, name) {
		return true
	}
	members, _ := object.(map[string]any)
	for member, needed := range s.Value.DependentRequired {
		if _, isThere := members[member]; isThere && slices.Contains(needed, name) {
			return true
		}
	}
	return false
}

// IsReadOnlyAt reports whether a location leads into a readOnly member.
func IsReadOnlyAt(s *openapi3.SchemaRef, loc []any, value any) (is bool) {
	Follow(s, loc, value, func(s *openapi3.SchemaRef, _ any, rest []any) {
		is = is || len(rest) == 1 && isReadOnly(s.Value.Properties[fmt.Sprint(rest[0])])
	})
	return is
}
