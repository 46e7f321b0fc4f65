package candor_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type wsMessage struct {
	Text string `json:"text" validate:"min=1,max=20"`
	To   string `json:"to" default:"all"`
}

// wsEcho sends back what it receives.
func wsEcho[T any](ctx context.Context, _ candor.None, s *candor.Socket[T, T]) error {
	for message, err := range s.Messages(ctx) {
		if err != nil {
			return err
		}
		if err := s.Send(ctx, message); err != nil {
			return err
		}
	}
	return nil
}

// wsServe serves an app on loopback and returns its address; stop drains the server and waits for its end.
func wsServe(t *testing.T, app *candor.App) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Serve(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		assert.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func wsDial(t *testing.T, address, target string, options *websocket.DialOptions) *websocket.Conn {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), "ws://"+address+target, options)
	require.NoError(t, err)
	assert.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// wsClosed reads until the server closes the connection.
func wsClosed(t *testing.T, conn *websocket.Conn) (code int, reason string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		_, _, err := conn.Read(ctx)
		if closed, ok := errors.AsType[websocket.CloseError](err); ok {
			return int(closed.Code), closed.Reason
		}
		require.NoError(t, err)
	}
}

// wsLog is a log that can be read while it is being written.
type wsLog struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *wsLog) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *wsLog) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

func wsConfig() (candor.Config, *wsLog) {
	log := &wsLog{}
	return candor.Config{Logger: slog.New(slog.NewTextHandler(log, nil))}, log
}

func TestWebSocketMessages(t *testing.T) {
	config, log := wsConfig()
	app := candor.New(config)
	candor.WebSocket(app, "/json", wsEcho[wsMessage])
	candor.WebSocket(app, "/list", wsEcho[[]int])
	candor.WebSocket(app, "/text", wsEcho[string])
	candor.WebSocket(app, "/bytes", wsEcho[[]byte])
	candor.WebSocket(app, "/frames", wsEcho[candor.Frame])
	address, _ := wsServe(t, app)
	large := strings.Repeat("é", 1<<19)
	for _, row := range []struct {
		target     string
		kind       websocket.MessageType
		send, want string
	}{
		{"/json", websocket.MessageText, `{"text":"hi"}`, `{"text":"hi","to":"all"}`},
		{"/json", websocket.MessageText, ` {"to":"ann","text":"<é>"} `, `{"text":"<é>","to":"ann"}`},
		{"/list", websocket.MessageText, `[1,2.0]`, `[1,2]`},
		{"/text", websocket.MessageText, `{"not": read`, `{"not": read`},
		{"/text", websocket.MessageText, ``, ``},
		{"/text", websocket.MessageText, large, large},
		{"/bytes", websocket.MessageBinary, "\xff\x00", "\xff\x00"},
		{"/frames", websocket.MessageBinary, "\xff\x00", "\xff\x00"},
		{"/frames", websocket.MessageBinary, "", ""},
		{"/frames", websocket.MessageText, `{"not": read`, `{"not": read`},
		{"/frames", websocket.MessageText, "", ""},
		{"/frames", websocket.MessageText, large, large},
	} {
		conn := wsDial(t, address, row.target, nil)
		conn.SetReadLimit(-1)
		for range 3 {
			require.NoError(t, conn.Write(t.Context(), row.kind, []byte(row.send)))
			kind, got, err := conn.Read(t.Context())
			require.NoError(t, err, row.target)
			assert.Equal(t, row.kind, kind)
			assert.Equal(t, row.want, string(got))
		}
		assert.NoError(t, conn.Close(websocket.StatusNormalClosure, ""))
	}
	assert.NotContains(t, log.String(), "level=ERROR")
}

// Text and binary messages arrive in order, and each is validated as its own type.
func TestWebSocketFrames(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/ws", wsEcho[candor.Frame], candor.MessageLimit(8))
	broken := make(chan error, 1)
	candor.WebSocket(app, "/broken", func(ctx context.Context, _ candor.None, s *candor.Socket[candor.Frame, candor.Frame]) error {
		broken <- s.Send(ctx, candor.Frame{Data: []byte("a\xff")})
		return s.Send(ctx, candor.Frame{Data: []byte("still open")})
	})
	candor.WebSocket(app, "/typed", func(ctx context.Context, _ candor.None, s *candor.Socket[candor.Frame, wsMessage]) error {
		f, err := s.Receive(ctx)
		if err != nil {
			return err
		}
		return s.Send(ctx, wsMessage{Text: fmt.Sprint(f.Binary, len(f.Data))})
	})
	c := candor.NewTestClient(t, app)

	socket := c.WebSocket("/ws")
	var first, second candor.Frame
	socket.Send("a").Send([]byte{0xff}).Receive(&first).Receive(&second)
	assert.Equal(t, candor.Frame{Data: []byte("a")}, first)
	assert.Equal(t, candor.Frame{Binary: true, Data: []byte{0xff}}, second)
	socket.Send(second).Send(first).Receive(&second).Receive(&first)
	assert.Equal(t, candor.Frame{Data: []byte("a")}, first, "what was received before stays as it was")
	assert.Equal(t, candor.Frame{Binary: true, Data: []byte{0xff}}, second)

	code, reason := socket.Send(candor.Frame{Data: []byte{0xff}}).Closed()
	assert.Equal(t, 1007, code)
	assert.Equal(t, "the text is not UTF-8", reason)
	for _, binary := range []bool{false, true} {
		code, reason = c.WebSocket("/ws").Send(candor.Frame{Binary: binary, Data: []byte("123456789")}).Closed()
		assert.Equal(t, 1009, code)
		assert.Equal(t, "a message is larger than 8 bytes", reason)
	}

	socket = c.WebSocket("/broken").Receive(&first)
	require.EqualError(t, <-broken, "a text message is not UTF-8; send a binary one for anything else")
	assert.Equal(t, "still open", string(first.Data))
	code, _ = socket.Closed()
	assert.Equal(t, 1000, code)

	var typed wsMessage
	c.WebSocket("/typed").Send([]byte("abc")).Receive(&typed)
	assert.Equal(t, "true 3", typed.Text)
}

// wsDo returns a handler that runs the function.
func wsDo(do func(ctx context.Context, s *candor.Socket[wsMessage, wsMessage]) error) func(context.Context, candor.None, *candor.Socket[wsMessage, wsMessage]) error {
	return func(ctx context.Context, _ candor.None, s *candor.Socket[wsMessage, wsMessage]) error {
		return do(ctx, s)
	}
}

// TestWebSocketCloseCodes lists how connections end.
func TestWebSocketCloseCodes(t *testing.T) {
	type handler = func(ctx context.Context, s *candor.Socket[wsMessage, wsMessage]) error
	returns := func(err error) handler {
		return func(context.Context, *candor.Socket[wsMessage, wsMessage]) error { return err }
	}
	receives := func(ctx context.Context, s *candor.Socket[wsMessage, wsMessage]) error {
		_, err := s.Receive(ctx)
		return err
	}
	text, binary := websocket.MessageText, websocket.MessageBinary
	for name, row := range map[string]struct {
		handler handler
		kind    websocket.MessageType
		send    string
		code    int
		reason  string
		logged  string
	}{
		"nil":              {returns(nil), 0, "", 1000, "", ""},
		"a reason":         {returns(candor.Close(4001, "bye")), 0, "", 4001, "bye", ""},
		"a long reason":    {returns(candor.Close(1008, strings.Repeat("é", 70))), 0, "", 1008, strings.Repeat("é", 61), ""},
		"no UTF-8":         {returns(candor.Close(1008, "a\xff")), 0, "", 1008, "a\uFFFD", ""},
		"no such code":     {returns(candor.Close(1005, "x")), 0, "", 1011, "", "websocket closed with 1005: x"},
		"not found":        {returns(candor.Error(404, "no room")), 0, "", 1008, "no room", ""},
		"invalid":          {returns(candor.Invalid("odd", "text")), 0, "", 1008, "text: Value error: odd", ""},
		"unavailable":      {returns(candor.Error(503, "secret")), 0, "", 1011, "", "secret"},
		"unknown":          {returns(errors.New("secret")), 0, "", 1011, "", "secret"},
		"panic":            {func(context.Context, *candor.Socket[wsMessage, wsMessage]) error { panic("secret") }, 0, "", 1011, "", "panic: secret"},
		"broken rule":      {receives, text, `{"text":""}`, 1008, "message.text: ", ""},
		"missing":          {receives, text, `{}`, 1008, "message.text: Field required", ""},
		"no JSON":          {receives, text, `{`, 1008, "message.1: Invalid JSON", ""},
		"too large":        {receives, text, strings.Repeat(" ", 1<<20+1), 1009, "a message is larger than 1048576 bytes", ""},
		"much too large":   {receives, binary, strings.Repeat(" ", 8<<20), 1009, "a message is larger than 1048576 bytes", ""},
		"binary for text":  {receives, binary, `{}`, 1003, "expected text messages", ""},
		"no UTF-8 in text": {receives, text, "{\"text\":\"\xff\"}", 1007, "the text is not UTF-8", ""},
		"its own broken": {func(ctx context.Context, s *candor.Socket[wsMessage, wsMessage]) error {
			return s.Send(ctx, wsMessage{})
		}, 0, "", 1011, "", "the response breaks its own validation rules"},
		"error after a send": {func(ctx context.Context, s *candor.Socket[wsMessage, wsMessage]) error {
			return errors.Join(s.Send(ctx, wsMessage{Text: "hi"}), candor.Close(4000, "then"))
		}, 0, "", 4000, "then", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, log := wsConfig()
			app := candor.New(config)
			candor.WebSocket(app, "/ws", wsDo(row.handler))
			address, stop := wsServe(t, app)
			conn := wsDial(t, address, "/ws", nil)
			if row.kind != 0 {
				_ = conn.Write(t.Context(), row.kind, []byte(row.send))
			}
			code, reason := wsClosed(t, conn)
			assert.Equal(t, row.code, code)
			assert.True(t, strings.HasPrefix(reason, row.reason) && (row.reason != "" || reason == ""), reason)
			stop()
			if row.logged == "" {
				assert.NotContains(t, log.String(), "level=ERROR")
			} else {
				assert.Contains(t, log.String(), row.logged)
			}
		})
	}
}

func TestWebSocketClientCloses(t *testing.T) {
	for code, usual := range map[int]bool{1000: true, 1001: true, 1005: true, 1008: false, 4000: false} {
		app := candor.New(candor.Config{})
		errs, alive := make(chan error, 1), make(chan error, 1)
		candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
			var last error
			for _, err := range s.Messages(ctx) {
				last = err
			}
			errs <- last
			alive <- ctx.Err()
			return last
		})
		address, _ := wsServe(t, app)
		conn := wsDial(t, address, "/ws", nil)
		assert.NoError(t, conn.Close(websocket.StatusCode(code), "why"))
		err := <-errs
		assert.ErrorIs(t, <-alive, context.Canceled)
		if usual {
			assert.NoError(t, err, code)
			continue
		}
		closed, ok := errors.AsType[*candor.CloseError](err)
		require.True(t, ok, err)
		assert.Equal(t, code, closed.Code)
		assert.Equal(t, "why", closed.Reason)
	}
}

// If a client disappears without a close frame, the context of the
// handler ends, even if the handler only sends or does nothing.
func TestWebSocketClientVanishes(t *testing.T) {
	config, log := wsConfig()
	app := candor.New(config)
	errs := make(chan error, 1)
	candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
		<-ctx.Done()
		_, err := s.Receive(context.Background())
		errs <- err
		return s.Send(ctx, "lost")
	})
	address, stop := wsServe(t, app)
	conn := wsDial(t, address, "/ws", nil)
	require.NoError(t, conn.CloseNow())
	closed, ok := errors.AsType[*candor.CloseError](<-errs)
	require.True(t, ok)
	assert.Equal(t, 1006, closed.Code)
	stop()
	assert.NotContains(t, log.String(), "level=ERROR")
	assert.Contains(t, log.String(), "client left")
}

func TestWebSocketReceiveTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := candor.New(candor.Config{Docs: candor.Docs{OpenAPI: "-"}})
		candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
			for range 3 {
				short, cancel := context.WithTimeout(ctx, time.Second)
				_, err := s.Receive(short)
				cancel()
				if !errors.Is(err, context.DeadlineExceeded) {
					return err
				}
			}
			return s.Send(ctx, "still here")
		})
		socket := candor.NewTestClient(t, app).WebSocket("/ws")
		var got string
		socket.Receive(&got)
		assert.Equal(t, "still here", got)
		code, _ := socket.Closed()
		assert.Equal(t, 1000, code)
	})
}

func TestWebSocketStops(t *testing.T) {
	app := candor.New(candor.Config{})
	errs := make(chan error, 1)
	candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
		for _, err := range s.Messages(ctx) {
			errs <- err
		}
		errs <- nil
		return nil
	})
	address, stop := wsServe(t, app)
	conn := wsDial(t, address, "/ws", nil)
	go stop()
	code, reason := wsClosed(t, conn)
	assert.Equal(t, 1001, code)
	assert.Equal(t, "the server is stopping", reason)
	assert.NoError(t, <-errs)
	stop()
}

type wsDB struct{ log chan string }

func TestWebSocketOrder(t *testing.T) {
	app := candor.New(candor.Config{})
	log := make(chan string, 10)
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*wsDB) error) error {
		log <- "begin"
		err := use(&wsDB{log})
		log <- "end"
		return err
	})
	guarded := candor.Require(func(_ context.Context, in struct {
		Token candor.Bearer
		Kind  string `query:"kind" default:"a"`
	},
	) error {
		switch in.Kind {
		case "close":
			return candor.Close(1008, "not you")
		case "error":
			return errors.New("secret")
		}
		return nil
	})
	candor.WebSocket(app, "/rooms/{room}", func(ctx context.Context, in struct {
		Room  int   `path:"room" validate:"gte=1"`
		DB    *wsDB `dep:""`
		Tasks *candor.Tasks
	}, s *candor.Socket[string, string],
	) error {
		in.Tasks.Add(func(context.Context) error {
			log <- "task"
			return nil
		})
		in.DB.log <- "handler"
		_, err := s.Receive(ctx)
		if closed, ok := errors.AsType[*candor.CloseError](err); ok && closed.Code == 1000 {
			return nil
		}
		return err
	}, guarded)
	c := candor.NewTestClient(t, app, candor.WithHeader("Authorization", "Bearer x"))

	for _, row := range []struct {
		target string
		status int
		body   string
	}{
		{"/rooms/1?kind=close", 403, `{"detail":"not you"}`},
		{"/rooms/0", 422, `"loc":["path","room"]`},
		{"/rooms/1?kind=error", 500, `{"detail":"Internal Server Error"}`},
	} {
		refused := c.WebSocket(row.target).Response.Status(row.status)
		assert.Contains(t, refused.Text(), row.body)
	}
	c.WebSocket("/rooms/1", candor.WithHeader("Authorization", "")).Response.Status(401)
	assert.Empty(t, log)

	c.WebSocket("/rooms/1").Close(1000, "")
	var order []string
	for range 4 {
		order = append(order, <-log)
	}
	assert.Equal(t, []string{"begin", "handler", "end", "task"}, append(order[:2:2], wsSorted(order[2:])...))
}

// wsSorted puts the task last, because it runs concurrently with the end of the scoped provider.
func wsSorted(two []string) []string {
	if two[0] == "task" {
		return []string{two[1], two[0]}
	}
	return two
}

func TestWebSocketHandshake(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/ws", wsEcho[string])
	c := candor.NewTestClient(t, app)
	good := map[string]string{
		"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}
	for _, row := range []struct {
		name, value string
		status      int
	}{
		{"Connection", "keep-alive", 426},
		{"Upgrade", "h2c", 426},
		{"Sec-WebSocket-Version", "8", 426},
		{"Sec-WebSocket-Key", "abc", 400},
		{"Origin", "https://evil.example", 403},
		{"Origin", "null", 403},
		{"Origin", "http://testserver.evil.example", 403},
	} {
		options := []candor.TestOption{}
		for name, value := range good {
			options = append(options, candor.WithHeader(name, value))
		}
		answer := c.Get("/ws", append(options, candor.WithHeader(row.name, row.value))...).Status(row.status)
		assert.Equal(t, "application/json", answer.Header.Get("Content-Type"))
		assert.Equal(t, row.status == 426, answer.Header.Get("Upgrade") == "websocket")
	}
	c.Get("/ws").Status(426)
	c.Head("/ws").Status(426)
	c.Post("/ws", nil).Status(405)
	assert.Equal(t, "13", c.Get("/ws", candor.WithHeader("Connection", "upgrade"), candor.WithHeader("Upgrade", "websocket")).Header.Get("Sec-WebSocket-Version"))
}

func TestWebSocketOrigins(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/own", wsEcho[string])
	candor.WebSocket(app, "/some", wsEcho[string], candor.Origins("*.example.com", "https://shop.example"))
	candor.WebSocket(app, "/all", wsEcho[string], candor.Origins("*"))
	c := candor.NewTestClient(t, app)
	for _, row := range []struct {
		target, origin string
		status         int
	}{
		{"/own", "http://testserver", 101},
		{"/own", "https://TESTSERVER", 101},
		{"/own", "http://a.example.com", 403},
		{"/some", "http://A.example.com", 101},
		{"/some", "https://example.com", 403},
		{"/some", "https://shop.example", 101},
		{"/some", "http://shop.example", 403},
		{"/all", "https://evil.example", 101},
		{"/all", "null", 101},
	} {
		c.WebSocket(row.target, candor.WithHeader("Origin", row.origin)).Response.Status(row.status)
	}
}

func TestWebSocketSubprotocols(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
		return s.Send(ctx, s.Subprotocol())
	}, candor.Subprotocols("v2", "v1"))
	c := candor.NewTestClient(t, app)
	for offered, want := range map[string]string{"v1, v2": "v2", "v1": "v1", "v3": "", "": ""} {
		var got string
		s := c.WebSocket("/ws", candor.WithHeader("Sec-WebSocket-Protocol", offered))
		s.Receive(&got)
		assert.Equal(t, want, got)
		assert.Equal(t, want, s.Response.Header.Get("Sec-WebSocket-Protocol"))
	}
}

func TestWebSocketLimit(t *testing.T) {
	app := candor.New(candor.Config{}, candor.MessageLimit(4))
	candor.WebSocket(app, "/ws", wsEcho[string])
	c := candor.NewTestClient(t, app)
	var got string
	s := c.WebSocket("/ws").Send("1234").Receive(&got)
	assert.Equal(t, "1234", got)
	code, reason := s.Send("12345").Closed()
	assert.Equal(t, 1009, code)
	assert.Equal(t, "a message is larger than 4 bytes", reason)
}

// A silent client is pinged every 30 seconds, and stays connected if it responds.
func TestWebSocketPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
			time.Sleep(5 * time.Minute)
			return s.Send(ctx, "slow")
		})
		s := candor.NewTestClient(t, app).WebSocket("/ws")
		time.Sleep(5*time.Minute + time.Second)
		var got string
		s.Receive(&got)
		assert.Equal(t, "slow", got)
	})
}

// A client that does not respond within 10 seconds is disconnected, unless its messages still wait for the handler.
func TestWebSocketDropsTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := candor.New(candor.Config{}, candor.Heartbeat(time.Minute))
		errs := make(chan error, 1)
		candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Minute):
			}
			_, err := s.Receive(ctx)
			errs <- err
			return err
		})
		client := wsSilent(t, app)
		start := time.Now()
		closed, ok := errors.AsType[*candor.CloseError](<-errs)
		require.True(t, ok)
		assert.Equal(t, 1006, closed.Code)
		assert.Equal(t, 70*time.Second, time.Since(start).Round(time.Second))
		_ = client.Close()

		client = wsSilent(t, app)
		_, err := client.Write([]byte{0x81, 0x81, 0, 0, 0, 0, 'a'})
		require.NoError(t, err)
		assert.NoError(t, <-errs)
		_ = client.Close()
	})
}

// wsSilent connects a client to /ws that reads everything and sends nothing.
func wsSilent(t *testing.T, app http.Handler) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	l := &wsListener{conns: make(chan net.Conn, 1), done: make(chan struct{})}
	l.conns <- server
	s := &http.Server{Handler: app}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { close(l.done) })
	_, err := client.Write([]byte("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	require.NoError(t, err)
	go func() {
		for buffer := make([]byte, 1024); ; {
			if _, err := client.Read(buffer); err != nil {
				return
			}
		}
	}()
	return client
}

type wsListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *wsListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *wsListener) Close() error   { return nil }
func (l *wsListener) Addr() net.Addr { return &net.TCPAddr{} }

func TestWebSocketDocument(t *testing.T) {
	app := candor.New(candor.Config{})
	chat := func(context.Context, struct {
		Room string `path:"room"`
	}, *candor.Socket[wsMessage, []wsMessage],
	) error {
		return nil
	}
	candor.WebSocket(app, "/rooms/{room}", chat, candor.Tags("chat"), candor.Subprotocols("v1"), candor.OperationID("chat"))
	candor.WebSocket(app, "/raw", func(context.Context, candor.None, *candor.Socket[string, []byte]) error { return nil })
	candor.WebSocket(app, "/frames", wsEcho[candor.Frame])
	candor.WebSocket(app, "/hidden", wsEcho[string], candor.Hidden())
	var buffer bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&buffer))
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]any `json:"responses"`
			Socket    any            `json:"x-websocket"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]any `json:"schemas"`
		} `json:"components"`
	}
	require.NoError(t, json.Unmarshal(buffer.Bytes(), &doc))
	assert.NotContains(t, doc.Paths, "/hidden")
	op := doc.Paths["/rooms/{room}"]["get"]
	for _, status := range []string{"101", "400", "403", "422", "426"} {
		assert.Contains(t, op.Responses, status)
	}
	about, err := json.Marshal(op.Socket)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"receives": {"$ref": "#/components/schemas/wsMessage"},
		"sends": {"type": "array", "items": {"$ref": "#/components/schemas/wsMessage"}},
		"subprotocols": ["v1"]
	}`, string(about))
	raw, err := json.Marshal(doc.Paths["/raw"]["get"].Socket)
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"contentMediaType":"text/plain"`)
	frames, err := json.Marshal(doc.Paths["/frames"]["get"].Socket)
	require.NoError(t, err)
	either := `{"anyOf":[{"type":"string","contentMediaType":"text/plain"},{"type":"string","format":"binary"}]}`
	assert.JSONEq(t, `{"receives":`+either+`,"sends":`+either+`}`, string(frames))
	assert.Contains(t, doc.Components.Schemas, "wsMessage")
	assert.NotContains(t, doc.Components.Schemas, "Frame")
}

func TestWebSocketMistakes(t *testing.T) {
	none := func(context.Context, candor.None, *candor.Socket[string, string]) error { return nil }
	for want, register := range map[string]func(*candor.App){
		"a value of the body, but the handshake of a WebSocket has none": func(app *candor.App) {
			candor.WebSocket(app, "/ws", func(context.Context, struct {
				Body wsMessage `body:""`
			}, *candor.Socket[string, string],
			) error {
				return nil
			})
		},
		"field Name of struct{...}: a value of the body": func(app *candor.App) {
			candor.WebSocket(app, "/ws", func(context.Context, struct {
				Name string `form:"name"`
			}, *candor.Socket[string, string],
			) error {
				return nil
			})
		},
		"the handler is nil": func(app *candor.App) {
			candor.WebSocket[candor.None, string, string](app, "/ws", nil)
		},
		"Status(200) on a WebSocket": func(app *candor.App) { candor.WebSocket(app, "/ws", none, candor.Status(200)) },
		"Status(204) on a WebSocket": func(app *candor.App) {
			candor.WebSocket(app, "/ws", none, candor.Alias("/b", candor.Status(204)))
		},
		"MessageLimit(0)":          func(app *candor.App) { candor.WebSocket(app, "/ws", none, candor.MessageLimit(0)) },
		`Origins("[")`:             func(app *candor.App) { candor.WebSocket(app, "/ws", none, candor.Origins("[")) },
		`Subprotocols("a b")`:      func(app *candor.App) { candor.WebSocket(app, "/ws", none, candor.Subprotocols("a b")) },
		"a value of kind chan has": func(app *candor.App) { candor.WebSocket(app, "/ws", wsEcho[chan int]) },
		"is taken by": func(app *candor.App) {
			candor.WebSocket(app, "/ws", none)
			candor.Get(app, "/ws", apptest.Ignores[candor.None])
			app.Seal()
		},
	} {
		app := candor.New(candor.Config{})
		text := apptest.PanicOf(func() { register(app) })
		assert.Contains(t, text, want)
		assert.Contains(t, text, "websocket_test.go:")
	}
}

// After a connection has ended in any way, none of its resources are left.
func TestWebSocketLeavesNothing(t *testing.T) {
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.WebSocket(app, "/ws", wsEcho[string])
	address, stop := wsServe(t, app)
	warm := wsDial(t, address, "/ws", nil)
	require.NoError(t, warm.Close(websocket.StatusNormalClosure, ""))
	before := runtime.NumGoroutine()
	var clients sync.WaitGroup
	for i := range 60 {
		clients.Go(func() {
			conn, _, err := websocket.Dial(t.Context(), "ws://"+address+"/ws", nil)
			if !assert.NoError(t, err) {
				return
			}
			_ = conn.Write(t.Context(), websocket.MessageText, []byte("a"))
			_, _, _ = conn.Read(t.Context())
			switch i % 3 {
			case 0:
				_ = conn.Close(websocket.StatusNormalClosure, "")
			case 1:
				_ = conn.CloseNow()
			default:
				_ = conn.Write(t.Context(), websocket.MessageText, []byte("\xff"))
				_, _, _ = conn.Read(t.Context())
			}
		})
	}
	clients.Wait()
	const asking = 1 // the goroutine of the condition
	isClean := func() bool {
		// Each time, because a connection may become idle after the first.
		http.DefaultClient.CloseIdleConnections()
		return runtime.NumGoroutine() <= before+asking
	}
	if !assert.Eventually(t, isClean, time.Minute, 10*time.Millisecond) {
		stacks := make([]byte, 1<<20)
		t.Logf("%s", stacks[:runtime.Stack(stacks, true)])
	}
	stop()
}

// Several goroutines can send concurrently, while one receives.
func TestWebSocketConcurrentSends(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/ws", func(ctx context.Context, _ candor.None, s *candor.Socket[int, int]) error {
		var senders sync.WaitGroup
		for n, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			senders.Go(func() { _ = s.Send(ctx, n) })
		}
		senders.Wait()
		return nil
	})
	s := candor.NewTestClient(t, app).WebSocket("/ws")
	sum := 0
	for n := range 50 {
		s.Send(n)
	}
	for range 50 {
		var n int
		s.Receive(&n)
		sum += n
	}
	assert.Equal(t, 1225, sum)
	s.Close(1000, "")
}

func TestWebSocketBehindMiddleware(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Use(candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
		next.ServeHTTP(w, r)
		return nil
	})))
	candor.WebSocket(app, "/ws", wsEcho[string])
	var got string
	candor.NewTestClient(t, app).WebSocket("/ws").Send("hi").Receive(&got).Close(1000, "")
	assert.Equal(t, "hi", got)
}

// The validation errors of a message that a handler keeps have messages, too.
func TestFaultsOfMessagesHaveSentences(t *testing.T) {
	app := candor.New(candor.Config{})
	said := make(chan string, 1)
	candor.WebSocket(app, "/", func(ctx context.Context, _ candor.None, s *candor.Socket[line, int]) error {
		_, err := s.Receive(ctx)
		invalid, _ := errors.AsType[*candor.ValidationError](err)
		said <- fmt.Sprint(invalid.Faults)
		return err
	})
	s := candor.NewTestClient(t, app).WebSocket("/")
	s.Send(map[string]int{"n": -1}).Closed()
	assert.Contains(t, <-said, "Must be greater than or equal to 0")
}

// The document lists all replies that can take the place of a 422, in a stable order.
func TestDocumentOfRepliesToInvalidMessages(t *testing.T) {
	type refused struct {
		Why string `json:"why"`
	}
	type busy struct {
		Since string `json:"since"`
	}
	build := func(status int) string {
		app := candor.New(candor.Config{})
		candor.OnError(app, func(context.Context, *candor.ValidationError) (refused, error) { return refused{}, nil },
			candor.Status(status), candor.Responds[busy](409), candor.Responds[candor.HTML](503))
		candor.WebSocket(app, "/ws", wsEcho[wsMessage], candor.ReplyToInvalidMessages())
		return string(documentOf(t, app).at(t, "paths", "/ws", "get", "x-websocket", "answersInvalid"))
	}
	for range 50 {
		require.JSONEq(t, `{"anyOf":[{"$ref":"#/components/schemas/busy"},{"$ref":"#/components/schemas/refused"},{"type":"string"}]}`, build(422))
		require.JSONEq(t, `{"anyOf":[{"$ref":"#/components/schemas/refused"},{"$ref":"#/components/schemas/busy"},{"type":"string"}]}`, build(409))
	}
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

func TestWebSocketRepliesToInvalidMessages(t *testing.T) {
	config, log := wsConfig()
	config.Message = func(_ *http.Request, f candor.Fault) string { return "own: " + f.Type }
	app := candor.New(config)
	candor.WebSocket(app, "/ws", wsEcho[wsMessage], candor.ReplyToInvalidMessages())
	strict := candor.NewRouter("/strict", candor.ReplyToInvalidMessages(), candor.ForbidExtra())
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
