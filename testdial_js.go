package candor

import (
	"context"
	"errors"
	"net/http"

	"github.com/coder/websocket"
)

// dialTest is not available where WebSockets are those of a browser, which can only reach real servers.
func dialTest(context.Context, *http.Request, http.RoundTripper, []string) (*websocket.Conn, *http.Response, error) {
	return nil, nil, errors.New("the test client has no WebSockets under js/wasm")
}
