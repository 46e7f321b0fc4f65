package receiving_test

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/receiving"
	"github.com/candor-go/candor/internal/typeinfo"
)

type body struct {
	Name string `json:"name" validate:"required"`
}

type envelope struct {
	Status  int          `status:"200,404"`
	Count   int          `header:"X-Count"`
	Tags    []string     `header:"X-Tag"`
	Session *http.Cookie `cookie:"session"`
	Theme   string       `cookie:"theme"`
	Body    body         `body:""`
}

// plan compiles what reads a T.
func plan[T any](t *testing.T) *receiving.Plan {
	t.Helper()
	out, err := typeinfo.ReadOutput(reflect.TypeFor[T](), func(reflect.Type) bool { return false })
	require.NoError(t, err)
	p, err := receiving.NewPlan(&bind.Compiler{Rules: check.Builtin()}, out)
	require.NoError(t, err)
	p.Statuses, p.Media = []int{200, 404}, []string{"application/json"}
	p.Body, err = receiving.JSON(codec.NewCompiler(check.Builtin()), out.Body.Type)
	require.NoError(t, err)
	return p
}

// response makes a response of lines of a header, a blank line and a body.
func response(status int, text string) *receiving.Response {
	head, sent, _ := strings.Cut(text, "\n\n")
	header := http.Header{}
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		header.Add(name, value)
	}
	request := &http.Request{Method: http.MethodGet}
	return &receiving.Response{HTTP: &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(sent)), Request: request}, Limit: 100}
}

func TestReceive(t *testing.T) {
	t.Parallel()
	p := plan[envelope](t)
	for _, row := range []struct {
		name, sent, err string
		want            envelope
	}{
		{
			name: "everything", want: envelope{404, 3, []string{"a", "b"}, nil, "dark", body{"x"}},
			sent: "Content-Type: application/json; charset=utf-8\nX-Count: 3\nX-Tag: a, b\nSet-Cookie: theme=dark\n\n{\"name\":\"x\"}",
		},
		{name: "another media type", sent: "Content-Type: text/html\n\n<p>", err: "it should be application/json"},
		{name: "no header", sent: "Content-Type: application/json\n\n{}", err: "it is not what the route returns"},
		{name: "a header that is no number", sent: "Content-Type: application/json\nX-Count: x\n\n{}", err: "at [header X-Count]"},
		{name: "a body that is not of the type", sent: "Content-Type: application/json\nX-Count: 1\n\n{\"name\":1}", err: "at [body name]"},
		{name: "a truncated body", sent: "Content-Type: application/json\nX-Count: 1\n\n{\"name\":", err: "it is not what the route returns"},
		{name: "a long body", sent: "Content-Type: application/json\nX-Count: 1\n\n" + strings.Repeat(" ", 101), err: "more than 100 bytes"},
	} {
		var got envelope
		err := p.Receive(reflect.ValueOf(&got).Elem(), response(http.StatusNotFound, row.sent))
		if row.err != "" {
			assert.ErrorContains(t, err, row.err, row.name)
			continue
		}
		assert.NoError(t, err, row.name)
		assert.Equal(t, row.want, got, row.name)
	}
	assert.True(t, p.IsOwn(http.StatusNotFound))
	assert.False(t, p.IsOwn(http.StatusCreated))
	assert.False(t, p.Redirects())
	p.Statuses = []int{http.StatusSeeOther}
	assert.True(t, p.Redirects())
}

func TestCookies(t *testing.T) {
	t.Parallel()
	var got envelope
	from := response(http.StatusOK, "Content-Type: application/json\nX-Count: 1\nSet-Cookie: session=abc; HttpOnly\n\n{\"name\":\"x\"}")
	require.NoError(t, plan[envelope](t).Receive(reflect.ValueOf(&got).Elem(), from))
	assert.Equal(t, "abc", got.Session.Value)
	assert.True(t, got.Session.HttpOnly)
}

func TestBodies(t *testing.T) {
	t.Parallel()
	var data []byte
	require.NoError(t, receiving.Bytes(reflect.ValueOf(&data).Elem(), response(http.StatusOK, "\n\nabc")))
	assert.Equal(t, "abc", string(data))
	var text string
	require.NoError(t, receiving.Text(reflect.ValueOf(&text).Elem(), response(http.StatusOK, "\n\nabc")))
	assert.Equal(t, "abc", text)
	require.NoError(t, receiving.Location(reflect.ValueOf(&text).Elem(), response(http.StatusOK, "Location: /x\n\n")))
	assert.Equal(t, "/x", text)
	assert.ErrorContains(t, receiving.Location(reflect.ValueOf(&text).Elem(), response(http.StatusOK, "\n\n")), "it has no Location")
}

func TestJSONOfCodecs(t *testing.T) {
	t.Parallel()
	from := response(http.StatusOK, "Content-Type: application/cbor\n\nabc")
	_, err := from.JSON()
	assert.ErrorContains(t, err, "it is not JSON")
	from.ToJSON = func(data []byte) ([]byte, error) { return append(data, '!'), nil }
	converted, err := from.JSON()
	require.NoError(t, err)
	assert.Equal(t, "abc!", string(converted))
}

func TestFile(t *testing.T) {
	t.Parallel()
	file, err := response(http.StatusOK, "Content-Disposition: attachment; filename=a.txt\nETag: \"x\"\nLast-Modified: Mon, 02 Jan 2006 15:04:05 GMT\n\nabc").File()
	require.NoError(t, err)
	assert.Equal(t, &receiving.File{
		Data: []byte("abc"), Name: "a.txt", ETag: `"x"`, Download: true, ModTime: time.Date(2006, 1, 2, 15, 4, 5, 0, time.UTC),
	}, file)
	file, err = response(http.StatusOK, "Last-Modified: today\n\n").File()
	require.NoError(t, err)
	assert.Equal(t, &receiving.File{Data: []byte{}}, file)
	_, err = response(http.StatusOK, "\n\n"+strings.Repeat("x", 101)).File()
	assert.ErrorContains(t, err, "more than 100 bytes")
}

// closer tells whether it was closed.
type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	return nil
}

func TestTheBodyBelongsToOne(t *testing.T) {
	t.Parallel()
	from := response(http.StatusOK, "\n\nabcdef")
	sent := &closer{Reader: from.HTTP.Body}
	from.HTTP.Body = sent
	assert.Equal(t, "abc", string(from.Begin(3)))
	assert.Equal(t, "ab", string(from.Begin(2)), "it was read before")
	kept := from.Keep()
	from.Close()
	assert.False(t, sent.closed)
	require.NoError(t, kept.Close())
	assert.True(t, sent.closed)

	broken := response(http.StatusOK, "\n\n")
	broken.HTTP.Body = io.NopCloser(io.MultiReader(strings.NewReader("ab"), brokenReader{}))
	_, err := broken.Data()
	assert.ErrorContains(t, err, "it could not be read to its end: gone")
	assert.Equal(t, "ab", string(broken.Begin(10)), "the beginning is kept for the error")
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("gone") }
