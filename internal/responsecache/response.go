package responsecache

import (
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/response"
)

// Response is a cached response. In the store it ends with a checksum of itself and its key, so that a value that the
// store mixed up, truncated or got from elsewhere is a miss.
type Response struct {
	// At is the time when it was made, in seconds since 1970.
	At          int64
	ContentType string
	// Header holds the headers of the response itself, except its content type.
	Header []response.Line
	// Body must not be modified: it may belong to the store.
	Body []byte
	// set holds the headers that were set on the ResponseWriter, see Note. A plus before the name means that the value was
	// added.
	set []response.Line
	// versions are the versions of its tags before it was made.
	versions []string
}

// Note records how a header changed while the response was made: replaced values, and values that were added. Headers
// that middleware set before are set again by the middleware when the response is replayed. Note reports whether the
// response may be shared; a response with a cookie may not.
func (c *Response) Note(before, after http.Header) bool {
	for name, values := range after {
		old := before[name]
		switch {
		case slices.Equal(old, values):
			continue
		case name == "Set-Cookie":
			return false
		case len(old) > 0 && len(values) > len(old) && slices.Equal(old, values[:len(old)]):
			name, values = "+"+name, values[len(old):]
		}
		for _, value := range values {
			c.set = append(c.set, response.Line{Name: name, Value: value})
		}
	}
	return true
}

// Replay makes this the response, and adds the recorded headers and the Age to the header of the ResponseWriter.
func (c *Response) Replay(a *response.Response, h http.Header) {
	a.Status, a.ContentType, a.Borrowed = http.StatusOK, c.ContentType, c.Body
	a.Header = append(a.Header[:0], c.Header...)

	replaced := map[string]bool{}
	for _, line := range c.set {
		name, isAdded := strings.CutPrefix(line.Name, "+")
		if !isAdded && !replaced[name] {
			replaced[name] = true
			delete(h, name)
		}
		h[name] = append(h[name], line.Value)
	}
	// The clocks of processes that share a store may differ, but an age must not be negative.
	h["Age"] = []string{strconv.FormatInt(max(time.Now().Unix()-c.At, 0), 10)}
}

// encode returns the stored form for a key: numbers as varints, strings prefixed by their length, then the checksum.
func (c *Response) encode(key string) []byte {
	b := c.append(nil)
	return binary.BigEndian.AppendUint32(b, checksum(key, b))
}

// checksum detects values that encode did not write for this key. If you change the encoding, change the number here:
// then everything stored before is a miss.
func checksum(key string, b []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte("1 "+key), table), table, b)
}

func (c *Response) append(b []byte) []byte {
	b = binary.AppendVarint(b, c.At)
	b = appendText(b, c.ContentType)
	b = binary.AppendUvarint(b, uint64(len(c.versions)))
	for _, v := range c.versions {
		b = appendText(b, v)
	}
	for _, lines := range [][]response.Line{c.Header, c.set} {
		b = binary.AppendUvarint(b, uint64(len(lines)))
		for _, line := range lines {
			b = appendText(appendText(b, line.Name), line.Value)
		}
	}
	return append(b, c.Body...)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// readResponse decodes a stored value. It returns nil for anything that encode did not write.
func readResponse(key string, value []byte) *Response {
	size := len(value) - crc32.Size
	if size < 0 || binary.BigEndian.Uint32(value[size:]) != checksum(key, value[:size]) {
		return nil
	}
	// The checksum shows that encode wrote the bytes, so the rest can fail only if checksums collide. It must not panic
	// then.
	at, n := binary.Varint(value[:size])
	if n <= 0 {
		return nil
	}
	// The capacity of the body also ends where the checksum begins, so that appending to the body does not write into
	// memory of the store.
	r := reader{rest: value[n:size:size]}
	kept := &Response{At: at, ContentType: r.text()}
	for range r.count() {
		kept.versions = append(kept.versions, r.text())
	}
	for _, lines := range []*[]response.Line{&kept.Header, &kept.set} {
		for range r.count() {
			*lines = append(*lines, response.Line{Name: r.text(), Value: r.text()})
		}
	}
	if kept.Body = r.rest; r.broken {
		return nil
	}
	return kept
}

// reader reads what encode wrote.
type reader struct {
	rest   []byte
	broken bool
}

// count reads a number of items, each of which takes at least one byte.
func (r *reader) count() int {
	n, size := binary.Uvarint(r.rest)
	if r.broken || size <= 0 || n > uint64(len(r.rest)-size) {
		r.broken = true
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *reader) text() string {
	n := r.count()
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}
