package lazy

import (
	"regexp"
	"sync/atomic"
)

// Regexp is a regular expression that is compiled when it is first used, to keep the start of a program fast.
type Regexp struct {
	// Text must be a valid regular expression, see [regexp.MustCompile].
	Text string
	// made has a *regexp.Regexp. An atomic.Pointer is generic, and would be compiled in each package with an expression.
	made atomic.Value
}

// Get compiles the expression the first time. It may be called concurrently.
func (r *Regexp) Get() *regexp.Regexp {
	if made, ok := r.made.Load().(*regexp.Regexp); ok {
		return made
	}
	// Concurrent first calls may both compile it, with the same result.
	made := regexp.MustCompile(r.Text)
	r.made.Store(made)
	return made
}
