package mediatype_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/mediatype"
)

func TestLocation(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"/a?b=c#d": "/a?b=c#d", "/a%20b": "/a%20b", "/a b\r\n\\": "/a%20b%0D%0A%5C", "/é": "/%C3%A9",
	} {
		assert.Equal(t, want, mediatype.Location(url))
	}
}

func TestAcceptsHTML(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "text/*": false, "text/html": true, "text/html;q=0": false, "image/png, application/xhtml+xml;q=0.5": true,
	} {
		assert.Equal(t, want, mediatype.AcceptsHTML(http.Header{"Accept": {accept}}), accept)
	}
}

func TestAboutResponse(t *testing.T) {
	t.Parallel()
	assert.True(t, mediatype.AboutResponse("Content-Length"))
	assert.True(t, mediatype.AboutResponse("Date"))
	assert.False(t, mediatype.AboutResponse("Retry-After"))
	assert.Equal(t, "404 Not Found", mediatype.StatusLine(404))
}
