package typeinfo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

type (
	// Exported, to be embedded by pointer.
	Self struct {
		*Self
		X int
	}
	Ping struct {
		*Pong
		X int
	}
	Pong struct {
		*Ping
		X, Y int
	}
	Deep   struct{ Deeper }
	Deeper struct {
		Deepest
		Two int
	}
	Deepest struct {
		Two, Three int
	}
	Tagged struct {
		N int `json:"name"`
	}
	Untagged   struct{ Name int }
	Age        int
	hidden     struct{ Shown int }
	Generic    [1]int
	Box[T any] struct {
		Content T `json:"content"`
	}
	Left   struct{ Shared }
	Right  struct{ Shared }
	Shared struct{ Common int }
	At     struct{ time.Time }
)

// embeddings are structs with embedded fields of all sorts.
var embeddings = []struct {
	typ reflect.Type
	// want lists name, Go selector and whether a pointer leads to it.
	want string
}{
	{reflect.TypeFor[struct {
		Base
		Other int `json:"other"`
	}](), "id=Base.ID name=Base.Name other=Other"},
	{reflect.TypeFor[struct {
		Other int `json:"other"`
		*Base
	}](), "other=Other id=Base.ID* name=Base.Name*"},
	{reflect.TypeFor[struct{ hidden }](), "Shown=hidden.Shown"},
	{reflect.TypeFor[struct {
		Base `json:"base"`
		ID   int `json:"id"`
	}](), "base=Base id=ID"},
	{reflect.TypeFor[struct {
		Base `json:"-"`
		ID   int `json:"id"`
	}](), "id=ID"},
	{reflect.TypeFor[struct {
		Base
		Name string `json:"name"`
	}](), "id=Base.ID name=Name"},
	{reflect.TypeFor[struct {
		Name string `json:"name"`
		Base
	}](), "name=Name id=Base.ID"},
	{reflect.TypeFor[struct {
		Name string `json:"-"`
		Base
	}](), "id=Base.ID name=Base.Name"},
	{object(
		field[int]("A", `json:"-,"`), field[int]("B", `json:"b,"`),
		field[int]("C", `json:",omitempty"`), field[int]("D", `json:"häß lich/$ref"`),
	), "-=A b=B C=C häß lich/$ref=D"},
	{reflect.TypeFor[struct {
		Untagged
		Tagged
		Name int `json:"Name"`
	}](), "name=Tagged.N Name=Name"},
	{reflect.TypeFor[struct {
		Untagged
		Alias struct{} `json:"-"`
		Box[int]
	}](), "Name=Untagged.Name content=Box.Content"},
	{reflect.TypeFor[Deep](), "Three=Deeper.Deepest.Three Two=Deeper.Two"},
	{reflect.TypeFor[Self](), "X=X"},
	{reflect.TypeFor[Ping](), "Y=Pong.Y* X=X"},
	{reflect.TypeFor[Pong](), "X=X Y=Y"},
	{reflect.TypeFor[struct{ Age }](), "Age=Age"},
	{reflect.TypeFor[struct {
		*Age
		Generic
	}](), "Age=Age Generic=Generic"},
	{reflect.TypeFor[struct{ Box[Box[int]] }](), "content=Box.Content"},
	{reflect.TypeFor[struct {
		Left
		Right  `json:"right"`
		Common int `json:"common"`
	}](), "Common=Left.Shared.Common right=Right common=Common"},
	{reflect.TypeFor[struct {
		Left
		Right
		Common int
	}](), "Common=Common"},
	{reflect.TypeFor[struct {
		*Deep
		Three string
	}](), "Two=Deep.Deeper.Two* Three=Three"},
	{reflect.TypeFor[struct {
		a, _ int
		B    int
	}](), "B=B"},
}

func TestEmbedding(t *testing.T) {
	for _, row := range embeddings {
		d, err := typeinfo.Of(row.typ)
		require.NoError(t, err, "%s", row.typ)
		var got []string
		for _, f := range d.Object.Fields {
			s := f.Name + "=" + f.Go
			if f.ThroughPointer {
				s += "*"
				assert.False(t, f.Required, "%s: a member behind a pointer may be absent", f.Name)
			}
			got = append(got, s)
			assert.Equal(t, f.Go, selector(row.typ, f.Index))
		}
		assert.Equal(t, row.want, strings.Join(got, " "), "%s", row.typ)
	}
}

// selector returns an index as a selector.
func selector(t reflect.Type, index []int) string {
	var names []string
	for _, i := range index {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		names = append(names, t.Field(i).Name)
		t = t.Field(i).Type
	}
	return strings.Join(names, ".")
}

// TestMembersAreThoseOfEncodingJSON encodes a value of each struct with encoding/json, and compares names, order and
// values with the description.
func TestMembersAreThoseOfEncodingJSON(t *testing.T) {
	for _, row := range embeddings {
		d, err := typeinfo.Of(row.typ)
		require.NoError(t, err)
		v := reflect.New(row.typ).Elem()
		n := 0
		fillNumbers(v, &n, 0)
		text, err := json.Marshal(v.Interface())
		require.NoError(t, err)
		var want bytes.Buffer
		want.WriteByte('{')
		for i, f := range d.Object.Fields {
			if i > 0 {
				want.WriteByte(',')
			}
			value, err := json.Marshal(v.FieldByIndex(f.Index).Interface())
			require.NoError(t, err)
			fmt.Fprintf(&want, "%q:%s", f.Name, value)
		}
		want.WriteByte('}')
		assert.Equal(t, want.String(), string(text), "%s", row.typ)
	}
}

// fillNumbers sets each number to a different value and allocates pointers, up to a depth for recursive types.
func fillNumbers(v reflect.Value, n *int, depth int) {
	*n++
	switch v.Kind() {
	case reflect.Int:
		v.SetInt(int64(*n))
	case reflect.String:
		v.SetString(fmt.Sprint("s", *n))
	case reflect.Pointer:
		if v.CanSet() && depth < 5 {
			v.Set(reflect.New(v.Type().Elem()))
			fillNumbers(v.Elem(), n, depth)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous {
				fillNumbers(v.Field(i), n, depth+1)
			}
		}
	}
}

type (
	tried  struct{ Strict }
	looser struct {
		Tried tried
		Base
	}
	StrictBase struct {
		Strict
		A int
	}
)

func TestStrict(t *testing.T) {
	assert.True(t, describe[StrictBase](t).Object.Strict)
	assert.Equal(t, "{Tried:{!} id:int64 name:string}", shape(describe[looser](t)))
	assert.Equal(t, "{A:int64}", shape(describe[struct{ StrictBase }](t)), "it holds for the struct that embeds it directly")
}

type (
	ValueValid   struct{ A int }
	PointerValid struct{ B int }
	Both         struct {
		ValueValid
		*PointerValid
	}
	Outer struct {
		Promoting
		Own
	}
	Promoting struct{ ValueValid }
	Own       struct{ *PointerValid }
	Wrong     struct{ C int }
)

func (ValueValid) Validate() error    { return nil }
func (*PointerValid) Validate() error { return nil }
func (*Own) Validate() error          { return nil }
func (Wrong) Validate(int) error      { return nil }

func TestValidators(t *testing.T) {
	for _, row := range []struct {
		typ  reflect.Type
		want [][]int
	}{
		{reflect.TypeFor[ValueValid](), [][]int{nil}},
		{reflect.TypeFor[PointerValid](), [][]int{nil}},
		{reflect.TypeFor[Wrong](), nil},
		{reflect.TypeFor[Promoting](), [][]int{{0}}},
		{reflect.TypeFor[Own](), [][]int{{0}, nil}},
		{reflect.TypeFor[Both](), [][]int{{0}, {1}}},
		{reflect.TypeFor[Outer](), [][]int{{0, 0}, {1, 0}, {1}}},
		{reflect.TypeFor[struct{ V ValueValid }](), nil},
		{reflect.TypeFor[struct {
			ValueValid `json:"v"`
		}](), nil},
	} {
		d, err := typeinfo.Of(row.typ)
		require.NoError(t, err)
		var got [][]int
		for _, v := range d.Object.Validators {
			got = append(got, v.Index)
		}
		assert.Equal(t, row.want, got, "%s: innermost first", row.typ)
	}
}

func TestFieldOptions(t *testing.T) {
	d := describe[struct {
		A int     `json:"a,omitempty,string" title:"T" doc:"D" deprecated:"true" hidden:"1" example:"7"`
		B *bool   `json:"b,omitzero,string" default:"true"`
		C string  `pattern:"^a,b$" validate:"max=3"`
		D float64 `validate:"required"`
	}](t)
	a, b := d.Object.Field("a"), d.Object.Field("b")
	assert.Equal(t, &typeinfo.Field{
		Name: "a", Go: "A", Owner: d.Go, Declared: "A", Index: []int{0}, Type: a.Type, Source: typeinfo.Body, OmitEmpty: true, Quoted: true,
		Title: "T", Doc: "D", Deprecated: true, Hidden: true, Example: json.RawMessage("7"),
	}, a)
	assert.Equal(t, &typeinfo.Field{
		Name: "b", Go: "B", Owner: d.Go, Declared: "B", Index: []int{1}, Type: b.Type, Source: typeinfo.Body, OmitZero: true, Quoted: true,
		Default: json.RawMessage("true"),
	}, b)
	assert.Equal(t, `max=3,pattern=^a0x2Cb$`, d.Object.Field("C").Rules.String())
	assert.True(t, d.Object.Field("D").Required)
	assert.Nil(t, d.Object.Field("D").Rules)
	assert.Nil(t, d.Object.Field("d"), "names are exact")
	assert.Nil(t, (*typeinfo.Object)(nil).Members())
}

// TestLiterals shows the values of defaults and examples.
func TestLiterals(t *testing.T) {
	for _, row := range []struct {
		typ        reflect.Type
		text, want string
	}{
		{reflect.TypeFor[string](), ``, `""`},
		{reflect.TypeFor[string](), `a "b" <c> é`, `"a \"b\" <c> é"`},
		{reflect.TypeFor[*string](), `null`, `"null"`},
		{reflect.TypeFor[optional[string]](), `x`, `"x"`},
		{reflect.TypeFor[Level](), `low`, `"low"`},
		{reflect.TypeFor[[]byte](), `aGk=`, `"aGk="`},
		{reflect.TypeFor[time.Time](), `2026-01-02T03:04:05Z`, `"2026-01-02T03:04:05Z"`},
		{reflect.TypeFor[time.Duration](), `1h`, `"1h"`},
		{reflect.TypeFor[ownText](), `1`, `"1"`},
		{reflect.TypeFor[bool](), `false`, `false`},
		{reflect.TypeFor[*int](), `-5`, `-5`},
		{reflect.TypeFor[float64](), `1.50`, `1.50`},
		{reflect.TypeFor[json.Number](), `1e2`, `1e2`},
		{reflect.TypeFor[ownJSON](), ` {"a": 1}`, `{"a":1}`},
		{reflect.TypeFor[any](), `"x"`, `"x"`},
		{reflect.TypeFor[json.RawMessage](), `null`, `null`},
		{reflect.TypeFor[[]int](), `[1, 2]`, `[1,2]`},
		{reflect.TypeFor[map[string]string](), `{"b": "1", "a": "2"}`, `{"b":"1","a":"2"}`},
		{reflect.TypeFor[inner](), `{"x": 1}`, `{"x":1}`},
		{reflect.TypeFor[*inner](), `null`, `null`},
	} {
		for _, key := range []string{"default", "example"} {
			d, err := typeinfo.Of(object(reflect.StructField{
				Name: "A", Type: row.typ, Tag: reflect.StructTag(fmt.Sprintf("%s:%q", key, row.text)),
			}))
			require.NoError(t, err)
			f := d.Object.Fields[0]
			assert.Equal(t, row.want, string(f.Default)+string(f.Example), "%s:%q of %s", key, row.text, row.typ)
		}
	}
}

// TestPresence shows the rule for required members.
func TestPresence(t *testing.T) {
	for _, row := range []struct {
		field    reflect.StructField
		required bool
	}{
		{field[int]("A", ""), true},
		{field[[]int]("A", ""), true},
		{field[any]("A", ""), true},
		{field[json.RawMessage]("A", `validate:"required"`), true},
		{field[inner]("A", `validate:"required"`), true},
		{field[string]("A", `validate:"omitempty,email"`), true},
		{field[*int]("A", ""), false},
		{field[optional[int]]("A", ""), false},
		{field[int]("A", `default:"0"`), false},
		{field[int]("A", `json:",omitempty"`), false},
		{field[int]("A", `json:",omitzero"`), false},
	} {
		d, err := typeinfo.Of(object(row.field))
		require.NoError(t, err)
		assert.Equal(t, row.required, d.Object.Fields[0].Required, "%s %s", row.field.Type, row.field.Tag)
	}
}
