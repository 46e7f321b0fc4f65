package check

import (
	"encoding/json"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/typeinfo"
)

// The most frequent formats, with the same results as validator but without its regular expressions and rule lookup.
// FuzzFormats compares each with validator.

// format makes a rule from a test of texts; validator handles other kinds that the rule allows.
func format(test func(string) bool) maker {
	return func(s *Set, on subject, rule typeinfo.Rule) (compiled, error) {
		if on.shape != text {
			return compiled{keeps: s.through(on, rule)}, nil
		}
		return onString(test), nil
	}
}

// uuidForm is what a rule requires of a UUID besides the groups of digits.
type uuidForm struct {
	version byte // 0 for any
	variant bool // whether the variant of RFC 9562 is required
	lower   bool // whether upper-case digits are rejected
}

func (form uuidForm) matches(s string) bool {
	const groups = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	if len(s) != len(groups) {
		return false
	}
	for i := range len(groups) {
		switch c := s[i]; {
		case groups[i] == '-' && c != '-',
			groups[i] == 'x' && !isHexDigit(c),
			form.lower && 'A' <= c && c <= 'F':
			return false
		}
	}
	return (form.version == 0 || s[14] == form.version) && (!form.variant || isRFC9562Variant(s[19]))
}

// isRFC9562Variant reports whether the digit begins with the bits 10.
func isRFC9562Variant(c byte) bool { return c == '8' || c == '9' || c|0x20 == 'a' || c|0x20 == 'b' }

func isIP(s string) bool { return strings.ContainsAny(s, ".:") && net.ParseIP(s) != nil }

func isIPv4(s string) bool { return strings.ContainsAny(s, ".:") && net.ParseIP(s).To4() != nil }

func isIPv6(s string) bool {
	if !strings.Contains(s, ":") {
		return false
	}
	ip := net.ParseIP(s)
	return ip != nil && ip.To4() == nil
}

// network parses CIDR notation. ParseCIDR would allocate an error for a text without a slash, which is the usual case.
func network(s string) (net.IP, *net.IPNet) {
	if !strings.Contains(s, "/") {
		return nil, nil
	}
	ip, of, err := net.ParseCIDR(s)
	if err != nil {
		return nil, nil
	}
	return ip, of
}

func isCIDR(s string) bool {
	ip, _ := network(s)
	return ip != nil
}

func isCIDRv4(s string) bool {
	ip, of := network(s)
	return ip.To4() != nil && of.IP.Equal(ip)
}

func isCIDRv6(s string) bool {
	ip, _ := network(s)
	return ip != nil && ip.To4() == nil
}

func isHostname(s string) bool { return s != "" && isLetter(s[0]) && isHostname1123(s) }

// isHostname1123 checks for labels of at most 63 bytes, separated by dots, that do not begin or end with a hyphen.
func isHostname1123(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// isLabel allows a hyphen at the end, as the rule for domain names does.
func isLabel(s string) bool {
	return s != "" && len(s) <= 63 && s[0] != '-' && every(s, func(c byte) bool { return isLetterOrDigit(c) || c == '-' })
}

// isFQDN checks for two or more labels, the last of which begins with a letter.
func isFQDN(s string) bool {
	s = strings.TrimSuffix(s, ".")
	end := strings.LastIndexByte(s, '.')
	if end < 0 || len(s) > 253 || !isLabel(s[end+1:]) || !isLetter(s[end+1]) {
		return false
	}
	for label := range strings.SplitSeq(s[:end], ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

// base64Text returns a test for non-empty, padded base64.
func base64Text(isSign func(byte) bool) func(string) bool {
	return func(s string) bool {
		if s == "" || len(s)%4 != 0 {
			return false
		}
		digits := strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
		return every(digits, func(c byte) bool { return isLetterOrDigit(c) || isSign(c) })
	}
}

func isBase64Sign(c byte) bool    { return c == '+' || c == '/' }
func isBase64URLSign(c byte) bool { return c == '-' || c == '_' }

// isE164 checks the digits of a phone number: 8 to 15 without a leading zero.
func isE164(s string) bool {
	s = strings.TrimPrefix(s, "+")
	return 8 <= len(s) && len(s) <= 15 && s[0] != '0' && isDigits(s)
}

func isURL(s string) bool {
	u := lowerURL(s)
	switch {
	case u == nil:
		return false
	case u.Scheme == "file":
		return u.Path != "" && u.Path != "/"
	}
	return u.Host != "" || u.Fragment != "" || u.Opaque != ""
}

func isHTTPURL(s string) bool {
	u := lowerURL(s)
	return u != nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

func isHTTPSURL(s string) bool {
	u := lowerURL(s)
	return u != nil && u.Host != "" && u.Scheme == "https"
}

// lowerURL returns the URL in lower case, nil without a scheme. url.Parse, which accepts nearly every text, is not called
// if there is no colon.
func lowerURL(s string) *url.URL {
	if !strings.Contains(s, ":") {
		return nil
	}
	u, err := url.Parse(strings.ToLower(s))
	if err != nil || u.Scheme == "" {
		return nil
	}
	return u
}

func isURI(s string) bool {
	s, _, _ = strings.Cut(s, "#")
	// ParseRequestURI accepts only a path, an asterisk, or a URL with a scheme.
	if s == "" || s[0] != '/' && s != "*" && !strings.Contains(s, ":") {
		return false
	}
	_, err := url.ParseRequestURI(s)
	return err == nil
}

func isJSON(s string) bool { return json.Valid([]byte(s)) }

// dated makes a test for a layout that avoids time.Parse, whose errors copy both texts, if the date part alone decides.
func dated(layout string) func(string) bool {
	parses := func(s string) bool {
		_, err := time.Parse(layout, s)
		return err == nil
	}
	switch layout {
	case time.DateOnly:
		return isDate
	case time.RFC3339:
		return func(s string) bool {
			return len(s) > len("2006-01-02T") && s[10] == 'T' && isDate(s[:10]) && parses(s)
		}
	}
	return parses
}

// isDate checks a calendar day written as 2006-01-02.
func isDate(s string) bool {
	if len(s) != len(time.DateOnly) || s[4] != '-' || s[7] != '-' {
		return false
	}
	if !isDigits(s[:4]) || !isDigits(s[5:7]) || !isDigits(s[8:]) {
		return false
	}
	year, month, day := twoDigits(s)*100+twoDigits(s[2:]), twoDigits(s[5:]), twoDigits(s[8:])
	// time.Date turns a day that the month does not have into a day of the next month, and month 13 into the next year.
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return date.Day() == day && int(date.Month()) == month
}

func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// isNoEmail returns true only if a text is certainly not an email address, which covers nearly all invalid ones: in
// validator's rule, an ASCII text that does not begin with a quotation mark has a dot-atom before its "@", and after it
// labels separated by dots, ending in a letter or one more dot.
func isNoEmail(s string) bool {
	if s == "" {
		return true
	}
	if s[0] == '"' || !every(s, func(c byte) bool { return c < 0x80 }) {
		return strings.IndexByte(s, '@') < 0
	}
	at := dotAtomEnd(s)
	if at == 0 || at == len(s) || s[at] != '@' {
		return true
	}
	domain, last := s[at+1:], s[len(s)-1]
	return !strings.Contains(domain, ".") || last != '.' && !isLetter(last) || !every(domain, isDomainByte)
}

func isDomainByte(c byte) bool { return isLetterOrDigit(c) || c == '-' || c == '.' || c == '~' }

// isSemver checks three numbers, optionally followed by a hyphen and a pre-release, and a plus sign and a build (Semantic
// Versioning 2.0.0).
func isSemver(s string) bool {
	s, build, hasBuild := strings.Cut(s, "+")
	core, pre, hasPre := strings.Cut(s, "-")
	numbers := 0
	for number := range strings.SplitSeq(core, ".") {
		if !isDigits(number) || hasLeadingZero(number) {
			return false
		}
		numbers++
	}
	return numbers == 3 && (!hasPre || areIdentifiers(pre, true)) && (!hasBuild || areIdentifiers(build, false))
}

// areIdentifiers checks the parts between dots; in a pre-release, numbers have no leading zero.
func areIdentifiers(s string, preRelease bool) bool {
	for id := range strings.SplitSeq(s, ".") {
		if id == "" || !every(id, func(c byte) bool { return isLetterOrDigit(c) || c == '-' }) {
			return false
		}
		if preRelease && isDigits(id) && hasLeadingZero(id) {
			return false
		}
	}
	return true
}

func hasLeadingZero(digits string) bool { return len(digits) > 1 && digits[0] == '0' }
