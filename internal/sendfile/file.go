package sendfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/etag"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/safefile"
)

// File names a content and says how clients see it. It has the fields of the root's File, where they are explained.
type File struct {
	FS       fs.FS
	Path     string
	Content  io.ReadSeeker
	ModTime  time.Time
	Name     string
	Download bool
	ETag     string
}

// Refusal is an error response instead of a file. The root writes it, as all errors.
type Refusal struct {
	Status int
	// Line is a header of the response; its name is empty if there is none.
	Line response.Line
}

// Error implements error, for logs.
func (e *Refusal) Error() string { return "the file cannot be sent: " + http.StatusText(e.Status) }

// NotFound refuses a path that leads to no regular file.
var NotFound = &Refusal{Status: http.StatusNotFound}

// Opened is a File that is about to be sent.
type Opened struct {
	Content io.ReadSeeker
	// whole is a content of known size that cannot seek and is therefore sent without ranges.
	whole   io.Reader
	Size    int64
	ModTime time.Time
	ETag    string
}

// Open opens the content; the response closes it.
func (f *File) Open(resp *response.Response) (opened Opened, err error) {
	switch {
	case f.Content != nil && f.FS != nil:
		return opened, errors.New("a candor.File with both FS and Content; set one of them")
	case f.Content != nil:
		opened = Opened{Content: f.Content, ModTime: f.ModTime, ETag: f.ETag}
	case f.FS == nil:
		return opened, errors.New("a candor.File with neither FS nor Content; set one of them")
	default:
		if opened, err = f.openPath(resp); err != nil {
			return opened, err
		}
	}
	return opened, f.checkETag()
}

func (f *File) openPath(resp *response.Response) (Opened, error) {
	// On Windows a backslash separates names, and a NUL ends a name for the operating system.
	if !fs.ValidPath(f.Path) || strings.ContainsAny(f.Path, "\\\x00") {
		return Opened{}, NotFound
	}
	file, err := safefile.Open(f.FS, f.Path)
	if err != nil {
		return Opened{}, WithoutFile(err)
	}
	// From here on the response closes the file, whatever fails.
	resp.Closer = file
	info, err := file.Stat()
	if err != nil {
		return Opened{}, fmt.Errorf("the file cannot be sent: %w", err)
	}
	// Checked again: some file systems cannot tell before opening, and the path may lead to another file by now.
	if !info.Mode().IsRegular() {
		return Opened{}, NotFound
	}
	opened := Opened{whole: file, Size: info.Size(), ModTime: cmp.Or(f.ModTime, info.ModTime()), ETag: f.ETag}
	opened.Content, _ = file.(io.ReadSeeker)
	return opened, nil
}

// WithoutFile returns the error for a file that cannot be opened: a 404, unless the server failed.
func WithoutFile(err error) error {
	if errors.Is(err, safefile.ErrNone) {
		return NotFound
	}
	return err
}

// MediaType returns the media type for the extension.
func (f *File) MediaType() string {
	return cmp.Or(mime.TypeByExtension(path.Ext(cmp.Or(formdata.BaseName(f.Name), f.Path))), mediatype.Octets)
}

// Header returns the header fields that are sent with the content.
func (f *File) Header(o Opened) []response.Line {
	var lines []response.Line
	if disposition := f.disposition(); disposition != "" {
		lines = append(lines, response.Line{Name: "Content-Disposition", Value: disposition})
	}
	if tag := o.tag(); tag != "" {
		lines = append(lines, response.Line{Name: "Etag", Value: tag})
	}
	return lines
}

// tag returns the entity tag, "" for none.
func (o Opened) tag() string {
	switch {
	case o.ETag == "-":
		return ""
	case o.ETag != "":
		return o.ETag
	case o.ModTime.IsZero() || o.whole == nil:
		// The size alone does not identify a version, and the size of a Content is not known yet.
		return ""
	}
	return `"` + strconv.FormatInt(o.ModTime.UnixNano(), 36) + "-" + strconv.FormatInt(o.Size, 36) + `"`
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

// Send writes a file as the response.
func Send(w http.ResponseWriter, r *http.Request, resp *response.Response, o Opened) error {
	if o.Content == nil || !Reads(r.Method) || resp.Status != http.StatusOK {
		return sendWhole(w, r, resp, o)
	}
	// A separate header, so that nothing of it is left in the response if http.ServeContent fails.
	header := http.Header{}
	resp.PutHeader(header)
	sent := Serve(w, r, header, o.ModTime, o.Content)
	switch {
	case sent.ReadErr != nil:
		return fmt.Errorf("the file could not be read: %w", sent.ReadErr)
	case sent.Status == http.StatusRequestedRangeNotSatisfiable:
		size, err := Size(o.Content)
		if err != nil {
			return err
		}
		return &Refusal{sent.Status, response.Line{Name: "Content-Range", Value: "bytes */" + strconv.FormatInt(size, 10)}}
	case sent.Status >= 500:
		return errors.New("the file could not be sent")
	case sent.Status >= 400:
		return &Refusal{Status: sent.Status}
	case sent.WriteErr != nil:
		return response.WriteError(sent.WriteErr)
	}
	return nil
}

// Reads reports whether a method asks for the file: GET or HEAD.
func Reads(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// sendWhole sends a file without conditions and ranges.
func sendWhole(w http.ResponseWriter, r *http.Request, resp *response.Response, o Opened) error {
	source := o.whole
	if o.Content != nil {
		source = o.Content
		var err error
		if o.Size, err = Size(o.Content); err != nil {
			return err
		}
	}
	if mediatype.BodyAllowed(resp.Status) {
		resp.Add("Content-Length", strconv.FormatInt(o.Size, 10))
	}
	if !o.ModTime.IsZero() {
		resp.Add("Last-Modified", o.ModTime.UTC().Format(http.TimeFormat))
	}
	// A file that grows meanwhile must not exceed its Content-Length.
	return resp.SendReader(w, r, io.LimitReader(source, o.Size))
}
