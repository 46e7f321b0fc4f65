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
	pcs   [8]uintptr
	depth int
	once  sync.Once
	text  string
}

// callSite is the site of the call that led here from outside of this package.
func callSite() *site {
	s := &site{}
	s.depth = runtime.Callers(2, s.pcs[:])
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
