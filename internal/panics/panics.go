// Package panics makes errors of panics, so that they leave by the one writer of
// errors. The root uses it wherever it recovers.
package panics

import (
	"fmt"
	"net/http"
	"runtime"
)

// Error is a panic on its way to the error writer. It does not unwrap: a
// panic is a bug of the program, whatever its value.
type Error struct {
	Value any
	// calls are what ran when it was recovered, the innermost first.
	calls []uintptr
}

// Error implements error.
func (p *Error) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Recovered turns what recover returned into an error. It must be called in
// the deferred function itself. http.ErrAbortHandler goes on its way.
func Recovered(value any) error {
	if value == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(value)
	}
	return New(value)
}

// mostCalls is how many calls of a stack are kept: those of an endless recursion
// repeat.
const mostCalls = 128

// New is the error of a recovered value, with the stack of its goroutine.
func New(value any) *Error {
	calls := make([]uintptr, mostCalls)
	return &Error{Value: value, calls: calls[:runtime.Callers(2, calls)]}
}
