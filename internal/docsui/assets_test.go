package docsui_test

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/swaggest/swgui/v5/static"
)

// If this fails after an upgrade of the module, copy the new files from its directory v5/static.
func TestFilesOfSwaggerUI(t *testing.T) {
	ours, err := filepath.Glob("assets/swagger-ui/*.*")
	require.NoError(t, err)
	assert.Len(t, ours, 4)
	for _, file := range ours {
		have, err := os.ReadFile(file)
		require.NoError(t, err)
		want, err := fs.ReadFile(static.FS, path.Base(filepath.ToSlash(file)))
		require.NoError(t, err)
		// Checksums, because a failure would print the files.
		assert.Equal(t, sha256.Sum256(want), sha256.Sum256(have), "%s is another one than the module's", file)
	}
}
