//go:build !js

package candor

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

// dialTest opens a test's WebSocket over its transport.
func dialTest(ctx context.Context, request *http.Request, transport http.RoundTripper, offered []string) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(ctx, request.URL.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: request.Header, Subprotocols: offered, Host: request.Host,
	})
}
