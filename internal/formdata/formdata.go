// Package formdata reads the parts of a multipart form (RFC 7578) one by one, with limits on their headers, and errors
// that tell a client what is wrong with a body. The root binds forms with it; it knows nothing about fields, or limits
// of a whole form.
package formdata

import (
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"unicode"

	"github.com/candor-go/candor/internal/mediatype"
)

// Fixed limits of multipart forms.
const (
	maxPartHeaders = 16
	maxPartHeader  = 8 << 10
	// headerBuffer limits the bytes read while looking for the end of a part's header: the header, a delimiter, and the buffer
	// of the reader.
	headerBuffer = maxPartHeader + 8<<10
)

// Malformed is why a body is not a valid multipart form, as a sentence for the client.
type Malformed string

// Error implements error.
func (m Malformed) Error() string { return string(m) }

// CutShort is the error of a body that ends before its last delimiter, or that has something else between its parts.
const CutShort = Malformed("the multipart body is malformed or cut short")

const (
	errBoundary      = Malformed("the Content-Type of a multipart body needs a boundary of 1 to 70 characters")
	errPartHeader    = Malformed("a part of the multipart body has more than 16 headers or 8 KiB of them")
	errNoDisposition = Malformed("a part of the multipart body has no Content-Disposition, or more than one")
	errDisposition   = Malformed("a part of the multipart body has a malformed Content-Disposition; it is written form-data; name=\"...\", with filename=\"...\" for a file, both in quotes where they are more than one word")
	errPartName      = Malformed("a part of the multipart body has a Content-Disposition without a name")
)

// Boundary returns the delimiter of the parts of a body (RFC 2046, section 5.1.1).
func Boundary(contentType string) (string, error) {
	_, params, _ := mediatype.Parse(contentType)
	// Only the package's writer checks this rule; its reader accepts any boundary.
	if err := multipart.NewWriter(io.Discard).SetBoundary(params["boundary"]); err != nil {
		return "", errBoundary
	}
	return params["boundary"], nil
}

// Reader reads a form part by part. Each part must be read to its end before the next one.
type Reader struct {
	parts *multipart.Reader
	from  *source
}

// Part is one part of a form: text, or a file if it has a filename.
type Part struct {
	*multipart.Part
	Name, Filename string
	IsFile         bool
}

// New returns a reader for the parts of a body, whose boundary is in the media type.
func New(contentType string, body io.Reader) (*Reader, error) {
	boundary, err := Boundary(contentType)
	if err != nil {
		return nil, err
	}
	from := &source{body: body}
	return &Reader{parts: NewParts(from, boundary, CutShort), from: from}, nil
}

// source is the body from which the parts are read. It records the original error of the body, and limits the bytes read
// for a header, for which package multipart would read up to 10 MiB.
type source struct {
	body     io.Reader
	inHeader bool
	// header is the number of bytes read since the header began.
	header int
	begun  bool
	err    error
}

// Read implements io.Reader.
func (s *source) Read(b []byte) (int, error) {
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

// Next returns the next part, io.EOF after the last one.
func (r *Reader) Next() (*Part, error) {
	// Limited only here: the content of a part may be as long as the body.
	r.from.inHeader, r.from.header = true, 0
	part, err := r.parts.NextPart()
	r.from.inHeader = false
	switch {
	case err == io.EOF, err != nil && r.from.err == io.EOF && !r.from.begun: //nolint:errorlint // both come bare
		// An empty body is a form without parts, although the final boundary is missing.
		return nil, io.EOF
	case err != nil:
		return nil, r.Failure(err)
	}
	// The limit of the source includes buffers; the limits here are exact.
	size, count := 0, 0
	for name, lines := range part.Header {
		for _, line := range lines {
			count, size = count+1, size+len(name)+len(": \r\n")+len(line)
		}
	}
	if count > maxPartHeaders || size > maxPartHeader {
		return nil, errPartHeader
	}
	return newPart(part)
}

func newPart(part *multipart.Part) (*Part, error) {
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
	// An empty filename also means a file: browsers send it for an empty file input.
	filename, isFile := params["filename"]
	return &Part{Part: part, Name: name, Filename: BaseName(filename), IsFile: isFile}, nil
}

// dispositionOf parses the Content-Disposition of a part of a form. Unlike package mime it ignores filename*, which
// forms must not have (RFC 7578, section 4.2) and with which a part would have two names, and takes a backslash
// literally unless it precedes a quotation mark or another backslash, as user agents write it.
func dispositionOf(line string) (params map[string]string, ok bool) {
	kind, rest, _ := strings.Cut(line, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "form-data") {
		return nil, false
	}
	params = map[string]string{}
	for rest = strings.Trim(rest, " \t"); rest != ""; rest = strings.Trim(rest, " \t") {
		key, text, found := strings.Cut(rest, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		// Parsers differ in which of two values they use, so a duplicate name is malformed.
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

// Failure returns why a part could not be read: a [Malformed] error, or the error of the body. r may be nil for an error
// before the first part.
func (r *Reader) Failure(err error) error {
	switch {
	case errors.As(err, new(Malformed)), r == nil:
		return err
	case r.from.err != nil && r.from.err != io.EOF: //nolint:errorlint // readers return it bare
		return r.from.err
	}
	return CutShort
}

// BaseName returns the last element of a path in the notation of any system, without invisible characters.
func BaseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		// Format characters (Cf) can change the direction of text, so that a name seems to have another extension.
		if unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name)
	// These name directories, and a user may join the name to a path.
	if name == "." || name == ".." {
		return ""
	}
	return name
}
