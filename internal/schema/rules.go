package schema

import (
	"cmp"
	"reflect"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/typeinfo"
)

// shape is how validator's rules see a value.
type shape uint8

const (
	opaque shape = iota // no rule has a keyword
	text
	integer
	unsignedInteger
	float
	boolean
	list
	dictionary
	base64Text // bytes as base64 text
)

var shapes = map[typeinfo.Kind]shape{
	typeinfo.String: text, typeinfo.Int: integer, typeinfo.Uint: unsignedInteger, typeinfo.Float: float,
	typeinfo.Bool: boolean, typeinfo.Slice: list, typeinfo.Array: list, typeinfo.Map: dictionary, typeinfo.Bytes: base64Text,
}

func (s shape) isNumber() bool { return s == integer || s == unsignedInteger || s == float }

// subject is the value that rules apply to.
type subject struct {
	typ   *typeinfo.Type
	shape shape
	// jsonType is its JSON Schema type, nil for several types.
	jsonType *openapi3.Types
}

// valuer is validator's interface for a type that is validated as another value.
type valuer interface{ ValidatorValue() any }

func subjectOf(s *openapi3.Schema, t *typeinfo.Type, at position) subject {
	on := subject{typ: t, shape: shapes[t.Kind], jsonType: s.Type}
	if t.Go.Implements(reflect.TypeFor[valuer]()) || at.text && on.shape == base64Text {
		on.shape = opaque
	}
	return on
}

// keyword is the result of a rule. Without keywords, exact means that every value satisfies the rule, and otherwise
// that no keyword can express it. With keywords, exact means that they express the rule completely.
type keyword struct {
	says  *openapi3.Schema
	exact bool
}

var (
	alwaysKept = keyword{exact: true}
	noKeyword  = keyword{}
)

func exactly(s *openapi3.Schema) keyword { return keyword{says: s, exact: true} }
func roughly(s *openapi3.Schema) keyword { return keyword{says: s} }

// keep adds the rules of the value itself to its schema.
func (c *Components) keep(s *openapi3.Schema, t *typeinfo.Type, rules *typeinfo.Rules, at position) {
	if rules != nil && rules.NotNull {
		conjoin(s, &openapi3.Schema{Not: openapi3.NewSchemaRef("", ofType(openapi3.TypeNull))})
	}
	if rules == nil || len(rules.Self) == 0 {
		return
	}
	on := subjectOf(s, t, at)
	if !rules.SkipZero {
		c.apply(s, on, rules.Self)
		return
	}
	// A schema of only the rules shows whether they reject the zero value.
	ruled := &openapi3.Schema{Type: s.Type}
	c.apply(ruled, on, rules.Self)
	zero, ok := on.zero()
	if !ok || !refusesZero(ruled, on.shape) {
		// They do not, or the zero value has no JSON, so no alternative is needed.
		c.apply(s, on, rules.Self)
		return
	}
	carryNotes(ruled, s)
	conjoin(s, &openapi3.Schema{AnyOf: openapi3.SchemaRefs{
		openapi3.NewSchemaRef("", ruled),
		openapi3.NewSchemaRef("", &openapi3.Schema{Type: s.Type, Const: zero}),
	}})
}

func (c *Components) apply(s *openapi3.Schema, on subject, rules []typeinfo.Rule) {
	for _, rule := range rules {
		if own := c.options.Rules[rule.Name]; own != nil {
			// The user's function is assumed to describe the whole rule.
			own(s, rule.Param)
			continue
		}
		k := c.say(on, rule)
		if k.says != nil {
			conjoin(s, k.says)
		}
		if !k.exact {
			note(s, rule)
		}
	}
}

// beside adds rules to a reference. The keywords of a user's rule are added beside the reference, because the component is
// shared.
func (c *Components) beside(ref *openapi3.SchemaRef, t *typeinfo.Type, rules *typeinfo.Rules, at position) *openapi3.SchemaRef {
	ruled := &openapi3.Schema{}
	c.keep(ruled, t, rules, at)
	// Annotations may stand beside a reference; keywords need an allOf.
	notes := ruled.Extensions
	if ruled.Extensions = nil; !ruled.IsEmpty() {
		both := openapi3.SchemaRefs{ref, openapi3.NewSchemaRef("", ruled)}
		return openapi3.NewSchemaRef("", &openapi3.Schema{AllOf: both, Extensions: notes})
	}
	besides(ref, notes)
	return ref
}

// say returns the keywords of a rule. Cross-field rules have none.
func (c *Components) say(on subject, rule typeinfo.Rule) keyword {
	switch {
	case len(rule.Or) > 0:
		return c.sayEither(on, rule.Or)
	case rule.Cross:
		return noKeyword
	case silent[rule.Name]:
		return alwaysKept
	case rule.Name == "iscolor":
		return c.sayEither(on, colours)
	}
	if maker, ok := keywords()[rule.Name]; ok {
		return maker(on, rule.Param)
	}
	return noKeyword
}

// silent rules do not restrict a present value.
var silent = map[string]bool{"required": true, "omitnil": true, "structonly": true, "nostructlevel": true}

var colours = []typeinfo.Rule{{Name: "hexcolor"}, {Name: "rgb"}, {Name: "rgba"}, {Name: "hsl"}, {Name: "hsla"}, {Name: "cmyk"}}

// sayEither converts alternatives. If one of them has no keyword, the whole rule has none.
func (c *Components) sayEither(on subject, alternatives []typeinfo.Rule) keyword {
	either := keyword{says: &openapi3.Schema{}, exact: true}
	for _, rule := range alternatives {
		one := &openapi3.Schema{Type: on.jsonType}
		if own := c.options.Rules[rule.Name]; own != nil {
			own(one, rule.Param)
		} else {
			k := c.say(on, rule)
			if k.says == nil {
				// It decides the result: either every value satisfies it, or no keyword expresses it.
				return k
			}
			conjoin(one, k.says)
			either.exact = either.exact && k.exact
		}
		either.says.AnyOf = append(either.says.AnyOf, openapi3.NewSchemaRef("", one))
	}
	return either
}

// zero returns the value that validator's omitempty accepts. For lists and maps that is nil, which is not a JSON list or
// object.
func (on subject) zero() (any, bool) {
	switch on.shape {
	case text:
		return "", true
	case integer, unsignedInteger, float:
		return 0, true
	case boolean:
		return false, true
	}
	return nil, false
}

func refusesZero(s *openapi3.Schema, on shape) bool {
	if s.Const != nil || s.Not != nil || len(s.Enum)+len(s.AnyOf)+len(s.OneOf)+len(s.AllOf) > 0 {
		// The zero value may be among these already; allowing it twice does no harm.
		return true
	}
	if on.isNumber() {
		least, most := lowest(s), highest(s)
		return least.excludes(0) || most.excludes(0)
	}
	return s.MinLength > 0 || s.Pattern != "" || s.Format != ""
}

// noted is the extension with the rules that a schema does not express exactly.
const noted = "x-validate"

// validates is the name for a Validate method in the list of rules.
const validates = "Validate"

func hasNote(extensions map[string]any) bool {
	text, ok := extensions[noted].(string)
	return ok && text != validates
}

func note(s *openapi3.Schema, rule typeinfo.Rule) {
	if rule.Cross {
		addNote(s, rule.Name) // without its parameter, which contains Go field names
		return
	}
	if silent[rule.Name] {
		return
	}
	addNote(s, rule.String())
}

func noteAll(s *openapi3.Schema, rules []typeinfo.Rule) {
	for _, rule := range rules {
		note(s, rule)
	}
}

func addNote(s *openapi3.Schema, text string) {
	// A copy, because schemas that were copied share the map.
	extensions := map[string]any{}
	for name, value := range s.Extensions {
		extensions[name] = value
	}
	if before, ok := extensions[noted].(string); ok {
		text = before + "," + text
	}
	extensions[noted] = text
	s.Extensions = extensions
}

// Note adds the name of a rule that no keyword of the schema expresses.
func Note(s *openapi3.SchemaRef, rule string) { noteBeside(s, rule) }

// noteBeside adds a note to a schema, or beside a reference.
func noteBeside(ref *openapi3.SchemaRef, text string) {
	if ref.Ref == "" {
		addNote(ref.Value, text)
		return
	}
	if before, ok := ref.Extensions[noted].(string); ok {
		text = before + "," + text
	}
	besides(ref, map[string]any{noted: text})
}

// carryNotes moves the notes of an inner schema to the whole.
func carryNotes(inner, whole *openapi3.Schema) {
	if text, ok := inner.Extensions[noted].(string); ok {
		inner.Extensions = nil
		addNote(whole, text)
	}
}

// conjoin adds the keywords of more to s. The tighter of two bounds is kept; other conflicting keywords become an element
// of allOf.
func conjoin(s, more *openapi3.Schema) {
	setLowest(s, tighter(lowest(s), lowest(more)))
	setHighest(s, tighter(highest(s), highest(more)))
	s.MinLength = max(s.MinLength, more.MinLength)
	s.MinItems = max(s.MinItems, more.MinItems)
	s.MinProps = max(s.MinProps, more.MinProps)
	s.MaxLength = least(s.MaxLength, more.MaxLength)
	s.MaxItems = least(s.MaxItems, more.MaxItems)
	s.MaxProps = least(s.MaxProps, more.MaxProps)
	s.UniqueItems = s.UniqueItems || more.UniqueItems
	s.ContentEncoding = cmp.Or(s.ContentEncoding, more.ContentEncoding)
	s.ContentMediaType = cmp.Or(s.ContentMediaType, more.ContentMediaType)
	rest := openapi3.Schema{}
	only(&s.Pattern, more.Pattern, &rest.Pattern)
	only(&s.Format, more.Format, &rest.Format)
	switch {
	case s.MultipleOf == nil:
		s.MultipleOf = more.MultipleOf
	case more.MultipleOf != nil && *more.MultipleOf != *s.MultipleOf:
		rest.MultipleOf = more.MultipleOf
	}
	if s.Not == nil {
		s.Not = more.Not
	} else {
		rest.Not = more.Not
	}
	if s.AnyOf == nil {
		s.AnyOf = more.AnyOf
	} else {
		rest.AnyOf = more.AnyOf
	}
	if s.Const == nil && s.Enum == nil {
		s.Const, s.Enum = more.Const, more.Enum
	} else if rest.Const, rest.Enum = more.Const, more.Enum; more.Const != nil || more.Enum != nil {
		rest.Type = s.Type
	}
	if !rest.IsEmpty() {
		s.AllOf = append(s.AllOf, openapi3.NewSchemaRef("", &rest))
	}
}

// only sets a keyword, or leaves it in left if it already has another value.
func only(has *string, wanted string, left *string) {
	switch *has {
	case "":
		*has = wanted
	case wanted:
	default:
		*left = wanted
	}
}

func least(a, b *uint64) *uint64 {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

// bound is one end of a range of numbers; if at is nil, there is none.
type bound struct {
	at        *float64
	exclusive bool
	// upper means that it is the upper end.
	upper bool
}

func lowest(s *openapi3.Schema) bound {
	return tighter(bound{at: s.Min}, bound{at: s.ExclusiveMin.Value, exclusive: true})
}

func highest(s *openapi3.Schema) bound {
	return tighter(bound{at: s.Max, upper: true}, bound{at: s.ExclusiveMax.Value, exclusive: true, upper: true})
}

func setLowest(s *openapi3.Schema, b bound) {
	s.Min, s.ExclusiveMin.Value = b.at, nil
	if b.exclusive {
		s.Min, s.ExclusiveMin.Value = nil, b.at
	}
}

func setHighest(s *openapi3.Schema, b bound) {
	s.Max, s.ExclusiveMax.Value = b.at, nil
	if b.exclusive {
		s.Max, s.ExclusiveMax.Value = nil, b.at
	}
}

// tighter returns the bound that excludes more.
func tighter(a, b bound) bound {
	switch {
	case a.at == nil:
		return b
	case b.at == nil:
		return a
	case *a.at == *b.at:
		if b.exclusive {
			return b
		}
		return a
	// Of lower bounds the greater one excludes more, of upper bounds the smaller one.
	case (*b.at > *a.at) != a.upper:
		return b
	}
	return a
}

func (b bound) excludes(x float64) bool {
	switch {
	case b.at == nil:
		return false
	case *b.at == x:
		return b.exclusive
	}
	return (*b.at > x) != b.upper
}
