package candor

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/candor-go/candor/internal/requestinfo"
)

// mountSuffix is the end of the pattern of a mount.
const mountSuffix = "/{rest...}"

// stripPrefix serves requests by a handler that sees their paths without the
// prefix. It differs from the one of net/http in that wildcards may be part of the
// prefix.
func stripPrefix(prefix string, h http.Handler) http.Handler {
	segments := strings.Count(prefix, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Shallow copies, as http.StripPrefix makes: the handler outside of the
		// mount keeps its own path.
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

// dropSegments removes the first n segments of a path. They are counted, not
// compared: an escaped path may spell them with other escapes than the prefix,
// and a wildcard matches any.
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

// withRoot passes the root path of an app on to one that it mounts.
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
