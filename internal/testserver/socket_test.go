package testserver_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/testserver"
)

// open connects to a server that runs handle.
func open(t *testing.T, handle func(conn *websocket.Conn)) (socket *testserver.Socket, checked *[]string) {
	t.Helper()
	server := testserver.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if assert.NoError(t, err) {
			handle(conn)
		}
	}), t.Context())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://testserver/", http.NoBody)
	require.NoError(t, err)
	conn, _, err := server.Dial(t.Context(), r)
	require.NoError(t, err)
	checked = new([]string)
	socket = server.Open(conn, func(n int, binary bool, data []byte) {
		*checked = append(*checked, string(rune('0'+n))+map[bool]string{true: "b"}[binary]+string(data))
	})
	t.Cleanup(socket.Stop)
	return socket, checked
}

func TestSocket(t *testing.T) {
	t.Parallel()
	ended := false
	socket, checked := open(t, func(conn *websocket.Conn) {
		for {
			kind, data, err := conn.Read(context.Background())
			if err != nil {
				ended = true
				return
			}
			assert.NoError(t, conn.Write(context.Background(), kind, data))
		}
	})
	require.NoError(t, socket.Send(websocket.MessageText, []byte("x")))
	assert.Equal(t, testserver.Message{Kind: websocket.MessageText, Data: []byte("x")}, socket.Next())
	require.NoError(t, socket.Send(websocket.MessageBinary, []byte("y")))
	assert.Equal(t, "y", string(socket.Next().Data))
	require.NoError(t, socket.Close(1000, "enough"))
	assert.True(t, ended, "Close waits for the handler")
	assert.Equal(t, []string{"1x", "2by"}, *checked)
	socket.Stop() // again
}

func TestSocketOfAServerThatCloses(t *testing.T) {
	t.Parallel()
	socket, _ := open(t, func(conn *websocket.Conn) { _ = conn.Close(4000, "why") })
	assert.Equal(t, websocket.StatusCode(4000), websocket.CloseStatus(socket.Next().Err))
}
