package sending

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Target returns the URL of a request: the base URL of the app, followed by an escaped path and query.
func Target(base, path, rawQuery string) (*url.URL, error) {
	at, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, fmt.Errorf("Client.Base: %w", err)
	case at.Scheme == "" || at.Host == "" || at.RawQuery != "" || at.Fragment != "":
		return nil, fmt.Errorf("Client.Base is %q; write a URL such as \"https://api.example.com\"", base)
	}
	// Both parts are already escaped, so they are parsed rather than escaped again.
	target, err := url.Parse(strings.TrimSuffix(at.EscapedPath(), "/") + path)
	if err != nil {
		return nil, err
	}
	target.Scheme, target.Host, target.User, target.RawQuery = at.Scheme, at.Host, at.User, rawQuery
	return target, nil
}

// bodyHeaders say how a body is sent, so a client writes them. net/http would ignore them without a word.
var bodyHeaders = []string{"Content-Length", "Transfer-Encoding", "Trailer"}

// BodyHeader returns a header that says how the body is sent, which the client writes itself; "" if there is none.
func BodyHeader(header http.Header) string { return oneOf(header, bodyHeaders) }

// handshakeHeaders are written by every client of a WebSocket (RFC 6455, section 4.1).
var handshakeHeaders = []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions"}

// HandshakeHeader returns a header of the handshake of a WebSocket, which the client writes itself; "" if there is none.
func HandshakeHeader(header http.Header) string { return oneOf(header, handshakeHeaders) }

func oneOf(header http.Header, names []string) string {
	i := slices.IndexFunc(names, func(name string) bool { return header[name] != nil })
	if i < 0 {
		return ""
	}
	return names[i]
}

// Do sends a request with the headers that a client adds to each. Redirects that the route itself returns are not
// followed.
func Do(by *http.Client, r *http.Request, header http.Header, keepRedirects bool) (*http.Response, error) {
	for name, lines := range header {
		switch key := http.CanonicalHeaderKey(name); {
		case slices.Contains(bodyHeaders, key):
			return nil, fmt.Errorf("Client.Header: the client writes %s itself", key)
		case key == "Host" && len(lines) > 0 && r.Host == r.URL.Host:
			r.Host = lines[0] // net/http ignores it in the header
		case r.Header[key] == nil: // headers of the input win over those of the client
			r.Header[key] = lines
		}
	}
	// A copy: the client is the user's, or http.DefaultClient, which everybody shares.
	client := *cmp.Or(by, http.DefaultClient)
	follow := client.CheckRedirect
	if follow == nil {
		follow = tenRedirects
	}
	client.CheckRedirect = func(next *http.Request, before []*http.Request) error {
		if keepRedirects {
			return http.ErrUseLastResponse
		}
		if err := keepsMethod(next, before[len(before)-1]); err != nil {
			return err
		}
		return follow(next, before)
	}
	return client.Do(r)
}

// tenRedirects is the default policy of http.Client.
func tenRedirects(_ *http.Request, before []*http.Request) error {
	if len(before) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	return nil
}

// keepsMethod refuses a redirect for which net/http would switch to GET and drop the body: the response would be
// mistaken for that of the call. A 303 asks for a GET, and is followed.
func keepsMethod(next, before *http.Request) error {
	if status := next.Response.StatusCode; next.Method != before.Method && status != http.StatusSeeOther {
		return fmt.Errorf("a redirect by %d makes a %s a %s; the server should send 307 or 308", status, before.Method, next.Method)
	}
	return nil
}
