package fault

import (
	"fmt"
	"strings"
)

// sentences maps a type to its sentence; {name} stands for a fact of Ctx.
var sentences = map[string]string{
	Missing:         "Field required",
	ExtraForbidden:  "Unknown field, not accepted here",
	JSONInvalid:     "Invalid JSON: {error}",
	ModelType:       "Expected an object",
	DictType:        "Expected an object",
	ListType:        "Expected a list",
	StringType:      "Expected a string",
	StringUnicode:   "Not valid UTF-8",
	IntType:         "Expected an integer",
	IntFromFloat:    "Expected an integer, got a number with a fraction",
	IntParsing:      "Not an integer",
	IntParsingSize:  "Integer too large",
	FloatType:       "Expected a number",
	FloatParsing:    "Not a number",
	FiniteNumber:    "Number too large",
	BoolType:        "Expected a boolean",
	BoolParsing:     "Not a boolean",
	BytesEncoding:   "Not valid base64",
	DatetimeParsing: "Not a date and time (RFC 3339)",
	DateParsing:     "Not a date",
	TimeParsing:     "Not a time of day",
	DeltaParsing:    "Not a duration",
	UUIDParsing:     "Not a UUID",
	DecimalParsing:  "Not a decimal number",
	IPAddress:       "Not an IP address",
	IPv4Address:     "Not an IPv4 address",
	IPv6Address:     "Not an IPv6 address",
	URLParsing:      "Not a URL",
	Enum:            "Must be one of {expected}",
	Literal:         "Must be {expected}",
	TooShort:        "Must have at least {min_length} items, has {actual_length}",
	TooLong:         "Must have at most {max_length} items, has {actual_length}",
	StringTooShort:  "Must have at least {min_length} characters",
	StringTooLong:   "Must have at most {max_length} characters",
	PatternMismatch: "Must match the pattern {pattern}",
	Greater:         "Must be greater than {gt}",
	GreaterEqual:    "Must be greater than or equal to {ge}",
	Less:            "Must be less than {lt}",
	LessEqual:       "Must be less than or equal to {le}",
	UnionTagInvalid: "Unknown {discriminator}, expected one of {expected_tags}",
	UnionTagMissing: "The member {discriminator} that says which kind this is, is missing",
	ValueError:      "Value error: {error}",
	TooMany:         "There are more faults than the {listed} listed",
}

// Message is the English sentence for a type and its facts.
func Message(typ string, ctx map[string]any) string {
	sentence, ok := sentences[typ]
	if !ok {
		return "Not valid"
	}
	return fill(sentence, ctx)
}

func fill(sentence string, ctx map[string]any) string {
	var room [128]byte
	b := room[:0]
	for {
		before, rest, found := strings.Cut(sentence, "{")
		b = append(b, before...)
		if !found {
			return string(b)
		}
		name, after, _ := strings.Cut(rest, "}")
		b = fmt.Append(b, ctx[name])
		sentence = after
	}
}
