package ecma

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Unread is a pattern of a document that Go cannot express.
type Unread struct {
	// Pointer is the location of the schema (RFC 6901).
	Pointer, Pattern string
	Reason           error
}

// Original is the keyword for the original pattern of a rewritten schema, if it differs.
const Original = "x-pattern"

// inexactly is the extension of a schema that is wider than the rules of the app.
const inexactly = "x-validate"

// Rewrite converts the patterns of a document, decoded from JSON, to Go's syntax. A pattern that cannot be converted is
// removed and its schema marked as inexact; it is reported unless the schema was marked before.
func Rewrite(document any) (unread []Unread) {
	rewrite(document, "", func(u Unread) { unread = append(unread, u) })
	return unread
}

func rewrite(value any, pointer string, report func(Unread)) {
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			rewrite(item, fmt.Sprint(pointer, "/", i), report)
		}
	case map[string]any:
		// Sorted, so that patterns are always reported in the same order.
		for _, name := range slices.Sorted(maps.Keys(v)) {
			rewrite(v[name], pointer+"/"+escaped.Replace(name), report)
		}
		if pattern, ok := v["pattern"].(string); ok {
			rewritePattern(v, pattern, pointer, report)
		}
	}
}

var escaped = strings.NewReplacer("~", "~0", "/", "~1")

func rewritePattern(schema map[string]any, pattern, pointer string, report func(Unread)) {
	text, err := ToGo(pattern)
	if err == nil {
		schema["pattern"] = text
		if text != pattern {
			schema[Original] = pattern
		}
		return
	}
	delete(schema, "pattern")
	if schema[inexactly] == nil {
		schema[inexactly] = "pattern"
		report(Unread{Pointer: pointer, Pattern: pattern, Reason: err})
	}
}
