package schema

import (
	"bufio"
	"bytes"
	"io"
	"iter"
)

// Encoded is an encoded document. A part that occurs several times, such as the responses that operations share, is
// stored once: that is most of a large document, which its app keeps.
type Encoded struct {
	text   []byte
	copies []insertion
	size   int
}

// span is a part of the text.
type span struct{ from, to int }

// insertion is a part of the text that is repeated at a position.
type insertion struct {
	at   int
	part span
}

// Whole is a document in which nothing is repeated, or all of it is written out. The text must not be changed.
func Whole(text []byte) *Encoded { return newEncoded(text, nil) }

// newEncoded returns the text with copies inserted in the order of their positions.
func newEncoded(text []byte, copies []insertion) *Encoded {
	d := &Encoded{text: text, copies: copies, size: len(text)}
	for _, c := range copies {
		d.size += c.part.to - c.part.from
	}
	return d
}

// Len returns the size of the document in bytes.
func (d *Encoded) Len() int { return d.size }

// Bytes returns the document. The caller must not change it.
func (d *Encoded) Bytes() []byte {
	if len(d.copies) == 0 {
		return d.text
	}
	return d.appendTo(make([]byte, 0, d.size))
}

func (d *Encoded) String() string { return string(d.Bytes()) }

// Send writes the document.
func (d *Encoded) Send(w io.Writer) error {
	if b, ok := w.(*bytes.Buffer); ok { // it takes the document without another buffer
		b.Grow(d.size)
		_, err := b.Write(d.appendTo(b.AvailableBuffer()))
		return err
	}
	// Most parts are short.
	out := bufio.NewWriterSize(w, sendSize)
	for part := range d.parts() {
		_, _ = out.Write(part) // Flush returns the error
	}
	return out.Flush()
}

// sendSize is the size of one write.
const sendSize = 32 << 10

func (d *Encoded) appendTo(dst []byte) []byte {
	for part := range d.parts() {
		dst = append(dst, part...)
	}
	return dst
}

// parts lists the parts of the document in order.
func (d *Encoded) parts() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		done := 0
		for _, c := range d.copies {
			if !yield(d.text[done:c.at]) || !yield(d.text[c.part.from:c.part.to]) {
				return
			}
			done = c.at
		}
		yield(d.text[done:])
	}
}
