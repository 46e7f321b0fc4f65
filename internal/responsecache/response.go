package responsecache

import (
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Line is a header line.
type Line struct{ Name, Value string }

// Response is a response as it is kept. In a store it ends with a checksum of it and
// its key, so that what the store mixed up, truncated or never got from this codec
// is a miss.
type Response struct {
	// At is when it was made, in seconds since 1970.
	At          int64
	ContentType string
	// Header is what the response itself has of a header, beside its content type.
	Header []Line
	// Body is not to be changed: it may be the store's.
	Body []byte
	// set is what was set in the header directly, see Note. The name of a header that
	// is added to begins with a plus.
	set []Line
	// versions are what its tags had before it was made.
	versions []string
}

// Note notes what changed in a header while the response was made: whole values, or
// those that were added. What middleware set before is there again when the response
// is replayed. It reports whether the response is one for others too, which a cookie
// is not.
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
			c.set = append(c.set, Line{name, value})
		}
	}
	return true
}

// Replay puts what Note noted into a header, and the age of the response.
func (c *Response) Replay(h http.Header) {
	replaced := map[string]bool{}
	for _, line := range c.set {
		name, isAdded := strings.CutPrefix(line.Name, "+")
		if !isAdded && !replaced[name] {
			replaced[name] = true
			delete(h, name)
		}
		h[name] = append(h[name], line.Value)
	}
	// The clocks of processes that share a store differ: an age is not negative.
	h["Age"] = []string{strconv.FormatInt(max(time.Now().Unix()-c.At, 0), 10)}
}

// encode makes what is kept under a key: numbers as varints, texts after their
// lengths, and the checksum.
func (c *Response) encode(key string) []byte {
	b := c.append(nil)
	return binary.BigEndian.AppendUint32(b, checksum(key, b))
}

// checksum tells values apart that were not made by encode for the key. Who
// changes the codec changes the number in it, and what was kept before is a miss.
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
	for _, lines := range [][]Line{c.Header, c.set} {
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

// readResponse decodes what is kept under a key; nil for anything that encode did
// not make.
func readResponse(key string, value []byte) *Response {
	size := len(value) - crc32.Size
	if size < 0 || binary.BigEndian.Uint32(value[size:]) != checksum(key, value[:size]) {
		return nil
	}
	// The checksum proves that encode wrote the bytes, so what follows can only
	// fail where two values happen to have one checksum. It must not panic then.
	at, n := binary.Varint(value[:size])
	if n <= 0 {
		return nil
	}
	// The body ends where the checksum begins, and so does its capacity: nobody
	// who appends to it writes into what the store owns.
	r := reader{rest: value[n:size:size]}
	kept := &Response{At: at, ContentType: r.text()}
	for range r.count() {
		kept.versions = append(kept.versions, r.text())
	}
	for _, lines := range []*[]Line{&kept.Header, &kept.set} {
		for range r.count() {
			*lines = append(*lines, Line{r.text(), r.text()})
		}
	}
	if kept.Body = r.rest; r.broken {
		return nil
	}
	return kept
}

// reader reads what append wrote.
type reader struct {
	rest   []byte
	broken bool
}

// count is a number of things, each of which takes a byte at least.
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
