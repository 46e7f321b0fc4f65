// Package receiving reads the responses of typed calls into the results of handlers: the inverse of writing them,
// compiled from the same descriptions. It stands beside internal/sending, which makes the requests. Its errors say what
// is wrong with a response; the root adds which response it is, and reads the errors that a server reports.
package receiving

import (
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"time"

	"github.com/candor-go/candor/internal/mediatype"
)

// Response is a response that is being read.
type Response struct {
	HTTP *http.Response
	// Limit is how many bytes of the body are read at most.
	Limit int64
	// ToJSON converts the body to JSON if it has the media type of a codec; nil if not.
	ToJSON func(body []byte) ([]byte, error)
	// read is what was read of the body so far; kept means that a value owns the body and reads the rest.
	read []byte
	kept bool
}

// Header returns a header of the response.
func (r *Response) Header(name string) string { return r.HTTP.Header.Get(name) }

// HasBody reports whether the response may have a body.
func (r *Response) HasBody() bool {
	return mediatype.BodyAllowed(r.HTTP.StatusCode) && r.HTTP.Request.Method != http.MethodHead
}

// Data reads the body to its end.
func (r *Response) Data() ([]byte, error) {
	// One byte more than the limit shows that the body is too long.
	data, err := io.ReadAll(io.LimitReader(r.HTTP.Body, min(r.Limit, math.MaxInt64-1)+1))
	// Also kept if the body is truncated, because the error quotes its beginning.
	r.read = data
	switch {
	case err != nil:
		return data, fmt.Errorf("it could not be read to its end: %w", err)
	case int64(len(data)) > r.Limit:
		return data, fmt.Errorf("it has more than %d bytes, the limit of the client", r.Limit)
	}
	return data, nil
}

// JSON reads a body as JSON; the codecs of other formats convert it.
func (r *Response) JSON() ([]byte, error) {
	if r.ToJSON == nil && !mediatype.IsJSON(mediaType(r.HTTP)) {
		return nil, errors.New("it is not JSON")
	}
	data, err := r.Data()
	if err != nil || r.ToJSON == nil {
		return data, err
	}
	return r.ToJSON(data)
}

// File is a file as a response.
type File struct {
	Data       []byte
	Name, ETag string
	Download   bool
	ModTime    time.Time
}

// File reads a file to its end.
func (r *Response) File() (*File, error) {
	data, err := r.Data()
	if err != nil {
		return nil, err
	}
	disposition, params, _ := mime.ParseMediaType(r.Header("Content-Disposition"))
	file := &File{Data: data, Name: params["filename"], Download: disposition == "attachment", ETag: r.Header("ETag")}
	// An invalid time is ignored: the file itself is complete.
	if at, err := http.ParseTime(r.Header("Last-Modified")); err == nil {
		file.ModTime = at
	}
	return file, nil
}

// mediaType returns the media type of a response without parameters.
func mediaType(r *http.Response) string {
	name, _, _ := mediatype.Parse(r.Header.Get("Content-Type"))
	return name
}

// Keep returns the body to a value, which reads and closes it.
func (r *Response) Keep() io.ReadCloser {
	r.kept = true
	return r.HTTP.Body
}

// Close closes the body unless it was kept.
func (r *Response) Close() {
	if !r.kept {
		_ = r.HTTP.Body.Close()
	}
}

// Begin returns the beginning of the body, as far as it was read. It reads it unless that was done before, or the body
// was kept.
func (r *Response) Begin(most int) []byte {
	if r.read == nil && !r.kept {
		r.read, _ = io.ReadAll(io.LimitReader(r.HTTP.Body, int64(most)))
	}
	return r.read[:min(len(r.read), most)]
}
