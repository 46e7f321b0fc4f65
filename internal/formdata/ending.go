package formdata

import (
	"bytes"
	"io"
	"mime/multipart"
)

// NewParts returns a reader for the parts of a body. If the body ends without its last delimiter (RFC 2046, section
// 5.1.1), reading the parts ends with the error cut: package multipart alone takes a body that ends in the header of a
// part for a complete one. A body without a byte ends with io.EOF.
func NewParts(body io.Reader, boundary string, cut error) *multipart.Reader {
	return multipart.NewReader(&ending{body: body, cut: cut, last: []byte("--" + boundary + "--")}, boundary)
}

// ending passes a body on and looks for the line of its last delimiter.
type ending struct {
	body io.Reader
	cut  error
	last []byte
	// matched is how much of the last delimiter the line has so far, -1 if it is another line.
	matched         int
	begun, complete bool
}

// Read implements io.Reader.
func (e *ending) Read(b []byte) (int, error) {
	n, err := e.body.Read(b)
	e.begun = e.begun || n > 0
	e.follow(b[:n])
	if err == io.EOF && e.begun && !e.complete && e.matched < len(e.last) {
		err = e.cut
	}
	return n, err
}

// follow looks at the next bytes of the body. What comes after the last delimiter has no meaning.
func (e *ending) follow(b []byte) {
	for len(b) > 0 && !e.complete {
		if e.matched >= 0 {
			e.take(b[0])
			b = b[1:]
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return
		}
		b, e.matched = b[end+1:], 0
	}
}

// take looks at a byte of a line that may be the last delimiter; white space may follow it.
func (e *ending) take(c byte) {
	switch {
	case e.matched < len(e.last) && c == e.last[e.matched]:
		e.matched++
	case c == '\n':
		e.complete = e.matched == len(e.last)
		e.matched = 0
	case e.matched < len(e.last) || c != ' ' && c != '\t' && c != '\r':
		e.matched = -1
	}
}
