// Package testserver serves one request of a test over an in-memory connection, which WebSockets need.
package testserver

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// Server is an in-memory connection and the HTTP server for it.
type Server struct {
	transport *http.Transport
	server    *http.Server
	served    chan struct{}
	conns     chan net.Conn
	done      chan struct{}
	// Refusal is the body of a response with a status other than 101.
	Refusal []byte
}

// New serves an app. Requests inherit ctx.
func New(app http.Handler, ctx context.Context) *Server { //nolint:revive // the context is that of requests
	l := &Server{conns: make(chan net.Conn, 1), done: make(chan struct{}), served: make(chan struct{})}
	var handlers sync.WaitGroup
	l.server = &http.Server{ //nolint:gosec // nobody else connects
		BaseContext: func(net.Listener) context.Context { return ctx },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// Handlers are counted here, because http.Server no longer tracks a hijacked connection.
			handlers.Add(1)
			defer handlers.Done()
			r.RemoteAddr = "192.0.2.1:1234"
			app.ServeHTTP(w, r)
		}),
	}
	l.transport = &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		l.conns <- server
		return client, nil
	}}
	go func() {
		defer close(l.served)
		_ = l.server.Serve(l)
		handlers.Wait()
	}()
	return l
}

// RoundTrip implements http.RoundTripper. It saves the whole body of a refusal.
func (l *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.transport.RoundTrip(r)
	if err != nil || response.StatusCode == http.StatusSwitchingProtocols {
		return response, err
	}
	defer response.Body.Close()
	if l.Refusal, err = io.ReadAll(response.Body); err != nil {
		return nil, err
	}
	// The WebSocket library reads only up to 1 KiB of the body, so it was saved above.
	response.Body = io.NopCloser(bytes.NewReader(nil))
	return response, nil
}

// Accept implements net.Listener.
func (l *Server) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *Server) Close() error { return nil }

// Addr implements net.Listener.
func (l *Server) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "testserver" }

// Stop shuts the server down and waits for the handler.
func (l *Server) Stop() {
	// This ends Accept. served waits for the handlers, so that Close does not interrupt them.
	close(l.done)
	l.transport.CloseIdleConnections()
	<-l.served
	_ = l.server.Close()
}
