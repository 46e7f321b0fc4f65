package candor

import (
	"cmp"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// Limits of multipart forms that nobody needs to change.
const (
	maxPartHeaders = 16
	maxPartHeader  = 8 << 10
	// headerBuffer is how much may be read in search of the end of a part's
	// header: besides the header a delimiter, and what the reader buffers.
	headerBuffer = maxPartHeader + 8<<10
)

// What is wrong with a body that is no multipart form.
var (
	errBoundary      = Error(http.StatusBadRequest, "the Content-Type of a multipart body needs a boundary of 1 to 70 characters")
	errMultipart     = Error(http.StatusBadRequest, "the multipart body is malformed or cut short")
	errPartHeader    = Error(http.StatusBadRequest, "a part of the multipart body has more than 16 headers or 8 KiB of them")
	errNoDisposition = Error(http.StatusBadRequest, "a part of the multipart body has no Content-Disposition, or more than one")
	errDisposition   = Error(http.StatusBadRequest, "a part of the multipart body has a malformed Content-Disposition; it is written form-data; name=\"...\", with filename=\"...\" for a file, both in quotes where they are more than one word")
	errPartName      = Error(http.StatusBadRequest, "a part of the multipart body has a Content-Disposition without a name")
)

// boundaryOf is what stands between the parts of a body (RFC 2046, section
// 5.1.1).
func boundaryOf(contentType string) (string, error) {
	_, params, _ := mediatype.Parse(contentType)
	// Only the writer of the package knows the rule; its reader takes any boundary.
	if err := multipart.NewWriter(io.Discard).SetBoundary(params["boundary"]); err != nil {
		return "", errBoundary
	}
	return params["boundary"], nil
}

// partReader reads a form part by part. Each part must be read to its end
// before the next.
type partReader struct {
	parts *multipart.Reader
	from  *partSource
}

// formPart is one part: a text, or a file if it has a filename.
type formPart struct {
	*multipart.Part
	name, filename string
	isFile         bool
}

func newPartReader(contentType string, body io.Reader) (*partReader, error) {
	boundary, err := boundaryOf(contentType)
	if err != nil {
		return nil, err
	}
	from := &partSource{body: body}
	return &partReader{parts: multipart.NewReader(from, boundary), from: from}, nil
}

// partSource is the body beneath the parts. It remembers why it ended, which
// the errors of the parts do not say, and bounds the search for the end of a
// header, which they would read up to 10 MiB.
type partSource struct {
	body     io.Reader
	inHeader bool
	// header is what was read since the search began.
	header int
	begun  bool
	err    error
}

// Read reads on.
func (s *partSource) Read(b []byte) (int, error) {
	if s.inHeader && s.header >= headerBuffer {
		s.err = errPartHeader
		return 0, s.err
	}
	n, err := s.body.Read(b)
	s.begun = s.begun || n > 0
	s.header += n
	if err != nil {
		s.err = err
	}
	return n, err
}

// next is the next part, io.EOF behind the last.
func (r *partReader) next() (*formPart, error) {
	// Bounded only here: the content of a part may be as long as the body.
	r.from.inHeader, r.from.header = true, 0
	part, err := r.parts.NextPart()
	r.from.inHeader = false
	switch {
	case err == io.EOF, err != nil && r.from.err == io.EOF && !r.from.begun: //nolint:errorlint // both come bare
		// A body without a byte is a form without parts, though it lacks the last boundary.
		return nil, io.EOF
	case err != nil:
		return nil, r.failure(err)
	}
	// The source bounds what is read, buffers included; the limits themselves are exact.
	size, count := 0, 0
	for name, lines := range part.Header {
		for _, line := range lines {
			count, size = count+1, size+len(name)+len(": \r\n")+len(line)
		}
	}
	if count > maxPartHeaders || size > maxPartHeader {
		return nil, errPartHeader
	}
	return newFormPart(part)
}

func newFormPart(part *multipart.Part) (*formPart, error) {
	lines := part.Header["Content-Disposition"]
	if len(lines) != 1 {
		return nil, errNoDisposition
	}
	params, ok := dispositionOf(lines[0])
	if !ok {
		return nil, errDisposition
	}
	name, hasName := params["name"]
	if !hasName {
		return nil, errPartName
	}
	// An empty filename makes a file, too: browsers send it for an input that was left empty.
	filename, isFile := params["filename"]
	return &formPart{Part: part, name: name, filename: baseName(filename), isFile: isFile}, nil
}

// dispositionOf reads the Content-Disposition of a part of a form. Unlike the
// package mime it does not follow filename*, which forms must not have (RFC
// 7578, section 4.2), and by which a part would have two names, and it takes a
// backslash for itself unless it stands before a quotation mark or another: user
// agents write it so.
func dispositionOf(line string) (params map[string]string, ok bool) {
	kind, rest, _ := strings.Cut(line, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "form-data") {
		return nil, false
	}
	params = map[string]string{}
	for rest = strings.Trim(rest, " \t"); rest != ""; rest = strings.Trim(rest, " \t") {
		key, text, found := strings.Cut(rest, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		// Readers differ in which of two values they take, so a repeated name is malformed.
		if _, twice := params[key]; !found || twice || !isMIMEToken(key) {
			return nil, false
		}
		if params[key], rest, ok = dispositionValue(strings.TrimLeft(text, " \t")); !ok {
			return nil, false
		}
	}
	return params, true
}

// isMIMEToken reports whether a text is a token of RFC 2045, section 5.1.
func isMIMEToken(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?=`, r)
	}) < 0
}

// dispositionValue reads a token or a quoted string, up to the next semicolon.
func dispositionValue(text string) (value, rest string, ok bool) {
	quoted, isQuoted := strings.CutPrefix(text, `"`)
	if !isQuoted {
		value, rest, _ = strings.Cut(text, ";")
		value = strings.Trim(value, " \t")
		return value, rest, isMIMEToken(value)
	}
	var b strings.Builder
	for i := 0; i < len(quoted); i++ {
		switch c := quoted[i]; {
		case c == '"':
			rest, isNext := strings.CutPrefix(strings.TrimLeft(quoted[i+1:], " \t"), ";")
			return b.String(), rest, isNext || rest == ""
		case c == '\\' && i+1 < len(quoted) && (quoted[i+1] == '"' || quoted[i+1] == '\\'):
			i++
			b.WriteByte(quoted[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// failure is why a part could not be read.
func (r *partReader) failure(err error) error {
	switch {
	case errors.Is(err, errSpool), errors.As(err, new(*HTTPError)):
		// These say already which response they are.
		return err
	case r.from.err == errPartHeader: //nolint:errorlint // it is this one
		return errPartHeader
	case r.from.err != nil && r.from.err != io.EOF: //nolint:errorlint // readers return it bare
		// The body failed, too large or too slow, and the parser saw only that it ended.
		return bodyError(r.from.err)
	}
	return errMultipart
}

// partsBody hands the parts of a body on unread.
func partsBody(index []int) passBody {
	return func(into reflect.Value, body io.Reader, in incoming) error {
		// The field stays nil, and a request without a body has no boundary to check.
		if body == http.NoBody {
			return nil
		}
		boundary, err := boundaryOf(in.r.Header.Get("Content-Type"))
		if err == nil {
			into.FieldByIndex(index).Set(reflect.ValueOf(multipart.NewReader(body, boundary)))
		}
		return err
	}
}

// MultipartLimits bound multipart forms, beside [MaxBody], which limits their
// size. A field that is zero means its default. They do not hold for a
// *multipart.Reader, whose parts the handler counts.
type MultipartLimits struct {
	// Parts is how many parts a form may have, 100. A form with more is a
	// validation error of type "too_long" at ["body"], like one with more Files:
	// by default, as many as Parts.
	Parts, Files int
	// Text is the length of one text in bytes, JSON included. By default it is the
	// limit of bodies that are held in memory, 1 MiB, which holds for all texts of
	// a form together in any case. Over either the response is 413.
	Text int64
}

const defaultMaxParts = 100

// check finds a limit that is none.
func (l MultipartLimits) check() error {
	if l.Parts < 0 || l.Files < 0 || l.Text < 0 {
		return errors.New("a limit of multipart forms is negative; write a positive number, or 0 for the default")
	}
	return nil
}

// or fills in what l leaves open.
func (l MultipartLimits) or(outer MultipartLimits) MultipartLimits {
	return MultipartLimits{Parts: cmp.Or(l.Parts, outer.Parts), Files: cmp.Or(l.Files, outer.Files), Text: cmp.Or(l.Text, outer.Text)}
}

// withDefaults are the limits of a form whose texts may have so many bytes.
func (l MultipartLimits) withDefaults(texts int64) MultipartLimits {
	l.Parts = cmp.Or(l.Parts, defaultMaxParts)
	l.Files = cmp.Or(l.Files, l.Parts)
	l.Text = cmp.Or(l.Text, texts)
	return l
}
