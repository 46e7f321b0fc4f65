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

// Limit is the maximum number of reported validation errors of a request.
const Limit = 100

// Fault is a validation error of one value.
type Fault struct {
	// Type is the machine-readable kind, one of the constants of this package.
	Type string
	// Loc is the location of the value: strings name members, ints index lists. While a decoder returns from nested
	// values, the location is innermost first; List.Under and List.Seal reverse it.
	Loc []any
	// Ctx has the facts of the violated rule, such as {"ge": 1}; nil if there are none. All validation errors of a Rule
	// share it.
	Ctx map[string]any
	// Rule has the precomputed parts of the validation error, if any.
	Rule *Rule
	// Msg is the message given by the author of the rule; if empty, Message makes one from Type and Ctx.
	Msg string
	// Input is the input, set only if it is to be echoed.
	Input any
	// Tag is the violated rule of a validate tag, "" for other validation errors.
	Tag string
	// Err is the error of a Validate method, otherwise nil. It may be intended as the response itself.
	Err error
}

// The types of validation errors.
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

// New returns a validation error at the value itself.
func New(typ string) *Fault { return &Fault{Type: typ} }

// TooManyItems is the validation error of a list that is longer than most.
func TooManyItems(most, actual int, item string) *Fault {
	f := &Fault{Type: TooLong, Ctx: map[string]any{"max_length": most, "actual_length": actual}}
	// The sentence knows the usual word, so only another one is a fact.
	if item != "item" {
		f.Ctx["item"] = item
	}
	return f
}

// With returns a validation error at the value itself with one fact.
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
