package docsui

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Cases of RFC 9110, section 12.5.3, with its examples.
var acceptEncodings = []struct {
	field string
	want  bool
}{
	{"gzip", true},
	{"GZip", true},
	{"x-gzip", true},
	{"compress, gzip", true},
	{"", false},
	{"*", true},
	{"compress;q=0.5, gzip;q=1.0", true},
	{"gzip;q=1.0, identity; q=0.5, *;q=0", true},
	{"*, gzip;q=0", false},
	{"gzip;q=0, *", false},
	{"gzip ; q=0.000", false},
	{"gzip; q=0.001", true},
	{"gzip;Q=1", true},
	{"identity", false},
	{"br, deflate", false},
	{"gzipped", false},
	{"gzip;q=", false},
	{"gzip;q=NaN", false},
	{"gzip;q=-1", false},
	{"gzip;level=9", false},
	{";b, ,,=", false},
}

func TestAcceptsGzip(t *testing.T) {
	for _, row := range acceptEncodings {
		assert.Equal(t, row.want, acceptsGzip(row.field), "%q", row.field)
	}
}

// A well-formed field is compared with an expression made from the grammar; a malformed one must not panic.
func FuzzAcceptsGzip(f *testing.F) {
	for _, row := range acceptEncodings {
		f.Add(row.field)
	}
	const weight = `(?:[ \t]*;[ \t]*q=(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?`
	const above = `(?:[ \t]*;[ \t]*q=(?:0\.[0-9]{0,2}[1-9][0-9]{0,2}|1(?:\.0{0,3})?))?`
	const edge = `(?:^|,)[ \t]*`
	wellFormed := regexp.MustCompile(`(?i)^[ \t]*[a-z*-]+` + weight + `(?:[ \t]*,[ \t]*[a-z*-]+` + weight + `)*[ \t]*$`)
	named := regexp.MustCompile(`(?i)` + edge + `(?:x-)?gzip[ \t]*(?:[,;]|$)`)
	wanted := regexp.MustCompile(`(?i)` + edge + `(?:x-)?gzip` + above + `[ \t]*(?:,|$)`)
	other := regexp.MustCompile(`(?i)` + edge + `\*` + above + `[ \t]*(?:,|$)`)
	f.Fuzz(func(t *testing.T, field string) {
		got := acceptsGzip(field)
		if !wellFormed.MatchString(field) || repeats(field) {
			return
		}
		want := wanted.MatchString(field) || !named.MatchString(field) && other.MatchString(field)
		assert.Equal(t, want, got, "%q", field)
	})
}

// repeats reports whether a coding is named twice, which has no defined meaning.
func repeats(field string) bool {
	seen := map[string]bool{}
	for coding := range strings.SplitSeq(strings.ToLower(field), ",") {
		name, _, _ := strings.Cut(coding, ";")
		name = strings.TrimPrefix(strings.TrimSpace(name), "x-")
		if seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

func TestBrokenContentIsNotServed(t *testing.T) {
	fsys := fstest.MapFS{"a.js.gz": {Data: []byte("this is not gzip")}, "b.js.gz": {Data: []byte("short")}}
	file, err := embedded("/a.js", fsys, "a.js")
	require.NoError(t, err)
	w := httptest.NewRecorder()
	file.ServeHTTP(w, httptest.NewRequest("GET", "/a.js", nil))
	assert.Equal(t, http.StatusInternalServerError, w.Code)
	assert.Empty(t, w.Body.String())

	_, err = embedded("/b.js", fsys, "b.js")
	require.ErrorContains(t, err, "b.js.gz: ")
	_, err = embedded("/c.js", fsys, "c.js")
	require.ErrorContains(t, err, "c.js")
}

func TestUnzipReportsTruncation(t *testing.T) {
	content, err := openSeeker(fstest.MapFS{"a": {Data: []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")}}, "a")
	require.NoError(t, err)
	_, err = unzip(content)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
