//go:build linux

package loadtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// client is one end of a connection. Its buffers are small, because there are many clients.
type client struct {
	net.Conn
	t     *testing.T
	lines *bufio.Reader
}

func (p *process) dial() *client {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { conn.Close() })
	return &client{Conn: conn, t: p.t, lines: bufio.NewReaderSize(conn, 512)}
}

func (c *client) send(text string) {
	c.t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(c.t, err)
}

// reset resets the connection.
func (c *client) reset() {
	assert.NoError(c.t, c.Conn.(*net.TCPConn).SetLinger(0))
	c.Close()
}

// listen opens an event stream and waits for its start.
func (p *process) listen(path string) *client {
	p.t.Helper()
	c := p.dial()
	c.send("GET " + path + " HTTP/1.1\r\nHost: " + p.addr + "\r\n\r\n")
	for begun := false; !begun; {
		line, err := c.lines.ReadString('\n')
		require.NoError(p.t, err)
		begun = strings.HasPrefix(line, "data: ") || strings.HasPrefix(line, "id: ")
	}
	return c
}

// hears waits for an event and returns its data.
func (c *client) hears() string {
	c.t.Helper()
	for {
		line, err := c.lines.ReadString('\n')
		require.NoError(c.t, err)
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return data
		}
	}
}

// connect opens a WebSocket.
func (p *process) connect(path string) *client {
	p.t.Helper()
	c := p.dial()
	c.send("GET " + path + " HTTP/1.1\r\nHost: " + p.addr + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	answer, err := http.ReadResponse(c.lines, nil)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusSwitchingProtocols, answer.StatusCode)
	return c
}

// talk sends a message, masked with zeros, and expects the echo.
func (c *client) talk() {
	c.t.Helper()
	const text = `{"n":1,"text":"hello!"}`
	c.send("\x81" + string([]byte{byte(len(text)) | 0x80}) + "\x00\x00\x00\x00" + text)
	back := make([]byte, 2+len(text))
	_, err := io.ReadFull(c.lines, back)
	require.NoError(c.t, err)
	require.Equal(c.t, "\x81"+string([]byte{byte(len(text))})+text, string(back))
}

// get sends a request on its own connection.
func (p *process) get(path string) *http.Response {
	p.t.Helper()
	return p.do(http.MethodGet, path, nil)
}

func (p *process) do(method, path string, body io.Reader) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url(path), body)
	require.NoError(p.t, err)
	request.Header.Set("Content-Type", "application/octet-stream")
	connection := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := connection.Do(request)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// publish lets the server publish to all subscribers.
func (p *process) publish(count, size int) {
	p.t.Helper()
	answer := p.do(http.MethodPost, fmt.Sprintf("/topic?count=%d&size=%d", count, size), nil)
	require.Equal(p.t, http.StatusNoContent, answer.StatusCode)
}

// usage returns the resources that a server uses.
func (p *process) usage() (now Usage) {
	p.t.Helper()
	require.NoError(p.t, json.NewDecoder(p.get("/usage").Body).Decode(&now))
	return now
}

// settles waits until the resources of a server are as expected.
func (p *process) settles(fits func(now Usage) bool, why string) {
	p.t.Helper()
	var now Usage
	require.Eventually(p.t, func() bool {
		now = p.usage()
		return fits(now)
	}, patience, 100*time.Millisecond, why)
}
