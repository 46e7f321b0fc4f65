package candor

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/sendfile"
	"github.com/candor-go/candor/internal/typeinfo"
)

// File is a response that sends a file: the one at Path in FS, or Content.
//
//   - The media type is that of [Produces] or of the tag media on the body of an envelope, else it follows from the
//     extension, else it is application/octet-stream. It is never detected from the content.
//   - GET handles conditions and ranges (RFC 9110, sections 13 and 14) with 206, 304, 412 and 416; ranges need a file
//     that can seek.
//   - HEAD does not read the file.
//   - A path that leads to no regular file is a 404. It is not opened, so a FIFO or a device does not block.
//   - Paths may come from requests. Symbolic links are followed if they stay inside FS, both in an os.DirFS and in the FS
//     of an os.Root; a link that leads out, or is absolute, is a 404.
//
// All of this is documented.
type File struct {
	// FS and Path name the file, which Candor opens and closes. Path has the form of [fs.ValidPath].
	FS   fs.FS
	Path string
	// Content is sent instead of a file; it is closed if it is an io.Closer. ModTime is its Last-Modified, which is not sent
	// if it is zero.
	Content io.ReadSeeker
	ModTime time.Time
	// Name is the file name for the client, sent in Content-Disposition without any directories. The name of the file in FS
	// is not sent unless Download is set.
	Name string
	// Download asks the client to save the file instead of showing it.
	Download bool
	// ETag is the entity tag, including its quotes. If it is empty, the tag of a file in FS is made from its modification
	// time and size, if it has a time; "-" sends none.
	ETag string
}

func (File) bodyKind() bodyKind {
	return bodyKind{
		status: http.StatusOK, media: "*/*", chooses: true, value: operation.Value{Kind: operation.Bytes}, additional: fileResponses,
		compile: func(_ *compiler, _ *typeinfo.Field, media []string) (encodeBody, error) {
			return func(value reflect.Value, _ bool, resp *response.Response) error {
				// No field of an envelope chose a media type, and the document leaves a choice.
				chooses := resp.ContentType == media[0] && (len(media) > 1 || strings.Contains(media[0], "*"))
				return encodeFile(value, chooses, resp)
			}, nil
		},
		closer: func(value reflect.Value) io.Closer {
			closer, _ := value.Interface().(File).Content.(io.Closer)
			return closer
		},
		header: []operation.Header{
			{Name: "Content-Disposition", Description: "The name of the file, and whether to save it"},
			{Name: "ETag", Description: "Names this version of the file"},
			{Name: "Last-Modified", Description: "When the file was changed"},
			{Name: "Accept-Ranges", Description: "Whether ranges of the file can be requested"},
		},
	}
}

// fileResponses are the additional responses of a file: those for conditions and ranges.
func fileResponses(method string, statuses []int) []additionalResponse {
	missing := additionalResponse{status: http.StatusNotFound, doc: "File not found", isError: true}
	if method != http.MethodGet || statuses[0] != http.StatusOK {
		return []additionalResponse{missing}
	}
	contentRange := func(required bool) []operation.Header {
		return []operation.Header{{Name: "Content-Range", Description: "Which part of the file this is", Required: required}}
	}
	return []additionalResponse{
		{status: http.StatusPartialContent, doc: "The ranges requested by the header Range", header: contentRange(false), hasBody: true},
		{status: http.StatusNotModified, doc: "The client has this version of the file", hasHeader: true},
		missing,
		{status: http.StatusPreconditionFailed, doc: "The file is not the version that the client asked for", isError: true},
		{status: http.StatusRequestedRangeNotSatisfiable, doc: "The range cannot be satisfied", header: contentRange(true), isError: true},
	}
}

// encodeFile opens the file; it is sent while the response is written.
func encodeFile(value reflect.Value, chooses bool, resp *response.Response) error {
	// Cannot fail: the encoder is compiled for bodies of type File.
	file := sendfile.File(value.Interface().(File))
	opened, err := file.Open(resp)
	if err != nil {
		return refusedFile(err)
	}
	if chooses {
		resp.ContentType = file.MediaType()
	}
	header := file.Header(opened)
	resp.Stream = func(w http.ResponseWriter, r *http.Request) error {
		// The user's header fields come last, so that they replace the ones made here.
		resp.Header = append(header, resp.Header...)
		return refusedFile(sendfile.Send(w, r, resp, opened))
	}
	return nil
}

// refusedFile returns the error for a file that is not sent, as clients see it.
func refusedFile(err error) error {
	refusal, ok := errors.AsType[*sendfile.Refusal](err)
	switch {
	case !ok:
		return err
	case refusal == sendfile.NotFound:
		return errNotFound
	case refusal.Line.Name == "":
		return Error(refusal.Status, nil)
	}
	return Error(refusal.Status, nil).WithHeader(refusal.Line.Name, refusal.Line.Value)
}
