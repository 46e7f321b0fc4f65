package lazy

import (
	"regexp"
	"sync/atomic"
)

// Regexp is a regular expression that is compiled when it is first used: at the start
// of a program it costs nothing.
type Regexp struct {
	// Text must be a regular expression as [regexp.MustCompile] takes it.
	Text string
	made atomic.Pointer[regexp.Regexp]
}

// Get compiles the expression the first time. It may be called concurrently.
func (r *Regexp) Get() *regexp.Regexp {
	if made := r.made.Load(); made != nil {
		return made
	}
	// Two that come first both compile it: the one is as good as the other.
	made := regexp.MustCompile(r.Text)
	r.made.Store(made)
	return made
}
