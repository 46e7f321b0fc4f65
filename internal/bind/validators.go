package bind

import (
	"reflect"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Validators are the Validate methods of an input, of structs embedded in it, and of parameter models. They are called
// once all values are valid.
type Validators []validator

// validator is one Validate method.
type validator struct {
	index  []int
	goType reflect.Type
	// model is the first element of locations; "" if the errors have complete locations.
	model string
}

// ValidatorsOf returns the methods of an input.
func ValidatorsOf(in *typeinfo.Input) Validators {
	var all Validators
	for _, v := range in.Validators {
		found := validator{index: v.Index, goType: in.Go, model: v.Model.String()}
		if v.Model == typeinfo.Form {
			// A form is sent in the body, so its locations begin with "body".
			found.model = typeinfo.Body.String()
		}
		if len(v.Index) > 0 {
			found.goType = in.Go.FieldByIndex(v.Index).Type
		}
		all = append(all, found)
	}
	return all
}

// Validate calls the methods until one returns an error, which it adds to faults. It reports whether none did.
func (all Validators) Validate(into reflect.Value, faults *fault.List) bool {
	for i := range all {
		if err := all[i].validate(into); err != nil {
			all[i].report(err, faults)
			return false
		}
	}
	return true
}

// validate calls the method on the outer struct: reflection does not give access to the values of unexported embedded
// structs.
func (v *validator) validate(into reflect.Value) error {
	at := into
	if len(v.index) > 0 {
		at = into.FieldByIndex(v.index)
	}
	return typeinfo.Validate(reflect.NewAt(v.goType, at.Addr().UnsafePointer()).Interface())
}

func (v *validator) report(err error, faults *fault.List) {
	found := fault.Of(err)
	if len(found) == 0 {
		// Any other error is a validation error of the value as a whole.
		found = []fault.Fault{*fault.Invalid(err)}
	}
	for _, f := range found {
		if v.model != "" {
			f.Loc = append([]any{v.model}, f.Loc...)
		} else if f.Loc == nil {
			// Encoded as an empty array; nil would be null.
			f.Loc = []any{}
		}
		faults.Add(&f)
	}
}
