//go:build !js

package testserver

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

// Dial opens a WebSocket on the server.
func (l *Server) Dial(ctx context.Context, request *http.Request, offered []string) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(ctx, request.URL.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: l}, HTTPHeader: request.Header, Subprotocols: offered, Host: request.Host,
	})
}
