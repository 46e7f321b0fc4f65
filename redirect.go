package candor

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Redirect is a response that redirects to a URL, or a path with or without
// a query. Its status is 307, or that of [Status]; the body is empty.
//
// Characters that cannot stand in a URL are percent-encoded, line breaks and
// backslashes among them, so that the location is one line and means the same
// to every client. Where the location comes from a request, check that it is
// one of yours: a redirect leads anywhere, also to //other.example.
type Redirect string

func (Redirect) bodyKind() bodyKind {
	return bodyKind{
		status: http.StatusTemporaryRedirect, redirects: true,
		compile: func(*compiler, *typeinfo.Field, []string) (encodeBody, error) { return encodeRedirect, nil },
		header:  []operation.Header{{Name: "Location", Description: "Where to go", Required: true, Format: "uri-reference"}},
	}
}

func encodeRedirect(value reflect.Value, _ bool, a *response) error {
	a.header = append(a.header, headerLine{name: "Location", value: location(value.String())})
	return nil
}

// location percent-encodes what RFC 3986 leaves out of URLs. A percent sign is
// kept: what is encoded already stays as it is.
func location(url string) string {
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
