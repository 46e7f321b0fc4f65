package schema_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

type (
	// shade has several texts for one value.
	shade string
	grade uint8
	// tree contains itself through a pointer, a list and a map.
	tree struct {
		Label string           `json:"label" validate:"min=1,max=3"`
		Left  *tree            `json:"left"`
		Items []tree           `json:"items,omitempty" validate:"max=2"`
		Named map[string]*tree `json:"named,omitempty"`
	}
	closed struct {
		Strict
		A int  `json:"a"`
		B *int `json:"b"`
	}
	circle struct {
		Radius float64 `json:"radius" validate:"gt=0"`
	}
	square struct {
		Side int8 `json:"side" default:"1"`
	}
	figure struct {
		OneOf  `json:"form"`
		Circle *circle `case:"circle"`
		Square *square `case:"square"`
	}
)

func (shade) Enum() []shade                  { return []shade{"light", "dark"} }
func (s shade) MarshalText() ([]byte, error) { return []byte(s), nil }
func (s *shade) UnmarshalText(text []byte) error {
	*s = shade(strings.ToLower(string(text)))
	return nil
}
func (grade) Enum() []grade { return []grade{1, 2, 3} }

// ruled is a rule with texts of values that satisfy it and of values that violate it.
type ruled struct{ rule, good, bad string }

// leaf is a type without elements or members, with JSON texts of valid and of invalid values, separated by spaces.
type leaf struct {
	goType      reflect.Type
	values, not string
	rules       []ruled
}

// leaves are the types that random types consist of. Only rules with an exact keyword have bad texts.
var leaves = []leaf{
	{reflect.TypeFor[bool](), `true false`, `0 "true" null`, []ruled{{"eq=true", `true`, `false`}}},
	{reflect.TypeFor[int8](), `0 1 -128 127 1e2 1.0`, `128 -129 1.5 "1" null`, []ruled{
		{"min=2,max=7", `2 7 3.0`, `1 8 -3`}, {"omitempty,gt=5", `0 6 -0`, `5 -1`}, {"oneof=1 3", `1 3 1.0`, `2 0`}, {"ne=4", `3 5`, `4 4.0 40e-1`},
	}},
	{reflect.TypeFor[int](), `0 -1 2147483647 -2147483648 1e9`, `0.5 true null 9223372036854775808`, []ruled{
		{"gte=1,lte=100", `1 100 1e2`, `0 101 -1`}, {"eq=16777217", `16777217`, `16777216`}, {"lt=0|eq=5", `-1 5`, `0 4`}, {"port", `1 65535`, `0 65536`},
	}},
	{reflect.TypeFor[int64](), `0 9007199254740993 9223372036854775807 -9223372036854775808 1e18`, `0.5 [] null 9223372036854775808`, []ruled{
		{"oneof=-9223372036854775808 7", `-9223372036854775808 7`, `8`}, {"eq=9007199254740993", `9007199254740993`, `9007199254740992`},
	}},
	{reflect.TypeFor[uint8](), `0 255 25.0e1`, `-1 256 null`, []ruled{{"gt=3", `4`, `3 0`}}},
	{reflect.TypeFor[uint64](), `0 18446744073709551615`, `-1 18446744073709551616 1.5`, []ruled{{"lte=7", `7 0`, `8`}}},
	{reflect.TypeFor[float64](), `0 -0 1.5 1e300 -2.5e-3 0.1`, `"1" null 1e999`, []ruled{
		{"gte=0", `0 -0 5e-324`, `-1 -5e-324`}, {"gt=0.1,lt=0.2", `0.15 0.10000000000000002`, `0.1 0.2`}, {"eq=1.5", `1.5 15e-1`, `1.6`}, {"ne=0", `1`, `0 -0 0.0`},
	}},
	{reflect.TypeFor[float32](), `0 0.1 16777217 1e38 -3.4e38`, `null 1e39`, []ruled{
		{"gte=0.1", `0.1 0.2`, `0.09 0.0999999999 0.09999999999999`},
		{"lte=0.1", `0.1 0`, `0.11 0.100000001`},
		{"gt=0", `1e-30 1`, `0 -1 -1e-60`},
		{"gte=0", `0 -0`, `-1e-60`},
		{"eq=0.1", `0.1 1e-1`, `0.10000000001 0.2`},
		{"lt=1", `0.5`, `1 1.00000001`},
	}},
	{reflect.TypeFor[string](), `"" "a" "é" "日本語" "a\nb" "\ud83d\ude00" "1.2.3.4" "a@b.de" "%"`, `1 null [] {}`, []ruled{
		{"min=2,max=3", `"ab" "日本" "abc" "\ud83d\ude00\ud83d\ude00"`, `"" "a" "abcd"`},
		{"len=1", `"é" "\n"`, `"" "ab"`},
		{"oneof=a 'b c'", `"a" "b c"`, `"b" ""`},
		{"alpha", `"ab" "Z"`, `"" "a1" "é" "a\n"`},
		{"numeric", `"-1.5" "10"`, `"1e5" "" "x"`},
		{"uuid4", `"550e8400-e29b-41d4-a716-446655440000"`, `"550e8400-e29b-11d4-a716-446655440000" ""`},
		{"startswith=a.", `"a.b"`, `"axb" "ba."`},
		{"excludesall=!?", `"a" ""`, `"a!" "?"`},
		{"omitempty,min=2", `"" "ab"`, `"a"`},
		{"datetime=2006-01-02", `"2024-02-29"`, `"2026-02-30" ""`},
		{"email", `"a@b.de" "ü@b.de" "a@bücher.de"`, ``},
		{"ipv4", `"1.2.3.4"`, `"" "1.2.3"`},
		{"ipv6", `"::1"`, `"" "1.2.3.4"`},
		{"ip", `"::1" "1.2.3.4" "::ffff:1.2.3.4"`, `"" "x"`},
		{"url", `"http://a.de" "http://ä.de/ö" "http://a.de/a b" "http://a.de/<x>" "http://a.de/[x]" "http://a.de/#a#b"`, ``},
		{"uri", `"http://a.de/ä b" "/x/[y]" "a:b"`, ``},
		{"http_url", `"HTTP://a.de/ä" "https://a.de/|"`, `"ftp://a.de" ""`},
		{"hostname_rfc1123", `"a.de" "1a"`, `"" "-a" "a..b"`},
		{"base64", `"YQ=="`, `"YQ" "?"`},
		{"lowercase", `"a" "é"`, `"A" ""`},
		{"eq=a|eq=b", `"a" "b"`, `"c"`},
		{"cidr", `"10.0.0.0/8"`, ``},
	}},
	{reflect.TypeFor[[]byte](), `"" "YQ==" "YWI=" "YWJj"`, `"Y" "YQ" "YR==" "Y-_=" [97] null "YQ==\n"`, []ruled{{"min=2,max=4", `"YWI=" "YWJjZA=="`, ``}}},
	{reflect.TypeFor[[3]byte](), `[1,2,255]`, `[1,2] [1,2,3,4] [1,2,256] "AQID" null`, []ruled{{"dive,gt=0", `[1,2,3]`, `[0,1,2]`}}},
	{reflect.TypeFor[time.Time](), `"2026-01-02T03:04:05Z" "2026-01-02T03:04:05.123456789-07:00" "0000-01-01T00:00:00Z"`, `"2026-01-02" "2026-02-30T00:00:00Z" "2026-01-02t03:04:05z" "2026-01-02T03:04:60Z" 1 null`, nil},
	{reflect.TypeFor[time.Duration](), `"1h30m" "-.5s" "0" "1.s"`, `"1" 5 "" null`, nil},
	{reflect.TypeFor[netip.Addr](), `"1.2.3.4" "::1" "fe80::1%eth0" "::ffff:1.2.3.4" "::ffff:1.2.3.4%25x"`, `"" "x" "1.2.3.4%e" 1 null`, nil},
	{reflect.TypeFor[netip.Prefix](), `"10.0.0.0/8" "::/0"`, `"10.0.0.0" "10.0.0.0/33" 1`, nil},
	{reflect.TypeFor[netip.AddrPort](), `"1.2.3.4:80" "[::1]:1" "[fe80::1%x]:1"`, `"1.2.3.4" 1`, nil},
	{reflect.TypeFor[big.Int](), `0 -123456789012345678901234567890 null`, `"1" 1.5 true`, nil},
	{reflect.TypeFor[json.Number](), `0 1.50 1e999 -0`, `"1" null`, nil},
	{reflect.TypeFor[json.RawMessage](), `null 1 {"a":[]} "x"`, ``, nil},
	{reflect.TypeFor[any](), `null 1 {"a":[1,{}]} "x" [] 1e5`, ``, nil},
	{reflect.TypeFor[word](), `"a" "b<c"`, `"b" "" 1 null`, nil},
	{reflect.TypeFor[level](), `1 2 1.0`, `3 0 "1"`, nil},
	{reflect.TypeFor[grade](), `1 3`, `4 0`, nil},
	{reflect.TypeFor[shade](), `"light" "dark"`, `"Light" "DARK" "" 1 null`, nil},
	{reflect.TypeFor[colour](), `"" "red"`, `1 null`, nil},
	{reflect.TypeFor[amount](), `1`, `"x"`, nil},
	{reflect.TypeFor[optional[int]](), `null 1`, `"1"`, []ruled{{"gte=1", `1 null`, `0`}}},
	{reflect.TypeFor[optional[[]string]](), `null [] ["a"]`, `[1] "a"`, []ruled{{"min=1,dive,min=1", `null ["a"]`, `[] [""]`}}},
	{
		reflect.TypeFor[*tree](), `null {"label":"a"} {"label":"a","left":null} {"label":"abc","left":{"label":"b","left":null,"items":[{"label":"x","left":null}]},"named":{"k":null}}`,
		`{"label":"","left":null} {"left":null} {"label":"a","left":null,"items":[null]} {"label":"a","left":{"label":"abcd","left":null}}`, nil,
	},
	{reflect.TypeFor[closed](), `{"a":1} {"b":null,"a":2}`, `{"a":1,"c":2} {"b":1} null`, nil},
	{reflect.TypeFor[figure](), `{"form":"circle","radius":1} {"form":"square"} {"side":3,"form":"square"}`, `{"form":"circle"} {"form":"x"} {} {"form":"circle","radius":0} null`, nil},
}

// sample is a random type with facts about its JSON.
type sample struct {
	goType reflect.Type
	// rules are in validator's notation; tag is the rest of a field's tag.
	rules string
	// good writes a valid value, bad one that is invalid or violates a rule; bad is nil if every JSON value is valid.
	good, bad func(r *rand.Rand) string
	// quotable means that json's option string is allowed.
	quotable bool
}

// maker creates the random types of one seed.
type maker struct{ *rand.Rand }

// splitTexts splits texts at spaces outside of strings.
func splitTexts(texts string) []string {
	var all []string
	for d := json.NewDecoder(strings.NewReader(texts)); d.More(); {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			panic(err)
		}
		all = append(all, string(raw))
	}
	return all
}

func oneOf(texts string) func(*rand.Rand) string {
	all := splitTexts(texts)
	if len(all) == 0 {
		return nil
	}
	return func(r *rand.Rand) string { return all[r.IntN(len(all))] }
}

func eitherOf(makers ...func(*rand.Rand) string) func(*rand.Rand) string {
	makers = slices.DeleteFunc(makers, func(m func(*rand.Rand) string) bool { return m == nil })
	if len(makers) == 0 {
		return nil
	}
	return func(r *rand.Rand) string { return makers[r.IntN(len(makers))](r) }
}

func (m maker) sample(depth int) sample {
	if depth > 0 {
		switch m.IntN(7) {
		case 0:
			return m.list(depth - 1)
		case 1:
			return m.mapOf(depth - 1)
		case 2:
			return m.pointer(depth - 1)
		case 3, 4:
			return m.object(depth - 1)
		}
	}
	return m.leaf()
}

func (m maker) leaf() sample {
	l := leaves[m.IntN(len(leaves))]
	p := sample{goType: l.goType, good: oneOf(l.values), bad: oneOf(l.not)}
	switch l.goType.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int64, reflect.Uint8, reflect.Float64, reflect.Bool:
		p.quotable = l.goType.PkgPath() == ""
	}
	if len(l.rules) > 0 && m.IntN(3) > 0 {
		rule := l.rules[m.IntN(len(l.rules))]
		p.rules, p.good, p.bad, p.quotable = rule.rule, oneOf(rule.good), eitherOf(p.bad, oneOf(rule.bad)), false
	}
	return p
}

func (m maker) pointer(depth int) sample {
	p := m.sample(depth)
	// With a pointer, omitempty is about null, so a zero is validated.
	if isNullable(p.goType) || strings.HasPrefix(p.rules, "omitempty") {
		return p
	}
	inner, canBeNull := p.bad, oneOf(`null`)
	p.goType, p.good = reflect.PointerTo(p.goType), eitherOf(p.good, p.good, canBeNull)
	p.bad = notNull(inner)
	return p
}

func isNullable(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer || strings.HasPrefix(t.Name(), "optional[")
}

// notNull is bad without null.
func notNull(bad func(*rand.Rand) string) func(*rand.Rand) string {
	if bad == nil {
		return nil
	}
	return func(r *rand.Rand) string {
		for range 20 {
			if text := bad(r); text != "null" {
				return text
			}
		}
		return `{"no":"value","at":["all"]}`
	}
}

func (m maker) list(depth int) sample {
	elem := m.sample(depth)
	p := sample{goType: reflect.SliceOf(elem.goType)}
	if elem.goType.Kind() == reflect.Uint8 {
		return elem
	}
	least, most := 0, 4
	if m.IntN(2) == 0 {
		least, most = m.IntN(2), 2+m.IntN(2)
		p.rules = fmt.Sprintf("min=%d,max=%d", least, most)
	}
	if elem.rules != "" {
		p.rules = strings.TrimPrefix(p.rules+",dive,"+elem.rules, ",")
	}
	p.good = func(r *rand.Rand) string { return listOf(r, least+r.IntN(most-least+1), elem.good) }
	wrongs := []func(*rand.Rand) string{oneOf(`{} "[]" 1 null`)}
	if strings.HasPrefix(p.rules, "min=") {
		wrongs = append(wrongs, func(r *rand.Rand) string { return listOf(r, most+1, elem.good) })
	}
	if elem.bad != nil {
		wrongs = append(wrongs, func(r *rand.Rand) string {
			n := r.IntN(most)
			return listOf(r, n+1, func(r *rand.Rand) string {
				if n--; n < 0 {
					return elem.bad(r)
				}
				return elem.good(r)
			})
		})
	}
	p.bad = eitherOf(wrongs...)
	return p
}

func listOf(r *rand.Rand, n int, write func(*rand.Rand) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = write(r)
	}
	return "[" + strings.Join(items, ",") + "]"
}

// keys are types of map keys, with valid and invalid keys.
var keys = []struct {
	goType    reflect.Type
	rules     string
	good, bad []string
}{
	{reflect.TypeFor[string](), "", []string{"", "a", "é", "b<c"}, nil},
	{reflect.TypeFor[string](), "min=1,max=2", []string{"a", "bc", "日本"}, []string{"", "abc"}},
	{reflect.TypeFor[int8](), "", []string{"0", "-1", "127"}, []string{"01", "-0", "1.0", "128", "", "x"}},
	{reflect.TypeFor[uint](), "", []string{"0", "1"}, []string{"-1", "+1", "1e2"}},
	{reflect.TypeFor[word](), "", []string{"a", "b<c"}, []string{"b", ""}},
	{reflect.TypeFor[grade](), "", []string{"1", "2"}, []string{"4", "01"}},
	{reflect.TypeFor[shade](), "", []string{"light", "dark"}, []string{"Light", ""}},
	{reflect.TypeFor[colour](), "", []string{"", "red"}, nil},
	{reflect.TypeFor[netip.Addr](), "", []string{"1.2.3.4", "::1", "fe80::1%e"}, []string{"", "x"}},
}

func (m maker) mapOf(depth int) sample {
	elem, key := m.sample(depth), keys[m.IntN(len(keys))]
	p := sample{goType: reflect.MapOf(key.goType, elem.goType)}
	if key.rules != "" {
		p.rules = "dive,keys," + key.rules + ",endkeys"
	} else if elem.rules != "" {
		p.rules = "dive"
	}
	if elem.rules != "" {
		p.rules += "," + elem.rules
	}
	write := func(r *rand.Rand, more ...string) string {
		members := slices.Clone(more)
		for _, name := range key.good {
			if r.IntN(2) == 0 && len(more) == 0 {
				members = append(members, member(name, elem.good(r)))
			}
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	p.good = func(r *rand.Rand) string { return write(r) }
	wrongs := []func(*rand.Rand) string{oneOf(`[] "{}" null`)}
	if elem.bad != nil {
		wrongs = append(wrongs, func(r *rand.Rand) string { return write(r, member(key.good[0], elem.bad(r))) })
	}
	if key.bad != nil {
		wrongs = append(wrongs, func(r *rand.Rand) string { return write(r, member(key.bad[r.IntN(len(key.bad))], elem.good(r))) })
	}
	p.bad = eitherOf(wrongs...)
	return p
}

func member(name, value string) string {
	quoted, _ := json.Marshal(name)
	return string(quoted) + ":" + value
}

// attribute is a field of a random struct.
type attribute struct {
	sample
	name     string
	required bool
}

func (m maker) object(depth int) sample {
	fields := make([]reflect.StructField, 1+m.IntN(4))
	attributes := make([]attribute, len(fields))
	for i := range fields {
		a := attribute{sample: m.sample(depth), name: []string{"a", "Ä", "c_d", "e<&>", "f.g"}[i], required: true}
		options := ""
		switch {
		case isNullable(a.goType):
			a.required = false
		case m.IntN(4) == 0:
			options, a.required = [...]string{",omitempty", ",omitzero"}[m.IntN(2)], false
		}
		if a.quotable && m.IntN(4) == 0 {
			options += ",string"
			a.good, a.bad = inQuotes(a.good), oneOf(`"" "x" "[]" [] 7`)
		}
		tag := fmt.Sprintf(`json:%q`, a.name+options)
		if a.rules != "" {
			tag += fmt.Sprintf(` validate:%q`, a.rules)
		}
		fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: a.goType, Tag: reflect.StructTag(tag)}
		attributes[i] = a
	}
	p := sample{goType: reflect.StructOf(fields)}
	p.good = func(r *rand.Rand) string { return writeObject(r, attributes, -1) }
	wrongs := []func(*rand.Rand) string{oneOf(`[] "{}" 0 null`)}
	for i, a := range attributes {
		if a.bad != nil || a.required {
			wrongs = append(wrongs, func(r *rand.Rand) string { return writeObject(r, attributes, i) })
		}
	}
	p.bad = eitherOf(wrongs...)
	return p
}

func inQuotes(write func(*rand.Rand) string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return strconv.Quote(write(r)) }
}

// writeObject makes one member invalid, or omits it.
func writeObject(r *rand.Rand, attributes []attribute, wrong int) string {
	var members []string
	for _, i := range r.Perm(len(attributes)) {
		a := attributes[i]
		switch {
		case i == wrong && (a.bad == nil || a.required && r.IntN(3) == 0):
		case i == wrong:
			members = append(members, member(a.name, a.bad(r)))
		case a.required || r.IntN(2) == 0:
			members = append(members, member(a.name, a.good(r)))
		}
	}
	if r.IntN(4) == 0 {
		members = append(members, `"unknown":{"x":[1]}`)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// mutate replaces one of the values inside a text, or removes it.
func mutate(r *rand.Rand, text string) string {
	const junk = `null 0 1 -1 1.5 1e2 "" "a" "x y" true [] {} [1] {"a":1} 300 -0 0.1 "YQ==" "1" 9007199254740993`
	all := splitTexts(junk)
	var value any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return text
	}
	var walk func(v any, depth int) any
	walk = func(v any, depth int) any {
		if r.IntN(4+depth) == 0 {
			return json.RawMessage(all[r.IntN(len(all))])
		}
		switch v := v.(type) {
		case []any:
			for i := range v {
				v[i] = walk(v[i], depth)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if r.IntN(12) == 0 {
					delete(v, name)
					continue
				}
				v[name] = walk(v[name], depth)
			}
		}
		return v
	}
	mutated, err := json.Marshal(walk(value, 6))
	if err != nil {
		return text
	}
	return string(mutated)
}

// subject is a random type with everything that is compared.
type subject struct {
	sample
	decoder *codec.Decoder
	encoder *codec.Encoder
	schema  string
	// in validates decoded values, out encoded ones.
	in, out *jsonschema.Schema
	// exact means that no part of the schema is documented as wider than its rules.
	exact bool
}

// subjects caches subjects, because types created by reflection are never freed.
type subjects struct {
	mutex sync.Mutex
	made  map[uint16]*subject
	codec *codec.Compiler
}

func (s *subjects) find(t testing.TB, seed uint16) *subject {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if made, ok := s.made[seed]; ok {
		return made
	}
	made := &subject{sample: maker{rand.New(rand.NewPCG(uint64(seed), 1))}.object(3)}
	d := describeType(t, made.goType)
	var err error
	made.decoder, err = s.codec.Decoder(d, nil)
	require.NoError(t, err, "%s", made.goType)
	made.encoder, err = s.codec.Encoder(d, nil)
	require.NoError(t, err, "%s", made.goType)
	made.in, made.schema = judgeOf(t, d, schema.In)
	made.out, _ = judgeOf(t, d, schema.Out)
	made.exact = !strings.Contains(made.schema, "x-validate")
	s.made[seed] = made
	return made
}

func judgeOf(t testing.TB, d *typeinfo.Type, use schema.Use) (*jsonschema.Schema, string) {
	t.Helper()
	c := schema.New(schema.Options{})
	c.Mark(d, use)
	doc := &openapi3.T{Extensions: map[string]any{"x-value": c.Value(d, nil, use)}}
	doc.Components = &openapi3.Components{Schemas: c.Schemas()}
	text, err := schema.Encode(doc, c.Order())
	require.NoError(t, err)
	return judgeText(t, text.String(), "#/x-value"), text.String()
}

// judged returns a JSON value for validation, with each number as close as clients with float64 can represent it.
func judged(t testing.TB, text string) any {
	t.Helper()
	return nearest(value(t, text))
}

func nearest(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = nearest(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = nearest(v[name])
		}
	case json.Number:
		if _, isInteger := new(big.Int).SetString(v.String(), 10); isInteger {
			return v
		}
		if x, err := strconv.ParseFloat(v.String(), 64); err == nil {
			return json.Number(strconv.FormatFloat(x, 'g', -1, 64))
		}
	}
	return v
}

// hasNoKeyword reports validation errors that no keyword covers: invalid keys, numbers out of range, and types that
// decode themselves.
func hasNoKeyword(f fault.Fault) bool {
	return fault.Keyword(f.Type) == "" || slices.Contains(f.Loc, "[key]")
}

// FuzzAcceptedSatisfiesSchema decodes random values of random types. Accepted values satisfy the schema, and so do
// their encodings. Values that violate a rule are rejected. If the schema is exact, values that satisfy it are
// accepted.
func FuzzAcceptedSatisfiesSchema(f *testing.F) {
	for seed := range uint16(150) {
		f.Add(seed, uint64(seed))
	}
	known := &subjects{made: map[uint16]*subject{}, codec: codec.NewCompiler(check.Builtin())}
	f.Fuzz(func(t *testing.T, typeSeed uint16, valueSeed uint64) {
		s := known.find(t, typeSeed)
		r := rand.New(rand.NewPCG(valueSeed, 2))
		good := s.good(r)
		s.try(t, good, true, false)
		s.try(t, s.bad(r), false, true)
		for range 4 {
			s.try(t, mutate(r, good), false, false)
		}
	})
}

func (s *subject) try(t *testing.T, text string, isGood, isBad bool) {
	t.Helper()
	var faults fault.List
	into := reflect.New(s.goType).Elem()
	s.decoder.Decode([]byte(text), into, codec.Options{}, &faults)
	accepted := len(faults.Faults) == 0
	broken := s.in.Validate(judged(t, text))
	switch {
	case isGood && !accepted:
		t.Fatalf("%s is refused: %v\n%s", text, faults.Faults, s.goType)
	case isBad && accepted:
		t.Fatalf("%s is accepted\n%s", text, s.goType)
	case accepted && broken != nil:
		t.Fatalf("%s is accepted, but breaks the schema: %v\n%s\n%s", text, broken, s.schema, s.goType)
	case !accepted && broken == nil && s.exact && !slices.ContainsFunc(faults.Faults, hasNoKeyword):
		t.Fatalf("%s satisfies the schema, but is refused: %v\n%s\n%s", text, faults.Faults, s.schema, s.goType)
	}
	if accepted {
		s.write(t, into)
	}
}

// write validates the encoding against the schema, unless it is reported to violate its own rules.
func (s *subject) write(t *testing.T, value reflect.Value) {
	t.Helper()
	var faults fault.List
	text, err := s.encoder.Append(nil, value, true, &faults)
	if err != nil || len(faults.Faults) > 0 {
		return
	}
	if broken := s.out.Validate(judged(t, string(text))); broken != nil {
		t.Fatalf("%s is written, but breaks the schema: %v\n%s\n%s", text, broken, s.schema, s.goType)
	}
}
