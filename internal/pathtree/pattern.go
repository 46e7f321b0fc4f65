// Package pathtree matches URL paths against patterns such as /users/{id}/files/{rest...}. Routes are added to a tree,
// and every request begins with a match. It knows nothing about methods and handlers: the values in a [Tree] are the
// caller's.
//
// Terms:
//   - A path is a "/" followed by segments separated by "/". "/" is one empty segment, "/a/" is "a" and an empty one.
//   - A literal is a segment that matches itself. An empty one does too, so /a/ and /a//b match only paths written like
//     that.
//   - A wildcard {id} matches exactly one non-empty segment.
//   - A remainder {rest...} is last and matches all that is left, slashes included. It may be empty: /files/{rest...}
//     matches /files/ with "", but not /files.
//   - At each segment, from the left, a literal beats a wildcard beats a remainder. If the better choice leads nowhere,
//     the next one is tried.
//
// Nothing is cleaned: "//", "." and ".." are segments like any other.
package pathtree

import (
	"slices"
	"strings"
)

// Pattern is a parsed path template, made by [Parse] and immutable.
type Pattern struct {
	text     string
	shape    string
	segments []segment
	names    []string
}

type segment struct {
	kind kind
	text string // a literal as it reads when decoded, else the name
}

type kind int

// The kinds in the order in which they are preferred.
const (
	literal kind = iota
	wildcard
	remainder
)

// String returns the pattern as it was given to [Parse].
func (p *Pattern) String() string { return p.text }

// Names returns the names of the wildcards and of the remainder, from left to
// right: the order of the values that [Tree.Match] captures and
// [Pattern.Build] takes. The slice is the caller's.
func (p *Pattern) Names() []string { return slices.Clone(p.names) }

// SharedNames is Names without the copy: the caller must not change the slice.
func (p *Pattern) SharedNames() []string { return p.names }

// Shape returns the pattern without its names, such as /users/{}/files/{...}.
// Patterns of equal shape match the same paths, and a [Tree] has one value for
// them.
func (p *Pattern) Shape() string { return p.shape }

func newPattern(text string, segments []segment) *Pattern {
	p := &Pattern{text: text, shape: text, segments: segments}
	// Without wildcards the text is the shape.
	if !slices.ContainsFunc(segments, func(s segment) bool { return s.kind != literal }) {
		return p
	}
	var shape strings.Builder
	shape.Grow(len(text))
	for _, s := range segments {
		shape.WriteByte('/')
		switch s.kind {
		case literal:
			shape.WriteString(s.text)
			continue
		case wildcard:
			shape.WriteString("{}")
		case remainder:
			shape.WriteString("{...}")
		}
		p.names = append(p.names, s.text)
	}
	p.shape = shape.String()
	return p
}
