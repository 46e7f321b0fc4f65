package candortest

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// aim locates a rule to be violated. A step is the name of a member, [] for an element, {} for a member of any name, or
// |n for an alternative.
type aim struct {
	steps []string
	rule  string
	// name is the member that the rule is about.
	name string
}

func (a *aim) reached() bool { return a != nil && len(a.steps) == 0 }

func (a *aim) next() *aim { return &aim{steps: a.steps[1:], rule: a.rule, name: a.name} }

// into returns the aim after a step, nil if it is not in that direction.
func (a *aim) into(step string) *aim {
	if a == nil || len(a.steps) == 0 || a.steps[0] != step {
		return nil
	}
	return a.next()
}

// branch returns the alternative that contains the aim, -1 for none.
func (a *aim) branch() int {
	if a == nil || len(a.steps) == 0 || !strings.HasPrefix(a.steps[0], "|") {
		return -1
	}
	n, err := strconv.Atoi(a.steps[0][1:])
	if err != nil {
		return -1
	}
	return n
}

// needs returns the JSON type that the next step needs.
func (a *aim) needs() string {
	if len(a.steps) > 0 && a.steps[0] == "[]" {
		return "array"
	}
	return "object"
}

func (a *aim) String() string {
	var b strings.Builder
	for _, step := range a.steps {
		switch {
		case strings.HasPrefix(step, "|"):
		case step == "[]":
			b.WriteString(step)
		default:
			b.WriteString("." + step)
		}
	}
	b.WriteString(" " + a.rule)
	if a.name != "" {
		b.WriteString(" " + a.name)
	}
	return b.String()
}

// The rules. Names of size rules end in what is counted.
const (
	ruleType      = "type"
	ruleEnum      = "enum"
	ruleMinimum   = "minimum"
	ruleMaximum   = "maximum"
	ruleMultiple  = "multipleOf"
	rulePattern   = "pattern"
	ruleFormat    = "format"
	ruleNot       = "not"
	ruleUnique    = "uniqueItems"
	ruleRequired  = "required"
	ruleClosed    = "additionalProperties"
	ruleReadOnly  = "readOnly"
	ruleNeeded    = "dependentRequired"
	ruleNames     = "propertyNames"
	ruleMin       = "min"
	ruleMax       = "max"
	mostSteps     = 7
	largestBroken = 20_000
)

// aims lists the rules of a schema and everything inside it.
func (d *document) aims(n node, how form) []*aim {
	var all []*aim
	d.collect(d.facts(n), how, nil, nil, func(a *aim) { all = append(all, a) })
	return all
}

// collect visits every path once; seen holds the schemas on it.
func (d *document) collect(f *facts, how form, steps []string, seen []string, found func(*aim)) {
	if len(steps) > mostSteps {
		return
	}
	add := func(rule, name string) { found(&aim{steps: slices.Clone(steps), rule: rule, name: name}) }
	f.own(how, add)
	into := func(step string, n node) {
		if n.at == nil || slices.Contains(seen, n.pointer) {
			return
		}
		// Clipped, because siblings append to the same steps.
		d.collect(d.facts(n), inner(how), append(slices.Clip(steps), step), append(slices.Clip(seen), n.pointer), found)
	}
	if len(f.choices) > 0 {
		// An aim is only in the first choice: see choose.
		for i, alternative := range f.choices[0] {
			if !slices.Contains(seen, alternative.pointer) {
				draw := append(slices.Clip(steps), "|"+strconv.Itoa(i))
				d.collect(d.with(f, alternative), how, draw, append(slices.Clip(seen), alternative.pointer), found)
			}
		}
		return
	}
	for _, name := range f.names {
		into(name, f.members[name])
	}
	into("[]", f.items)
	into("{}", f.others)
}

func inner(how form) form {
	if how == asForm {
		return asText
	}
	return how
}

// own lists the rules of the schema itself.
func (f *facts) own(how form, add func(rule, name string)) {
	when := func(applies bool, rule string) {
		if applies {
			add(rule, "")
		}
	}
	// As text, everything is a valid string or list; only other types can be violated.
	when(f.types != nil && (how == asJSON || how != asForm && !f.allows("string") && !f.allows("array")), ruleType)
	when(f.limited, ruleEnum)
	when(f.low.set, ruleMinimum)
	when(f.high.set, ruleMaximum)
	when(f.step > 0, ruleMultiple)
	when(len(f.patterns) > 0, rulePattern)
	when(f.format != "" && f.allows("string"), ruleFormat)
	when(len(f.nots) > 0, ruleNot)
	when(f.unique, ruleUnique)
	when(f.closed, ruleClosed)
	when(f.naming.at != nil, ruleNames)
	for _, of := range []string{"Length", "Items", "Properties"} {
		when(f.least[of] > 0, ruleMin+of)
		when(f.mostOf(of) < largestBroken, ruleMax+of)
	}
	for _, name := range f.names {
		if f.required[name] {
			add(ruleRequired, name)
		}
		if len(f.needs[name]) > 0 && how != asForm {
			add(ruleNeeded, name)
		}
	}
	if f.closed {
		for _, name := range f.readOnly {
			add(ruleReadOnly, name)
		}
	}
}

// nothing says that a rule could not be violated.
type nothing struct{}

// broken generates a value that violates one rule of the schema, and no other if possible.
func (g *generator) broken(f *facts, depth int, a *aim) any {
	if len(f.choices) > 0 && a.rule != ruleType {
		f = g.choose(f, depth, new(*aim))
	}
	switch a.rule {
	case ruleType:
		return g.ofOtherType(f)
	case ruleEnum:
		return g.notListed(f)
	case ruleMinimum:
		return outside(f, f.low, -1)
	case ruleMaximum:
		return outside(f, f.high, 1)
	case ruleMultiple:
		return g.between(f)
	case rulePattern, ruleFormat:
		return g.mismatched(f)
	case ruleNot:
		return g.value(pick(g, f.nots), depth, nil)
	case ruleUnique:
		return g.repeated(f, depth)
	case ruleMin + "Length":
		return g.shortened(f)
	case ruleMax + "Length":
		return g.ofLength(f.mostOf("Length") + 1)
	case ruleMin + "Items":
		return g.ofSize(f, f.least["Items"]-1, depth, nil)
	case ruleMax + "Items":
		return g.ofSize(f, f.mostOf("Items")+1, depth, nil)
	}
	object, ok := g.object(f, depth, nil).(map[string]any)
	if !ok {
		return nothing{}
	}
	g.brokenObject(f, object, depth, a)
	return object
}

func (g *generator) brokenObject(f *facts, object map[string]any, depth int, a *aim) {
	switch a.rule {
	case ruleRequired:
		delete(object, a.name)
	case ruleNeeded:
		object[a.name] = g.value(f.members[a.name], depth+1, nil)
		delete(object, pick(g, f.needs[a.name]))
	case ruleReadOnly:
		object[a.name] = pick(g, []any{"x", nil, json.Number("1")})
	case ruleClosed:
		object[unknown] = pick(g, []any{"x", nil, json.Number("1")})
	case ruleNames:
		names := &facts{}
		if text, ok := g.mismatched(names).(string); ok {
			object[text] = g.value(f.others, depth+1, nil)
		}
	case ruleMin + "Properties":
		for name := range object {
			delete(object, name)
		}
	case ruleMax + "Properties":
		for i := 0; len(object) <= f.mostOf("Properties"); i++ {
			object[g.name(f, i)] = g.value(f.others, depth+1, nil)
			// Generated names may repeat endlessly.
			if i > 10*f.mostOf("Properties") {
				return
			}
		}
	}
}

// ofOtherType generates a value of a type that is not allowed.
func (g *generator) ofOtherType(f *facts) any {
	if g.how != asJSON {
		// Outside of JSON everything is text, and these are neither numbers nor booleans.
		return pick(g, []any{"x", "1x", "--1", "nul"})
	}
	others := []any{"x", nil, true, json.Number("1.5"), []any{}, map[string]any{}, json.Number("1"), "1", "true", ""}
	of := func(value any) string {
		switch v := value.(type) {
		case nil:
			return "null"
		case bool:
			return "boolean"
		case string:
			return "string"
		case []any:
			return "array"
		case map[string]any:
			return "object"
		case json.Number:
			if !strings.Contains(v.String(), ".") {
				return "integer"
			}
		}
		return "number"
	}
	others = slices.DeleteFunc(others, func(v any) bool { return f.allows(of(v)) })
	switch {
	case len(others) == 0:
		return nothing{}
	case !f.allows("null") && g.seldom(2):
		return nil // which is the one most easily forgotten
	}
	return pick(g, others)
}

func (g *generator) notListed(f *facts) any {
	others := []any{}
	for _, value := range f.values {
		switch v := value.(type) {
		case string:
			// Values that a careless comparison would accept.
			for _, text := range []string{v + "x", strings.ToUpper(v), strings.ToLower(v), " " + v} {
				if g.canCarry(text) {
					others = append(others, text)
				}
			}
		case json.Number:
			others = append(others, json.Number("100"), json.Number("-77"))
		case bool:
			others = append(others, !v)
		}
	}
	if f.allows("string") && g.canCarry("") && g.how == asJSON {
		others = append(others, "")
	}
	others = slices.DeleteFunc(others, func(v any) bool { return contains(f.values, v) })
	if len(others) == 0 {
		return nothing{}
	}
	return pick(g, others)
}

// outside returns the next value outside of a bound.
func outside(f *facts, l limit, direction float64) any {
	if f.types != nil && slices.Contains(f.types, "integer") && !slices.Contains(f.types, "number") {
		x := math.Floor(l.at)
		if direction > 0 {
			x = math.Ceil(l.at)
		}
		if !l.exclusive || x != l.at {
			x += direction
		}
		return json.Number(strconv.FormatFloat(x, 'f', 0, 64))
	}
	if l.exclusive {
		return decimal(l.at)
	}
	return decimal(math.Nextafter(l.at, direction*math.Inf(1)))
}

// between generates a number in range that is not a multiple.
func (g *generator) between(f *facts) any {
	if f.step > 0 && f.allows("number") {
		if x, ok := number(g.float(f)); ok {
			return decimal(x + f.step/2)
		}
	}
	if f.step <= 1 {
		return nothing{}
	}
	n, ok := number(g.integer(f))
	if !ok {
		return nothing{}
	}
	return decimal(n + 1)
}

// mismatched generates a text that matches no format, and few patterns.
func (g *generator) mismatched(f *facts) any {
	if len(f.patterns) > 0 && g.seldom(2) {
		if text := g.edged(f, g.text(f), false); g.canCarry(text) && !f.fits(text) {
			return text
		}
	}
	var texts []any
	for _, text := range []string{"!", "x", "", " ", "0", "A", "é", "not it", "<>", "a.b@", "::::", "zzzzzzzzzzzzzzzzzzzzzzzz", "0a\n", strings.Repeat("z", max(f.least["Length"], 1))} {
		n := len([]rune(text))
		if g.canCarry(text) && n >= f.least["Length"] && n <= f.mostOf("Length") {
			texts = append(texts, text)
		}
	}
	if g.seldom(3) && f.mostOf("Length") > 0 {
		text := g.sized(f)
		if g.canCarry(text) {
			texts = []any{text}
		}
	}
	if len(texts) == 0 {
		return nothing{}
	}
	return pick(g, texts)
}

func (g *generator) shortened(f *facts) any {
	n := rapid.IntRange(0, f.least["Length"]-1).Draw(g.t, "length")
	if g.seldom(2) {
		n = f.least["Length"] - 1
	}
	if runes := []rune(g.text(f)); len(runes) >= n && g.seldom(2) {
		return string(runes[:n])
	}
	return g.ofLength(n)
}

func (g *generator) repeated(f *facts, depth int) any {
	values, ok := g.list(f, depth, nil).([]any)
	if !ok {
		return nothing{}
	}
	if len(values) == 0 {
		values = []any{g.value(f.items, depth+1, nil)}
	}
	if len(values) < f.mostOf("Items") {
		return append(values, values[0])
	}
	if len(values) < 2 {
		return nothing{}
	}
	values[len(values)-1] = values[0]
	return values
}
