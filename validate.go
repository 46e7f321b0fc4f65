package candor

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
)

// Fault is one thing wrong with a request. A 422 answer lists them all.
type Fault struct {
	// Type is the machine-readable kind, such as "missing", "int_parsing",
	// "string_too_short" or "greater_than_equal": pydantic's names.
	Type string `json:"type"`
	// Loc leads to the value: "path", "query", "header", "cookie" or "body",
	// then names (strings) and list positions (ints).
	Loc []any `json:"loc"`
	// Msg is a sentence for people. Where it is empty, it is made of Type and
	// Ctx when the answer is written.
	Msg string `json:"msg"`
	// Input is what was sent; only with Config.EchoInput.
	Input any `json:"input,omitzero"`
	// Ctx holds the facts of the broken rule, such as {"ge": 1}.
	Ctx map[string]any `json:"ctx,omitempty"`
}

// ValidationError is a request that does not fit its operation. It answers 422
// with every fault of the request, in the order path, query, header, cookie,
// body: at most 100, and then one more of type "too_many_faults".
//
// A handler or provider may return one of its own.
type ValidationError struct {
	Faults []Fault
	// Body is the body as sent, nil if it was not read.
	Body []byte
}

// Error lists the faults in one line, without anything that was sent.
func (e *ValidationError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d faults in the request", len(e.Faults))
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "; %s at %v", f.Type, f.Loc)
	}
	return b.String()
}

// defaultMessage is the sentence for a fault where the app gives none.
func defaultMessage(f Fault) string { return fault.Message(f.Type, f.Ctx) }

// sources is the order in which faults are listed.
var sources = []any{"path", "query", "header", "cookie", "body"}

// sortBySource orders faults that several inputs of one request gathered.
func sortBySource(faults []fault.Fault) {
	rank := func(f fault.Fault) int {
		if len(f.Loc) == 0 {
			return -1
		}
		return slices.Index(sources, f.Loc[0])
	}
	slices.SortStableFunc(faults, func(a, b fault.Fault) int { return rank(a) - rank(b) })
}

// invalid makes the error of a request from what was gathered on the way.
func invalid(faults *fault.List, body []byte) *ValidationError {
	e := &ValidationError{Body: body, Faults: make([]Fault, 0, len(faults.Faults)+1)}
	for _, f := range faults.Faults {
		e.Faults = append(e.Faults, Fault{Type: f.Type, Loc: f.Loc, Msg: f.Msg, Input: f.Input, Ctx: f.Ctx})
	}
	if faults.Cut {
		e.Faults = append(e.Faults, Fault{
			Type: "too_many_faults", Loc: []any{}, Msg: "There are more faults than are listed", Ctx: map[string]any{"listed": fault.Limit},
		})
	}
	return e
}

// compiler makes the programs of one app from descriptions of types: what
// binds, decodes, checks and encodes under the app's rules.
type compiler struct {
	rules *check.Set
	codec *codec.Compiler
	bind  *bind.Compiler
}

func newCompiler(rules *check.Set) *compiler {
	c := &compiler{rules: rules, codec: codec.NewCompiler(rules)}
	c.bind = &bind.Compiler{Rules: rules, Defaults: c.codec.Default}
	return c
}

// standard is the compiler of validator's own rules, shared by every app
// without rules of its own.
var standard = sync.OnceValue(func() *compiler { return newCompiler(check.Builtin()) })
