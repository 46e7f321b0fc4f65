package candor

import "encoding/binary"

// cachedAnswer is an answer as it is kept.
type cachedAnswer struct {
	at          int64
	contentType string
	versions    []string
	// header is that of the answer itself, set what was set in the header
	// directly; the name of a header that is added to begins with a plus.
	header, set []headerLine
	body        []byte
}

// append encodes the answer: numbers as varints, texts behind their lengths.
func (c *cachedAnswer) append(b []byte) []byte {
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

// readCached decodes a kept answer; ok is false for anything else.
func readCached(value []byte) (kept cachedAnswer, ok bool) {
	r := cachedReader{rest: value}
	if len(value) == 0 {
		return kept, false
	}
	at, n := binary.Varint(r.rest)
	if n <= 0 {
		return kept, false
	}
	kept.at, r.rest = at, r.rest[n:]
	kept.contentType = r.text()
	for range r.count() {
		kept.versions = append(kept.versions, r.text())
	}
	for _, lines := range []*[]headerLine{&kept.header, &kept.set} {
		for range r.count() {
			*lines = append(*lines, headerLine{r.text(), r.text()})
		}
	}
	kept.body = r.rest
	return kept, !r.broken
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
