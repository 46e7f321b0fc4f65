package filetype_test

import (
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/filetype"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const png = "\x89PNG\r\n\x1a\n"
	for _, row := range []struct{ list, content, wrong string }{
		{"image/png", png, ""},
		{"image/*", png, ""},
		{"image/png, image/jpeg", "plain", "the file must be image/png or image/jpeg, but its content is text/plain"},
		{"text/plain", `{"a":1}`, ""}, // JSON is also plain text
		{"application/json", "plain", "the file must be application/json, but its content is text/plain"},
		{"application/octet-stream", png, "the file must be application/octet-stream, but its content is image/png"},
		{"application/octet-stream", "\x00\x01\x02", ""},
	} {
		types, err := filetype.Parse(row.list)
		require.NoError(t, err)
		wrong, err := types.Check(strings.NewReader(row.content))
		require.NoError(t, err)
		assert.Equal(t, row.wrong, wrong, row)
	}
	_, err := filetype.Types{"text/plain"}.Check(iotest.ErrReader(assert.AnError))
	require.ErrorIs(t, err, assert.AnError)
}

func TestParse(t *testing.T) {
	t.Parallel()
	types, err := filetype.Parse("")
	require.NoError(t, err)
	assert.Nil(t, types)
	_, err = filetype.Parse("image/png, text/nothing")
	require.EqualError(t, err, `media:"text/nothing", which the content of a file does not show`)
}
