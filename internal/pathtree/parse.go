package pathtree

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse parses a pattern; the package comment describes the syntax. Names consist of ASCII letters, digits, "_" and
// "-", start with a letter or "_", and are unique in the pattern. Literals are written unescaped: /café, not
// /caf%C3%A9; segments such as :id or *rest, which are wildcards in other routers, are errors. An error quotes the
// pattern and says what to write instead.
func Parse(s string) (*Pattern, error) {
	p, err := parse(s)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", s, err)
	}
	return p, nil
}

func parse(s string) (*Pattern, error) {
	if err := checkStart(s); err != nil {
		return nil, err
	}
	if err := checkText(s); err != nil {
		return nil, err
	}
	segments := make([]segment, 0, strings.Count(s, "/"))
	for text := range strings.SplitSeq(s[1:], "/") {
		seg, err := parseSegment(text)
		if err != nil {
			return nil, err
		}
		segments = append(segments, seg)
	}
	if err := checkOrder(segments); err != nil {
		return nil, err
	}
	return newPattern(s, segments), nil
}

func checkStart(s string) error {
	if strings.HasPrefix(s, "/") {
		return nil
	}
	if s == "" {
		return errors.New(`it is empty: write "/" for the root`)
	}
	// Written as for net/http, with a method or (below) a host before the path.
	if method, path, found := strings.Cut(s, " "); found && isMethod(method) {
		return fmt.Errorf("a method does not belong in it: write %q and give the method beside it", strings.TrimSpace(path))
	}
	_, afterScheme, found := strings.Cut(s, "://")
	if !found {
		afterScheme = s
	}
	host, path, hasPath := strings.Cut(afterScheme, "/")
	if found || hasPath && strings.ContainsAny(host, ".:") {
		return fmt.Errorf(`a host does not belong in it, and it must start with "/": write %q`, "/"+path)
	}
	return fmt.Errorf(`it must start with "/": write %q`, "/"+s)
}

func isMethod(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// checkText rejects characters that are allowed neither in a literal nor in a name.
func checkText(s string) error {
	if isPlain(s) {
		return nil
	}
	if !utf8.ValidString(s) {
		return errors.New("it is not valid UTF-8: write the literals in UTF-8")
	}
	for i, r := range s {
		switch {
		// In braces it is the syntax of another router, as in {id?}.
		case r == '?' && strings.LastIndexByte(s[:i], '{') > strings.LastIndexByte(s[:i], '}'):
			return errors.New("a wildcard is never optional: write one pattern with it and one without")
		case r == '?':
			return fmt.Errorf("a query does not belong in it: write %q", s[:i])
		case r == '#':
			return fmt.Errorf("a fragment never reaches a server: write %q", s[:i])
		case unicode.IsSpace(r):
			return fmt.Errorf(`it cannot hold the space %q: write "-" or "_", or a wildcard for the whole segment`, r)
		case unicode.IsControl(r):
			return fmt.Errorf("it cannot hold the control character %q: leave it out", r)
		}
	}
	return nil
}

// isPlain reports whether a pattern has only the characters that most have.
func isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '-' <= c && c <= '9', c == '_', c == '{', c == '}':
		default:
			return false
		}
	}
	return true
}

func parseSegment(s string) (segment, error) {
	if strings.ContainsAny(s, "{}") {
		return parseWildcard(s)
	}
	if err := adviseMark(s); err != nil {
		return segment{}, err
	}
	return segment{literal, s}, checkLiteral(s)
}

// adviseMark rejects :id and *rest, the wildcards of other routers, which would silently be literals.
func adviseMark(s string) error {
	if name, found := strings.CutPrefix(s, ":"); found && isName(name) {
		return fmt.Errorf("a wildcard is written in braces: write %q instead of %q", "{"+name+"}", s)
	}
	if name, found := strings.CutPrefix(s, "*"); found && (name == "" || isName(name)) {
		return fmt.Errorf("a wildcard for the rest of the path is written in braces: write %q instead of %q", "{"+cmp.Or(name, "rest")+"...}", s)
	}
	return nil
}

// checkLiteral rejects an escape, which would silently match only a path with an escaped percent sign. Any other percent
// sign is allowed.
func checkLiteral(s string) error {
	for i := range s {
		if !isEscape(s[i:]) {
			continue
		}
		plain, err := url.PathUnescape(s)
		// The suggestion must be a valid literal.
		if err != nil || strings.ContainsAny(plain, "/{}") || checkText(plain) != nil || checkLiteral(plain) != nil {
			return fmt.Errorf("literals are written unescaped, and %q cannot be part of one: write a wildcard for the whole segment", s[i:i+3])
		}
		return fmt.Errorf("literals are written unescaped: write %q instead of %q", plain, s)
	}
	return nil
}

func isEscape(s string) bool {
	return len(s) >= 3 && s[0] == '%' && isHex(s[1]) && isHex(s[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func parseWildcard(s string) (segment, error) {
	if !balanced(s) {
		return segment{}, fmt.Errorf(`the braces of %q do not pair up: write a wildcard as a whole segment, such as "{id}"`, s)
	}
	if s == "{$}" {
		return segment{}, errors.New(`"{$}" is not needed: leave it out, a pattern that ends in "/" matches only that path`)
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	// The braces were the first and the last byte.
	isWhole := len(inner) == len(s)-2
	if name, constraint, found := strings.Cut(inner, ":"); isWhole && found && isName(name) {
		return segment{}, adviseConstraint(name, constraint)
	}
	if !isWhole || strings.ContainsAny(inner, "{}") {
		return segment{}, fmt.Errorf(`a wildcard is a whole segment: write "{id}" instead of %q and split its value`, s)
	}
	name, found := strings.CutSuffix(inner, "...")
	if !isName(name) {
		return segment{}, adviseName(s, name)
	}
	if found {
		return segment{remainder, name}, nil
	}
	return segment{wildcard, name}, nil
}

// balanced reports whether the braces are balanced.
func balanced(s string) bool {
	open := 0
	for _, r := range s {
		switch r {
		case '{':
			open++
		case '}':
			open--
		}
		if open < 0 {
			return false
		}
	}
	return open == 0
}

func isName(s string) bool {
	for i, r := range s {
		isLetter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		isInner := r == '-' || '0' <= r && r <= '9'
		if !isLetter && (i == 0 || !isInner) {
			return false
		}
	}
	return s != ""
}

// adviseConstraint rejects {id:int} and {rest:path}, the syntax of other routers.
func adviseConstraint(name, constraint string) error {
	if constraint == "path" {
		return fmt.Errorf("a remainder is marked by dots: write %q", "{"+name+"...}")
	}
	return fmt.Errorf("a wildcard holds only a name: write %q and check the value by the type, or the tag pattern, of the field that reads it", "{"+name+"}")
}

func adviseName(s, name string) error {
	if name == "" {
		return fmt.Errorf(`%q has no name: write "{id}" for one segment or "{rest...}" for the remainder`, s)
	}
	if starred := strings.TrimPrefix(name, "*"); starred != name && isName(starred) {
		return fmt.Errorf("a remainder is marked by dots: write %q", "{"+starred+"...}")
	}
	return fmt.Errorf(`%q is not a name: write letters, digits, "_" and "-", first a letter or "_"`, name)
}

// checkOrder checks that names are unique and that the remainder is last.
func checkOrder(segments []segment) error {
	for i, s := range segments {
		if s.kind == literal {
			continue
		}
		isSame := func(other segment) bool { return other.kind != literal && other.text == s.text }
		if slices.ContainsFunc(segments[:i], isSame) {
			return fmt.Errorf("the name %q is used twice: write two different names", s.text)
		}
		if s.kind == remainder && i < len(segments)-1 {
			return fmt.Errorf("%q matches all that is left: write it last, or %q for one segment", "{"+s.text+"...}", "{"+s.text+"}")
		}
	}
	return nil
}
