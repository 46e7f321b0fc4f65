package pathtree_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/pathtree"
)

var wellFormed = []struct {
	pattern string
	shape   string
	names   []string
}{
	{"/", "/", nil},
	{"/users", "/users", nil},
	{"/users/", "/users/", nil},
	{"//", "//", nil},
	{"/a//b", "/a//b", nil},
	{"/a/../b/.", "/a/../b/.", nil},
	{"/users/{id}", "/users/{}", []string{"id"}},
	{"/users/{id}/", "/users/{}/", []string{"id"}},
	{"/{a}/{b}/x/{c...}", "/{}/{}/x/{...}", []string{"a", "b", "c"}},
	{"/{rest...}", "/{...}", []string{"rest"}},
	{"/{_Item-id_2}", "/{}", []string{"_Item-id_2"}},
	{"/café/100%/v1:batch,x", "/café/100%/v1:batch,x", nil},
	{"/%4", "/%4", nil},
	{"/%zz", "/%zz", nil},
	{"/...", "/...", nil},
}

func TestParse(t *testing.T) {
	for _, row := range wellFormed {
		t.Run(row.pattern, func(t *testing.T) {
			p, err := pathtree.Parse(row.pattern)
			require.NoError(t, err)
			assert.Equal(t, row.pattern, p.String())
			assert.Equal(t, row.shape, p.Shape())
			assert.Equal(t, row.names, p.Names())
		})
	}
}

var malformed = []struct {
	pattern string
	advice  string
}{
	{"", `write "/" for the root`},
	{"users", `write "/users"`},
	{"{id}", `write "/{id}"`},
	{"GET /users", `a method does not belong in it: write "/users"`},
	{"GET  /users", `write "/users"`},
	{"example.com/users", `a host does not belong in it, and it must start with "/": write "/users"`},
	{"localhost:8000/users", `write "/users"`},
	{"https://example/users/{id}", `write "/users/{id}"`},
	{"/users?q=1", `a query does not belong in it: write "/users"`},
	{"/{id}?q=1", `write "/{id}"`},
	{"/{id?}", "a wildcard is never optional"},
	{"/users#top", `write "/users"`},
	{"/a b", `cannot hold the space ' '`},
	{"/a\u00a0b", `cannot hold the space '\u00a0'`},
	{"/{ id }", `cannot hold the space`},
	{"/a\tb", `cannot hold the space '\t'`},
	{"/a\x00b", `cannot hold the control character '\x00'`},
	{"/a\x7f", `cannot hold the control character`},
	{"/a\xff", "not valid UTF-8"},
	{"/caf%C3%A9", `write "café" instead of "caf%C3%A9"`},
	{"/100%25", `write "100%" instead of "100%25"`},
	{"/a%2Fb", `"%2F" cannot be part of one: write a wildcard`},
	{"/a%20b", `"%20" cannot be part of one`},
	{"/a%ff", `"%ff" cannot be part of one`},
	{"/%2541", `"%25" cannot be part of one`},
	{"/%%41", `"%41" cannot be part of one`},
	{"/{$}", `"{$}" is not needed`},
	{"/users/{$}", `"{$}" is not needed`},
	{"/{id", `the braces of "{id" do not pair up`},
	{"/id}", `do not pair up`},
	{"/}{", `do not pair up`},
	{"/{a/b}", `the braces of "{a" do not pair up`},
	{"/a{id}", `write "{id}" instead of "a{id}"`},
	{"/a:{id}", `write "{id}" instead of "a:{id}"`},
	{"/{id}.json", `instead of "{id}.json"`},
	{"/{a}{b}", `instead of "{a}{b}"`},
	{"/{a}-{b}", `instead of "{a}-{b}"`},
	{"/{{id}}", `instead of "{{id}}"`},
	{"/{}", `"{}" has no name: write "{id}"`},
	{"/{...}", `"{...}" has no name`},
	{"/{id:int}", `write "{id}" and check the value`},
	{"/{id:[0-9]{2}}", `write "{id}" and check the value`},
	{"/{p:path}", `write "{p...}"`},
	{"/{*p}", `write "{p...}"`},
	{"/{1a}", `"1a" is not a name`},
	{"/{-a}", `"-a" is not a name`},
	{"/{a.b}", `"a.b" is not a name`},
	{"/{é}", `"é" is not a name`},
	{"/{a....}", `"a." is not a name`},
	{"/{id}/{id}", `the name "id" is used twice`},
	{"/{id}/{id...}", `the name "id" is used twice`},
	{"/{rest...}/x", `write it last, or "{rest}" for one segment`},
	{"/{rest...}/", `write it last`},
	{"/items/:id", `write "{id}" instead of ":id"`},
	{"/:id/x", `write "{id}" instead of ":id"`},
	{"/files/*", `write "{rest...}" instead of "*"`},
	{"/files/*path", `write "{path...}" instead of "*path"`},
	{"favicon.ico", `write "/favicon.ico"`},
}

func TestParseAdvises(t *testing.T) {
	for _, row := range malformed {
		t.Run(row.pattern, func(t *testing.T) {
			_, err := pathtree.Parse(row.pattern)
			require.Error(t, err)
			assert.Contains(t, err.Error(), row.advice)
			assert.Contains(t, err.Error(), "pattern \"")
		})
	}
}

func TestNamesIsTheCallers(t *testing.T) {
	p := mustParse(t, "/{a}/{b}")
	p.Names()[0] = "changed"
	assert.Equal(t, []string{"a", "b"}, p.Names())
}

// grammar is the syntax of patterns in one expression; isPattern checks the rest.
var (
	grammar = regexp.MustCompile(`\A(?:/(?:[^/{}?#\p{Z}\p{Cc}]*|\{[A-Za-z_][A-Za-z0-9_-]*\}))*` +
		`(?:/\{[A-Za-z_][A-Za-z0-9_-]*\.\.\.\})?\z`)
	escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	braces = regexp.MustCompile(`\{([A-Za-z0-9_-]*)(\.\.\.)?\}`)
	// foreign matches the wildcards of other routers.
	foreign = regexp.MustCompile(`/(?::[A-Za-z_][A-Za-z0-9_-]*|\*(?:[A-Za-z_][A-Za-z0-9_-]*)?)(?:/|\z)`)
)

func isPattern(s string) bool {
	if s == "" || !utf8.ValidString(s) || !grammar.MatchString(s) || escape.MatchString(s) || foreign.MatchString(s) {
		return false
	}
	names := namesOf(s)
	slices.Sort(names)
	return len(slices.Compact(names)) == len(namesOf(s))
}

func namesOf(pattern string) []string {
	var names []string
	for _, groups := range braces.FindAllStringSubmatch(pattern, -1) {
		names = append(names, groups[1])
	}
	return names
}

func FuzzParse(f *testing.F) {
	for _, row := range wellFormed {
		f.Add(row.pattern)
	}
	for _, row := range malformed {
		f.Add(row.pattern)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := pathtree.Parse(s)
		require.Equal(t, isPattern(s), err == nil, "%q: %v", s, err)
		if err != nil {
			return
		}
		assert.Equal(t, s, p.String())
		assert.Equal(t, namesOf(s), p.Names())
		assert.Equal(t, braces.ReplaceAllString(s, "{$2}"), p.Shape())
		assert.Equal(t, strings.Count(s, "/"), strings.Count(p.Shape(), "/"))
	})
}

func mustParse(t testing.TB, s string) *pathtree.Pattern {
	t.Helper()
	p, err := pathtree.Parse(s)
	require.NoError(t, err)
	return p
}
