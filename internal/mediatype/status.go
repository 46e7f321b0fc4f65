package mediatype

import (
	"cmp"
	"net/http"
	"strconv"
)

// StatusClientClosed is the status in the log if the client disconnected before its response; it is never sent.
const StatusClientClosed = 499

// A response may be declared for a range of statuses. These constants stand for ranges; they are larger than every HTTP
// status.
const (
	StatusDefault = 1000 // every status that nothing else is declared for
	Status2XX     = 2000 // 200 to 299
	Status3XX     = 3000
	Status4XX     = 4000
	Status5XX     = 5000
)

// IsRange reports whether a status stands for a range.
func IsRange(status int) bool { return status >= StatusDefault }

// StatusKey is how a document names a status or a range of them.
func StatusKey(status int) string {
	switch {
	case status == StatusDefault:
		return "default"
	case status >= Status2XX:
		return strconv.Itoa(status/1000) + "XX"
	}
	return strconv.Itoa(status)
}

// Reason returns the reason phrase of a status, or a substitute.
func Reason(status int) string {
	return cmp.Or(http.StatusText(status), "Status "+strconv.Itoa(status))
}

// BodyAllowed reports whether a response with the status may have a body (RFC 9110, sections 15.2, 15.3.5, 15.3.6 and
// 15.4.5).
func BodyAllowed(status int) bool {
	switch {
	case status < 200, status == http.StatusNoContent, status == http.StatusResetContent, status == http.StatusNotModified:
		return false
	}
	return true
}
