package mcp

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Some clients treat a reference as text or a list, drop definitions, and do not know the keywords of OpenAPI. So a tool's
// schema is self-contained: references are replaced by their targets, except for recursive types, which are in $defs; and
// keywords that are not in JSON Schema are removed.

// The keywords of JSON Schema that contain schemas: one, a list, or a map. All others contain values, which must not be
// changed.
var (
	oneSchema    = []string{"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "contentSchema", "unevaluatedItems", "unevaluatedProperties"}
	someSchemas  = []string{"allOf", "anyOf", "oneOf", "prefixItems"}
	namedSchemas = []string{"properties", "patternProperties", "$defs", "dependentSchemas"}
)

// maxInlined is the maximum number of inlined schemas. Further references go to $defs, because types that are used many
// times at every level would grow without bound.
const maxInlined = 3000

// inliner converts schemas that share one $defs.
type inliner struct {
	doc   *document
	count int
	defs  object
	// names are the names in $defs by reference.
	names map[string]string
}

func (d *document) inliner() *inliner {
	return &inliner{doc: d, defs: object{}, names: map[string]string{}}
}

// finish adds the definitions to the outermost schema.
func (in *inliner) finish(s object) object {
	if len(in.defs) > 0 {
		s["$defs"] = in.defs
	}
	return s
}

// schema converts a schema of the document. A boolean schema is kept.
func (in *inliner) schema(v any) any {
	s, ok := v.(object)
	if !ok {
		return v
	}
	in.count++
	ref := text(s, "$ref")
	if ref == "" {
		return in.object(s)
	}
	beside := maps.Clone(s)
	delete(beside, "$ref")
	if in.doc.recursive[ref] || in.count > maxInlined {
		return in.joined(object{"$ref": "#/$defs/" + in.define(ref)}, in.object(beside))
	}
	target, ok := in.schema(in.doc.at(ref)).(object)
	if !ok {
		return in.object(beside)
	}
	return in.joined(target, in.object(beside))
}

// joined merges a schema with the keywords beside the reference to it. Annotations and defaults replace those of the type;
// conditions must both hold.
func (in *inliner) joined(target, beside object) object {
	for keyword, value := range beside {
		_, both := target[keyword]
		switch {
		case !both, slices.Contains([]string{"title", "description", "default", "examples", "deprecated"}, keyword):
			target[keyword] = value
		default:
			return object{"allOf": []any{target, beside}}
		}
	}
	return target
}

// notInName matches characters that the name of a definition must not contain.
var notInName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// define adds the target of a reference to $defs and returns its name there.
func (in *inliner) define(ref string) string {
	if name, ok := in.names[ref]; ok {
		return name
	}
	base := notInName.ReplaceAllString(ref[strings.LastIndexByte(ref, '/')+1:], "_")
	name := base
	for n := 2; in.defs[name] != nil; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	// Set before its schema is converted, which may refer to it.
	in.names[ref], in.defs[name] = name, object{}
	if target, ok := in.doc.at(ref).(object); ok {
		in.defs[name] = in.schema(maps.Clone(target))
	}
	return name
}

// object converts the members of a schema.
func (in *inliner) object(s object) object {
	out := object{}
	// In sorted order, because the order decides what goes to $defs, and must be the same in every run.
	for _, keyword := range slices.Sorted(maps.Keys(s)) {
		value := s[keyword]
		switch {
		case strings.HasPrefix(keyword, "x-"), slices.Contains([]string{"discriminator", "xml", "example", "externalDocs", "$ref"}, keyword):
		case slices.Contains(oneSchema, keyword):
			out[keyword] = in.schema(value)
		case slices.Contains(someSchemas, keyword):
			out[keyword] = in.each(list(value))
		case slices.Contains(namedSchemas, keyword):
			out[keyword] = in.named(value)
		default:
			out[keyword] = value
		}
	}
	return out
}

func (in *inliner) each(all []any) []any {
	out := make([]any, len(all))
	for i, value := range all {
		out[i] = in.schema(value)
	}
	return out
}

func (in *inliner) named(v any) object {
	all, _ := v.(object)
	out := object{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out[name] = in.schema(all[name])
	}
	return out
}

// top returns the schema that references lead to: the schema of a tool's result must not be a reference.
func (d *document) top(v any) any {
	for range 100 {
		s, ok := v.(object)
		if !ok || text(s, "$ref") == "" || len(s) > 1 {
			return v
		}
		v = d.at(text(s, "$ref"))
	}
	return v
}

// findRecursive finds the components that contain themselves.
func (d *document) findRecursive() {
	components, _ := d.at("#/components/schemas").(object)
	leads := map[string][]string{}
	for name, s := range components {
		ref := "#/components/schemas/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		leads[ref] = refsIn(s, nil)
	}
	for ref := range leads {
		seen := map[string]bool{}
		for pending := slices.Clone(leads[ref]); len(pending) > 0 && !d.recursive[ref]; {
			next := pending[len(pending)-1]
			pending = pending[:len(pending)-1]
			if next == ref {
				d.recursive[ref] = true
			}
			if !seen[next] {
				seen[next] = true
				pending = append(pending, leads[next]...)
			}
		}
	}
}

// refsIn returns the references inside a value.
func refsIn(v any, found []string) []string {
	switch v := v.(type) {
	case object:
		if ref := text(v, "$ref"); ref != "" {
			found = append(found, ref)
		}
		for keyword, below := range v {
			if !strings.HasPrefix(keyword, "x-") && keyword != "discriminator" {
				found = refsIn(below, found)
			}
		}
	case []any:
		for _, below := range v {
			found = refsIn(below, found)
		}
	}
	return found
}

// allows reports whether values of a JSON type may satisfy a converted schema. If in doubt, it returns true.
func (in *inliner) allows(v any, kind string) bool { return in.mayBe(v, kind, 20) }

// mayBe descends at most to depth, because types may be recursive.
func (in *inliner) mayBe(v any, kind string, depth int) bool {
	s, ok := v.(object)
	if !ok || depth == 0 {
		return v != false
	}
	below := func(one any) bool { return in.mayBe(one, kind, depth-1) }
	if name, ok := strings.CutPrefix(text(s, "$ref"), "#/$defs/"); ok && !below(in.defs[name]) {
		return false
	}
	switch t := s["type"].(type) {
	case string:
		return isKind(t, kind)
	case []any:
		return slices.ContainsFunc(t, func(one any) bool { return isKind(one, kind) })
	}
	if values := list(s["enum"]); values != nil {
		return slices.ContainsFunc(values, func(value any) bool { return kindOf(value) == kind })
	}
	if value, ok := s["const"]; ok {
		return kindOf(value) == kind
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		if all := list(s[keyword]); len(all) > 0 && !slices.ContainsFunc(all, below) {
			return false
		}
	}
	return !slices.ContainsFunc(list(s["allOf"]), func(one any) bool { return !below(one) })
}

func isKind(documented any, kind string) bool {
	return documented == kind || documented == "integer" && kind == "number"
}

// kindOf returns the JSON type of a value.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case object:
		return "object"
	}
	return "number"
}
