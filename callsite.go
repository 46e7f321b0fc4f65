package candor

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// site is a call of the user's, for messages. Where that was is looked up when
// somebody asks: most sites are never read.
type site struct {
	// pcs are the calls that led there: no more of them are this package's own
	// than one less.
	pcs   [4]uintptr
	text  string
	once  sync.Once
	depth int32
}

// callSite is the site of the call that led here from outside of this package.
func callSite() *site {
	s := &site{}
	s.depth = int32(runtime.Callers(2, s.pcs[:])) //nolint:gosec // it is at most their number
	return s
}

// String is the file and the line of the innermost caller outside of this
// package, "" for no site.
func (s *site) String() string {
	if s == nil {
		return ""
	}
	s.once.Do(func() {
		frames := runtime.CallersFrames(s.pcs[:s.depth])
		for {
			frame, more := frames.Next()
			if !strings.HasPrefix(frame.Function, "github.com/candor-go/candor.") || !more {
				s.text = frame.File + ":" + strconv.Itoa(frame.Line)
				return
			}
		}
	})
	return s.text
}
