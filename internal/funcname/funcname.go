// Package funcname finds the names of users' functions: those of operations and providers come from them. It reads what
// the runtime knows, and the types of a function for what the runtime leaves out.
package funcname

import (
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Function is a function, its input and its result.
type Function struct {
	// PC is the entry address.
	PC      uintptr
	In, Out reflect.Type
	// Ours is the path of a package whose generic types are only containers for the type of a result.
	Ours string
}

// Names returns the name of a declared function or method, and an id, which also has the receiver and the type
// arguments, to distinguish functions of the same name. A function literal has neither.
func (f *Function) Names() (name, id string) {
	return f.parse(runtime.FuncForPC(f.PC).Name())
}

// parse derives the names from the runtime's, such as example.com/shop.(*Users).List-fm. A function literal gets no
// name: the runtime only numbers it within its outer function, main.init.func2.1.
func (f *Function) parse(full string) (name, id string) {
	_, inPackage, _ := strings.Cut(full[strings.LastIndexByte(full, '/')+1:], ".")
	// The runtime writes "[...]" for the type arguments of a generic function.
	plain := strings.ReplaceAll(inPackage, "[...]", "")
	plain, isMethod := strings.CutSuffix(plain, "-fm")
	receiver := ""
	name = plain
	if dot := strings.LastIndexByte(plain, '.'); dot >= 0 {
		receiver, name = strings.Trim(plain[:dot], "(*)"), plain[dot+1:]
	}
	// A method value ends in -fm; any other name with a dot is that of a function literal.
	if !isMethod && receiver != "" {
		return "", ""
	}
	id = name
	if operation.IsIdentifier(receiver) {
		id = operation.LowerFirst(receiver) + operation.UpperFirst(name)
	}
	if strings.Contains(inPackage, "[...]") {
		id += strings.Join(f.typeArguments(), "And")
	}
	return name, id
}

// typeArguments guesses the type arguments of a generic function. The runtime does not have them, but they appear in
// the types of the input and the result.
func (f *Function) typeArguments() []string {
	var found []string
	add := func(names ...string) {
		for _, name := range names {
			if name = operation.UpperFirst(name); !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	if args := schema.TypeArguments(f.In); len(args) > 0 {
		add(args...)
	} else if f.In.Kind() == reflect.Struct {
		for i := range f.In.NumField() {
			field := f.In.Field(i)
			add(f.argumentsIn(field.Type, typeinfo.IsBody(field))...)
		}
	}
	if f.Out != reflect.TypeFor[struct{}]() { // no result
		add(f.argumentsIn(f.Out, true)...)
	}
	return found
}

// argumentsIn returns the arguments of a generic type or, if the type may itself be an argument, the name of the type.
func (f *Function) argumentsIn(t reflect.Type, itself bool) []string {
	for t.Name() == "" && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	if args := schema.TypeArguments(t); len(args) > 0 && (itself || t.PkgPath() != f.Ours) {
		return args
	}
	if !itself || t.Name() == "" {
		return nil
	}
	return []string{schema.TypeLabel(t)}
}
