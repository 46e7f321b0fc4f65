package candor

import (
	"context"
	"reflect"
	"runtime"
	"strings"
)

// function is a user's function with its types taken off.
type function struct {
	in, out reflect.Type
	// name is the function's own name, "" for a function literal.
	name string
	// newIn and newOut make room for one call: pointers to an input and to a
	// result.
	newIn, newOut func() any
	// call runs the function on such room; bracket, in its place, runs one
	// around the rest of the request.
	call    func(ctx context.Context, in, out any) error
	bracket func(ctx context.Context, in, out any, rest func() error) error
}

// erase takes the types off a handler.
func erase[In, Out any](h func(context.Context, In) (Out, error)) *function {
	return &function{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), name: functionName(reflect.ValueOf(h)),
		newIn:  func() any { return new(In) },
		newOut: func() any { return new(Out) },
		call: func(ctx context.Context, in, out any) (err error) {
			*out.(*Out), err = h(ctx, *in.(*In))
			return err
		},
	}
}

// functionName is the bare name of a declared function or method, "" for a
// function literal. The runtime's name of the latter ends with that of the
// function around it and a number: main.main.func1, main.init.func2.1.
func functionName(f reflect.Value) string {
	full := runtime.FuncForPC(f.Pointer()).Name()
	full = strings.ReplaceAll(full, "[...]", "")
	_, inPackage, _ := strings.Cut(full[strings.LastIndexByte(full, '/')+1:], ".")
	method, isMethod := strings.CutSuffix(inPackage, "-fm")
	if !isMethod && strings.Contains(inPackage, ".") {
		return ""
	}
	return method[strings.LastIndexByte(method, '.')+1:]
}
