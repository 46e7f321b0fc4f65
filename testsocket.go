package candor

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/coder/websocket"

	"github.com/candor-go/candor/internal/contract"
	"github.com/candor-go/candor/internal/sending"
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
	// socket is nil after a refusal.
	socket *testserver.Socket
}

// WebSocket connects to a WebSocket of the app, without a network. Options that set a body have no effect;
// WithHeader("Sec-WebSocket-Protocol", "a, b") offers subprotocols. A test that expects a refusal says so:
//
//	c.WebSocket("/chat").Response.Status(401)
func (c *TestClient) WebSocket(target string, options ...TestOption) *TestSocket {
	c.tb.Helper()
	request, made := c.request(http.MethodGet, target, nil, options)
	if name := sending.HandshakeHeader(made.draft.Header); name != "" {
		c.tb.Fatalf("WebSocket %s: WithHeader(%q, ...): the client writes this header itself", target, name)
	}
	s := &TestSocket{tb: c.tb, label: "WebSocket " + target, expected: c.expected(request, made)}
	ctx := made.draft.Context
	if s.expected != nil {
		ctx = context.WithValue(ctx, watchKey{}, messageWatch(s.expected.CheckReceived))
	}
	server := testserver.New(c.app, ctx)
	conn, response, err := server.Dial(made.draft.Context, request)
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
	if conn == nil {
		server.Stop()
		return s
	}
	s.socket = server.Open(conn, s.check)
	c.tb.Cleanup(s.socket.Stop)
	return s
}

// check compares a message of the server with the document.
func (s *TestSocket) check(n int, binary bool, data []byte) {
	if s.expected != nil {
		s.expected.CheckSent(n, binary, data)
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
	if err := s.socket.Send(kind, data); err != nil {
		s.tb.Fatalf("%s: the message was not sent: %v", s.label, err)
	}
	return s
}

// Receive waits for the next message and stores it: in a *string, *[]byte or *Frame as it is, in anything else with
// encoding/json. It fails the test immediately if no message arrives within 10 seconds, or if the server closes.
func (s *TestSocket) Receive(into any) *TestSocket {
	s.tb.Helper()
	s.mustBeOpen()
	m := s.socket.Next()
	if m.Err != nil {
		s.tb.Fatalf("%s: no message came: %v", s.label, m.Err)
	}
	switch into := into.(type) {
	case *string:
		*into = string(m.Data)
	case *[]byte:
		*into = m.Data
	case *Frame:
		*into = Frame{Binary: m.Kind == websocket.MessageBinary, Data: m.Data}
	default:
		if err := json.Unmarshal(m.Data, into); err != nil {
			s.tb.Fatalf("%s: the message is not what was expected: %v\n%s", s.label, err, m.Data)
		}
	}
	return s
}

// Closed waits until the server closes, and returns the code and the reason; the code is 1006 if the server sent none.
// It fails the test immediately if a message arrives, or nothing within 10 seconds.
func (s *TestSocket) Closed() (code int, reason string) {
	s.tb.Helper()
	s.mustBeOpen()
	m := s.socket.Next()
	if m.Err == nil {
		s.tb.Fatalf("%s: a message came, but the server was to close\n%s", s.label, m.Data)
	}
	if closed, ok := errors.AsType[websocket.CloseError](m.Err); ok {
		return int(closed.Code), closed.Reason
	}
	return int(websocket.StatusAbnormalClosure), ""
}

// Close closes with a code and a reason, and waits until the handler has returned.
func (s *TestSocket) Close(code int, reason string) {
	s.tb.Helper()
	s.mustBeOpen()
	// It waits for the handler, so that the test sees what it did at its end.
	if err := s.socket.Close(code, reason); err != nil {
		s.tb.Errorf("%s: not closed well: %v", s.label, err)
	}
}

func (s *TestSocket) mustBeOpen() {
	s.tb.Helper()
	if s.socket == nil {
		s.tb.Fatalf("%s: refused with status %d\n%s", s.label, s.Response.Code, s.Response.Body)
	}
}
