// Package filetype checks the media type of a file by its first bytes. The media type that a client declares proves
// nothing.
package filetype

import (
	"fmt"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/candor-go/candor/internal/mediatype"
)

// inspected is how many bytes of a file are examined.
const inspected = 3072

// Types are media types or ranges such as image/*.
type Types []string

// Parse parses media types separated by ", ", nil for "". A media type that cannot be detected is an error.
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

// Check reports what is wrong with the content of a file, as a sentence for the client, "" if its media type is in the
// list. The error is an error of reading.
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

// include reports whether the list contains the media type or one of its parents. application/octet-stream is the
// parent of everything, so it does not count.
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
