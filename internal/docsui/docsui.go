// Package docsui makes the pages on which people read and try an API: Swagger UI, ReDoc and Scalar.
//
// An app serves them beside its document. They know where the document is, and nothing of what it says.
//
// A page is a list of files, each with the path it belongs to and an http.Handler that answers GET and HEAD. Routes are
// the caller's: what is not in the list is the caller's 404, and other methods are the caller's 405.
//
// Every page comes with a Content-Security-Policy under which no script runs but its own, and refers to its files and to
// the document by relative URLs, so that it works behind a proxy and when the app is mounted under a prefix.
package docsui

import (
	"net/url"
	"strings"
)

// relative returns target as a page at path from names it. Both are absolute paths of one app; a target that is not,
// such as a complete URL, is returned as it is.
//
// The result starts with a dot, so that a colon in its first segment is not read as the end of a scheme.
func relative(from, target string) string {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
		return target
	}
	here, there := strings.Split(from, "/"), strings.Split(target, "/")
	shared := 0
	// The last segment is a file, and no step.
	for shared < len(here)-1 && shared < len(there)-1 && here[shared] == there[shared] {
		shared++
	}
	up := "./"
	if climbs := len(here) - 1 - shared; climbs > 0 {
		up = strings.Repeat("../", climbs)
	}
	for i, segment := range there {
		there[i] = url.PathEscape(segment)
	}
	return up + strings.Join(there[shared:], "/")
}

// origin returns the scheme and host of a complete URL, and nothing for a relative one.
func origin(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// policy builds a Content-Security-Policy. What no directive names is refused.
func policy(directives ...string) string {
	always := []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'"}
	return strings.Join(append(always, directives...), "; ")
}

// connectSources is the connect-src directive of a page: the app itself, the document's host and the given origins.
func connectSources(document string, origins []string) string {
	sources := []string{"connect-src 'self'"}
	if host := origin(document); host != "" {
		sources = append(sources, host)
	}
	return strings.Join(append(sources, origins...), " ")
}
