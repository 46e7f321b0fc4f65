package typeinfo_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

// ruled are the types of the fields with rules.
var ruled = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[*int](), reflect.TypeFor[any](), reflect.TypeFor[[]string](),
	reflect.TypeFor[map[string][]*int](), reflect.TypeFor[map[Level]any](), reflect.TypeFor[optional[[2][]string]](),
}

var ruleTable = []struct {
	typ      reflect.Type
	tag      string
	want     *typeinfo.Rules
	required bool
}{
	{reflect.TypeFor[string](), "", nil, false},
	{reflect.TypeFor[string](), "-", nil, false},
	{reflect.TypeFor[string](), "required", nil, true},
	{reflect.TypeFor[string](), "required,min=1", &typeinfo.Rules{Self: rules("min", "1")}, true},
	{reflect.TypeFor[string](), "min=1,required", &typeinfo.Rules{Self: rules("min", "1")}, true},
	{reflect.TypeFor[string](), "min=1,email", &typeinfo.Rules{Self: append(rules("min", "1"), typeinfo.Rule{Name: "email"})}, false},
	{reflect.TypeFor[string](), "contains=", &typeinfo.Rules{Self: rules("contains", "")}, false},
	{reflect.TypeFor[string](), "eq=a=b", &typeinfo.Rules{Self: rules("eq", "a=b")}, false},
	{reflect.TypeFor[string](), "excludesall=0x2C0x7C;", &typeinfo.Rules{Self: rules("excludesall", ",|;")}, false},
	{reflect.TypeFor[string](), "eq=0x2c", &typeinfo.Rules{Self: rules("eq", "0x2c")}, false},
	{reflect.TypeFor[string](), "oneof='a b' c", &typeinfo.Rules{Self: rules("oneof", "'a b' c")}, false},
	{reflect.TypeFor[string](), "email|len=3", &typeinfo.Rules{Self: []typeinfo.Rule{{Or: append([]typeinfo.Rule{{Name: "email"}}, rules("len", "3")...)}}}, false},
	{reflect.TypeFor[string](), "required_with=B", &typeinfo.Rules{Self: []typeinfo.Rule{{Name: "required_with", Param: "B", HasParam: true, Cross: true}}}, false},
	{reflect.TypeFor[string](), "omitempty", &typeinfo.Rules{SkipZero: true}, false},
	{reflect.TypeFor[string](), "omitzero,email", &typeinfo.Rules{SkipZero: true, Self: []typeinfo.Rule{{Name: "email"}}}, false},
	{reflect.TypeFor[string](), "omitnil", nil, false},
	{reflect.TypeFor[*string](), "omitempty,min=1", &typeinfo.Rules{Self: rules("min", "1")}, false},
	{reflect.TypeFor[*string](), "omitzero,min=1", &typeinfo.Rules{SkipZero: true, Self: rules("min", "1")}, false},
	{reflect.TypeFor[optional[string]](), "omitempty,min=1", &typeinfo.Rules{Self: rules("min", "1")}, false},
	{reflect.TypeFor[any](), "required", &typeinfo.Rules{NotNull: true}, true},
	{reflect.TypeFor[ownJSON](), "required", &typeinfo.Rules{NotNull: true}, true},
	{reflect.TypeFor[[]string](), "dive", nil, false},
	{reflect.TypeFor[[]any](), "dive,required", &typeinfo.Rules{Elem: &typeinfo.Rules{NotNull: true}}, false},
	{reflect.TypeFor[[]string](), "max=2,dive,min=1", &typeinfo.Rules{Self: rules("max", "2"), Elem: &typeinfo.Rules{Self: rules("min", "1")}}, false},
	{reflect.TypeFor[*[]string](), "dive,omitempty,min=1", &typeinfo.Rules{Elem: &typeinfo.Rules{SkipZero: true, Self: rules("min", "1")}}, false},
	{reflect.TypeFor[[][2]int](), "dive,dive,min=1", &typeinfo.Rules{Elem: &typeinfo.Rules{Elem: &typeinfo.Rules{Self: rules("min", "1")}}}, false},
	{reflect.TypeFor[map[string]int](), "dive,keys,max=9,endkeys", &typeinfo.Rules{Keys: &typeinfo.Rules{Self: rules("max", "9")}}, false},
	{reflect.TypeFor[map[string]int](), "dive,keys,endkeys,min=1", &typeinfo.Rules{Elem: &typeinfo.Rules{Self: rules("min", "1")}}, false},
	{reflect.TypeFor[map[string]int](), "len=1,dive,keys,max=9,endkeys,min=1", &typeinfo.Rules{
		Self: rules("len", "1"), Keys: &typeinfo.Rules{Self: rules("max", "9")}, Elem: &typeinfo.Rules{Self: rules("min", "1")},
	}, false},
}

// rules returns one rule with a parameter.
func rules(name, param string) []typeinfo.Rule {
	return []typeinfo.Rule{{Name: name, Param: param, HasParam: true}}
}

func TestParseRules(t *testing.T) {
	for _, row := range ruleTable {
		d, err := typeinfo.Of(row.typ)
		require.NoError(t, err)
		got, required, err := typeinfo.ParseRules(row.tag, d)
		require.NoError(t, err, "%s: %s", row.typ, row.tag)
		assert.Equal(t, row.want, got, "%s: %s", row.typ, row.tag)
		assert.Equal(t, row.required, required, "%s: %s", row.typ, row.tag)
	}
}

// FuzzParseRules shows that every tag is parsed or rejected, and that rules formatted as a tag are parsed as the same
// rules.
func FuzzParseRules(f *testing.F) {
	for _, row := range ruleTable {
		for i := range ruled {
			f.Add(row.tag, uint8(i))
		}
	}
	for _, row := range configErrors {
		if row.typ.Kind() == reflect.Struct && row.typ.NumField() > 0 {
			f.Add(row.typ.Field(0).Tag.Get("validate"), uint8(0))
		}
	}
	f.Fuzz(func(t *testing.T, tag string, which uint8) {
		d, err := typeinfo.Of(ruled[int(which)%len(ruled)])
		require.NoError(t, err)
		first, _, err := typeinfo.ParseRules(tag, d)
		if err != nil {
			require.Contains(t, err.Error(), "; ", "the problem and what to write instead")
			return
		}
		again, _, err := typeinfo.ParseRules(first.String(), d)
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}
