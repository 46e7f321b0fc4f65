package candor

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Upload is a file of a multipart form:
//
//	func setAvatar(ctx context.Context, in struct {
//		Avatar candor.Upload   `file:"avatar"`
//		Banner *candor.Upload  `file:"banner"` // may be left out
//		Photos []candor.Upload `file:"photos,omitempty"`
//		Notes  []byte          `file:"notes,omitempty"` // all of it, in memory
//	}) (candor.None, error)
//
// In detail:
//
//   - A form whose Content-Length is at most 1 MiB is held in memory, of others
//     the files of at most 64 KiB, up to 1 MiB a request; the rest lies in one
//     temporary file, in [os.TempDir], which is removed when the request is
//     over, whatever its end.
//   - So an upload cannot be opened after the request, also not by its
//     background tasks.
//   - A form with files is limited to 32 MiB, unless [MaxBody] or Config.MaxBody
//     say otherwise; over it the response is 413.
//   - Fields of type []byte hold their files in memory, so that all of them
//     together may have 1 MiB like any body, unless the same say otherwise.
//   - An input for a file that was left empty counts as absent: a part without
//     content whose filename is empty, or that has none.
//   - Any other part without a filename is a text, and a validation error where a
//     file is expected.
//   - Of a []Upload the tag `validate:"max=10"` bounds the number of files;
//     [MultipartLimits] bound those of the form.
//
// What the client says of a file is not checked: neither its name nor its type
// needs to fit its content.
type Upload struct {
	// Filename is the file's name at the client without directories and control
	// characters; it may be empty. Different files may have the same.
	Filename string
	// ContentType is the media type the client gave, application/octet-stream if
	// it gave none.
	ContentType string
	// Size is the length of the content in bytes.
	Size int64
	// Header are the headers of the part.
	Header textproto.MIMEHeader

	store  *uploadStore
	memory []byte
	// offset is where the content begins in the store's file; it counts if there
	// is nothing in memory.
	offset int64
}

// NewUpload makes an upload out of a content, for tests that call a handler as
// a function.
func NewUpload(filename string, content []byte) Upload {
	return Upload{Filename: formdata.BaseName(filename), ContentType: mediatype.Octets, Size: int64(len(content)), memory: content}
}

// clone is an upload that shares nothing that a handler could change.
func (u Upload) clone() Upload {
	u.Header, u.memory = maps.Clone(u.Header), bytes.Clone(u.memory)
	for name, lines := range u.Header {
		u.Header[name] = slices.Clone(lines)
	}
	return u
}

// errUploadGone is an upload that outlived its request.
var errUploadGone = errors.New("the upload was removed when its request ended")

// Open opens the content, from its beginning. Each call makes a reader of its
// own; several may be read at once. Closing it is allowed but not needed.
func (u Upload) Open() (io.ReadSeekCloser, error) {
	var content io.ReaderAt = bytes.NewReader(u.memory)
	if u.store != nil {
		// Also for a content in memory, so that uploads of all sizes behave the same.
		if u.store.closed.Load() {
			return nil, errUploadGone
		}
		if u.memory == nil && u.Size > 0 {
			content = u.store.file
		}
	}
	return uploadReader{io.NewSectionReader(content, u.offset, u.Size)}, nil
}

// uploadReader is a section of what belongs to the request.
type uploadReader struct{ *io.SectionReader }

// Close does nothing.
func (uploadReader) Close() error { return nil }

// Save writes the content to a new file; one that is there already is an error
// that is [fs.ErrExist]. What was written is removed again if an error cuts it
// short. Do not make the path of Filename, unless by [Upload.SaveIn].
func (u Upload) Save(path string) error {
	return u.save(func() (*os.File, error) { return os.OpenFile(path, saveFlags, saveMode) }, os.Remove)
}

// SaveIn is [Upload.Save] for a name that cannot lead out of a directory.
func (u Upload) SaveIn(root *os.Root, name string) error {
	return u.save(
		func() (*os.File, error) { return root.OpenFile(name, saveFlags, saveMode) },
		func(string) error { return root.Remove(name) },
	)
}

const (
	saveFlags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	saveMode  = 0o644
)

func (u Upload) save(create func() (*os.File, error), remove func(path string) error) error {
	content, err := u.Open()
	if err != nil {
		return fmt.Errorf("saving an upload: %w", err)
	}
	file, err := create()
	if err != nil {
		return fmt.Errorf("saving an upload: %w", err)
	}
	_, err = io.Copy(file, content)
	// The file is closed in any case; some file systems report a full disk only then.
	if err = cmp.Or(err, file.Close()); err != nil {
		return fmt.Errorf("saving an upload: %w", errors.Join(err, remove(file.Name())))
	}
	return nil
}

// How much of its files a request may hold in memory, and how much of one.
const (
	uploadMemory     = 1 << 20
	uploadMemoryEach = 64 << 10
	// spoolBlock is what is written to a file at once.
	spoolBlock = uploadMemoryEach
)

// uploadStore holds the files of one request: the small ones in memory, the
// others one after the other in a temporary file, so that a form of many files
// takes one descriptor. A file is taken after the other; they are read at any
// time, until the store is closed.
type uploadStore struct {
	// memoryLeft is what is left for files that fields hold as a whole, and held what
	// they have taken.
	memoryLeft, held int64
	// sent is how long the form is, as its Content-Length says; negative if it
	// says nothing.
	sent   int64
	used   int64
	file   *os.File
	length int64
	// linked means that the file still has a name.
	linked bool
	closed atomic.Bool
}

// errSpool marks what goes wrong on the server's side.
var errSpool = errors.New("keeping an upload")

// take keeps the content of a part.
func (s *uploadStore) take(part io.Reader) (u Upload, err error) {
	share := s.share()
	begin, err := readUpTo(part, share)
	n := int64(len(begin))
	switch {
	case err != nil && err != io.EOF: //nolint:errorlint // readers return it bare
		return u, err
	// Nothing is lost: what was read becomes the first block of the file.
	case n > share:
		return s.spool(begin, part)
	}
	s.used += n
	return Upload{Size: n, store: s, memory: begin}, nil
}

// share is how much of the next file may be held in memory: of a form that
// says that it is short, everything, and no more than it says.
func (s *uploadStore) share() int64 {
	if 0 <= s.sent && s.sent <= uploadMemory {
		return s.sent - s.used
	}
	return min(uploadMemoryEach, uploadMemory-s.used)
}

// leastMemory is the buffer for the shortest contents, in bytes.
const leastMemory = 4 << 10

// readUpTo reads a content to its end, or one byte more than most. Its buffer
// grows with what has come, whatever was announced; of what it returns, at most
// half is of no use.
func readUpTo(content io.Reader, most int64) (data []byte, err error) {
	// One byte over the limit shows that there is more; min keeps the sum from overflowing.
	enough := min(most, math.MaxInt64-1) + 1
	for err == nil && int64(len(data)) < enough {
		buffer := make([]byte, min(max(leastMemory, 4*int64(len(data))), enough))
		n := copy(buffer, data)
		more, failed := fill(content, buffer[n:])
		data, err = buffer[:n+more], failed
	}
	// The content stays in memory for the whole request, so a copy of its size pays off.
	if cap(data) > 2*len(data) {
		data = bytes.Clone(data)
	}
	return data, err
}

// fill reads until b is full. Unlike io.ReadFull it reports why it is not: that a
// content is cut short, or at its end.
func fill(content io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var more int
		more, err = content.Read(b[n:])
		n += more
	}
	return n, err
}

// spool appends a content to the file, block by block, of which the first has
// been read. A file without a name is removed by the system, even if the
// process is killed; where one that is open cannot lose its name, it does so at
// the end.
func (s *uploadStore) spool(block []byte, rest io.Reader) (u Upload, err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "candor-upload-*"); err != nil {
			return u, fmt.Errorf("%w: %w", errSpool, err)
		}
		s.linked = os.Remove(s.file.Name()) != nil
	}
	// The buffer is used for every later write, of which full blocks need the fewest.
	if cap(block) < spoolBlock {
		block = slices.Grow(block, spoolBlock)
	}
	u = Upload{store: s, offset: s.length}
	for len(block) > 0 {
		n, err := s.file.Write(block)
		s.length += int64(n)
		if err != nil {
			return u, fmt.Errorf("%w: %w", errSpool, err)
		}
		// The block is in the file by now, so its buffer takes the next one.
		n, err = fill(rest, block[:cap(block)])
		if err != nil && err != io.EOF { //nolint:errorlint // readers return it bare
			return u, err
		}
		block = block[:n]
	}
	u.Size = s.length - u.offset
	return u, nil
}

// close ends the life of the uploads.
func (s *uploadStore) close() {
	// Before the file is closed, so that whoever opens an upload after that gets the clear
	// error.
	s.closed.Store(true)
	if s.file == nil {
		return
	}
	_ = s.file.Close()
	if s.linked {
		_ = os.Remove(s.file.Name())
	}
}

// filePlan fills a field from the files sent for it.
type filePlan struct {
	index    []int
	required bool
	// whole means that the content is held in memory.
	whole bool
	// media are the media types that its content may have; none means any.
	media []string
	// isList means that every file counts.
	isList bool
	set    func(dst reflect.Value, files []Upload)
	// check judges the number of files; nil without rules.
	check check.Check
}

var (
	uploadType  = reflect.TypeFor[Upload]()
	uploadsType = reflect.TypeFor[[]Upload]()
)

// fileSetters are the types a file can have in an input.
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
		reflect.TypeFor[[]byte](): func(dst reflect.Value, files []Upload) { dst.SetBytes(files[len(files)-1].memory) },
	}
}

// compileFile makes the plan of a file field.
func (c *compiler) compileFile(f *typeinfo.Field) (*filePlan, error) {
	set := fileSetters()[f.Type.Go]
	switch isList := f.Type.Go == uploadsType; {
	case set == nil:
		return nil, &typeinfo.Error{Problem: "a file cannot be taken as " + typeinfo.Name(f.Type.Go), Fix: "make it a candor.Upload, *candor.Upload, []candor.Upload or []byte"}
	case f.Rules != nil && (!isList || f.Rules.Elem != nil):
		return nil, &typeinfo.Error{Problem: "rules on a file, whose content they cannot see", Fix: "drop the tags validate and pattern; candor.MaxBody limits the size of the form, and `validate:\"max=10\"` on a []candor.Upload the number of files"}
	}
	media, err := fileMedia(f)
	if err != nil {
		return nil, err
	}
	keeps, err := c.rules.Compile(f.Type, f.Rules)
	return &filePlan{index: f.Index, required: f.Required, media: media, isList: f.Type.Go == uploadsType, whole: f.Type.Go == reflect.TypeFor[[]byte](), set: set, check: keeps}, err
}

// checkUploads finds what holds files and is to come from anywhere but a form,
// and what net/http fills in for those who parse forms themselves.
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

// fill sets the field. Locations are complete.
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

// judge looks at the number of files.
func (p *filePlan) judge(into reflect.Value, name string, faults *fault.List) {
	if p.check == nil {
		return
	}
	if f := p.check(into.FieldByIndex(p.index)).Own(); f != nil {
		f.Loc = []any{"body", name}
		faults.Add(f)
	}
}

// keep takes the content of a part, in memory as a whole if the field wants
// that.
func (p *filePlan) keep(part io.Reader, store *uploadStore) (u Upload, err error) {
	if !p.whole {
		return store.take(part)
	}
	return store.hold(part)
}

// tooMuchHeld is the error of what a form has for memory, and which is too large.
func tooMuchHeld(what string, limit int64) error {
	return Error(http.StatusRequestEntityTooLarge, fmt.Sprintf("the %s of the form have together more than %d bytes", what, limit))
}

// hold takes all of a content into memory.
func (s *uploadStore) hold(content io.Reader) (u Upload, err error) {
	// One limit for all files of the form: many small ones would take as much memory as a
	// large one.
	all, err := readUpTo(content, s.memoryLeft)
	n := int64(len(all))
	switch {
	case err != nil && err != io.EOF: //nolint:errorlint // readers return it bare
		return u, err
	case n > s.memoryLeft:
		return u, tooMuchHeld("files that are read into memory", s.held+s.memoryLeft)
	}
	s.memoryLeft, s.held = s.memoryLeft-n, s.held+n
	return Upload{Size: n, store: s, memory: all}, nil
}
