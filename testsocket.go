package candor

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/candor-go/candor/internal/contract"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/testserver"
)

// TestSocket is the client's end of a WebSocket, opened with [TestClient.WebSocket]. It is closed when the test ends.
type TestSocket struct {
	// Response is the response to the handshake, compared with the document: a 101, or a refusal. After a refusal the
	// other methods fail the test immediately.
	Response *TestResponse

	tb       TB
	label    string
	expected *contract.Expected
	conn     *websocket.Conn
	inbox    chan testMessage
	done     chan struct{}
	ended    chan struct{}
	close    func()
}

type testMessage struct {
	kind websocket.MessageType
	data []byte
	err  error
}

// testPatience is how long a TestSocket waits for a message.
const testPatience = 10 * time.Second

// handshakeHeaders are written by every client (RFC 6455, section 4.1).
var handshakeHeaders = []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions"}

// WebSocket connects to a WebSocket of the app, without a network. Options that set a body have no effect;
// WithHeader("Sec-WebSocket-Protocol", "a, b") offers subprotocols. A test that expects a refusal says so:
//
//	c.WebSocket("/chat").Response.Status(401)
func (c *TestClient) WebSocket(target string, options ...TestOption) *TestSocket {
	c.tb.Helper()
	request, made := c.request(http.MethodGet, target, nil, options)
	if name := writtenByClient(made.header, handshakeHeaders); name != "" {
		c.tb.Fatalf("WebSocket %s: WithHeader(%q, ...): the client writes this header itself", target, name)
	}
	s := &TestSocket{
		tb: c.tb, label: "WebSocket " + target, expected: c.expected(request, made),
		inbox: make(chan testMessage, 64), done: make(chan struct{}), ended: make(chan struct{}),
	}
	ctx := made.ctx
	if s.expected != nil {
		ctx = context.WithValue(ctx, watchKey{}, messageWatch(s.expected.CheckReceived))
	}
	server := testserver.New(c.app, ctx)
	offered := mediatype.Tokens(request.Header, "Sec-WebSocket-Protocol")
	// The WebSocket library sets this header itself, from its options.
	request.Header.Del("Sec-WebSocket-Protocol")
	conn, response, err := server.Dial(made.ctx, request, offered)
	if response == nil {
		server.Stop()
		c.tb.Fatalf("%s: %v", s.label, err)
		return nil
	}
	s.Response = &TestResponse{tb: c.tb, Code: response.StatusCode, Header: response.Header, Body: server.Refusal, label: s.label}
	c.jar.SetCookies(request.URL, response.Cookies())
	if s.expected != nil {
		s.expected.CheckResponse(request, s.Response.judged())
		s.expected.CheckRequest(request, &contract.Body{}, s.Response.judged())
	}
	s.open(conn, server)
	return s
}

// open starts to read, unless the handshake was refused and there is no connection.
func (s *TestSocket) open(conn *websocket.Conn, server *testserver.Server) {
	s.conn = conn
	// Once, because Close and the end of the test both call it.
	s.close = sync.OnceFunc(func() {
		close(s.done)
		if conn != nil {
			_ = conn.CloseNow()
			// The reading goroutine may report an error, which it must not do after the test has ended.
			<-s.ended
		}
		server.Stop()
	})
	s.tb.Cleanup(s.close)
	if conn == nil {
		s.close()
		return
	}
	// No limit: a test reads whatever the app sends.
	conn.SetReadLimit(-1)
	go s.read()
}

// read receives what the server sends.
func (s *TestSocket) read() {
	defer close(s.ended)
	for n := 1; ; n++ {
		kind, data, err := s.conn.Read(context.Background())
		if err == nil && s.expected != nil {
			s.expected.CheckSent(n, kind == websocket.MessageBinary, data)
		}
		// The inbox may be full when nobody receives any more.
		select {
		case s.inbox <- testMessage{kind, data, err}:
		case <-s.done:
			return
		}
		if err != nil {
			return
		}
	}
}

// Send sends a message: a string as text, []byte as binary, a [Frame] as it says, and anything else as JSON.
func (s *TestSocket) Send(message any) *TestSocket {
	s.tb.Helper()
	s.mustBeOpen()
	kind, data := websocket.MessageText, []byte(nil)
	switch m := message.(type) {
	case string:
		data = []byte(m)
	case []byte:
		kind, data = websocket.MessageBinary, m
	case Frame:
		kind, data = m.kind(), m.Data
	default:
		var err error
		if data, err = json.Marshal(message); err != nil {
			s.tb.Fatalf("%s: the message cannot be encoded: %v", s.label, err)
		}
	}
	// Otherwise an app that does not read would block the test forever.
	ctx, cancel := context.WithTimeout(context.Background(), testPatience)
	defer cancel()
	if err := s.conn.Write(ctx, kind, data); err != nil {
		s.tb.Fatalf("%s: the message was not sent: %v", s.label, err)
	}
	return s
}

// Receive waits for the next message and stores it: in a *string, *[]byte or *Frame as it is, in anything else with
// encoding/json. It fails the test immediately if no message arrives within 10 seconds, or if the server closes.
func (s *TestSocket) Receive(into any) *TestSocket {
	s.tb.Helper()
	m := s.next()
	if m.err != nil {
		s.tb.Fatalf("%s: no message came: %v", s.label, m.err)
	}
	switch into := into.(type) {
	case *string:
		*into = string(m.data)
	case *[]byte:
		*into = m.data
	case *Frame:
		*into = Frame{Binary: m.kind == websocket.MessageBinary, Data: m.data}
	default:
		if err := json.Unmarshal(m.data, into); err != nil {
			s.tb.Fatalf("%s: the message is not what was expected: %v\n%s", s.label, err, m.data)
		}
	}
	return s
}

// Closed waits until the server closes, and returns the code and the reason; the code is 1006 if the server sent none.
// It fails the test immediately if a message arrives, or nothing within 10 seconds.
func (s *TestSocket) Closed() (code int, reason string) {
	s.tb.Helper()
	m := s.next()
	if m.err == nil {
		s.tb.Fatalf("%s: a message came, but the server was to close\n%s", s.label, m.data)
	}
	if closed, ok := errors.AsType[websocket.CloseError](m.err); ok {
		return int(closed.Code), closed.Reason
	}
	return int(websocket.StatusAbnormalClosure), ""
}

// Close closes with a code and a reason, and waits until the handler has returned.
func (s *TestSocket) Close(code int, reason string) {
	s.tb.Helper()
	s.mustBeOpen()
	if err := s.conn.Close(websocket.StatusCode(code), reason); err != nil {
		s.tb.Errorf("%s: not closed well: %v", s.label, err)
	}
	// Waits for the handler, so that the test sees what it did at its end.
	s.close()
}

func (s *TestSocket) mustBeOpen() {
	s.tb.Helper()
	if s.conn == nil {
		s.tb.Fatalf("%s: refused with status %d\n%s", s.label, s.Response.Code, s.Response.Body)
	}
}

func (s *TestSocket) next() testMessage {
	s.tb.Helper()
	s.mustBeOpen()
	silence := time.NewTimer(testPatience)
	defer silence.Stop()
	select {
	case m := <-s.inbox:
		return m
	case <-silence.C:
		return testMessage{err: errors.New("nothing came for 10 seconds")}
	}
}
