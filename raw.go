package candor

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

// HTML is a response with media type text/html in UTF-8, sent as it is. Nothing is escaped: use html/template for that.
type HTML string

// Text is a response with media type text/plain in UTF-8, sent as it is. [Produces], or the tag media on the body of an
// envelope, sets another type, such as text/csv.
type Text string

// Reader is a response that is streamed from an io.Reader, without buffering all of it. Its media type is
// application/octet-stream, unless [Produces], the tag media on the body of an envelope, or a field
// `header:"Content-Type"` of the envelope sets another.
//
//   - It is closed if it is an io.Closer, whether or not it was read.
//   - It is not read for HEAD.
//   - A method Len() int, or a field `header:"Content-Length"` of the envelope, sets the length. Otherwise the data of
//     every read is flushed at once.
//   - An error from the first read is an error response; a later one aborts the connection, so that the client sees
//     that the response is truncated.
type Reader interface{ io.Reader }

func (HTML) bodyKind() bodyKind { return textKind("text/html") }
func (Text) bodyKind() bodyKind { return textKind("text/plain") }

// textKind is the kind of a string that is sent as it is.
func textKind(media string) bodyKind {
	return bodyKind{status: http.StatusOK, media: media, compile: compileUTF8, value: operation.Value{Kind: operation.Text}}
}

// compileUTF8 adds charset=utf-8 to a text media type without a charset.
func compileUTF8(_ *compiler, _ *typeinfo.Field, _ []string) (encodeBody, error) {
	return func(value reflect.Value, _ bool, resp *response.Response) error {
		resp.Body = append(resp.Buffer(), value.String()...)
		if strings.HasPrefix(resp.ContentType, "text/") && !strings.Contains(resp.ContentType, "charset") {
			resp.ContentType = mediatype.WithUTF8(resp.ContentType)
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

func encodeBytes(value reflect.Value, _ bool, resp *response.Response) error {
	// Not copied: the bytes belong to the user, and are only read.
	resp.Borrowed = value.Bytes()
	resp.ContentType = sendable(resp.ContentType)
	return nil
}

// sendable returns the media type to send if no field chose one from a range.
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

func encodeReader(value reflect.Value, _ bool, resp *response.Response) error {
	reader, _ := value.Interface().(Reader)
	if reader == nil {
		return errors.New("the handler returned a nil candor.Reader; return http.NoBody for an empty body")
	}
	resp.ContentType = sendable(resp.ContentType)
	resp.Stream = func(w http.ResponseWriter, r *http.Request) error { return resp.SendReader(w, r, reader) }
	return nil
}

// Redirect is a response that redirects to a URL, or to a path with an optional query. Its status is 307, or that of
// [Status]; it has no body.
//
// Characters that are invalid in a URL, including line breaks and backslashes, are percent-encoded, so that the
// location is one line and means the same to every client. An empty location is a 500. If the location comes from a request, check it yourself: a
// redirect may lead anywhere, also to //other.example.
type Redirect string

func (Redirect) bodyKind() bodyKind {
	return bodyKind{
		status: http.StatusTemporaryRedirect, redirects: true,
		compile: func(*compiler, *typeinfo.Field, []string) (encodeBody, error) { return encodeRedirect, nil },
		header:  []operation.Header{{Name: "Location", Description: "Where to go", Required: true, Format: "uri-reference"}},
	}
}

func encodeRedirect(value reflect.Value, _ bool, resp *response.Response) error {
	if value.Len() == 0 {
		return errors.New(`the handler returned an empty candor.Redirect, which leads nowhere; return a URL or a path, such as "/" or "."`)
	}
	resp.Add("Location", mediatype.Location(value.String()))
	return nil
}
