package candor

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// File is a response that sends a file: the one called Path in FS, or Content.
//
//   - The media type is that of [Produces] or of the tag media on the body of an
//     envelope, else the one the extension stands for, else
//     application/octet-stream. The content is never searched for one.
//   - GET handles conditions and ranges (RFC 9110, sections 13 and 14) with 206,
//     304, 412 and 416; ranges need a file that can seek.
//   - HEAD reads nothing.
//   - A path that leads to no regular file is a 404, and is not opened: nothing
//     waits for a FIFO or a device.
//   - Paths may come from requests. Symbolic links are followed as far as they
//     stay inside of FS, in an os.DirFS as in the FS of an os.Root; one that leads
//     out, or is absolute, is a 404.
//
// The document says all of this.
type File struct {
	// FS and Path are the file, opened and closed by Candor. Path has the form
	// of [fs.ValidPath].
	FS   fs.FS
	Path string
	// Content is sent instead of a file; it is closed if it is an
	// io.Closer. ModTime is its Last-Modified, none for the zero time.
	Content io.ReadSeeker
	ModTime time.Time
	// Name is the file's name for the client, sent in Content-Disposition;
	// what stands before a slash or backslash is left out. The name of the file
	// in FS is not sent, unless Download is set.
	Name string
	// Download asks the client to save the file rather than to show it.
	Download bool
	// ETag is the entity tag, with its quotes. Without one, that of a file in FS
	// is made of its time and size, unless it has no time; "-" sends none.
	ETag string
}

func (File) bodyKind() bodyKind {
	return bodyKind{
		status: http.StatusOK, media: "*/*", chooses: true, value: operation.Value{Kind: operation.Bytes}, additional: fileResponses,
		compile: func(_ *compiler, _ *typeinfo.Field, media []string) (encodeBody, error) {
			return makeFileWriter(media), nil
		},
		closer: func(value reflect.Value) io.Closer {
			closer, _ := value.Interface().(File).Content.(io.Closer)
			return closer
		},
		header: []operation.Header{
			{Name: "Content-Disposition", Description: "The name of the file, and whether to save it"},
			{Name: "ETag", Description: "Names this version of the file"},
			{Name: "Last-Modified", Description: "When the file was changed"},
			{Name: "Accept-Ranges", Description: "Whether parts of the file can be asked for"},
		},
	}
}

// fileResponses are what conditions and ranges make of a file.
func fileResponses(method string, statuses []int) []additionalResponse {
	missing := additionalResponse{status: http.StatusNotFound, doc: "There is no such file", isError: true}
	if method != http.MethodGet || statuses[0] != http.StatusOK {
		return []additionalResponse{missing}
	}
	contentRange := func(required bool) []operation.Header {
		return []operation.Header{{Name: "Content-Range", Description: "Which part of the file this is", Required: required}}
	}
	return []additionalResponse{
		{status: http.StatusPartialContent, doc: "The parts that the header Range asks for", header: contentRange(false), hasBody: true},
		{status: http.StatusNotModified, doc: "The client has this version of the file", hasHeader: true},
		missing,
		{status: http.StatusPreconditionFailed, doc: "The file is another version than the client asked for", isError: true},
		{status: http.StatusRequestedRangeNotSatisfiable, doc: "The file has no such part", header: contentRange(true), isError: true},
	}
}

// openFile is a File that is about to be sent.
type openFile struct {
	content io.ReadSeeker
	// whole is the content where it cannot seek, so that it is sent in one; its
	// size is known.
	whole   io.Reader
	size    int64
	modTime time.Time
	etag    string
}

func makeFileWriter(media []string) encodeBody {
	return func(value reflect.Value, _ bool, a *response) error {
		// Cannot fail: the encoder is compiled for bodies of type File.
		f := value.Interface().(File)
		opened, err := f.open(a)
		if err == nil {
			err = checkETag(f.ETag)
		}
		if err != nil {
			return err
		}
		// No field of an envelope chose a type, and the document leaves a choice.
		if a.contentType == media[0] && (len(media) > 1 || strings.Contains(media[0], "*")) {
			a.contentType = f.mediaType()
		}
		header := f.header(opened)
		a.stream = func(w http.ResponseWriter, r *http.Request) error {
			// What the user's fields say comes after these, and so replaces them.
			a.header = append(header, a.header...)
			return a.sendFile(w, r, opened)
		}
		return nil
	}
}

// open finds the content, and has the response close it.
func (f *File) open(a *response) (openFile, error) {
	switch {
	case f.Content != nil && f.FS != nil:
		return openFile{}, errors.New("a candor.File with both FS and Content; set one of them")
	case f.Content != nil:
		return openFile{content: f.Content, modTime: f.ModTime, etag: f.ETag}, nil
	case f.FS == nil:
		return openFile{}, errors.New("a candor.File with neither FS nor Content; set one of them")
	}
	return f.openIn(f.FS, a)
}

func (f *File) openIn(fsys fs.FS, a *response) (openFile, error) {
	// A backslash separates names on Windows, and a NUL ends a name for the system.
	if !fs.ValidPath(f.Path) || strings.ContainsAny(f.Path, "\\\x00") {
		return openFile{}, errNotFound
	}
	file, err := openRegular(fsys, f.Path)
	if err != nil {
		return openFile{}, err
	}
	// From here on the response closes the file, whatever fails.
	a.closer = file
	info, err := file.Stat()
	if err != nil {
		return openFile{}, fmt.Errorf("the file cannot be sent: %w", err)
	}
	// Asked again: some file systems cannot be asked before, and the path may lead to another
	// file by now.
	if !info.Mode().IsRegular() {
		return openFile{}, errNotFound
	}
	opened := openFile{whole: file, size: info.Size(), modTime: cmp.Or(f.ModTime, info.ModTime()), etag: f.ETag}
	opened.content, _ = file.(io.ReadSeeker)
	return opened, nil
}

// openRegular opens a file, unless it is none: opening a FIFO would wait for a
// writer. No symbolic link leads out of the file system.
func openRegular(fsys fs.FS, name string) (fs.File, error) {
	// os.DirFS follows symbolic links out of its directory; an os.Root of the same directory
	// does not.
	if sameType(fsys, os.DirFS("")) {
		root, err := os.OpenRoot(reflect.ValueOf(fsys).String())
		if err != nil {
			return nil, openError(err)
		}
		// A file stays open after the root that opened it is closed.
		defer func() { _ = root.Close() }()
		fsys = root.FS()
	}
	name, info, err := find(fsys, name)
	if err != nil {
		return nil, err
	}
	if info != nil && !info.Mode().IsRegular() {
		return nil, errNotFound
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, openError(err)
	}
	return file, nil
}

// find looks at a file without opening it, as far as its file system can; else
// the result is nil. The name is that of the file itself, after all links are followed.
func find(fsys fs.FS, name string) (string, fs.FileInfo, error) {
	if links, ok := fsys.(fs.ReadLinkFS); ok && !sameType(fsys, (*os.Root)(nil).FS()) {
		return followLinks(links, name)
	}
	stats, ok := fsys.(fs.StatFS)
	if !ok {
		return name, nil, nil
	}
	info, err := stats.Stat(name)
	// For the client a link that leads out is a missing file; nothing has failed.
	if err != nil && !refusedByRoot(fsys, err) {
		return name, nil, openError(err)
	}
	if err != nil {
		return name, nil, errNotFound
	}
	return name, info, nil
}

func sameType(a, b fs.FS) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }

// refusedByRoot reports whether it was an os.Root itself that refused to leave,
// which no system does.
func refusedByRoot(fsys fs.FS, err error) bool {
	return sameType(fsys, (*os.Root)(nil).FS()) && !errors.As(err, new(syscall.Errno))
}

// maxLinks is how many symbolic links one path may go through, as on Linux.
const maxLinks = 40

// followLinks is where a path leads to inside of a file system, without links.
// What stands in front of the part at hand has none any more, so that ".." can
// take away its end.
func followLinks(fsys fs.ReadLinkFS, name string) (at string, info fs.FileInfo, err error) {
	at = "."
	links := 0
	for rest := strings.Split(name, "/"); len(rest) > 0; {
		segment := rest[0]
		rest = rest[1:]
		// The target of a link leads out of the file system.
		if segment == ".." && at == "." {
			return "", nil, errNotFound
		}
		next := path.Join(at, segment)
		if info, err = fsys.Lstat(next); err != nil {
			return "", nil, openError(err)
		}
		if info.Mode().Type() != fs.ModeSymlink {
			at = next
			continue
		}
		target, err := fsys.ReadLink(next)
		if links++; err != nil || path.IsAbs(target) || links > maxLinks {
			return "", nil, errNotFound
		}
		// The target is relative to the directory of the link, which at still is, and may hold
		// links itself.
		rest = append(strings.Split(filepath.ToSlash(target), "/"), rest...)
	}
	return at, info, nil
}

// openError distinguishes paths that lead nowhere, which clients choose, from what is
// wrong with the server.
func openError(err error) error {
	for _, nowhere := range []error{fs.ErrNotExist, fs.ErrInvalid, syscall.ENOTDIR, syscall.EINVAL, syscall.ENAMETOOLONG, syscall.ELOOP} {
		if errors.Is(err, nowhere) {
			return errNotFound
		}
	}
	return fmt.Errorf("the file cannot be opened: %w", err)
}

// mediaType is that of the extension.
func (f *File) mediaType() string {
	return cmp.Or(mime.TypeByExtension(path.Ext(cmp.Or(baseName(f.Name), f.Path))), mediatype.Octets)
}

// header is what is sent beside the content.
func (f *File) header(o openFile) []headerLine {
	var lines []headerLine
	if disposition := f.disposition(); disposition != "" {
		lines = append(lines, headerLine{"Content-Disposition", disposition})
	}
	if etag := o.tag(); etag != "" {
		lines = append(lines, headerLine{"Etag", etag})
	}
	return lines
}

// tag is the entity tag, empty for none.
func (o openFile) tag() string {
	switch {
	case o.etag == "-":
		return ""
	case o.etag != "":
		return o.etag
	case o.modTime.IsZero() || o.whole == nil:
		// A size alone names no version, and the size of a Content is not known yet.
		return ""
	}
	return `"` + strconv.FormatInt(o.modTime.UnixNano(), 36) + "-" + strconv.FormatInt(o.size, 36) + `"`
}

// checkETag refuses what is no entity tag of RFC 9110, section 8.8.3: no client
// could ask for it.
func checkETag(etag string) error {
	if etag == "" || etag == "-" {
		return nil
	}
	text, isWeak := strings.CutPrefix(etag, "W/")
	if len(text) < 2 || text[0] != '"' || strings.IndexByte(text[1:], '"') != len(text)-2 || mediatype.HasControl(text) || strings.ContainsAny(text, " \t") {
		return fmt.Errorf("the ETag %q of a candor.File is malformed; write one in quotes, such as %q", etag, map[bool]string{true: "W/"}[isWeak]+`"v1"`)
	}
	return nil
}

// disposition is the header of RFC 6266.
func (f *File) disposition() string {
	name, kind := baseName(f.Name), "inline"
	if f.Download {
		name, kind = cmp.Or(name, baseName(f.Path)), "attachment"
	}
	if name == "" {
		// "inline" without a name is what clients do by themselves.
		return map[bool]string{true: kind}[f.Download]
	}
	return mime.FormatMediaType(kind, map[string]string{"filename": name})
}

// maxRanges is how many parts of a file one request may ask for; the whole file
// is sent to one that asks for more.
const maxRanges = 16

// sendFile is the stream of a File.
func (a *response) sendFile(w http.ResponseWriter, r *http.Request, o openFile) error {
	if o.content == nil || !isRead(r.Method) || a.status != http.StatusOK {
		return a.sendWhole(w, r, o)
	}
	// A header of its own: of an error of http.ServeContent nothing must stay in the response.
	sent := &fileWriter{ResponseWriter: w, header: http.Header{}}
	a.putHeader(sent.header)
	content := &watchedContent{content: o.content}
	http.ServeContent(sent, withoutOddRange(r), "", o.modTime, content)
	if err := content.end(); err != nil {
		return fmt.Errorf("the file could not be read: %w", err)
	}
	return sent.outcome(o.content)
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

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

// sendWhole sends a file without conditions and ranges.
func (a *response) sendWhole(w http.ResponseWriter, r *http.Request, o openFile) error {
	source := o.whole
	if o.content != nil {
		source = o.content
		var err error
		if o.size, err = sizeOf(o.content); err != nil {
			return err
		}
	}
	if mediatype.BodyAllowed(a.status) {
		a.header = append(a.header, headerLine{"Content-Length", strconv.FormatInt(o.size, 10)})
	}
	if !o.modTime.IsZero() {
		a.header = append(a.header, headerLine{"Last-Modified", o.modTime.UTC().Format(http.TimeFormat)})
	}
	// A file that grows meanwhile must not exceed its Content-Length.
	return a.sendReader(w, r, io.LimitReader(source, o.size))
}

func sizeOf(content io.Seeker) (int64, error) {
	size, err := content.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if err != nil {
		return 0, fmt.Errorf("the file cannot be sent: %w", err)
	}
	return size, nil
}

// fileWriter takes what http.ServeContent writes. It passes a response with the
// file on; errors it keeps, for the one writer of errors.
type fileWriter struct {
	http.ResponseWriter
	header http.Header
	status int
	failed error
}

// Header implements http.ResponseWriter. Nothing of it is seen by the client
// unless the file is sent.
func (f *fileWriter) Header() http.Header { return f.header }

// WriteHeader implements http.ResponseWriter.
func (f *fileWriter) WriteHeader(status int) {
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
func (f *fileWriter) Write(p []byte) (int, error) {
	if f.status >= 400 {
		return len(p), nil
	}
	n, err := f.ResponseWriter.Write(p)
	if err != nil {
		f.failed = writeError(err)
	}
	return n, err
}

// outcome is what became of a file that could be read.
func (f *fileWriter) outcome(content io.Seeker) error {
	switch {
	case f.status == http.StatusRequestedRangeNotSatisfiable:
		size, err := sizeOf(content)
		if err != nil {
			return err
		}
		return Error(f.status, nil).WithHeader("Content-Range", "bytes */"+strconv.FormatInt(size, 10))
	case f.status >= 500:
		return errors.New("the file could not be sent")
	case f.status >= 400:
		return Error(f.status, nil)
	}
	return f.failed
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
			err = newPanicError(value)
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
