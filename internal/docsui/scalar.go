package docsui

import (
	"encoding/json"
	"fmt"
	"html"
)

// The version of Scalar that a page loads by default, and its digest.
const (
	scalarURL       = "https://cdn.jsdelivr.net/npm/@scalar/api-reference@1.46.4/dist/browser/standalone.js"
	scalarIntegrity = "sha384-BbTs28WithFYxTDCiH0YPK5tv3MflhBVpABoMjfb9UqXa/hegSE9I4THoddKejMF"
)

// Scalar is a page with Scalar's API reference, which the browser loads from ScriptURL. If that fails, the page says
// so. It sends no other requests to other hosts, neither for fonts nor to Scalar's services.
type Scalar struct {
	// Title is the title of the API; the page's is "Title - Scalar".
	Title string

	// Path is the path of the page, "/scalar" if empty.
	Path string

	// Document is the OpenAPI document: a path of the same app, or a complete URL.
	Document string

	// ScriptURL is Scalar's standalone.js: a complete URL, or a path of the same app for an own copy. If empty, it is a
	// pinned version at a public mirror.
	ScriptURL string

	// Integrity is the digest of that script, "sha384-...". It is required for a script from another host.
	Integrity string

	// Connect lists origins, besides its own, that the page may send requests to.
	Connect []string
}

// Files returns the page, which is its only file.
func (c Scalar) Files() ([]File, error) {
	if c.Path == "" {
		c.Path = "/scalar"
	}
	if c.ScriptURL == "" {
		c.ScriptURL, c.Integrity = scalarURL, scalarIntegrity
	}
	s := script{name: "Scalar", page: c.Path, url: c.ScriptURL, integrity: c.Integrity}
	scripts, err := s.directive()
	if err != nil {
		return nil, fmt.Errorf("scalar: %w", err)
	}
	settings, err := json.Marshal(map[string]any{
		"url":                relative(c.Path, c.Document),
		"withDefaultFonts":   false,
		"telemetry":          false,
		"proxyUrl":           "",
		"persistAuth":        true,
		"hideClientButton":   true,
		"showDeveloperTools": "never",
		"agent":              map[string]any{"disabled": true},
		"mcp":                map[string]any{"disabled": true},
	})
	if err != nil {
		return nil, fmt.Errorf("scalar: %w", err)
	}
	body := `<script id="api-reference" type="application/json" data-configuration="` + html.EscapeString(string(settings)) + `"></script>`
	page := written(c.Path, s.document(c.Title, body))
	page.contentType = contentType(".html")
	// Scalar adds inline styles to the page.
	page.policy = policy(scripts, "style-src 'unsafe-inline'", "img-src 'self' data:", "font-src 'self' data:",
		connectSources(c.Document, c.Connect))
	return []File{page}, nil
}
