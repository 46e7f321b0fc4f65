package candor

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
)

// sample returns a value that is not the type's zero value.
func sample(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(sample(t.Key()), sample(t.Elem()))
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				v.Field(i).Set(sample(f.Type))
			}
		}
	case reflect.Func:
		v.Set(reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value { return nil }))
	}
	return v
}

// fieldsOf lists the fields of a struct, with the fields of embedded structs instead of the structs.
func fieldsOf(t reflect.Type) []reflect.StructField {
	var all []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if !f.Anonymous {
			all = append(all, f)
		}
	}
	return all
}

// settable returns a field that can be set, even if it is not exported.
func settable(v reflect.Value, f reflect.StructField) reflect.Value {
	field := v.FieldByIndex(f.Index)
	return reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem()
}

// Settings of an outer level apply inside unless overridden there.
// All settings are tested, including any that are added later.
func TestEverySettingIsMerged(t *testing.T) {
	own := map[string]string{
		"aliases":   "stay with their route",
		"until":     "is a provider's",
		"attempts":  "is a provider's",
		"inherited": "is counted, and not said",
	}
	for _, f := range fieldsOf(reflect.TypeFor[settings]()) {
		said := sample(f.Type)
		assert.False(t, said.IsZero(), f.Name)
		inner, outer := &settings{}, &settings{}
		settable(reflect.ValueOf(inner).Elem(), f).Set(said)
		if f.Name == "inherited" {
			continue
		}
		assert.Equal(t, said.Interface(), settable(reflect.ValueOf(inner.inherit(&settings{})).Elem(), f).Interface(), "%s of the inner scope is lost", f.Name)
		if own[f.Name] != "" {
			continue
		}
		settable(reflect.ValueOf(outer).Elem(), f).Set(said)
		merged := (&settings{}).inherit(outer)
		assert.Equal(t, said.Interface(), settable(reflect.ValueOf(merged).Elem(), f).Interface(), "%s of the outer scope is lost", f.Name)
		assert.NotSame(t, outer, merged)
	}
}

// The same applies to the metadata of a document.
func TestEveryFactOfADocumentIsMerged(t *testing.T) {
	for _, f := range fieldsOf(reflect.TypeFor[Info]()) {
		said := sample(f.Type)
		for _, outer := range []bool{false, true} {
			var info, other Info
			if outer {
				settable(reflect.ValueOf(&other).Elem(), f).Set(said)
			} else {
				settable(reflect.ValueOf(&info).Elem(), f).Set(said)
			}
			merged := info.inherit(other)
			got := settable(reflect.ValueOf(&merged).Elem(), f)
			if f.Type.Kind() == reflect.Func {
				assert.False(t, got.IsNil(), f.Name)
				continue
			}
			assert.Equal(t, said.Interface(), got.Interface(), f.Name)
		}
	}
}
