package candortest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/ecma"
)

// inexactly is the extension of schemas whose values the app may still refuse.
const inexactly = "x-validate"

// ofMethod says that a type has a Validate method; its errors can be recognized.
const ofMethod = "Validate"

// facts is a flattened schema: its own keywords and those in allOf.
type facts struct {
	types    []string
	values   []any // of enum and const
	limited  bool  // to values
	examples []any
	low      limit
	high     limit
	step     float64        // of multipleOf
	least    map[string]int // of minLength, minItems, minProperties
	most     map[string]int // of maxLength, maxItems, maxProperties
	patterns []pattern
	format   string
	unique   bool
	items    node
	names    []string
	members  map[string]node
	required map[string]bool
	// readOnly are members that requests do not set; needs are members that others require.
	readOnly []string
	needs    map[string][]string
	closed   bool
	others   node
	naming   node
	// choices are the alternatives of each anyOf and oneOf.
	choices [][]node
	nots    []node
	binary  bool
	inexact bool
}

// pattern is a regular expression; expression is nil if Go cannot read it. dialect is what a Go server would take it
// for, nil if that is the same.
type pattern struct {
	text                string
	expression, dialect *regexp.Regexp
}

func newPattern(text, original string) pattern {
	p := pattern{text: text}
	if expression, err := regexp.Compile(text); err == nil {
		p.expression = expression
	}
	if dialect, err := regexp.Compile(original); err == nil && original != "" {
		p.dialect = dialect
	}
	return p
}

// confuses reports whether the dialects of a pattern treat the text differently.
func (f *facts) confuses(text string) bool {
	return slices.ContainsFunc(f.patterns, func(p pattern) bool {
		return p.expression != nil && p.dialect != nil && p.expression.MatchString(text) != p.dialect.MatchString(text)
	})
}

// limit is one end of a range.
type limit struct {
	at        float64
	set       bool
	exclusive bool
}

func newFacts() *facts {
	return &facts{least: map[string]int{}, most: map[string]int{}, members: map[string]node{}, required: map[string]bool{}, needs: map[string][]string{}}
}

// facts collects what a schema says. The result is shared.
func (d *document) facts(n node) *facts {
	if f := d.known[n.pointer]; f != nil {
		return f
	}
	f := newFacts()
	d.gather(f, n)
	d.known[n.pointer] = f
	return f
}

// combination identifies facts combined with one more schema.
type combination struct {
	facts   *facts
	pointer string
}

// with combines f with another schema. The result is shared.
func (d *document) with(f *facts, n node) *facts {
	key := combination{f, n.pointer}
	if d.combined[key] == nil {
		d.combined[key] = d.combine(f, n)
	}
	return d.combined[key]
}

func (d *document) combine(f *facts, n node) *facts {
	both := *f
	// The caller goes through the choices of f itself.
	both.choices = nil
	// Cloned before gather changes it, because facts are shared.
	both.least, both.most = maps.Clone(f.least), maps.Clone(f.most)
	both.members, both.required = maps.Clone(f.members), maps.Clone(f.required)
	both.needs, both.readOnly = maps.Clone(f.needs), slices.Clone(f.readOnly)
	both.names, both.patterns, both.nots = slices.Clone(f.names), slices.Clone(f.patterns), slices.Clone(f.nots)
	d.gather(&both, n)
	return &both
}

func (d *document) gather(f *facts, n node) {
	f.gatherTypes(n)
	f.gatherValues(n)
	f.gatherBounds(n)
	d.gatherMembers(f, n)
	if text := n.text("pattern"); text != "" {
		f.patterns = append(f.patterns, newPattern(text, n.text(ecma.Original)))
	}
	if format := n.text("format"); format != "" {
		f.format = format
	}
	if n.has("items") {
		f.items = d.child(n, "items")
	}
	if n.has("not") {
		f.nots = append(f.nots, d.child(n, "not"))
	}
	f.unique = f.unique || n.flag("uniqueItems")
	f.inexact = f.inexact || n.has(inexactly) && n.text(inexactly) != ofMethod
	f.binary = f.binary || n.has("contentEncoding")
	// Clipped, since the slice may be shared.
	f.examples = append(slices.Clip(f.examples), n.list("examples")...)
	for _, inner := range d.children(n, "allOf") {
		d.gather(f, inner)
	}
	for _, name := range []string{"anyOf", "oneOf"} {
		if choice := d.children(n, name); len(choice) > 0 {
			f.choices = append(f.choices, choice)
		}
	}
}

func (f *facts) gatherTypes(n node) {
	var names []string
	switch t := n.at["type"].(type) {
	case string:
		names = []string{t}
	case []any:
		for _, name := range t {
			names = append(names, fmt.Sprint(name))
		}
	}
	switch {
	case names == nil:
	case f.types == nil:
		f.types = names
	default:
		// A value must have a type that both allow.
		f.types = slices.DeleteFunc(slices.Clone(f.types), func(t string) bool { return !slices.Contains(names, t) })
	}
}

func (f *facts) gatherValues(n node) {
	if n.has("enum") {
		f.values, f.limited = n.list("enum"), true
	}
	if value, ok := n.at["const"]; ok {
		f.values, f.limited = []any{value}, true
	}
}

func number(value any) (float64, bool) {
	n, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	x, err := n.Float64()
	return x, err == nil
}

func (f *facts) gatherBounds(n node) {
	for _, name := range []string{"minimum", "exclusiveMinimum"} {
		x, ok := number(n.at[name])
		exclusive := name == "exclusiveMinimum"
		if ok && (!f.low.set || x > f.low.at || x == f.low.at && exclusive) {
			f.low = limit{at: x, set: true, exclusive: exclusive}
		}
	}
	for _, name := range []string{"maximum", "exclusiveMaximum"} {
		x, ok := number(n.at[name])
		exclusive := name == "exclusiveMaximum"
		if ok && (!f.high.set || x < f.high.at || x == f.high.at && exclusive) {
			f.high = limit{at: x, set: true, exclusive: exclusive}
		}
	}
	if step, ok := number(n.at["multipleOf"]); ok {
		f.step = step
	}
	for _, of := range []string{"Length", "Items", "Properties"} {
		if x, ok := number(n.at["min"+of]); ok {
			f.least[of] = max(f.least[of], int(x))
		}
		if x, ok := number(n.at["max"+of]); ok {
			f.most[of] = min(f.mostOf(of), int(x))
		}
	}
}

// mostOf returns the largest allowed size.
func (f *facts) mostOf(what string) int {
	if n, ok := f.most[what]; ok {
		return n
	}
	return math.MaxInt
}

func (d *document) gatherMembers(f *facts, n node) {
	properties := d.child(n, "properties")
	for _, name := range slices.Sorted(maps.Keys(properties.at)) {
		member := d.child(properties, name)
		if member.flag("readOnly") {
			f.readOnly = append(f.readOnly, name)
			continue
		}
		// A schema for both requests and responses cannot require what no response has.
		if member.flag("writeOnly") && slices.Contains(strings.Split(member.text(inexactly), ","), ruleRequired) {
			f.required[name] = true
		}
		if _, ok := f.members[name]; !ok {
			f.names = append(f.names, name)
		}
		f.members[name] = member
	}
	for _, name := range n.list("required") {
		f.required[fmt.Sprint(name)] = true
	}
	dependent := d.child(n, "dependentRequired")
	for name := range dependent.at {
		for _, needed := range dependent.list(name) {
			f.needs[name] = append(f.needs[name], fmt.Sprint(needed))
		}
	}
	switch others := n.at["additionalProperties"].(type) {
	case bool:
		f.closed = f.closed || !others
	case map[string]any:
		f.others = d.child(n, "additionalProperties")
	}
	if n.has("propertyNames") {
		f.naming = d.child(n, "propertyNames")
	}
}

func (f *facts) allows(name string) bool {
	return f.types == nil || slices.Contains(f.types, name) || name == "integer" && slices.Contains(f.types, "number")
}
