package candor

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/etag"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/safefile"
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

// openFile is a File that is about to be sent.
type openFile struct {
	content io.ReadSeeker
	// whole is a content of known size that cannot seek and is therefore sent without ranges.
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
			err = f.checkETag()
		}
		if err != nil {
			return err
		}
		// No field of an envelope chose a media type, and the document leaves a choice.
		if a.contentType == media[0] && (len(media) > 1 || strings.Contains(media[0], "*")) {
			a.contentType = f.mediaType()
		}
		header := f.header(opened)
		a.stream = func(w http.ResponseWriter, r *http.Request) error {
			// The user's header fields come last, so that they replace the ones made here.
			a.header = append(header, a.header...)
			return a.sendFile(w, r, opened)
		}
		return nil
	}
}

// open opens the content; the response closes it.
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
	// On Windows a backslash separates names, and a NUL ends a name for the operating system.
	if !fs.ValidPath(f.Path) || strings.ContainsAny(f.Path, "\\\x00") {
		return openFile{}, errNotFound
	}
	file, err := safefile.Open(fsys, f.Path)
	if err != nil {
		return openFile{}, withoutFile(err)
	}
	// From here on the response closes the file, whatever fails.
	a.closer = file
	info, err := file.Stat()
	if err != nil {
		return openFile{}, fmt.Errorf("the file cannot be sent: %w", err)
	}
	// Checked again: some file systems cannot tell before opening, and the path may lead to another file by now.
	if !info.Mode().IsRegular() {
		return openFile{}, errNotFound
	}
	opened := openFile{whole: file, size: info.Size(), modTime: cmp.Or(f.ModTime, info.ModTime()), etag: f.ETag}
	opened.content, _ = file.(io.ReadSeeker)
	return opened, nil
}

// withoutFile returns the error for a file that cannot be opened: a 404, unless the server failed.
func withoutFile(err error) error {
	if errors.Is(err, safefile.ErrNone) {
		return errNotFound
	}
	return err
}

// mediaType returns the media type for the extension.
func (f *File) mediaType() string {
	return cmp.Or(mime.TypeByExtension(path.Ext(cmp.Or(formdata.BaseName(f.Name), f.Path))), mediatype.Octets)
}

// header returns the header fields that are sent with the content.
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

// tag returns the entity tag, "" for none.
func (o openFile) tag() string {
	switch {
	case o.etag == "-":
		return ""
	case o.etag != "":
		return o.etag
	case o.modTime.IsZero() || o.whole == nil:
		// The size alone does not identify a version, and the size of a Content is not known yet.
		return ""
	}
	return `"` + strconv.FormatInt(o.modTime.UnixNano(), 36) + "-" + strconv.FormatInt(o.size, 36) + `"`
}

// checkETag rejects a tag that no client could send back.
func (f *File) checkETag() error {
	if f.ETag == "" || f.ETag == "-" || etag.IsTag(f.ETag) {
		return nil
	}
	example := `"v1"`
	if strings.HasPrefix(f.ETag, "W/") {
		example = `W/"v1"`
	}
	return fmt.Errorf("the ETag %q of a candor.File is malformed; write one in quotes, such as %q", f.ETag, example)
}

// disposition returns the Content-Disposition header (RFC 6266).
func (f *File) disposition() string {
	name, kind := formdata.BaseName(f.Name), "inline"
	if f.Download {
		name, kind = cmp.Or(name, formdata.BaseName(f.Path)), "attachment"
	}
	if name == "" {
		// Without a name, "inline" is what clients do by default.
		return map[bool]string{true: kind}[f.Download]
	}
	return mime.FormatMediaType(kind, map[string]string{"filename": name})
}

// sendFile writes a File to the response.
func (a *response) sendFile(w http.ResponseWriter, r *http.Request, o openFile) error {
	if o.content == nil || !isRead(r.Method) || a.status != http.StatusOK {
		return a.sendWhole(w, r, o)
	}
	// A separate header, so that nothing of it is left in the response if http.ServeContent fails.
	header := http.Header{}
	a.putHeader(header)
	sent := sendfile.Serve(w, r, header, o.modTime, o.content)
	switch {
	case sent.ReadErr != nil:
		return fmt.Errorf("the file could not be read: %w", sent.ReadErr)
	case sent.Status == http.StatusRequestedRangeNotSatisfiable:
		size, err := sendfile.Size(o.content)
		if err != nil {
			return err
		}
		return Error(sent.Status, nil).WithHeader("Content-Range", "bytes */"+strconv.FormatInt(size, 10))
	case sent.Status >= 500:
		return errors.New("the file could not be sent")
	case sent.Status >= 400:
		return Error(sent.Status, nil)
	case sent.WriteErr != nil:
		return writeError(sent.WriteErr)
	}
	return nil
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// sendWhole sends a file without conditions and ranges.
func (a *response) sendWhole(w http.ResponseWriter, r *http.Request, o openFile) error {
	source := o.whole
	if o.content != nil {
		source = o.content
		var err error
		if o.size, err = sendfile.Size(o.content); err != nil {
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
