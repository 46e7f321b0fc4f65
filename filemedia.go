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

// The media type that a client declares for a file proves nothing about its content, so the file's first bytes are
// inspected.

// sniffed is how many bytes of a file are inspected.
const sniffed = 3072

// fileMedia returns the media types in the tag of a file field, nil for any.
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

// fit checks that the files have a media type of the tag. If several files are sent for a single one, the last counts.
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
	defer func() { _ = content.Close() }() // opened for reading only
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

// takes reports whether the tag allows the media type or one that includes it. application/octet-stream includes
// everything, so it does not count.
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
