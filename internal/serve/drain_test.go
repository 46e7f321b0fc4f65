package serve_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/serve"
)

const (
	linger   = 500 * time.Millisecond
	lastLook = time.Millisecond
)

func TestDrainOfNothing(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(hello, serve.Limits{}, serve.Hooks{})
		c := r.dial(t)
		c.get()
		c.Close()
		time.Sleep(time.Second)
		assert.Zero(t, r.end(t))
	})
}

func TestDrainTellsInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		var told []string
		ended := make(chan struct{})
		r := start(func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			<-serve.Stopping(r.Context())
			assert.NoError(t, r.Context().Err())
			_, err := io.WriteString(w, "goodbye")
			assert.NoError(t, err)
		}, serve.Limits{}, serve.Hooks{
			Started:  func(addr net.Addr) { told = append(told, "started "+addr.String()) },
			Draining: func() { <-ended; told = append(told, "draining") },
		})
		c := r.dial(t)
		c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(time.Hour)
		go r.stop()
		body, _ := io.ReadAll(c.answer().Body)
		assert.Equal(t, "goodbye", string(body))
		assert.NoError(t, <-r.done)
		assert.Equal(t, []string{"started pipe", "draining"}, told)
	})
}

func TestDrainWaitsForARunningRequest(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(10 * time.Second)
			assert.NoError(t, r.Context().Err())
			hello(w, r)
		}, serve.Limits{}, serve.Hooks{})
		c := r.dial(t)
		c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(time.Second)
		go func() {
			// This request started before the drain could announce the end, so the connection serves another one.
			assert.False(t, c.answer().Close)
			time.Sleep(linger - 1)
			assert.True(t, c.get().Close)
		}()
		assert.Equal(t, 9*time.Second+linger-1+10*time.Second, r.end(t))
	})
}

func TestDrainAbortsLongRequests(t *testing.T) {
	for _, hijack := range []bool{false, true} {
		bubble(t, func(t *testing.T, start starter) {
			r := start(func(w http.ResponseWriter, r *http.Request) {
				if hijack {
					conn, _, err := http.NewResponseController(w).Hijack()
					assert.NoError(t, err)
					defer conn.Close()
				}
				<-r.Context().Done()
			}, serve.Limits{}, serve.Hooks{})
			c := r.dial(t)
			defer c.Close()
			c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			time.Sleep(time.Second)
			began := time.Now()
			r.stop()
			assert.ErrorIs(t, <-r.done, context.DeadlineExceeded)
			assert.Equal(t, 30*time.Second, time.Since(began))
			_, rest := c.untilClosed()
			assert.NotContains(t, rest, "HTTP/1.1 2")
		})
	}
}

func TestDrainWaitsForAHijackedConnection(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			assert.NoError(t, err)
			defer conn.Close()
			<-serve.Stopping(r.Context())
			time.Sleep(10 * time.Second)
			_, err = io.WriteString(conn, "goodbye")
			assert.NoError(t, err)
		}, serve.Limits{}, serve.Hooks{})
		c := r.dial(t)
		defer c.Close()
		c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(time.Second)
		go c.untilClosed()
		assert.Equal(t, 10*time.Second, r.end(t))
	})
}

// Each row is the behavior of a client around the start of a drain, and how long the drain takes.
func TestDrainOfOneConnection(t *testing.T) {
	const head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, tt := range []struct {
		name          string
		before, after func(c *client)
		took          time.Duration
	}{
		{"new and silent", func(*client) {}, func(*client) {}, linger + lastLook},
		{"idle and silent", func(c *client) { c.get() }, func(*client) {}, linger + lastLook},
		{"new, then a request", func(*client) {}, func(c *client) {
			time.Sleep(linger - 1)
			assert.True(c.t, c.get().Close)
		}, linger - 1},
		{"idle, then a request", func(c *client) { c.get() }, func(c *client) {
			time.Sleep(linger - 1)
			assert.True(c.t, c.get().Close)
		}, linger - 1},
		{"half a header, then the rest", func(c *client) { c.send(head[:10]) }, func(c *client) {
			time.Sleep(3 * time.Second)
			c.send(head[10:])
			assert.True(c.t, c.answer().Close)
		}, 3 * time.Second},
		{"half a header after the first", func(c *client) { c.get(); c.send(head[:10]) }, func(c *client) {
			time.Sleep(3 * time.Second)
			c.send(head[10:])
			assert.True(c.t, c.answer().Close)
		}, 3 * time.Second},
		{"half a header and no more", func(c *client) { c.send(head[:10]) }, func(*client) {}, 4 * time.Second},
		{"a header in two parts while draining", func(*client) {}, func(c *client) {
			time.Sleep(linger - 1)
			c.send(head[:1])
			time.Sleep(3 * time.Second)
			c.send(head[1:])
			assert.True(c.t, c.answer().Close)
		}, linger - 1 + 3*time.Second},
		{"two requests in one piece", func(*client) {}, func(c *client) {
			time.Sleep(time.Millisecond)
			c.send(head + head)
			assert.True(c.t, c.answer().Close)
		}, time.Millisecond},
		{"a body under way", func(c *client) {
			c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
		}, func(c *client) {
			time.Sleep(3 * time.Second)
			c.send("cd")
			assert.Equal(c.t, 200, c.answer().StatusCode)
		}, 3*time.Second + linger + lastLook},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, start starter) {
				r := start(func(w http.ResponseWriter, r *http.Request) {
					_, err := io.ReadAll(r.Body)
					assert.NoError(t, err)
					hello(w, r)
				}, serve.Limits{}, serve.Hooks{})
				c := r.dial(t)
				tt.before(c)
				time.Sleep(time.Second)
				go tt.after(c)
				assert.Equal(t, tt.took, r.end(t))
			})
		})
	}
}

// A load is clients that send numbered requests as fast as they can, until connections are refused.
type load struct {
	t        *testing.T
	addr     string
	answered atomic.Int64
	lost     atomic.Int64
	reused   bool
}

// client sends requests on one connection after another.
func (l *load) client() {
	for {
		conn, err := net.Dial("tcp", l.addr)
		if err != nil {
			return // no request was sent, so none is lost
		}
		l.talk(conn)
	}
}

// talk sends requests on a connection until a response announces its end. A request without a response is lost,
// whatever the reason, unless the machine paused for so long before it that the connection may have stopped lingering.
func (l *load) talk(conn net.Conn) {
	defer conn.Close()
	c := &client{r: bufio.NewReader(conn)}
	for last := time.Now(); ; last = time.Now() {
		_, err := io.WriteString(conn, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"+l.connection()+"\r\nhello")
		isLate := time.Since(last) > linger/2
		if err != nil {
			l.fail("write", isLate, err)
			return
		}
		resp, err := http.ReadResponse(c.r, nil)
		if err != nil {
			l.fail("read", isLate, err)
			return
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || string(body) != "hello" {
			l.fail("body", false, err)
			return
		}
		l.answered.Add(1)
		if resp.Close {
			return
		}
	}
}

func (l *load) connection() string {
	if l.reused {
		return ""
	}
	return "Connection: close\r\n"
}

func (l *load) fail(what string, isLate bool, err error) {
	if isLate {
		return
	}
	l.lost.Add(1)
	l.t.Errorf("a request was lost: %s: %v", what, err)
}

func TestDrainUnderLoad(t *testing.T) {
	for _, tt := range []struct {
		name      string
		multipath bool
		reused    bool
	}{
		{"clients that keep their connection", false, true},
		{"clients that connect for each request", false, false},
		{"multipath listener, clients that keep their connection", true, true},
		{"multipath listener, clients that connect for each request", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var answered, lost int64
			for range 20 {
				l := drainUnderLoad(t, tt.multipath, tt.reused)
				answered += l.answered.Load()
				lost += l.lost.Load()
			}
			t.Logf("%d answered, %d lost in 20 drains", answered, lost)
		})
	}
}

// drainUnderLoad stops a server after its 200th request, while eight clients send.
func drainUnderLoad(t *testing.T, multipath, reused bool) *load {
	var config net.ListenConfig
	config.SetMultipathTCP(multipath)
	ln, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var served atomic.Int64
	h := func(w http.ResponseWriter, r *http.Request) {
		if served.Add(1) == 200 {
			stop()
		}
		_, _ = io.Copy(w, r.Body)
	}
	l := &load{t: t, addr: ln.Addr().String(), reused: reused}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(l.client)
	}
	assert.NoError(t, serve.Serve(ctx, ln, http.HandlerFunc(h), serve.Limits{}, serve.Hooks{}, serve.Protocols{}))
	clients.Wait()
	assert.Positive(t, l.answered.Load())
	assert.Equal(t, served.Load(), l.answered.Load())
	return l
}

// Clients that pause between requests reach the end of lingering at any moment. A request that crosses the close in
// transit cannot be saved, so only those that the server had time to see count.
func TestDrainMeetsPausingClients(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(hello, serve.Limits{}, serve.Hooks{})
		var clients sync.WaitGroup
		for i := range 100 {
			c := r.dial(t)
			clients.Go(func() {
				for pause := time.Duration(i+1) * linger / 101; ; time.Sleep(pause) {
					if resp := c.get(); resp.Close {
						return
					}
				}
			})
		}
		time.Sleep(time.Second)
		assert.Less(t, r.end(t), linger)
		clients.Wait()
	})
}
