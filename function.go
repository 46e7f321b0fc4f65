package candor

import (
	"context"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// function is a user's function with its types taken off.
type function struct {
	in, out reflect.Type
	// name is the function's own name, "" for a function literal; id is the name
	// with the receiver and the type arguments that tell it from its namesakes.
	name, id string
	// pc is where it begins.
	pc uintptr
	// newCallSlot makes a place to call the function at.
	newCallSlot func() *callSlot
}

// callSlot is where a function can be called, one call after the other: it has
// place for an input and a result, and is emptied between.
type callSlot struct {
	// in and out point to them.
	in, out any
	// run calls the function; wrap, in its place, does so around the rest of
	// the request.
	run  func(ctx context.Context) error
	wrap func(ctx context.Context, rest func() error) error
	// empty sets input and result to zero.
	empty func()
}

// eraseTypes takes the types off fn. attach puts into a call slot what calls fn there.
func eraseTypes[In, Out any](fn any, attach func(r *callSlot, in *In, out *Out)) *function {
	value := reflect.ValueOf(fn)
	f := &function{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), pc: value.Pointer(),
		newCallSlot: func() *callSlot {
			in, out := new(In), new(Out)
			// A call slot is used again, and no request may see the input of another.
			r := &callSlot{in: in, out: out, empty: func() { *in, *out = *new(In), *new(Out) }}
			attach(r, in, out)
			return r
		},
	}
	f.nameIt(runtime.FuncForPC(f.pc).Name())
	return f
}

// erase takes the types off a handler.
func erase[In, Out any](h func(context.Context, In) (Out, error)) *function {
	return eraseTypes(h, func(r *callSlot, in *In, out *Out) {
		r.run = func(ctx context.Context) (err error) {
			*out, err = h(ctx, *in)
			return err
		}
	})
}

// nameIt takes the names of a declared function or method from the runtime's,
// such as example.com/shop.(*Users).List-fm. A function literal gets none: the
// runtime calls it by the function around it and a number, main.init.func2.1.
func (f *function) nameIt(full string) {
	_, inPackage, _ := strings.Cut(full[strings.LastIndexByte(full, '/')+1:], ".")
	// The runtime writes "[...]" for the type arguments of a generic function.
	plain := strings.ReplaceAll(inPackage, "[...]", "")
	plain, isMethod := strings.CutSuffix(plain, "-fm")
	receiver, name := "", plain
	if dot := strings.LastIndexByte(plain, '.'); dot >= 0 {
		receiver, name = strings.Trim(plain[:dot], "(*)"), plain[dot+1:]
	}
	// A method value ends in -fm; any other name with a dot is a function literal's.
	if !isMethod && receiver != "" {
		return
	}
	f.name, f.id = name, name
	if operation.IsIdentifier(receiver) {
		f.id = operation.LowerFirst(receiver) + operation.UpperFirst(name)
	}
	if strings.Contains(inPackage, "[...]") {
		f.id += strings.Join(f.typeArguments(), "And")
	}
}

// typeArguments names the types that a generic function was most likely made
// for. The runtime tells none of them; they show in the types of the input and
// the result.
func (f *function) typeArguments() []string {
	var found []string
	add := func(names ...string) {
		for _, name := range names {
			if name = operation.UpperFirst(name); !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	if args := schema.TypeArguments(f.in); len(args) > 0 {
		add(args...)
	} else if f.in.Kind() == reflect.Struct {
		for i := range f.in.NumField() {
			field := f.in.Field(i)
			add(argumentsIn(field.Type, typeinfo.IsBody(field))...)
		}
	}
	if f.out != reflect.TypeFor[struct{}]() { // None
		add(argumentsIn(f.out, true)...)
	}
	return found
}

// argumentsIn are the arguments of a generic type, or where that may be one
// itself the name of the type.
func argumentsIn(t reflect.Type, itself bool) []string {
	for t.Name() == "" && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	ours := t.PkgPath() == reflect.TypeFor[function]().PkgPath()
	if args := schema.TypeArguments(t); len(args) > 0 && (itself || !ours) {
		return args
	}
	if !itself || t.Name() == "" {
		return nil
	}
	return []string{schema.TypeLabel(t)}
}

// requestContext is the context that the functions of a request get: the
// request's own, which also tells the address that the request came from. It is
// the request itself under another type, so that making one takes no memory.
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

// withCaller is the request under a context that tells its address, for handlers
// which get the request and not a context.
func withCaller(r *http.Request) *http.Request {
	if requestinfo.Client(r.Context()) == r.RemoteAddr {
		return r
	}
	return r.WithContext(requestinfo.WithClient(r.Context(), r.RemoteAddr))
}
