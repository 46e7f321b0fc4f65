package check

import (
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/candor-go/candor/internal/typeinfo"
)

// makeUnique compiles unique and, on lists of structs, unique=Field. Items
// that are pointers are compared by what they point to.
func makeUnique(s *Set, on subject, rule typeinfo.Rule) (compiled, error) {
	elem := on.typ.Go.Elem()
	compared := bareElem(elem)
	if rule.HasParam {
		field, err := uniqueField(on, compared, rule.Param)
		if err != nil {
			return compiled{}, err
		}
		compared = bareElem(field)
	}
	if !hashable(compared) {
		return compiled{}, fmt.Errorf("items of type %s cannot be compared; write a Validate method", compared)
	}
	if rule.HasParam || on.shape != list {
		return compiled{keeps: s.through(on, rule)}, nil
	}
	if keeps := uniqueScalars(elem.Kind()); keeps != nil {
		return compiled{keeps: keeps}, nil
	}
	return compiled{keeps: s.through(on, rule)}, nil
}

func bareElem(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func uniqueField(on subject, elem reflect.Type, name string) (reflect.Type, error) {
	if name == "" || on.shape != list {
		return nil, errors.New("names a field, which only lists of structs have; write unique")
	}
	if elem.Kind() != reflect.Struct {
		return nil, fmt.Errorf("names a field, but %s is not a struct; write unique", elem)
	}
	field, ok := elem.FieldByName(name)
	if !ok || !field.IsExported() {
		return nil, fmt.Errorf("%s has no field %s; write one of %s", elem, name, fieldNames(elem))
	}
	if throughPointer(elem, field.Index) {
		return nil, fmt.Errorf("%s is in an embedded pointer, which may be nil; write a Validate method", name)
	}
	return field.Type, nil
}

// throughPointer reports whether the way to a field passes an embedded pointer.
func throughPointer(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if t = t.Field(i).Type; t.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

// hashable reports whether every value of t can be a map key. An interface, or a type with one, may hold a slice, which
// cannot.
func hashable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return false
	case reflect.Array:
		return hashable(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !hashable(t.Field(i).Type) {
				return false
			}
		}
		return true
	}
	return t.Comparable()
}

func uniqueScalars(k reflect.Kind) judge {
	switch k {
	case reflect.String:
		return different(reflect.Value.String)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return different(reflect.Value.Int)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return different(reflect.Value.Uint)
	case reflect.Float32, reflect.Float64:
		return different(reflect.Value.Float)
	}
	return nil
}

// few is how many items are compared with each other rather than by a map.
const few = 12

func different[T comparable](value func(reflect.Value) T) judge {
	return func(v reflect.Value) bool {
		n := v.Len()
		if n <= few {
			return differentFew(v, n, value)
		}
		// A very long list may repeat an item early, so the map does not begin with its
		// size.
		seen := make(map[T]struct{}, min(n, math.MaxUint16))
		for i := range n {
			seen[value(v.Index(i))] = struct{}{}
			// The item was there already, or there would be one more.
			if len(seen) <= i {
				return false
			}
		}
		return true
	}
}

func differentFew[T comparable](v reflect.Value, n int, value func(reflect.Value) T) bool {
	for i := range n {
		x := value(v.Index(i))
		for j := range i {
			if value(v.Index(j)) == x {
				return false
			}
		}
	}
	return true
}
