package response_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/response"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		out    response.Outcome
		lines  []response.Line
		before http.Header
		want   http.Header
		body   string
	}{
		"the user's bytes come before the buffer": {
			out: response.Outcome{Status: 200, ContentType: "text/plain", Borrowed: []byte("theirs")}, body: "theirs",
			want: http.Header{"Content-Type": {"text/plain"}, "Content-Length": {"6"}},
		},
		"without a media type there is no body": {
			out: response.Outcome{Status: 201}, before: http.Header{"Content-Type": {"text/html"}},
			want: http.Header{"Content-Length": {"0"}},
		},
		"a status without a body": {
			out: response.Outcome{Status: 304, ContentType: "text/plain"}, before: http.Header{"Content-Type": {"text/html"}}, want: http.Header{},
		},
		"a line replaces the one of an earlier layer": {
			out: response.Outcome{Status: 200}, before: http.Header{"X-One": {"a"}}, lines: []response.Line{{Name: "X-One", Value: "b"}, {Name: "X-One", Value: "c"}},
			want: http.Header{"X-One": {"b", "c"}, "Content-Length": {"0"}},
		},
		"cookies and Vary add to it": {
			out: response.Outcome{Status: 200}, before: http.Header{"Vary": {"Origin"}, "Set-Cookie": {"a=1"}},
			lines: []response.Line{{Name: "Set-Cookie", Value: "b=2"}, {Name: "Vary", Value: "Accept"}},
			want:  http.Header{"Vary": {"Origin", "Accept"}, "Set-Cookie": {"a=1", "b=2"}, "Content-Length": {"0"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			for name, lines := range row.before {
				w.Header()[name] = lines
			}
			a := response.Response{Outcome: row.out, Header: row.lines, Body: []byte("kept")}
			a.Write(w, false)
			assert.Equal(t, row.out.Status, w.Code)
			assert.Equal(t, row.want, w.Header())
			assert.Equal(t, row.body, w.Body.String())
		})
	}
}

func TestReleaseKeepsBuffersThatAreNotLarge(t *testing.T) {
	t.Parallel()
	a := response.Response{Body: make([]byte, 10, response.MaxKept), Outcome: response.Outcome{Status: 200, Accepted: "a/b"}}
	a.Add("X-One", "a")
	a.Restart()
	assert.Equal(t, response.Outcome{Accepted: "a/b"}, a.Outcome, "the client's choice holds for every attempt")
	a.Release()
	assert.Zero(t, a.Outcome)
	assert.Empty(t, a.Header)
	assert.Equal(t, response.MaxKept, cap(a.Body))
	a.Body = make([]byte, response.MaxKept+1)
	a.Release()
	assert.Nil(t, a.Body)
}

func TestBroken(t *testing.T) {
	t.Parallel()
	var a response.Response
	require.NoError(t, a.Broken())
	a.Faults.Add(fault.With(fault.ValueError, "error", "is wrong"))
	broken := a.Broken()
	a.Faults.Reset()
	assert.ErrorContains(t, broken, "is wrong", "it outlives the response")
}

func TestAddCookie(t *testing.T) {
	t.Parallel()
	var a response.Response
	require.NoError(t, a.AddCookie("a", http.Cookie{Value: "1"}))
	assert.Equal(t, []response.Line{{Name: "Set-Cookie", Value: "a=1"}}, a.Header)
	err := a.AddCookie("b", http.Cookie{Value: "secret;"})
	require.ErrorContains(t, err, "the cookie b cannot be written")
	assert.NotContains(t, err.Error(), "secret")
}

func TestSendReader(t *testing.T) {
	t.Parallel()
	broken := errors.New("a broken disk")
	for name, row := range map[string]struct {
		reader  io.Reader
		method  string
		status  int
		want    string
		length  string
		flushed bool
		err     error
	}{
		"a known length":          {reader: strings.NewReader("abc"), want: "abc", length: "3"},
		"an unknown length":       {reader: iotest.OneByteReader(strings.NewReader("abc")), want: "abc", flushed: true},
		"data with the end":       {reader: iotest.DataErrReader(strings.NewReader("abc")), want: "abc", flushed: false},
		"HEAD is not read":        {reader: iotest.ErrReader(broken), method: http.MethodHead},
		"nor a 304":               {reader: iotest.ErrReader(broken), status: 304},
		"an error before data":    {reader: iotest.ErrReader(broken), err: broken},
		"an error after data":     {reader: io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken)), want: "a", flushed: true, err: broken},
		"a reader without an end": {reader: nothing{}, err: io.ErrNoProgress},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := response.Response{Outcome: response.Outcome{Status: max(row.status, 200), ContentType: "text/plain"}}
			w, r := httptest.NewRecorder(), httptest.NewRequest(row.method, "/", nil)
			require.ErrorIs(t, a.SendReader(w, r, row.reader), row.err)
			assert.Equal(t, row.want, w.Body.String())
			assert.Equal(t, row.length, w.Header().Get("Content-Length"))
			assert.Equal(t, row.flushed, w.Flushed)
		})
	}
}

// nothing returns neither data nor an error.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

// client is the client of a pipe, to which another goroutine writes.
type client struct {
	mutex sync.Mutex
	*httptest.ResponseRecorder
}

// Write implements http.ResponseWriter.
func (c *client) Write(p []byte) (int, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.ResponseRecorder.Write(p)
}

// Flush implements http.Flusher.
func (c *client) Flush() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.ResponseRecorder.Flush()
}

// has checks what the client has received: nothing, or a header and a text.
func (c *client) has(t *testing.T, begun bool, text, why string) {
	t.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	assert.Equal(t, begun, c.Flushed, why)
	assert.Equal(t, text, c.Body.String(), why)
}

// begin opens a pipe for a request, and returns its client.
func begin(ping string) (*response.Pipe, *client, *bool) {
	cancelled := new(bool)
	a := &response.Response{Outcome: response.Outcome{
		Status: 200, ContentType: "text/plain",
		Streaming: &response.Streaming{Cancel: func() { *cancelled = true }, Heartbeat: time.Minute, WriteLimit: time.Second},
	}}
	w := &client{ResponseRecorder: httptest.NewRecorder()}
	return response.OpenPipe(a, w, httptest.NewRequest(http.MethodGet, "/", nil), []byte(ping)), w, cancelled
}

func add(text string) func([]byte) ([]byte, error) {
	return func(dst []byte) ([]byte, error) { return append(dst, text...), nil }
}

func TestPipe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, w, cancelled := begin("")
		require.NoError(t, p.Append(add("a")))
		synctest.Wait()
		w.has(t, true, "a", "an item is not kept back")
		assert.True(t, p.Alive())
		require.NoError(t, p.Append(add("b")))
		require.NoError(t, p.Close(nil))
		w.has(t, true, "ab", "everything at the end")
		assert.True(t, p.Headed())
		assert.False(t, *cancelled)
	})
}

func TestPipeWithoutItems(t *testing.T) {
	t.Parallel()
	failure := errors.New("no rows")
	synctest.Test(t, func(t *testing.T) {
		p, w, _ := begin("")
		require.ErrorIs(t, p.Close(failure), failure)
		assert.False(t, p.Headed(), "the caller responds with the error")
		w.has(t, false, "", "nothing was sent")

		p, w, _ = begin("")
		require.NoError(t, p.Close(nil))
		w.has(t, true, "", "the header of no items")
	})
}

func TestPipeBreaksSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, w, _ := begin(":\n")
		time.Sleep(time.Second)
		synctest.Wait()
		w.has(t, true, "", "the header comes soon")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		w.has(t, true, ":\n:\n", "a ping a minute")
		require.NoError(t, p.Close(nil))
	})
}
