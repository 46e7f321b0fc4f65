package form

import (
	"errors"
	"io"
	"maps"
	"net/textproto"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/filetype"
	"github.com/candor-go/candor/internal/spool"
	"github.com/candor-go/candor/internal/typeinfo"
)

// File is a file of a form.
type File struct {
	// Filename has no directories; it may be empty. ContentType is never empty.
	Filename, ContentType string
	Header                textproto.MIMEHeader
	Content               spool.Content
}

// clone returns a copy that shares no memory that a handler could change.
func (f File) clone() File {
	f.Header, f.Content = maps.Clone(f.Header), f.Content.Clone()
	for name, lines := range f.Header {
		f.Header[name] = slices.Clone(lines)
	}
	return f
}

// filePlan fills a field from the files sent for it.
type filePlan struct {
	index    []int
	required bool
	// whole means that the field is a []byte, so the content is held in memory.
	whole bool
	// media are the accepted media types; none means any.
	media filetype.Types
	// isList means that the field takes all files sent for it.
	isList bool
	// set sets one file.
	set func(dst reflect.Value, f *File)
	// check validates the number of files; nil without rules.
	check check.Check
}

// file compiles a file field.
func (c *Compiler) file(f *typeinfo.Field) (*filePlan, error) {
	t := f.Type.Go
	p := &filePlan{index: f.Index, required: f.Required, whole: t == reflect.TypeFor[[]byte](), isList: t == reflect.SliceOf(c.Upload), set: c.SetUpload}
	switch {
	case !p.whole && !p.isList && t != c.Upload && t != reflect.PointerTo(c.Upload):
		return nil, &typeinfo.Error{Problem: "a file cannot be taken as " + typeinfo.Name(t), Fix: "make it a candor.Upload, *candor.Upload, []candor.Upload or []byte"}
	case f.Rules != nil && (!p.isList || f.Rules.Elem != nil):
		return nil, &typeinfo.Error{Problem: "rules on a file, whose content they cannot see", Fix: "drop the tags validate and pattern; candor.MaxBody limits the size of the form, and `validate:\"max=10\"` on a []candor.Upload the number of files"}
	}
	var err error
	if p.media, err = filetype.Parse(f.Media); err != nil {
		return nil, &typeinfo.Error{Problem: err.Error(), Fix: "drop the tag and check the content in the handler"}
	}
	p.check, err = c.Bind.Rules.Compile(f.Type, f.Rules)
	return p, err
}

// keep stores the content of a part, in memory if the field needs all of it.
func (p *filePlan) keep(part io.Reader, store *spool.Store) (spool.Content, error) {
	if !p.whole {
		return store.Take(part)
	}
	content, err := store.Hold(part)
	if tooMuch, ok := errors.AsType[spool.TooMuchError](err); ok {
		err = tooMuchHeld("files that are read into memory", int64(tooMuch))
	}
	return content, err
}

// fill sets the field. Validation errors get complete locations.
func (p *filePlan) fill(into reflect.Value, name string, files []File, faults *fault.List) {
	switch {
	case len(files) > 0 && !p.fit(files, name, faults):
	case len(files) > 0:
		dst := into.FieldByIndex(p.index)
		p.store(dst, files)
		p.judge(dst, name, faults)
	case p.required:
		faults.Add(&fault.Fault{Type: fault.Missing, Loc: []any{"body", name}})
	}
}

// store sets the field; unless it is a list, the last file counts.
func (p *filePlan) store(dst reflect.Value, files []File) {
	last := &files[len(files)-1]
	switch {
	case p.whole:
		dst.SetBytes(last.Content.Held())
	case p.isList:
		dst.SetZero()
		dst.Grow(len(files))
		dst.SetLen(len(files))
		for i := range files {
			p.set(dst.Index(i), &files[i])
		}
	case dst.Kind() == reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		p.set(dst.Elem(), last)
	default:
		p.set(dst, last)
	}
}

// fit checks the media types of the files. If several files are sent for a field that takes one, the last counts.
func (p *filePlan) fit(files []File, name string, faults *fault.List) bool {
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
func (p *filePlan) misfit(f *File) *fault.Fault {
	content, err := f.Content.Open()
	if err != nil {
		return invalid("the file cannot be read")
	}
	defer func() { _ = content.Close() }() // opened only for reading
	switch wrong, err := p.media.Check(content); {
	case err != nil:
		return invalid("the file cannot be read")
	case wrong != "":
		return invalid(wrong)
	}
	return nil
}

// judge validates the number of files.
func (p *filePlan) judge(files reflect.Value, name string, faults *fault.List) {
	if p.check == nil {
		return
	}
	if f := p.check(files).Own(); f != nil {
		f.Loc = []any{"body", name}
		faults.Add(f)
	}
}
