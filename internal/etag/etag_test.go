package etag_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/etag"
)

func TestPrecondition(t *testing.T) {
	noon := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	const before, at, after = "Sat, 01 Aug 2026 11:00:00 GMT", "Sat, 01 Aug 2026 12:00:00 GMT", "Sat, 01 Aug 2026 13:00:00 GMT"
	tests := []struct {
		method, name, value, tag string
		modified                 time.Time
		want                     int
	}{
		{"GET", "", "", `"a"`, noon, 0},
		{"GET", "If-None-Match", `"b", "a"`, `"a"`, noon, 304},
		{"HEAD", "If-None-Match", `W/"a"`, `"a"`, noon, 304},
		{"PUT", "If-None-Match", `"a"`, `"a"`, noon, 412},
		{"PUT", "If-None-Match", `*`, "", time.Time{}, 0},
		{"PUT", "If-Match", `"a"`, `"a"`, noon, 0},
		{"PUT", "If-Match", `W/"a"`, `W/"a"`, noon, 412},
		{"PUT", "If-Match", `*`, "", time.Time{}, 412},
		{"GET", "If-Modified-Since", before, "", noon, 0},
		{"GET", "If-Modified-Since", at, "", noon, 304},
		{"GET", "If-Modified-Since", at, "", time.Time{}, 0},
		{"PUT", "If-Modified-Since", at, "", noon, 0},
		{"GET", "If-Modified-Since", "yesterday", "", noon, 0},
		{"PUT", "If-Unmodified-Since", before, "", noon, 412},
		{"PUT", "If-Unmodified-Since", after, "", noon, 0},
	}
	for _, tc := range tests {
		r := httptest.NewRequest(tc.method, "/", nil)
		if tc.name != "" {
			r.Header.Set(tc.name, tc.value)
		}
		assert.Equal(t, tc.want, etag.Precondition(r, tc.tag, tc.modified), "%+v", tc)
	}
}

// FuzzLists compares with a list that is split at every comma, which is correct unless a tag contains one.
func FuzzLists(f *testing.F) {
	for _, list := range []string{`"a"`, `W/"a", "b"`, `*`, `,,"a"`, `"a`, `a`, `"a" "b"`, ``} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		if strings.Count(list, `"`)%2 != 0 || strings.ContainsFunc(list, func(r rune) bool { return r < ' ' || r > '~' }) {
			return
		}
		tags := strings.Split(list, ",")
		for i, tag := range tags {
			if strings.Count(tag, `"`) != 0 && (strings.Count(tag, `"`) != 2 || !strings.HasSuffix(strings.TrimSpace(tag), `"`)) {
				return // a comma inside a tag, or a missing comma
			}
			tags[i] = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		}
		want := slices.Contains(tags, `"a"`) || slices.Contains(tags, "*") && !strings.Contains(list, "W/*")
		assert.Equal(t, want, etag.Lists([]string{list}, `"a"`, true), "%q", list)
	})
}
