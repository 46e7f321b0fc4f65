package formdata_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/formdata"
)

var errCut = errors.New("cut")

// partsIn reads all parts, and returns their contents with the error at the end.
func partsIn(parts *multipart.Reader) (contents []string, err error) {
	for {
		part, err := parts.NextPart()
		if err != nil {
			return contents, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return contents, err
		}
		contents = append(contents, string(data))
	}
}

func TestBodiesEndWithTheirLastDelimiter(t *testing.T) {
	const part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nX: y\r\n\r\ntext\r\n"
	for _, preamble := range []string{"", "preamble --b--\r\n"} {
		whole := preamble + part + part + "--b--"
		for n := 1; n < len(whole); n++ {
			_, err := partsIn(formdata.NewParts(strings.NewReader(whole[:n]), "b", errCut))
			require.Error(t, err)
			require.NotErrorIs(t, err, io.EOF, whole[:n])
		}
		for _, end := range []string{"", "\r\n", " \t\r\n", "\r\nepilogue", "\r\n--b\r\nX", "\r\n--b--x"} {
			contents, err := partsIn(formdata.NewParts(strings.NewReader(whole+end), "b", errCut))
			assert.Equal(t, io.EOF, err, end)
			assert.Equal(t, []string{"text", "text"}, contents)
		}
	}
	_, err := partsIn(formdata.NewParts(strings.NewReader(""), "b", errCut))
	require.ErrorIs(t, err, io.EOF, "a body without a byte is a form without parts")
	tooSlow := errors.New("too slow")
	_, err = partsIn(formdata.NewParts(io.MultiReader(strings.NewReader(part), failing{tooSlow}), "b", errCut))
	require.ErrorIs(t, err, tooSlow)
}

func FuzzParts(f *testing.F) {
	for _, seed := range []string{"", "--b--", "--b\r\n\r\nx\r\n--b--\r\n", "--b\nA: b\n\nx\n--b-- \t\nmore", "--b\r\nA", "x\n--b--x\n--b\r\n", "\r\n--b--\r", "--b\r\n\r\n--b--"} {
		f.Add([]byte(seed))
	}
	lastDelimiter := regexp.MustCompile(`(^|\n)--b--[ \t\r]*(\n|$)`)
	f.Fuzz(func(t *testing.T, body []byte) {
		contents, err := partsIn(formdata.NewParts(bytes.NewReader(body), "b", errCut))
		slowly, slowErr := partsIn(formdata.NewParts(iotest.OneByteReader(bytes.NewReader(body)), "b", errCut))
		assert.Equal(t, contents, slowly)
		assert.Equal(t, fmt.Sprint(err), fmt.Sprint(slowErr))
		if len(body) > 0 && !lastDelimiter.Match(body) {
			assert.NotErrorIs(t, err, io.EOF)
			return
		}
		// Otherwise the body is as package multipart reads it.
		plain, plainErr := partsIn(multipart.NewReader(bytes.NewReader(body), "b"))
		assert.Equal(t, plain, contents)
		assert.Equal(t, fmt.Sprint(plainErr), fmt.Sprint(err))
	})
}
