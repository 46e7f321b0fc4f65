package candor

import (
	"context"
	"errors"
	"net/http"

	"github.com/coder/websocket"
)

// dialTest is not there where the sockets are those of a browser, which reach
// servers alone.
func dialTest(context.Context, *http.Request, http.RoundTripper, []string) (*websocket.Conn, *http.Response, error) {
	return nil, nil, errors.New("the test client has no WebSockets under js/wasm")
}
