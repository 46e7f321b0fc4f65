// Package callsite finds the line of a user's code that called into the project, for configuration errors. It is used
// by the packages that users import, and knows only their names.
package callsite

import (
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// own are the packages whose frames are not the user's.
var own = []string{
	"github.com/candor-go/candor",
	"github.com/candor-go/candor/contrib/mcp",
	"github.com/candor-go/candor/hub",
	"github.com/candor-go/candor/idempotency",
	"github.com/candor-go/candor/middleware",
	"github.com/candor-go/candor/paging",
}

// Site is a call in the user's code. Its position is looked up on demand, because most sites are never read.
type Site struct {
	// pcs are the innermost calls, and zeros if there are fewer. At most all but one of them are the project's own.
	pcs  [6]uintptr
	text string
	once sync.Once
}

// Here is the site of the user's call that led to the caller of Here.
func Here() *Site {
	s := &Site{}
	runtime.Callers(2, s.pcs[:])
	return s
}

// Mark makes s the site for its caller, which the user calls through at most that many functions of the project, itself
// included. It is Here where thousands of routes are registered: every function that is looked at costs time.
func (s *Site) Mark(functions int) { runtime.Callers(2, s.pcs[:functions+1]) }

// String returns the file and line of the innermost caller outside of the project, "" if there is none.
func (s *Site) String() string {
	if s == nil {
		return ""
	}
	s.once.Do(func() {
		frames := runtime.CallersFrames(s.calls())
		for {
			frame, more := frames.Next()
			// The outermost frame is better than none.
			if !IsOwn(frame.Function) || !more {
				s.text = frame.File + ":" + strconv.Itoa(frame.Line)
				return
			}
		}
	})
	return s.text
}

// calls returns the innermost calls.
func (s *Site) calls() []uintptr {
	if end := slices.Index(s.pcs[:], 0); end >= 0 {
		return s.pcs[:end]
	}
	return s.pcs[:]
}

// IsOwn reports whether a function belongs to the project. Its package name must be followed by a dot: tests in
// packages ending in _test count as users.
func IsOwn(function string) bool {
	return slices.ContainsFunc(own, func(pkg string) bool { return strings.HasPrefix(function, pkg+".") })
}
