// Package etag compares entity tags and evaluates preconditions (RFC 9110, sections 8.8.3 and 13). The root uses it for
// the documents it serves and for CheckETag, sendfile and staticfiles for files, package middleware for ConditionalGET.
package etag

import (
	"net/http"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/mediatype"
)

// Precondition returns the status for the conditions of a request, 0 if they are satisfied. A tag of "" means that the
// resource does not exist, a zero time that its modification time is unknown.
func Precondition(r *http.Request, tag string, modified time.Time) int {
	isRead := mediatype.IsRead(r.Method)
	// In the order of RFC 9110, section 13.2.2: tags before times, and preconditions of writes before those of reads.
	if match := r.Header.Values("If-Match"); len(match) > 0 {
		if tag == "" || !Lists(match, tag, false) {
			return http.StatusPreconditionFailed
		}
	} else if since, ok := timeOf(r, "If-Unmodified-Since"); ok && !modified.IsZero() && modified.After(since) {
		return http.StatusPreconditionFailed
	}
	if none := r.Header.Values("If-None-Match"); len(none) > 0 {
		switch {
		case tag == "" || !Lists(none, tag, true):
			return 0
		case isRead:
			return http.StatusNotModified
		}
		return http.StatusPreconditionFailed
	}
	if since, ok := timeOf(r, "If-Modified-Since"); ok && isRead && !modified.IsZero() && !modified.After(since) {
		return http.StatusNotModified
	}
	return 0
}

func timeOf(r *http.Request, name string) (time.Time, bool) {
	t, err := http.ParseTime(r.Header.Get(name))
	return t, err == nil
}

// Lists reports whether tag, or "*", is in the list. Weak comparison ignores W/; in strong comparison a tag with W/
// equals no other.
func Lists(lines []string, tag string, weak bool) bool {
	for _, line := range lines {
		for rest := line; rest != ""; {
			var listed string
			listed, rest = nextTag(rest)
			isWeak := strings.HasPrefix(listed, "W/") || strings.HasPrefix(tag, "W/")
			switch {
			case listed == "*", listed == tag && !isWeak:
				return true
			case weak && listed != "" && strings.TrimPrefix(listed, "W/") == strings.TrimPrefix(tag, "W/"):
				return true
			}
		}
	}
	return false
}

// nextTag cuts the first tag off a list. A comma inside quotes belongs to the tag.
func nextTag(list string) (tag, rest string) {
	list = strings.TrimLeft(list, " \t,")
	open := strings.IndexByte(list, '"')
	comma := strings.IndexByte(list, ',')
	if open >= 0 && (comma < 0 || open < comma) {
		if size := strings.IndexByte(list[open+1:], '"'); size >= 0 {
			end := open + size + 2
			return strings.TrimSpace(list[:end]), list[end:]
		}
	}
	// Without quotes it is "*", or malformed and equal to no tag.
	if comma < 0 {
		return strings.TrimSpace(list), ""
	}
	return strings.TrimSpace(list[:comma]), list[comma:]
}

// IsTag reports whether a text is an entity tag (RFC 9110, section 8.8.3).
func IsTag(text string) bool {
	text = strings.TrimPrefix(text, "W/")
	return len(text) >= 2 && text[0] == '"' && strings.IndexByte(text[1:], '"') == len(text)-2 &&
		!mediatype.HasControl(text) && !strings.ContainsAny(text, " \t")
}
