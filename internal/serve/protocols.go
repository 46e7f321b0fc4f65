package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Protocols are the protocols supported besides HTTP/1.1. The zero value serves HTTP/1.1 on the connections of the
// listener; a listener of TLS connections has its own TLS configuration.
type Protocols struct {
	// TLS enables HTTPS. The configuration is cloned; without NextProtos it offers HTTP/2 and HTTP/1.1.
	TLS *tls.Config
	// H2C accepts HTTP/2 without TLS from clients with prior knowledge (RFC 9113, section 3.3); others get HTTP/1.1.
	H2C bool
}

func (p Protocols) forServer() Protocols {
	if p.TLS == nil {
		return p
	}
	p.TLS = p.TLS.Clone()
	if len(p.TLS.NextProtos) == 0 {
		p.TLS.NextProtos = []string{protocolHTTP2, "http/1.1"}
	}
	return p
}

const protocolHTTP2 = "h2" // its name in ALPN

// An inlet is a listener for connections whose protocol is known.
type inlet struct {
	addr  net.Addr
	conns chan net.Conn
	ended chan struct{}
	end   func()
}

func newInlet(addr net.Addr) *inlet {
	ended := make(chan struct{})
	return &inlet{addr: addr, conns: make(chan net.Conn), ended: ended, end: sync.OnceFunc(func() { close(ended) })}
}

func (l *inlet) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

func (l *inlet) Addr() net.Addr { return l.addr }

func (l *inlet) Close() error {
	l.end()
	return nil
}

// hand passes a connection to Accept. It returns false after the end.
func (l *inlet) hand(nc net.Conn) bool {
	select {
	case l.conns <- nc:
		return true
	case <-l.ended:
		return false
	}
}

// choose detects the protocol of a new connection and passes the connection to the server for that protocol. It runs on
// its own goroutine, because it reads bytes from the client.
func (s *server) choose(c *conn) {
	defer s.choosing.Done()
	// A client that sends nothing must not hold the goroutine, or the drain, forever.
	c.until.Store(int64(c.headerEnd))
	c.watchUntil()
	err := s.greet(c)
	to := s.inlet1
	if c.http2 {
		to = s.inlet2
	}
	// net/http never sees this connection, so it has to be closed and forgotten here.
	if err != nil || !to.hand(c) {
		_ = c.Close()
		s.forget(c)
	}
}

// greet does the TLS handshake, or reads enough to tell HTTP/2 from HTTP/1.
func (s *server) greet(c *conn) error {
	secure := tlsOf(c)
	if secure == nil {
		return c.peek()
	}
	if err := secure.HandshakeContext(context.Background()); err != nil {
		s.handshakeFailed(c, err)
		return err
	}
	state := secure.ConnectionState()
	c.secure = &state
	c.setHTTP2(state.NegotiatedProtocol == protocolHTTP2)
	return nil
}

// tlsOf returns the TLS connection below c, made by the server or the listener; nil if there is none.
func tlsOf(c *conn) *tls.Conn {
	if secure, ok := c.Conn.(*tls.Conn); ok {
		return secure
	}
	secure, _ := c.network.Conn.(*tls.Conn)
	return secure
}

// handshakeFailed logs a failed handshake, and responds to a client that spoke HTTP on a TLS port.
func (s *server) handshakeFailed(c *conn, err error) {
	if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok && plain.Conn != nil && looksLikeHTTP(plain.RecordHeader) && s.hooks.Refusal != nil {
		_, _ = plain.Conn.Write(refusalOf(http.StatusBadRequest, s.hooks.Refusal))
	}
	s.http.ErrorLog.Printf("TLS handshake with %s: %v", c.RemoteAddr(), err)
}

// looksLikeHTTP reports whether the bytes in place of a TLS record header are the beginning of an HTTP request.
func looksLikeHTTP(head [5]byte) bool {
	for _, method := range []string{"GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO"} {
		if string(head[:]) == method {
			return true
		}
	}
	return false
}

// preface is the beginning of HTTP/2 (RFC 9113, section 3.4). All of it is read, because methods of HTTP/1 may begin with
// the same letters, such as PRINT.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// peek reads until it is known whether the preface comes.
func (c *conn) peek() error {
	got := make([]byte, 0, len(preface))
	for len(got) < len(preface) && strings.HasPrefix(preface, string(got)) {
		n, err := c.readUntil(got[len(got):cap(got)], c.headerEnd)
		got = got[:len(got)+n]
		if err != nil {
			return err
		}
	}
	c.peeked = got
	c.setHTTP2(string(got) == preface)
	return nil
}

// setHTTP2 is called before the connection is passed on. HTTP/2 has its own limits.
func (c *conn) setHTTP2(is bool) {
	if c.http2 = is; is {
		c.letGo()
	}
}
