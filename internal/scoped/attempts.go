// Package scoped runs functions that wrap the rest of a request, as scoped providers do: how often they may run it, and
// those that wait in a goroutine of their own until somebody asks for their value. What the rest of a request is, the
// root says by functions.
package scoped

import "errors"

// Attempts counts how often one function runs the rest of a request.
type Attempts struct {
	// Most is the limit set by the option Attempts, 0 without it.
	Most, Calls int
	// Err is the result of the latest run; Final means that no other is allowed.
	Err   error
	Final bool
}

// ErrSwallowedPanic is the result of a run that panicked: what the request ends with if the panic goes no further.
var ErrSwallowedPanic = errors.New("a scoped provider or a function of Around recovered from a panic of the request and returned nil")

var (
	errUseTwice = errors.New("a scoped provider called use, or a function of Around called next, more than once; candor.Attempts allows it")
	errUseNever = errors.New("a scoped provider returned nil without calling use, or a function of Around without calling next")
)

// Next counts a call and reports whether the rest of the request may run. If it returns false, the call returns Err.
func (a *Attempts) Next() bool {
	a.Calls++
	switch {
	case a.Calls == 1:
		return true
	case a.Most == 0:
		a.Err = errUseTwice
	case a.Calls <= a.Most && !a.Final:
		return true
	case a.Err == nil:
		a.Err = errors.New("a scoped provider or a function of Around asked for another attempt, and the request cannot run again")
	}
	return false
}

// Result is the error that the request ends with after the function returned err.
func (a *Attempts) Result(err error) error {
	switch {
	case a.Calls > 1 && a.Most == 0:
		return errUseTwice
	case a.Calls == 0 && err == nil:
		return errUseNever
	// A function that returns nil does not hide the error of the request.
	case err == nil:
		return a.Err
	}
	return err
}
