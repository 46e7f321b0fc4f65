package typeinfo_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

// Methods small enough to be inlined, even at their first instruction, and one that is never inlined.
type (
	LeafValue   struct{ a int }
	leafPointer struct{ a int }
	Far         struct{ a int }
	number      int
	caller      interface{ Validate() int }
)

func (l LeafValue) Validate() int    { return l.a }
func (l *leafPointer) Validate() int { l.a++; return helper(l.a) }
func (n number) Validate() int       { return int(n) }

//go:noinline
func (f Far) Validate() int { return f.a }

func helper(n int) int { return n * 2 }

type (
	byValue          struct{ LeafValue }
	byPointer        struct{ *LeafValue }
	pointerMethod    struct{ leafPointer }
	pointerByPointer struct{ *leafPointer }
	second           struct {
		x int
		leafPointer
	}
	ofNumber    struct{ number }
	ofInterface struct{ caller }
	ofFar       struct{ Far }
	twice       struct{ second }
	ambiguous   struct {
		LeafValue
		Far
	}
	settled struct {
		LeafValue
		Far
	}
	ownValue     struct{ LeafValue }
	ownPointer   struct{ LeafValue }
	ownOverFar   struct{ Far }
	ownOverField struct{ *leafPointer }
	ownHelper    struct{ second }
	ownOverFace  struct{ caller }
	ownAgain     struct{ ownValue }
	large        struct{ byPointer }
	box[T any]   struct {
		leafPointer
		V T
	}
	ownBox[T any] struct {
		leafPointer
		V T
	}
	plainBox[T any] struct{ V T }
	ofBox           struct{ ownBox[string] }
	field1          struct{ Validate func() int }
)

func (settled) Validate() int        { return 0 }
func (ownValue) Validate() int       { return helper(1) }
func (o *ownPointer) Validate() int  { return o.LeafValue.Validate() }
func (o ownOverFar) Validate() int   { return o.Far.Validate() }
func (o ownOverField) Validate() int { return o.leafPointer.Validate() }
func (o *ownHelper) Validate() int   { return helper(o.x) }
func (o ownOverFace) Validate() int  { return o.caller.Validate() }
func (o *ownBox[T]) Validate() int   { return o.leafPointer.Validate() }
func (plainBox[T]) Validate() int    { return 0 }
func (b large) Validate() int {
	sum := 0
	for i := range 100 {
		sum += b.LeafValue.Validate() * i
		if sum > 1000 {
			defer func() { _ = recover() }()
			panic(sum)
		}
	}
	return sum
}

func TestDeclares(t *testing.T) {
	type local struct{ leafPointer }
	for _, row := range []struct {
		typ  reflect.Type
		want bool
	}{
		{reflect.TypeFor[LeafValue](), true},
		{reflect.TypeFor[leafPointer](), true},
		{reflect.TypeFor[Far](), true},
		{reflect.TypeFor[number](), true},
		{reflect.TypeFor[settled](), true},
		{reflect.TypeFor[ownValue](), true},
		{reflect.TypeFor[ownPointer](), true},
		{reflect.TypeFor[ownOverFar](), true},
		{reflect.TypeFor[ownOverField](), true},
		{reflect.TypeFor[ownHelper](), true},
		{reflect.TypeFor[ownOverFace](), true},
		{reflect.TypeFor[large](), true},
		{reflect.TypeFor[ownBox[int]](), true},
		{reflect.TypeFor[ownBox[local]](), true},
		{reflect.TypeFor[plainBox[int]](), true},

		{reflect.TypeFor[byValue](), false},
		{reflect.TypeFor[byPointer](), false},
		{reflect.TypeFor[pointerMethod](), false},
		{reflect.TypeFor[pointerByPointer](), false},
		{reflect.TypeFor[second](), false},
		{reflect.TypeFor[ofNumber](), false},
		{reflect.TypeFor[ofInterface](), false},
		{reflect.TypeFor[ofFar](), false},
		{reflect.TypeFor[twice](), false},
		{reflect.TypeFor[ambiguous](), false},
		{reflect.TypeFor[ownAgain](), false},
		{reflect.TypeFor[box[int]](), false},
		{reflect.TypeFor[box[local]](), false},
		{reflect.TypeFor[ofBox](), false},
		{reflect.TypeFor[local](), false},
		{reflect.TypeFor[struct{ LeafValue }](), false},
		{reflect.TypeFor[struct{ *leafPointer }](), false},
		{reflect.TypeFor[field1](), false},
		{reflect.TypeFor[int](), false},
	} {
		assert.Equal(t, row.want, typeinfo.Declares(row.typ, "Validate"), "%s", row.typ)
		assert.False(t, typeinfo.Declares(row.typ, "MarshalText"))
	}
}

// Types that embed one with its own form, and declare a form themselves or not.
type (
	JSONBase struct{ A int }
	TextBase struct{ A int }
	declared struct {
		JSONBase
		B int
	}
	half struct {
		JSONBase
		B int
	}
	throughPointer struct {
		*TextBase
		B int
	}
	declaredText struct {
		*TextBase
		B int
	}
	cancelled struct {
		ownFirst
		ownSecond
	}
	ownFirst  struct{ TextBase }
	ownSecond struct{ TextBase }
)

func (JSONBase) MarshalJSON() ([]byte, error)     { return []byte("1"), nil }
func (*JSONBase) UnmarshalJSON([]byte) error      { return nil }
func (TextBase) MarshalText() ([]byte, error)     { return nil, nil }
func (*TextBase) UnmarshalText([]byte) error      { return nil }
func (declared) MarshalJSON() ([]byte, error)     { return []byte("2"), nil }
func (*declared) UnmarshalJSON([]byte) error      { return nil }
func (half) MarshalJSON() ([]byte, error)         { return []byte("3"), nil }
func (declaredText) MarshalText() ([]byte, error) { return nil, nil }
func (*declaredText) UnmarshalText([]byte) error  { return nil }

func TestPromotedForms(t *testing.T) {
	assert.Equal(t, "json", shape(describe[declared](t)))
	assert.Equal(t, "text", shape(describe[declaredText](t)))
	const lost = "embedding it makes the whole struct read and write itself as "
	require.ErrorContains(t, of(reflect.TypeFor[half]()), "typeinfo_test.half.JSONBase: "+lost+"JSONBase", "it reads as what it embeds")
	require.ErrorContains(t, of(reflect.TypeFor[throughPointer]()), "typeinfo_test.throughPointer.TextBase: "+lost+"TextBase")
	require.ErrorContains(t, of(reflect.TypeFor[cancelled]()), "typeinfo_test.ownFirst.TextBase: "+lost+"TextBase")
}
