package check_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

type inner struct {
	City *string `json:"city"`
	Zip  string  `json:"zip"`
}

// everything is a struct with a field of every kind to refer to.
type everything struct {
	Text    string            `json:"text_name"`
	Other   string            `json:"other"`
	Maybe   *string           `json:"maybe"`
	Opt     Optional[string]  `json:"opt"`
	N       int               `json:"n"`
	M       int               `json:"m"`
	Wide    int64             `json:"wide"`
	P       *int              `json:"p"`
	U       uint8             `json:"u"`
	F       float64           `json:"f"`
	G       float32           `json:"g"`
	Yes     bool              `json:"yes"`
	No      bool              `json:"no"`
	From    time.Time         `json:"from"`
	Till    time.Time         `json:"till"`
	List    []string          `json:"list"`
	Items   []string          `json:"items"`
	Map     map[string]string `json:"map"`
	Any     any               `json:"any"`
	In      inner             `json:"in"`
	Ref     *inner            `json:"ref"`
	private string
}

func describe[T any](t *testing.T) *typeinfo.Type {
	t.Helper()
	typ, err := typeinfo.Of(reflect.TypeFor[T]())
	require.NoError(t, err)
	return typ
}

// fieldWith returns the described field with the rules of a tag.
func fieldWith(t *testing.T, typ *typeinfo.Type, goName, tag string) *typeinfo.Field {
	t.Helper()
	for _, f := range typ.Object.Fields {
		if f.Go == goName {
			with := *f
			with.Rules = rules(tag)
			for i := range with.Rules.Self {
				with.Rules.Self[i].Cross = true
			}
			return &with
		}
	}
	require.Fail(t, "no field "+goName)
	return nil
}

func ptr[T any](v T) *T { return &v }

func TestCross(t *testing.T) {
	typ := describe[everything](t)
	city := "Bonn"
	table := []struct {
		name    string
		field   string
		tag     string
		in      everything
		present bool
		want    string
		says    string
	}{
		{"equal", "Text", "eqfield=Other", everything{Text: "a", Other: "a"}, true, "", ""},
		{"unequal", "Text", "eqfield=Other", everything{Text: "a", Other: "b"}, true, fault.ValueError, "must be the same as the field other"},
		{"absent", "Text", "eqfield=Other", everything{Other: "b", private: "b"}, false, "", ""},
		{"omitempty", "Text", "omitempty,eqfield=Other", everything{Other: "b"}, true, "", ""},
		{"null", "Maybe", "eqfield=Other", everything{Other: "b"}, true, "", ""},
		{"pointer", "Maybe", "eqfield=Other", everything{Maybe: ptr("b"), Other: "b"}, true, "", ""},
		{"to pointer", "Text", "eqfield=Maybe", everything{Text: "a", Maybe: ptr("a")}, true, "", ""},
		{"to null", "Text", "eqfield=Maybe", everything{}, true, fault.ValueError, "must be the same as the field maybe"},
		{"not null", "Text", "nefield=Maybe", everything{}, true, "", ""},
		{"optional", "Opt", "eqfield=Text", everything{Opt: Optional[string]{Value: "a", Set: true}, Text: "b"}, true, fault.ValueError, "must be the same as the field text_name"},
		{"optional null", "Opt", "eqfield=Text", everything{Opt: Optional[string]{Set: true, Null: true}, Text: "b"}, true, "", ""},
		{"to optional", "Text", "eqfield=Opt", everything{Opt: Optional[string]{Value: "a", Set: true}, Text: "a"}, true, "", ""},
		{"to absent optional", "Text", "eqfield=Opt", everything{}, true, fault.ValueError, "must be the same as the field opt"},
		{"ne", "N", "nefield=M", everything{}, true, fault.ValueError, "must not be the same as the field m"},
		{"gt", "N", "gtfield=M", everything{N: 1, M: 1}, true, fault.ValueError, "must be greater than the field m"},
		{"gte", "N", "gtefield=M", everything{N: 1, M: 1}, true, "", ""},
		{"gte less", "N", "gtefield=M", everything{N: 0, M: 1}, true, fault.ValueError, "must not be less than the field m"},
		{"lt", "N", "ltfield=M", everything{N: 1, M: 1}, true, fault.ValueError, "must be less than the field m"},
		{"lte", "N", "ltefield=M", everything{N: 2, M: 1}, true, fault.ValueError, "must not be greater than the field m"},
		{"times", "Till", "gtfield=From", everything{From: time.Now(), Till: time.Now().Add(-time.Hour)}, true, fault.ValueError, "must be later than the field from"},
		{"times kept", "Till", "gtfield=From", everything{From: time.Now(), Till: time.Now().Add(time.Hour)}, true, "", ""},
		{"lengths", "Text", "gtfield=Other", everything{Text: "b", Other: "aa"}, true, fault.ValueError, "must be longer than the field other"},
		{"order", "Text", "gtcsfield=Other", everything{Text: "b", Other: "aa"}, true, "", ""},
		{"nested", "Text", "eqcsfield=In.Zip", everything{Text: "b", In: inner{Zip: "b"}}, true, "", ""},
		{"nested unequal", "Text", "eqfield=In.Zip", everything{Text: "b"}, true, fault.ValueError, "must be the same as the field in.zip"},
		{"nested pointers", "Text", "eqfield=Ref.City", everything{Text: city, Ref: &inner{City: &city}}, true, "", ""},
		{"nested nil", "Text", "eqfield=Ref.City", everything{Text: city}, true, fault.ValueError, "must be the same as the field ref.city"},
		{"contains", "Text", "fieldcontains=Other", everything{Text: "abc", Other: "d"}, true, fault.ValueError, "must contain the field other"},
		{"excludes", "Text", "fieldexcludes=Other", everything{Text: "abc", Other: "c"}, true, fault.ValueError, "must not contain the field other"},
		{"lists by length", "List", "eqfield=Items", everything{List: []string{"a"}, Items: []string{"b"}}, true, "", ""},
		{"postcode", "Text", "postcode_iso3166_alpha2_field=Other", everything{Text: "80331", Other: "DE"}, true, "", ""},
		{"no postcode", "Text", "postcode_iso3166_alpha2_field=Other", everything{Text: "8", Other: "DE"}, true, fault.ValueError, "not a postcode of the country in the field other"},
		{"first of two", "Text", "eqfield=Other,eqfield=Opt", everything{Text: "a", Other: "a"}, true, fault.ValueError, "must be the same as the field opt"},

		{"required_if", "Maybe", "required_if=Text card", everything{Text: "card"}, false, fault.Missing, ""},
		{"required_if met", "Maybe", "required_if=Text card", everything{Text: "card", Maybe: ptr("")}, true, "", ""},
		{"required_if null", "Maybe", "required_if=Text card", everything{Text: "card"}, true, fault.Missing, ""},
		{"required_if not", "Maybe", "required_if=Text card", everything{Text: "cash"}, false, "", ""},
		{"required_if zero is present", "M", "required_if=Text card", everything{Text: "card"}, true, "", ""},
		{"required_if both", "Maybe", "required_if=Text 'a card' N 3", everything{Text: "a card", N: 2}, false, "", ""},
		{"required_if all", "Maybe", "required_if=Text 'a card' N 3", everything{Text: "a card", N: 3}, false, fault.Missing, ""},
		{"required_if nil", "Maybe", "required_if=P nil", everything{}, false, fault.Missing, ""},
		{"required_if not nil", "Maybe", "required_if=P nil", everything{P: ptr(0)}, false, "", ""},
		{"required_if pointer", "Maybe", "required_if=P 3", everything{P: ptr(3)}, false, fault.Missing, ""},
		{"required_if bool", "Maybe", "required_if=Yes true", everything{Yes: true}, false, fault.Missing, ""},
		{"required_if uint", "Maybe", "required_if=U 3", everything{U: 3}, false, fault.Missing, ""},
		{"required_if float", "Maybe", "required_if=F 1.5", everything{F: 1.5}, false, fault.Missing, ""},
		{"required_if float32", "Maybe", "required_if=G 0.1", everything{G: 0.1}, false, fault.Missing, ""},
		{"required_if list", "Maybe", "required_if=List 1", everything{List: []string{"a"}}, false, fault.Missing, ""},
		{"required_if nil list", "Maybe", "required_if=List nil", everything{}, false, fault.Missing, ""},
		{"required_if optional", "Maybe", "required_if=Opt a", everything{Opt: Optional[string]{Value: "a", Set: true}}, false, fault.Missing, ""},
		{"required_if nested", "Maybe", "required_if=Ref.Zip 1", everything{Ref: &inner{Zip: "1"}}, false, fault.Missing, ""},
		{"required_if no nest", "Maybe", "required_if=Ref.Zip 1", everything{}, false, "", ""},
		{"skip_unless", "Maybe", "skip_unless=Text card", everything{Text: "card"}, false, fault.Missing, ""},
		{"required_unless", "Maybe", "required_unless=Text card", everything{Text: "cash"}, false, fault.Missing, ""},
		{"required_unless met", "Maybe", "required_unless=Text card Text cash", everything{Text: "cash"}, false, "", ""},
		{"excluded_if", "Maybe", "excluded_if=Text card", everything{Text: "card", Maybe: ptr("")}, true, fault.ValueError, "must be left out when text_name is card"},
		{"excluded_if null", "Maybe", "excluded_if=Text card", everything{Text: "card"}, true, "", ""},
		{"excluded_unless", "Maybe", "excluded_unless=Text card N 3", everything{Maybe: ptr("")}, true, fault.ValueError, "must be left out unless text_name is card or n is 3"},
		{"required_with", "Maybe", "required_with=Text Other", everything{Other: "a"}, false, fault.Missing, ""},
		{"required_with none", "Maybe", "required_with=Text Other", everything{}, false, "", ""},
		{"required_with zero pointer", "Maybe", "required_with=P", everything{P: ptr(0)}, false, fault.Missing, ""},
		{"required_with any", "Maybe", "required_with=Any", everything{Any: ""}, false, fault.Missing, ""},
		{"required_with_all", "Maybe", "required_with_all=Text Other", everything{Other: "a"}, false, "", ""},
		{"required_with_all both", "Maybe", "required_with_all=Text Other", everything{Other: "a", Text: "b"}, false, fault.Missing, ""},
		{"required_without", "Maybe", "required_without=Text Other", everything{Other: "a"}, false, fault.Missing, ""},
		{"required_without_all", "Maybe", "required_without_all=Text Other", everything{Other: "a"}, false, "", ""},
		{"required_without_all none", "Maybe", "required_without_all=Text Other", everything{}, false, fault.Missing, ""},
		{"excluded_with", "Maybe", "excluded_with=Text Other", everything{Maybe: ptr("a"), Other: "a"}, true, fault.ValueError, "must be left out when text_name or other is there"},
		{"excluded_with_all", "Maybe", "excluded_with_all=Text Other", everything{Maybe: ptr("a"), Other: "a", Text: "a"}, true, fault.ValueError, "must be left out when text_name and other are there"},
		{"excluded_without", "Maybe", "excluded_without=Text", everything{Maybe: ptr("a")}, true, fault.ValueError, "must be left out when text_name is missing"},
		{"excluded_without_all", "Maybe", "excluded_without_all=Text Other", everything{Maybe: ptr("a"), Text: "a"}, true, "", ""},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			f := fieldWith(t, typ, row.field, row.tag)
			judge, err := check.Builtin().CompileCross(typ.Go, f, typ.Object.Fields...)
			require.NoError(t, err)
			parent := reflect.ValueOf(&row.in).Elem()
			got := judge(parent, parent.FieldByIndex(f.Index), row.present)
			if row.want == "" {
				assert.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			assert.Equal(t, row.want, got.Type)
			assert.Contains(t, strings.Split(row.tag, ","), got.Tag)
			if row.says != "" {
				assert.Equal(t, says(row.says), got.Ctx)
			}
		})
	}
}

func TestCompileCrossErrors(t *testing.T) {
	typ := describe[everything](t)
	table := []struct{ field, tag, problem string }{
		{"Text", "eqfield=Nope", `check_test.everything has no field "Nope"; write one of Text, Other, `},
		{"Text", "eqfield=private", `has no field "private"`},
		{"Text", "eqfield=", `has no field ""`},
		{"Text", "eqfield=In.Nope", `check_test.inner has no field "Nope"; write one of City and Zip`},
		{"Text", "eqfield=N.A", "int has no fields"},
		{"Text", "eqfield=N", "compares string with int"},
		{"N", "gtfield=Wide", "compares int with int64"},
		{"From", "eqfield=In", "compares time.Time with check_test.inner"},
		{"In", "eqfield=In", "judges"},
		{"Yes", "gtfield=No", "judges"},
		{"List", "gtfield=Items", "judges"},
		{"N", "fieldcontains=M", "judges strings, not int"},
		{"Text", "required_if=Other", "takes fields, each with a value; write required_if=Kind card"},
		{"Text", "required_if=", "takes fields, each with a value"},
		{"Text", "required_if=Other a Other b", "two values at once"},
		{"Text", "required_if=Nope a", `no field "Nope"`},
		{"Text", "required_if=N a", "N is int, never a"},
		{"Text", "required_if=U 300", "U is uint8, never 300"},
		{"Text", "required_if=F x", "F is float64, never x"},
		{"Text", "required_if=Yes 1", "write true or false"},
		{"Text", "required_if=List a", "write a number or nil"},
		{"Text", "required_if=From x", "cannot be compared with a string"},
		{"Text", "required_if=Any x", "cannot be compared with a string"},
		{"Text", "required_with=", "takes the names of fields"},
		{"Text", "required_with=Nope", `no field "Nope"`},
		{"N", "postcode_iso3166_alpha2_field=Text", "make both fields strings"},
		{"Text", "postcode_iso3166_alpha2_field=Text Other", "names one field"},
	}
	for _, row := range table {
		t.Run(row.tag, func(t *testing.T) {
			judge, err := check.Builtin().CompileCross(typ.Go, fieldWith(t, typ, row.field, row.tag))
			require.ErrorContains(t, err, row.problem)
			assert.Contains(t, err.Error(), "; ")
			assert.Nil(t, judge)
		})
	}
}

type base struct {
	Low  int `json:"low"`
	High int `json:"high"`
}

type Middle struct {
	base
	Low string `json:"shadow"`
}

// Names in a rule refer to the struct that declares the field, as in validator, even if another struct embeds it and
// shadows them.
func TestCrossInEmbeddedStruct(t *testing.T) {
	type outer struct{ *Middle }
	f := &typeinfo.Field{Name: "high", Go: "Middle.base.High", Index: []int{0, 0, 1}, Type: describe[int](t), Rules: rules("gtfield=Low")}
	judge, err := check.Builtin().CompileCross(reflect.TypeFor[outer](), f)
	require.NoError(t, err)
	in := reflect.ValueOf(outer{&Middle{base: base{Low: 2, High: 1}}})
	assert.Equal(t, says("must be greater than the field Low"), judge(in, in.FieldByIndex(f.Index), true).Ctx)
	assert.Nil(t, judge(reflect.ValueOf(outer{&Middle{base: base{Low: 1, High: 2}}}), value(2), true))
	assert.NotNil(t, judge(reflect.ValueOf(outer{}), value(2), true), "the struct with the other field is not there")

	_, err = check.Builtin().CompileCross(reflect.TypeFor[outer](), &typeinfo.Field{Type: describe[int](t), Rules: rules("gtfield=Low")})
	require.ErrorContains(t, err, "but there are none")
	none, err := check.Builtin().CompileCross(reflect.TypeFor[outer](), &typeinfo.Field{Type: describe[int](t), Rules: rules("min=1")})
	require.NoError(t, err)
	assert.Nil(t, none)
}

// facts is a struct whose pointer field is set exactly if it was sent; there validator's conditions and ours must
// agree.
type facts struct {
	Field *string
	S     string
	N     int8
	P     *int
	B     bool
	L     []int
	Ref   *inner
}

func FuzzCross(f *testing.F) {
	names := []string{
		"required_if", "required_unless", "excluded_if", "excluded_unless", "skip_unless",
		"required_with", "required_with_all", "required_without", "required_without_all",
		"excluded_with", "excluded_with_all", "excluded_without", "excluded_without_all",
		"eqfield", "nefield", "gtfield", "gtefield", "ltfield", "ltefield", "eqcsfield", "necsfield", "gtcsfield", "ltcsfield", "gtecsfield", "ltecsfield",
		"fieldcontains", "fieldexcludes", "postcode_iso3166_alpha2_field",
	}
	for i := range names {
		f.Add(uint8(i), "S a", "x", "a", uint8(7))
		f.Add(uint8(i), "S 'a b' N 3", "x", "a b", uint8(3))
		f.Add(uint8(i), "P nil", "x", "a", uint8(0))
		f.Add(uint8(i), "S", "80331", "DE", uint8(255))
		f.Add(uint8(i), "Ref.Zip S", "a", "", uint8(64))
		f.Add(uint8(i), "Ref.City B", "aa", "a", uint8(129))
		f.Add(uint8(i), "L 2 B true", "", "", uint8(90))
	}
	f.Fuzz(func(t *testing.T, which uint8, param, field, s string, bits uint8) {
		if !fits(param) || strings.ContainsAny(param, ",|") {
			return
		}
		in := factsOf(field, s, bits)
		name := names[int(which)%len(names)]
		text := describe[*string](t)
		described := &typeinfo.Field{Name: "field", Index: []int{0}, Type: text, Rules: &typeinfo.Rules{
			Self: []typeinfo.Rule{{Name: name, Param: param, HasParam: true, Cross: true}},
		}}
		judge, err := check.Builtin().CompileCross(reflect.TypeFor[facts](), described)
		if err != nil {
			return
		}
		present := in.Field != nil
		got := judge(reflect.ValueOf(in), reflect.ValueOf(in.Field), present) == nil
		if !present && (strings.HasSuffix(name, "field") || strings.HasPrefix(name, "field")) {
			if !got {
				t.Fatalf("%s judges an absent value", name)
			}
			return
		}
		want, panicked := asValidator(in, name+"="+param)
		if !panicked && got != want {
			t.Fatalf("%s=%s of %+v: validator says %t", name, param, in, want)
		}
	})
}

func factsOf(field, s string, bits uint8) facts {
	in := facts{S: s, N: int8(bits & 3), B: bits&4 != 0}
	if bits&1 != 0 {
		in.Field = &field
	}
	if bits&8 != 0 {
		in.P = ptr(int(bits & 16))
	}
	if bits&32 != 0 {
		in.L = make([]int, bits&3)
	}
	if bits&64 != 0 {
		in.Ref = &inner{Zip: s}
	}
	if bits&192 == 192 {
		in.Ref.City = &s
	}
	return in
}

// asValidator returns the result of validator itself. It panics if a non-nil pointer is compared with nil.
func asValidator(in facts, tag string) (keeps, panicked bool) {
	defer func() {
		if recover() != nil {
			panicked = true
		}
	}()
	v := validator.New(validator.WithRequiredStructEnabled())
	return v.VarWithValue(in.Field, in, tag) == nil, false
}
