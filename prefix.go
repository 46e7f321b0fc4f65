package candor

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/requestinfo"
)

// belowMount is how the pattern of a mount ends.
const belowMount = "/{rest...}"

// below passes requests on with their paths shortened by the prefix.
func below(prefix string, h http.Handler) http.Handler {
	segments := strings.Count(prefix, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := new(http.Request)
		*inner = *r
		inner.URL = new(url.URL)
		*inner.URL = *r.URL
		path, escaped := pathOf(r)
		path = dropSegments(path, segments)
		inner.URL.Path, inner.URL.RawPath = path, ""
		if plain, err := url.PathUnescape(path); escaped && err == nil {
			inner.URL.Path, inner.URL.RawPath = plain, path
		}
		h.ServeHTTP(w, inner)
	})
}

// dropSegments takes the first n segments off a path. They are counted, not
// compared: an escaped path may spell them with other escapes than the prefix,
// and a wildcard stands for any.
func dropSegments(path string, n int) string {
	for range n {
		if path == "" {
			return ""
		}
		slash := strings.IndexByte(path[1:], '/')
		if slash < 0 {
			return ""
		}
		path = path[1+slash:]
	}
	return path
}

// withRoot tells a mounted app the root path of the one around it.
func withRoot(root string, h http.Handler) http.Handler {
	if root == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(requestinfo.WithRootPath(r.Context(), root)))
	})
}

// anyMethod is the method of a mount.
const anyMethod = "*"

// pathOf is the path as sent, and whether it is percent-encoded.
func pathOf(r *http.Request) (path string, escaped bool) {
	if r.URL.RawPath != "" {
		return r.URL.RawPath, true
	}
	return r.URL.Path, false
}
