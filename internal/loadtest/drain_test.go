//go:build linux

package loadtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// After SIGTERM under load, each stream ends properly, each request gets its response, and the process exits without an
// error.
func TestDrain(t *testing.T) {
	runs := size(3, 20)
	var requests, events int64
	for range runs {
		d := drain(t)
		requests += d.answered.Load()
		events += d.events.Load()
	}
	t.Logf("%d runs: %d requests, each answered; %d events, each stream ended", runs, requests, events)
}

// draining is what clients of a stopping server received.
type draining struct {
	*process
	clients  sync.WaitGroup
	answered atomic.Int64
	events   atomic.Int64
}

func drain(t *testing.T) *draining {
	const streams, senders = 50, 4
	d := &draining{process: start(t, "candor")}
	for range streams {
		c := d.listen("/topic/events")
		d.clients.Go(func() { d.hearToTheEnd(c) })
		socket, _, err := websocket.Dial(t.Context(), d.url("/socket"), nil)
		require.NoError(t, err)
		d.clients.Go(func() { d.talkToTheEnd(socket) })
	}
	large := strings.Repeat("x", 1<<20)
	for range senders {
		d.clients.Go(func() {
			d.sendToTheEnd("POST /topic HTTP/1.1\r\nContent-Length: 0\r\nHost: x\r\n\r\n", http.StatusNoContent)
		})
		d.clients.Go(func() {
			d.sendToTheEnd(fmt.Sprintf("PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n%s",
				len(large), large), http.StatusOK)
		})
	}
	for d.answered.Load() < 200 || d.events.Load() < 10*streams {
		d.talkOnce()
	}
	assert.NoError(t, d.command.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, d.command.Wait(), "%s", d.log.String())
	d.clients.Wait()
	return d
}

// talkOnce sends one request on its own connection.
func (d *draining) talkOnce() {
	d.t.Helper()
	d.publish(1, 10)
	d.answered.Add(1)
}

// hearToTheEnd expects the stream to end with the last chunk.
func (d *draining) hearToTheEnd(c *client) {
	// listen has already read part of the header; the chunks start on the next line.
	for {
		line, err := c.lines.ReadString('\n')
		if !assert.NoError(d.t, err, "a stream of events was cut") {
			return
		}
		if strings.HasPrefix(line, "data: ") {
			d.events.Add(1)
		}
		if line == "0\r\n" {
			return
		}
	}
}

// talkToTheEnd expects the WebSocket to be closed because the server stops.
func (d *draining) talkToTheEnd(socket *websocket.Conn) {
	defer socket.CloseNow()
	for {
		if err := socket.Write(d.t.Context(), websocket.MessageText, []byte(`{"n":1,"text":"x"}`)); err != nil {
			_, _, err = socket.Read(d.t.Context())
			assert.Equal(d.t, websocket.StatusGoingAway, websocket.CloseStatus(err), "%v", err)
			return
		}
		if _, _, err := socket.Read(d.t.Context()); err != nil {
			assert.Equal(d.t, websocket.StatusGoingAway, websocket.CloseStatus(err), "%v", err)
			return
		}
	}
}

// sendToTheEnd repeats a request until connections are refused. Each request that was sent gets a response.
func (d *draining) sendToTheEnd(request string, status int) {
	for {
		conn, err := net.Dial("tcp", d.addr)
		if err != nil {
			return // no request was sent, so none is lost
		}
		if !d.sendOn(conn, request, status) {
			return
		}
	}
}

// linger is how long a stopping server waits for the next request on a connection.
const linger = 500 * time.Millisecond

// sendOn sends requests on a connection until a response announces its end. It returns false after a lost request. One
// does not count that begins too late, because a busy machine paused the client.
func (d *draining) sendOn(conn net.Conn, request string, status int) bool {
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for last := time.Now(); ; last = time.Now() {
		isLate := time.Since(last) > linger/2
		_, err := io.WriteString(conn, request)
		if isLate && err != nil {
			return true
		}
		if !assert.NoError(d.t, err, "a request was not taken") {
			return false
		}
		answer, err := http.ReadResponse(answers, nil)
		if isLate && err != nil {
			return true
		}
		if !assert.NoError(d.t, err, "a request was not answered") || !assert.Equal(d.t, status, answer.StatusCode) {
			return false
		}
		if _, err = io.Copy(io.Discard, answer.Body); !assert.NoError(d.t, err, "an answer was cut") {
			return false
		}
		d.answered.Add(1)
		if answer.Close {
			return true
		}
	}
}
