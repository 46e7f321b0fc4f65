package fault

import (
	"fmt"
	"strings"
)

// kind describes a type of validation error. The sentence is in English; {name} stands for a value of Ctx, or otherwise
// a default, and {s} for a plural ending, which is left out if the number before it is one. keyword is the equivalent
// JSON Schema keyword, "" if there is none: for the syntax of a text, for formats, and for what only code can decide.
type kind struct{ sentence, keyword string }

var kinds = map[string]kind{
	Missing:         {"Field required", "required"},
	ExtraForbidden:  {"Unknown field, not accepted here", "additionalProperties"},
	JSONInvalid:     {"Invalid JSON: {error}", ""},
	ModelType:       {"Expected an object", "type"},
	DictType:        {"Expected an object", "type"},
	ListType:        {"Expected a list", "type"},
	StringType:      {"Expected a string", "type"},
	StringUnicode:   {"Not valid UTF-8", ""},
	IntType:         {"Expected an integer", "type"},
	IntFromFloat:    {"Expected an integer, got a number with a fraction", "type"},
	IntParsing:      {"Not an integer", "type"},
	IntParsingSize:  {"Integer too large", ""},
	FloatType:       {"Expected a number", "type"},
	FloatParsing:    {"Not a number", "type"},
	FiniteNumber:    {"Number too large", ""},
	BoolType:        {"Expected a boolean", "type"},
	BoolParsing:     {"Not a boolean", "type"},
	BytesEncoding:   {"Not valid base64", ""},
	DatetimeParsing: {"Not a date and time such as {expected}", ""},
	DateParsing:     {"Not a date such as {expected}", ""},
	TimeParsing:     {"Not a time of day such as {expected}", ""},
	DeltaParsing:    {"Not a duration such as 1h30m", ""},
	UUIDParsing:     {"Not a UUID", ""},
	DecimalParsing:  {"Not a decimal number", ""},
	IPAddress:       {"Not an IP address", ""},
	IPv4Address:     {"Not an IPv4 address", ""},
	IPv6Address:     {"Not an IPv6 address", ""},
	URLParsing:      {"Not a URL", ""},
	Enum:            {"Must be one of {expected}", "enum"},
	Literal:         {"Must be {expected}", "const"},
	TooShort:        {"Must have at least {min_length} item{s}, has {actual_length}", "minItems"},
	TooLong:         {"Must have at most {max_length} {item}{s}, has {actual_length}", "maxItems"},
	StringTooShort:  {"Must have at least {min_length} character{s}", "minLength"},
	StringTooLong:   {"Must have at most {max_length} character{s}", "maxLength"},
	PatternMismatch: {"Must match the pattern {pattern}", "pattern"},
	Greater:         {"Must be greater than {gt}", "exclusiveMinimum"},
	GreaterEqual:    {"Must be greater than or equal to {ge}", "minimum"},
	Less:            {"Must be less than {lt}", "exclusiveMaximum"},
	MultipleOf:      {"Must be a multiple of {multiple_of}", "multipleOf"},
	LessEqual:       {"Must be less than or equal to {le}", "maximum"},
	UnionTagInvalid: {"Unknown {discriminator}, expected one of {expected_tags}", "discriminator"},
	UnionTagMissing: {"The member {discriminator}, which selects the type, is missing", "discriminator"},
	ValueError:      {"Value error: {error}", ""},
	TooMany:         {"There are more validation errors than the {listed} listed", ""},
}

// usual are facts that are not in Ctx unless they are others.
var usual = map[string]map[string]any{
	DatetimeParsing: {"expected": "2006-01-02T15:04:05Z (RFC 3339)"},
	DateParsing:     {"expected": "2006-01-02"},
	TimeParsing:     {"expected": "15:04:05"},
	TooLong:         {"item": "item"},
}

// LocalDateTime is the format of a date and time without a zone.
const LocalDateTime = "2006-01-02T15:04:05"

// Keyword returns the JSON Schema keyword that corresponds to the type, "" if there is none.
func Keyword(typ string) string { return kinds[typ].keyword }

// IsKnown reports whether a type is one of this package.
func IsKnown(typ string) bool { return kinds[typ].sentence != "" }

// Sentence is the name of the fact with the whole message, if the author of a rule wrote one.
const Sentence = "message"

// Message returns the message for a type and its facts, in English unless the author of the rule wrote it in another
// language.
func Message(typ string, ctx map[string]any) string {
	if written, ok := ctx[Sentence].(string); ok {
		return written
	}
	k, ok := kinds[typ]
	if !ok {
		return "Not valid"
	}
	sentence := k.sentence
	// A cause is part of every sentence, whether or not it has a gap for one.
	if _, hasCause := ctx["error"]; hasCause && !strings.Contains(sentence, "{error}") {
		sentence += ": {error}"
	}
	return fill(sentence, ctx, usual[typ])
}

// pluralEnding is the name that stands for a plural ending in a sentence.
const pluralEnding = "s"

func fill(sentence string, ctx, usual map[string]any) string {
	var buffer [128]byte
	b := buffer[:0]
	var fact any
	for {
		before, rest, found := strings.Cut(sentence, "{")
		b = append(b, before...)
		if !found {
			return string(b)
		}
		name, after, _ := strings.Cut(rest, "}")
		sentence = after
		if name == pluralEnding {
			if fmt.Sprint(fact) != "1" {
				b = append(b, name...)
			}
			continue
		}
		value, ok := ctx[name]
		if !ok {
			value = usual[name]
		}
		// The plural depends on a number, which the word for an item is not.
		if name != "item" {
			fact = value
		}
		b = fmt.Append(b, value)
	}
}
