package candor_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// received is what a client has in the end: the status, the body, and whether the connection was aborted.
func received(h http.Handler, method, target string) (got string) {
	w := httptest.NewRecorder()
	defer func() {
		text := w.Body.String()
		if w.Header().Get("Content-Encoding") == "gzip" {
			unzipped, _ := gzip.NewReader(w.Body)
			data, _ := io.ReadAll(unzipped)
			text = string(data)
		}
		got = fmt.Sprintf("%d %s", w.Code, text)
		if value := recover(); value == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
			got += "aborted"
		}
	}()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return got
}

// pauses are delays between a producer's last item and its failure.
var pauses = []struct {
	name  string
	pause func()
	// real means that it takes real time, so it cannot run in a synctest bubble.
	real bool
}{
	{"at once", func() {}, false},
	{"after giving way", runtime.Gosched, false},
	{"after 20µs", func() { spin(20 * time.Microsecond) }, true},
	{"after 200µs", func() { spin(200 * time.Microsecond) }, true},
	{"after 1ms", func() { time.Sleep(time.Millisecond) }, false},
	{"after 50ms", func() { time.Sleep(50 * time.Millisecond) }, false},
	{"after 10s", func() { time.Sleep(10 * time.Second) }, false},
}

// spin keeps the processor busy for a while.
func spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}

var errOnFire = errors.New("on fire")

// failures are the ways in which a producer fails, with the response to a failure before the first item; its body is
// also the data of an error event.
var failures = []struct {
	name   string
	fail   func(yield func(line, error) bool)
	before string
}{
	{"an unknown error", func(yield func(line, error) bool) { yield(line{}, errOnFire) }, `500 {"detail":"Internal Server Error"}`},
	{"an error with a status", func(yield func(line, error) bool) { yield(line{}, candor.Error(409, "taken")) }, `409 {"detail":"taken"}`},
	{"an item that breaks its rules", func(yield func(line, error) bool) { yield(line{-1}, nil) }, `500 {"detail":"Internal Server Error"}`},
	{"a panic", func(func(line, error) bool) { panic("on fire") }, `500 {"detail":"Internal Server Error"}`},
}

// failingLines produces n lines, pauses and fails.
func failingLines(n int, pause func(), fail func(yield func(line, error) bool)) candor.JSONLines[line] {
	return func(yield func(line, error) bool) {
		for i := range n {
			if !yield(line{i}, nil) {
				return
			}
		}
		pause()
		fail(yield)
	}
}

// asEvents sends the same lines as events.
func asEvents(lines candor.JSONLines[line]) candor.Events[line] {
	return func(yield func(candor.Event[line], error) bool) {
		lines(func(l line, err error) bool { return yield(candor.Event[line]{Data: l}, err) })
	}
}

// failedStreams is an app with a stream of each kind, each wrapped in several ways.
func failedStreams(n int, pause func(), fail func(yield func(line, error) bool)) *candor.App {
	app, _ := apptest.Quiet(candor.Config{})
	lines := func(context.Context, candor.None) (candor.JSONLines[line], error) {
		return failingLines(n, pause, fail), nil
	}
	events := func(context.Context, candor.None) (candor.Events[line], error) {
		return asEvents(failingLines(n, pause, fail)), nil
	}
	taken := candor.Raises(candor.Error(409, nil))
	candor.Get(app, "/lines", lines, taken)
	candor.Get(app, "/events", events, taken)
	candor.Get(app, "/scoped/lines", lines, taken, candor.Around(func(_ context.Context, _ candor.None, next func() error) error { return next() }))
	candor.Get(app, "/zipped/lines", lines, taken, candor.Use(zipping))
	candor.Get(app, "/zipped/events", events, taken, candor.Use(zipping))
	candor.Get(app, "/enveloped/lines", func(context.Context, candor.None) (envelopedLines, error) {
		return envelopedLines{Total: n, Lines: failingLines(n, pause, fail)}, nil
	}, taken)
	sub, _ := apptest.Quiet(candor.Config{})
	candor.Get(sub, "/lines", lines, taken)
	candor.Get(sub, "/events", events, taken)
	app.Mount("/mounted", sub)
	return app
}

// An item may come at the moment at which the header would be sent without one: no ping follows it.
func TestAnItemBesideTheHeader(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/events", func(context.Context, candor.None) (candor.Events[line], error) {
		return func(yield func(candor.Event[line], error) bool) {
			for i := range 2 {
				time.Sleep(100 * time.Millisecond)
				yield(candor.Event[line]{Data: line{i}}, nil)
			}
		}, nil
	})
	app.Seal()
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			require.Equal(t, "200 data: {\"n\":0}\n\ndata: {\"n\":1}\n\n", received(app, "GET", "/events"))
		})
	}
}

// Nobody knows the length of a stream; the one that a function sets would truncate it.
func TestStreamsHaveNoLength(t *testing.T) {
	type input struct{ Header candor.ResponseHeader }
	app := candor.New(candor.Config{})
	candor.Get(app, "/lines", func(_ context.Context, in input) (candor.JSONLines[int], error) {
		http.Header(in.Header).Set("Content-Length", "3")
		return candor.LinesOf(slices.Values([]int{1, 2, 3})), nil
	})
	candor.Get(app, "/events", func(_ context.Context, in input) (candor.Events[int], error) {
		http.Header(in.Header).Set("Content-Length", "500")
		return candor.EventsOf(slices.Values([]int{1, 2})), nil
	})
	server := httptest.NewServer(app)
	defer server.Close()
	for path, want := range map[string]string{"/lines": "1\n2\n3\n", "/events": "data: 1\n\ndata: 2\n\n"} {
		resp, err := http.Get(server.URL + path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		assert.Equal(t, want, string(body))
		head, err := http.Head(server.URL + path)
		require.NoError(t, err)
		require.NoError(t, head.Body.Close())
		assert.NotContains(t, head.Header, "Content-Length")
	}
}

type envelopedLines struct {
	Total int                    `header:"X-Total"`
	Lines candor.JSONLines[line] `body:""`
}

// zipping is third-party middleware that compresses responses.
func zipping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z := &zipWriter{ResponseWriter: w}
		defer func() {
			if z.zip != nil {
				_ = z.zip.Close()
			}
		}()
		next.ServeHTTP(z, r)
	})
}

type zipWriter struct {
	http.ResponseWriter
	zip *gzip.Writer
}

func (w *zipWriter) WriteHeader(status int) {
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(status)
	w.zip, _ = gzip.NewWriterLevel(w.ResponseWriter, gzip.HuffmanOnly)
}

func (w *zipWriter) Write(p []byte) (int, error) { return w.zip.Write(p) }

func (w *zipWriter) Flush() {
	_ = w.zip.Flush()
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// afterFailure is what a client gets of a failing stream of n items: the error response if there are none, otherwise
// all items and then an aborted connection or an error event.
func afterFailure(target string, n int, alone string) string {
	if n == 0 {
		return alone
	}
	got := "200 "
	if strings.HasSuffix(target, "/lines") {
		for i := range n {
			got += fmt.Sprintf("{\"n\":%d}\n", i)
		}
		return got + "aborted"
	}
	for i := range n {
		got += fmt.Sprintf("data: {\"n\":%d}\n\n", i)
	}
	_, body, _ := strings.Cut(alone, " ")
	return got + "event: error\ndata: " + body + "\n\n"
}

// A stream begins when yield accepts the first item, however long the producer takes: before that an error is a
// response, and after it every item arrives before the error.
func TestAStreamBeginsWithItsFirstItem(t *testing.T) {
	for i, f := range failures {
		times := 1000
		if i > 0 {
			times = 50
		}
		for _, p := range pauses {
			for _, n := range []int{0, 1, 3} {
				if n == 0 && (p.real || p.name == "after 10s") {
					continue // the header may be sent already: TestTheHeaderOfAnIdleStreamIsSent
				}
				t.Run(fmt.Sprintf("%s %s and %d items", f.name, p.name, n), func(t *testing.T) {
					run := func(t *testing.T) {
						app := failedStreams(n, p.pause, f.fail)
						for _, target := range []string{"/lines", "/events"} {
							for range times {
								require.Equal(t, afterFailure(target, n, f.before), received(app, "GET", target))
							}
						}
					}
					if p.real {
						run(t)
					} else {
						synctest.Test(t, run)
					}
				})
			}
		}
	}
}

// The same applies inside of wrappers, middleware and mounts, and for many items.
func TestAStreamBeginsWithItsFirstItemEverywhere(t *testing.T) {
	for _, f := range failures {
		for _, n := range []int{0, 1, 500} {
			app := failedStreams(n, runtime.Gosched, f.fail)
			for _, target := range []string{"/scoped/lines", "/zipped/lines", "/zipped/events", "/enveloped/lines", "/mounted/lines", "/mounted/events"} {
				for range 5 {
					require.Equal(t, afterFailure(target, n, f.before), received(app, "GET", target), "%s of %s", f.name, target)
				}
				assert.Equal(t, "200 ", received(app, "HEAD", target), "HEAD starts no producer, so nothing can fail")
			}
		}
	}
}

// Clients do not wait for an idle producer: the header is sent, which begins the response as well.
func TestTheHeaderOfAnIdleStreamIsSent(t *testing.T) {
	for _, f := range failures {
		synctest.Test(t, func(t *testing.T) {
			app := failedStreams(0, func() { time.Sleep(time.Second) }, f.fail)
			_, body, _ := strings.Cut(f.before, " ")
			assert.Equal(t, "200 aborted", received(app, "GET", "/lines"), f.name)
			assert.Equal(t, "200 event: error\ndata: "+body+"\n\n", received(app, "GET", "/events"), f.name)
		})
	}
}

// A stopping server sends every item that yield has accepted.
func TestAStoppingServerSendsWhatWasAccepted(t *testing.T) {
	app, _ := apptest.Quiet(candor.Config{})
	stop := make(chan struct{})
	candor.Get(app, "/", func(ctx context.Context, _ candor.None) (candor.Events[line], error) {
		return func(yield func(candor.Event[line], error) bool) {
			for i := range 3 {
				yield(candor.Event[line]{Data: line{i}}, nil)
			}
			close(stop)
			<-ctx.Done()
		}, nil
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-stop; cancel() }()
	served := make(chan error)
	go func() { served <- app.Serve(ctx, listener) }()
	response, err := http.Get("http://" + listener.Addr().String())
	require.NoError(t, err)
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "data: {\"n\":0}\n\ndata: {\"n\":1}\n\ndata: {\"n\":2}\n\n", string(data))
	require.NoError(t, <-served)
}

// Streams that end because the server drains are logged as information, not as errors.
func TestADrainIsNoErrorInTheLog(t *testing.T) {
	config, log := recorded()
	app := candor.New(config)
	begun := make(chan struct{}, 2)
	candor.Get(app, "/lines", func(ctx context.Context, _ candor.None) (candor.JSONLines[line], error) {
		return func(yield func(line, error) bool) {
			yield(line{1}, nil)
			begun <- struct{}{}
			<-ctx.Done()
		}, nil
	})
	candor.Get(app, "/events", func(ctx context.Context, _ candor.None) (candor.Events[line], error) {
		return func(yield func(candor.Event[line], error) bool) {
			yield(candor.Event[line]{Data: line{1}}, nil)
			begun <- struct{}{}
			<-ctx.Done()
		}, nil
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- app.Serve(ctx, listener) }()
	var all sync.WaitGroup
	for path, end := range map[string]error{"/lines": io.ErrUnexpectedEOF, "/events": nil} {
		all.Go(func() {
			response, err := http.Get("http://" + listener.Addr().String() + path)
			if assert.NoError(t, err) {
				_, err = io.ReadAll(response.Body)
				assert.Equal(t, end, err, path)
				assert.NoError(t, response.Body.Close())
			}
		})
	}
	<-begun
	<-begun
	cancel()
	all.Wait()
	require.NoError(t, <-served)
	for _, logged := range log.take() {
		assert.NotContains(t, logged, "ERROR")
	}
}
