package programs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The README shows how to run each example: from the root, or in its own
// module.
func TestReadmeNamesTheExamples(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, list, found := strings.Cut(string(readme), "- [Examples](examples):")
	require.True(t, found)
	list, _, _ = strings.Cut(list, "\n- ")
	ofTheRoot, ofTheirOwn, found := strings.Cut(list, ";")
	require.True(t, found)
	mains, err := filepath.Glob("../../examples/*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, mains)
	for _, path := range mains {
		dir := filepath.Dir(path)
		name := "`" + filepath.Base(dir) + "`"
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		assert.Equal(t, err != nil, strings.Contains(ofTheRoot, name), "%s is run from the root", name)
		assert.Equal(t, err == nil, strings.Contains(ofTheirOwn, name), "%s is a module of its own", name)
	}
}
