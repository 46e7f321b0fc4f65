package bind

import (
	"net/http"
	"strings"
)

// A Cookie header is read as it was sent (RFC 6265, section 4.2): pairs between
// ";", white space around pairs and names dropped, and a value is whatever
// stands after the first "=". The grammar for servers is narrower, but nothing
// holds scripts in browsers to it: JSON, any text in UTF-8 and backslashes
// arrive. One pair of double quotes around a value is removed, since net/http
// and others write values with spaces and commas so. Names need no check: those
// of parameters are tokens, and only equal ones are looked at.

func (b *binding) bindCookies() {
	params := b.plan.cookies
	// On the stack: a request with few cookies needs no memory.
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

// hit is a value that was sent for a parameter.
type hit struct {
	param int
	text  string
}

// hitsOf gathers the values sent for one parameter in their order.
func hitsOf(param int, hits []hit, into []string) []string {
	for i := range hits {
		if hits[i].param == param {
			into = append(into, hits[i].text)
		}
	}
	return into
}

// scanCookies appends what one Cookie line has for the parameters.
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

// cutCookie takes the first pair off a Cookie line.
func cutCookie(line string) (name, text, rest string) {
	pair, rest, _ := strings.Cut(line, ";")
	name, text, _ = strings.Cut(trimSpace(pair), "=")
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	return trimSpace(name), text, rest
}

// CookieTexts are the values of the cookies of one name, in the order in which
// they were sent. The first one counts where there can be one only.
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
