package candor

import (
	"encoding/binary"
	"hash/crc32"
)

// A kept response ends with a checksum of it and its key, so that what a store
// mixed up, truncated or never got from this codec is a miss.

// cachedResponse is a response as it is kept.
type cachedResponse struct {
	at          int64
	contentType string
	versions    []string
	// header is that of the response itself, set what was set in the header
	// directly; the name of a header that is added to begins with a plus.
	header, set []headerLine
	body        []byte
}

// encode makes what is kept under a key: numbers as varints, texts after their
// lengths, and the checksum.
func (c *cachedResponse) encode(key string) []byte {
	b := c.append(nil)
	return binary.BigEndian.AppendUint32(b, checksum(key, b))
}

// checksum tells values apart that were not made by encode for the key. Who
// changes the codec changes the number in it, and what was kept before is a miss.
func checksum(key string, b []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte("1 "+key), table), table, b)
}

func (c *cachedResponse) append(b []byte) []byte {
	b = binary.AppendVarint(b, c.at)
	b = appendText(b, c.contentType)
	b = binary.AppendUvarint(b, uint64(len(c.versions)))
	for _, v := range c.versions {
		b = appendText(b, v)
	}
	for _, lines := range [][]headerLine{c.header, c.set} {
		b = binary.AppendUvarint(b, uint64(len(lines)))
		for _, line := range lines {
			b = appendText(appendText(b, line.name), line.value)
		}
	}
	return append(b, c.body...)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// readCachedResponse decodes what is kept under a key; nil for anything that encode did
// not make.
func readCachedResponse(key string, value []byte) *cachedResponse {
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
	r := cachedReader{rest: value[n:size:size]}
	kept := &cachedResponse{at: at, contentType: r.text()}
	for range r.count() {
		kept.versions = append(kept.versions, r.text())
	}
	for _, lines := range []*[]headerLine{&kept.header, &kept.set} {
		for range r.count() {
			*lines = append(*lines, headerLine{r.text(), r.text()})
		}
	}
	if kept.body = r.rest; r.broken {
		return nil
	}
	return kept
}

// cachedReader reads what append wrote.
type cachedReader struct {
	rest   []byte
	broken bool
}

// count is a number of things, each of which takes a byte at least.
func (r *cachedReader) count() int {
	n, size := binary.Uvarint(r.rest)
	if r.broken || size <= 0 || n > uint64(len(r.rest)-size) {
		r.broken = true
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *cachedReader) text() string {
	n := r.count()
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}
