package sendfile_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/sendfile"
)

func TestServe(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		sent string // the Range header
		want int
		body string
	}{
		"all of it":                       {"", 200, "0123456789"},
		"a range":                         {"bytes=2-4", 206, "234"},
		"another unit":                    {"lines=1-2", 200, "0123456789"},
		"too many ranges":                 {"bytes=" + strings.Repeat("0-0,", 16) + "1-1", 200, "0123456789"},
		"a range of no use":               {"bytes=20-", 416, ""},
		"a unit in capitals":              {"Bytes=2-4", 206, "234"},
		"the last byte":                   {"bytes=-1", 206, "9"},
		"the last 0 bytes":                {"bytes=-0", 416, ""},
		"the last 00 bytes, or the first": {"bytes=-00, 0-0", 206, "0"},
		"more than there are":             {"bytes=-99999999999999999999", 206, "0123456789"},
		"an end far away":                 {"bytes=8-99999999999999999999", 206, "89"},
		"a beginning far away":            {"bytes=99999999999999999999-", 416, ""},
		"zeros before a number":           {"bytes=00000000000000000000000002-4", 206, "234"},
		"a sign":                          {"bytes=+2-4", 416, ""},
		"spaces":                          {"bytes= 2 -\t4 ", 206, "234"},
		"no numbers":                      {"bytes=-", 416, ""},
		"no dash":                         {"bytes=2", 416, ""},
		"an empty element":                {"bytes=,2-4", 206, "234"},
		"no list":                         {"bytes", 200, "0123456789"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Range", row.sent)
			got := sendfile.Serve(w, r, http.Header{"Content-Type": {"text/plain"}}, time.Time{}, strings.NewReader("0123456789"))
			assert.Equal(t, sendfile.Result{Status: row.want}, got)
			assert.Equal(t, row.body, w.Body.String())
			assert.Equal(t, row.want < 400, w.Header().Get("Content-Type") != "", "an error leaves nothing behind")
		})
	}
}

// Several lines of a header are one list, but no range.
func TestServeSeveralLines(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		lines []string
		want  int
	}{
		{"If-None-Match", []string{`"a"`, `"v1"`}, 304},
		{"If-None-Match", []string{`"a"`, `"b"`}, 200},
		{"If-Match", []string{`"a"`, `"v1"`}, 200},
		{"If-Match", []string{`"a"`, `"b"`}, 412},
		{"Range", []string{"bytes=0-0", "bytes=1-1"}, 200},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header[row.name] = row.lines
		got := sendfile.Serve(httptest.NewRecorder(), r, http.Header{"Etag": {`"v1"`}}, time.Time{}, strings.NewReader("0123456789"))
		assert.Equal(t, row.want, got.Status, row)
		assert.Equal(t, row.lines, r.Header.Values(row.name), "the request stays as it is")
	}
}

// No range of an empty content can be named in a Content-Range.
func TestServeNothing(t *testing.T) {
	t.Parallel()
	for _, asked := range []string{"bytes=-5", "bytes=0-", "bytes=-0"} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Range", asked)
		assert.Equal(t, 200, sendfile.Serve(w, r, http.Header{"Content-Type": {"text/plain"}}, time.Time{}, strings.NewReader("")).Status)
		assert.Empty(t, w.Header().Get("Content-Range"))
	}
}

// broken can be measured but not read.
type broken struct{ io.ReadSeeker }

func (broken) Read([]byte) (int, error) { panic(errors.New("a broken disk")) }

func TestServeUnreadableContent(t *testing.T) {
	t.Parallel()
	got := sendfile.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), http.Header{"Content-Type": {"text/plain"}}, time.Time{}, broken{bytes.NewReader([]byte("x"))})
	require.ErrorContains(t, got.ReadErr, "a broken disk")
}

func TestSize(t *testing.T) {
	t.Parallel()
	content := strings.NewReader("0123")
	size, err := sendfile.Size(content)
	require.NoError(t, err)
	assert.EqualValues(t, 4, size)
	assert.Equal(t, 4, content.Len(), "it is at its beginning")
}
