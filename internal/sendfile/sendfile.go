// Package sendfile makes a file the response to a request: it opens the file, names it, and sends it with its entity tag.
// It stands between response, which writes, and safefile, which opens.
//
// The content is sent by http.ServeContent, which handles conditions and ranges. Error responses of http.ServeContent are
// not sent, and read errors are returned instead of hidden.
package sendfile

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/panics"
)

// maxRanges is how many ranges one request may ask for. If it asks for more, the whole file is sent.
const maxRanges = 16

// Result is the outcome of sending a content.
type Result struct {
	// Status is the status code. A response with 400 or more has not been sent.
	Status int
	// ReadErr is the error of reading the content, WriteErr the error of writing to the client.
	ReadErr, WriteErr error
}

// Serve sends a content. The header is added to the response only if the content is sent.
func Serve(w http.ResponseWriter, r *http.Request, header http.Header, modTime time.Time, content io.ReadSeeker) Result {
	sent, watched := &writer{ResponseWriter: w, header: header}, &watchedContent{content: content}
	http.ServeContent(sent, understood(r, watched), "", modTime, watched)
	return Result{Status: sent.status, ReadErr: watched.end(), WriteErr: sent.failed}
}

// understood returns the request as http.ServeContent has to see it, which reads one line of each header and takes some
// ranges for others.
func understood(r *http.Request, content io.Seeker) *http.Request {
	lists, ranges := []string{"If-Match", "If-None-Match"}, r.Header.Values("Range")
	if len(ranges) == 0 && !slices.ContainsFunc(lists, func(name string) bool { return len(r.Header.Values(name)) > 1 }) {
		return r
	}
	// Cloned, because middleware still sees the request.
	r = r.Clone(r.Context())
	for _, name := range lists {
		if lines := r.Header.Values(name); len(lines) > 1 {
			r.Header.Set(name, strings.Join(lines, ", "))
		}
	}
	r.Header.Del("Range")
	// Several lines are no range, and an empty content has none: both are ignored (RFC 9110, section 14.2).
	if len(ranges) == 1 {
		if size, err := Size(content); err == nil && size > 0 {
			r.Header.Set("Range", rangesOf(ranges[0]))
		}
	}
	return r
}

// rangesOf returns a Range with the numbers that http.ServeContent reads, or "" if there are too many ranges or the unit
// is not bytes; servers ignore unknown units (RFC 9110, section 14.2).
func rangesOf(value string) string {
	unit, list, _ := strings.Cut(value, "=")
	if !strings.EqualFold(unit, "bytes") || strings.Count(list, ",") >= maxRanges {
		return ""
	}
	specs := strings.Split(list, ",")
	for i, spec := range specs {
		first, last, isRange := strings.Cut(spec, "-")
		first, last = strings.Trim(first, " \t"), strings.Trim(last, " \t")
		switch {
		case !isRange:
			continue // empty, or malformed, as http.ServeContent finds
		case strings.Trim(first+last, "0123456789") != "":
			specs[i] = malformed
		case first == "" && last != "" && strings.Trim(last, "0") == "":
			specs[i] = beyond + "-" // nobody can have the last 0 bytes (RFC 9110, section 14.1.2)
		default:
			specs[i] = within(first) + "-" + within(last)
		}
	}
	return "bytes=" + strings.Join(specs, ",")
}

const (
	// beyond is the number of a byte that no content has.
	beyond = "9223372036854775807"
	// malformed is no range, unlike numbers with a sign, which http.ServeContent accepts.
	malformed = "x"
)

// within returns a number that an int64 holds: no content has more bytes.
func within(number string) string {
	if trimmed := strings.TrimLeft(number, "0"); len(trimmed) >= len(beyond) {
		return beyond
	}
	return number
}

// Size returns the length of a content and seeks to its beginning.
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

// writer is the ResponseWriter for http.ServeContent. It passes on a response with content, but holds back errors, which
// are written in one place for the whole app.
type writer struct {
	http.ResponseWriter
	header http.Header
	status int
	failed error
}

// Header implements http.ResponseWriter. The client sees this header only if the content is sent.
func (f *writer) Header() http.Header { return f.header }

// WriteHeader implements http.ResponseWriter.
func (f *writer) WriteHeader(status int) {
	if f.status != 0 {
		return
	}
	f.status = status
	// Not sent: the caller writes all errors.
	if status >= 400 {
		return
	}
	h := f.ResponseWriter.Header()
	// http.ServeContent sends no Content-Type with a 304, and its own for several ranges.
	h.Del("Content-Type")
	for name, values := range f.header {
		switch name {
		// Middleware may have added values already; all of them are kept.
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

// watchedContent records read errors, which http.ServeContent does not report. For several ranges http.ServeContent
// reads in its own goroutine, which may outlive the call. So nothing is read after end, and a panic becomes an error.
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
		// A panic in the goroutine of http.ServeContent would end the process.
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

// end returns the read error, if any, and stops further reads.
func (c *watchedContent) end() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.ended = true
	return c.failed
}
