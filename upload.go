package candor

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/filetype"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/lazy"
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

// clone returns a copy that shares no memory that a handler could change.
func (u Upload) clone() Upload {
	u.Header, u.content = maps.Clone(u.Header), u.content.Clone()
	for name, lines := range u.Header {
		u.Header[name] = slices.Clone(lines)
	}
	return u
}

// Open returns a new reader at the beginning of the content. Several may be read at once. Closing it is allowed but not
// needed.
func (u Upload) Open() (io.ReadSeekCloser, error) { return u.content.Open() }

// Save writes the content to a new file. If the file exists already, it returns an error that is [fs.ErrExist]. A file
// that could not be written completely is removed. Do not build the path from Filename; use [Upload.SaveIn] for that.
func (u Upload) Save(path string) error { return u.content.Save(path) }

// SaveIn is like [Upload.Save], but the name cannot lead out of the directory.
func (u Upload) SaveIn(root *os.Root, name string) error { return u.content.SaveIn(root, name) }

// filePlan fills a field from the files sent for it.
type filePlan struct {
	index    []int
	required bool
	// whole means that the content is held in memory.
	whole bool
	// media are the accepted media types; none means any.
	media filetype.Types
	// isList means that the field takes all files sent for it.
	isList bool
	set    func(dst reflect.Value, files []Upload)
	// check validates the number of files; nil without rules.
	check check.Check
}

var (
	uploadType  = reflect.TypeFor[Upload]()
	uploadsType = reflect.TypeFor[[]Upload]()
)

// fileSetters returns the types that a file field can have, and how each is set.
func fileSetters() map[reflect.Type]func(dst reflect.Value, files []Upload) {
	return madeFileSetters.Get(makeFileSetters)
}

var madeFileSetters lazy.Value[map[reflect.Type]func(dst reflect.Value, files []Upload)]

func makeFileSetters() map[reflect.Type]func(dst reflect.Value, files []Upload) {
	return map[reflect.Type]func(dst reflect.Value, files []Upload){
		uploadType: func(dst reflect.Value, files []Upload) { dst.Set(reflect.ValueOf(files[len(files)-1])) },
		reflect.PointerTo(uploadType): func(dst reflect.Value, files []Upload) {
			last := files[len(files)-1]
			dst.Set(reflect.ValueOf(&last))
		},
		uploadsType:               func(dst reflect.Value, files []Upload) { dst.Set(reflect.ValueOf(files)) },
		reflect.TypeFor[[]byte](): func(dst reflect.Value, files []Upload) { dst.SetBytes(files[len(files)-1].content.Held()) },
	}
}

// compileFile compiles a file field.
func (c *compiler) compileFile(f *typeinfo.Field) (*filePlan, error) {
	set := fileSetters()[f.Type.Go]
	switch isList := f.Type.Go == uploadsType; {
	case set == nil:
		return nil, &typeinfo.Error{Problem: "a file cannot be taken as " + typeinfo.Name(f.Type.Go), Fix: "make it a candor.Upload, *candor.Upload, []candor.Upload or []byte"}
	case f.Rules != nil && (!isList || f.Rules.Elem != nil):
		return nil, &typeinfo.Error{Problem: "rules on a file, whose content they cannot see", Fix: "drop the tags validate and pattern; candor.MaxBody limits the size of the form, and `validate:\"max=10\"` on a []candor.Upload the number of files"}
	}
	media, err := filetype.Parse(f.Media)
	if err != nil {
		return nil, &typeinfo.Error{Problem: err.Error(), Fix: "drop the tag and check the content in the handler"}
	}
	keeps, err := c.rules.Compile(f.Type, f.Rules)
	return &filePlan{index: f.Index, required: f.Required, media: media, isList: f.Type.Go == uploadsType, whole: f.Type.Go == reflect.TypeFor[[]byte](), set: set, check: keeps}, err
}

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

// fill sets the field. Validation errors get complete locations.
func (p *filePlan) fill(into reflect.Value, name string, files []Upload, faults *fault.List) {
	switch {
	case len(files) > 0 && !p.fit(files, name, faults):
	case len(files) > 0:
		p.set(into.FieldByIndex(p.index), files)
		p.judge(into, name, faults)
	case p.required:
		faults.Add(&fault.Fault{Type: fault.Missing, Loc: []any{"body", name}})
	}
}

// fit checks the media types of the files. If several files are sent for a field that takes one, the last counts.
func (p *filePlan) fit(files []Upload, name string, faults *fault.List) bool {
	if p.media == nil {
		return true
	}
	if !p.isList {
		files = files[len(files)-1:]
	}
	fit := true
	for i := range files {
		f := p.misfit(&files[i])
		if f == nil {
			continue
		}
		fit = false
		if f.Loc = []any{"body", name}; p.isList {
			f.Loc = append(f.Loc, i)
		}
		faults.Add(f)
	}
	return fit
}

// misfit returns the validation error for the content of a file, nil if it is accepted.
func (p *filePlan) misfit(u *Upload) *fault.Fault {
	content, err := u.Open()
	if err != nil {
		return fault.With(fault.ValueError, "error", "the file cannot be read")
	}
	defer func() { _ = content.Close() }() // opened only for reading
	switch wrong, err := p.media.Check(content); {
	case err != nil:
		return fault.With(fault.ValueError, "error", "the file cannot be read")
	case wrong != "":
		return fault.With(fault.ValueError, "error", wrong)
	}
	return nil
}

// judge validates the number of files.
func (p *filePlan) judge(into reflect.Value, name string, faults *fault.List) {
	if p.check == nil {
		return
	}
	if f := p.check(into.FieldByIndex(p.index)).Own(); f != nil {
		f.Loc = []any{"body", name}
		faults.Add(f)
	}
}

// keep stores the content of a part, in memory if the field needs all of it.
func (p *filePlan) keep(part io.Reader, store *spool.Store) (Upload, error) {
	if !p.whole {
		content, err := store.Take(part)
		return Upload{Size: content.Size(), content: content}, err
	}
	content, err := store.Hold(part)
	if tooMuch, ok := errors.AsType[spool.TooMuchError](err); ok {
		err = tooMuchHeld("files that are read into memory", int64(tooMuch))
	}
	return Upload{Size: content.Size(), content: content}, err
}

// tooMuchHeld returns the error for files that exceed the memory limit of a form.
func tooMuchHeld(what string, limit int64) error {
	return Error(http.StatusRequestEntityTooLarge, fmt.Sprintf("the %s of the form have together more than %d bytes", what, limit))
}
