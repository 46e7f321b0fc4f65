// Package filetype finds out by its first bytes whether a file has one of some media
// types. The media type that a client declares for it proves nothing.
package filetype

import (
	"fmt"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/candor-go/candor/internal/mediatype"
)

// inspected is how many bytes of a file are looked at.
const inspected = 3072

// Types are media types, or ranges of them such as image/*.
type Types []string

// Parse reads media types with ", " between them, nil for "". One that no content shows
// is an error.
func Parse(list string) (Types, error) {
	if list == "" {
		return nil, nil
	}
	types := strings.Split(list, ", ")
	for _, name := range types {
		if !strings.HasSuffix(name, "*") && mimetype.Lookup(name) == nil {
			return nil, fmt.Errorf("media:%q, which the content of a file does not show", name)
		}
	}
	return types, nil
}

// Check returns what is wrong with a content for the client to read, "" for one that
// has a media type of the list. An error is one of reading.
func (t Types) Check(content io.Reader) (wrong string, err error) {
	head, err := io.ReadAll(io.LimitReader(content, inspected))
	if err != nil {
		return "", err
	}
	found := mimetype.Detect(head)
	if t.include(found) {
		return "", nil
	}
	return fmt.Sprintf("the file must be %s, but its content is %s", strings.Join(t, " or "), mediatype.Bare(found.String())), nil
}

// include reports whether the list has the media type, or one that includes it.
// application/octet-stream includes everything, so it does not count.
func (t Types) include(found *mimetype.MIME) bool {
	for m := found; m != nil; m = m.Parent() {
		for _, wanted := range t {
			isBytes := m != found && m.Parent() == nil
			if !isBytes && (m.Is(wanted) || mediatype.Matches(wanted, mediatype.Bare(m.String()))) {
				return true
			}
		}
	}
	return false
}
