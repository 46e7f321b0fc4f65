package bind

import (
	"net/http"
	"strings"
)

// A Cookie header is read as it was sent (RFC 6265, section 4.2): pairs are separated by ";", white space around pairs
// and names is dropped, and the value is everything after the first "=". The grammar for servers is stricter, but
// scripts in browsers need not follow it: JSON, UTF-8 text and backslashes are accepted. One pair of double quotes
// around a value is removed, because net/http and others quote values with spaces and commas. Names are not validated:
// those of parameters are tokens, and only equal names are considered.

func (b *binding) bindCookies() {
	params := b.plan.cookies
	// On the stack: a request with few cookies allocates nothing.
	var hitBuffer [8]hit
	var textBuffer [4]string
	hits := hitBuffer[:0]
	for _, line := range b.Header["Cookie"] {
		hits = scanCookies(line, params, hits)
	}
	for i := range b.cookies {
		texts := hitsOf(i, hits, textBuffer[:0])
		// The package comment says why it is the first.
		if params[i].list == nil && len(texts) > 1 {
			texts = texts[:1]
		}
		b.bindEither(&b.cookies[i], texts, b.cookieTexts)
	}
}

func (b *binding) cookieTexts(alias *slot) []string {
	texts := CookieTexts(b.Header, alias.field.Name)
	if alias.list == nil && len(texts) > 1 {
		texts = texts[:1]
	}
	return texts
}

// hit is a value found for a parameter.
type hit struct {
	param int
	text  string
}

// hitsOf returns the values found for one parameter, in order.
func hitsOf(param int, hits []hit, into []string) []string {
	for i := range hits {
		if hits[i].param == param {
			into = append(into, hits[i].text)
		}
	}
	return into
}

// scanCookies appends what one Cookie line contains for the parameters.
func scanCookies(line string, params []*Param, hits []hit) []hit {
	for line != "" {
		var name, text string
		name, text, line = cutCookie(line)
		if i := indexOf(params, name); i >= 0 {
			hits = append(hits, hit{param: i, text: text})
		}
	}
	return hits
}

// cutCookie splits off the first pair of a Cookie line.
func cutCookie(line string) (name, text, rest string) {
	pair, rest, _ := strings.Cut(line, ";")
	name, text, _ = strings.Cut(trimSpace(pair), "=")
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	return trimSpace(name), text, rest
}

// CookieTexts returns the values of the cookies of one name, in the order in which they were sent. If only one can
// count, it is the first.
func CookieTexts(header http.Header, wanted string) (texts []string) {
	for _, line := range header["Cookie"] {
		for line != "" {
			var name, text string
			if name, text, line = cutCookie(line); name == wanted {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// trimSpace drops the white space net/textproto drops around header values.
func trimSpace(s string) string { return strings.Trim(s, " \t\r\n") }
