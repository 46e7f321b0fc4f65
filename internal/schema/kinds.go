package schema

import (
	"cmp"
	"encoding/json"
	"math"
	"math/big"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/typeinfo"
)

// value returns the schema of a value of type t that satisfies the rules.
func (c *Components) value(t *typeinfo.Type, rules *typeinfo.Rules, at position) *openapi3.SchemaRef {
	if s, ok := c.own(t); ok {
		c.keep(s, t, rules, at)
		return openapi3.NewSchemaRef("", s)
	}
	switch t.Kind {
	case typeinfo.Pointer, typeinfo.Optional, typeinfo.Nullable:
		held := c.value(t.Elem, rules, at)
		// Plain text has no null.
		if at.text {
			return held
		}
		return orNull(held)
	}
	if hasComponent(t) {
		return c.shared(t, rules, at)
	}
	s := c.kind(t, rules, at)
	s.Description = cmp.Or(s.Description, c.typeDoc(t))
	c.keep(s, t, rules, at)
	return openapi3.NewSchemaRef("", s)
}

// own returns a copy of the schema that the user gave for the type.
func (c *Components) own(t *typeinfo.Type) (*openapi3.Schema, bool) {
	given, ok := c.options.Custom[t.Go]
	if !ok {
		if !describesItself(t) {
			return nil, false
		}
		given = selfDescribed(t.Go)
	}
	// A copy, because rules are added to it.
	s := &openapi3.Schema{}
	if given != nil {
		*s = *given
	}
	return s, true
}

// A type can describe itself by a method OpenAPISchema, which returns a schema or its keywords.
type (
	describer         interface{ OpenAPISchema() *openapi3.Schema }
	keywordsDescriber interface{ OpenAPISchema() map[string]any }
)

// selfDescribed returns the schema of a type that describes itself, nil, which allows anything, if the result is not a
// schema.
func selfDescribed(t reflect.Type) *openapi3.Schema {
	switch value := reflect.New(t).Interface().(type) {
	case describer:
		return value.OpenAPISchema()
	case keywordsDescriber:
		if s, err := Keywords(value.OpenAPISchema()); err == nil {
			return s
		}
	}
	return nil
}

// describesItself is false for a struct that only embeds such a type.
func describesItself(t *typeinfo.Type) bool {
	if t.Wraps() || t.Go.Kind() == reflect.Interface {
		return false
	}
	pointer := reflect.PointerTo(t.Go)
	describes := pointer.Implements(reflect.TypeFor[describer]()) || pointer.Implements(reflect.TypeFor[keywordsDescriber]())
	return describes && typeinfo.Declares(t.Go, "OpenAPISchema")
}

func (c *Components) overridden(t *typeinfo.Type) bool {
	_, given := c.options.Custom[t.Go]
	return given || describesItself(t)
}

// shared returns the schema of a struct, union or enum, as a reference if the type has a name.
func (c *Components) shared(t *typeinfo.Type, rules *typeinfo.Rules, at position) *openapi3.SchemaRef {
	// A type that was not marked before gets its name only now.
	if c.uses[t.Go] == 0 {
		c.Mark(t, at.use)
	}
	c.assignNames()
	made := c.find(t, whole, at.use)
	if made == nil {
		// Without a name the schema is inlined.
		s := &openapi3.Schema{}
		c.fill(s, t, at.use)
		c.keep(s, t, rules, at)
		return openapi3.NewSchemaRef("", s)
	}
	c.reach(made, func(s *openapi3.Schema) { c.fill(s, t, at.use) })
	return c.beside(made.ref(), t, rules, at)
}

func (c *Components) fill(s *openapi3.Schema, t *typeinfo.Type, use Use) {
	s.Description = c.typeDoc(t)
	switch {
	case t.Enum != nil:
		// The schema is replaced, so its comment is saved.
		description := s.Description
		*s = *c.kind(t, nil, position{use: use})
		s.Description, s.Enum = cmp.Or(s.Description, description), literals(t.Enum)
	case t.Kind == typeinfo.Union:
		c.union(s, t, use)
	default:
		c.object(s, t.Object, nil, use, c.requiredUse(t, use))
	}
}

// Variants returns the schemas of a union's variants, in their order.
func (c *Components) Variants(t *typeinfo.Type, use Use) openapi3.SchemaRefs {
	s := &openapi3.Schema{}
	c.union(s, t, use)
	return s.OneOf
}

// union fills in a choice of variants, each with its own component that has the variant's members and the discriminator.
// If the union has no name, its variants are distinguished only by the discriminator's values, because a mapping needs
// names.
func (c *Components) union(s *openapi3.Schema, t *typeinfo.Type, use Use) {
	o := t.Object
	targets, fallback := map[string]openapi3.MappingRef{}, ""
	for i, variant := range o.Cases {
		fill := func(s *openapi3.Schema) {
			tag := &discriminator{property: o.Discriminator, value: variant.Name}
			if variant.IsDefault() {
				tag.others = o.OtherCases()
			}
			s.Description = c.typeDoc(variant.Type)
			c.object(s, variant.Type.Object, tag, use, c.requiredUse(t, use))
		}
		made := c.find(t, i, use)
		if made == nil {
			inline := &openapi3.Schema{}
			fill(inline)
			s.OneOf = append(s.OneOf, openapi3.NewSchemaRef("", inline))
			continue
		}
		c.reach(made, fill)
		ref := made.ref()
		s.OneOf = append(s.OneOf, ref)
		if variant.IsDefault() {
			fallback = ref.Ref
			continue
		}
		targets[variant.Name] = openapi3.MappingRef{Ref: ref.Ref}
	}
	if len(targets) == 0 {
		return
	}
	found := &openapi3.Discriminator{PropertyName: o.Discriminator, Mapping: targets}
	if fallback == "" {
		s.Discriminator = found
		return
	}
	// Before 3.2 a discriminator rejects values that are not in its mapping, so here the alternatives themselves say
	// which values each has.
	found.Extensions = map[string]any{"defaultMapping": fallback}
	s.Extensions = map[string]any{"x-discriminator": found}
}

// durationPattern matches what time.ParseDuration accepts. Each sequence of digits can match in only one way. With an
// optional dot between two sequences of digits, backtracking engines would try all ways to split a sequence, which takes
// hours for some texts.
const durationPattern = `^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// kind returns the schema of every kind except structs, unions and nullable types.
func (c *Components) kind(t *typeinfo.Type, rules *typeinfo.Rules, at position) *openapi3.Schema {
	switch t.Kind {
	case typeinfo.Bool:
		return ofType(openapi3.TypeBoolean)
	case typeinfo.Int:
		return signed(t.Bits)
	case typeinfo.Uint:
		return unsigned(t.Bits)
	case typeinfo.Float:
		return &openapi3.Schema{Type: types(openapi3.TypeNumber), Format: map[int]string{32: "float", 64: "double"}[t.Bits]}
	case typeinfo.Number:
		return ofType(openapi3.TypeNumber)
	case typeinfo.String:
		return ofType(openapi3.TypeString)
	case typeinfo.Bytes:
		return octets(at)
	case typeinfo.Time:
		if t.Format == typeinfo.HTTPDate {
			return httpDate()
		}
		return &openapi3.Schema{Type: types(openapi3.TypeString), Format: "date-time"}
	case typeinfo.Duration:
		return &openapi3.Schema{
			Type: types(openapi3.TypeString), Pattern: durationPattern,
			Description: "A duration such as 1h30m or 250ms", Examples: []any{"1h30m"},
			Extensions: map[string]any{noted: "duration"}, // durations fit into 64 bits
		}
	case typeinfo.Text:
		return readByItself(t)
	case typeinfo.JSON:
		return selfMade(t.Format, at)
	case typeinfo.Slice, typeinfo.Array:
		return c.list(t, rules, at)
	case typeinfo.Map:
		return c.mapOf(t, rules, at)
	}
	return &openapi3.Schema{}
}

func ofType(name string) *openapi3.Schema { return &openapi3.Schema{Type: types(name)} }

// signed has bounds up to 32 bits, because 64-bit bounds are not exact as float64.
func signed(bits int) *openapi3.Schema {
	s := &openapi3.Schema{Type: types(openapi3.TypeInteger), Format: "int64"}
	if bits <= 32 {
		s.Format = "int32"
		s.Min, s.Max = new(-math.Ldexp(1, bits-1)), new(math.Ldexp(1, bits-1)-1)
	}
	return s
}

// unsigned has the format of the signed integer that can hold it; for 64 bits there is none.
func unsigned(bits int) *openapi3.Schema {
	s := &openapi3.Schema{Type: types(openapi3.TypeInteger), Min: new(0.0)}
	if bits <= 32 {
		s.Format = map[bool]string{true: "int32", false: "int64"}[bits < 32]
		s.Max = new(math.Ldexp(1, bits) - 1)
	}
	return s
}

func octets(at position) *openapi3.Schema {
	s := ofType(openapi3.TypeString)
	if !at.text {
		s.ContentEncoding = "base64"
	}
	return s
}

// timePattern matches a time without an offset. The format time of JSON Schema requires an offset.
const timePattern = `^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?$`

// localPattern matches a date and time without an offset.
var localPattern = `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T` + timePattern[1:]

// httpDate returns the schema of an HTTP date in a header. The format is in OpenAPI's registry; the example is for tools
// that do not know it.
func httpDate() *openapi3.Schema {
	return &openapi3.Schema{
		Type: types(openapi3.TypeString), Format: typeinfo.HTTPDate,
		Examples: []any{time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC).Format(http.TimeFormat)},
	}
}

// formatted returns the schema of text with a known format, or of any text. Formats that JSON Schema does not know are
// left out, except decimal, which is in OpenAPI's registry.
func formatted(format string) *openapi3.Schema {
	s := ofType(openapi3.TypeString)
	switch format {
	case "ip":
		// Two formats as alternatives would be a union of two types for generators, and would exclude the zone of an IPv6
		// address.
		s.Examples = []any{"192.0.2.1", "2001:db8::1"}
		addNote(s, "ip")
	case "cidr":
		s.Examples = []any{"192.0.2.0/24", "2001:db8::/32"}
		addNote(s, format)
	case "ip-port":
		s.Examples = []any{"192.0.2.1:443", "[2001:db8::1]:443"}
		addNote(s, format)
	case "time":
		s.Pattern, s.Examples = timePattern, []any{"15:04:05"}
	case typeinfo.LocalDateTime:
		s.Format, s.Pattern, s.Examples = format, localPattern, []any{"2026-11-21T13:00"}
		addNote(s, format) // for the days that exist
	case "uuid", "ipv4", "ipv6", "uri", "email", "hostname", "date", "date-time", "duration", "decimal":
		s.Format = format
	case "":
	default:
		addNote(s, format)
	}
	return s
}

// readByItself returns the schema of a type with UnmarshalText. What a user's method accepts is unknown.
func readByItself(t *typeinfo.Type) *openapi3.Schema {
	s := formatted(t.Format)
	if t.Format == "" && t.Enum == nil && t.Reads {
		addNote(s, t.Go.Name())
	}
	return s
}

func formatOf(format string) *openapi3.SchemaRef {
	return openapi3.NewSchemaRef("", &openapi3.Schema{Type: types(openapi3.TypeString), Format: format})
}

// selfMade returns the schema of a type with UnmarshalJSON: anything, unless its format is known. Such a type also gets
// null.
func selfMade(format string, at position) *openapi3.Schema {
	var s *openapi3.Schema
	switch format {
	case "":
		return &openapi3.Schema{}
	case "integer":
		s = ofType(openapi3.TypeInteger)
	case "number":
		s = ofType(openapi3.TypeNumber)
	case "decimal":
		s = &openapi3.Schema{Type: types(openapi3.TypeString), Format: format}
		if !at.text {
			s.Type = types(openapi3.TypeString, openapi3.TypeNumber)
		}
	default:
		s = formatted(format)
	}
	if at.text {
		return s
	}
	return orNull(openapi3.NewSchemaRef("", s)).Value
}

func (c *Components) list(t *typeinfo.Type, rules *typeinfo.Rules, at position) *openapi3.Schema {
	s := ofType(openapi3.TypeArray)
	s.Items = c.value(t.Elem, elemRules(rules), at)
	if t.Kind == typeinfo.Array {
		n := uint64(t.Len)
		s.MinItems, s.MaxItems = n, &n
	}
	return s
}

func elemRules(rules *typeinfo.Rules) *typeinfo.Rules {
	if rules == nil {
		return nil
	}
	return rules.Elem
}

// mapOf returns an object with any names; the names are described if the key is not plain text.
func (c *Components) mapOf(t *typeinfo.Type, rules *typeinfo.Rules, at position) *openapi3.Schema {
	s := ofType(openapi3.TypeObject)
	s.AdditionalProperties = openapi3.AdditionalProperties{Schema: c.value(t.Elem, elemRules(rules), at)}
	var keys *typeinfo.Rules
	if rules != nil {
		keys = rules.Keys
	}
	if names := c.names(t.Key, keys); names != nil {
		s.PropertyNames = openapi3.NewSchemaRef("", names)
	}
	return s
}

// names returns the schema of a map's keys, nil for any text.
func (c *Components) names(t *typeinfo.Type, rules *typeinfo.Rules) *openapi3.Schema {
	if t.Kind == typeinfo.String && t.Enum == nil && rules == nil && !c.overridden(t) {
		return nil
	}
	s := ofType(openapi3.TypeString)
	switch t.Kind {
	case typeinfo.Int:
		s.Pattern = `^(0|-?[1-9][0-9]*)$`
	case typeinfo.Uint:
		s.Pattern = `^(0|[1-9][0-9]*)$`
	case typeinfo.Text:
		// Different names may still be the same key.
		if s = readByItself(t); s.Extensions == nil && t.Enum == nil {
			addNote(s, t.Format)
		}
	case typeinfo.String:
		if own, ok := c.own(t); ok {
			s = own
		}
	}
	if t.Enum != nil {
		s.Pattern, s.Enum = "", texts(t.Enum)
	} else if t.Kind == typeinfo.Int || t.Kind == typeinfo.Uint {
		addNote(s, t.Go.Kind().String()) // keys must fit into its bits
	}
	c.keepName(s, t, rules)
	return s
}

// keepName adds the rules of a key. Rules for numbers do not apply to the text of a name.
func (c *Components) keepName(s *openapi3.Schema, t *typeinfo.Type, rules *typeinfo.Rules) {
	if t.Kind == typeinfo.String {
		c.keep(s, t, rules, position{text: true})
		return
	}
	if rules != nil {
		noteAll(s, rules.Self)
	}
}

// quoted returns the schema of a number or boolean in a string. Its rules apply to the value inside.
func (c *Components) quoted(t *typeinfo.Type, rules *typeinfo.Rules) *openapi3.SchemaRef {
	if t.Wraps() {
		return orNull(c.quoted(t.Elem, rules))
	}
	s := ofType(openapi3.TypeString)
	switch t.Kind {
	case typeinfo.Bool:
		s.Enum = []any{"true", "false"}
	default:
		s.Pattern = `^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`
	}
	// No pattern expresses which numbers are integers or fit into a number of bits.
	if t.Kind != typeinfo.Bool && t.Kind != typeinfo.Number {
		addNote(s, t.Go.Kind().String())
	}
	if rules != nil {
		noteAll(s, rules.Self)
	}
	return openapi3.NewSchemaRef("", s)
}

// file returns the schema of a file in a form, or of a list of files.
func file(t reflect.Type) *openapi3.SchemaRef {
	s := &openapi3.Schema{Type: types(openapi3.TypeString), Format: "binary", ContentMediaType: "application/octet-stream"}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		return openapi3.NewSchemaRef("", &openapi3.Schema{Type: types(openapi3.TypeArray), Items: openapi3.NewSchemaRef("", s)})
	}
	return openapi3.NewSchemaRef("", s)
}

// orNull adds null: as a second type if no other keyword would reject null, otherwise as an alternative.
func orNull(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	s := ref.Value
	if ref.Ref == "" {
		choice := len(s.Enum)+len(s.AnyOf)+len(s.OneOf)+len(s.AllOf) > 0 || s.Const != nil || s.Not != nil
		switch {
		case !choice && s.IsEmpty(), s.Type.IncludesNull():
			return ref
		case !choice && s.Type != nil:
			s.Type = types(append(s.Type.Slice(), openapi3.TypeNull)...)
			return ref
		}
	}
	null := openapi3.NewSchemaRef("", ofType(openapi3.TypeNull))
	return openapi3.NewSchemaRef("", &openapi3.Schema{AnyOf: openapi3.SchemaRefs{ref, null}})
}

// annotate adds the documentation of a field: beside a reference, since the component is shared.
func annotate(ref *openapi3.SchemaRef, f *typeinfo.Field, doc string) *openapi3.SchemaRef {
	if ref.Ref != "" {
		annotateRef(ref, f, doc)
		return ref
	}
	s := ref.Value
	if f.Title != "" {
		s.Title = f.Title
	}
	if doc != "" {
		s.Description = doc
	}
	s.Deprecated = s.Deprecated || f.Deprecated
	s.ReadOnly, s.WriteOnly = f.ReadOnly, f.WriteOnly
	if value := fieldLiteral(f, f.Default); value != nil {
		s.Default = inField(f.Type, value)
	}
	if value := fieldLiteral(f, f.Example); value != nil {
		s.Examples = []any{value}
	}
	return ref
}

func annotateRef(ref *openapi3.SchemaRef, f *typeinfo.Field, doc string) {
	siblings := map[string]any{}
	if f.Title != "" {
		siblings["title"] = f.Title
	}
	if doc != "" {
		siblings["description"] = doc
	}
	if f.Deprecated {
		siblings["deprecated"] = true
	}
	if f.ReadOnly {
		siblings["readOnly"] = true
	}
	if f.WriteOnly {
		siblings["writeOnly"] = true
	}
	if fieldLiteral(f, f.Default) != nil {
		// As JSON, which the encoder writes unchanged.
		siblings["default"] = f.Default
	}
	if fieldLiteral(f, f.Example) != nil {
		siblings["examples"] = []any{f.Example}
	}
	besides(ref, siblings)
}

// besides adds keywords beside a reference.
func besides(ref *openapi3.SchemaRef, siblings map[string]any) {
	for name, value := range siblings {
		if ref.Extensions == nil {
			ref.Extensions = map[string]any{}
		}
		ref.Extensions[name] = value
	}
}

// fieldLiteral returns a default or example as it is on the wire, nil for none. null as a default only says that the
// field may be left out.
func fieldLiteral(f *typeinfo.Field, raw json.RawMessage) any {
	if raw == nil {
		return nil
	}
	if f.Quoted {
		return string(raw)
	}
	return literal(raw)
}

// inField returns a default as a field holds it: a float may not hold all digits of the tag.
func inField(t *typeinfo.Type, value any) any {
	number, ok := value.(json.Number)
	t = bare(t)
	if !ok || t.Kind != typeinfo.Float {
		return value
	}
	held, err := strconv.ParseFloat(string(number), t.Bits)
	if err != nil || held == 0 { // the exponent of what is nearly 0 has no limit
		return value
	}
	shortest, _ := json.Marshal(held) // cannot fail: it is finite
	if t.Bits == 32 {
		shortest, _ = json.Marshal(float32(held))
	}
	if ratio(string(shortest)).Cmp(ratio(string(number))) == 0 {
		return value // 0.10 stays
	}
	return json.Number(shortest)
}

// ratio returns the exact value of a JSON number.
func ratio(number string) *big.Rat {
	exact, _ := new(big.Rat).SetString(number)
	return exact
}

// literal decodes JSON. Numbers keep their digits.
func literal(raw json.RawMessage) any {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil // typeinfo has checked that it is valid
	}
	return value
}

func literals(raws []json.RawMessage) []any {
	values := make([]any, len(raws))
	for i, raw := range raws {
		values[i] = literal(raw)
	}
	return values
}

// texts returns literals as member names.
func texts(raws []json.RawMessage) []any {
	values := literals(raws)
	for i, value := range values {
		if _, ok := value.(string); !ok {
			values[i] = string(raws[i])
		}
	}
	return values
}
