package mediatype_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/mediatype"
)

func TestIsJSON(t *testing.T) {
	for contentType, want := range map[string]bool{
		"application/json":                     true,
		"Application/JSON; charset=utf-8":      true,
		"application/problem+json":             true,
		"application/json; charset":            true, // a malformed parameter is ignored
		"application/jsonl":                    false,
		"text/json":                            false,
		"image/svg+json":                       false,
		"json":                                 false,
		"":                                     false,
		"application/vnd.api+json;ext=\"a;b\"": true,
	} {
		assert.Equal(t, want, mediatype.IsJSON(contentType), contentType)
	}
}

func TestMatches(t *testing.T) {
	for _, row := range []struct {
		wanted, mediaType string
		want              bool
	}{
		{"text/csv", "text/csv", true},
		{"text/csv", "text/html", false},
		{"*/*", "text/html", true},
		{"image/*", "image/png", true},
		{"image/*", "imagery/png", false},
		{"application/json", "application/merge-patch+json", true},
		{"application/merge-patch+json", "application/json", false},
	} {
		assert.Equal(t, row.want, mediatype.Matches(row.wanted, row.mediaType), "%s and %s", row.wanted, row.mediaType)
	}
}

func TestBareAndWithUTF8(t *testing.T) {
	assert.Equal(t, "text/html", mediatype.Bare(" Text/HTML ; charset=utf-8"))
	for _, mediaType := range []string{"text/html", "text/plain", "text/csv"} {
		assert.Equal(t, mediaType+"; charset=utf-8", mediatype.WithUTF8(mediaType))
	}
}
