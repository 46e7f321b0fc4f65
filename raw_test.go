package candor_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

func TestRawResponses(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/html", apptest.Returns(candor.HTML("<b>é</b>")))
	candor.Get(app, "/text", apptest.Returns(candor.Text("a < b")), candor.Status(201))
	candor.Get(app, "/csv", apptest.Returns(candor.Text("a")), candor.Produces("text/csv"))
	candor.Get(app, "/latin", apptest.Returns(candor.Text("a")), candor.Produces("text/csv; charset=latin-1"))
	candor.Get(app, "/svg", apptest.Returns(candor.Text("<svg/>")), candor.Produces("image/svg+xml"))
	candor.Get(app, "/json", apptest.Returns(candor.Text(`{"a":1}`)), candor.Produces("application/json"))
	candor.Get(app, "/bytes", apptest.Returns([]byte{0, 1}))
	candor.Get(app, "/nothing", apptest.Returns([]byte(nil)))
	candor.Get(app, "/sized", apptest.Returns[candor.Reader](strings.NewReader("sized")))
	candor.Get(app, "/reader", apptest.Returns[candor.Reader](io.MultiReader(strings.NewReader("a"), strings.NewReader("b"))), candor.Produces("video/mp4"))
	candor.Get(app, "/nobody", apptest.Returns[candor.Reader](http.NoBody))

	tests := []struct{ path, want string }{
		{"/html", "200\nContent-Length: 9\nContent-Type: text/html; charset=utf-8\n\n<b>é</b>"},
		{"/text", "201\nContent-Length: 5\nContent-Type: text/plain; charset=utf-8\n\na < b"},
		{"/csv", "200\nContent-Length: 1\nContent-Type: text/csv; charset=utf-8\n\na"},
		{"/latin", "200\nContent-Length: 1\nContent-Type: text/csv; charset=latin-1\n\na"},
		{"/svg", "200\nContent-Length: 6\nContent-Type: image/svg+xml\n\n<svg/>"},
		{"/json", "200\nContent-Length: 7\nContent-Type: application/json\n\n{\"a\":1}"},
		{"/bytes", "200\nContent-Length: 2\nContent-Type: application/octet-stream\n\n\x00\x01"},
		{"/nothing", "200\nContent-Length: 0\nContent-Type: application/octet-stream\n\n"},
		{"/sized", "200\nContent-Length: 5\nContent-Type: application/octet-stream\n\nsized"},
		{"/reader", "200\nContent-Type: video/mp4\n\nab"},
		{"/nobody", "200\nContent-Type: application/octet-stream\n\n"},
	}
	c := candor.NewTestClient(t, app)
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) { assert.Equal(t, tt.want, answered(c.Get(tt.path))) })
	}
}

func TestRawResponsesInTheDocument(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/html", apptest.Returns(candor.HTML("")))
	candor.Get(app, "/latin", apptest.Returns(candor.Text("a")), candor.Produces("Text/CSV; charset=latin-1"))
	candor.Get(app, "/json", apptest.Returns([]byte(`{"a":1}`)), candor.Produces("application/json"))
	candor.Get(app, "/reader", apptest.Returns[candor.Reader](http.NoBody))
	tests := map[string]string{
		"/html":   `{"text/html": {"schema": {"type": "string"}}}`,
		"/latin":  `{"text/csv": {"schema": {"type": "string"}}}`,
		"/json":   `{"application/json": {"schema": {}}}`,
		"/reader": `{"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}`,
	}
	doc := documentOf(t, app)
	for path, want := range tests {
		assert.JSONEq(t, want, string(doc.at(t, "paths", path, "get", "responses", "200", "content")), path)
	}
}

// source is a reader that counts its calls.
type source struct {
	io.Reader
	reads, closes atomic.Int32
}

func (s *source) Read(p []byte) (int, error) {
	s.reads.Add(1)
	return s.Reader.Read(p)
}

func (s *source) Close() error {
	s.closes.Add(1)
	return nil
}

type measured struct {
	Length int64         `header:"Content-Length"`
	Type   string        `header:"Content-Type"`
	Status int           `status:"200,304"`
	Body   candor.Reader `body:""`
}

func TestAReaderIsClosedWhateverHappens(t *testing.T) {
	tests := map[string]struct {
		method string
		answer func(s *source) (measured, error)
		code   int
		reads  bool
	}{
		"read":           {"GET", func(s *source) (measured, error) { return measured{Body: s, Length: 4}, nil }, 200, true},
		"HEAD":           {"HEAD", func(s *source) (measured, error) { return measured{Body: s, Length: 4}, nil }, 200, false},
		"without a body": {"GET", func(s *source) (measured, error) { return measured{Body: s, Status: 304}, nil }, 304, false},
		"a wrong status": {"GET", func(s *source) (measured, error) { return measured{Body: s, Status: 201}, nil }, 500, false},
		"a bad type":     {"GET", func(s *source) (measured, error) { return measured{Body: s, Type: "\n"}, nil }, 500, false},
		"a failing start": {"GET", func(s *source) (measured, error) {
			s.Reader = iotest.ErrReader(errors.New("no"))
			return measured{Body: s}, nil
		}, 500, true},
		"a failing start with data": {"GET", func(s *source) (measured, error) {
			s.Reader = iotest.DataErrReader(io.MultiReader(strings.NewReader("first"), iotest.ErrReader(errors.New("no"))))
			return measured{Body: s}, nil
		}, 500, true},
		"a panicking start": {"GET", func(s *source) (measured, error) {
			s.Reader = nil
			return measured{Body: s}, nil
		}, 500, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &source{Reader: strings.NewReader("four")}
			app, _ := apptest.Quiet(candor.Config{})
			candor.Get(app, "/", func(context.Context, candor.None) (measured, error) { return tt.answer(s) })
			got := candor.NewTestClient(t, app).Do(tt.method, "/", nil).Status(tt.code)
			if tt.code == 500 {
				assert.Equal(t, "500\nContent-Length: 34\nContent-Type: application/json\n\n{\"detail\":\"Internal Server Error\"}", answered(got))
			}
			assert.Equal(t, int32(1), s.closes.Load())
			assert.Equal(t, tt.reads, s.reads.Load() > 0)
		})
	}
}

func TestANilReaderIs500(t *testing.T) {
	app, log := apptest.Quiet(candor.Config{})
	candor.Get(app, "/", apptest.Returns[candor.Reader](nil))
	candor.NewTestClient(t, app).Get("/").Status(500)
	assert.Contains(t, log.String(), "nil candor.Reader")
}

func TestAReaderThatFailsInTheMiddleAbortsTheConnection(t *testing.T) {
	tests := map[string]io.Reader{
		"an error": io.MultiReader(strings.NewReader("first"), iotest.ErrReader(errors.New("secret cause"))),
		"a panic":  io.MultiReader(strings.NewReader("first"), &source{}),
	}
	for name, reader := range tests {
		t.Run(name, func(t *testing.T) {
			s := &source{Reader: reader}
			app, log := apptest.Quiet(candor.Config{})
			candor.Get(app, "/", apptest.Returns[candor.Reader](s))
			server := httptest.NewServer(app)
			defer server.Close()
			response, err := http.Get(server.URL)
			require.NoError(t, err)
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.Equal(t, "first", string(body))
			server.Close()
			assert.Equal(t, int32(1), s.closes.Load())
			assert.Contains(t, log.String(), "level=ERROR")
		})
	}
}

func TestWhatAReaderHasIsSentAtOnce(t *testing.T) {
	pipe, feed := io.Pipe()
	app := candor.New(candor.Config{})
	candor.Get(app, "/", apptest.Returns[candor.Reader](pipe))
	server := httptest.NewServer(app)
	defer server.Close()
	go func() { _, _ = io.WriteString(feed, "one\n") }()
	response, err := http.Get(server.URL)
	require.NoError(t, err)
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "one\n", line)
	go func() {
		_, _ = io.WriteString(feed, "two\n")
		_ = feed.Close()
	}()
	rest, err := io.ReadAll(lines)
	require.NoError(t, err)
	assert.Equal(t, "two\n", string(rest))
}

func TestAClientThatLeavesEndsTheReader(t *testing.T) {
	closed := make(chan struct{})
	endless := readCloser{
		read:  func(p []byte) (int, error) { return len(p), nil },
		close: func() error { close(closed); return nil },
	}
	app, _ := apptest.Quiet(candor.Config{})
	candor.Get(app, "/", apptest.Returns[candor.Reader](endless))
	server := httptest.NewServer(app)
	defer server.Close()
	response, err := http.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	<-closed
}

type readCloser struct {
	read  func([]byte) (int, error)
	close func() error
}

func (r readCloser) Read(p []byte) (int, error) { return r.read(p) }
func (r readCloser) Close() error               { return r.close() }

func TestBytesStayTheUsers(t *testing.T) {
	shared := []byte("shared")
	app := candor.New(candor.Config{})
	candor.Get(app, "/", apptest.Returns(shared))
	candor.Get(app, "/other", apptest.Returns(candor.Text("OTHER!")))
	c := candor.NewTestClient(t, app)
	for range 3 {
		assert.Equal(t, "shared", c.Get("/").Text())
		assert.Equal(t, "OTHER!", c.Get("/other").Text())
	}
	assert.Equal(t, "shared", string(shared))
}

func TestAStructThatEmbedsAReadyResponseIsNone(t *testing.T) {
	type page struct {
		candor.Text `json:"text"`
		N           int `json:"n"`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/", apptest.Returns(page{Text: "x", N: 1}))
	assert.JSONEq(t, `{"text":"x","n":1}`, candor.NewTestClient(t, app).Get("/").Text())
}

func TestRedirects(t *testing.T) {
	tests := []struct{ to, want string }{
		{"/items?q=a&n=1#top", "/items?q=a&n=1#top"},
		{"https://example.com/a%20b", "https://example.com/a%20b"},
		{"/a b", "/a%20b"},
		{"/\r\nSet-Cookie: a=b", "/%0D%0ASet-Cookie:%20a=b"},
		{"/\\evil.example", "/%5Cevil.example"},
		{"/é?q=\"<x>\"", "/%C3%A9?q=%22%3Cx%3E%22"},
		{"/\x00\x7f\xff", "/%00%7F%FF"},
		{"http://[::1]:80/", "http://[::1]:80/"},
		{"?page=2", "?page=2"},
	}
	for _, tt := range tests {
		t.Run(tt.to, func(t *testing.T) {
			app := candor.New(candor.Config{})
			candor.Get(app, "/", apptest.Returns(candor.Redirect(tt.to)))
			assert.Equal(t, "307\nContent-Length: 0\nLocation: "+tt.want+"\n\n", answered(candor.NewTestClient(t, app).Get("/")))
		})
	}
}

// Clients follow no empty Location, so a handler that has none must not look as if it had one.
func TestAnEmptyRedirectIs500(t *testing.T) {
	type out struct {
		Status int             `status:"302,303"`
		To     candor.Redirect `body:""`
	}
	app, log := apptest.Quiet(candor.Config{})
	candor.Get(app, "/plain", apptest.Returns(candor.Redirect("")))
	candor.Get(app, "/envelope", apptest.Returns(out{Status: 303}))
	for _, path := range []string{"/plain", "/envelope"} {
		log.Reset()
		got := apptest.Fetch(app, path)
		assert.Equal(t, 500, got.Code, path)
		assert.NotContains(t, got.Header(), "Location", path)
		assert.Contains(t, log.String(), "the handler returned an empty candor.Redirect", path)
	}
}

func TestRedirectWithAStatus(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/", apptest.Returns(candor.Redirect("/new")), candor.Status(301))
	assert.Equal(t, "301\nContent-Length: 0\nLocation: /new\n\n", answered(candor.NewTestClient(t, app).Get("/")))
}

// A Location header is one line of visible ASCII that still leads to the same target.
func FuzzRedirect(f *testing.F) {
	for _, seed := range []string{"/", "/a b", "/%zz", "//\\x", "/\r\n", "/é?q=1#\x80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, to string) {
		app := candor.New(candor.Config{})
		candor.Get(app, "/", apptest.Returns(candor.Redirect(to)))
		got := candor.NewTestClient(t, app, candor.Unchecked()).Get("/").Header.Get("Location")
		assert.False(t, strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }), "%q", got)
		decoded, err := url.PathUnescape(got)
		want, wantErr := url.PathUnescape(to)
		assert.Equal(t, wantErr == nil, err == nil)
		if err == nil {
			assert.Equal(t, want, decoded)
		}
	})
}
