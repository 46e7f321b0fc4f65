//go:build !js

package testserver

import (
	"context"
	"net/http"

	"github.com/coder/websocket"

	"github.com/candor-go/candor/internal/mediatype"
)

// Dial opens a WebSocket on the server.
func (l *Server) Dial(ctx context.Context, request *http.Request) (*websocket.Conn, *http.Response, error) {
	offered := mediatype.Tokens(request.Header, "Sec-WebSocket-Protocol")
	// The WebSocket library sets this header itself, from its options.
	request.Header.Del("Sec-WebSocket-Protocol")
	return websocket.Dial(ctx, request.URL.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: l}, HTTPHeader: request.Header, Subprotocols: offered, Host: request.Host,
	})
}
