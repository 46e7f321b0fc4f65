// Package sendfile sends a content by http.ServeContent, with conditions and ranges, and tells what became of it: neither an
// error response nor an error of reading is left to that function, which writes and hides them.
package sendfile

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/panics"
)

// maxRanges is how many parts of a file one request may ask for; the whole file
// is sent to one that asks for more.
const maxRanges = 16

// Result is what became of a content.
type Result struct {
	// Status is that of the response. One of 400 or more was not sent.
	Status int
	// ReadErr is why the content could not be read, and WriteErr why the client did not get it.
	ReadErr, WriteErr error
}

// Serve sends a content, with a header that it has if it is sent.
func Serve(w http.ResponseWriter, r *http.Request, header http.Header, modTime time.Time, content io.ReadSeeker) Result {
	sent, watched := &writer{ResponseWriter: w, header: header}, &watchedContent{content: content}
	http.ServeContent(sent, withoutOddRange(r), "", modTime, watched)
	return Result{Status: sent.status, ReadErr: watched.end(), WriteErr: sent.failed}
}

// withoutOddRange drops a Range in another unit than bytes, which RFC 9110,
// section 14.2, has servers ignore, and one of too many parts.
func withoutOddRange(r *http.Request) *http.Request {
	asked := r.Header.Get("Range")
	if asked == "" || strings.HasPrefix(asked, "bytes=") && strings.Count(asked, ",") < maxRanges {
		return r
	}
	// Cloned, since middleware still sees the request.
	r = r.Clone(r.Context())
	r.Header.Del("Range")
	return r
}

// Size is the length of a content, which is at its beginning afterwards.
func Size(content io.Seeker) (int64, error) {
	size, err := content.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if err != nil {
		return 0, fmt.Errorf("the file cannot be sent: %w", err)
	}
	return size, nil
}

// writer takes what http.ServeContent writes. It passes a response with the
// file on; errors it keeps, for the one writer of errors.
type writer struct {
	http.ResponseWriter
	header http.Header
	status int
	failed error
}

// Header implements http.ResponseWriter. Nothing of it is seen by the client
// unless the file is sent.
func (f *writer) Header() http.Header { return f.header }

// WriteHeader implements http.ResponseWriter.
func (f *writer) WriteHeader(status int) {
	if f.status != 0 {
		return
	}
	f.status = status
	// Held back, since all errors are written in one place.
	if status >= 400 {
		return
	}
	h := f.ResponseWriter.Header()
	// http.ServeContent sends none with a 304, and one of its own with several ranges.
	h.Del("Content-Type")
	for name, values := range f.header {
		switch name {
		// Middleware may have added some; these do not replace each other.
		case "Set-Cookie", "Vary":
			h[name] = append(h[name], values...)
		default:
			h[name] = values
		}
	}
	f.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (f *writer) Write(p []byte) (int, error) {
	if f.status >= 400 {
		return len(p), nil
	}
	n, err := f.ResponseWriter.Write(p)
	if err != nil {
		f.failed = err
	}
	return n, err
}

// watchedContent remembers that a file could not be read, which
// http.ServeContent does not tell. For several ranges that reads in a goroutine
// of its own, which may outlast it; so after end nothing is read any more, and
// a panic is an error.
type watchedContent struct {
	content io.ReadSeeker
	mutex   sync.Mutex
	failed  error
	ended   bool
}

// Read implements io.Reader.
func (c *watchedContent) Read(p []byte) (n int, err error) {
	err = c.watch(func() error {
		n, err = c.content.Read(p)
		return err
	})
	return n, err
}

// Seek implements io.Seeker.
func (c *watchedContent) Seek(offset int64, whence int) (at int64, err error) {
	err = c.watch(func() error {
		at, err = c.content.Seek(offset, whence)
		return err
	})
	return at, err
}

func (c *watchedContent) watch(do func() error) (err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	defer func() {
		// In the goroutine of http.ServeContent a panic would end the process.
		if value := recover(); value != nil {
			err = panics.New(value)
		}
		if err != nil && err != io.EOF { //nolint:errorlint // io.Reader returns it bare
			c.failed = err
		}
	}()
	if c.ended {
		return fs.ErrClosed
	}
	return do()
}

// end is the error there was, if any.
func (c *watchedContent) end() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.ended = true
	return c.failed
}
