package docsui

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strings"
)

// script is the one script that makes a page, and that the reader's browser loads.
type script struct {
	name string // of the library
	page string // the path of the page
	// url is complete, or a path of the same app for a copy of one's own.
	url string
	// integrity is the digest of the file (Subresource Integrity), which one from another host must have.
	integrity string
	// before is JavaScript that runs before the script is loaded.
	before string
}

// tellMissing shows a hidden message if the script cannot be loaded, or its integrity hash does not match.
const tellMissing = `
addEventListener("error", (event) => {
  if (event.target.id === "script") document.getElementById("missing").hidden = false;
}, true);
`

// source is the source that the page's policy allows. For another host it is this one file, not the host: a package
// mirror hosts scripts of everyone.
func (s script) source() (string, error) {
	u, err := url.Parse(s.url)
	if err != nil {
		return "", fmt.Errorf("script URL: %w", err)
	}
	if u.Host == "" {
		return "'self'", nil
	}
	if u.Scheme == "" {
		return "", fmt.Errorf("script URL %q names a host without a scheme, such as https", s.url)
	}
	if s.integrity == "" {
		return "", errors.New("a script from another host needs Integrity, the digest of the file (sha384-...)")
	}
	// A comma and a semicolon end a source; a query takes no part in the comparison.
	file := strings.NewReplacer(",", "%2C", ";", "%3B").Replace(u.EscapedPath())
	return origin(s.url) + file, nil
}

// directive is the script-src directive of the page: the script, and what runs before it by its digest.
func (s script) directive() (string, error) {
	source, err := s.source()
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(tellMissing + s.before))
	return "script-src " + source + " 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'", nil
}

// document is the page; body is the element that the script draws in.
func (s script) document(title, body string) string {
	integrity := ""
	if s.integrity != "" {
		integrity = ` integrity="` + html.EscapeString(s.integrity) + `" crossorigin="anonymous"`
	}
	address := html.EscapeString(relative(s.page, s.url))
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>` + html.EscapeString(title) + ` - ` + s.name + `</title>
<link rel="icon" href="data:,">
<style>body { margin: 0; } .message { font-family: sans-serif; margin: 2em; overflow-wrap: anywhere; }</style>
<script>` + tellMissing + s.before + `</script>
</head>
<body>
<noscript><p class="message">` + s.name + ` needs JavaScript.</p></noscript>
<p class="message" id="missing" role="alert" hidden>` + s.name + ` cannot be shown: its script could not be loaded from ` + address +
		`, or is not the expected version. This page needs that address; the app can serve a copy of the script itself.</p>
` + body + `
<script id="script" src="` + address + `"` + integrity + `></script>
</body>
</html>
`
}
