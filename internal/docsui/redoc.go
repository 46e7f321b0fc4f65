package docsui

import (
	"errors"
	"fmt"
	"html"
	"net/url"
	"strings"
)

// The ReDoc a page loads if no other is named, and the digest of that file (Subresource Integrity): what the browser
// gets is this version, byte for byte, or is not run.
const (
	redocURL       = "https://cdn.jsdelivr.net/npm/redoc@2.5.4/bundles/redoc.standalone.js"
	redocIntegrity = "sha384-w447zOpYfw/1Tv/5AK9NfHTlQIqE3RVR6KY62jCyy9zNDgO64cMwGGP1Fj0zJVf5"
)

// Redoc is a page with ReDoc, which the reader's browser loads from ScriptURL.
type Redoc struct {
	// Title is the API's; the page's is "Title - ReDoc".
	Title string

	// Path is where the page is, "/redoc" if empty.
	Path string

	// Document is where the OpenAPI document is: a path of the same app, or a complete URL.
	Document string

	// ScriptURL is where redoc.standalone.js is: a complete URL, or a path of the same app for a copy of one's own. If
	// empty it is a pinned version at a public mirror.
	ScriptURL string

	// Integrity is the digest of that script, "sha384-...". A script from another host must have one.
	Integrity string
}

// Files returns the page, which is its only file.
func (r Redoc) Files() ([]File, error) {
	if r.Path == "" {
		r.Path = "/redoc"
	}
	if r.ScriptURL == "" {
		// Both, as a digest belongs to one file.
		r.ScriptURL, r.Integrity = redocURL, redocIntegrity
	}
	source, err := r.scriptSource()
	if err != nil {
		return nil, fmt.Errorf("redoc: %w", err)
	}
	page := written(r.Path, r.page())
	page.contentType = contentType(".html")
	// ReDoc writes its styles into the page, and searches in a worker that it makes from its own text.
	page.policy = policy("script-src "+source, "style-src 'unsafe-inline'", "img-src 'self' data:",
		"worker-src blob:", connectSources(r.Document, nil))
	return []File{page}, nil
}

// scriptSource is what the page's policy lets run. For another host that is the one file, not the host: a mirror of
// packages holds everyone's scripts.
func (r Redoc) scriptSource() (string, error) {
	u, err := url.Parse(r.ScriptURL)
	if err != nil {
		return "", fmt.Errorf("script URL: %w", err)
	}
	if u.Host == "" {
		return "'self'", nil
	}
	if u.Scheme == "" {
		return "", fmt.Errorf("script URL %q names a host without a scheme, such as https", r.ScriptURL)
	}
	if r.Integrity == "" {
		return "", errors.New("a script from another host needs Integrity, the digest of the file (sha384-...)")
	}
	// A comma and a semicolon end a source; a query takes no part in the comparison.
	file := strings.NewReplacer(",", "%2C", ";", "%3B").Replace(u.EscapedPath())
	return origin(r.ScriptURL) + file, nil
}

func (r Redoc) page() string {
	integrity := ""
	if r.Integrity != "" {
		integrity = ` integrity="` + html.EscapeString(r.Integrity) + `" crossorigin="anonymous"`
	}
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>` + html.EscapeString(r.Title) + ` - ReDoc</title>
<link rel="icon" href="data:,">
<style>body { margin: 0; }</style>
</head>
<body>
<redoc spec-url="` + html.EscapeString(relative(r.Path, r.Document)) + `"></redoc>
<script src="` + html.EscapeString(relative(r.Path, r.ScriptURL)) + `"` + integrity + `></script>
</body>
</html>
`
}
