package programs

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// origin is the last line of a page with blocks that are not whole programs.
var origin = regexp.MustCompile(`\n*The shorter pieces are from [^\n]*\n$`)

// A block that is not a whole program comes from a Go file that the page names.
// CANDOR_GOLDEN=write writes the line.
func TestFragmentsNameTheirFiles(t *testing.T) {
	sources := map[string]string{}
	for path, text := range sourcesOf(t, "../..") {
		sources[path] = unindented(text)
	}
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		line := fragmentsOf(t, page, string(text), sources)
		if os.Getenv("CANDOR_GOLDEN") == "write" {
			written := strings.TrimRight(origin.ReplaceAllString(string(text), "\n"), "\n") + "\n" + line
			require.NoError(t, os.WriteFile(page, []byte(written), 0o644))
			continue
		}
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(line, -1) {
			named := strings.Contains(origin.FindString(string(text)), link[0])
			assert.True(t, named, "%s does not end with the files of its blocks: CANDOR_GOLDEN=write go test . writes%s", page, line)
		}
	}
}

// fragmentsOf returns the line that names the files of a page's fragments, ""
// if it has none.
func fragmentsOf(t *testing.T, page, text string, sources map[string]string) string {
	t.Helper()
	paths := slices.Sorted(maps.Keys(sources))
	var named []string
	for _, b := range blocksOf(text) {
		if b.language != "go" || len(b.lines) == 0 || strings.HasPrefix(b.lines[0], "package ") {
			continue
		}
		code := unindented(strings.Join(b.lines, "\n"))
		has := func(path string) bool { return strings.Contains(sources[path], code) }
		if slices.ContainsFunc(named, has) {
			continue
		}
		i := slices.IndexFunc(paths, has)
		if i < 0 {
			continue // TestSnippetsOfTheGuide reports it
		}
		named = append(named, paths[i])
	}
	if len(named) == 0 {
		return ""
	}
	links := make([]string, len(named))
	for i, path := range named {
		from, err := filepath.Abs(filepath.Dir(page))
		require.NoError(t, err)
		to, err := filepath.Abs(path)
		require.NoError(t, err)
		target, err := filepath.Rel(from, to)
		require.NoError(t, err)
		links[i] = fmt.Sprintf("[%s](%s)", filepath.ToSlash(strings.TrimPrefix(path, "../../")), filepath.ToSlash(target))
	}
	return "\nThe shorter pieces are from " + strings.Join(links, ", ") + ".\n"
}

// unindented returns a text without white space around its lines.
func unindented(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}
