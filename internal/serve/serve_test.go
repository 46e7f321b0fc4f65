package serve_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/serve"
)

// pipes is a listener with in-memory connections, so that a test can run in a synctest bubble.
type pipes struct {
	queue  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{queue: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.queue:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// A client uses one connection.
type client struct {
	net.Conn
	network net.Conn // below TLS
	t       *testing.T
	r       *bufio.Reader
}

func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.queue <- &socket{Conn: far}
	return near
}

// A socket accepts the closing alert of TLS as a kernel would, whether or not the client reads it.
type socket struct {
	net.Conn
	sending chan struct{} // nil before the alert, closed after it
}

const alertSize = 24

func (s *socket) Write(p []byte) (int, error) {
	if len(p) != alertSize {
		return s.Conn.Write(p)
	}
	s.sending, p = make(chan struct{}), slices.Clone(p)
	go func() {
		defer close(s.sending)
		_ = s.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = s.Conn.Write(p)
	}()
	return alertSize, nil
}

func (s *socket) Close() error {
	if s.sending == nil {
		return s.Conn.Close()
	}
	go func() {
		<-s.sending
		_ = s.Conn.Close()
	}()
	return nil
}

func (c *client) send(text string) {
	_, err := io.WriteString(c.Conn, text)
	require.NoError(c.t, err)
}

func (c *client) get() *http.Response {
	c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	return c.answer()
}

// answer reads one response with its body.
func (c *client) answer() *http.Response {
	resp, err := http.ReadResponse(c.r, nil)
	require.NoError(c.t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	return resp
}

// untilClosed returns how long it takes the server to close the connection, and what it sends before.
func (c *client) untilClosed() (time.Duration, string) {
	began := time.Now()
	rest, err := io.ReadAll(c.r)
	assert.NoError(c.t, err)
	return time.Since(began), string(rest)
}

// bubble runs f in a synctest bubble for each way to speak HTTP/1.1, and gives the goroutines of the test time to end.
func bubble(t *testing.T, f func(t *testing.T, start starter)) {
	for _, way := range []struct {
		name string
		protocols
	}{
		{"plain", protocols{}},
		{"beside HTTP/2", protocols{Protocols: serve.Protocols{H2C: true}}},
		{"TLS", protocols{Protocols: serve.Protocols{TLS: certified(t)}, client: trusting}},
	} {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f(t, way.start)
				time.Sleep(5 * time.Minute)
			})
		})
	}
}

// protocols are the protocols of a server, and how a client connects.
type protocols struct {
	serve.Protocols
	client func(t *testing.T, nc net.Conn) net.Conn
}

// certified returns a TLS configuration with a certificate.
func certified(t *testing.T) *tls.Config {
	lender := httptest.NewUnstartedServer(nil) // it has one
	lender.StartTLS()
	defer lender.Close()
	// A session ticket would stay in the pipe until it is read.
	return &tls.Config{Certificates: lender.TLS.Certificates, SessionTicketsDisabled: true}
}

// trusting returns the client's side of a TLS connection.
func trusting(t *testing.T, nc net.Conn) net.Conn {
	secure := tls.Client(nc, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}) //nolint:gosec // it is a pipe
	require.NoError(t, secure.Handshake())
	return secure
}

// A run is a server in a bubble.
type run struct {
	*pipes
	protocols
	stop context.CancelFunc
	done chan error
}

// A starter starts a server.
type starter func(h http.HandlerFunc, lim serve.Limits, hooks serve.Hooks) *run

func (p protocols) start(h http.HandlerFunc, lim serve.Limits, hooks serve.Hooks) *run {
	ctx, stop := context.WithCancel(context.Background())
	r := &run{pipes: newPipes(), protocols: p, stop: stop, done: make(chan error, 1)}
	go func() { r.done <- serve.Serve(ctx, r, h, lim, hooks, p.Protocols) }()
	return r
}

func (r *run) dial(t *testing.T) *client {
	network := r.pipes.dial()
	nc := network
	if r.client != nil {
		nc = r.client(t, network)
	}
	return &client{Conn: nc, network: network, t: t, r: bufio.NewReader(nc)}
}

// end stops the server and returns how long the drain took.
func (r *run) end(t *testing.T) time.Duration {
	began := time.Now()
	r.stop()
	assert.NoError(t, <-r.done)
	return time.Since(began)
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func refuse(status int) (string, []byte) {
	return "application/json", []byte(`{"detail":"` + http.StatusText(status) + `"}`)
}

func TestHeaderBytes(t *testing.T) {
	const head = "GET / HTTP/1.1\r\nHost: x\r\nA: \r\n\r\n"
	for _, tt := range []struct {
		name         string
		limit, bytes int
		want         int
	}{
		{"exactly the default passes", 0, 64 << 10, 200},
		{"one byte more does not", 0, 64<<10 + 1, 431},
		{"exactly a limit passes", 8 << 10, 8 << 10, 200},
		{"one byte more than it does not", 8 << 10, 8<<10 + 1, 431},
		{"the smallest limit passes", 1, 4097, 200},
		{"one byte more than the smallest", 1, 4098, 431},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, start starter) {
				r := start(hello, serve.Limits{HeaderBytes: tt.limit}, serve.Hooks{Refusal: refuse})
				defer r.end(t)
				c := r.dial(t)
				defer c.Close()
				filler := strings.Repeat("a", tt.bytes-len(head))
				go func() { _, _ = io.WriteString(c.Conn, strings.Replace(head, "A: ", "A: "+filler, 1)) }()
				assert.Equal(t, tt.want, c.answer().StatusCode)
			})
		})
	}
}

// Beside HTTP/2 these begin like its preface.
func TestMethodsThatBeginLikeThePreface(t *testing.T) {
	for _, method := range []string{"P", "PR", "PRI", "PRINT", "PRI-X"} {
		t.Run(method, func(t *testing.T) {
			bubble(t, func(t *testing.T, start starter) {
				r := start(hello, serve.Limits{}, serve.Hooks{Refusal: refuse})
				defer r.end(t)
				c := r.dial(t)
				defer c.Close()
				c.send(method + " /preface HTTP/1.1\r\nHost: x\r\n\r\n")
				assert.Equal(t, 200, c.answer().StatusCode)
			})
		})
	}
}

func TestRefusal(t *testing.T) {
	for _, tt := range []struct {
		name, request string
		want          int
	}{
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"no request line", "nonsense\r\n\r\n", 400},
		{"a header name with a space", "GET / HTTP/1.1\r\nHost: x\r\nA B: c\r\n\r\n", 400},
		{"an expectation nobody knows", "GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n", 417},
		{"a transfer coding nobody knows", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: tea\r\n\r\n", 501},
		{"a version nobody knows", "GET / HTTP/3.7\r\nHost: x\r\n\r\n", 505},
	} {
		for _, second := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				bubble(t, func(t *testing.T, start starter) {
					r := start(hello, serve.Limits{}, serve.Hooks{Refusal: refuse})
					defer r.end(t)
					c := r.dial(t)
					defer c.Close()
					if second {
						assert.Equal(t, 200, c.get().StatusCode)
					}
					c.send(tt.request)
					_, got := c.untilClosed()
					body := `{"detail":"` + http.StatusText(tt.want) + `"}`
					assert.True(t, strings.HasSuffix(got, "\r\nConnection: close\r\n\r\n"+body), got)
					assert.Contains(t, got, "Content-Type: application/json\r\n")
				})
			})
		}
	}
}

func TestRefusalLeavesResponsesAlone(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "mine", http.StatusTeapot)
		}, serve.Limits{}, serve.Hooks{Refusal: refuse})
		defer r.end(t)
		c := r.dial(t)
		defer c.Close()
		for range 2 {
			resp := c.get()
			body, _ := io.ReadAll(resp.Body)
			assert.Equal(t, "mine\n", string(body))
		}
		c.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
		assert.Equal(t, 200, c.answer().StatusCode)
	})
}

func TestReadTimeouts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		speak  func(c *client)
		closed time.Duration
	}{
		{"nothing sent", func(*client) {}, 5 * time.Second},
		{"half a header", func(c *client) { c.send("GET / HT") }, 5 * time.Second},
		{"a header byte by byte", func(c *client) { go trickle(c, "GET / HTTP/1.1\r\nHost: x\r\n", 1, 400*time.Millisecond) }, 5 * time.Second},
		{"idle", func(c *client) { c.get() }, 60 * time.Second},
		{"half a header after idling", func(c *client) {
			c.get()
			time.Sleep(50 * time.Second)
			c.send("GET / HT")
		}, 5 * time.Second},
		{"half a header byte by byte after idling", func(c *client) {
			c.get()
			time.Sleep(50 * time.Second)
			go trickle(c, "GET / HTTP/1.1\r\nHost: x\r\n", 1, 400*time.Millisecond)
		}, 5 * time.Second},
		{"half a header that came with the request before", func(c *client) {
			c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
			c.answer()
		}, 5 * time.Second},
		{"idle after many requests", func(c *client) {
			c.get()
			for range 10 {
				time.Sleep(50 * time.Second)
				c.get()
			}
		}, 60 * time.Second},
		{"idle after a body that came slowly", func(c *client) {
			c.get()
			c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
			trickle(c, "hello", 1, time.Second)
			c.answer()
		}, 60 * time.Second},
		{"idle after deadlines of the handler", func(c *client) {
			c.send("GET /own HTTP/1.1\r\nHost: x\r\n\r\n")
			c.answer()
		}, 60 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, start starter) {
				r := start(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/own" {
						assert.NoError(t, http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Second)))
						assert.NoError(t, http.NewResponseController(w).SetReadDeadline(time.Now().Add(2*time.Minute)))
					}
					_, _ = io.Copy(io.Discard, r.Body)
					hello(w, r)
				}, serve.Limits{}, serve.Hooks{})
				defer r.end(t)
				c := r.dial(t)
				defer c.Close()
				tt.speak(c)
				took, rest := c.untilClosed()
				assert.Equal(t, tt.closed, took)
				assert.Empty(t, rest)
			})
		})
	}
}

// trickle sends text in pieces of size bytes, pausing after each, until all is sent or the server has closed.
func trickle(c *client, text string, size int, pause time.Duration) {
	for len(text) > 0 {
		n := min(size, len(text))
		if _, err := io.WriteString(c.Conn, text[:n]); err != nil {
			return
		}
		text = text[n:]
		time.Sleep(pause)
	}
}

func TestBodyPace(t *testing.T) {
	body := strings.Repeat("a", 20_000)
	for _, tt := range []struct {
		name  string
		speak func(c *client)
		err   error
		took  time.Duration // measured in the handler
	}{
		{"at once", func(c *client) { c.send(body) }, nil, 0},
		{"never", func(*client) {}, serve.ErrSlowBody, 5 * time.Second},
		{"starts late, just in time", func(c *client) {
			time.Sleep(5*time.Second - 1)
			c.send(body)
		}, nil, 5*time.Second - 1},
		{"100 bytes a second", func(c *client) { trickle(c, body, 300, 3*time.Second) }, serve.ErrSlowBody, 5 * time.Second},
		{"239 bytes a second", func(c *client) { trickle(c, body, 478, 2*time.Second) }, serve.ErrSlowBody, 5*time.Second + 975*time.Millisecond},
		{"250 bytes a second for half a minute", func(c *client) { trickle(c, body, 250, time.Second) }, serve.ErrSlowBody, 30 * time.Second},
		{"1,000 bytes a second", func(c *client) { trickle(c, body, 1000, time.Second) }, nil, 19 * time.Second},
		{"2,400 bytes and no more", func(c *client) { c.send(body[:2400]) }, serve.ErrSlowBody, 10 * time.Second},
		{"half and no more", func(c *client) { c.send(body[:10_000]) }, serve.ErrSlowBody, 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, start starter) {
				r := start(func(w http.ResponseWriter, r *http.Request) {
					began := time.Now()
					_, err := io.Copy(io.Discard, r.Body)
					assert.InDelta(t, tt.took, time.Since(began), float64(30*time.Millisecond))
					assert.ErrorIs(t, err, tt.err)
					if err != nil {
						w.WriteHeader(http.StatusRequestTimeout)
					}
				}, serve.Limits{}, serve.Hooks{})
				defer r.end(t)
				c := r.dial(t)
				defer c.Close()
				c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n")
				go tt.speak(c)
				resp := c.answer()
				assert.Equal(t, tt.err != nil, resp.Close)
				assert.Equal(t, tt.err != nil, resp.StatusCode == http.StatusRequestTimeout)
			})
		})
	}
}

func TestBodyPaceOfChunks(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			assert.ErrorIs(t, err, serve.ErrSlowBody)
			http.Error(w, "slow", http.StatusRequestTimeout)
		}, serve.Limits{}, serve.Hooks{})
		defer r.end(t)
		c := r.dial(t)
		defer c.Close()
		c.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
		assert.Equal(t, http.StatusRequestTimeout, c.answer().StatusCode)
	})
}

func TestBodyThatIsNotRead(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(hello, serve.Limits{}, serve.Hooks{})
		defer r.end(t)
		c := r.dial(t)
		defer c.Close()
		began := time.Now()
		c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n")
		assert.True(t, c.answer().Close)
		assert.Equal(t, 5*time.Second, time.Since(began))
	})
}

func TestSlowHandlerIsNotASlowBody(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(func(_ http.ResponseWriter, r *http.Request) {
			for range 10 {
				time.Sleep(10 * time.Second)
				_, err := io.ReadFull(r.Body, make([]byte, 1000))
				assert.NoError(t, err)
			}
		}, serve.Limits{}, serve.Hooks{})
		defer r.end(t)
		c := r.dial(t)
		defer c.Close()
		c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n")
		go c.send(strings.Repeat("a", 10_000))
		assert.Equal(t, 200, c.answer().StatusCode)
	})
}

func TestReadDeadlineOfTheHandler(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(func(w http.ResponseWriter, r *http.Request) {
			assert.NoError(t, http.NewResponseController(w).SetReadDeadline(time.Now().Add(2*time.Minute)))
			n, err := io.Copy(io.Discard, r.Body)
			assert.EqualValues(t, 60, n)
			assert.NoError(t, err)
		}, serve.Limits{}, serve.Hooks{})
		defer r.end(t)
		c := r.dial(t)
		defer c.Close()
		c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n")
		go trickle(c, strings.Repeat("a", 60), 1, time.Second)
		assert.Equal(t, 200, c.answer().StatusCode)
	})
}

// TestContextAfterTheBody: after the end of a body net/http keeps reading to notice when the client disconnects. No limit
// may end that read.
func TestContextAfterTheBody(t *testing.T) {
	for _, gone := range []bool{false, true} {
		bubble(t, func(t *testing.T, start starter) {
			r := start(func(_ http.ResponseWriter, r *http.Request) {
				_, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				time.Sleep(2 * time.Minute)
				assert.Equal(t, gone, r.Context().Err() != nil)
			}, serve.Limits{}, serve.Hooks{})
			c := r.dial(t)
			defer c.Close()
			for range 2 {
				c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")
				time.Sleep(time.Second)
				c.send("llo")
				if gone {
					time.Sleep(time.Second)
					c.Close()
					break
				}
				assert.Equal(t, 200, c.answer().StatusCode)
			}
			time.Sleep(5 * time.Minute)
			r.end(t)
		})
	}
}

func TestWritePace(t *testing.T) {
	const size = 30_000
	drink := func(c *client, n int, pause time.Duration) {
		for {
			if _, err := io.ReadFull(c.network, make([]byte, n)); err != nil {
				return
			}
			time.Sleep(pause)
		}
	}
	forever := func(http.ResponseWriter) {}
	for _, tt := range []struct {
		name   string
		listen func(c *client)
		own    func(w http.ResponseWriter)
		took   time.Duration
		fails  bool
	}{
		{"a client that reads", func(c *client) { drink(c, 1, 0) }, forever, 0, false},
		{"a client that does not", func(*client) {}, forever, 10 * time.Second, true},
		{"100 bytes a second", func(c *client) { drink(c, 100, time.Second) }, forever, 10 * time.Second, true},
		{"300 bytes a second", func(c *client) { drink(c, 300, time.Second) }, forever, 100 * time.Second, false},
		// It is checked every 5 seconds, and is given up at the second check after the last progress.
		{"a client that stops in the middle", func(c *client) { _, _ = io.ReadFull(c.network, make([]byte, 20_000)) }, forever, 15 * time.Second, true},
		{"the handler's own deadline", func(*client) {}, func(w http.ResponseWriter) {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
		}, time.Minute, true},
		{"the handler's own deadline taken back", func(*client) {}, func(w http.ResponseWriter) {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		}, 10 * time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, start starter) {
				r := start(func(w http.ResponseWriter, r *http.Request) {
					tt.own(w)
					began := time.Now()
					_, err := w.Write(make([]byte, size))
					assert.InDelta(t, tt.took, time.Since(began), float64(time.Second))
					assert.Equal(t, tt.fails, err != nil, err)
					assert.Equal(t, tt.fails, r.Context().Err() != nil)
				}, serve.Limits{}, serve.Hooks{})
				c := r.dial(t)
				c.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				go tt.listen(c)
				time.Sleep(5 * time.Minute)
				c.Close()
				r.end(t)
			})
		})
	}
}

func TestHijackedIsLeftAlone(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		r := start(func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			assert.NoError(t, err)
			defer conn.Close()
			line, err := rw.ReadString('\n')
			assert.NoError(t, err)
			_, err = io.WriteString(conn, line)
			assert.NoError(t, err)
		}, serve.Limits{}, serve.Hooks{})
		c := r.dial(t)
		defer c.Close()
		c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(5 * time.Minute)
		c.send("echo\n")
		time.Sleep(5 * time.Minute)
		_, rest := c.untilClosed()
		assert.Equal(t, "echo\n", rest)
		r.end(t)
	})
}

func TestStoppingOutsideOfServe(t *testing.T) {
	assert.Nil(t, serve.Stopping(t.Context()))
}

func TestServeReturnsTheListenersError(t *testing.T) {
	bubble(t, func(t *testing.T, start starter) {
		l := newPipes()
		_ = l.Close()
		err := serve.Serve(t.Context(), l, http.HandlerFunc(hello), serve.Limits{}, serve.Hooks{}, serve.Protocols{})
		assert.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestRunReturnsTheAddressError(t *testing.T) {
	var failure *net.OpError
	assert.ErrorAs(t, serve.Run("127.0.0.1:no-such-port", nil, serve.Limits{}, serve.Hooks{}, serve.Protocols{}), &failure)
}

// asChild makes this test program a server that never ends, for the tests of signals.
const asChild = "SERVE_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

func child() {
	say := func(what string) { _, _ = io.WriteString(os.Stdout, what+"\n") }
	err := serve.Run("127.0.0.1:0", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		say("busy")
		if os.Getenv(asChild) == "stuck" {
			select {}
		}
		<-serve.Stopping(r.Context())
	}), serve.Limits{}, serve.Hooks{
		Started:  func(addr net.Addr) { say(addr.String()) },
		Draining: func() { say("draining") },
	}, serve.Protocols{})
	if err == nil {
		say("clean")
	}
}

func TestSignals(t *testing.T) {
	for _, tt := range []struct {
		name   string
		signal syscall.Signal
		twice  bool
	}{
		{"stuck", syscall.SIGINT, true},
		{"stuck", syscall.SIGTERM, true},
		{"streaming", syscall.SIGINT, false},
		{"streaming", syscall.SIGTERM, false},
	} {
		t.Run(tt.name+" "+tt.signal.String(), func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), asChild+"="+tt.name)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewScanner(out)
			line := func() string { lines.Scan(); return lines.Text() }

			addr := line()
			conn, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			require.NoError(t, err)
			require.Equal(t, "busy", line())

			require.NoError(t, cmd.Process.Signal(tt.signal))
			require.Equal(t, "draining", line())
			if !tt.twice {
				assert.Equal(t, "clean", line())
				assert.NoError(t, cmd.Wait())
				return
			}
			require.NoError(t, cmd.Process.Signal(tt.signal))
			var exit *exec.ExitError
			require.ErrorAs(t, cmd.Wait(), &exit)
			assert.Equal(t, tt.signal, exit.Sys().(syscall.WaitStatus).Signal())
		})
	}
}
