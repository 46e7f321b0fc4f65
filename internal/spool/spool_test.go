package spool_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/spool"
)

func read(t *testing.T, c spool.Content) string {
	t.Helper()
	r, err := c.Open()
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(data)
}

// TestStore keeps contents in memory and in the file until the store is closed.
func TestStore(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var store spool.Store
	store.Begin(-1, 10)
	large := strings.Repeat("0123456789abcdef", 20<<10)
	var kept []spool.Content
	for _, content := range []string{"small", large, "", large + "!"} {
		c, err := store.Take(strings.NewReader(content))
		require.NoError(t, err)
		assert.EqualValues(t, len(content), c.Size())
		kept = append(kept, c)
	}
	for i, content := range []string{"small", large, "", large + "!"} {
		assert.Equal(t, content, read(t, kept[i]))
	}
	held, err := store.Hold(strings.NewReader("12345678"))
	require.NoError(t, err)
	assert.Equal(t, "12345678", string(held.Held()))
	_, err = store.Hold(strings.NewReader("123"))
	require.ErrorIs(t, err, spool.TooMuchError(10))

	store.Close()
	for _, c := range kept {
		_, err := c.Open()
		require.ErrorIs(t, err, spool.ErrGone)
	}
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestSave(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, spool.Of([]byte("content")).Save(path))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "content", string(data))
	require.ErrorIs(t, spool.Of(nil).Save(path), os.ErrExist)
}
