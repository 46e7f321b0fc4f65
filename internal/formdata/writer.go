package formdata

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// Writer writes a multipart form as pieces, each opened when it is sent, so that files are not held in memory.
type Writer struct {
	text   *bytes.Buffer
	parts  *multipart.Writer
	pieces []func() (io.Reader, error)
	length int64
	count  int
}

// Body is a form that is ready to be sent. Open may be called several times.
type Body struct {
	MediaType string
	Length    int64
	Open      func() (io.Reader, error)
}

// SentFile is a file of a form.
type SentFile struct {
	Field, Name string
	// Header is sent with it, Content-Disposition left out; Writer may change it.
	Header textproto.MIMEHeader
	Size   int64
	Open   func() (io.Reader, error)
}

// NewWriter makes a form without parts.
func NewWriter() *Writer {
	w := &Writer{text: new(bytes.Buffer)}
	w.parts = multipart.NewWriter(w.text)
	return w
}

// Text adds a text.
func (w *Writer) Text(field, text string) {
	w.head(textproto.MIMEHeader{"Content-Disposition": {disposition(field, "")}})
	w.text.WriteString(text)
}

// File adds a file. The text up to it is one piece, and the file another.
func (w *Writer) File(f SentFile) {
	f.Header.Set("Content-Disposition", disposition(f.Field, f.Name))
	if f.Name == "" {
		// Without a filename the part would be a text to the server.
		f.Header.Set("Content-Disposition", disposition(f.Field, "")+`; filename=""`)
	}
	w.head(f.Header)
	w.finishPiece()
	w.length += f.Size
	w.pieces = append(w.pieces, f.Open)
}

func (w *Writer) head(header textproto.MIMEHeader) {
	w.count++
	_, _ = w.parts.CreatePart(header) // a bytes.Buffer has no errors
}

// finishPiece makes a piece of the text so far.
func (w *Writer) finishPiece() {
	// Cloned, since the buffer is written again after Reset.
	text := bytes.Clone(w.text.Bytes())
	w.text.Reset()
	w.length += int64(len(text))
	w.pieces = append(w.pieces, func() (io.Reader, error) { return bytes.NewReader(text), nil })
}

// End makes a body of the parts; false without any.
func (w *Writer) End() (body Body, ok bool) {
	if w.count == 0 {
		return Body{}, false
	}
	_ = w.parts.Close() // which writes the last boundary
	w.finishPiece()
	pieces := w.pieces
	return Body{MediaType: w.parts.FormDataContentType(), Length: w.length, Open: func() (io.Reader, error) {
		readers := make([]io.Reader, len(pieces))
		for i, open := range pieces {
			var err error
			if readers[i], err = open(); err != nil {
				return nil, err
			}
		}
		return io.MultiReader(readers...), nil
	}}, true
}

// disposition is a Content-Disposition as dispositionOf reads it.
func disposition(name, filename string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	line := `form-data; name="` + escape.Replace(name) + `"`
	if filename != "" {
		line += `; filename="` + escape.Replace(filename) + `"`
	}
	return line
}
