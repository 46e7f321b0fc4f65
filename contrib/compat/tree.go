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

// object is an object of a document, as encoding/json reads it with UseNumber.
type object = map[string]any

// tree is a document as it is written.
type tree struct{ root object }

func readTree(document []byte) (*tree, error) {
	t := &tree{}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	return t, decoder.Decode(&t.root)
}

// schemas are the components.
func (t *tree) schemas() object {
	components, _ := t.root["components"].(object)
	schemas, _ := components["schemas"].(object)
	return schemas
}

const schemaRef = "#/components/schemas/"

// target is the component that a schema refers to, with its name.
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

// operations are those of all paths, by "METHOD /path".
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

// normalize says the same in the way that oasdiff compares best.
func (t *tree) normalize() {
	// What 3.1 carries as an extension is a member in 3.2, where oasdiff looks for it.
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

// walk visits every object below a value.
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

// inclusive writes a bound that does not include its value as the next number that it
// includes: oasdiff takes the two for different bounds, and one that was widened from
// "over 1" to "from 1" for a new one.
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
		// The one of both that is narrower holds.
		if err != nil || (towards > 0) == (other > bound) {
			return
		}
	}
	delete(s, exclusive)
	s[keyword] = next
}

// renameLike gives components the names that they have in another document: what a type
// is called in Go does not reach clients, but oasdiff compares the variants of a union by
// their names.
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

// pairing finds which components of two documents stand in the same places.
type pairing struct {
	old, today *tree
	names      map[string]string
	taken      map[string]bool
}

// pair walks two values side by side.
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

// pairAll pairs the variants of a union: by their tag, or by their place.
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

// tag is what tells a variant from the others: the members that are constant.
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

// meet notes that two components are the same, and what follows for those inside. A name
// has one meaning, so the first one counts.
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
			// It must not be taken for the one that has its name now.
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
