package benchmarks

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/candor-go/candor"
)

// onHTTP is a Contender that uses net/http.
type onHTTP struct {
	name string
	// module is the module it uses, "" for the standard library.
	module     string
	items, hub func() http.Handler
	large      large
}

// Name returns the name of the contender.
func (c onHTTP) Name() string { return c.name }

// Version returns the version of the module.
func (c onHTTP) Version() (string, error) { return moduleVersion(c.module), nil }

func (c onHTTP) handler(s Service) http.Handler {
	if s == Hub {
		return c.hub()
	}
	return c.items()
}

// Serve serves as users of the contender do: Candor with App.Serve, which is App.Run without signals, and echo with its
// StartConfig. All others use http.Server; gin's RunListener adds nothing to it.
func (c onHTTP) Serve(ctx context.Context, s Service, l net.Listener) error {
	switch h := c.handler(s).(type) {
	case *candor.App:
		return h.Serve(ctx, l)
	case *echo.Echo:
		return echo.StartConfig{Listener: l, HideBanner: true, HidePort: true}.Start(ctx, h)
	default:
		return servePlainly(ctx, h, l)
	}
}

func servePlainly(ctx context.Context, h http.Handler, l net.Listener) error {
	server := &http.Server{Handler: h}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Drive calls ServeHTTP.
func (c onHTTP) Drive(_ context.Context, w Workload) (func(n int) (Cost, error), error) {
	caller := &caller{handler: c.handler(w.Service), writer: discard{header: http.Header{}}}
	for _, r := range w.Requests {
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.Wire())))
		if err != nil {
			return nil, err
		}
		caller.requests = append(caller.requests, request)
		caller.bodies = append(caller.bodies, []byte(r.Body))
	}
	return func(n int) (Cost, error) {
		cost := cost(n, caller.call)
		cost.Status = caller.writer.status
		return cost, nil
	}, nil
}

// Start creates the large service.
func (c onHTTP) Start(_ context.Context, groups int) (Started, error) { return c.large.started(groups) }

// caller calls a handler with its requests over and over, without a server.
type caller struct {
	handler  http.Handler
	requests []*http.Request
	bodies   [][]byte
	next     int
	request  http.Request
	body     body
	writer   discard
}

func (c *caller) call() {
	clear(c.writer.header)
	c.writer.status, c.writer.size = 0, 0
	c.request = *c.requests[c.next]
	if text := c.bodies[c.next]; len(text) > 0 {
		c.body.Reset(text)
		c.request.Body = &c.body
	}
	if c.next++; c.next == len(c.requests) {
		c.next = 0
	}
	c.handler.ServeHTTP(&c.writer, &c.request)
}

// body is a body that can be sent again.
type body struct{ bytes.Reader }

// Close does nothing.
func (*body) Close() error { return nil }

var _ io.ReadCloser = (*body)(nil)

// discard is a response writer that keeps only the status and the size.
type discard struct {
	header http.Header
	status int
	size   int
}

// Header returns the header of the response.
func (d *discard) Header() http.Header { return d.header }

// WriteHeader keeps the status.
func (d *discard) WriteHeader(status int) { d.status = status }

// Write counts the bytes.
func (d *discard) Write(p []byte) (int, error) {
	if d.status == 0 {
		d.status = http.StatusOK
	}
	d.size += len(p)
	return len(p), nil
}
