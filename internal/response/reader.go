package response

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/candor-go/candor/internal/mediatype"
)

// SendReader streams the data of a reader.
func (resp *Response) SendReader(w http.ResponseWriter, r *http.Request, reader io.Reader) error {
	if sized, ok := reader.(interface{ Len() int }); ok && mediatype.BodyAllowed(resp.Status) {
		resp.Add("Content-Length", strconv.Itoa(sized.Len()))
	}
	if r.Method == http.MethodHead || !mediatype.BodyAllowed(resp.Status) {
		resp.Begin(w)
		return nil
	}
	chunk := make([]byte, 32<<10)
	// The first read comes before the header, so that its error can still become an error response.
	n, err := readSome(reader, chunk)
	if err != nil && err != io.EOF { //nolint:errorlint // io.Reader returns it bare
		return fmt.Errorf("the response could not be read: %w", err)
	}
	resp.Begin(w)
	return pass(w, reader, chunk, n, err)
}

// readSome reads until there is data or an error.
func readSome(reader io.Reader, into []byte) (n int, err error) {
	// A reader may return nothing without an error, but not that often in a row; bufio has the same limit.
	for range 100 {
		if n, err = reader.Read(into); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// pass sends what was read, and then the rest. Without a known length each read is flushed at once.
func pass(w http.ResponseWriter, reader io.Reader, chunk []byte, n int, err error) error {
	// A reader without a length may be slow, such as a growing log, so each read is flushed.
	known := w.Header().Get("Content-Length") != ""
	control := http.NewResponseController(w)
	for {
		if n > 0 {
			if _, err := w.Write(chunk[:n]); err != nil {
				return WriteError(err)
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
