package pathtree

// The search walks down the tree segment by segment. At each node it tries the literal, then the wildcard, then the
// remainder, so matches come in order of precedence. The first choices alone nearly always lead to a match, which is then
// the best one, so they are tried first, without backtracking.
//
// Backtracking is not exponential. There is only one way to reach a node, and its depth determines the segment of the path
// that it looks at; so a search visits each node at most once, whatever the path. The work is limited by the number of
// nodes, which is at most the number of segments of all patterns, and a visit costs one scan of one segment and a binary
// search. Segments far beyond the longest pattern are not split.

import (
	"net/url"
	"slices"
	"strings"
)

// Match finds the pattern that matches the path and returns its value. The
// captured values are appended to values, in the order of [Pattern.Names];
// without a match nothing is appended. A path that does not start with "/"
// matches nothing.
//
// If escaped is false, the path is taken as plain text. If it is true, the path
// is percent-encoded: it is split at its slashes first, then literals are
// compared with the decoded segments and captured values are decoded, so that
// %2F is never a separator. A path with a malformed escape matches nothing.
// For a [url.URL] pass RawPath and true, or Path and false if RawPath is empty.
//
// The captured values share memory with path. Match allocates only to grow
// values, and to decode a path that has escapes.
func (t *Tree[V]) Match(path string, escaped bool, values []string) (v V, captured []string, ok bool) {
	// A plain path needs no decoding, and usually no backtracking.
	if !escaped {
		if found, captured := t.tree.firstChoices(path, values); found != nil {
			return t.values[found.index], captured, true
		}
	}
	// A first choice did not lead to a match, or the path has escapes.
	return t.MatchFunc(path, escaped, values, func(V) bool { return true })
}

// MatchFunc is like [Tree.Match], but skips patterns whose value accept rejects: accept is called with the value of each
// matching pattern, best first, until it returns true. A router with a table of methods per value can find the best
// pattern that has the method or, by rejecting all, every method of the path.
func (t *Tree[V]) MatchFunc(path string, escaped bool, values []string, accept func(V) bool) (v V, captured []string, ok bool) {
	found, captured := t.tree.search(path, escaped, values, func(l *leaf) bool { return accept(t.values[l.index]) })
	if found == nil {
		return v, values, false
	}
	return t.values[found.index], captured, true
}

// firstChoices walks down a plain path without backtracking. It returns nil if it ends without a match.
func (t *tree) firstChoices(path string, values []string) (*leaf, []string) {
	if path == "" || path[0] != '/' {
		return nil, nil
	}
	n := &t.root
	for start := 1; ; {
		// Segments are short, so a call that scans many bytes at once would be slower.
		end := start
		for end < len(path) && path[end] != '/' {
			end++
		}
		segment := path[start:end]
		next := n.literal(segment)
		switch {
		case next != nil:
		case n.wildcard != nil && segment != "":
			next, values = n.wildcard, append(values, segment)
		case n.rest != nil:
			return n.rest, append(values, path[start:])
		default:
			// The appended values are beyond the length of the caller's slice, which is unchanged.
			return nil, nil
		}
		// The leaf is nil if no pattern ends here; the search may find another match.
		if end == len(path) {
			return next.leaf, values
		}
		n, start = next, end+1
	}
}

// search tries all matching patterns, best first, until accept returns true; a nil accept accepts any.
func (t *tree) search(path string, escaped bool, values []string, accept func(*leaf) bool) (*leaf, []string) {
	p, ok := splitPath{text: path}, strings.HasPrefix(path, "/")
	if ok && escaped && strings.Contains(path, "%") {
		// A node of the greatest depth also looks at the segment after it.
		p, ok = decode(path, t.depth+1)
	}
	if !ok {
		return nil, nil
	}
	s := search{&p, accept}
	found := s.find(&t.root, 0, 1)
	if found == nil {
		return nil, nil
	}
	return found, p.capture(found.pattern, values)
}

// decode decodes a path and keeps up to limit segments separate; ok is false if no pattern can match it.
func decode(path string, limit int) (p splitPath, ok bool) {
	plain, err := url.PathUnescape(path)
	return splitPath{text: plain, ends: segmentEnds(path, limit)}, err == nil
}

// segmentEnds returns where the segments of an escaped path end in the decoded text, for at most limit segments.
func segmentEnds(escaped string, limit int) []int {
	ends := make([]int, 0, limit)
	size := 1 // in the decoded text; the first byte is the leading slash
	for i := 1; i < len(escaped) && len(ends) < limit; i++ {
		switch escaped[i] {
		case '/':
			ends = append(ends, size)
		case '%':
			// An escape has three bytes and becomes one.
			i += 2
		}
		size++
	}
	if len(ends) < limit {
		ends = append(ends, size)
	}
	return ends
}

// splitPath is a decoded path that remembers its segments.
type splitPath struct {
	text string
	ends []int // by depth; nil if every slash in the text separates segments
	// seen are the first segment ends found at slashes, and how many there are.
	seen  [8]int
	count int
}

// end returns the end of the segment that begins at start.
func (p *splitPath) end(depth, start int) int {
	// Computed before decoding, because an escaped slash now looks like any other.
	if p.ends != nil {
		return p.ends[depth]
	}
	if depth < p.count {
		return p.seen[depth]
	}
	end := len(p.text)
	if i := strings.IndexByte(p.text[start:], '/'); i >= 0 {
		end = start + i
	}
	// The first descent asks for each depth in order. Segments beyond the eighth are located again each time.
	if depth == p.count && depth < len(p.seen) {
		p.seen[depth] = end
		p.count++
	}
	return end
}

// capture appends the values of a matching pattern. It runs after the search, so that branches without a match cost no
// writes, and the caller's slice and accept may stay on the stack.
func (p *splitPath) capture(pattern *Pattern, values []string) []string {
	values = slices.Grow(values, len(pattern.names))
	start := 1
	for depth, segment := range pattern.segments {
		if segment.kind == remainder {
			return append(values, p.text[start:])
		}
		end := p.end(depth, start)
		if segment.kind == wildcard {
			values = append(values, p.text[start:end])
		}
		start = end + 1
	}
	return values
}

// search is one search of the tree.
type search struct {
	path   *splitPath
	accept func(*leaf) bool
}

// find searches below n for the rest of the path, whose next segment begins at start. It returns nil if nothing
// matches.
func (s *search) find(n *node, depth, start int) *leaf {
	end := s.path.end(depth, start)
	segment := s.path.text[start:end]
	if next := n.literal(segment); next != nil {
		if found := s.enter(next, depth+1, end); found != nil {
			return found
		}
	}
	// The literal does not exist, or leads to no accepted match.
	if n.wildcard != nil && segment != "" {
		if found := s.enter(n.wildcard, depth+1, end); found != nil {
			return found
		}
	}
	return s.accepted(n.rest)
}

// enter continues at n after the segment that ends at end.
func (s *search) enter(n *node, depth, end int) *leaf {
	// There is a slash, followed by at least an empty segment.
	if end < len(s.path.text) {
		return s.find(n, depth, end+1)
	}
	return s.accepted(n.leaf)
}

func (s *search) accepted(l *leaf) *leaf {
	if l == nil || s.accept != nil && !s.accept(l) {
		return nil
	}
	return l
}
