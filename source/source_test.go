package source_test

import (
	"context"
	"embed"
	"reflect"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/source"
)

//go:embed source_test.go
var self embed.FS

// size is how large something is.
type size int

// The sizes.
const (
	small size = 1 // fits into a pocket
	large size = 2
	// huge needs a truck,
	// or two.
	huge size = 3
)

// base is embedded.
type base struct {
	ID int `json:"id"` // who it is
}

// pair holds two.
type pair[A, B any] struct {
	*base
	First  A // comes first
	Second B
	// The rest are no one's.
	X, Y int
}

type (
	// grouped stands in a group.
	grouped struct{ A int }
	silent  struct{ A, B int }
)

// twin is declared twice.
type twin struct { //nolint:unused // its comments are read
	A int `json:"a"` // outside
}

type box struct{}

// open opens the box.
func (box) open() {}

// shut shuts the box.
func (*box) shut() {}

// plain does nothing with [pair.First], see [the manual](https://example.com).
//
//go:noinline
func plain() {}

// of makes one of many.
func of[T any](context.Context, T) {}

func funcOf(f any) *runtime.Func { return runtime.FuncForPC(reflect.ValueOf(f).Pointer()) }

func TestComments(t *testing.T) {
	type twin struct {
		A int `json:"a"` // inside
	}
	// local is known by its fields.
	type local struct {
		Lonely string `json:"lonely"` // by itself
	}
	_, _, _ = small, large, huge
	c := source.Of(self)
	require.NoError(t, c.Read())

	assert.Equal(t, "size is how large something is.\n\n- `1`: fits into a pocket\n- `3`: huge needs a truck, or two.", c.Type(reflect.TypeFor[size]()))
	assert.Equal(t, "pair holds two.", c.Type(reflect.TypeFor[pair[int, map[string]pair[int, int]]]()))
	assert.Equal(t, "grouped stands in a group.", c.Type(reflect.TypeFor[grouped]()))
	assert.Equal(t, "local is known by its fields.", c.Type(reflect.TypeFor[local]()))
	assert.Empty(t, c.Type(reflect.TypeFor[silent]()))
	assert.Empty(t, c.Type(reflect.TypeFor[source.Comments]()))
	assert.Empty(t, c.Type(reflect.TypeFor[struct{ A int }]()))

	for _, row := range []struct {
		of          reflect.Type
		field, want string
	}{
		{reflect.TypeFor[base](), "ID", "who it is"},
		{reflect.TypeFor[pair[int, string]](), "First", "comes first"},
		{reflect.TypeFor[pair[int, string]](), "Y", "The rest are no one's."},
		{reflect.TypeFor[pair[int, string]](), "Second", ""},
		{reflect.TypeFor[local](), "Lonely", "by itself"},
		{reflect.TypeFor[twin](), "A", ""}, // ambiguous
		{reflect.TypeFor[struct {
			Nameless bool `json:"nameless"` // in passing
		}](), "Nameless", "in passing"},
		{reflect.TypeFor[struct {
			Elsewhere bool
		}](), "Nameless", ""},
	} {
		assert.Equal(t, row.want, c.Field(row.of, row.field), "%s.%s", row.of, row.field)
	}

	assert.Equal(t, "plain does nothing with pair.First, see [the manual](https://example.com).", c.Func(funcOf(plain)))
	assert.Equal(t, "open opens the box.", c.Func(funcOf(box{}.open)))
	assert.Equal(t, "shut shuts the box.", c.Func(funcOf((&box{}).shut)))
	assert.Empty(t, c.Func(funcOf(func() {})))
	assert.Empty(t, c.Func(nil))
	of(context.Background(), 1)
}

// Comments of other packages are not used.
func TestPackages(t *testing.T) {
	field := func(files fstest.MapFS) string { return source.Of(files).Field(reflect.TypeFor[base](), "ID") }
	declares := func(pkg string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("package " + pkg + "\ntype base struct {\n\tID int `json:\"id\"` // found\n}\n")}
	}
	assert.Equal(t, "found", field(fstest.MapFS{"a.go": declares("source_test")}))
	assert.Empty(t, field(fstest.MapFS{"a.go": declares("other")}))
	assert.Empty(t, field(fstest.MapFS{"a.go": declares("main")}))
	assert.Empty(t, field(fstest.MapFS{"deep/a.go": declares("source_test")}))
	assert.Equal(t, "found", field(fstest.MapFS{"deep/a.go": declares("other"), "source_test/a.go": declares("source_test"), "notes.txt": {}}))
}

func TestErrors(t *testing.T) {
	c := source.Of(fstest.MapFS{"a.go": {Data: []byte("package a\nfunc {")}})
	assert.ErrorContains(t, c.Read(), "a.go cannot be parsed")
	assert.Empty(t, c.Type(reflect.TypeFor[base]()))
	assert.Empty(t, c.Field(reflect.TypeFor[base](), "ID"))
	assert.Empty(t, c.Func(funcOf(plain)))
}
