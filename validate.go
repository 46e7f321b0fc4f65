package candor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
)

// Fault is one thing wrong with a request. A 422 response lists them all.
type Fault struct {
	// Type is the machine-readable kind, such as "missing", "int_parsing",
	// "string_too_short" or "greater_than_equal": pydantic's names.
	Type string `json:"type"`
	// Loc leads to the value: "path", "query", "header", "cookie" or "body",
	// then names (strings) and list positions (ints).
	Loc []any `json:"loc"`
	// Msg is a sentence for people. Where it is empty, it is made of Type and
	// Ctx when the response is written, by Config.Message if there is one.
	Msg string `json:"msg"`
	// Input is what was sent; for a missing member, the object around it; null
	// for any other missing value and {} for a text that is not JSON. It is
	// there with Config.EchoInput only.
	Input any `json:"input,omitzero"`
	// Ctx holds the facts of the broken rule, such as {"ge": 1}.
	Ctx map[string]any `json:"ctx,omitempty"`
}

// ValidationError is a request that does not fit its operation. It answers 422
// with every fault of the request, in the order path, query, header, cookie,
// body: at most 100, and then one more of type "too_many_faults".
//
// A handler or provider may return one of its own. [OnError] with this type,
// or [OnStatus] with 422, gives the response another form; there every fault has
// its Msg.
type ValidationError struct {
	Faults []Fault
	// Body is the body as sent, nil if it was not read.
	Body []byte
}

// Error lists the faults in one line, without anything that was sent.
func (e *ValidationError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d validation errors in the request", len(e.Faults))
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "; %s at %v", f.Type, f.Loc)
	}
	return b.String()
}

// As is for errors.As: a ValidationError brings its faults to whatever reads
// the value that it is about.
func (e *ValidationError) As(target any) bool {
	to, ok := target.(*fault.Located)
	if ok {
		*to = broughtFaults{e}
	}
	return ok
}

// broughtFaults is a ValidationError in the form the decoders know.
type broughtFaults struct{ *ValidationError }

// CandorFaults is what internal/fault finds faults by.
func (b broughtFaults) CandorFaults() []fault.Fault {
	found := make([]fault.Fault, len(b.Faults))
	for i, f := range b.Faults {
		found[i] = fault.Fault{Type: f.Type, Loc: f.Loc, Ctx: f.Ctx, Msg: f.Msg, Input: f.Input}
	}
	return found
}

// Invalid is an error for a Validate, UnmarshalText or UnmarshalJSON method: a
// fault of type "value_error" with a message for the client. In a Validate
// method the location leads from the struct to the value, by the names and
// positions of the wire:
//
//	return candor.Invalid("must be even", "lines", 3, "qty")
//
// Several faults are joined by errors.Join. An [HTTPError] of a Validate method, or
// an error whose type an [OnError] names, is the response, unless something else is
// wrong with the request. The text of any other error of a Validate method is a
// fault of the value as a whole; that of the other two methods stays on the
// server.
//
// In a handler, and in the Validate method of an input itself, the location
// begins with the source: "path", "query", "header", "cookie" or "body".
func Invalid(message string, location ...any) error {
	if location == nil {
		// An empty array in JSON, where nil would be null.
		location = []any{}
	}
	return &ValidationError{Faults: []Fault{{Type: fault.ValueError, Loc: location, Ctx: map[string]any{"error": message}}}}
}

// defaultMessage is the sentence for a fault where the app gives none.
func defaultMessage(f Fault) string { return fault.Message(f.Type, f.Ctx) }

// sources is the order in which faults are listed.
var sources = []any{"path", "query", "header", "cookie", "body"}

// sortBySource orders faults that several inputs of one request gathered.
func sortBySource(faults []fault.Fault) {
	fault.SortBy(faults, func(f *fault.Fault) int {
		if len(f.Loc) == 0 {
			// What is about the request as a whole comes first.
			return -1
		}
		return slices.Index(sources, f.Loc[0])
	})
}

// invalidRequest is a ValidationError as it was found, for as long as nobody
// but the error writer sees it: it lives in the exchange of its request.
type invalidRequest struct {
	faults []fault.Fault
	body   []byte
}

// invalid makes the error of what was gathered on the way. echo repeats what
// was sent.
func invalid(found *fault.List, body []byte, echo bool) *ValidationError {
	return refused(new(invalidRequest), found, body, echo).open()
}

// refused is invalid for the error writer.
func refused(e *invalidRequest, found *fault.List, body []byte, echo bool) *invalidRequest {
	e.faults, e.body = found.Faults, body
	for i := range e.faults {
		// With EchoInput every error has an input, so that clients need not look for it.
		if echo && e.faults[i].Input == nil {
			e.faults[i].Input = nothingSent(e.faults[i].Type)
		}
	}
	if found.Truncated {
		e.faults = append(e.faults, fault.Fault{
			Type: fault.TooMany, Loc: []any{}, Ctx: map[string]any{"listed": fault.Limit},
		})
	}
	return e
}

// validateResponse takes the errors that are responses by themselves, as claims
// tells, out of what Validate methods found. If nothing else is wrong, the first
// of them is returned; else the rest is.
func validateResponse(found *fault.List, claims func(error) bool) error {
	own := func(f fault.Fault) bool { return f.Err != nil && claims(f.Err) }
	first := slices.IndexFunc(found.Faults, own)
	if first < 0 {
		return nil
	}
	err := found.Faults[first].Err
	found.Faults = slices.DeleteFunc(found.Faults, own)
	if len(found.Faults) == 0 {
		return err
	}
	return nil
}

// Error is that of the ValidationError.
func (e *invalidRequest) Error() string { return e.open().Error() }

// open is the error for others to see, and to change.
func (e *invalidRequest) open() *ValidationError {
	// Everything is cloned: the buffers belong to the request and are used again after it.
	opened := &ValidationError{Body: bytes.Clone(e.body), Faults: make([]Fault, len(e.faults))}
	for i := range e.faults {
		opened.Faults[i] = openFault(&e.faults[i])
	}
	return opened
}

func openFault(f *fault.Fault) Fault {
	return Fault{Type: f.Type, Loc: slices.Clone(f.Loc), Msg: f.Msg, Input: f.Input, Ctx: maps.Clone(f.Ctx)}
}

// opened is err in the form that is for others than the error writer.
func opened(err error) error {
	if invalid, ok := err.(*invalidRequest); ok { //nolint:errorlint // nobody has wrapped it yet
		return invalid.open()
	}
	return err
}

// appendFaults writes faults as JSON, as Fault describes them. message gives a
// fault its sentence, "" for the usual one.
func appendFaults(dst []byte, faults []fault.Fault, message func(*fault.Fault) string) (_ []byte, err error) {
	dst = append(dst, '[')
	for i := range faults {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendFault(dst, &faults[i], message(&faults[i])); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendFault(dst []byte, f *fault.Fault, message string) (_ []byte, err error) {
	dst = append(dst, `{"type":`...)
	// A rule has its texts as JSON since the registration, so nothing is encoded here.
	if f.Rule != nil {
		dst = append(dst, f.Rule.Kind...)
	} else {
		dst = codec.AppendString(dst, f.Type)
	}
	dst = append(dst, `,"loc":`...)
	if dst, err = appendLoc(dst, f.Loc); err != nil {
		return dst, err
	}
	dst = append(dst, `,"msg":`...)
	switch {
	case message != "":
		dst = codec.AppendString(dst, message)
	case f.Rule != nil:
		dst = append(dst, f.Rule.Sentence...)
	default:
		dst = codec.AppendString(dst, fault.Message(f.Type, f.Ctx))
	}
	if f.Input != nil {
		dst = append(dst, `,"input":`...)
		if dst, err = codec.AppendAny(dst, f.Input); err != nil {
			return dst, err
		}
	}
	if f.Rule != nil {
		dst = append(append(dst, `,"ctx":`...), f.Rule.Facts...)
	} else if len(f.Ctx) > 0 {
		dst, err = codec.AppendAny(append(dst, `,"ctx":`...), f.Ctx)
	}
	return append(dst, '}'), err
}

func appendLoc(dst []byte, loc []any) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, at := range loc {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch at := at.(type) {
		case string:
			dst = codec.AppendString(dst, at)
		case int:
			dst = strconv.AppendInt(dst, int64(at), 10)
		default:
			// An error of the user's own may have anything in its location.
			dst, err = codec.AppendAny(dst, at)
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// Rule is a rule of the app's own for validate tags; put it into Config.Rules
// under its name.
type Rule struct {
	// Func reports whether a value keeps the rule. It gets the value alone, with
	// the parameter of the tag: Parent and Top are the value itself. It is
	// called concurrently.
	Func validator.Func
	// Schema returns the keywords of JSON Schema that say what the rule does,
	// such as {"multipleOf": 2}. Where it is nil, or no keyword can say it, the
	// document names the rule under "x-validate".
	Schema func(param string) map[string]any
	// Message says what a value must be or do, such as "must be even"; %s stands
	// for the parameter of the tag. Clients read it as the error of a validation
	// error of type "value_error", and Config.Message finds it in the Ctx. Where it
	// is empty, the sentence names the rule.
	Message string
}

// nothingSent stands for an input that was absent, or that was no value.
func nothingSent(typ string) any {
	if typ == fault.JSONInvalid {
		return json.RawMessage("{}")
	}
	return json.RawMessage("null")
}
