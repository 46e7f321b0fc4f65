// Package panics converts panics to errors, so that they take the same path as other errors. The root uses it wherever
// it recovers.
package panics

import (
	"fmt"
	"net/http"
	"runtime"
)

// Error is a panic on its way to the error writer. It does not unwrap: a panic is a bug of the program, whatever its
// value.
type Error struct {
	Value any
	// calls are what ran when it was recovered, the innermost first.
	calls []uintptr
}

// Error implements error.
func (p *Error) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Recovered converts the result of recover to an error. It must be called in the deferred function itself. It panics
// again with http.ErrAbortHandler.
func Recovered(value any) error {
	if value == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(value)
	}
	return New(value)
}

// mostCalls is how many frames of a stack are kept: those of an endless recursion repeat.
const mostCalls = 128

// New is the error of a recovered value, with the stack of its goroutine.
func New(value any) *Error {
	calls := make([]uintptr, mostCalls)
	return &Error{Value: value, calls: calls[:runtime.Callers(2, calls)]}
}
