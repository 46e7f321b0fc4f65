//go:build !js

package candor

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

// dialTest opens the WebSocket of a test over its link.
func dialTest(ctx context.Context, request *http.Request, link http.RoundTripper, offered []string) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(ctx, request.URL.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: link}, HTTPHeader: request.Header, Subprotocols: offered, Host: request.Host,
	})
}
