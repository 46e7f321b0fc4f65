// Package panics makes errors of panics, so that they leave by the one writer of
// errors. The root uses it wherever it recovers.
package panics

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// Error is a panic on its way to the error writer. It does not unwrap: a
// panic is a bug of the program, whatever its value.
type Error struct {
	Value any
	Stack []byte
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

// New is the error of a recovered value, with the stack of its goroutine.
func New(value any) *Error { return &Error{Value: value, Stack: debug.Stack()} }
