package mediatype

import (
	"fmt"
	"net/http"
	"strings"
)

// StatusLine returns a status with its reason phrase.
func StatusLine(status int) string { return fmt.Sprintf("%d %s", status, http.StatusText(status)) }

// AboutResponse reports headers that describe one response in transit rather than its error. An error that is passed on
// does not include them.
func AboutResponse(name string) bool {
	switch name {
	case "Alt-Svc", "Date", "Server", "Set-Cookie", "Vary":
		return true
	}
	return OfConnection(name) || strings.HasPrefix(name, "Content-")
}

// Location percent-encodes characters that RFC 3986 does not allow in URLs. Percent signs are kept, so that nothing is
// encoded twice.
func Location(url string) string {
	if strings.IndexFunc(url, func(r rune) bool { return !inURL(r) }) < 0 {
		return url
	}
	var b strings.Builder
	for i := range len(url) {
		if c := url[i]; inURL(rune(c)) {
			b.WriteByte(c)
		} else {
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[c>>4], hex[c&0xf]})
		}
	}
	return b.String()
}

func inURL(r rune) bool {
	return r > ' ' && r < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", r)
}
