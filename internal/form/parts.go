package form

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/spool"
)

// Limits limits multipart forms: how many parts and files one may have, and the length of a text part in bytes.
type Limits struct {
	Parts, Files int
	Text         int64
}

const defaultMaxParts = 100

// WithDefaults replaces zero fields: 100 parts, as many files as parts, and texts of at most that many bytes.
func (l Limits) WithDefaults(text int64) Limits {
	l.Parts = cmp.Or(l.Parts, defaultMaxParts)
	l.Files = cmp.Or(l.Files, l.Parts)
	l.Text = cmp.Or(l.Text, text)
	return l
}

// TooLargeError is why a form is larger than its limits allow, as a sentence for the client. Other limits, those of
// counts, are validation errors.
type TooLargeError string

// Error implements error.
func (e TooLargeError) Error() string { return string(e) }

// tooMuchHeld is the error of parts that exceed the memory limit of a form.
func tooMuchHeld(what string, limit int64) error {
	return TooLargeError(fmt.Sprintf("the %s of the form have together more than %d bytes", what, limit))
}

// Parts is a multipart body, and within which limits it is read.
type Parts struct {
	// ContentType names the boundary. Length is the Content-Length, negative if unknown.
	ContentType string
	Length      int64
	Body        io.Reader
	Limits      Limits
	// Memory limits all texts together, and all files that are held in memory, in bytes.
	Memory int64
	// Files keeps the files; nil for a plan without files.
	Files *spool.Store
}

// Read reads the parts as they arrive. Its error is a [TooLargeError], a [formdata.Malformed], [spool.ErrFailed], or
// that of reading the body.
func (p *Plan) Read(from Parts) (*Sent, error) {
	parts, err := formdata.New(from.ContentType, from.Body)
	if err != nil {
		return nil, err
	}
	// The store keeps a whole form in memory if its Content-Length is small enough.
	if from.Files != nil {
		from.Files.Begin(from.Length, from.Memory)
	}
	sent := p.newSent(from.Limits)
	sent.memoryLeft = from.Memory
	for {
		part, err := parts.Next()
		if err == io.EOF { //nolint:errorlint // Next returns it bare
			return sent, nil
		}
		if err == nil {
			err = p.takePart(part, sent, &from)
		}
		if err != nil {
			return nil, cause(parts, err)
		}
	}
}

// cause returns why a part could not be read. The error of a part does not say why the body ended; the reader of all
// parts knows.
func cause(parts *formdata.Reader, err error) error {
	if errors.Is(err, spool.ErrFailed) || errors.As(err, new(TooLargeError)) {
		return err
	}
	return parts.Failure(err)
}

// takePart handles a part according to its name, and reads it to its end.
func (p *Plan) takePart(part *formdata.Part, sent *Sent, from *Parts) error {
	sent.pairs++
	if part.IsFile {
		sent.fileCount++
	}
	i := p.indexOf(part.Name)
	switch {
	case sent.isFull():
		// It must be read to its end: the next part begins there.
		return discard(part)
	case i < 0:
		return p.takeUnnamed(part, sent, from)
	}
	field := &p.fields[i]
	if field.file != nil && !part.IsFile {
		return sent.takeNoFile(i, part)
	}
	if reason := field.misfit(part); reason != "" {
		sent.wrong[i] = invalid(reason)
		return discard(part)
	}
	if field.file != nil {
		return sent.takeFile(i, field, part, from.Files)
	}
	return sent.takeText(i, field, part, from)
}

// takeUnnamed reads a part whose name no field has; it may belong to a value made of several names.
func (p *Plan) takeUnnamed(part *formdata.Part, sent *Sent, from *Parts) error {
	leads := func(f field) bool { return f.nested != nil && f.nested.Reads(part.Name) }
	if !slices.ContainsFunc(p.fields, leads) {
		if !p.takeNested(part.Name, "", nil, sent) {
			sent.addUnknown(part.Name)
		}
		return discard(part)
	}
	if reason := (&field{}).misfit(part); reason != "" {
		p.takeNested(part.Name, "", invalid(reason), sent)
		return discard(part)
	}
	text, err := sent.readText(part, from)
	if err == nil {
		p.takeNested(part.Name, text, nil, sent)
	}
	return err
}

func discard(part io.Reader) error {
	_, err := io.Copy(io.Discard, part)
	return err
}

// misfit returns why a part cannot be read into a field, "" if it can. JSON may come as a file, because a script can
// set its media type only that way.
func (f *field) misfit(part *formdata.Part) string {
	mediaType, params, isMedia := mediatype.Parse(part.Header.Get("Content-Type"))
	switch {
	case f.file != nil:
		return ""
	case part.IsFile && (!f.isJSON || !isMedia || !mediatype.IsJSON(mediaType)):
		return "a string is expected, not a file"
	case !mediatype.IsUTF8(params["charset"]):
		return "the string must be UTF-8"
	}
	return ""
}

// takeNoFile reads a part without a filename for a file field. Several clients send an empty one for an input left
// empty.
func (s *Sent) takeNoFile(i int, part *formdata.Part) error {
	n, err := io.Copy(io.Discard, part)
	if n > 0 {
		s.wrong[i] = invalid("a file is expected, which is a part with a filename")
	}
	return err
}

// takeFile keeps a file, unless it is what a browser sends for no file.
func (s *Sent) takeFile(i int, field *field, part *formdata.Part, store *spool.Store) error {
	content, err := field.file.keep(part, store)
	if err != nil || content.Size() == 0 && part.Filename == "" {
		return err
	}
	f := File{Filename: part.Filename, ContentType: part.Header.Get("Content-Type"), Header: part.Header, Content: content}
	if f.ContentType == "" {
		f.ContentType = mediatype.Octets
	}
	s.files[i] = append(s.files[i], f)
	s.clearWrong(i, field)
	return nil
}

// takeText keeps a text. All texts of a form together are limited like a body that is held in memory.
func (s *Sent) takeText(i int, field *field, part *formdata.Part, from *Parts) error {
	text, err := s.readText(part, from)
	if err == nil && (text != "" || field.takesEmpty) {
		s.keepText(i, field, text)
	}
	return err
}

// readText reads a text part, within the limit for all of them.
func (s *Sent) readText(part *formdata.Part, from *Parts) (string, error) {
	most := min(s.limits.Text, s.memoryLeft)
	// Reading one byte over the limit shows that there is more; the inner min keeps +1 from overflowing.
	text, err := io.ReadAll(io.LimitReader(part, min(most, math.MaxInt64-1)+1)) // most texts are short
	n := int64(len(text))
	switch {
	case err != nil:
		return "", err
	case n > s.memoryLeft:
		return "", tooMuchHeld("texts", from.Memory)
	case n > s.limits.Text:
		return "", TooLargeError(fmt.Sprintf("a form value has more than %d bytes", s.limits.Text))
	}
	s.memoryLeft -= n
	return string(text), nil
}
