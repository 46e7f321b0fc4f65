package serve_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/serve"
)

// echo responds with the body that net/http reads.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Length", "5")
	_, _ = io.WriteString(w, (string(body) + "-----")[:5])
}

const chunked = "5\r\nhello\r\n0\r\n\r\n"

// heads are requests whose body length is clear or ambiguous (RFC 9112, section 6.1).
var heads = []struct {
	name, text, want string
	closes           bool
}{
	{"no body", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "-----", false},
	{"a length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "hello", false},
	{"chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked, "hello", false},
	{"both", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked, "hello", true},
	{"both, the other way round", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + chunked, "hello", true},
	{"both, in other letters", "POST / HTTP/1.1\r\nhost: x\r\ncONTENT-lENGTH:5\r\ntransfer-encoding:chunked\r\n\r\n" + chunked, "hello", true},
	{"both, with bare line feeds", "POST / HTTP/1.1\nHost: x\nContent-Length: 5\nTransfer-Encoding: chunked\n\n" + chunked, "hello", true},
	{"other fields that begin so", "POST / HTTP/1.1\r\nHost: x\r\nContent-Lengths: 5\r\nTransfer-Encoding: chunked\r\nX-Content-Length: 5\r\n\r\n" + chunked, "hello", false},
	{"a length in the body", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n16\r\nhello\nContent-Length: \r\n0\r\n\r\n", "hello", false},
	{"chunks of the old version", "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", "-----", true},
	{"both in the old version", "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", "hello", true},
	{"a length in the old version", "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", "hello", false},
}

func TestAmbiguousLengthClosesTheConnection(t *testing.T) {
	for _, row := range heads {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, start starter) {
				run := start(echo, serve.Limits{}, serve.Hooks{})
				defer run.end(t)
				whole := run.dial(t)
				whole.send(row.text)
				whole.gets(row.want, row.closes)

				second := run.dial(t)
				second.get()
				second.send(row.text)
				second.gets(row.want, row.closes)

				afterBody := run.dial(t)
				afterBody.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
				afterBody.answer()
				afterBody.send(row.text)
				afterBody.gets(row.want, row.closes)
			})
		})
	}
}

// gets reads a response, then checks whether the connection is closed or serves another request.
func (c *client) gets(want string, closes bool) {
	c.t.Helper()
	resp := c.answer()
	body, _ := io.ReadAll(resp.Body)
	assert.Equal(c.t, want, string(body))
	assert.Equal(c.t, closes, resp.Close)
	if closes {
		_, rest := c.untilClosed()
		assert.Empty(c.t, rest, "nothing that follows is taken for a request")
		return
	}
	assert.Equal(c.t, http.StatusOK, c.get().StatusCode)
}

// TestAmbiguousLengthInPieces: the result does not depend on how a head is split into pieces.
func TestAmbiguousLengthInPieces(t *testing.T) {
	for _, row := range heads {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, start starter) {
				run := start(echo, serve.Limits{}, serve.Hooks{})
				defer run.end(t)
				for cut := range len(row.text) {
					c := run.dial(t)
					c.send(row.text[:cut])
					c.send(row.text[cut:])
					c.gets(row.want, row.closes)
					_ = c.Close()
				}
				c := run.dial(t)
				for i := range len(row.text) {
					c.send(row.text[i : i+1])
				}
				c.gets(row.want, row.closes)
			})
		})
	}
}

// TestAmbiguousLengthAfterAnotherRequest: the head of a request that comes together with the previous one is not seen,
// so its connection is closed if the request is chunked, and kept otherwise.
func TestAmbiguousLengthAfterAnotherRequest(t *testing.T) {
	before := map[string]string{
		"no body":  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"a length": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
		"chunks":   "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
	}
	for name, first := range before {
		for _, row := range heads {
			t.Run(name+", "+row.name, func(t *testing.T) {
				bubble(t, func(t *testing.T, start starter) {
					run := start(echo, serve.Limits{}, serve.Hooks{})
					defer run.end(t)
					for _, cut := range []int{0, 1, 3, 4, 20, strings.Index(row.text, "\nX") + 1, len(row.text) - 20, len(row.text)} {
						if cut < 0 || cut > len(row.text) {
							continue
						}
						c := run.dial(t)
						go func() {
							_, _ = io.WriteString(c.Conn, first+row.text[:cut])
							_, _ = io.WriteString(c.Conn, row.text[cut:])
						}()
						c.answer()
						resp := c.answer()
						if row.closes {
							assert.True(t, resp.Close, "cut at %d", cut)
						}
						if !strings.Contains(row.text, "chunked") && strings.Contains(row.text, "1.1") {
							assert.False(t, resp.Close, "cut at %d", cut)
						}
						_ = c.Close()
					}
				})
			})
		}
	}
}
