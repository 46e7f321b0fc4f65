package candor_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// framesDial connects to /ws by hand, so that frames can be written that no
// library writes.
func framesDial(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	_ = answer.Body.Close()
	require.Equal(t, http.StatusSwitchingProtocols, answer.StatusCode)
	return conn, reader
}

// closing is a close frame of a client, masked with zeros.
func closing(code uint16, reason string) []byte {
	frame := append([]byte{0x88, 0x80 | byte(2+len(reason)), 0, 0, 0, 0}, 0, 0)
	binary.BigEndian.PutUint16(frame[6:], code)
	return append(frame, reason...)
}

func TestWebSocketClosesThatAreNoText(t *testing.T) {
	for name, row := range map[string]struct {
		sent []byte
		want string
		code int
	}{
		"a reason that is no UTF-8":         {closing(1000, "bye \xff"), "\x88\x02\x03\xef", 1007},
		"one that is cut in a letter":       {closing(4000, "\xe2\x82"), "\x88\x02\x03\xef", 1007},
		"one of the greatest length":        {closing(1001, strings.Repeat("x", 122)+"\xff"), "\x88\x02\x03\xef", 1007},
		"a reason that is":                  {closing(1000, "bye é"), "\x88\x08\x03\xe8bye é", 1000},
		"no reason":                         {closing(4001, ""), "\x88\x02\x0f\xa1", 4001},
		"no code":                           {[]byte{0x88, 0x80, 0, 0, 0, 0}, "\x88\x00", 1005},
		"a code that never travels":         {closing(1005, "x"), "", 1002},
		"a reason that is no UTF-8, slowly": {nil, "\x88\x02\x03\xef", 1007},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, log := wsConfig()
			app := candor.New(config)
			ended := make(chan error, 1)
			candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
				_, err := s.Receive(ctx)
				ended <- err
				return err
			})
			address, _ := wsServe(t, app)
			conn, reader := framesDial(t, address)
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
			closed, ok := errors.AsType[*candor.CloseError](<-ended)
			require.True(t, ok)
			assert.Equal(t, row.code, closed.Code)
			assert.NotContains(t, log.String(), "level=ERROR")
		})
	}
}

// What a message holds is no frame, however much it looks like one.
func TestWebSocketMessagesThatLookLikeClosing(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/ws", wsEcho[[]byte])
	address, _ := wsServe(t, app)
	conn := wsDial(t, address, "/ws", nil)
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

func TestWebSocketWritesAsLongAsTheLimit(t *testing.T) {
	for name, row := range map[string]struct{ limit, want time.Duration }{
		"by default": {0, 10 * time.Second}, "Limits.Write": {3 * time.Second, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := candor.New(candor.Config{Limits: candor.Limits{Write: row.limit}})
				took := make(chan time.Duration, 1)
				candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
					start := time.Now()
					err := s.Send(ctx, strings.Repeat("x", 1<<20))
					took <- time.Since(start)
					return err
				})
				client, server := net.Pipe()
				l := &wsListener{conns: make(chan net.Conn, 1), done: make(chan struct{})}
				l.conns <- server
				s := &http.Server{Handler: app}
				go func() { _ = s.Serve(l) }()
				_, err := io.WriteString(client, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
				require.NoError(t, err)
				answer, err := http.ReadResponse(bufio.NewReaderSize(client, 16), nil)
				require.NoError(t, err)
				_ = answer.Body.Close()
				assert.Equal(t, row.want, <-took)
				_ = client.Close()
				close(l.done)
			})
		})
	}
}

func TestWebSocketAnswersInvalidMessages(t *testing.T) {
	config, log := wsConfig()
	config.Message = func(_ *http.Request, f candor.Fault) string { return "own: " + f.Type }
	app := candor.New(config)
	candor.WebSocket(app, "/ws", wsEcho[wsMessage], candor.AnswerInvalidMessages())
	strict := candor.NewRouter("/strict", candor.AnswerInvalidMessages(), candor.ForbidExtra())
	candor.WebSocket(strict, "/ws", wsEcho[wsMessage])
	app.Include(strict)
	address, _ := wsServe(t, app)
	for _, target := range []string{"/ws", "/strict/ws"} {
		conn := wsDial(t, address, target, nil)
		for _, row := range []struct{ send, want string }{
			{`{"text":"a"}`, `{"text":"a","to":"all"}`},
			{`{"text":""}`, `{"detail":[{"type":"string_too_short","loc":["message","text"],"msg":"own: string_too_short","ctx":{"min_length":1}}]}`},
			{`{`, `{"detail":[{"type":"json_invalid","loc":["message",1],"msg":"own: json_invalid","ctx":{"error":"a member name was expected"}}]}`},
			{`{"to":"ann"}`, `{"detail":[{"type":"missing","loc":["message","text"],"msg":"own: missing"}]}`},
			{`{"text":"b"}`, `{"text":"b","to":"all"}`},
		} {
			require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(row.send)))
			kind, got, err := conn.Read(t.Context())
			require.NoError(t, err)
			assert.Equal(t, websocket.MessageText, kind)
			if strings.HasPrefix(row.send, "{\"") {
				assert.JSONEq(t, row.want, string(got))
			} else {
				assert.Contains(t, string(got), `"type":"json_invalid"`)
			}
		}
		require.NoError(t, conn.Write(t.Context(), websocket.MessageBinary, []byte(`{"text":"a"}`)))
		code, _ := wsClosed(t, conn)
		assert.Equal(t, 1003, code)
	}
	assert.NotContains(t, log.String(), "level=ERROR")
}
