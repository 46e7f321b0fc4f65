package formdata_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/formdata"
)

const media = "multipart/form-data; boundary=b"

func TestParts(t *testing.T) {
	for _, row := range []struct {
		name, disposition string
		want              string // "name|filename|file" of the part, or the error
	}{
		{"a text", `form-data; name="title"`, "title||false"},
		{"a name without quotes", `form-data; name=title`, "title||false"},
		{"a file", `form-data; name="f"; filename="a.txt"`, "f|a.txt|true"},
		{"an empty filename makes a file, too", `form-data; name="f"; filename=""`, "f||true"},
		{"directories of any system go", `form-data; name="f"; filename="C:\dir\a.txt"`, "f|a.txt|true"},
		{"a quotation mark in a name", `form-data; name="a\"b"`, `a"b||false`},
		{"another kind", `attachment; name="title"`, "Content-Disposition"},
		{"no name", `form-data`, "without a name"},
		{"a name twice", `form-data; name="a"; name="b"`, "malformed Content-Disposition"},
		{"an open quote", `form-data; name="a`, "malformed Content-Disposition"},
	} {
		t.Run(row.name, func(t *testing.T) {
			body := "--b\r\nContent-Disposition: " + row.disposition + "\r\n\r\nx\r\n--b--\r\n"
			parts, err := formdata.New(media, strings.NewReader(body))
			require.NoError(t, err)
			part, err := parts.Next()
			if err != nil {
				assert.ErrorAs(t, err, new(formdata.Malformed))
				assert.ErrorContains(t, err, row.want)
				return
			}
			got := part.Name + "|" + part.Filename + "|" + map[bool]string{true: "true", false: "false"}[part.IsFile]
			assert.Equal(t, row.want, got)
		})
	}
}

func TestErrorsOfParts(t *testing.T) {
	_, err := formdata.New("multipart/form-data", strings.NewReader(""))
	require.ErrorContains(t, err, "needs a boundary")

	parts, err := formdata.New(media, strings.NewReader(""))
	require.NoError(t, err)
	_, err = parts.Next()
	assert.Equal(t, io.EOF, err, "a body without a byte is a form without parts")

	tooSlow := errors.New("too slow")
	parts, err = formdata.New(media, io.MultiReader(strings.NewReader("--b\r\nContent-"), failing{tooSlow}))
	require.NoError(t, err)
	_, err = parts.Next()
	assert.Equal(t, tooSlow, err, "the error of the body, not of the parser")

	long := "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nX: " + strings.Repeat("x", 9<<10) + "\r\n\r\n"
	parts, err = formdata.New(media, strings.NewReader(long))
	require.NoError(t, err)
	_, err = parts.Next()
	assert.ErrorContains(t, err, "16 headers or 8 KiB")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
