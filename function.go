package candor

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/candor-go/candor/internal/funcname"
	"github.com/candor-go/candor/internal/requestinfo"
)

// function is a user's function with its types erased.
type function struct {
	in, out reflect.Type
	// name is the function's own name, "" for a function literal; id also has the receiver and the type arguments, to
	// distinguish functions of the same name.
	name, id string
	// pc is its entry address.
	pc uintptr
	// run calls the function with the input of a slot, which gets its result. Functions that wrap the rest of the request
	// have wrap instead.
	run  runFunc
	wrap wrapFunc
	// clear clears the input and the result of a slot; nil means by reflection, which takes four times as long.
	clear func(s *callSlot)
}

type (
	runFunc  func(ctx context.Context, s *callSlot) error
	wrapFunc func(ctx context.Context, s *callSlot, rest func() error) error
)

// callSlot holds an input and a result for calls of a function, one at a time. It is cleared in between and reused.
type callSlot struct {
	function *function
	// in and out point to inValue and outValue, the input and the result.
	in, out           any
	inValue, outValue reflect.Value
	// wrap calls a function that wraps the rest of the request; it is nil for others.
	wrap func(ctx context.Context, rest func() error) error
}

// newCallSlot makes a call slot for the function.
func (f *function) newCallSlot() *callSlot {
	in, out := reflect.New(f.in), reflect.New(f.out)
	s := &callSlot{function: f, in: in.Interface(), out: out.Interface(), inValue: in.Elem(), outValue: out.Elem()}
	if f.wrap != nil {
		s.wrap = func(ctx context.Context, rest func() error) error { return f.wrap(ctx, s, rest) }
	}
	return s
}

// run calls a function that does not wrap the rest of the request.
func (s *callSlot) run(ctx context.Context) error { return s.function.run(ctx, s) }

// empty clears the slot. It is reused, and no request may see the input of another.
func (s *callSlot) empty() {
	if s.function.clear != nil {
		s.function.clear(s)
		return
	}
	s.inValue.SetZero()
	s.outValue.SetZero()
}

// erase erases the types of a handler. Like every generic function it is compiled for each pair of types in a program,
// and so it contains what needs the types and no more.
//
//go:noinline
func erase[In, Out any](h func(context.Context, In) (Out, error)) *function {
	// The casts cannot fail: the slot was made with the types of the handler.
	f := runs(h, func(ctx context.Context, s *callSlot) (err error) {
		in, _ := s.in.(*In)
		out, _ := s.out.(*Out)
		*out, err = h(ctx, *in)
		return err
	})
	f.clear = func(s *callSlot) {
		in, _ := s.in.(*In)
		out, _ := s.out.(*Out)
		*in, *out = *new(In), *new(Out)
	}
	return f
}

// runs describes fn, which has a context and an input, and may have a result before its error. It may be nil.
func runs(fn any, run runFunc) *function {
	t := reflect.TypeOf(fn)
	f := &function{in: t.In(1), out: reflect.TypeFor[None](), run: run}
	if t.NumOut() == 2 {
		f.out = t.Out(0)
	}
	f.identify(fn)
	return f
}

// wraps describes fn, which has a context, an input and a function that runs the rest of the request. If that has an
// argument, it is the result of fn.
func wraps(fn any, wrap wrapFunc) *function {
	t := reflect.TypeOf(fn)
	f := &function{in: t.In(1), out: reflect.TypeFor[None](), wrap: wrap}
	if rest := t.In(2); rest.NumIn() == 1 {
		f.out = rest.In(0)
	}
	f.identify(fn)
	return f
}

// isNil reports whether there is no function to call.
func (f *function) isNil() bool { return f == nil || f.pc == 0 }

// identify reads the address and the names of the function.
func (f *function) identify(fn any) {
	f.pc = reflect.ValueOf(fn).Pointer()
	named := funcname.Function{PC: f.pc, In: f.in, Out: f.out, Ours: reflect.TypeFor[function]().PkgPath()}
	f.name, f.id = named.Names()
}

// requestContext is the context that the functions of a request get: the request's own, which also knows the remote
// address. It is the request itself under another type, so making one allocates nothing.
type requestContext http.Request

func (c *requestContext) own() context.Context { return (*http.Request)(c).Context() }

// Deadline implements context.Context.
func (c *requestContext) Deadline() (time.Time, bool) { return c.own().Deadline() }

// Done implements context.Context.
func (c *requestContext) Done() <-chan struct{} { return c.own().Done() }

// Err implements context.Context.
func (c *requestContext) Err() error { return c.own().Err() }

// Value implements context.Context.
func (c *requestContext) Value(key any) any {
	if key == (requestinfo.ClientKey{}) {
		return c.RemoteAddr
	}
	return c.own().Value(key)
}

// withCaller returns the request with a context that knows the remote address, for handlers that get the request rather
// than a context.
func withCaller(r *http.Request) *http.Request {
	if requestinfo.Client(r.Context()) == r.RemoteAddr {
		return r
	}
	return r.WithContext(requestinfo.WithClient(r.Context(), r.RemoteAddr))
}
