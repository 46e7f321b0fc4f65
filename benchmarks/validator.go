package benchmarks

import (
	"errors"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"
)

// BareValidator is Bare with validator/v10 for the rules of bodies.
func BareValidator() Contender {
	validate := newValidate()
	rules := rules{
		func(item *Item) []Problem { return problemsOf(validate.Struct(item), "body") },
		func(order *Order) []Problem { return problemsOf(validate.Struct(order), "body") },
	}
	return byHand{rules: rules, codec: jsonV1}.contender("bare + validator", "github.com/go-playground/validator/v10")
}

// newValidate returns a validator that uses the names on the wire.
func newValidate() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(wireName)
	return v
}

// wireName returns the name of a field from the first tag that has one.
func wireName(f reflect.StructField) string {
	for _, key := range []string{"json", "uri", "param", "form", "query"} {
		if name, _, _ := strings.Cut(f.Tag.Get(key), ","); name != "" {
			return name
		}
	}
	return f.Name
}

// problemsOf returns a problem for each field with a validation error. Any other error is a problem of the whole input.
func problemsOf(err error, source string) (problems []Problem) {
	if err == nil {
		return nil
	}
	var invalid validator.ValidationErrors
	if !errors.As(err, &invalid) {
		return []Problem{problem(err.Error(), source)}
	}
	for _, e := range invalid {
		problems = append(problems, problem("must satisfy the rule "+e.Tag()+" "+e.Param(), source, e.Field()))
	}
	return problems
}
