package mediatype

import (
	"fmt"
	"net/http"
	"strings"
)

// StatusLine is a status with its reason phrase.
func StatusLine(status int) string { return fmt.Sprintf("%d %s", status, http.StatusText(status)) }

// AboutResponse reports headers that say something about one response on its
// way rather than about the error. An error that is passed on does without.
func AboutResponse(name string) bool {
	switch name {
	case "Alt-Svc", "Connection", "Date", "Keep-Alive", "Server", "Set-Cookie", "Trailer", "Transfer-Encoding", "Upgrade", "Vary":
		return true
	}
	return strings.HasPrefix(name, "Content-")
}
