package formdata_test

import (
	"io"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/formdata"
)

// TestWriter reads the written form twice, as for a redirect.
func TestWriter(t *testing.T) {
	t.Parallel()
	w := formdata.NewWriter()
	w.Text(`a "name"`, "a text")
	w.File(formdata.SentFile{
		Field: "file", Name: `b\c`, Header: textproto.MIMEHeader{"Content-Type": {"text/csv"}}, Size: 3,
		Open: func() (io.Reader, error) { return strings.NewReader("1,2"), nil },
	})
	w.File(formdata.SentFile{
		Field: "unnamed", Header: textproto.MIMEHeader{}, Size: 1,
		Open: func() (io.Reader, error) { return strings.NewReader("x"), nil },
	})
	body, ok := w.End()
	require.True(t, ok)
	for range 2 {
		r, err := body.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Len(t, data, int(body.Length))
		parts, err := formdata.New(body.MediaType, strings.NewReader(string(data)))
		require.NoError(t, err)
		for _, want := range []struct {
			name, content string
			isFile        bool
		}{{`a "name"`, "a text", false}, {"file", "1,2", true}, {"unnamed", "x", true}} {
			part, err := parts.Next()
			require.NoError(t, err)
			content, err := io.ReadAll(part)
			require.NoError(t, err)
			assert.Equal(t, want.name, part.Name)
			assert.Equal(t, want.content, string(content))
			assert.Equal(t, want.isFile, part.IsFile)
		}
		_, err = parts.Next()
		require.ErrorIs(t, err, io.EOF)
	}
	_, ok = formdata.NewWriter().End()
	assert.False(t, ok, "a form without parts")
}
