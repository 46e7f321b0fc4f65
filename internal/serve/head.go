package serve

import (
	"bytes"
	"net/http"
)

// A head inspects the head of one request for the two fields that determine the length of its body. If a request has
// both, net/http uses one and hides the other, while the client, or a proxy, may have meant the other: the rest of the
// body could be taken for another request (request smuggling). So the connection is closed after the response (RFC
// 9112, section 6.1).
type head struct {
	begun, complete bool
	length, coding  bool // Content-Length and Transfer-Encoding were seen

	// line is the beginning of an incomplete line; n counts its bytes.
	line [len(codingName) + 1]byte
	n    int
}

const (
	lengthName = "Content-Length"
	codingName = "Transfer-Encoding"
)

// see processes the next bytes from the connection. It ignores what follows the head.
func (h *head) see(p []byte) {
	for len(p) > 0 && !h.complete {
		end := bytes.IndexByte(p, '\n')
		switch {
		case end < 0:
			h.keep(p)
			return
		case h.n == 0:
			// The line is complete, so nothing has to be stored.
			h.judge(p[:end])
		default:
			h.keep(p[:end])
			h.judge(h.line[:h.n])
		}
		h.n = 0
		p = p[end+1:]
	}
}

func (h *head) keep(p []byte) { h.n += copy(h.line[h.n:], p) }

// judge inspects the beginning of a line. Empty lines may come before the first (RFC 9112, section 2.2).
func (h *head) judge(line []byte) {
	switch {
	case len(line) == 0, len(line) == 1 && line[0] == '\r':
		h.complete = h.begun
	case isField(line, lengthName):
		h.length = true
	case isField(line, codingName):
		h.coding = true
	}
	h.begun = h.begun || len(line) > 1
}

func isField(line []byte, name string) bool {
	return len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name))
}

// isAmbiguous reports whether the length of a request's body could be understood in two ways. known is false if the head
// came together with the previous request and was not seen; then every request that could be ambiguous counts.
func (h *head) isAmbiguous(r *http.Request, known bool) bool {
	switch isOld := !r.ProtoAtLeast(1, 1); {
	case isOld:
		return h.coding || !known
	case len(r.TransferEncoding) > 0:
		return h.length || !known
	}
	return false
}
