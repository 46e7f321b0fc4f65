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
	// pcs are the innermost calls. At most all but one of them are the project's own.
	pcs   [6]uintptr
	text  string
	once  sync.Once
	depth int32
}

// Here is the site of the user's call that led to the caller of Here.
func Here() *Site {
	s := &Site{}
	s.depth = int32(runtime.Callers(2, s.pcs[:])) //nolint:gosec // it is at most their number
	return s
}

// Within is Here for a caller that the user calls through at most that many functions of the project, itself included.
// Each further function costs time, which counts where thousands of routes are registered.
func Within(functions int) *Site {
	s := &Site{}
	s.depth = int32(runtime.Callers(2, s.pcs[:functions+1])) //nolint:gosec // it is at most their number
	return s
}

// String returns the file and line of the innermost caller outside of the project, "" if there is none.
func (s *Site) String() string {
	if s == nil {
		return ""
	}
	s.once.Do(func() {
		frames := runtime.CallersFrames(s.pcs[:s.depth])
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

// IsOwn reports whether a function belongs to the project. Its package name must be followed by a dot: tests in
// packages ending in _test count as users.
func IsOwn(function string) bool {
	return slices.ContainsFunc(own, func(pkg string) bool { return strings.HasPrefix(function, pkg+".") })
}
