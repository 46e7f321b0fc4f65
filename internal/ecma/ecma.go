// Package ecma converts regular expressions of ECMA-262 with the flag u, which JSON Schema 2020-12 uses, to Go.
//
// It is used only in tests: comparing requests and responses with a document needs the document's patterns in Go. A
// server does not use it.
package ecma

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/lazy"
)

// Compile creates a Go expression with the meaning of an ECMA-262 pattern. Features that Go lacks, such as look-around
// and back-references, and invalid patterns are errors.
func Compile(pattern string) (*regexp.Regexp, error) {
	text, err := ToGo(pattern)
	if err != nil {
		return nil, err
	}
	return regexp.Compile(text)
}

// ToGo spells a pattern of ECMA-262 for Go.
func ToGo(pattern string) (string, error) {
	r := reader{rest: pattern}
	for r.rest != "" {
		if err := r.next(); err != nil {
			return "", err
		}
	}
	// Go checks the rest, such as a repetition beyond its limit.
	if _, err := regexp.Compile(r.out.String()); err != nil {
		return "", errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return r.out.String(), nil
}

// The sets whose extent differs, from ECMA-262: WhiteSpace and LineTerminator. In Go, a class cannot contain a negated
// set, so notSpaces is written out.
const (
	lineEnds  = `\n\r\x{2028}\x{2029}`
	spaces    = `\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
	notSpaces = `\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}` +
		`\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`
	everything = `\x{0}-\x{10ffff}`
)

// reader goes through a pattern.
type reader struct {
	rest    string
	out     strings.Builder
	inClass bool
}

// take writes the next n bytes as they are.
func (r *reader) take(n int) { r.replace(n, r.rest[:n]) }

// replace writes s for the next n bytes.
func (r *reader) replace(n int, s string) {
	r.out.WriteString(s)
	r.rest = r.rest[n:]
}

func (r *reader) next() error {
	if r.rest[0] == '\\' {
		return r.escape()
	}
	if r.inClass {
		r.class()
		return nil
	}
	switch c := r.rest[0]; c {
	case '.':
		r.replace(1, "[^"+lineEnds+"]")
	case '[':
		r.open()
	case '(':
		return r.group()
	case '{':
		n := len(counted.Get().FindString(r.rest))
		if n == 0 {
			return errors.New("a lone {")
		}
		r.take(n)
	case ']', '}':
		return fmt.Errorf("a lone %c", c)
	default:
		// All others mean the same in both.
		_, n := utf8.DecodeRuneInString(r.rest)
		r.take(n)
	}
	return nil
}

// counted is a repetition in braces.
var counted = lazy.Regexp{Text: `^\{[0-9]+(,[0-9]*)?\}`}

func (r *reader) group() error {
	switch {
	case !strings.HasPrefix(r.rest, "(?"):
		r.take(1)
	case strings.HasPrefix(r.rest, "(?:"):
		r.take(3)
	case strings.HasPrefix(r.rest, "(?="), strings.HasPrefix(r.rest, "(?!"), strings.HasPrefix(r.rest, "(?<="), strings.HasPrefix(r.rest, "(?<!"):
		return errors.New("look-around")
	case strings.HasPrefix(r.rest, "(?<"):
		// Go knows named groups in this spelling.
		r.take(3)
	default:
		return errors.New("flags inside of a pattern")
	}
	return nil
}

// open begins a class. ECMA-262 has classes of nothing and of everything.
func (r *reader) open() {
	switch {
	case strings.HasPrefix(r.rest, "[]"):
		r.replace(2, "[^"+everything+"]")
	case strings.HasPrefix(r.rest, "[^]"):
		r.replace(3, "["+everything+"]")
	case strings.HasPrefix(r.rest, "[^"):
		r.inClass = true
		r.take(2)
	default:
		r.inClass = true
		r.take(1)
	}
}

// class reads the rest of a class, where [ has no special meaning, but in Go would begin [:alpha:].
func (r *reader) class() {
	switch r.rest[0] {
	case '[':
		r.replace(1, `\[`)
	case ']':
		r.inClass = false
		r.take(1)
	default:
		_, n := utf8.DecodeRuneInString(r.rest)
		r.take(n)
	}
}

func (r *reader) escape() error {
	if len(r.rest) == 1 {
		return errors.New("a \\ at the end")
	}
	switch c := r.rest[1]; c {
	case 'd', 'D', 'w', 'W', 't', 'n', 'v', 'f', 'r':
		// The same in both: \d and \w are ASCII.
		r.take(2)
	case 's', 'S':
		r.space(c)
	case 'b', 'B':
		return r.boundary(c)
	case 'c':
		return r.control()
	case 'x', 'u':
		return r.codePoint()
	case 'p', 'P':
		return r.property()
	case 'k', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return errors.New("a back-reference")
	case '0':
		if len(r.rest) > 2 && '0' <= r.rest[2] && r.rest[2] <= '9' {
			return errors.New("an octal escape")
		}
		r.replace(2, `\x00`)
	default:
		return r.identity(c)
	}
	return nil
}

func (r *reader) space(c byte) {
	// In a class Go takes the set as it is; elsewhere it needs brackets.
	switch set := map[byte]string{'s': spaces, 'S': notSpaces}[c]; {
	case r.inClass:
		r.replace(2, set)
	default:
		r.replace(2, "["+set+"]")
	}
}

// boundary is \b, which is a backspace in a class.
func (r *reader) boundary(c byte) error {
	switch {
	case !r.inClass:
		r.take(2)
	case c == 'B':
		return errors.New(`\B in a class`)
	default:
		r.replace(2, `\x08`)
	}
	return nil
}

func (r *reader) control() error {
	if len(r.rest) < 3 || r.rest[2]|0x20 < 'a' || r.rest[2]|0x20 > 'z' {
		return errors.New(`\c without a letter`)
	}
	// A control character has the last five bits of its letter.
	r.replace(3, fmt.Sprintf(`\x%02x`, r.rest[2]&0x1f))
	return nil
}

var (
	hexadecimal = lazy.Regexp{Text: `^\\x([0-9A-Fa-f]{2})`}
	braced      = lazy.Regexp{Text: `^\\u\{([0-9A-Fa-f]+)\}`}
	surrogates  = lazy.Regexp{Text: `^\\u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})`}
	unit        = lazy.Regexp{Text: `^\\u([0-9A-Fa-f]{4})`}
)

// codePoint is a character by its number. Two surrogates are one character.
func (r *reader) codePoint() error {
	// First, since a half would match unit below and is no character.
	if m := surrogates.Get().FindStringSubmatch(r.rest); m != nil {
		high, _ := strconv.ParseUint(m[1], 16, 32)
		low, _ := strconv.ParseUint(m[2], 16, 32)
		r.replace(len(m[0]), fmt.Sprintf(`\x{%x}`, 0x10000+(high-0xd800)<<10+(low-0xdc00)))
		return nil
	}
	for _, form := range []*lazy.Regexp{&hexadecimal, &braced, &unit} {
		m := form.Get().FindStringSubmatch(r.rest)
		if m == nil {
			continue
		}
		n, err := strconv.ParseUint(m[1], 16, 32)
		if err != nil || !utf8.ValidRune(rune(n)) {
			return fmt.Errorf("%s, which is not a character", m[0])
		}
		r.replace(len(m[0]), fmt.Sprintf(`\x{%x}`, n))
		return nil
	}
	return fmt.Errorf(`\%c without a number`, r.rest[1])
}

var named = lazy.Regexp{Text: `^\\([pP])\{(?:(General_Category|gc|Script|sc)=)?([A-Za-z_]+)\}`}

// property is a property of Unicode: a general category, or a script.
func (r *reader) property() error {
	m := named.Get().FindStringSubmatch(r.rest)
	if m == nil {
		return errors.New("a property that Go does not know")
	}
	isScript := m[2] == "Script" || m[2] == "sc"
	known := !isScript && unicode.Categories[m[3]] != nil || isScript && unicode.Scripts[m[3]] != nil
	if long, ok := unicode.CategoryAliases[m[3]]; ok && !isScript {
		known, m[3] = true, long
	}
	switch {
	case known:
		r.replace(len(m[0]), `\`+m[1]+"{"+m[3]+"}")
	// Go has no such names, and the written-out set can be neither negated nor part of a class.
	case m[3] == "Any" && m[1] == "p" && !r.inClass:
		r.replace(len(m[0]), "["+everything+"]")
	case m[3] == "ASCII" && m[1] == "p" && !r.inClass:
		r.replace(len(m[0]), `[\x00-\x7f]`)
	default:
		return fmt.Errorf("%s, which Go does not know", m[0])
	}
	return nil
}

// identity is a backslash that only takes a meaning away.
func (r *reader) identity(c byte) error {
	if strings.IndexByte(`^$\.*+?()[]{}|/`, c) < 0 && (c != '-' || !r.inClass) {
		return fmt.Errorf(`\%c, which ECMA-262 refuses`, c)
	}
	if c == '/' {
		r.replace(2, "/")
		return nil
	}
	r.take(2)
	return nil
}
