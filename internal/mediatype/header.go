package mediatype

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// An http.Header has a slice of values for each name, which costs an allocation although most responses have the same
// values. So the slices are shared: each is a part of a package-level array, with no spare capacity. Appending to one
// makes a copy; nobody may write to one.

// jsonLine is the Content-Type of most responses.
var jsonLine = []string{JSON}

// TypeLine is the header line of a Content-Type.
func TypeLine(contentType string) []string {
	if contentType == JSON {
		return sharedLine(jsonLine)
	}
	return []string{contentType}
}

// sharedLine returns the line for a header that shares it: an append makes a copy.
func sharedLine(line []string) []string { return line[:1:1] }

// shortLengths are the values of Content-Length below their number.
var shortLengths = listLengths(1024)

func listLengths(limit int) []string {
	lengths := make([]string, limit)
	for n := range lengths {
		lengths[n] = strconv.Itoa(n)
	}
	return lengths
}

// LengthLine is the header line of a Content-Length.
func LengthLine(n int) []string {
	if n < len(shortLengths) {
		return shortLengths[n : n+1 : n+1]
	}
	return []string{strconv.Itoa(n)}
}

// date is the latest value of DateLine.
var date atomic.Pointer[dateOfSecond]

type dateOfSecond struct {
	second int64
	line   []string
}

// DateLine is the header line of a Date that is now. It is formatted once a second, and must not be changed.
func DateLine() []string {
	now := time.Now()
	last := date.Load()
	if last == nil || last.second != now.Unix() {
		last = &dateOfSecond{now.Unix(), []string{now.UTC().Format(http.TimeFormat)}}
		date.Store(last)
	}
	return last.line
}

// First is the first value of a header, whose name is canonical.
func First(h http.Header, name string) string {
	// http.Header.Get makes the name canonical again, which costs more.
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// IsToken reports whether a text is a token (RFC 9110, section 5.6.2), such as a method, the name of a header or of a
// cookie, and a subprotocol.
func IsToken(text string) bool {
	isOther := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) }
	return text != "" && !strings.ContainsFunc(text, isOther)
}

// CheckHeader returns an error if HTTP cannot transport a header (RFC 9110, sections 5.1 and 5.5).
func CheckHeader(name string, values []string) error {
	if !IsToken(name) {
		return fmt.Errorf("%q cannot be the name of a header", name)
	}
	for _, value := range values {
		if HasControl(value) {
			return fmt.Errorf("the header %s has a control character in %q", name, value)
		}
	}
	return nil
}

// ValidHeader reports whether HTTP can carry a header.
func ValidHeader(name string, values []string) bool { return CheckHeader(name, values) == nil }

// OfConnection reports whether a header is about the connection rather than the message (RFC 9110, sections 7.2, 7.6.1 and
// 10.1.4; RFC 9112, section 6.1). The client and the server write such headers; in a text of a user they would contradict
// how the message is sent.
func OfConnection(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}

// CheckResponse returns an error if a function of the user cannot set a header of a response with the status: HTTP cannot
// transport it, or it is about the connection. A 426 names the protocol that the client is to speak (RFC 9110, section
// 15.5.22), so its Upgrade is about the message.
func CheckResponse(status int, name string, values []string) error {
	key := http.CanonicalHeaderKey(name)
	isOffer := status == http.StatusUpgradeRequired && (key == "Upgrade" || key == "Connection")
	if OfConnection(key) && !isOffer {
		return fmt.Errorf("the header %s is about the connection, which the server keeps", key)
	}
	return CheckHeader(name, values)
}

// HasControl reports whether text has a character that would end or hide a header line. Tabs are allowed.
func HasControl(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// Tokens are the elements of a header that is a list, over all its lines.
func Tokens(h http.Header, name string) []string {
	var all []string
	for _, line := range h.Values(name) {
		for _, t := range strings.Split(line, ",") {
			all = append(all, strings.TrimSpace(t))
		}
	}
	return all
}

// TypeOf returns the Content-Type of a request, "" if there is none. Several lines are one list (RFC 9110, section 5.3),
// which is not a media type, so that all readers of a request refuse it, whichever line each would have read.
func TypeOf(h http.Header) string {
	if lines := h["Content-Type"]; len(lines) > 1 {
		return strings.Join(lines, ", ")
	}
	return First(h, "Content-Type")
}

// IsEncoded reports whether a body has a content coding other than identity, on whichever line of its header.
func IsEncoded(h http.Header) bool {
	if len(h["Content-Encoding"]) == 0 {
		return false
	}
	return slices.ContainsFunc(Tokens(h, "Content-Encoding"), func(coding string) bool {
		return coding != "" && !strings.EqualFold(coding, "identity")
	})
}

// Credentials returns the part of an Authorization line after the name of the scheme (RFC 9110, section 11.4), which is
// compared without regard to case.
func Credentials(line, scheme string) (credentials string, ok bool) {
	// The usual spelling needs no trimming and no case folding.
	if rest, usual := strings.CutPrefix(line, scheme); usual && len(rest) > 1 && rest[0] == ' ' && isVisible(rest[1]) && isVisible(rest[len(rest)-1]) {
		return rest[1:], true
	}
	name, credentials, _ := strings.Cut(line, " ")
	if !strings.EqualFold(name, scheme) {
		return "", false
	}
	credentials = strings.TrimSpace(credentials)
	return credentials, credentials != ""
}

// isVisible reports whether c is a visible ASCII character.
func isVisible(c byte) bool { return '!' <= c && c <= '~' }
