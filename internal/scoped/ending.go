package scoped

import (
	"runtime"

	"github.com/candor-go/candor/internal/panics"
)

// ending is how a function has ended.
type ending struct {
	err error
	// thrown is the value of a panic, and panic the same as an error, with the stack.
	thrown any
	panic  *panics.Error
	// exited means that the goroutine ended by runtime.Goexit.
	exited bool
	// final means that the request cannot run again.
	final bool
}

// observe records how f ends. If f calls runtime.Goexit, it does not return.
func (e *ending) observe(f func() error) {
	e.exited = true // unless it ends in another way
	defer func() {
		if value := recover(); value != nil {
			*e = ending{thrown: value, panic: panics.New(value)}
		}
	}()
	err := f()
	*e = ending{err: err}
}

// isReturn reports whether the function has returned.
func (e *ending) isReturn() bool { return e.thrown == nil && !e.exited }

// repeat ends the caller in the same way.
func (e *ending) repeat() error {
	switch {
	case e.exited:
		runtime.Goexit()
	case e.thrown != nil:
		panic(e.thrown)
	}
	return e.err
}
