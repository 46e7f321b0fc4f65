package socket

import (
	"bufio"
	"context"
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

	"github.com/candor-go/candor/internal/mediatype"
)

// Refusal is the response to a request that does not become a WebSocket.
type Refusal struct {
	Status int
	Detail string
	Header map[string]string
}

// Errors for requests that are not valid WebSocket handshakes (RFC 6455, section 4.2).
var (
	noHandshake = &Refusal{
		Status: http.StatusUpgradeRequired, Detail: "here is a WebSocket; connect with its handshake",
		Header: map[string]string{"Upgrade": "websocket", "Connection": "Upgrade"},
	}
	oldVersion = &Refusal{
		Status: http.StatusUpgradeRequired, Detail: "the version of the protocol must be 13",
		Header: map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
	}
	// HTTP/2 has no handshake of this kind, and no header for it either; HTTP/1.0 has no upgrade.
	wrongProtocol = &Refusal{Status: http.StatusUpgradeRequired, Detail: "here is a WebSocket; connect by HTTP/1.1"}

	// After the handshake, what is left of a body would be read as messages, which a proxy took for a body.
	hasBody     = &Refusal{Status: http.StatusBadRequest, Detail: "a handshake of a WebSocket has no body"}
	badKey      = &Refusal{Status: http.StatusBadRequest, Detail: "Sec-WebSocket-Key must be one value of 16 bytes in base64"}
	wrongOrigin = &Refusal{Status: http.StatusForbidden, Detail: "the origin is not allowed"}
)

// Check rejects a request that cannot become a WebSocket, or that comes from a page of a forbidden origin. It returns
// nil if the request is accepted.
func Check(r *http.Request, origins []string) *Refusal {
	switch {
	case r.ProtoMajor != 1 || r.ProtoMinor < 1:
		return wrongProtocol
	case r.Method != http.MethodGet, !hasToken(r.Header, "Connection", "upgrade"), !hasToken(r.Header, "Upgrade", "websocket"):
		return noHandshake
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return oldVersion
	case r.ContentLength != 0:
		return hasBody
	case !hasKey(r.Header):
		return badKey
	case !allowsOrigin(r, origins):
		return wrongOrigin
	}
	return nil
}

func hasKey(h http.Header) bool {
	keys := h.Values("Sec-WebSocket-Key")
	if len(keys) != 1 {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(keys[0]))
	return err == nil && len(key) == 16
}

// hasToken reports whether a header lists a token, whatever its case.
func hasToken(h http.Header, name, token string) bool {
	return slices.ContainsFunc(mediatype.Tokens(h, name), func(t string) bool { return strings.EqualFold(t, token) })
}

// allowsOrigin rejects handshakes by pages of other origins, unless a pattern allows them: they carry cookies, and
// browsers send no preflight. Clients other than browsers send no origin.
func allowsOrigin(r *http.Request, patterns []string) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 || len(origins) == 1 && origins[0] == "" {
		return true
	}
	from, err := url.Parse(origins[0])
	if err != nil || len(origins) > 1 {
		return false
	}
	if from.Host != "" && strings.EqualFold(from.Host, r.Host) {
		return true
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matchesOrigin(pattern, from) })
}

func matchesOrigin(pattern string, from *url.URL) bool {
	host := from.Host
	if strings.Contains(pattern, "://") {
		host = from.Scheme + "://" + host
	}
	matched, err := path.Match(strings.ToLower(pattern), strings.ToLower(host))
	return matched && err == nil
}

// takeover is a ResponseWriter that hands out the connection, and remembers it.
type takeover struct {
	http.ResponseWriter
	conn *pacedConn
	// limit is how long one write may make no progress.
	limit time.Duration
}

// Hijack implements http.Hijacker.
func (t *takeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.conn = &pacedConn{Conn: conn, limit: t.limit, buffered: buffered.Reader}
	// The library writes through the buffer, which must not get past the deadlines.
	buffered.Writer.Reset(t.conn)
	return t.conn, buffered, nil
}

// canTakeOver reports whether the connection of w can be taken over.
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

// Accept responds to a checked handshake, and opens the connection with a context. begun means that a response was
// sent, successful or not.
//
// It runs on a temporary stack: a stack that grew for the handshake would stay large as long as the connection lives.
func Accept(ctx context.Context, w http.ResponseWriter, r *http.Request, c Config) (conn *Conn, begun bool, err error) {
	if !canTakeOver(w) {
		return nil, false, fmt.Errorf("a WebSocket needs the connection, and %T hides it; give that a method Unwrap", w)
	}
	t := &takeover{ResponseWriter: w, limit: c.WriteLimit}
	var accepted *websocket.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if value := recover(); value != nil { // a writer of other code panics
				err = c.Recovered(value)
			}
		}()
		// The origin was checked, by patterns of the app's own.
		accepted, err = websocket.Accept(t, r, &websocket.AcceptOptions{Subprotocols: c.Subprotocols, InsecureSkipVerify: true})
	}()
	<-done
	if err != nil {
		return nil, true, err
	}
	return open(ctx, accepted, t.conn, c), true, nil
}
