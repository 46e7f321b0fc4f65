package schema

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// keywordMaker converts a rule with its parameter to keywords.
type keywordMaker func(on subject, param string) keyword

// keywords returns the rules of validator that JSON Schema can express, at least in part. Patterns are ECMA-262 with the u
// flag, and mean the same in Go.
func keywords() map[string]keywordMaker { return madeKeywords.Get(makeKeywords) }

var madeKeywords lazy.Value[map[string]keywordMaker]

func makeKeywords() map[string]keywordMaker {
	return map[string]keywordMaker{
		"min": atLeast(0), "gte": atLeast(0), "gt": moreThan,
		"max": atMost(0), "lte": atMost(0), "lt": lessThan,
		"len": length, "eq": equal, "ne": unequal,
		"oneof": among, "noneof": notAmong, "oneofci": amongFolded, "noneofci": negate(amongFolded),
		"eq_ignore_case": equalFolded, "ne_ignore_case": negate(equalFolded),
		"unique": unique, "port": port, "isdefault": zeroOnly, "multipleOf": multiple,
		"latitude":  degrees(90, `^[-+]?([1-8]?[0-9](\.[0-9]+)?|90(\.0+)?)$`),
		"longitude": degrees(180, `^[-+]?(180(\.0+)?|((1[0-7][0-9])|([1-9]?[0-9]))(\.[0-9]+)?)$`),

		"pattern":    onText(ownPattern),
		"contains":   quotedPattern("", ""),
		"startswith": quotedPattern("^", ""),
		"endswith":   quotedPattern("", "$"),
		"excludes":   negate(quotedPattern("", "")),

		"startsnotwith": negate(quotedPattern("^", "")),
		"endsnotwith":   negate(quotedPattern("", "$")),
		"containsany":   classPattern("[", "]", 0),
		"excludesall":   classPattern("^[^", "]*$", 0),
		"containsrune":  classPattern("[", "]", 1),
		"excludesrune":  classPattern("^[^", "]*$", 1),

		"alpha":           pattern(`^[a-zA-Z]+$`),
		"alphaspace":      pattern(`^[a-zA-Z ]+$`),
		"alphanum":        pattern(`^[a-zA-Z0-9]+$`),
		"alphanumspace":   pattern(`^[a-zA-Z0-9 ]+$`),
		"alphaunicode":    pattern(`^\p{L}+$`),
		"alphanumunicode": pattern(`^[\p{L}\p{N}]+$`),
		"numeric":         unlessNumber(`^[-+]?[0-9]+(\.[0-9]+)?$`),
		"number":          unlessNumber(`^[0-9]+$`),
		"hexadecimal":     pattern(`^(0[xX])?[0-9a-fA-F]+$`),
		"ascii":           pattern(`^[\x00-\x7F]*$`),
		"printascii":      pattern(`^[\x20-\x7E]*$`),
		"multibyte":       pattern(`^$|[^\x00-\x7F]`),
		// The cases of letters outside ASCII depend on the version of Unicode, and some letters have only one case.
		"lowercase": wider(pattern(`^[^A-Z]+$`)),
		"uppercase": wider(pattern(`^[^a-z]+$`)),
		"boolean":   truth,
		"e164":      pattern(`^\+?[1-9][0-9]{7,14}$`),

		"hexcolor": pattern(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$`),
		"rgb":      pattern(`^rgb\(` + ws + `(` + octet + comma + octet + comma + octet + `|` + octet + `%` + comma + octet + `%` + comma + octet + `%)` + ws + `\)$`),
		"rgba":     pattern(`^rgba\(` + ws + `(` + octet + comma + octet + comma + octet + `|` + octet + `%` + comma + octet + `%` + comma + octet + `%)` + comma + alpha + ws + `\)$`),
		"hsl":      pattern(`^hsl\(` + ws + hue + comma + percent + comma + percent + ws + `\)$`),
		"hsla":     pattern(`^hsla\(` + ws + hue + comma + percent + comma + percent + comma + alpha + ws + `\)$`),
		"cmyk":     pattern(`^cmyk\(` + share + comma + share + comma + share + comma + share + `\)$`),

		// A validator that asserts formats rejects values that do not match, so no format may be narrower than its
		// rule: addresses and URLs may contain non-ASCII letters (RFC 6531, RFC 3987).
		"email": wider(format("idn-email")),
		"url":   wider(format("iri")),
		// Anything may follow #, which need not be a valid reference.
		"uri":       wider(pattern(`^(/|\*(#|$)|[a-zA-Z][a-zA-Z0-9+.-]*:)`)),
		"http_url":  wider(formatAndPattern("iri", `^[hH][tT][tT][pP][sS]?://`)),
		"https_url": wider(formatAndPattern("iri", `^[hH][tT][tT][pP][sS]://`)),
		"ip":        wider(eitherFormat("ipv4", "ipv6")),
		// Validator also accepts an IPv4 address written as ::ffff:1.2.3.4.
		"ipv4": wider(eitherFormat("ipv4", "ipv6")),
		"ipv6": wider(format("ipv6")),

		"hostname":          pattern(`^[a-zA-Z]` + label + `(\.[a-zA-Z0-9]` + label + `)*$`),
		"hostname_rfc1123":  pattern(`^[a-zA-Z0-9]` + label + `(\.[a-zA-Z0-9]` + label + `)*$`),
		"hostname_label":    pattern(`^[a-zA-Z0-9]` + label + `$`),
		"fqdn":              wider(pattern(`^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}(\.[a-zA-Z0-9][a-zA-Z0-9-]{0,62})*\.[a-zA-Z][a-zA-Z0-9-]{0,62}\.?$`)),
		"dns_rfc1035_label": limited(63, pattern(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)),
		"url_encoded":       pattern(`^([^%]|%[0-9A-Fa-f]{2})*$`),

		"uuid":          format("uuid"),
		"uuid3":         formatAndPattern("uuid", uuidOf("0-9a-f", "3", "0-9a-f")),
		"uuid4":         formatAndPattern("uuid", uuidOf("0-9a-f", "4", "89ab")),
		"uuid5":         formatAndPattern("uuid", uuidOf("0-9a-f", "5", "89ab")),
		"uuid7":         formatAndPattern("uuid", uuidOf("0-9a-f", "7", "89ab")),
		"uuid_rfc4122":  format("uuid"),
		"uuid3_rfc4122": formatAndPattern("uuid", uuidOf("0-9a-fA-F", "3", "0-9a-fA-F")),
		"uuid4_rfc4122": formatAndPattern("uuid", uuidOf("0-9a-fA-F", "4", "89abAB")),
		"uuid5_rfc4122": formatAndPattern("uuid", uuidOf("0-9a-fA-F", "5", "89abAB")),
		// The long s and the Kelvin sign are case variants of s and k.
		"ulid": pattern("^[0-7][A-HJKMNP-TV-Za-hjkmnp-tv-z0-9\u017f\u212a]{25}$"),

		"base32":       encoded("base32", `^([A-Z2-7]{8})*([A-Z2-7]{2}={6}|[A-Z2-7]{4}={4}|[A-Z2-7]{5}={3}|[A-Z2-7]{7}=|[A-Z2-7]{8})$`),
		"base64":       encoded("base64", `^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$`),
		"base64url":    encoded("base64url", `^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=|[A-Za-z0-9_-]{4})$`),
		"base64rawurl": encoded("base64url", `^([A-Za-z0-9_-]{4})*[A-Za-z0-9_-]{2,4}$`),
		"json":         onText(func(string) keyword { return roughly(&openapi3.Schema{ContentMediaType: "application/json"}) }),
		"jwt":          pattern(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$`),
		"md4":          hash(32), "md5": hash(32), "sha256": hash(64), "sha384": hash(96), "sha512": hash(128),
		"ripemd128": hash(32), "ripemd160": hash(40), "tiger128": hash(32), "tiger160": hash(40), "tiger192": hash(48),

		"semver": pattern(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)` +
			`(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?` +
			`(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$`),
		"mongodb":  pattern(`^[a-f0-9]{24}$`),
		"eth_addr": pattern(`^0x[0-9a-fA-F]{40}$`),
		"cve":      pattern(`^CVE-(1999|2[0-9]{3})-(0[^0][0-9]{2}|0[0-9][^0][0-9]|0[0-9]{2}[^0]|[1-9][0-9]{3,})$`),
		"bic":      pattern(`^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$`),
		"ein":      pattern(`^[0-9]{2}-[0-9]{7}$`),
		"issn":     wider(pattern(`^[0-9]{4}-[0-9]{3}[0-9X]$`)),

		"bic_iso_9362_2014": pattern(`^[A-Za-z]{6}[A-Za-z0-9]{2}([A-Za-z0-9]{3})?$`),
		// Validator accepts only durations that fit into 64 bits.
		"duration": wider(pattern(durationPattern)),
		"datetime": moment,
	}
}

// Parts of patterns: white space, a comma with white space around it, the numbers of a colour, and the characters after
// the first one of a label.
const (
	ws      = `[\t\n\f\r ]*`
	comma   = ws + `,` + ws
	octet   = `(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])`
	hue     = `(0|[1-9][0-9]?|[12][0-9][0-9]|3[0-5][0-9]|360)`
	percent = `(0|[1-9][0-9]?|100)%`
	share   = `(100|[1-9]?[0-9])%`
	alpha   = `(0[^\n][1-9]*|[01])`
	label   = `([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?`
)

// onText limits a rule to text; for other types no keyword expresses it.
func onText(maker func(param string) keyword) keywordMaker {
	return func(on subject, param string) keyword {
		if on.shape != text {
			return noKeyword
		}
		return maker(param)
	}
}

// ownPattern converts a pattern tag to ECMA-262. A pattern that cannot be converted was rejected when its rule was
// compiled.
func ownPattern(param string) keyword {
	spelled, err := check.ECMAPattern(param)
	if err != nil {
		return noKeyword
	}
	return exactly(&openapi3.Schema{Pattern: spelled})
}

func pattern(p string) keywordMaker {
	return onText(func(string) keyword { return exactly(&openapi3.Schema{Pattern: p}) })
}

func format(name string) keywordMaker {
	return onText(func(string) keyword { return exactly(&openapi3.Schema{Format: name}) })
}

func formatAndPattern(name, p string) keywordMaker {
	return onText(func(string) keyword { return exactly(&openapi3.Schema{Format: name, Pattern: p}) })
}

func encoded(encoding, p string) keywordMaker {
	return onText(func(string) keyword { return exactly(&openapi3.Schema{ContentEncoding: encoding, Pattern: p}) })
}

func eitherFormat(a, b string) keywordMaker {
	return onText(func(string) keyword {
		return exactly(&openapi3.Schema{AnyOf: openapi3.SchemaRefs{formatOf(a), formatOf(b)}})
	})
}

func hash(digits int) keywordMaker { return pattern(`^[0-9a-f]{` + strconv.Itoa(digits) + `}$`) }

func uuidOf(digit, version, variant string) string {
	d := "[" + digit + "]"
	return "^" + d + "{8}-" + d + "{4}-" + version + d + "{3}-[" + variant + "]" + d + "{3}-" + d + "{12}$"
}

// wider marks that the rule rejects more values than its keywords.
func wider(maker keywordMaker) keywordMaker {
	return func(on subject, param string) keyword {
		k := maker(on, param)
		k.exact = false
		return k
	}
}

func limited(length uint64, maker keywordMaker) keywordMaker {
	return func(on subject, param string) keyword {
		k := maker(on, param)
		if k.says != nil {
			k.says.MaxLength = &length
		}
		return k
	}
}

// negate returns the opposite of a rule. Only exact keywords have one.
func negate(maker keywordMaker) keywordMaker {
	return func(on subject, param string) keyword {
		k := maker(on, param)
		if k.says == nil || !k.exact {
			return noKeyword
		}
		// The keyword does not apply to other types, so without a type its negation would reject null, for example.
		k.says.Type = on.jsonType
		return exactly(&openapi3.Schema{Not: openapi3.NewSchemaRef("", k.says)})
	}
}

func quotedPattern(before, after string) keywordMaker {
	return onText(func(param string) keyword {
		return exactly(&openapi3.Schema{Pattern: before + regexp.QuoteMeta(param) + after})
	})
}

// classPattern returns a class of the parameter's characters, or of its first few.
func classPattern(before, after string, most int) keywordMaker {
	return onText(func(param string) keyword {
		if most > 0 {
			_, size := utf8.DecodeRuneInString(param)
			param = param[:size]
		}
		if param == "" || !utf8.ValidString(param) {
			return noKeyword
		}
		return exactly(&openapi3.Schema{Pattern: before + inClass.Replace(param) + after})
	})
}

var inClass = strings.NewReplacer(`\`, `\\`, `]`, `\]`, `[`, `\[`, `^`, `\^`, `-`, `\-`)

func unlessNumber(p string) keywordMaker {
	return func(on subject, param string) keyword {
		if on.shape.isNumber() {
			return alwaysKept
		}
		return pattern(p)(on, param)
	}
}

func truth(on subject, _ string) keyword {
	switch on.shape {
	case boolean:
		return alwaysKept
	case text:
		return exactly(&openapi3.Schema{Enum: []any{"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"}})
	}
	return noKeyword
}

// moment converts datetime=layout. time.Parse accepts hours with one digit and fractions after a comma, which the formats
// for times do not.
func moment(on subject, layout string) keyword {
	if on.shape == text && layout == "2006-01-02" {
		return exactly(&openapi3.Schema{Format: "date"})
	}
	return noKeyword
}

// size returns a schema for a number of characters, elements or members.
func (on subject) size(least, most *uint64) keyword {
	s := &openapi3.Schema{}
	low := uint64(0)
	if least != nil {
		low = *least
	}
	switch on.shape {
	case text:
		s.MinLength, s.MaxLength = low, most
	case list:
		s.MinItems, s.MaxItems = low, most
	case dictionary:
		s.MinProps, s.MaxProps = low, most
	case base64Text:
		// In base64, three bytes become four characters.
		s.MinLength = (low + 2) / 3 * 4
		if most != nil {
			s.MaxLength = new((*most + 2) / 3 * 4)
		}
		return roughly(s)
	default:
		return noKeyword
	}
	return exactly(s)
}

func (on subject) isSized() bool {
	return on.shape == text || on.shape == list || on.shape == dictionary || on.shape == base64Text
}

// parseSize parses a parameter as validator does. A size that no text can have is left out.
func parseSize(param string) (int64, bool) {
	// Base 0, as in validator: 0x10 is a valid bound.
	n, err := strconv.ParseInt(param, 0, 64)
	return n, err == nil && n < 1<<50
}

// precise is the largest integer up to which a float64 is exact for all integers.
const precise = 1 << 53

// limit parses a parameter as a number of the subject's type.
func (on subject) limit(param string) (float64, bool) {
	switch on.shape {
	case integer:
		// kin-openapi stores bounds as float64, so a larger one would become another number.
		n, err := strconv.ParseInt(param, 0, 64)
		return float64(n), err == nil && -precise <= n && n <= precise
	case unsignedInteger:
		n, err := strconv.ParseUint(param, 0, 64)
		return float64(n), err == nil && n <= precise
	case float:
		x, err := strconv.ParseFloat(param, 64)
		return x, err == nil && !math.IsNaN(x) && !math.IsInf(x, 0)
	}
	return 0, false
}

// atLeast returns a lower bound; more is added to sizes.
func atLeast(more int64) keywordMaker {
	return func(on subject, param string) keyword {
		if on.isSized() {
			n, ok := parseSize(param)
			if !ok {
				return noKeyword
			}
			// Every size satisfies a negative bound.
			return on.size(new(uint64(max(n+more, 0))), nil)
		}
		x, ok := on.limit(param)
		if !ok {
			return noKeyword
		}
		return exactly(&openapi3.Schema{Min: &x})
	}
}

func moreThan(on subject, param string) keyword {
	if on.isSized() {
		return atLeast(1)(on, param)
	}
	x, ok := on.limit(param)
	if !ok {
		return noKeyword
	}
	return exactly(&openapi3.Schema{ExclusiveMin: openapi3.ExclusiveBound{Value: &x}})
}

// atMost returns an upper bound. No keyword expresses a size below zero, which nothing has.
func atMost(less int64) keywordMaker {
	return func(on subject, param string) keyword {
		if on.isSized() {
			n, ok := parseSize(param)
			if n -= less; !ok || n < 0 {
				return noKeyword
			}
			return on.size(nil, new(uint64(n)))
		}
		x, ok := on.limit(param)
		if !ok {
			return noKeyword
		}
		return exactly(&openapi3.Schema{Max: &x})
	}
}

func lessThan(on subject, param string) keyword {
	if on.isSized() {
		return atMost(1)(on, param)
	}
	x, ok := on.limit(param)
	if !ok {
		return noKeyword
	}
	return exactly(&openapi3.Schema{ExclusiveMax: openapi3.ExclusiveBound{Value: &x}})
}

// multiple returns multipleOf for numbers. The parameter is a JSON number.
func multiple(on subject, param string) keyword {
	step, ok := on.limit(param)
	if !ok {
		return noKeyword
	}
	return exactly(&openapi3.Schema{MultipleOf: &step})
}

// length returns the exact size, or the value of a number.
func length(on subject, param string) keyword {
	if !on.isSized() {
		return equal(on, param)
	}
	n, ok := parseSize(param)
	if !ok || n < 0 {
		return noKeyword
	}
	return on.size(new(uint64(n)), new(uint64(n)))
}

// equal returns the value, or the size of a list or map.
func equal(on subject, param string) keyword {
	switch on.shape {
	case list, dictionary, base64Text:
		return length(on, param)
	}
	value, ok := on.value(param)
	if !ok {
		return noKeyword
	}
	return exactly(&openapi3.Schema{Const: value})
}

// zeroOnly returns the zero value. A list, a map and bytes are only zero if they are nil, which no JSON is.
func zeroOnly(on subject, _ string) keyword {
	switch on.shape {
	case text:
		return equal(on, "")
	case integer, unsignedInteger, float:
		return equal(on, "0")
	case boolean:
		return equal(on, "false")
	}
	return noKeyword
}

func unequal(on subject, param string) keyword { return negate(equal)(on, param) }

// value parses a parameter as a value of the subject's type. Integers keep all their digits.
func (on subject) value(param string) (any, bool) {
	switch on.shape {
	case text:
		return param, true
	case integer:
		n, err := strconv.ParseInt(param, 0, 64)
		return json.Number(strconv.FormatInt(n, 10)), err == nil
	case unsignedInteger:
		n, err := strconv.ParseUint(param, 0, 64)
		return json.Number(strconv.FormatUint(n, 10)), err == nil
	case float:
		return on.limit(param)
	case boolean:
		b, err := strconv.ParseBool(param)
		return b, err == nil
	}
	return nil, false
}

var word = lazy.Regexp{Text: `'[^']*'|\S+`}

// words returns the values of a oneof rule.
func words(param string) []string {
	found := word.Get().FindAllString(param, -1)
	for i := range found {
		found[i] = strings.ReplaceAll(found[i], "'", "")
	}
	return found
}

// among allows one of several values. validator compares the spelling of integers, so a word in another spelling is not a
// value.
func among(on subject, param string) keyword {
	var values []any
	for _, word := range words(param) {
		switch on.shape {
		case text:
			values = append(values, word)
		case integer, unsignedInteger:
			if value, ok := on.value(word); ok && string(value.(json.Number)) == word {
				values = append(values, value)
			}
		}
	}
	if len(values) == 0 {
		return noKeyword
	}
	return exactly(&openapi3.Schema{Enum: values})
}

func notAmong(on subject, param string) keyword { return negate(among)(on, param) }

func amongFolded(on subject, param string) keyword {
	if on.shape != text || len(words(param)) == 0 {
		return noKeyword
	}
	var folded []string
	for _, word := range words(param) {
		folded = append(folded, fold(word))
	}
	return exactly(&openapi3.Schema{Pattern: "^(" + strings.Join(folded, "|") + ")$"})
}

func equalFolded(on subject, param string) keyword {
	if on.shape != text {
		return noKeyword
	}
	return exactly(&openapi3.Schema{Pattern: "^" + fold(param) + "$"})
}

// fold returns a pattern for a text in any case, because ECMA-262 has no (?i).
func fold(text string) string {
	var b strings.Builder
	for _, r := range text {
		cases := []rune{r}
		// SimpleFold cycles through the case variants of a letter.
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			cases = append(cases, other)
		}
		if len(cases) == 1 {
			b.WriteString(regexp.QuoteMeta(string(r)))
			continue
		}
		b.WriteString("[" + string(cases) + "]")
	}
	return b.String()
}

// unique applies if elements that are equal in JSON are also equal in Go. Times are not, for example, because they
// contain a pointer to their zone.
func unique(on subject, param string) keyword {
	if on.shape != list || param != "" || !comparesAsJSON(on.typ.Elem) {
		return noKeyword
	}
	return exactly(&openapi3.Schema{UniqueItems: true})
}

func comparesAsJSON(t *typeinfo.Type) bool {
	switch t.Kind {
	case typeinfo.Pointer:
		return comparesAsJSON(t.Elem)
	case typeinfo.Bool, typeinfo.Int, typeinfo.Uint, typeinfo.Float, typeinfo.String:
		return true
	}
	return false
}

func port(on subject, _ string) keyword {
	if on.shape != integer && on.shape != unsignedInteger {
		return noKeyword
	}
	return exactly(&openapi3.Schema{Min: new(1.0), Max: new(65535.0)})
}

func degrees(most float64, p string) keywordMaker {
	return func(on subject, param string) keyword {
		if on.shape.isNumber() {
			return exactly(&openapi3.Schema{Min: new(-most), Max: new(most)})
		}
		return pattern(p)(on, param)
	}
}
