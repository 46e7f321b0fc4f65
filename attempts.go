package candor

import "errors"

// attempts counts how often one provider calls use in one request.
type attempts struct {
	// most is the limit set by the option Attempts, 0 without it.
	most, calls int
	// err is the result of the latest call of use; final means that no further call is allowed.
	err   error
	final bool
}

var (
	errUseTwice       = errors.New("a scoped provider called use, or a function of Around called next, more than once; candor.Attempts allows it")
	errUseNever       = errors.New("a scoped provider returned nil without calling use, or a function of Around without calling next")
	errSwallowedPanic = errors.New("a scoped provider or a function of Around recovered from a panic of the request and returned nil")
)

// next counts a call and reports whether the rest of the request may run. If it returns false, the call of use returns
// err.
func (a *attempts) next() bool {
	a.calls++
	switch {
	case a.calls == 1:
		return true
	case a.most == 0:
		a.err = errUseTwice
	case a.calls <= a.most && !a.final:
		return true
	case a.err == nil:
		a.err = errors.New("a scoped provider or a function of Around asked for another attempt, and the request cannot run again")
	}
	return false
}

// result is the error that the request ends with after the provider returned err.
func (a *attempts) result(err error) error {
	switch {
	case a.calls > 1 && a.most == 0:
		return errUseTwice
	case a.calls == 0 && err == nil:
		return errUseNever
	// A provider that returns nil does not hide the error of the request.
	case err == nil:
		return a.err
	}
	return err
}
