package socket_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/socket"
)

// closed is the error of a connection that was closed.
type closed struct{ socket.Closing }

func (c *closed) Error() string { return c.Reason }

// serve runs a handler on each connection and closes it after that.
func serve(t *testing.T, handler func(*socket.Conn)) (address string) {
	t.Helper()
	server := httptest.NewServer(handle(t, handler))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func handle(t *testing.T, handler func(*socket.Conn)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, begun, err := socket.Accept(r.Context(), w, r, socket.Config{
			MessageLimit: 1 << 20, WriteLimit: 10 * time.Second,
			Failed:    func(c *socket.Closing) error { return &closed{*c} },
			Recovered: func(value any) error { panic(value) },
		})
		assert.True(t, begun)
		if !assert.NoError(t, err) {
			return
		}
		handler(conn)
		conn.Close(&socket.Closing{Code: 1000}, errors.New("the handler returned"))
		_ = conn.Ended() // which the handler has seen
	})
}

// framesDial connects without a library, to send frames that no library would write.
func framesDial(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return upgrade(t, conn)
}

// upgrade does the handshake.
func upgrade(t *testing.T, conn net.Conn) (net.Conn, *bufio.Reader) {
	t.Helper()
	_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	_ = response.Body.Close()
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	return conn, reader
}

// closing returns a close frame of a client, masked with zeros.
func closing(code uint16, reason string) []byte {
	frame := append([]byte{0x88, 0x80 | byte(2+len(reason)), 0, 0, 0, 0}, 0, 0)
	binary.BigEndian.PutUint16(frame[6:], code)
	return append(frame, reason...)
}

func TestConnClosesThatAreNoText(t *testing.T) {
	for name, row := range map[string]struct {
		sent []byte
		want string
		code int
	}{
		"a reason that is no UTF-8":               {closing(1000, "bye \xff"), "\x88\x02\x03\xef", 1007},
		"one that ends in the middle of a letter": {closing(4000, "\xe2\x82"), "\x88\x02\x03\xef", 1007},
		"one of the greatest length":              {closing(1001, strings.Repeat("x", 122)+"\xff"), "\x88\x02\x03\xef", 1007},
		"a reason that is":                        {closing(1000, "bye é"), "\x88\x08\x03\xe8bye é", 1000},
		"no reason":                               {closing(4001, ""), "\x88\x02\x0f\xa1", 4001},
		"no code":                                 {[]byte{0x88, 0x80, 0, 0, 0, 0}, "\x88\x00", 1005},
		"a code that never travels":               {closing(1005, "x"), "", 1002},
		"a reason that is no UTF-8, slowly":       {nil, "\x88\x02\x03\xef", 1007},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan error, 1)
			conn, reader := framesDial(t, serve(t, func(c *socket.Conn) {
				_, err := c.Receive(c.Context())
				ended <- err
			}))
			if row.sent == nil {
				for _, b := range closing(1000, "\xff") {
					_, err := conn.Write([]byte{b})
					require.NoError(t, err)
				}
			}
			_, err := conn.Write(row.sent)
			require.NoError(t, err)
			got, _ := io.ReadAll(reader)
			if row.want != "" {
				assert.Equal(t, row.want, string(got))
			}
			why, ok := errors.AsType[*closed](<-ended)
			require.True(t, ok)
			assert.Equal(t, row.code, why.Code)
		})
	}
}

// The content of a message is never taken for a frame.
func TestConnMessagesThatLookLikeClosing(t *testing.T) {
	address := serve(t, func(c *socket.Conn) {
		for {
			m, err := c.Receive(c.Context())
			if err != nil {
				return
			}
			assert.NoError(t, c.Send(c.Context(), m.Kind, m.Data))
			m.Release()
		}
	})
	conn, response, err := websocket.Dial(t.Context(), "ws://"+address+"/", nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	conn.SetReadLimit(-1)
	frame := []byte{0x88, 0x05, 0x03, 0xe8, 0xff, 0xff, 0xff}
	for _, length := range []int{1, 7, 125, 126, 127, 4000, 4090, 4096, 4099, 4103, 8192, 65_535, 65_536, 65_543, 300_000} {
		sent := bytes.Repeat(frame, length/len(frame)+1)[:length]
		require.NoError(t, conn.Write(t.Context(), websocket.MessageBinary, sent))
		_, got, err := conn.Read(t.Context())
		require.NoError(t, err, length)
		assert.True(t, bytes.Equal(sent, got), length)
	}
	require.NoError(t, conn.Close(websocket.StatusNormalClosure, ""))
}
