package documenttest

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// maker generates values that satisfy a schema, or nearly.
type maker struct {
	document any
	random   *rand.Rand
}

// deepest is the maximum depth of values.
const deepest = 6

func (m *maker) value(schema any, depth int) any {
	s, ok := schema.(map[string]any)
	if !ok || depth > deepest || m.random.IntN(30) == 0 {
		return m.anything(depth)
	}
	if ref, ok := s["$ref"].(string); ok {
		return m.value(m.find(ref), depth+1)
	}
	for _, keyword := range []string{"enum", "examples"} {
		if list, ok := s[keyword].([]any); ok && len(list) > 0 && (keyword == "enum" || m.random.IntN(3) == 0) {
			return m.pick(list)
		}
	}
	if v, ok := s["const"]; ok {
		return v
	}
	for _, keyword := range []string{"anyOf", "oneOf", "allOf"} {
		if list, ok := s[keyword].([]any); ok {
			return m.value(m.pick(list), depth+1)
		}
	}
	switch m.kind(s) {
	case "object":
		return m.object(s, depth)
	case "array":
		return m.array(s, depth)
	case "string":
		return m.text(s)
	case "integer":
		return m.number(s, "")
	case "number":
		return m.number(s, m.pick([]any{"", ".5"}).(string))
	case "boolean":
		return m.random.IntN(2) == 0
	case "null":
		return nil
	}
	return m.anything(depth)
}

func (m *maker) pick(list []any) any { return list[m.random.IntN(len(list))] }

func (m *maker) kind(s map[string]any) string {
	switch t := s["type"].(type) {
	case string:
		return t
	case []any:
		name, _ := m.pick(t).(string)
		return name
	}
	return ""
}

// find resolves a reference inside the document.
func (m *maker) find(ref string) any {
	at := m.document
	for _, token := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		object, _ := at.(map[string]any)
		at = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
	}
	return at
}

func (m *maker) anything(depth int) any {
	all := []any{nil, true, json.Number("1"), json.Number("-0.5"), "", "text", []any{}, map[string]any{}}
	if depth < deepest && m.random.IntN(4) == 0 {
		return []any{m.anything(depth + 1), m.anything(depth + 1)}
	}
	return m.pick(all)
}

func (m *maker) object(s map[string]any, depth int) any {
	object := map[string]any{}
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(required, any(name)) || depth < deepest && m.random.IntN(2) == 0 {
			object[name] = m.value(properties[name], depth+1)
		}
	}
	if more, ok := s["additionalProperties"]; ok && more != false {
		for i := range m.random.IntN(3) {
			object[m.pick([]any{"a", "1", "low", "key"}).(string)+strings.Repeat("x", i)] = m.value(more, depth+1)
		}
	}
	return object
}

func (m *maker) array(s map[string]any, depth int) any {
	list := []any{}
	prefix, _ := s["prefixItems"].([]any)
	for _, schema := range prefix {
		list = append(list, m.value(schema, depth+1))
	}
	if s["items"] != false {
		for range bound(s, "minItems", 0) + m.random.IntN(3) {
			list = append(list, m.value(s["items"], depth+1))
		}
	}
	return list
}

func (m *maker) text(s map[string]any) any {
	byFormat := map[string]string{
		"date-time": "2026-11-21T13:00:00Z", "date": "2026-11-21", "uuid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
		"email": "ann@example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "http-date": "Sat, 21 Nov 2026 13:00:00 GMT", "date-time-local": "2026-11-21T13:00", "uri": "https://example.com/",
	}
	if format, ok := s["format"].(string); ok && m.random.IntN(4) > 0 && byFormat[format] != "" {
		return byFormat[format]
	}
	least := bound(s, "minLength", 0)
	return strings.Repeat(m.pick([]any{"a", "Z", "é", "1", "1h", "AQ=="}).(string), least+m.random.IntN(3))
}

func (m *maker) number(s map[string]any, fraction string) any {
	least, most := bound(s, "minimum", bound(s, "exclusiveMinimum", -3)), bound(s, "maximum", bound(s, "exclusiveMaximum", 100))
	n := m.pick([]any{least, least + 1, most, most - 1, least + m.random.IntN(5)}).(int)
	return json.Number(strconv.Itoa(n) + fraction)
}

// bound returns a limit of a schema as an integer.
func bound(s map[string]any, keyword string, without int) int {
	n, ok := s[keyword].(json.Number)
	if !ok {
		return without
	}
	f, err := n.Float64()
	if err != nil || f > 1e15 || f < -1e15 {
		return without
	}
	return int(f)
}
