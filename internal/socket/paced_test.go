package socket

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFramesThatAreWhole(t *testing.T) {
	for _, row := range []struct {
		name   string
		frames string
		want   bool
	}{
		{"a text", "\x81\x81\x00\x00\x00\x00a", true},
		{"an empty binary message", "\x82\x80\x00\x00\x00\x00", true},
		{"a text and half of another", "\x81\x81\x00\x00\x00\x00a\x81\x81", true},
		{"a ping", "\x89\x80\x00\x00\x00\x00", true},
		{"a ping and a text", "\x89\x81\x00\x00\x00\x00p\x81\x81\x00\x00\x00\x00a", true},
		{"200 bytes", "\x81\xfe\x00\xc8\x00\x00\x00\x00" + strings.Repeat("a", 200), true},
		{"199 of 200 bytes", "\x81\xfe\x00\xc8\x00\x00\x00\x00" + strings.Repeat("a", 199), false},
		{"half of a header", "\x81", false},
		{"half of a length", "\x81\xfe\x00", false},
		{"a header alone", "\x81\x81\x00\x00\x00\x00", false},
		{"a ping and half of a text", "\x89\x80\x00\x00\x00\x00\x81\x82\x00\x00\x00\x00a", false},
		{"a ping and a byte", "\x89\x80\x00\x00\x00\x00\x81", false},
		{"the first of several frames", "\x01\x81\x00\x00\x00\x00a", false},
		{"a length of eight bytes", "\x81\xff\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00a", false},
		{"a length that is negative", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xf2\x00\x00\x00\x00a", false},
	} {
		assert.Equal(t, row.want, areWhole([]byte(row.frames)), row.name)
	}
}

// The library reads complete frames without waiting for more data.
func FuzzFramesThatAreWhole(f *testing.F) {
	for _, seed := range []string{
		"\x81\x81\x01\x02\x03\x04a", "\x89\x80\x00\x00\x00\x00\x82\x82\x00\x00\x00\x00ab", "\x8a\x81\x00\x00\x00\x00p",
		"\x81\xfe\x00\x02\x00\x00\x00\x00ab", "\x01\x81\x00\x00\x00\x00a\x80\x80\x00\x00\x00\x00", "\x88\x82\x00\x00\x00\x00\x03\xe8",
		"\x81\xff\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00a", "\x81\x01a", "\xf1\x81\x00\x00\x00\x00a",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frames []byte) {
		dry := &dryConn{}
		c := acceptOver(t, dry)
		dry.data = frames
		_, r, err := c.Reader(context.Background())
		if err != nil { // control frames or nothing
			return
		}
		_, err = io.Copy(io.Discard, r)
		if areWhole(frames) {
			assert.NotErrorIs(t, err, errNothing)
		}
	})
}

// dryConn is a connection that fails after its data.
type dryConn struct {
	net.Conn
	data []byte
}

func (c *dryConn) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, errNothing
	}
	n := copy(p, c.data)
	c.data = c.data[n:]
	return n, nil
}

func (c *dryConn) Write(p []byte) (int, error)      { return len(p), nil }
func (c *dryConn) Close() error                     { return nil }
func (c *dryConn) SetWriteDeadline(time.Time) error { return nil }

// acceptOver returns the library's connection on top of another one.
func acceptOver(t *testing.T, conn net.Conn) *websocket.Conn {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	} {
		r.Header.Set(name, value)
	}
	c, err := websocket.Accept(hijacked{httptest.NewRecorder(), conn}, r, nil)
	require.NoError(t, err)
	c.SetReadLimit(-1)
	return c
}

// hijacked is a response writer whose connection can be hijacked.
type hijacked struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}
