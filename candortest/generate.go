package candortest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// form is where a value is sent, which limits the possible values.
type form uint8

const (
	asJSON    form = iota
	asText         // percent-encoded: anything but null and empty lists
	asSegment      // of a path: not empty
	asField        // of a header or cookie: what may stand there
	asForm         // a form, whose members are texts
)

// generator generates values for schemas. It only makes an effort: whether a value matches is left to the schema.
type generator struct {
	t   *rapid.T
	doc *document
	how form
	// aimed means that a rule is to be violated, and nothing else.
	aimed bool
	// known are the values learned so far.
	known *knowledge
}

// pick chooses one of several values with equal probability; the first one in the smallest request.
func pick[V any](g *generator, values []V) V { return values[g.draw(len(values))] }

// draw draws bits, because rapid's own numbers are mostly small.
func (g *generator) draw(n int) int {
	drawn := 0
	for top := 1; top < n; top *= 2 {
		drawn *= 2
		if rapid.Bool().Draw(g.t, "bit") {
			drawn++
		}
	}
	return drawn % n
}

// seldom returns true about once in n times, and false in the smallest request.
func (g *generator) seldom(n int) bool { return g.draw(n) == n-1 }

// deep is the depth from which optional parts are left out.
const deep = 4

// whole generates a parameter or a body.
func (g *generator) whole(n node, a *aim) any {
	g.aimed = a != nil
	return g.value(n, 0, a)
}

// value generates a value that violates the aim's rule, or none if the aim is nil.
func (g *generator) value(n node, depth int, a *aim) any {
	return g.of(g.doc.facts(n), depth, a)
}

func (g *generator) of(f *facts, depth int, a *aim) any {
	if a.reached() {
		return g.broken(f, depth, a)
	}
	if len(f.choices) > 0 {
		return g.of(g.choose(f, depth, &a), depth, a)
	}
	if a == nil {
		if f.limited && len(f.values) > 0 {
			return pick(g, f.values)
		}
		// If a schema is inexact, its examples are the values most likely to be accepted.
		if odds := map[bool]int{true: 2, false: 8}[f.inexact]; len(f.examples) > 0 && g.seldom(odds) {
			return pick(g, f.examples)
		}
	}
	return g.typed(f, g.typeOf(f, depth, a), depth, a)
}

// choose decides every choice. An aim in the first choice determines it.
func (g *generator) choose(f *facts, depth int, a **aim) *facts {
	for i, choice := range f.choices {
		at := -1
		if i == 0 {
			at = (*a).branch()
		}
		switch {
		case at >= 0:
			*a = (*a).next()
		case depth > deep:
			at = len(choice) - 1 // null comes last
		default:
			at = g.draw(len(choice))
		}
		f = g.doc.with(f, choice[at])
	}
	return f
}

var anyTypes = []string{"string", "integer", "number", "boolean", "null", "array", "object"}

// typeOf chooses a type, the aim's if there is one. null is rare.
func (g *generator) typeOf(f *facts, depth int, a *aim) string {
	types := f.types
	if types == nil {
		types = anyTypes
		// A schema with members is meant for objects.
		if len(f.members) > 0 || len(f.required) > 0 {
			types = []string{"object"}
		}
	}
	if a != nil {
		return a.needs()
	}
	rest := slices.DeleteFunc(slices.Clone(types), func(t string) bool {
		return t == "null" || g.how != asJSON && t == "object" && f.allows("string")
	})
	hasNull := slices.Contains(types, "null") && g.how == asJSON
	if hasNull && (len(rest) == 0 || depth > deep || g.seldom(6)) || len(rest) == 0 {
		return "null"
	}
	return pick(g, rest)
}

func (g *generator) typed(f *facts, name string, depth int, a *aim) any {
	switch name {
	case "boolean":
		return rapid.Bool().Draw(g.t, "boolean")
	case "integer":
		return g.integer(f)
	case "number":
		return g.float(f)
	case "string":
		return g.text(f)
	case "array":
		return g.list(f, depth, a)
	case "object":
		return g.object(f, depth, a)
	}
	return nil
}

func (g *generator) integer(f *facts) any {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if f.low.set && f.low.at > -1<<63 {
		low = int64(math.Ceil(f.low.at))
		if f.low.exclusive && float64(low) == f.low.at {
			low++
		}
	}
	if f.high.set && f.high.at < 1<<63 {
		high = int64(math.Floor(f.high.at))
		if f.high.exclusive && float64(high) == f.high.at {
			high--
		}
	}
	if f.format == "int32" {
		low, high = max(low, math.MinInt32), min(high, math.MaxInt32)
	}
	if low > high {
		return json.Number(strconv.FormatInt(low, 10))
	}
	// Zero and one, if allowed, and both bounds with their neighbours.
	edges := []int64{max(low, min(high, 0)), low, high, max(low, min(high, 1)), low + min(1, high-low), high - min(1, max(0, high-low))}
	n := pick(g, edges)
	if g.seldom(3) {
		n = rapid.Int64Range(low, high).Draw(g.t, "integer")
	}
	if step := int64(f.step); step > 0 {
		if n -= n % step; n < low && n <= high-step {
			n += step
		}
	}
	return json.Number(strconv.FormatInt(n, 10))
}

func (g *generator) float(f *facts) any {
	low, high := -1e9, 1e9
	if f.low.set {
		low = f.low.at
		high = max(high, low+1)
	}
	if f.high.set {
		high = f.high.at
		low = min(low, high)
		if f.low.set {
			low = f.low.at
		}
	}
	if f.low.set && f.low.exclusive {
		low = math.Nextafter(low, math.Inf(1))
	}
	if f.high.set && f.high.exclusive {
		high = math.Nextafter(high, math.Inf(-1))
	}
	if low > high {
		return decimal(low)
	}
	edges := []float64{max(low, min(high, 0)), low, high, max(low, min(high, 1.5)), low/2 + high/2}
	x := pick(g, edges)
	if g.seldom(3) {
		x = rapid.Float64Range(low, high).Draw(g.t, "number")
	}
	if f.format == "float" {
		x = single(x, low, high)
	}
	if f.step > 0 {
		return multipleNear(x, f.step, low, high)
	}
	return decimal(x)
}

// multipleNear returns the multiple of step next to x, or another one in the range. It computes in decimals, as the
// schema does.
func multipleNear(x, step, low, high float64) json.Number {
	steps := math.Round(x / step)
	if math.IsInf(steps, 0) {
		return decimal(x)
	}
	if steps*step > high {
		steps--
	}
	if steps*step < low {
		steps++
	}
	text := strconv.FormatFloat(step, 'f', -1, 64)
	_, fraction, _ := strings.Cut(text, ".")
	exact, _ := new(big.Rat).SetString(text)
	return json.Number(exact.Mul(exact, new(big.Rat).SetFloat64(steps)).FloatString(len(fraction)))
}

// single returns x rounded to a float32 or, if that is out of range, a value in range.
func single(x, low, high float64) float64 {
	if rounded := float64(float32(x)); low <= rounded && rounded <= high {
		return rounded
	}
	return float64(float32(low/2 + high/2))
}

func decimal(x float64) json.Number { return json.Number(strconv.FormatFloat(x, 'g', -1, 64)) }

// letters are the characters of texts, the plainest first.
var (
	letters = []rune("a0Zé日😀 _-.,:/%&=+#?<>\"'\\\u00ad\n\t\u0000")
	fielded = []rune("a0Z_-.:%&+#<>!~")
)

// samples are values of formats.
var samples = map[string][]string{
	"uuid":            {"00000000-0000-4000-8000-000000000000", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "F47AC10B-58CC-4372-A567-0E02B2C3D479"},
	"date-time":       {"2024-02-29T12:00:00Z", "2024-12-31T23:59:59.999999999+14:00", "1970-01-01T00:00:00-05:30", "0001-01-01T00:00:00Z"},
	"date":            {"2024-02-29", "1970-01-01", "9999-12-31"},
	"date-time-local": {"2024-02-29T12:00", "2024-12-31T23:59:59.999999999", "0001-01-01T00:00:00"},
	"time":            {"12:00:00Z", "23:59:59.5+01:00"},
	"http-date":       {"Sun, 06 Nov 1994 08:49:37 GMT", "Thu, 29 Feb 2024 00:00:00 GMT"},
	"duration":        {"P1D", "PT1H30M"},
	"email":           {"a@example.com", "first.last+tag@sub.example.org"},
	"idn-email":       {"a@example.com", "ä@bücher.example"},
	"hostname":        {"example.com", "a", "xn--bcher-kva.example"},
	"ipv4":            {"192.0.2.1", "0.0.0.0", "255.255.255.255"},
	"ipv6":            {"2001:db8::1", "::", "::1"},
	"uri":             {"https://example.com/a?b=c#d", "http://example.com"},
	"iri":             {"https://example.com/a?b=c#d", "http://bücher.example/ä"},
	"uri-reference":   {"/a/b", "https://example.com/a?b=c#d"},
	"decimal":         {"0", "1.50", "-12345678901234567890.5"},
	"binary":          {"", "abc", "\x00\xff"},
}

func (g *generator) text(f *facts) string {
	var texts []string
	switch {
	case f.binary && len(f.patterns) == 0:
		return g.base64(f)
	case samples[f.format] != nil:
		texts = samples[f.format]
	}
	// A few attempts: not every generated text matches.
	for range 10 {
		var text string
		switch {
		case texts != nil:
			text = pick(g, texts)
		case len(f.patterns) > 0:
			text = g.matching(f)
			if other := g.edged(f, text, true); g.seldom(3) && f.fits(other) {
				text = other
			}
		default:
			return g.sized(f)
		}
		if f.fits(text) && g.canCarry(text) {
			return text
		}
	}
	return g.sized(f)
}

// base64 draws bytes in as many characters as there may be.
func (g *generator) base64(f *facts) string {
	least, most := f.least["Length"], f.mostOf("Length")
	// Four characters of base64 are three bytes.
	text := make([]byte, g.size(least/4*3, most/4*3, 4))
	for i := range text {
		text[i] = byte(pick(g, []int{0, 'a', 0xff, 0xfb}))
	}
	return base64.StdEncoding.EncodeToString(text)
}

// matching generates a text for the first pattern. A pattern that Go cannot read is left to the schema.
func (g *generator) matching(f *facts) string {
	p := pick(g, f.patterns)
	if p.expression == nil {
		return g.sized(f)
	}
	return rapid.StringMatching(p.text).Draw(g.t, "text")
}

// edges are characters that dialects of regular expressions, and definitions of space, line, digit and letter, treat
// differently.
var edges = []rune("\u00a0\u0085\u2028\u2029\u180e\u200b\ufeff\u2003\v\f\r\n\t\x00\x1f\x7f\u00e9\u0130\u017f\u212a\u0661\u0966\u00aa\U0001f600_-")

// edged returns the text with an edge character inserted or in place of another, chosen so that dialects of a pattern
// differ, if possible.
func (g *generator) edged(f *facts, text string, fitting bool) string {
	if all := f.confusing(text, fitting); len(all) > 0 && g.seldom(2) {
		return pick(g, all)
	}
	runes := []rune(text)
	return withEdge(runes, g.draw(len(runes)+1), pick(g, edges), g.seldom(3))
}

// confusing returns texts similar to the given one that only one dialect matches.
func (f *facts) confusing(text string, fitting bool) (all []string) {
	runes := []rune(text)
	// Every edge is tried at every position, which takes too long for a long text.
	if len(runes) > 40 || !slices.ContainsFunc(f.patterns, func(p pattern) bool { return p.dialect != nil }) {
		return nil
	}
	for at := range len(runes) + 1 {
		for _, edge := range edges {
			if other := withEdge(runes, at, edge, false); f.confuses(other) && f.fits(other) == fitting {
				all = append(all, other)
			}
		}
	}
	return all
}

// withEdge replaces a character, or inserts one.
func withEdge(runes []rune, at int, edge rune, insert bool) string {
	if insert || at == len(runes) {
		return string(slices.Insert(slices.Clone(runes), at, edge))
	}
	runes = slices.Clone(runes)
	runes[at] = edge
	return string(runes)
}

func (f *facts) fits(text string) bool {
	n := utf8.RuneCountInString(text)
	if n < f.least["Length"] || n > f.mostOf("Length") {
		return false
	}
	return !slices.ContainsFunc(f.patterns, func(p pattern) bool { return p.expression != nil && !p.expression.MatchString(text) })
}

// canCarry reports whether the text can be sent where it belongs.
func (g *generator) canCarry(text string) bool {
	switch g.how {
	case asSegment:
		return text != "" && text != "." && text != ".." && utf8.ValidString(text)
	case asField:
		return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`",;\`, r) })
	}
	return true
}

// size chooses a size, mostly the smallest or the largest. If there is no upper bound, it sometimes chooses one of the
// large sizes.
func (g *generator) size(least, most, usual int, large ...int) int {
	if most > 10_000 {
		if len(large) > 0 && g.seldom(8) {
			return max(least, pick(g, large))
		}
		most = max(least+usual, 3)
	}
	if least >= most {
		return least
	}
	switch g.draw(4) {
	case 0:
		return least
	case 1:
		return most
	}
	return rapid.IntRange(least, most).Draw(g.t, "size")
}

func (g *generator) sized(f *facts) string {
	least, most := f.least["Length"], f.mostOf("Length")
	if g.how == asSegment {
		least = max(least, 1)
	}
	return g.ofLength(g.size(least, most, 8, 30, 100, 300, 2000))
}

func (g *generator) ofLength(n int) string {
	alphabet := letters
	if g.how == asField {
		alphabet = fielded
	}
	var b strings.Builder
	for i := range n {
		// A letter first, so that a segment is not "." or ".."; after a few letters more choices would test nothing
		// new.
		if i > 12 || g.how == asSegment && i == 0 {
			b.WriteRune('a')
			continue
		}
		b.WriteRune(pick(g, alphabet))
	}
	return b.String()
}

func (g *generator) list(f *facts, depth int, a *aim) any {
	least, most := f.least["Items"], f.mostOf("Items")
	// An aim needs an element, and outside of JSON an empty list is the same as none.
	if a != nil || g.how != asJSON {
		least = max(least, 1)
	}
	if depth > deep {
		most = least
	}
	var large []int
	// Large lists deep inside would make the whole too large.
	if depth < 3 {
		large = []int{6, 12, 25}
	}
	return g.ofSize(f, g.size(least, most, 3, large...), depth, a)
}

// ofSize generates a list of that size. The aim is in the first element.
func (g *generator) ofSize(f *facts, n, depth int, a *aim) any {
	values := make([]any, 0, n)
	inner := a.into("[]")
	for len(values) < n {
		if inner == nil && !f.unique && len(values) > 0 && g.seldom(5) {
			values = append(values, values[0]) // what is equal may be twice
			continue
		}
		value := g.value(f.items, depth+1, inner)
		for range 8 {
			if !f.unique || !contains(values, value) {
				break
			}
			value = g.value(f.items, depth+1, nil)
		}
		values = append(values, value)
		inner = nil
	}
	return values
}

func contains(values []any, value any) bool {
	return slices.ContainsFunc(values, func(v any) bool { return encode(v) == encode(value) })
}

func encode(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (g *generator) object(f *facts, depth int, a *aim) any {
	object := map[string]any{}
	odds := g.odds(f)
	for _, name := range f.names {
		inner := a.into(name)
		// Usually an id that exists, so that the request can succeed.
		if known := g.knownAs(name, f.members[name]); known != nil && inner == nil && !g.seldom(3) {
			object[name] = known
			continue
		}
		if inner != nil || f.required[name] || depth <= deep && g.seldom(odds) {
			object[name] = g.value(f.members[name], depth+1, inner)
		}
	}
	g.addNeeded(f, object, depth)
	g.addOthers(f, object, depth, a)
	return object
}

// addNeeded adds the members that present members require.
func (g *generator) addNeeded(f *facts, object map[string]any, depth int) {
	for added := true; added; {
		added = false
		for _, name := range f.names {
			if _, isThere := object[name]; !isThere {
				continue
			}
			for _, needed := range f.needs[name] {
				if _, isThere := object[needed]; !isThere {
					object[needed], added = g.value(f.members[needed], depth+1, nil), true
				}
			}
		}
	}
}

// odds says how rarely optional members are sent. Of many members sometimes only a few are sent, because a single
// refused one fails the request.
func (g *generator) odds(f *facts) int {
	optional := len(f.names) - len(f.required)
	if optional < 8 {
		return 2
	}
	return pick(g, []int{optional, 2, 8, optional})
}

// unknown is a member that no document has.
const unknown = "candortest_unknown"

func (g *generator) addOthers(f *facts, object map[string]any, depth int, a *aim) {
	inner := a.into("{}")
	switch {
	case f.closed:
		return
	case f.others.at != nil:
		least := max(f.least["Properties"]-len(object), 0)
		if inner != nil {
			least = max(least, 1)
		}
		most := min(f.mostOf("Properties")-len(object), least+2)
		if depth > deep {
			most = least // a map of maps has to end
		}
		for i := range g.size(least, most, 2) {
			name := g.name(f, i)
			// A name that is drawn twice must not replace the value that violates the aim's rule.
			if _, isThere := object[name]; !isThere {
				object[name] = g.value(f.others, depth+1, inner)
				inner = nil
			}
		}
	case !g.aimed && g.how == asJSON && len(f.readOnly) > 0 && g.seldom(4):
		// The app ignores it, whatever its value, so it violates no rule.
		object[pick(g, f.readOnly)] = pick(g, []any{nil, "x", json.Number("1")})
	case a == nil && g.how == asJSON && g.seldom(8):
		object[unknown] = pick(g, []any{nil, "x", json.Number("1")})
	}
}

// name generates the name of an undeclared member.
func (g *generator) name(f *facts, i int) string {
	if f.naming.at == nil {
		return pick(g, []string{"a", "B", "é", "", "a b"}) + strings.Repeat("x", i)
	}
	named := *g.doc.facts(f.naming)
	named.types = []string{"string"}
	text, _ := g.of(&named, deep, nil).(string)
	return text
}
