package panics

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/lazy"
)

// origin is whose function it is.
type origin int

const (
	users    origin = iota // of the program, or of its tests
	library                // of a module that is neither the program nor Candor
	standard               // of the standard library
	candor
)

// Stack returns the calls at the time of the panic, one line each, the innermost first:
//
//	main.(*Shop).find shop.go:31, which called strings.Repeat
//	main.readItem main.go:20
//	(9 calls of Candor and the standard library)
//
// It starts at the first call of the program's own code; without such a call it is complete. Consecutive calls of
// Candor and of the standard library are one line. Files are relative to the working directory if they are inside.
func (p *Error) Stack() []string {
	frames := raised(p.calls)
	first := firstOf(frames, users)
	if first < 0 {
		first = firstOf(frames, library)
	}
	if first < 0 {
		return lines(frames)
	}
	all := folded(frames[first:])
	if first > 0 {
		if called := frames[first-1].Function; !strings.HasPrefix(called, "runtime.") {
			all[0] += ", which called " + short(called)
		}
	}
	return all
}

// raised are the calls below the innermost panic: those above it recover it.
func raised(calls []uintptr) []runtime.Frame {
	var all []runtime.Frame
	panicked := -1
	for from := runtime.CallersFrames(calls); ; {
		frame, more := from.Next()
		if panicked < 0 && frame.Function == "runtime.gopanic" {
			panicked = len(all)
		}
		all = append(all, frame)
		if !more {
			return all[panicked+1:]
		}
	}
}

func firstOf(frames []runtime.Frame, wanted origin) int {
	for i, frame := range frames {
		if originOf(frame.Function) == wanted {
			return i
		}
	}
	return -1
}

// folded returns the lines of a stack, with one line for consecutive frames of Candor and the standard library.
func folded(frames []runtime.Frame) (all []string) {
	for i := 0; i < len(frames); {
		n, ours := 0, false
		for ; i+n < len(frames); n++ {
			whose := originOf(frames[i+n].Function)
			if whose < standard {
				break
			}
			ours = ours || whose == candor
		}
		if n > 0 {
			all = append(all, fold(n, ours))
			i += n
			continue
		}
		all = append(all, line(frames[i]))
		i++
	}
	return all
}

func fold(n int, ours bool) string {
	whose := "the standard library"
	if ours {
		whose = "Candor and the standard library"
	}
	if n == 1 {
		return "(1 call of " + whose + ")"
	}
	return fmt.Sprintf("(%d calls of %s)", n, whose)
}

func lines(frames []runtime.Frame) (all []string) {
	for _, frame := range frames {
		all = append(all, line(frame))
	}
	return all
}

func line(frame runtime.Frame) string {
	return short(frame.Function) + " " + At(frame.File, frame.Line)
}

// short returns the name of a function without the directories of its package, which the file name has.
func short(function string) string { return function[strings.LastIndexByte(function, '/')+1:] }

// At is a line of a file, as [Relative] writes it.
func At(file string, line int) string { return Relative(file + ":" + strconv.Itoa(line)) }

// Relative returns a file, with or without a line, relative to the working directory if it is inside.
func Relative(file string) string {
	dir, err := os.Getwd()
	if err != nil {
		return file
	}
	if below, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(below) {
		return below
	}
	return file
}

const project = "github.com/candor-go/candor"

// originOf returns whose function it is, by its name: paths of the standard library have no dot in their first element,
// but those of programs may not have one either.
func originOf(function string) origin {
	pkg := packageOf(function)
	first, _, _ := strings.Cut(pkg, "/")
	switch {
	case strings.HasSuffix(pkg, "_test"), pkg == "main":
		return users
	case callsite.IsOwn(function), strings.HasPrefix(pkg, project+"/internal/"), strings.HasPrefix(pkg, project+"/contrib/"):
		return candor
	case pkg == mainModule(), strings.HasPrefix(pkg, mainModule()+"/"):
		return users
	case !strings.Contains(first, "."):
		return standard
	}
	return library
}

// packageOf returns the import path of a function's package: everything up to the first dot after the last slash.
// Brackets in the name of a method or a generic function may contain slashes.
func packageOf(function string) string {
	plain, _, _ := strings.Cut(function, "[")
	slash := strings.LastIndexByte(plain, '/') + 1
	dot := strings.IndexByte(plain[slash:], '.')
	if dot < 0 {
		return plain
	}
	return plain[:slash+dot]
}

// mainModule returns the path of the program's module, or a value that equals no path if there is none.
func mainModule() string {
	return madeMainModule.Get(func() string {
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path != "" {
			return info.Main.Path
		}
		return "main"
	})
}

var madeMainModule lazy.Value[string]
