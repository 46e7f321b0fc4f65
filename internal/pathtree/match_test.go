package pathtree_test

import (
	"cmp"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/pathtree"
)

// matches has one tree per block of patterns. want is "" if nothing matches, otherwise the pattern and its captured
// values, separated by spaces.
var matches = []struct {
	patterns []string
	rows     []matchRow
}{
	{[]string{"/", "/users", "/users/{id}", "/users/me", "/{any}/me", "/users/{id}/"}, []matchRow{
		{"/", "/"},
		{"", ""},
		{"*", ""},
		{"users", ""},
		{"//", ""},
		{"/users", "/users"},
		{"/Users", ""},
		{"/users/", ""},
		{"/users/me", "/users/me"},
		{"/users/7", "/users/{id} 7"},
		{"/users/7/", "/users/{id}/ 7"},
		{"/users/me/", "/users/{id}/ me"},
		{"/users/7//", ""},
		{"/users//", ""},
		{"/users/..", "/users/{id} .."},
		{"/x/me", "/{any}/me x"},
		{"//me", ""},
		{"/users/x/me", ""},
		{"/x", ""},
	}},
	{[]string{"/users/{id}", "/users/{id}/me", "/{any}/{thing}/me", "/{any}/x/{more...}"}, []matchRow{
		{"/users/x/me", "/users/{id}/me x"},
		{"/users/x/you", "/{any}/x/{more...} users you"},
		{"/users/y/you", ""},
		{"/groups/x/me", "/{any}/x/{more...} groups me"},
		{"/groups/y/me", "/{any}/{thing}/me groups y"},
	}},
	{[]string{"/files/{rest...}", "/files/{name}", "/files/list", "/empty/", "/empty/{rest...}", "/{any}/a/b"}, []matchRow{
		{"/files", ""},
		{"/files/", "/files/{rest...} "},
		{"/files//", "/files/{rest...} /"},
		{"/files/list", "/files/list"},
		{"/files/x", "/files/{name} x"},
		{"/files/x/", "/files/{rest...} x/"},
		{"/files/list/x//y", "/files/{rest...} list/x//y"},
		{"/files/a/b", "/files/{rest...} a/b"},
		{"/files/../b", "/files/{rest...} ../b"},
		{"/empty/", "/empty/"},
		{"/empty//", "/empty/{rest...} /"},
		{"/x/a/b", "/{any}/a/b x"},
	}},
	{[]string{"/a//b", "/a/{x}/b", "//", "//{id}"}, []matchRow{
		{"/a//b", "/a//b"},
		{"/a/x/b", "/a/{x}/b x"},
		{"/a/b", ""},
		{"//", "//"},
		{"///", ""},
		{"//x", "//{id} x"},
	}},
	{[]string{"/{rest...}"}, []matchRow{
		{"/", "/{rest...} "},
		{"//", "/{rest...} /"},
		{"/a/b", "/{rest...} a/b"},
		{"", ""},
	}},
	{nil, []matchRow{
		{"/", ""},
		{"/%41", ""},
	}},
	{[]string{"/café", "/100%", "/v/{id}", "/v/a/{rest...}", "/AB/c"}, []matchRow{
		{"/café", "/café"},
		{"/caf%C3%A9", "/café"},
		{"/caf%c3%a9", "/café"},
		{"/caf%C3", ""},
		{"/100%25", "/100%"},
		{"/v/a%2Fb", "/v/{id} a/b"},
		{"/v%2Fa", ""},
		{"/v/%61/x%2Fy/%20+z", "/v/a/{rest...} x/y/ +z"},
		{"/v/%61/", "/v/a/{rest...} "},
		{"/v/a/%zz", ""},
		{"/v/a/%2", ""},
		{"/v/%", ""},
		{"/v/%2f", "/v/{id} /"},
		{"/v/%00", "/v/{id} \x00"},
		{"/v/%2525", "/v/{id} %25"},
		{"/%41%42/%63", "/AB/c"},
		{"/%41%42/%63/d", ""},
		{"/%41%42/%63/d/e/f/g/h", ""},
		{"%2Fcafé", ""},
	}},
}

type matchRow struct{ path, want string }

func TestMatchEscaped(t *testing.T) {
	for _, block := range matches {
		tree := treeOf(t, block.patterns)
		for _, row := range block.rows {
			t.Run(row.path, func(t *testing.T) {
				assert.Equal(t, row.want, matchOf(tree, row.path, true))
			})
		}
	}
}

func TestMatchPlain(t *testing.T) {
	for _, block := range matches {
		tree := treeOf(t, block.patterns)
		for _, row := range block.rows {
			if strings.Contains(row.path, "%") {
				continue
			}
			t.Run(row.path, func(t *testing.T) {
				assert.Equal(t, row.want, matchOf(tree, row.path, false))
			})
		}
	}
}

func TestMatchPlainLeavesPercentSignsAlone(t *testing.T) {
	tree := treeOf(t, []string{"/100%", "/v/{id}", "/%zz"})
	for path, want := range map[string]string{
		"/100%":   "/100%",
		"/100%25": "",
		"/%zz":    "/%zz",
		"/v/%2F":  "/v/{id} %2F",
		"/v/%":    "/v/{id} %",
	} {
		assert.Equal(t, want, matchOf(tree, path, false), path)
	}
}

func TestMatchAppends(t *testing.T) {
	tree := treeOf(t, []string{"/{a}/{b}/x", "/{a}/{rest...}"})
	given := append(make([]string, 0, 8), "kept")

	_, captured, ok := tree.Match("/1/2/y", false, given)
	require.True(t, ok)
	assert.Equal(t, []string{"kept", "1", "2/y"}, captured)

	_, captured, ok = tree.Match("/", false, given)
	require.False(t, ok)
	assert.Equal(t, []string{"kept"}, captured)
}

func TestMatchFuncGoesOnToTheNextBest(t *testing.T) {
	tree := treeOf(t, []string{"/{rest...}", "/users/{rest...}", "/{any}/me", "/users/{id}", "/users/me", "/users"})
	var seen []string
	_, captured, ok := tree.MatchFunc("/users/me", false, nil, func(pattern string) bool {
		seen = append(seen, pattern)
		return false
	})
	assert.False(t, ok)
	assert.Empty(t, captured)
	assert.Equal(t, []string{"/users/me", "/users/{id}", "/users/{rest...}", "/{any}/me", "/{rest...}"}, seen)

	v, captured, ok := tree.MatchFunc("/users/me", false, nil, func(pattern string) bool {
		return strings.HasPrefix(pattern, "/{")
	})
	require.True(t, ok)
	assert.Equal(t, "/{any}/me", v)
	assert.Equal(t, []string{"users"}, captured)
}

// All combinations of "a" and a wildcard in 12 segments overlap for the path of twelve times "a": a search may visit
// each pattern once.
func TestMatchIsBoundedByThePatterns(t *testing.T) {
	const depth = 12
	var patterns []string
	for mask := range 1 << depth {
		var pattern strings.Builder
		for i := range depth {
			if mask&(1<<i) == 0 {
				pattern.WriteString("/a")
			} else {
				pattern.WriteString("/{w" + string(rune('a'+i)) + "}")
			}
		}
		patterns = append(patterns, pattern.String())
	}
	tree := treeOf(t, patterns)
	calls := make(map[string]int)
	_, _, ok := tree.MatchFunc(strings.Repeat("/a", depth), false, nil, func(pattern string) bool {
		calls[pattern]++
		return false
	})
	assert.False(t, ok)
	assert.Len(t, calls, 1<<depth)
	for pattern, n := range calls {
		assert.Equal(t, 1, n, pattern)
	}
}

// There are two branches at each of 60 depths: a search that visits nodes again would not end.
func TestMatchEndsOnHostilePaths(t *testing.T) {
	const depth = 60
	tree := treeOf(t, hostilePatterns(depth))
	for _, tail := range []string{"/y", "", "/", "/x/x", strings.Repeat("/a", 100_000)} {
		for _, path := range []string{strings.Repeat("/a", depth) + tail, strings.Repeat("/%61", depth) + tail} {
			assert.Empty(t, matchOf(tree, path, true), tail)
		}
	}
	assert.NotEmpty(t, matchOf(tree, strings.Repeat("/%61", depth)+"/x", true))
}

// hostilePatterns share a path of literals "a", and each continues with wildcards from another depth; all end in /x.
func hostilePatterns(depth int) []string {
	var patterns []string
	for literals := range depth + 1 {
		pattern := strings.Repeat("/a", literals)
		for i := range depth - literals {
			pattern += "/{w" + strings.Repeat("w", i) + "}"
		}
		patterns = append(patterns, pattern+"/x")
	}
	return patterns
}

func TestMatchDoesNotAllocate(t *testing.T) {
	tree := githubTree(t)
	allocs := testing.AllocsPerRun(100, func() {
		var room [8]string
		_, captured, ok := tree.Match("/repos/candor-go/candor/issues/7/labels/bug", true, room[:0])
		if !ok || len(captured) != 4 {
			panic("no match")
		}
		if _, _, ok = tree.Match("/repos/candor-go/candor/issues/7/labels/bug/x", false, room[:0]); ok {
			panic("a match")
		}
	})
	assert.Zero(t, allocs)
}

func TestMatchFuncDoesNotAllocate(t *testing.T) {
	tree := githubTree(t)
	count := 0
	allocs := testing.AllocsPerRun(100, func() {
		var room [8]string
		unwanted := "/repos/{owner}/{repo}/releases/latest"
		v, _, _ := tree.MatchFunc("/repos/o/r/releases/latest", false, room[:0], func(v string) bool { return v != unwanted })
		count += len(v)
	})
	assert.Zero(t, allocs)
	assert.NotZero(t, count)
}

// naiveMatches tries every pattern separately and sorts by the documented precedence.
func naiveMatches(patterns []string, path string, escaped bool) []string {
	matching := slices.DeleteFunc(slices.Clone(patterns), func(pattern string) bool {
		_, ok := naiveValues(pattern, path, escaped)
		return !ok
	})
	slices.SortFunc(matching, func(a, b string) int {
		return slices.CompareFunc(strings.Split(a, "/"), strings.Split(b, "/"), func(a, b string) int {
			return cmp.Compare(rank(a), rank(b))
		})
	})
	return matching
}

func rank(segment string) int {
	switch {
	case strings.HasSuffix(segment, "...}"):
		return 2
	case strings.HasPrefix(segment, "{"):
		return 1
	}
	return 0
}

func naiveValues(pattern, path string, escaped bool) (values []string, ok bool) {
	if !strings.HasPrefix(path, "/") {
		return nil, false
	}
	left := strings.Split(path, "/")
	for segment := range strings.SplitSeq(pattern, "/") {
		if len(left) == 0 {
			return nil, false
		}
		text := left[0]
		if rank(segment) == 2 {
			text, left = strings.Join(left, "/"), nil
		} else {
			left = left[1:]
		}
		if escaped {
			plain, err := url.PathUnescape(text)
			if err != nil {
				return nil, false
			}
			text = plain
		}
		if rank(segment) == 0 && segment != text || rank(segment) == 1 && text == "" {
			return nil, false
		}
		if rank(segment) > 0 {
			values = append(values, text)
		}
	}
	return values, len(left) == 0
}

func FuzzMatch(f *testing.F) {
	for _, block := range matches {
		for _, row := range block.rows {
			f.Add(strings.Join(block.patterns, "\n"), row.path, true)
			f.Add(strings.Join(block.patterns, "\n"), row.path, false)
		}
	}
	f.Add(strings.Join(hostilePatterns(4), "\n"), "/a/a/%61/a/x", true)
	f.Fuzz(func(t *testing.T, lines, path string, escaped bool) {
		var tree pathtree.Tree[string]
		var patterns []string
		for line := range strings.SplitSeq(lines, "\n") {
			p, err := pathtree.Parse(line)
			if err != nil {
				continue
			}
			if _, ok := tree.Add(p, line); ok {
				patterns = append(patterns, line)
			}
		}
		want := naiveMatches(patterns, path, escaped)
		var got []string
		tree.MatchFunc(path, escaped, nil, func(v string) bool {
			got = append(got, v)
			return false
		})
		require.Len(t, got, len(want), "%q %q", want, got)
		for i := range want {
			require.Equal(t, want[i], got[i])
			wantValues, _ := naiveValues(want[i], path, escaped)
			_, captured, ok := tree.MatchFunc(path, escaped, nil, func(v string) bool { return v == want[i] })
			require.True(t, ok)
			require.Len(t, captured, len(wantValues))
			require.Equal(t, append([]string{}, wantValues...), append([]string{}, captured...))
		}
		v, captured, ok := tree.Match(path, escaped, nil)
		require.Equal(t, len(want) > 0, ok)
		if ok {
			wantValues, _ := naiveValues(want[0], path, escaped)
			require.Equal(t, want[0], v)
			require.Equal(t, append([]string{}, wantValues...), append([]string{}, captured...))
		}
	})
}

func treeOf(t testing.TB, patterns []string) *pathtree.Tree[string] {
	t.Helper()
	tree := new(pathtree.Tree[string])
	for _, s := range patterns {
		_, ok := tree.Add(mustParse(t, s), s)
		require.True(t, ok, s)
	}
	return tree
}

func matchOf(tree *pathtree.Tree[string], path string, escaped bool) string {
	v, captured, _ := tree.Match(path, escaped, nil)
	return strings.Join(append([]string{v}, captured...), " ")
}

func githubPatterns(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/github.txt")
	require.NoError(t, err)
	return strings.Fields(string(data))
}

func githubTree(t testing.TB) *pathtree.Tree[string] {
	t.Helper()
	return treeOf(t, githubPatterns(t))
}

// githubPaths has one path per pattern.
func githubPaths(t testing.TB) []string {
	t.Helper()
	var paths []string
	for _, s := range githubPatterns(t) {
		p := mustParse(t, s)
		path, err := p.Build(p.Names()...)
		require.NoError(t, err)
		paths = append(paths, path)
	}
	return paths
}

func TestMatchGithub(t *testing.T) {
	tree, paths := githubTree(t), githubPaths(t)
	for i, s := range githubPatterns(t) {
		v, captured, ok := tree.Match(paths[i], false, nil)
		require.True(t, ok, s)
		assert.Equal(t, s, v)
		assert.ElementsMatch(t, mustParse(t, s).Names(), captured)
	}
}

// BenchmarkMatch matches all paths once per operation.
func BenchmarkMatch(b *testing.B) {
	tree, paths := githubTree(b), githubPaths(b)
	room := make([]string, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		for _, path := range paths {
			if _, _, ok := tree.Match(path, false, room); !ok {
				b.Fatal(path)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(paths)), "ns/match")
}

func BenchmarkMatchHostile(b *testing.B) {
	tree := treeOf(b, hostilePatterns(60))
	path := strings.Repeat("/a", 60) + "/y"
	room := make([]string, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := tree.Match(path, false, room); ok {
			b.Fatal(path)
		}
	}
}
