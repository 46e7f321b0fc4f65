package safefile_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/safefile"
)

func TestOpen(t *testing.T) {
	outside := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600))
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("a"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	require.NoError(t, os.Symlink("../a", filepath.Join(dir, "sub", "inside")))
	require.NoError(t, os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "outside")))
	require.NoError(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = root.Close() })

	for _, files := range []fs.FS{os.DirFS(dir), root.FS()} {
		for name, found := range map[string]bool{"a": true, "sub/inside": true, "outside": false, "loop": false, "sub": false, "none": false, "a/b": false} {
			file, err := safefile.Open(files, name)
			if !found {
				assert.ErrorIs(t, err, safefile.ErrNone, "%T %s", files, name)
				continue
			}
			if assert.NoError(t, err, "%T %s", files, name) {
				text, err := io.ReadAll(file)
				assert.NoError(t, err)
				assert.Equal(t, "a", string(text))
				_ = file.Close()
			}
		}
	}
}

func TestStat(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o600))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "link")))
	rooted, err := safefile.Rooted(os.DirFS(dir))
	require.NoError(t, err)
	_, err = safefile.Stat(rooted, "link")
	require.NoError(t, err, "a root follows links")
	_, err = safefile.Stat(os.DirFS(dir), "link")
	require.ErrorIs(t, err, safefile.ErrNone, "what may lead out is not followed")
	_, err = safefile.Rooted(os.DirFS(filepath.Join(dir, "none")))
	require.Error(t, err)
}

func TestIsHidden(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a/b.c": false, ".env": true, "a/.git/config": true, ".well-known/x": false, "a/.well-known/x": true, ".well-known/.x": true,
	} {
		assert.Equal(t, want, safefile.IsHidden(name), name)
	}
}
