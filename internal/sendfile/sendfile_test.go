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
		"all of it":         {"", 200, "0123456789"},
		"a range":           {"bytes=2-4", 206, "234"},
		"another unit":      {"lines=1-2", 200, "0123456789"},
		"too many ranges":   {"bytes=" + strings.Repeat("0-0,", 16) + "1-1", 200, "0123456789"},
		"a range of no use": {"bytes=20-", 416, ""},
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
