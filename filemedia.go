package candor

import (
	"fmt"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// What a client says of a file is no proof of what is in it, so that the media types of
// a file are judged by its first bytes.

// sniffed is how many bytes of a file tell its media type.
const sniffed = 3072

// fileMedia are the media types of the tag of a file, nil for any.
func fileMedia(f *typeinfo.Field) ([]string, error) {
	if f.Media == "" {
		return nil, nil
	}
	media := strings.Split(f.Media, ", ")
	for _, name := range media {
		if !strings.HasSuffix(name, "*") && mimetype.Lookup(name) == nil {
			return nil, &typeinfo.Error{Problem: fmt.Sprintf("media:%q, which the content of a file does not show", name), Fix: "drop the tag and check the content in the handler"}
		}
	}
	return media, nil
}

// fit reports whether the files are of the media types of the tag. Of several in the place of
// one the last counts.
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

// misfit is what is wrong with the content of a file.
func (p *filePlan) misfit(u *Upload) *fault.Fault {
	content, err := u.Open()
	if err != nil {
		return fault.With(fault.ValueError, "error", "the file cannot be read")
	}
	defer func() { _ = content.Close() }() // which was only read
	head, err := io.ReadAll(io.LimitReader(content, sniffed))
	if err != nil {
		return fault.With(fault.ValueError, "error", "the file cannot be read")
	}
	found := mimetype.Detect(head)
	if p.takes(found) {
		return nil
	}
	return fault.With(fault.ValueError, "error", fmt.Sprintf("the file must be %s, but its content is %s", strings.Join(p.media, " or "), mediatype.Bare(found.String())))
}

// takes reports whether a media type, or a wider one that it is a kind of, is one of the tag.
// Everything is a kind of bytes, which therefore do not count.
func (p *filePlan) takes(found *mimetype.MIME) bool {
	for m := found; m != nil; m = m.Parent() {
		for _, wanted := range p.media {
			isBytes := m != found && m.Parent() == nil
			if !isBytes && (m.Is(wanted) || mediatype.Matches(wanted, mediatype.Bare(m.String()))) {
				return true
			}
		}
	}
	return false
}
