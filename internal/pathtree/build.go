package pathtree

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Build returns the path with the values instead of the wildcards, in the
// order of [Pattern.Names]. The path is percent-encoded, ready to be written
// into a link or a Location header; matched as an escaped path it gives the
// values back. A remainder keeps its slashes; a "/" elsewhere in a value
// becomes %2F.
//
// Build refuses what would lead elsewhere:
//   - too few or too many values;
//   - an empty value for a wildcard (a remainder may be empty);
//   - "." and ".." as a segment of a value, since clients resolve them before
//     they send the request, also when escaped (RFC 3986, section 5.2.4);
//   - a pattern that starts with "//", which a client takes for a host. A
//     remainder cannot cause this: in /{rest...} its first slash is escaped.
func (p *Pattern) Build(values ...string) (string, error) {
	path, err := p.build(values)
	if err != nil {
		return "", fmt.Errorf("build %q: %w", p.text, err)
	}
	return path, nil
}

func (p *Pattern) build(values []string) (string, error) {
	if len(values) != len(p.names) {
		return "", fmt.Errorf("%d values for %d wildcards", len(values), len(p.names))
	}
	if strings.HasPrefix(p.text, "//") {
		return "", errors.New(`a link that starts with "//" names a host`)
	}
	var path strings.Builder
	for _, s := range p.segments {
		text := s.text
		if s.kind != literal {
			// There are as many values as wildcards, in the same order.
			text, values = values[0], values[1:]
			if err := checkValue(s, text); err != nil {
				return "", err
			}
		}
		isFirst := path.Len() == 0
		path.WriteByte('/')
		if s.kind == remainder {
			path.WriteString(escapeRemainder(text, isFirst))
		} else {
			// A slash is escaped, too, so a value remains one segment.
			path.WriteString(url.PathEscape(text))
		}
	}
	return path.String(), nil
}

func checkValue(s segment, value string) error {
	if s.kind == wildcard {
		if value == "" {
			return fmt.Errorf("the value of %q is empty", s.text)
		}
		return checkDots(s, value)
	}
	for text := range strings.SplitSeq(value, "/") {
		if err := checkDots(s, text); err != nil {
			return err
		}
	}
	return nil
}

func checkDots(s segment, text string) error {
	if text == "." || text == ".." {
		return fmt.Errorf("the value of %q has the segment %q, which clients resolve", s.text, text)
	}
	return nil
}

func escapeRemainder(value string, isFirst bool) string {
	// Only slashes are escaped as %2F, and a percent sign in the value is %25, so this restores slashes and nothing else.
	escaped := strings.ReplaceAll(url.PathEscape(value), "%2F", "/")
	// With a second slash at the start, a client would read a host.
	if rest, found := strings.CutPrefix(escaped, "/"); found && isFirst {
		return "%2F" + rest
	}
	return escaped
}
