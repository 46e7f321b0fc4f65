package pathtree_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/pathtree"
)

var buildable = []struct {
	pattern string
	values  []string
	path    string
}{
	{"/", nil, "/"},
	{"/a//b/", nil, "/a//b/"},
	{"/café/100%", nil, "/caf%C3%A9/100%25"},
	{"/users/{id}", []string{"42"}, "/users/42"},
	{"/users/{id}/", []string{"a b"}, "/users/a%20b/"},
	{"/users/{id}", []string{"a/b?c#d%e\\f"}, "/users/a%2Fb%3Fc%23d%25e%5Cf"},
	{"/users/{id}", []string{"..."}, "/users/..."},
	{"/{a}/{b}", []string{"//evil", "%2F"}, "/%2F%2Fevil/%252F"},
	{"/files/{rest...}", []string{""}, "/files/"},
	{"/files/{rest...}", []string{"a/b c//d/"}, "/files/a/b%20c//d/"},
	{"/files/{rest...}", []string{"/etc"}, "/files//etc"},
	{"/{rest...}", []string{"//evil.example/x"}, "/%2F/evil.example/x"},
}

func TestBuild(t *testing.T) {
	for _, row := range buildable {
		t.Run(row.path, func(t *testing.T) {
			p := mustParse(t, row.pattern)
			path, err := p.Build(row.values...)
			require.NoError(t, err)
			assert.Equal(t, row.path, path)
		})
	}
}

func TestBuildRejects(t *testing.T) {
	for _, row := range []struct {
		pattern string
		values  []string
		reason  string
	}{
		{"/{a}", nil, "0 values for 1 wildcards"},
		{"/a", []string{"x"}, "1 values for 0 wildcards"},
		{"/{a}", []string{""}, `the value of "a" is empty`},
		{"/{a}", []string{".."}, `the value of "a" has the segment ".."`},
		{"/{a}", []string{"."}, `has the segment "."`},
		{"/x/{rest...}", []string{"a/../b"}, `the value of "rest" has the segment ".."`},
		{"/x/{rest...}", []string{"."}, `has the segment "."`},
		{"//{a}", []string{"evil.example"}, "names a host"},
	} {
		t.Run(row.pattern, func(t *testing.T) {
			_, err := mustParse(t, row.pattern).Build(row.values...)
			require.ErrorContains(t, err, row.reason)
			assert.ErrorContains(t, err, row.pattern)
		})
	}
}

func FuzzBuild(f *testing.F) {
	for _, row := range buildable {
		f.Add(row.pattern, strings.Join(row.values, "\n"))
	}
	f.Fuzz(func(t *testing.T, pattern, lines string) {
		p, err := pathtree.Parse(pattern)
		if err != nil {
			return
		}
		values := strings.SplitN(lines, "\n", len(p.Names()))
		path, err := p.Build(values...)
		if err != nil {
			return
		}
		var tree pathtree.Tree[bool]
		tree.Add(p, true)
		_, captured, ok := tree.Match(path, true, nil)
		require.True(t, ok, path)
		assert.ElementsMatch(t, values, captured)
		assert.False(t, strings.HasPrefix(path, "//"), path)
		assert.NotContains(t, path, "\\")
	})
}
