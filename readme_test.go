package candor_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The program in the README is one that compiles.
func TestReadmeShowsTheProgram(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("docs/programs/readme/main.go")
	require.NoError(t, err)
	_, shown, found := strings.Cut(string(program), "\npackage main")
	require.True(t, found)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "```go\npackage main"+shown+"```\n")
}
