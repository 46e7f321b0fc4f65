package operation

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/lazy"
)

// Words returns the letters and digits of a text, with an underscore for everything between them.
func Words(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	isBetween := false
	for i := range len(text) {
		c := text[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			if isBetween && b.Len() > 0 {
				b.WriteByte('_')
			}
			b.WriteByte(c)
			isBetween = false
		default:
			isBetween = true
		}
	}
	return b.String()
}

// longestSummary is the maximum length of a summary, in bytes.
const longestSummary = 100

// Summarize splits a comment: its first sentence without the leading name, and the rest. A long sentence is not a
// summary.
func Summarize(comment, name string) (first, rest string) {
	end := len(comment)
	if at := sentenceEnd.Get().FindStringIndex(comment); at != nil {
		end = at[0] + 1
	}
	first, rest = strings.Join(strings.Fields(comment[:end]), " "), strings.TrimSpace(comment[end:])
	first = strings.TrimSuffix(strings.TrimPrefix(first, name+" "), ".")
	if len(first) > longestSummary || first == "" {
		return "", comment
	}
	r, size := utf8.DecodeRuneInString(first)
	return string(unicode.ToUpper(r)) + first[size:], rest
}

// sentenceEnd matches the end of a sentence or a paragraph.
var sentenceEnd = lazy.Regexp{Text: `\.\s|\n\n`}

// InWords splits a Go name into words: readHTTPItem is "Read HTTP Item".
func InWords(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case i == 0:
			r = unicode.ToUpper(r)
		case r == '_':
			r = ' '
		case runes[i-1] == '_':
			r = unicode.ToUpper(r)
		// The last of several capitals begins the next word: HTTPItem is HTTP and Item.
		case unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])):
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// IsIdentifier reports whether a name is a Go identifier.
func IsIdentifier(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) < 0
}

// LowerFirst converts the first word of a name to lower case: HTTPServer is httpServer.
func LowerFirst(name string) string {
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsUpper(r) || i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return string(runes)
}

// UpperFirst converts the first letter of a name to upper case.
func UpperFirst(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}
