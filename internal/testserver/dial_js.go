package testserver

import (
	"context"
	"errors"
	"net/http"

	"github.com/coder/websocket"
)

// Dial fails: in a browser, WebSockets can only connect to real servers.
func (*Server) Dial(context.Context, *http.Request) (*websocket.Conn, *http.Response, error) {
	return nil, nil, errors.New("the test client has no WebSockets under js/wasm")
}
