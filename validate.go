package candor

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/candor-go/candor/internal/fault"
)

// Fault is one validation error of a request. A 422 response lists them all.
type Fault struct {
	// Type is the machine-readable kind, such as "missing", "int_parsing", "string_too_short" or "greater_than_equal".
	// The names are pydantic's.
	Type string `json:"type"`
	// Loc leads to the value: "path", "query", "header", "cookie" or "body", followed by names (strings) and list
	// indices (ints).
	Loc []any `json:"loc"`
	// Msg is a sentence for people. If it is empty, it is made from Type and Ctx when the response is written, by
	// Config.Message if that is set.
	Msg string `json:"msg"`
	// Input is what was sent. For a missing member it is the enclosing object, for any other missing value null, and {}
	// for text that is not JSON. It is set only with Config.EchoInput.
	Input any `json:"input,omitzero"`
	// Ctx holds the parameters of the violated rule, such as {"ge": 1}.
	Ctx map[string]any `json:"ctx,omitempty"`
}

// ValidationError is the error for an invalid request. The response is a 422 that lists all validation errors, in the
// order path, query, header, cookie, body: at most 100, and then one more of type "too_many_faults".
//
// A handler or provider may return one of its own. Use [OnError] with this type, or [OnStatus] with 422, to change the
// format of the response; there every Fault has its Msg.
type ValidationError struct {
	Faults []Fault
	// Body is the request's body as it was sent, nil if it was not read.
	Body []byte
}

// Error lists the validation errors in one line, without any input.
func (e *ValidationError) Error() string {
	if e == nil {
		return fault.NilError("ValidationError")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d validation errors in the request", len(e.Faults))
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "; %s at %v", f.Type, f.Loc)
	}
	return b.String()
}

// As lets errors.As pass the validation errors on to the decoder of the value that they are about.
func (e *ValidationError) As(target any) bool {
	to, ok := target.(*fault.Located)
	if ok = ok && e != nil; ok {
		*to = broughtFaults{e}
	}
	return ok
}

// broughtFaults is a ValidationError in the form that decoders know.
type broughtFaults struct{ *ValidationError }

// CandorFaults implements the interface by which internal/fault finds validation errors.
func (b broughtFaults) CandorFaults() []fault.Fault {
	found := make([]fault.Fault, len(b.Faults))
	for i, f := range b.Faults {
		found[i] = fault.Fault{Type: f.Type, Loc: f.Loc, Ctx: f.Ctx, Msg: f.Msg, Input: f.Input}
	}
	return found
}

// Invalid returns an error for a Validate, UnmarshalText or UnmarshalJSON method: a validation error of type
// "value_error" with a message for the client. In a Validate method the location leads from the struct to the value,
// with the names and indices used on the wire:
//
//	return candor.Invalid("must be even", "lines", 3, "qty")
//
// Use errors.Join to return several. If a Validate method returns an [HTTPError], or an error for which an [OnError] is
// registered, that becomes the response, unless there are other validation errors. The text of any other error of a
// Validate method becomes a validation error of the whole value; errors of the other two methods stay on the server.
//
// In a handler, and in the Validate method of an input itself, the location begins with the source: "path", "query",
// "header", "cookie" or "body".
func Invalid(message string, location ...any) error {
	if location == nil {
		// Encoded as an empty array; nil would be null.
		location = []any{}
	}
	return &ValidationError{Faults: []Fault{{Type: fault.ValueError, Loc: location, Ctx: map[string]any{"error": message}}}}
}

// defaultMessage returns the message of a validation error for which the app has none.
func defaultMessage(f Fault) string { return fault.Message(f.Type, f.Ctx) }

// invalidRequest is the internal form of a ValidationError, used as long as only the error writer sees it. It is part
// of the exchange, so a usual 422 allocates no ValidationError.
type invalidRequest struct {
	faults []fault.Fault
	body   []byte
}

// invalid makes an error from the collected validation errors. echo includes the input.
func invalid(found *fault.List, body []byte, echo bool) *ValidationError {
	return refused(new(invalidRequest), found, body, echo).open()
}

// refused is invalid for the error writer.
func refused(e *invalidRequest, found *fault.List, body []byte, echo bool) *invalidRequest {
	e.faults, e.body = found.Complete(echo), body
	return e
}

// Error implements error.
func (e *invalidRequest) Error() string { return e.open().Error() }

// open converts to the public form, which others may keep and change.
func (e *invalidRequest) open() *ValidationError {
	// Everything is cloned: the buffers belong to the request and are reused.
	opened := &ValidationError{Body: bytes.Clone(e.body), Faults: make([]Fault, len(e.faults))}
	for i := range e.faults {
		opened.Faults[i] = openFault(&e.faults[i])
	}
	return opened
}

func openFault(f *fault.Fault) Fault {
	return Fault{Type: f.Type, Loc: slices.Clone(f.Loc), Msg: f.Msg, Input: f.Input, Ctx: maps.Clone(f.Ctx)}
}

// opened converts err to its public form.
func opened(err error) error {
	if invalid, ok := err.(*invalidRequest); ok { //nolint:errorlint // nobody has wrapped it yet
		return invalid.open()
	}
	return err
}

// Rule is a rule of the app for validate tags; add it to Config.Rules under its name.
type Rule struct {
	// Func reports whether a value satisfies the rule. It gets only the value and the parameter of the tag: Parent and
	// Top return the value itself. It is called concurrently.
	Func validator.Func
	// Schema returns the JSON Schema keywords that express the rule, such as {"multipleOf": 2}. If it is nil, or no
	// keyword can express the rule, the document lists the rule under "x-validate".
	Schema func(param string) map[string]any
	// Message says what a value must be or do, such as "must be even"; %s stands for the parameter of the tag. It is
	// the message of a validation error of type "value_error", and Config.Message finds it in Ctx. If it is empty, the
	// message names the rule.
	Message string
}
