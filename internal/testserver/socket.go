package testserver

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Patience is how long a test waits for the other side.
const Patience = 10 * time.Second

// Socket is the client's end of a WebSocket. A goroutine reads what the server sends, until the connection ends.
type Socket struct {
	conn   *websocket.Conn
	server *Server
	inbox  chan Message
	// done is closed to stop the goroutine, ended when it has returned.
	done, ended chan struct{}
	stop        func()
}

// Message is a message from the server, or the error that ended the connection.
type Message struct {
	Kind websocket.MessageType
	Data []byte
	Err  error
}

// Open starts to read a connection to the server. check is called for each message, which is numbered from 1.
func (l *Server) Open(conn *websocket.Conn, check func(n int, binary bool, data []byte)) *Socket {
	s := &Socket{conn: conn, server: l, inbox: make(chan Message, 64), done: make(chan struct{}), ended: make(chan struct{})}
	// Once, because Close and the end of the test both call it.
	s.stop = sync.OnceFunc(func() {
		close(s.done)
		_ = conn.CloseNow()
		// The reading goroutine may report an error, which it must not do after the test has ended.
		<-s.ended
		l.Stop()
	})
	// No limit: a test reads whatever the app sends.
	conn.SetReadLimit(-1)
	go s.read(check)
	return s
}

func (s *Socket) read(check func(n int, binary bool, data []byte)) {
	defer close(s.ended)
	for n := 1; ; n++ {
		kind, data, err := s.conn.Read(context.Background())
		if err == nil {
			check(n, kind == websocket.MessageBinary, data)
		}
		// The inbox may be full when nobody receives any more.
		select {
		case s.inbox <- Message{kind, data, err}:
		case <-s.done:
			return
		}
		if err != nil {
			return
		}
	}
}

// Send sends a message. An app that does not read would block it forever, so it waits for Patience.
func (s *Socket) Send(kind websocket.MessageType, data []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return s.conn.Write(ctx, kind, data)
}

// Next waits for a message, or for Patience.
func (s *Socket) Next() Message {
	silence := time.NewTimer(Patience)
	defer silence.Stop()
	select {
	case m := <-s.inbox:
		return m
	case <-silence.C:
		return Message{Err: errors.New("nothing came for 10 seconds")}
	}
}

// Close closes with a code and a reason, and waits for the handler.
func (s *Socket) Close(code int, reason string) error {
	err := s.conn.Close(websocket.StatusCode(code), reason)
	s.Stop()
	return err
}

// Stop disconnects, and waits for the handler.
func (s *Socket) Stop() { s.stop() }
