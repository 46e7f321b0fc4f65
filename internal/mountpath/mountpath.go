// Package mountpath is about the paths of requests to what is mounted below a prefix.
package mountpath

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/requestinfo"
)

// Suffix ends the pattern of a mount.
const Suffix = "/{rest...}"

// Strip passes requests to a handler that sees their paths without the prefix. Unlike http.StripPrefix it allows
// wildcards in the prefix.
func Strip(prefix string, h http.Handler) http.Handler {
	segments := strings.Count(prefix, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Shallow copies, like those of http.StripPrefix: outer handlers keep the original path.
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

// dropSegments removes the first n segments of a path. They are counted rather than compared: an escaped path may
// differ from the prefix in its escapes, and a wildcard matches anything.
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

// WithRoot passes the root path of an app on to an app that it mounts.
func WithRoot(root string, h http.Handler) http.Handler {
	if root == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(requestinfo.WithRootPath(r.Context(), root)))
	})
}

// AnyMethod is the method of a mount.
const AnyMethod = "*"

// Of returns the path as it was sent, and whether it is percent-encoded.
func Of(r *http.Request) (path string, escaped bool) {
	if r.URL.RawPath != "" {
		return r.URL.RawPath, true
	}
	return r.URL.Path, false
}
