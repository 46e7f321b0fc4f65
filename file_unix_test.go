//go:build unix

package candor_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// A FIFO is not a regular file: it is not sent, and opening it does not block.
func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	require.NoError(t, os.Symlink("fifo", filepath.Join(dir, "link")))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	part, err := fs.Sub(os.DirFS(filepath.Dir(dir)), filepath.Base(dir))
	require.NoError(t, err)
	for name, files := range map[string]fs.FS{"os.Root": root.FS(), "os.DirFS": os.DirFS(dir), "part of an os.DirFS": part} {
		static := candor.New(candor.Config{})
		static.Mount("", candor.Static(files))
		for _, path := range []string{"/fifo", "/link"} {
			assert.Equal(t, notFound, apptest.Wire(filesOfFS(files), "GET "+path), "%s of %s", path, name)
			assert.Equal(t, notFound, apptest.Wire(static, "GET "+path), "%s of %s", path, name)
		}
	}
	assert.Equal(t, notFound, apptest.Wire(filesOfFS(os.DirFS("/dev")), "GET /null"))
}
