package check

import (
	"reflect"

	"github.com/candor-go/candor/internal/typeinfo"
)

// step leads from a value to one inside it.
type step struct {
	kind  stepKind
	index int // of a member, or of an Optional's Value
}

type stepKind uint8

const (
	member   stepKind = iota // a field of a struct
	pointer                  // what a pointer points to
	optional                 // what a candor.Optional holds
)

// sighting is what a walk found.
type sighting struct {
	value reflect.Value
	state state
}

type state uint8

const (
	found   state = iota
	null          // the field itself is null or absent
	missing       // there is no struct to have the field
)

// walk follows the steps from v.
func walk(v reflect.Value, steps []step) sighting {
	for v.Kind() == reflect.Pointer && (len(steps) == 0 || steps[0].kind != pointer) && !v.IsNil() {
		v = v.Elem() // the caller may pass a pointer to the struct
	}
	for i, s := range steps {
		switch {
		case s.kind == member:
			v = v.Field(s.index)
		case s.kind == pointer && !v.IsNil():
			v = v.Elem()
		case s.kind == optional && holds(v, s.index):
			v = v.Field(s.index)
		default:
			return absent(steps[i:])
		}
	}
	return sighting{value: v}
}

// absent distinguishes a null field from one whose struct is not there.
func absent(rest []step) sighting {
	for _, s := range rest {
		if s.kind == member {
			return sighting{state: missing}
		}
	}
	return sighting{state: null}
}

// holds reports whether an Optional was sent and is not null: Set and Null come after Value. Types of database/sql have
// one field there, Valid.
func holds(v reflect.Value, value int) bool {
	return v.Field(value+1).Bool() && (value+2 == v.NumField() || !v.Field(value+2).Bool())
}

// bareSteps adds the steps that take pointers and Optionals off t.
func bareSteps(steps []step, t reflect.Type) ([]step, reflect.Type) {
	for {
		if t.Kind() == reflect.Pointer {
			steps, t = append(steps, step{kind: pointer}), t.Elem()
			continue
		}
		value, ok := optionalValue(t)
		if !ok {
			return steps, t
		}
		steps, t = append(steps, step{kind: optional, index: value.Index[0]}), value.Type
	}
}

// optionalValue finds the Value of a candor.Optional, or the value of a nullable type.
func optionalValue(t reflect.Type) (reflect.StructField, bool) {
	if t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	if value, _, ok := typeinfo.NullableFields(t); ok {
		return value, true
	}
	if typeinfo.IsOptional(t) {
		return t.FieldByName("Value")
	}
	return reflect.StructField{}, false
}
