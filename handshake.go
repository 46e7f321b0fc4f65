package candor

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// The answers to what is no handshake of a WebSocket (RFC 6455, section 4.2).
var (
	errNoHandshake = Error(http.StatusUpgradeRequired, "here is a WebSocket; connect with its handshake").
			WithHeader("Upgrade", "websocket").WithHeader("Connection", "Upgrade")
	errOldVersion = Error(http.StatusUpgradeRequired, "the version of the protocol must be 13").
			WithHeader("Upgrade", "websocket").WithHeader("Connection", "Upgrade").WithHeader("Sec-WebSocket-Version", "13")
	errBadKey      = Error(http.StatusBadRequest, "Sec-WebSocket-Key must be one value of 16 bytes in base64")
	errWrongOrigin = Error(http.StatusForbidden, "the origin is not allowed")
)

// checkHandshake refuses a request that cannot become a WebSocket.
func checkHandshake(r *http.Request) error {
	switch {
	case r.Method != http.MethodGet, !hasToken(r.Header, "Connection", "upgrade"), !hasToken(r.Header, "Upgrade", "websocket"):
		return errNoHandshake
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return errOldVersion
	}
	keys := r.Header.Values("Sec-WebSocket-Key")
	if len(keys) != 1 {
		return errBadKey
	}
	if key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(keys[0])); err != nil || len(key) != 16 {
		return errBadKey
	}
	return nil
}

// hasToken reports whether a header lists a token, whatever its case.
func hasToken(h http.Header, name, token string) bool {
	return slices.ContainsFunc(tokens(h, name), func(t string) bool { return strings.EqualFold(t, token) })
}

// tokens are the elements of a header that is a list.
func tokens(h http.Header, name string) []string {
	var all []string
	for _, line := range h.Values(name) {
		for _, t := range strings.Split(line, ",") {
			all = append(all, strings.TrimSpace(t))
		}
	}
	return all
}

// checkOrigin refuses a handshake that a page of another origin makes, unless
// a pattern allows it: cookies come with it, and no browser asks beforehand. A
// client that is no browser sends no origin.
func checkOrigin(r *http.Request, patterns []string) error {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	from, err := url.Parse(origin)
	if err != nil {
		return errWrongOrigin
	}
	if from.Host != "" && strings.EqualFold(from.Host, r.Host) {
		return nil
	}
	for _, pattern := range patterns {
		if matchesOrigin(pattern, from) {
			return nil
		}
	}
	return errWrongOrigin
}

func matchesOrigin(pattern string, from *url.URL) bool {
	host := from.Host
	if strings.Contains(pattern, "://") {
		host = from.Scheme + "://" + host
	}
	matched, err := path.Match(strings.ToLower(pattern), strings.ToLower(host))
	return matched && err == nil
}

// takeover is a ResponseWriter that hands out the connection, and keeps it.
type takeover struct {
	http.ResponseWriter
	conn *pacedConn
	// limit is how long one write may stand still.
	limit time.Duration
}

// Hijack implements http.Hijacker.
func (t *takeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.conn = &pacedConn{Conn: conn, limit: t.limit}
	buffered.Writer.Reset(t.conn)
	return t.conn, buffered, nil
}

// canTakeOver reports whether the connection behind w can be taken over.
func canTakeOver(w http.ResponseWriter) bool {
	for {
		if _, ok := w.(http.Hijacker); ok {
			return true
		}
		inner, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = inner.Unwrap()
	}
}

// acceptSocket answers a handshake that was checked before. begun means that
// it is answered, well or not. It does so on a stack that is given back: one
// that grew for the handshake would stay large for as long as the socket lives.
func acceptSocket(w http.ResponseWriter, r *http.Request, subprotocols []string, writeLimit time.Duration) (conn *websocket.Conn, raw *pacedConn, begun bool, err error) {
	if !canTakeOver(w) {
		return nil, nil, false, fmt.Errorf("a WebSocket needs the connection, and %T hides it; give that a method Unwrap", w)
	}
	t := &takeover{ResponseWriter: w, limit: writeLimit}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if value := recover(); value != nil { // a writer of somebody else's panics
				err = newPanicError(value)
			}
		}()
		conn, err = websocket.Accept(t, r, &websocket.AcceptOptions{Subprotocols: subprotocols, InsecureSkipVerify: true})
	}()
	<-done
	return conn, t.conn, true, err
}
