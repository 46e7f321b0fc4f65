package programs

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// firstScreen is how many lines of a page are visible without scrolling.
const firstScreen = 45

// withoutProgram lists pages that need no program, and why.
var withoutProgram = map[string]string{
	"docs/README.md":               "index",
	"docs/tutorial/README.md":      "index",
	"docs/options.md":              "reference",
	"docs/design.md":               "maintainers",
	"docs/fastapi-features.md":     "maintainers",
	"docs/validation-ajv.md":       "maintainers",
	"docs/benchmarks.md":           "measurements",
	"docs/streaming-benchmarks.md": "measurements",
}

// A page starts with a whole program, the command that calls it, and the
// output, which TestPrograms compares.
func TestPagesBeginWithAProgram(t *testing.T) {
	files := sourcesOf(t, ".")
	exempt := maps.Clone(withoutProgram)
	for _, page := range pages(t) {
		name := strings.TrimPrefix(strings.Replace(page, "../", "docs/", 1), "docs/../")
		begins := slices.ContainsFunc(sessionsOf(t, page, files), func(s session) bool {
			return s.line <= firstScreen && slices.ContainsFunc(s.commands, func(c command) bool { return len(c.output) > 0 })
		})
		if exempt[name] != "" {
			assert.False(t, begins, "%s has a program: take it out of the list", name)
			delete(exempt, name)
			continue
		}
		assert.True(t, begins, "%s does not show a whole program that prints something in its first %d lines", name, firstScreen)
	}
	assert.Empty(t, exempt, "no such pages")
}
