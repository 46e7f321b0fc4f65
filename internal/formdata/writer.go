package formdata

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/mediatype"
)

// Writer builds a multipart form in pieces. Each piece is opened when it is sent, so files are not held in memory.
type Writer struct {
	text   *bytes.Buffer
	parts  *multipart.Writer
	pieces []func() (io.Reader, error)
	length int64
	count  int
}

// Body is a complete form. Open may be called several times.
type Body struct {
	MediaType string
	Length    int64
	Open      func() (io.Reader, error)
}

// SentFile is a file of a form.
type SentFile struct {
	Field, Name string
	// Header is sent with the file, except for Content-Disposition. Writer may modify it.
	Header textproto.MIMEHeader
	Size   int64
	Open   func() (io.Reader, error)
}

// Prepare sets the media type of the file, and a header of its own: the one that is given may belong to another request.
// It returns an error for a file that a server would not read as it is.
func (f *SentFile) Prepare(mediaType string) error {
	switch {
	case BaseName(f.Name) != f.Name || !utf8.ValidString(f.Name):
		return fmt.Errorf("the file name %q would not arrive as it is", f.Name)
	case f.Name == "" && f.Size == 0:
		return errors.New("a file without a name and content is not sent")
	}
	header := textproto.MIMEHeader{}
	maps.Copy(header, f.Header)
	header.Del("Content-Disposition") // the form writes its own
	header.Set("Content-Type", cmp.Or(mediaType, mediatype.Octets))
	for name, lines := range header {
		if !mediatype.ValidHeader(name, lines) {
			return fmt.Errorf("its header %q cannot be sent", name)
		}
	}
	f.Header = header
	return nil
}

// NewWriter returns a form without parts.
func NewWriter() *Writer {
	w := &Writer{text: new(bytes.Buffer)}
	w.parts = multipart.NewWriter(w.text)
	return w
}

// Text adds a text field.
func (w *Writer) Text(field, text string) {
	w.head(textproto.MIMEHeader{"Content-Disposition": {disposition(field, "")}})
	w.text.WriteString(text)
}

// File adds a file. The text before it becomes one piece, the file another.
func (w *Writer) File(f SentFile) {
	f.Header.Set("Content-Disposition", disposition(f.Field, f.Name))
	if f.Name == "" {
		// Without a filename the server would read the part as text.
		f.Header.Set("Content-Disposition", disposition(f.Field, "")+`; filename=""`)
	}
	w.head(f.Header)
	w.finishPiece()
	w.length += f.Size
	w.pieces = append(w.pieces, f.Open)
}

func (w *Writer) head(header textproto.MIMEHeader) {
	w.count++
	_, _ = w.parts.CreatePart(header) // a bytes.Buffer never fails
}

// finishPiece turns the text written so far into a piece.
func (w *Writer) finishPiece() {
	// Cloned, because the buffer is reused after Reset.
	text := bytes.Clone(w.text.Bytes())
	w.text.Reset()
	w.length += int64(len(text))
	w.pieces = append(w.pieces, func() (io.Reader, error) { return bytes.NewReader(text), nil })
}

// End returns the body, false if there are no parts.
func (w *Writer) End() (body Body, ok bool) {
	if w.count == 0 {
		return Body{}, false
	}
	_ = w.parts.Close() // writes the final boundary
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

// disposition returns a Content-Disposition that dispositionOf can parse.
func disposition(name, filename string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	line := `form-data; name="` + escape.Replace(name) + `"`
	if filename != "" {
		line += `; filename="` + escape.Replace(filename) + `"`
	}
	return line
}
