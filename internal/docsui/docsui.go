// Package docsui makes the documentation pages of an API: Swagger UI, ReDoc and Scalar.
//
// An app serves them beside its document. The pages only know the URL of the document.
//
// A page is a list of files, each with its path and an http.Handler for GET and HEAD. The caller registers the routes,
// and handles other paths (404) and methods (405).
//
// Every page has a Content-Security-Policy that allows only its own scripts, and refers to its files and to the
// document by relative URLs, so that it works behind a proxy and when the app is mounted below a prefix.
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

// policy builds a Content-Security-Policy that forbids everything else.
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
