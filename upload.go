package candor

import (
	"cmp"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"os"
	"reflect"

	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/spool"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Upload is a file of a multipart form:
//
//	type SetAvatar struct {
//		Avatar candor.Upload   `file:"avatar"`
//		Banner *candor.Upload  `file:"banner"` // may be left out
//		Photos []candor.Upload `file:"photos,omitempty"`
//		Notes  []byte          `file:"notes,omitempty"` // all of it, in memory
//	}
//
//	func setAvatar(ctx context.Context, in SetAvatar) (candor.None, error)
//
// In detail:
//
//   - A form with a Content-Length of at most 1 MiB is held in memory. Of other forms, files of at most 64 KiB are held
//     in memory, up to 1 MiB for each request; the others are written to one temporary file in [os.TempDir], which is
//     removed when the request ends, however it ends.
//   - So an upload cannot be opened after the request, and not by its background tasks either.
//   - A form with files is limited to 32 MiB, unless [MaxBody] or Config.MaxBody set another limit; a larger form is a
//     413.
//   - Files in fields of type []byte are held in memory. Together they are limited to 1 MiB like any body, or to the
//     limit that MaxBody or Config.MaxBody set.
//   - An empty file input counts as absent: a part without content whose filename is empty or missing.
//   - Any other part without a filename is text, which is a validation error where a file is expected.
//   - For a []Upload, the tag `validate:"max=10"` limits the number of files; [MultipartLimits] limits the files of the
//     whole form.
//
// Name and media type are what the client sent; they are not compared with the content.
type Upload struct {
	_ mark.File

	// Filename is the client's name for the file, without directories and control characters; it may be empty. Several files
	// may have the same name.
	Filename string
	// ContentType is the media type that the client sent, application/octet-stream if it sent none.
	ContentType string
	// Size is the length of the content in bytes.
	Size int64
	// Header is the header of the part.
	Header textproto.MIMEHeader

	content spool.Content
}

// NewUpload returns an upload with a content, for tests that call a handler as a function.
func NewUpload(filename string, content []byte) Upload {
	return Upload{Filename: formdata.BaseName(filename), ContentType: mediatype.Octets, Size: int64(len(content)), content: spool.Of(content)}
}

// setUpload sets an upload to a file of a form.
func setUpload(dst reflect.Value, f *form.File) {
	u := dst.Addr().Interface().(*Upload) // the compiler of forms was given this type
	u.Filename, u.ContentType, u.Size, u.Header, u.content = f.Filename, f.ContentType, f.Content.Size(), f.Header, f.Content
}

var uploadType = reflect.TypeFor[Upload]()

// Open returns a new reader at the beginning of the content. Several may be read at once. Closing it is allowed but not
// needed.
func (u Upload) Open() (io.ReadSeekCloser, error) { return u.content.Open() }

// Save writes the content to a new file. If the file exists already, it returns an error that is [fs.ErrExist]. A file
// that could not be written completely is removed. Do not build the path from Filename; use [Upload.SaveIn] for that.
func (u Upload) Save(path string) error { return u.content.Save(path) }

// SaveIn is like [Upload.Save], but the name cannot lead out of the directory.
func (u Upload) SaveIn(root *os.Root, name string) error { return u.content.SaveIn(root, name) }

// checkUploads rejects fields for files outside of a form, and the types that net/http uses when a handler parses the
// form itself.
func checkUploads(in *typeinfo.Input) error {
	for _, f := range in.Fields() {
		t := f.Type.Go
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		e := &typeinfo.Error{Type: typeinfo.Name(in.Go), Field: f.Go}
		switch {
		case t == uploadType && f.Source != typeinfo.File:
			e.Problem, e.Fix = "a candor.Upload that is not a file of a form", fmt.Sprintf("write `file:%q`", cmp.Or(f.Name, "file"))
		case t == reflect.TypeFor[multipart.Form]():
			e.Problem, e.Fix = "a multipart.Form, which is never set", "write one field with a form or file tag for each field of the form, or take its parts as a *multipart.Reader with `body:\"\"`"
		case t == reflect.TypeFor[multipart.FileHeader]() && f.Source != typeinfo.File:
			e.Problem, e.Fix = "a multipart.FileHeader, which is never set", fmt.Sprintf("make it a candor.Upload with the tag `file:%q`", cmp.Or(f.Name, "file"))
		default:
			continue
		}
		return e
	}
	return nil
}
