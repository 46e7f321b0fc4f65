package check_test

import (
	"reflect"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/typeinfo"
)

func BenchmarkCheck(b *testing.B) {
	rows := []struct {
		tag   string
		value any
	}{
		{"min=1,max=50", "Laptop"},
		{"gte=0", 9.5},
		{"oneof=red green blue", "blue"},
		{"alphanum", "abc123"},
		{"min=1,max=9,unique", []string{"a", "b", "c"}},
		{"email", "ada@example.org"},
	}
	v := validator.New()
	for _, row := range rows {
		typ, err := typeinfo.Of(reflect.TypeOf(row.value))
		require.NoError(b, err)
		judge, err := check.Builtin().Compile(typ, rules(row.tag))
		require.NoError(b, err)
		field := reflect.New(typ.Go).Elem()
		field.Set(reflect.ValueOf(row.value))
		b.Run(row.tag+"/compiled", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				judge(field)
			}
		})
		b.Run(row.tag+"/validator", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = v.Var(field.Interface(), row.tag)
			}
		})
	}
}
