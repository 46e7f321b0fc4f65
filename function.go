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
	// pc is where it begins.
	pc uintptr
	// newRoom makes a place to call the function at.
	newRoom func() *room
}

// room is where a function can be called, one call after the other: it has
// place for an input and a result, and is emptied between.
type room struct {
	// in and out point to them.
	in, out any
	// run calls the function; bracket, in its place, does so around the rest of
	// the request.
	run     func(ctx context.Context) error
	bracket func(ctx context.Context, rest func() error) error
	// empty sets input and result to zero.
	empty func()
}

// takeTypes takes the types off fn. furnish puts into a room what calls fn there.
func takeTypes[In, Out any](fn any, furnish func(r *room, in *In, out *Out)) *function {
	value := reflect.ValueOf(fn)
	return &function{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), name: functionName(value), pc: value.Pointer(),
		newRoom: func() *room {
			in, out := new(In), new(Out)
			r := &room{in: in, out: out, empty: func() { *in, *out = *new(In), *new(Out) }}
			furnish(r, in, out)
			return r
		},
	}
}

// erase takes the types off a handler.
func erase[In, Out any](h func(context.Context, In) (Out, error)) *function {
	return takeTypes(h, func(r *room, in *In, out *Out) {
		r.run = func(ctx context.Context) (err error) {
			*out, err = h(ctx, *in)
			return err
		}
	})
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
