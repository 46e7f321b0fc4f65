package docsui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// A File is one file of a page. It is safe for concurrent use.
//
//   - It is revalidated at every visit (Cache-Control: no-cache), so that an upgrade is seen at once; its ETag turns
//     the visit into a 304.
//   - It is sent with gzip if it is stored that way and the client accepts it.
//   - Ranges are not served.
type File struct {
	// Path is the path of the file in requests: "/docs/swagger-ui.css".
	Path string

	contentType string
	policy      string // the Content-Security-Policy, on pages
	tag         string // the ETag without its quotes
	zipped      bool   // open gives gzip
	open        func() (io.ReadSeeker, error)
}

// ServeHTTP responds to a GET or HEAD with the file, whatever its path is.
func (f File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Type", f.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	if f.policy != "" {
		h.Set("Content-Security-Policy", f.policy)
		h.Set("Referrer-Policy", "same-origin")
	}
	content, err := f.negotiate(h, r)
	if err != nil {
		// Only a broken executable gets here: the content is embedded in it.
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	// Of the request's conditions only If-None-Match is passed on. A part of a script is of no use to anyone, and a
	// list of a thousand parts is work.
	conditional := &http.Request{
		Method: r.Method,
		// http.ServeContent reads the first line only.
		Header: http.Header{"If-None-Match": {strings.Join(r.Header.Values("If-None-Match"), ", ")}},
	}
	http.ServeContent(w, conditional, "", time.Time{}, content)
}

// negotiate chooses between the stored gzip and the plain content, which are two representations with different ETags
// (RFC 9110, section 8.8.3.3).
func (f File) negotiate(h http.Header, r *http.Request) (io.ReadSeeker, error) {
	content, err := f.open()
	if err != nil || !f.zipped {
		h.Set("ETag", strconv.Quote(f.tag))
		return content, err
	}
	h.Add("Vary", "Accept-Encoding")
	if acceptsGzip(strings.Join(r.Header.Values("Accept-Encoding"), ",")) {
		h.Set("Content-Encoding", "gzip")
		h.Set("ETag", strconv.Quote(f.tag+"-gzip"))
		return content, nil
	}
	h.Set("ETag", strconv.Quote(f.tag))
	return unzip(content)
}

func unzip(content io.Reader) (io.ReadSeeker, error) {
	zipped, err := gzip.NewReader(content)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(zipped)
	return bytes.NewReader(plain), err
}

// acceptsGzip reads an Accept-Encoding field (RFC 9110 section 12.5.3). What it cannot read is not accepted: the plain
// content is right for everyone.
func acceptsGzip(field string) bool {
	others := false
	for coding := range strings.SplitSeq(strings.ToLower(field), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		switch strings.TrimSpace(name) {
		case "gzip", "x-gzip":
			return isWanted(weight)
		case "*":
			// The star only covers codings that are not named.
			others = isWanted(weight)
		}
	}
	return others
}

// isWanted reports whether the weight of a coding is missing or above zero.
func isWanted(weight string) bool {
	weight = strings.TrimSpace(weight)
	if weight == "" {
		return true
	}
	value, ok := strings.CutPrefix(weight, "q=")
	if !ok {
		return false
	}
	q, err := strconv.ParseFloat(value, 64)
	return err == nil && q > 0
}

// written makes a file of generated text.
func written(at, text string) File {
	sum := sha256.Sum256([]byte(text))
	return File{
		Path:        at,
		contentType: contentType(at),
		tag:         hex.EncodeToString(sum[:8]),
		open:        func() (io.ReadSeeker, error) { return strings.NewReader(text), nil },
	}
}

// embedded makes a file from the content of name, or name.gz, in fsys.
func embedded(at string, fsys fs.FS, name string) (File, error) {
	zipped := false
	if _, err := fs.Stat(fsys, name+".gz"); err == nil {
		name, zipped = name+".gz", true
	}
	open := func() (io.ReadSeeker, error) { return openSeeker(fsys, name) }
	content, err := open()
	if err != nil {
		return File{}, err
	}
	tag, err := tagOf(content, zipped)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", name, err)
	}
	return File{Path: at, contentType: contentType(at), tag: tag, zipped: zipped, open: open}, nil
}

// openSeeker opens an embedded file, whose content is read directly from the executable. It needs no closing.
func openSeeker(fsys fs.FS, name string) (io.ReadSeeker, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	content, ok := file.(io.ReadSeeker)
	if !ok {
		return nil, fmt.Errorf("%s: cannot seek in it", name)
	}
	return content, nil
}

// tagOf returns what distinguishes this content from another version. A gzip file ends with the checksum and the length
// of its content (RFC 1952), so starting an app does not read half a megabyte.
func tagOf(content io.ReadSeeker, zipped bool) (string, error) {
	if !zipped {
		all, err := io.ReadAll(content)
		sum := sha256.Sum256(all)
		return hex.EncodeToString(sum[:8]), err
	}
	var trailer [8]byte
	if _, err := content.Seek(-int64(len(trailer)), io.SeekEnd); err != nil {
		return "", err
	}
	_, err := io.ReadFull(content, trailer[:])
	return hex.EncodeToString(trailer[:]), err
}

// contentType sets the media types of the pages' files itself: the table of the system may be missing or wrong.
func contentType(at string) string {
	switch path.Ext(at) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".png":
		return "image/png"
	case "", ".html":
		return "text/html; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(at))
}
