// Package mediatype has what servers and clients share: media types, statuses, header values, and the formats whose
// bodies are a sequence of items. It knows nothing about handlers or schemas.
package mediatype

import (
	"errors"
	"mime"
	"strings"
)

// The media types that Candor itself reads or writes.
const (
	JSON       = "application/json"
	Problem    = "application/problem+json"
	MergePatch = "application/merge-patch+json"
	JSONPatch  = "application/json-patch+json"
	// Form is the media type of forms without files, Multipart of those with them.
	Form      = "application/x-www-form-urlencoded"
	Multipart = "multipart/form-data"
	Octets    = "application/octet-stream"
	Text      = "text/plain"
	HTML      = "text/html"
)

// ByteOrderMark is the start of some texts in UTF-8. It has no meaning (RFC 8259, section 8.1).
const ByteOrderMark = "\ufeff"

// The extensions of a document: the messages of a WebSocket, in an operation, and the items of a sequence, in a media
// type. OpenAPI 3.2 calls the second one itemSchema, a name that 3.1 does not allow.
const (
	SocketExtension = "x-websocket"
	ItemExtension   = "x-itemSchema"
	// CookiesExtension has the schemas of the cookies that a header Set-Cookie sets.
	CookiesExtension = "x-cookies"
	// ClosedExtension lists the sources of parameters, "query" or "cookie", in which an operation rejects unknown names.
	ClosedExtension = "x-forbid-extra"
)

// IsJSON reports whether a Content-Type is application/json or
// application/*+json. Parameters do not count.
func IsJSON(contentType string) bool {
	if contentType == JSON {
		return true
	}
	mediaType, _, ok := Parse(contentType)
	return ok && Matches(JSON, mediaType)
}

// Parse parses a Content-Type. Invalid parameters are ignored.
func Parse(contentType string) (mediaType string, params map[string]string, ok bool) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	// With this error the media type itself was parsed; an invalid parameter is tolerated. But a comma means several
	// media types.
	ok = err == nil || errors.Is(err, mime.ErrInvalidMediaParameter) && !strings.Contains(contentType, ",")
	return mediaType, params, ok && strings.Contains(mediaType, "/")
}

// Matches reports whether the media type of a body, in lower case, is the wanted one: a media type or a range such as
// image/*. JSON includes application/*+json.
func Matches(wanted, mediaType string) bool {
	switch wanted {
	case mediaType, "*/*":
		return true
	case JSON:
		return strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json")
	}
	prefix, isRange := strings.CutSuffix(wanted, "*")
	return isRange && strings.HasPrefix(mediaType, prefix)
}

// Bare is a media type without its parameters.
func Bare(mediaType string) string {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// IsUTF8 reports whether a text with this charset parameter is UTF-8, which it is without one.
func IsUTF8(charset string) bool {
	return charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "us-ascii")
}

// WithUTF8 adds the charset to a media type of text.
func WithUTF8(mediaType string) string {
	// Almost every text has one of these, and a constant allocates nothing.
	switch mediaType {
	case HTML:
		return HTML + "; charset=utf-8"
	case Text:
		return Text + "; charset=utf-8"
	}
	return mediaType + "; charset=utf-8"
}
