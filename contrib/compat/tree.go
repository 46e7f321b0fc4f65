package compat

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// object is an object in a document, decoded by encoding/json with UseNumber.
type object = map[string]any

// tree is a decoded document.
type tree struct{ root object }

func readTree(document []byte) (*tree, error) {
	t := &tree{}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	return t, decoder.Decode(&t.root)
}

// schemas returns the schema components.
func (t *tree) schemas() object {
	components, _ := t.root["components"].(object)
	schemas, _ := components["schemas"].(object)
	return schemas
}

const schemaRef = "#/components/schemas/"

// target returns the component that a schema refers to, and its name.
func (t *tree) target(v any) (name string, s object) {
	o, _ := v.(object)
	ref, _ := o["$ref"].(string)
	name, ok := strings.CutPrefix(ref, schemaRef)
	if !ok {
		return "", o
	}
	s, _ = t.schemas()[name].(object)
	return name, s
}

// operations returns all operations by "METHOD /path".
func (t *tree) operations() map[string]object {
	found := map[string]object{}
	paths, _ := t.root["paths"].(object)
	for path, item := range paths {
		members, _ := item.(object)
		for member, value := range members {
			op, ok := value.(object)
			if !ok {
				continue
			}
			switch member = strings.TrimPrefix(member, "x-"); member {
			case "additionalOperations":
				for method, additional := range op {
					if o, ok := additional.(object); ok {
						found[method+" "+path] = o
					}
				}
			case "get", "put", "post", "delete", "options", "head", "patch", "trace", "query":
				found[strings.ToUpper(member)+" "+path] = op
			}
		}
	}
	return found
}

// normalize rewrites the document, without changing its meaning, into the form that oasdiff compares best.
func (t *tree) normalize() {
	// Extensions of 3.1 are fields in 3.2, which oasdiff compares.
	t.root["openapi"] = "3.2.0"
	paths, _ := t.root["paths"].(object)
	for _, item := range paths {
		members, _ := item.(object)
		for _, name := range []string{"query", "additionalOperations"} {
			if op, ok := members["x-"+name]; ok {
				members[name] = op
				delete(members, "x-"+name)
			}
		}
	}
	walk(t.root, func(s object) {
		inclusive(s, "exclusiveMinimum", "minimum", math.Inf(1))
		inclusive(s, "exclusiveMaximum", "maximum", math.Inf(-1))
	})
}

// walk visits all objects in a value.
func walk(v any, visit func(object)) {
	switch v := v.(type) {
	case object:
		visit(v)
		for _, below := range v {
			walk(below, visit)
		}
	case []any:
		for _, below := range v {
			walk(below, visit)
		}
	}
}

// inclusive replaces an exclusive bound by the next number as an inclusive bound. oasdiff treats them as different
// bounds, and reports a change from "over 1" to "from 1" as a new bound.
func inclusive(s object, exclusive, keyword string, towards float64) {
	n, ok := s[exclusive].(json.Number)
	if !ok {
		return
	}
	bound, err := n.Float64()
	if err != nil {
		return
	}
	next := json.Number(strconv.FormatFloat(math.Nextafter(bound, towards), 'g', -1, 64))
	if there, ok := s[keyword].(json.Number); ok {
		other, err := there.Float64()
		// If there are both, the narrower one applies.
		if err != nil || (towards > 0) == (other > bound) {
			return
		}
	}
	delete(s, exclusive)
	s[keyword] = next
}

// renameLike gives components the names of the other document. Clients do not see Go type names, but oasdiff compares the
// variants of a union by name.
func (t *tree) renameLike(other *tree) {
	p := &pairing{old: t, today: other, names: map[string]string{}, taken: map[string]bool{}}
	after := other.operations()
	for _, where := range slices.Sorted(maps.Keys(t.operations())) {
		if op, ok := after[where]; ok {
			p.pair(t.operations()[where], op)
		}
	}
	p.apply()
}

// pairing finds components of two documents that are used in the same places.
type pairing struct {
	old, today *tree
	names      map[string]string
	taken      map[string]bool
}

// pair compares two values recursively.
func (p *pairing) pair(a, b any) {
	switch a := a.(type) {
	case object:
		b, ok := b.(object)
		if !ok {
			return
		}
		from, _ := p.old.target(a)
		to, _ := p.today.target(b)
		if from != "" && to != "" {
			p.meet(from, to)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(a)) {
			if key != "discriminator" {
				p.pair(a[key], b[key])
			}
		}
	case []any:
		if b, ok := b.([]any); ok {
			p.pairAll(a, b)
		}
	}
}

// pairAll pairs the variants of a union by tag or by position.
func (p *pairing) pairAll(a, b []any) {
	for i, one := range a {
		tag := p.old.tag(one)
		j := slices.IndexFunc(b, func(other any) bool { return tag != "" && p.today.tag(other) == tag })
		if j < 0 && tag == "" && len(a) == len(b) {
			j = i
		}
		if j >= 0 {
			p.pair(one, b[j])
		}
	}
}

// tag returns what identifies a variant: its constant members.
func (t *tree) tag(v any) string {
	name, s := t.target(v)
	if name == "" {
		return ""
	}
	properties, _ := s["properties"].(object)
	var all []string
	for _, member := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[member].(object)
		if value, ok := property["const"].(string); ok {
			all = append(all, member+"="+value)
		}
	}
	return strings.Join(all, "&")
}

// meet records that two components correspond, and pairs their contents. A component has one name, so the first match
// counts.
func (p *pairing) meet(from, to string) {
	if p.names[from] != "" || p.taken[to] {
		return
	}
	p.names[from], p.taken[to] = to, true
	p.pair(p.old.schemas()[from], p.today.schemas()[to])
}

// apply renames the components of the old document.
func (p *pairing) apply() {
	schemas := p.old.schemas()
	renamed := object{}
	for name, s := range schemas {
		to := p.names[name]
		if to == "" {
			// The name must not collide with the component that has it now.
			for to = name; p.taken[to]; to += "_" {
			}
			p.names[name] = to
		}
		renamed[to] = s
	}
	clear(schemas)
	maps.Copy(schemas, renamed)
	walk(p.old.root, func(o object) {
		for key, value := range o {
			ref, _ := value.(string)
			if name, ok := strings.CutPrefix(ref, schemaRef); ok && p.names[name] != "" {
				o[key] = schemaRef + p.names[name]
			}
		}
	})
}
