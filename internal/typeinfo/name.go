package typeinfo

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/lazy"
)

// Name returns the name of a type for messages, as it is written in source: type arguments without import paths, unnamed
// structs without fields.
func Name(t reflect.Type) string {
	if t.Name() != "" && !strings.HasSuffix(t.Name(), "]") {
		return t.String() // no type arguments
	}
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

// inArguments matches what reflect adds to type arguments: the import path of a package, and the number of a type
// declared inside a function.
var inArguments = lazy.Regexp{Text: `[^\[\],*() ]*/|·\d+`}

// structArgument matches an unnamed struct among type arguments.
var structArgument = lazy.Regexp{Text: `struct \{.*\}`}
