package docsui

import (
	"fmt"
	"html"
)

// The version of ReDoc that a page loads by default, and its digest (Subresource Integrity): the browser runs exactly
// this file or none.
const (
	redocURL       = "https://cdn.jsdelivr.net/npm/redoc@2.5.4/bundles/redoc.standalone.js"
	redocIntegrity = "sha384-w447zOpYfw/1Tv/5AK9NfHTlQIqE3RVR6KY62jCyy9zNDgO64cMwGGP1Fj0zJVf5"
)

// withoutLogo prevents ReDoc from loading its logo from another host, wherever its script is from: a broken image is
// removed.
const withoutLogo = `
const { prototype } = HTMLImageElement;
prototype.setAttribute = function (name, value) {
  const outside = name === "src" && String(value).startsWith("https://cdn.redoc.ly/");
  Element.prototype.setAttribute.call(this, name, outside ? "data:," : value);
};
Object.defineProperty(prototype, "src", {
  get() { return this.getAttribute("src"); },
  set(value) { this.setAttribute("src", value); },
});
`

// Redoc is a page with ReDoc, which the browser loads from ScriptURL. If that fails, the page says so.
type Redoc struct {
	// Title is the title of the API; the page's is "Title - ReDoc".
	Title string

	// Path is the path of the page, "/redoc" if empty.
	Path string

	// Document is the OpenAPI document: a path of the same app, or a complete URL.
	Document string

	// ScriptURL is redoc.standalone.js: a complete URL, or a path of the same app for an own copy. If empty, it is a
	// pinned version at a public mirror.
	ScriptURL string

	// Integrity is the digest of that script, "sha384-...". It is required for a script from another host.
	Integrity string
}

// Files returns the page, which is its only file.
func (r Redoc) Files() ([]File, error) {
	if r.Path == "" {
		r.Path = "/redoc"
	}
	if r.ScriptURL == "" {
		// Both together, because a digest belongs to one file.
		r.ScriptURL, r.Integrity = redocURL, redocIntegrity
	}
	s := script{name: "ReDoc", page: r.Path, url: r.ScriptURL, integrity: r.Integrity, before: withoutLogo}
	scripts, err := s.directive()
	if err != nil {
		return nil, fmt.Errorf("redoc: %w", err)
	}
	// ReDoc only has light colors.
	body := `<style>:root { color-scheme: light; }</style>
<redoc spec-url="` + html.EscapeString(relative(r.Path, r.Document)) + `"></redoc>`
	page := written(r.Path, s.document(r.Title, body))
	page.contentType = contentType(".html")
	// ReDoc adds inline styles to the page, and searches in a worker created from a blob.
	page.policy = policy(scripts, "style-src 'unsafe-inline'", "img-src 'self' data:",
		"worker-src blob:", connectSources(r.Document, nil))
	return []File{page}, nil
}
