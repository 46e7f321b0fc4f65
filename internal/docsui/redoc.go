package docsui

import (
	"fmt"
	"html"
)

// The ReDoc a page loads if no other is named, and the digest of that file (Subresource Integrity): what the browser
// gets is this version, byte for byte, or is not run.
const (
	redocURL       = "https://cdn.jsdelivr.net/npm/redoc@2.5.4/bundles/redoc.standalone.js"
	redocIntegrity = "sha384-w447zOpYfw/1Tv/5AK9NfHTlQIqE3RVR6KY62jCyy9zNDgO64cMwGGP1Fj0zJVf5"
)

// withoutLogo keeps ReDoc from asking another host for its logo, whatever host its script is from: an image that is
// broken is left out.
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

// Redoc is a page with ReDoc, which the reader's browser loads from ScriptURL. Where it cannot, the page says so.
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
	s := script{name: "ReDoc", page: r.Path, url: r.ScriptURL, integrity: r.Integrity, before: withoutLogo}
	scripts, err := s.directive()
	if err != nil {
		return nil, fmt.Errorf("redoc: %w", err)
	}
	// ReDoc has light colors only.
	body := `<style>:root { color-scheme: light; }</style>
<redoc spec-url="` + html.EscapeString(relative(r.Path, r.Document)) + `"></redoc>`
	page := written(r.Path, s.document(r.Title, body))
	page.contentType = contentType(".html")
	// ReDoc writes its styles into the page, and searches in a worker that it makes from its own text.
	page.policy = policy(scripts, "style-src 'unsafe-inline'", "img-src 'self' data:",
		"worker-src blob:", connectSources(r.Document, nil))
	return []File{page}, nil
}
