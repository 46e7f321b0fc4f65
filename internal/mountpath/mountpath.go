// Package mountpath computes the paths of requests to mounted handlers.
package mountpath

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/requestinfo"
)

// Suffix is the end of a mount's pattern.
const Suffix = "/{rest...}"

// Strip removes the prefix from the paths of requests before it calls h. Unlike with http.StripPrefix, the prefix may
// contain wildcards.
func Strip(prefix string, h http.Handler) http.Handler {
	segments := strings.Count(prefix, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Shallow copies, as in http.StripPrefix: outer handlers keep the original path.
		inner := new(http.Request)
		*inner = *r
		inner.URL = new(url.URL)
		*inner.URL = *r.URL
		path, escaped := Of(r)
		path = dropSegments(path, segments)
		inner.URL.Path, inner.URL.RawPath = path, ""
		if plain, err := url.PathUnescape(path); escaped && err == nil {
			inner.URL.Path, inner.URL.RawPath = plain, path
		}
		h.ServeHTTP(w, inner)
	})
}

// dropSegments removes the first n segments of a path. They are counted rather than compared: escapes in the path may
// differ from the prefix, and a wildcard matches any segment.
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

// WithRoot passes the root path of an app on to an app mounted on it.
func WithRoot(root string, h http.Handler) http.Handler {
	if root == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(requestinfo.WithRootPath(r.Context(), root)))
	})
}

// AnyMethod is the method of a mount's route.
const AnyMethod = "*"

// Of returns the path as the client sent it, and whether it is percent-encoded.
func Of(r *http.Request) (path string, escaped bool) {
	if r.URL.RawPath != "" {
		return r.URL.RawPath, true
	}
	return r.URL.Path, false
}
