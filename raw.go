package candor

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// HTML is a page: a response of the media type text/html in UTF-8, sent as it
// is. Nothing is escaped; that is what html/template is for.
type HTML string

// Text is a response of the media type text/plain in UTF-8, sent as it is.
// [Produces] or the tag media on the body of an envelope name another type,
// such as text/csv.
type Text string

// Reader is a response that is read while it is sent, without a buffer for the
// whole of it. Its media type is application/octet-stream, unless [Produces],
// the tag media on the body of an envelope, or a field `header:"Content-Type"`
// beside it says something else.
//
//   - It is closed if it is an io.Closer, whether or not it was read.
//   - HEAD reads nothing.
//   - A method Len() int tells the length; so does a field
//     `header:"Content-Length"` beside it. Otherwise every read is sent on at
//     once.
//   - An error of the first read is an error response; a later one aborts the
//     connection, so that the client sees that the response is cut short.
type Reader interface{ io.Reader }

func (HTML) bodyKind() bodyKind { return textKind("text/html") }
func (Text) bodyKind() bodyKind { return textKind("text/plain") }

// textKind is a string, sent as it is.
func textKind(media string) bodyKind {
	return bodyKind{status: http.StatusOK, media: media, compile: compileUTF8, value: operation.Value{Kind: operation.Text}}
}

// compileUTF8 announces UTF-8 where the media type is text and says nothing
// else.
func compileUTF8(_ *compiler, _ *typeinfo.Field, _ []string) (encodeBody, error) {
	return func(value reflect.Value, _ bool, a *response) error {
		a.body = append(a.buffer(), value.String()...)
		if strings.HasPrefix(a.contentType, "text/") && !strings.Contains(a.contentType, "charset") {
			a.contentType = mediatype.WithUTF8(a.contentType)
		}
		return nil
	}, nil
}

func bytesKind() bodyKind {
	return bodyKind{
		status: http.StatusOK, media: mediatype.Octets, value: operation.Value{Kind: operation.Bytes},
		compile: func(*compiler, *typeinfo.Field, []string) (encodeBody, error) { return encodeBytes, nil },
	}
}

func encodeBytes(value reflect.Value, _ bool, a *response) error {
	// Sent without a copy: the bytes are the user's, and are only read.
	a.borrowed = value.Bytes()
	a.contentType = sendable(a.contentType)
	return nil
}

// sendable is the media type where no field chose one out of a range.
func sendable(media string) string {
	if strings.Contains(media, "*") {
		return mediatype.Octets
	}
	return media
}

func readerKind() bodyKind {
	return bodyKind{
		status: http.StatusOK, media: mediatype.Octets, value: operation.Value{Kind: operation.Bytes},
		compile: func(*compiler, *typeinfo.Field, []string) (encodeBody, error) { return encodeReader, nil },
		closer: func(value reflect.Value) io.Closer {
			closer, _ := value.Interface().(io.Closer)
			return closer
		},
	}
}

var errNoReader = errors.New("the handler returned a nil candor.Reader; return http.NoBody for an empty body")

func encodeReader(value reflect.Value, _ bool, a *response) error {
	reader, _ := value.Interface().(Reader)
	if reader == nil {
		return errNoReader
	}
	a.contentType = sendable(a.contentType)
	a.stream = func(w http.ResponseWriter, r *http.Request) error { return a.sendReader(w, r, reader) }
	return nil
}

// sendReader is the stream of a Reader.
func (a *response) sendReader(w http.ResponseWriter, r *http.Request, reader io.Reader) error {
	if sized, ok := reader.(interface{ Len() int }); ok && mediatype.BodyAllowed(a.status) {
		a.header = append(a.header, headerLine{name: "Content-Length", value: strconv.Itoa(sized.Len())})
	}
	if r.Method == http.MethodHead || !mediatype.BodyAllowed(a.status) {
		a.begin(w)
		return nil
	}
	chunk := make([]byte, 32<<10)
	// The first read comes before the header, so that its error is still a response.
	n, err := readSome(reader, chunk)
	if err != nil && err != io.EOF { //nolint:errorlint // io.Reader returns it bare
		return fmt.Errorf("the response could not be read: %w", err)
	}
	a.begin(w)
	return pass(w, reader, chunk, n, err)
}

// readSome reads until there is something or an error.
func readSome(reader io.Reader, into []byte) (n int, err error) {
	// A reader may return nothing without an error; so often in a row it is broken, as bufio
	// has it.
	for range 100 {
		if n, err = reader.Read(into); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// pass sends what was read, and then the rest, each read at once unless the
// length is known.
func pass(w http.ResponseWriter, reader io.Reader, chunk []byte, n int, err error) error {
	// A reader without a length may be slow, such as a log that grows, so each read is sent
	// on at once.
	known := w.Header().Get("Content-Length") != ""
	control := http.NewResponseController(w)
	for {
		if n > 0 {
			if _, err := w.Write(chunk[:n]); err != nil {
				return writeError(err)
			}
		}
		switch {
		case err == io.EOF: //nolint:errorlint // io.Reader returns it bare
			return nil
		case err != nil:
			return fmt.Errorf("the response could not be read to its end: %w", err)
		case !known:
			_ = control.Flush()
		}
		n, err = readSome(reader, chunk)
	}
}

// Redirect is a response that redirects to a URL, or a path with or without
// a query. Its status is 307, or that of [Status]; the body is empty.
//
// Characters that cannot stand in a URL are percent-encoded, line breaks and
// backslashes among them, so that the location is one line and means the same
// to every client. Where the location comes from a request, check that it is
// one of yours: a redirect leads anywhere, also to //other.example.
type Redirect string

func (Redirect) bodyKind() bodyKind {
	return bodyKind{
		status: http.StatusTemporaryRedirect, redirects: true,
		compile: func(*compiler, *typeinfo.Field, []string) (encodeBody, error) { return encodeRedirect, nil },
		header:  []operation.Header{{Name: "Location", Description: "Where to go", Required: true, Format: "uri-reference"}},
	}
}

func encodeRedirect(value reflect.Value, _ bool, a *response) error {
	a.header = append(a.header, headerLine{name: "Location", value: location(value.String())})
	return nil
}

// location percent-encodes what RFC 3986 leaves out of URLs. A percent sign is
// kept: what is encoded already stays as it is.
func location(url string) string {
	if strings.IndexFunc(url, func(r rune) bool { return !inURL(r) }) < 0 {
		return url
	}
	var b strings.Builder
	for i := range len(url) {
		if c := url[i]; inURL(rune(c)) {
			b.WriteByte(c)
		} else {
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[c>>4], hex[c&0xf]})
		}
	}
	return b.String()
}

func inURL(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", r)
}
