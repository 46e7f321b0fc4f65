package typeinfo

import (
	"fmt"
	"reflect"

	"github.com/candor-go/candor/internal/lazy"
)

// Name spells a type as its source does, for messages: the arguments of a
// generic type without their import paths, a struct without a name without its
// fields.
func Name(t reflect.Type) string {
	if t.Name() != "" {
		return inArguments.Get().ReplaceAllString(structArgument.Get().ReplaceAllString(t.String(), unnamed), "")
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + Name(t.Elem())
	case reflect.Slice:
		return "[]" + Name(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), Name(t.Elem()))
	case reflect.Map:
		return "map[" + Name(t.Key()) + "]" + Name(t.Elem())
	case reflect.Struct:
		if t.NumField() > 0 {
			return unnamed
		}
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return "any"
		}
	}
	return t.String()
}

// unnamed is the name of every unnamed struct type.
const unnamed = "struct{...}"

// inArguments finds what reflect adds to the arguments of a generic type: the
// import path before a package, and the number of a type declared inside
// a function.
var inArguments = lazy.Regexp{Text: `[^\[\],*() ]*/|·\d+`}

// structArgument finds a struct without a name among the arguments of a
// generic type.
var structArgument = lazy.Regexp{Text: `struct \{.*\}`}
