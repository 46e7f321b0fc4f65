package bind

import "strings"

// A Cookie header is read as net/http reads it: pairs between ";", white space
// around pairs and names dropped, one pair of double quotes around a value
// removed, and a pair skipped when its value has characters outside RFC 6265's
// with space and comma added. Names need no such check: those of parameters
// are tokens, and only equal ones are looked at.

func (b *binding) bindCookies() {
	params := b.plan.cookies
	var hitRoom [8]hit
	var textRoom [4]string
	hits := hitRoom[:0]
	for _, line := range b.Header["Cookie"] {
		hits = scanCookies(line, params, hits)
	}
	for i := range b.cookies {
		texts := hitsOf(i, hits, textRoom[:0])
		if params[i].list == nil && len(texts) > 1 {
			texts = texts[:1]
		}
		b.bind(&b.cookies[i], texts)
	}
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
		var pair string
		pair, line, _ = strings.Cut(line, ";")
		name, text, _ := strings.Cut(trimSpace(pair), "=")
		i := indexOf(params, trimSpace(name))
		if i < 0 {
			continue
		}
		if text, ok := cookieValue(text); ok {
			hits = append(hits, hit{param: i, text: text})
		}
	}
	return hits
}

// cookieValue takes the quotes off and refuses what no cookie may hold.
func cookieValue(text string) (string, bool) {
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return "", false
		}
	}
	return text, true
}

// trimSpace drops the white space net/textproto drops around header values.
func trimSpace(s string) string { return strings.Trim(s, " \t\r\n") }
