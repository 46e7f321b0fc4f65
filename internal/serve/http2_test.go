package serve_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/serve"
)

// streams runs f in a synctest bubble with net/http's HTTP/2 client, with and without TLS.
func streams(t *testing.T, f func(t *testing.T, start starter, client *http.Client)) {
	for _, way := range []struct {
		name string
		serve.Protocols
	}{
		{"without TLS", serve.Protocols{H2C: true}},
		{"over TLS", serve.Protocols{TLS: certified(t)}},
	} {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r *run
				transport := &http.Transport{
					TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // it is a pipe
					Protocols:       new(http.Protocols),
					DialContext: func(context.Context, string, string) (net.Conn, error) {
						select {
						case <-r.closed:
							return nil, net.ErrClosed
						default:
							return r.pipes.dial(), nil
						}
					},
				}
				transport.Protocols.SetHTTP2(way.TLS != nil)
				transport.Protocols.SetUnencryptedHTTP2(way.TLS == nil)
				f(t, func(h http.HandlerFunc, lim serve.Limits, hooks serve.Hooks) *run {
					r = protocols{Protocols: way.Protocols}.start(h, lim, hooks)
					return r
				}, &http.Client{Transport: scheme{transport, way.TLS != nil}})
				transport.CloseIdleConnections()
				time.Sleep(5 * time.Minute)
			})
		})
	}
}

// scheme sends requests with or without TLS.
type scheme struct {
	*http.Transport
	secure bool
}

func (s scheme) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme = "http"; s.secure {
		r.URL.Scheme = "https"
	}
	return s.Transport.RoundTrip(r)
}

func TestStreams(t *testing.T) {
	streams(t, func(t *testing.T, start starter, client *http.Client) {
		r := start(func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, client.Transport.(scheme).secure, r.TLS != nil)
			assert.NotNil(t, serve.Stopping(r.Context()))
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			_, _ = io.WriteString(w, r.Proto+" "+string(body))
		}, serve.Limits{}, serve.Hooks{})
		defer r.end(t)
		for range 3 {
			resp, err := client.Post("http://x/", "text/plain", strings.NewReader("hello"))
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, errors.Join(err, resp.Body.Close()))
			assert.Equal(t, "HTTP/2.0 hello", string(body))
		}
	})
}

// dripping is a body that yields one byte after each pause.
type dripping struct {
	left  int
	pause time.Duration
}

func (d *dripping) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(d.pause)
	d.left--
	p[0] = 'a'
	return 1, nil
}

func TestStreamBodyPace(t *testing.T) {
	for _, tt := range []struct {
		name  string
		body  *dripping
		err   error
		after time.Duration
	}{
		{"in time", &dripping{4, time.Second}, nil, 4 * time.Second},
		{"nothing for long", &dripping{1, 2 * time.Minute}, serve.ErrSlowBody, 5 * time.Second},
		{"a byte a second", &dripping{100, time.Second}, serve.ErrSlowBody, 5 * time.Second},
		{"a thousand bytes a second for too long", &dripping{100_000, time.Millisecond}, serve.ErrSlowBody, 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			streams(t, func(t *testing.T, start starter, client *http.Client) {
				body := *tt.body
				r := start(func(w http.ResponseWriter, r *http.Request) {
					began := time.Now()
					_, err := io.Copy(io.Discard, r.Body)
					assert.ErrorIs(t, err, tt.err)
					assert.InDelta(t, tt.after, time.Since(began), float64(100*time.Millisecond))
					if err != nil {
						w.WriteHeader(http.StatusRequestTimeout)
					}
				}, serve.Limits{}, serve.Hooks{})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://x/", &body)
				require.NoError(t, err)
				resp, err := client.Do(req)
				require.NoError(t, err)
				assert.Equal(t, tt.err != nil, resp.StatusCode == http.StatusRequestTimeout)
				require.NoError(t, resp.Body.Close())
				r.end(t)
			})
		})
	}
}

// TestStreamWritePace: a client that reads its connection but not a response leaves the window of that stream closed.
func TestStreamWritePace(t *testing.T) {
	for _, tt := range []struct {
		name  string
		write func(w http.ResponseWriter) error
		after time.Duration // when the write fails
	}{
		{"one write", func(w http.ResponseWriter) error {
			_, err := w.Write(make([]byte, 64<<20))
			return err
		}, 10 * time.Second},
		{"many writes", func(w http.ResponseWriter) error {
			for range 64 << 10 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return err
				}
			}
			return nil
		}, 10 * time.Second},
		{"writes and flushes", func(w http.ResponseWriter) error {
			control := http.NewResponseController(w)
			for range 64 << 10 {
				_, err := w.Write(make([]byte, 1<<10))
				if err := errors.Join(err, control.Flush()); err != nil {
					return err
				}
			}
			return nil
		}, 10 * time.Second},
		{"the handler's own deadline", func(w http.ResponseWriter) error {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
			_, err := w.Write(make([]byte, 64<<20))
			return err
		}, time.Minute},
		{"the handler's own deadline taken back", func(w http.ResponseWriter) error {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
			_, err := w.Write(make([]byte, 64<<20))
			return err
		}, 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			streams(t, func(t *testing.T, start starter, client *http.Client) {
				ended := make(chan struct{})
				r := start(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/long" {
						hello(w, r)
						return
					}
					defer close(ended)
					began := time.Now()
					assert.Error(t, tt.write(w))
					assert.InDelta(t, tt.after, time.Since(began), float64(100*time.Millisecond))
				}, serve.Limits{}, serve.Hooks{})
				resp, err := client.Get("http://x/long")
				require.NoError(t, err)
				other, err := client.Get("http://x/short") // shares the connection
				require.NoError(t, err)
				body, err := io.ReadAll(other.Body)
				require.NoError(t, errors.Join(err, other.Body.Close()))
				assert.Equal(t, "hello", string(body))
				<-ended
				require.NoError(t, resp.Body.Close())
				r.end(t)
			})
		})
	}
}

// TestSilentStream: a stream may be silent for long.
func TestSilentStream(t *testing.T) {
	streams(t, func(t *testing.T, start starter, client *http.Client) {
		r := start(func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				_, _ = io.WriteString(w, "tick")
				assert.NoError(t, http.NewResponseController(w).Flush())
				time.Sleep(time.Minute)
			}
		}, serve.Limits{}, serve.Hooks{})
		resp, err := client.Get("http://x/")
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		assert.Equal(t, "tickticktick", string(body))
		r.end(t)
	})
}

func TestDrainOfStreams(t *testing.T) {
	streams(t, func(t *testing.T, start starter, client *http.Client) {
		running := make(chan struct{})
		r := start(func(w http.ResponseWriter, r *http.Request) {
			close(running)
			<-serve.Stopping(r.Context())
			time.Sleep(3 * time.Second)
			hello(w, r)
		}, serve.Limits{}, serve.Hooks{})
		status := make(chan string)
		go func() {
			resp, err := client.Get("http://x/")
			assert.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			assert.NoError(t, errors.Join(err, resp.Body.Close()))
			status <- string(body)
		}()
		<-running
		took := make(chan time.Duration)
		go func() { took <- r.end(t) }()
		assert.Equal(t, "hello", <-status)
		assert.InDelta(t, 4*time.Second, <-took, float64(time.Second))
		_, err := client.Get("http://x/")
		assert.ErrorIs(t, err, net.ErrClosed, "the connection was given up in an orderly way")
	})
}

func TestTextOnThePortOfTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := protocols{Protocols: serve.Protocols{TLS: certified(t)}}.start(hello, serve.Limits{}, serve.Hooks{Refusal: refuse})
		c := r.dial(t)
		c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"[:5])
		_, got := c.untilClosed()
		assert.True(t, strings.HasPrefix(got, "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"), got)
		r.end(t)
		time.Sleep(time.Minute)
	})
}
