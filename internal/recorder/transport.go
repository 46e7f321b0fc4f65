package recorder

import (
	"cmp"
	"context"
	"io"
	"net/http"

	"github.com/candor-go/candor/internal/faultlog"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/requestinfo"
)

// Transport passes the requests of an http.Client to a handler, as its server would.
type Transport struct{ Handler http.Handler }

// RoundTrip implements http.RoundTripper. It returns once the handler has sent the header; the body follows through a
// pipe.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	// Validation errors of the called app do not belong to the calling request's log.
	ctx, cancel := context.WithCancel(faultlog.Out(r.Context()))
	running := Start(t.Handler, received(r, ctx))
	select {
	case <-running.Response.Begun:
	case <-running.Served:
		running.Response.Begin(http.StatusInternalServerError) // for a handler that panicked before it responded
	case <-r.Context().Done():
	}
	// The context is checked even if there is a response: that may be the handler's reaction to the cancelled context,
	// which a client over a network would never see.
	if err := r.Context().Err(); err != nil {
		// cancel ends the handler's context; closing the pipe ends a blocked write.
		cancel()
		_ = running.Body.CloseWithError(err)
		return nil, err
	}
	status := running.Response.Status
	return &http.Response{
		Status: mediatype.StatusLine(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: running.Response.Sent, ContentLength: -1, Request: r, Body: &transportBody{running.Body, cancel},
	}, nil
}

// received returns the request as a server passes it to its handler.
func received(r *http.Request, ctx context.Context) *http.Request { //nolint:revive // the context of the other side
	sent := r.Clone(requestinfo.WithInProcess(ctx))
	if sent.Body == nil {
		// A server never passes on a request with a nil body.
		sent.Body = http.NoBody
	}
	sent.Proto, sent.ProtoMajor, sent.ProtoMinor = "HTTP/1.1", 1, 1
	sent.Host = cmp.Or(r.Host, r.URL.Host)
	sent.RequestURI, sent.RemoteAddr = r.URL.RequestURI(), cmp.Or(r.RemoteAddr, requestinfo.Client(ctx), "127.0.0.1:0")
	sent.URL.Scheme, sent.URL.Host, sent.URL.User = "", "", nil
	return sent
}

// transportBody ends the request when it is closed, as closing a connection does.
type transportBody struct {
	pipe   *io.PipeReader
	cancel context.CancelFunc
}

// Read implements io.Reader.
func (b *transportBody) Read(p []byte) (int, error) { return b.pipe.Read(p) }

// Close ends the request.
func (b *transportBody) Close() error {
	b.cancel()
	return b.pipe.Close()
}
