package operation_test

import (
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/operation"
)

// The root fills the description and writers of documents read it, so this package must not import either of them, nor
// their dependencies.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		name := strings.TrimSpace(line)
		assert.NotContains(t, name, "kin-openapi")
		if rest, own := strings.CutPrefix(name, "github.com/candor-go/candor"); own {
			assert.Contains(t, []string{"/internal/operation", "/internal/typeinfo", "/internal/mark", "/internal/lazy", "/internal/sorted", "/internal/mediatype", "/internal/eventstream", "/internal/pathtree"}, rest)
		}
	}
}

// The data contains no functions at any depth. Types are described by package typeinfo.
func TestDataHoldsNoFunctions(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var look func(at reflect.Type)
	look = func(at reflect.Type) {
		if seen[at] || at.PkgPath() != "" && !strings.HasSuffix(at.PkgPath(), "/operation") {
			return
		}
		seen[at] = true
		assert.NotEqual(t, reflect.Func, at.Kind(), "%s", at)
		switch at.Kind() {
		case reflect.Struct:
			for field := range at.NumField() {
				look(at.Field(field).Type)
			}
		case reflect.Pointer, reflect.Slice, reflect.Map:
			look(at.Elem())
		}
	}
	look(reflect.TypeFor[operation.API]())
	assert.True(t, seen[reflect.TypeFor[operation.Example]()])
}

func TestResponses(t *testing.T) {
	all := &operation.Responses{}
	all.Set(&operation.Response{Status: 200, Description: "first"})
	all.Set(&operation.Response{Status: 4000})
	all.Set(&operation.Response{Status: 200, Description: "second"})
	require.Len(t, all.All, 2)
	assert.Equal(t, "second", all.To(200).Description)
	assert.Nil(t, all.To(404), "a range is another status")
}

func TestHeadersAndExamples(t *testing.T) {
	r := &operation.Response{}
	r.Put(operation.Header{Name: "ETag"})
	r.Put(operation.Header{Name: "Etag", Description: "of this one"})
	require.Len(t, r.Headers, 1)
	assert.Equal(t, "of this one", r.Header("Etag").Description)
	assert.Nil(t, r.Header("ETag"))

	r.Content = []operation.Content{{Media: operation.Media{Type: "a/b"}}}
	assert.Nil(t, r.In("c/d"))
	media := &r.In("a/b").Media
	media.Show(operation.Example{Name: "x", Summary: "first"})
	media.Show(operation.Example{Name: "y"})
	media.Show(operation.Example{Name: "x", Summary: "second"})
	require.Len(t, r.Content[0].Examples, 2)
	assert.Equal(t, "second", media.Example("x").Summary)
	assert.Nil(t, media.Example("z"))
}
