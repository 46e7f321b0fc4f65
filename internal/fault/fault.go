// Package fault represents validation errors: the machine-readable type, the location, the parameters of the rule, and
// the message made from them.
//
// Packages that read values report errors with it, and the response to an invalid request is made from them. It imports
// no other package of the module.
//
// The types are named as in pydantic, so that clients written for FastAPI understand them.
package fault

import (
	"fmt"
	"strings"
)

// Limit is how many faults of one request are reported.
const Limit = 100

// Fault is one thing wrong with one value.
type Fault struct {
	// Type is the machine-readable kind, one of the constants of this package.
	Type string
	// Loc leads to the value: strings name members, ints index lists. While a
	// decoder is on its way out of nested values the location is innermost
	// first; List.Under and List.Seal turn it round.
	Loc []any
	// Ctx holds the facts of the broken rule, such as {"ge": 1}; nil without.
	// Faults of one Rule share it.
	Ctx map[string]any
	// Rule holds the facts of the fault that are known beforehand; nil without.
	Rule *Rule
	// Msg is set when the author of the rule gave the sentence; otherwise
	// Message makes one of Type and Ctx.
	Msg string
	// Input is what was sent, filled only when it is to be echoed.
	Input any
	// Tag is the rule of a validate tag that was broken, "" for other faults.
	Tag string
	// Err is what a Validate method returned; nil for other faults. It may be
	// meant as the response itself.
	Err error
}

// The types of faults.
const (
	Missing         = "missing"
	ExtraForbidden  = "extra_forbidden"
	JSONInvalid     = "json_invalid"
	ModelType       = "model_attributes_type"
	DictType        = "dict_type"
	ListType        = "list_type"
	StringType      = "string_type"
	StringUnicode   = "string_unicode"
	IntType         = "int_type"
	IntFromFloat    = "int_from_float"
	IntParsing      = "int_parsing"
	IntParsingSize  = "int_parsing_size"
	FloatType       = "float_type"
	FloatParsing    = "float_parsing"
	FiniteNumber    = "finite_number"
	BoolType        = "bool_type"
	BoolParsing     = "bool_parsing"
	BytesEncoding   = "bytes_invalid_encoding"
	DatetimeParsing = "datetime_parsing"
	DateParsing     = "date_parsing"
	TimeParsing     = "time_parsing"
	DeltaParsing    = "time_delta_parsing"
	UUIDParsing     = "uuid_parsing"
	DecimalParsing  = "decimal_parsing"
	IPAddress       = "ip_any_address"
	IPv4Address     = "ip_v4_address"
	IPv6Address     = "ip_v6_address"
	URLParsing      = "url_parsing"
	Enum            = "enum"
	Literal         = "literal_error"
	MultipleOf      = "multiple_of"
	TooShort        = "too_short"
	TooLong         = "too_long"
	StringTooShort  = "string_too_short"
	StringTooLong   = "string_too_long"
	PatternMismatch = "string_pattern_mismatch"
	Greater         = "greater_than"
	GreaterEqual    = "greater_than_equal"
	Less            = "less_than"
	LessEqual       = "less_than_equal"
	UnionTagInvalid = "union_tag_invalid"
	UnionTagMissing = "union_tag_not_found"
	ValueError      = "value_error"
	TooMany         = "too_many_faults"
)

// Invalid is the validation error for an error that a Validate method returned, whose text was written for the client.
func Invalid(err error) *Fault {
	f := With(ValueError, "error", err.Error())
	f.Msg, f.Err = "Value error: "+err.Error(), err
	return f
}

// Own is a copy of f for the caller to change; nil of nil.
func (f *Fault) Own() *Fault {
	if f == nil {
		return nil
	}
	own := *f
	return &own
}

// New is a fault at the value itself.
func New(typ string) *Fault { return &Fault{Type: typ} }

// TooManyItems is the fault of a list that is longer than most.
func TooManyItems(most, actual int, item string) *Fault {
	f := &Fault{Type: TooLong, Ctx: map[string]any{"max_length": most, "actual_length": actual}}
	// The sentence knows the usual word, so only another one is a fact.
	if item != "item" {
		f.Ctx["item"] = item
	}
	return f
}

// With is a fault at the value itself with one fact.
func With(typ, key string, value any) *Fault {
	return &Fault{Type: typ, Ctx: map[string]any{key: value}}
}

// Dotted is a location as one text, as in "lines.3.qty".
func Dotted(loc []any) string {
	steps := make([]string, len(loc))
	for i, step := range loc {
		steps[i] = fmt.Sprint(step)
	}
	return strings.Join(steps, ".")
}
