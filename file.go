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
			{Name: "Accept-Ranges", Description: "Whether ranges of the file can be requested"},
		},
	}
}

// fileResponses are what conditions and ranges make of a file.
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
			err = f.checkETag()
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
	// Asked again: some file systems cannot be asked before, and the path may lead to another
	// file by now.
	if !info.Mode().IsRegular() {
		return openFile{}, errNotFound
	}
	opened := openFile{whole: file, size: info.Size(), modTime: cmp.Or(f.ModTime, info.ModTime()), etag: f.ETag}
	opened.content, _ = file.(io.ReadSeeker)
	return opened, nil
}

// withoutFile is the response to a path that leads to no file: a 404, unless the
// server failed.
func withoutFile(err error) error {
	if errors.Is(err, safefile.ErrNone) {
		return errNotFound
	}
	return err
}

// mediaType is that of the extension.
func (f *File) mediaType() string {
	return cmp.Or(mime.TypeByExtension(path.Ext(cmp.Or(formdata.BaseName(f.Name), f.Path))), mediatype.Octets)
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

// checkETag refuses a tag that no client could ask for.
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

// disposition is the header of RFC 6266.
func (f *File) disposition() string {
	name, kind := formdata.BaseName(f.Name), "inline"
	if f.Download {
		name, kind = cmp.Or(name, formdata.BaseName(f.Path)), "attachment"
	}
	if name == "" {
		// "inline" without a name is what clients do by themselves.
		return map[bool]string{true: kind}[f.Download]
	}
	return mime.FormatMediaType(kind, map[string]string{"filename": name})
}

// sendFile is the stream of a File.
func (a *response) sendFile(w http.ResponseWriter, r *http.Request, o openFile) error {
	if o.content == nil || !isRead(r.Method) || a.status != http.StatusOK {
		return a.sendWhole(w, r, o)
	}
	// A header of its own: of an error of http.ServeContent nothing must stay in the response.
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
