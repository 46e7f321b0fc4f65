package check

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/typeinfo"
)

// makePattern compiles the pattern tag. Like JSON Schema's keyword, it searches the text for a match.
func makePattern(_ *Set, _ subject, rule typeinfo.Rule) (compiled, error) {
	if _, err := ECMAPattern(rule.Param); err != nil {
		return compiled{}, err
	}
	search, err := regexp.Compile(rule.Param)
	if err != nil {
		return compiled{}, notGo(err)
	}
	made := onString(search.MatchString)
	facts := map[string]any{"pattern": rule.Param}
	if rule.Message != "" {
		facts[fault.Sentence] = rule.Message
	}
	made.blame = always(fault.NewRule(fault.PatternMismatch, facts).Broken())
	return made, nil
}

func notGo(err error) error {
	problem := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	return fmt.Errorf("not a regular expression of Go (%s); write one without look-around and back-references", problem)
}

// ECMAPattern converts a Go regular expression to one that means the same in ECMA-262 with the u flag, and thus in JSON
// Schema: `.` and `\s` are expanded, because they match other characters there. For features that only Go has, the
// error says what to write instead.
func ECMAPattern(pattern string) (string, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		if known := goOnly(pattern); known != nil {
			return "", known
		}
		return "", notGo(err)
	}
	t := translator{rest: pattern}
	for t.rest != "" {
		if err := t.next(); err != nil {
			return "", err
		}
	}
	return t.out.String(), nil
}

// goOnly returns advice for features of other dialects that Go does not support.
func goOnly(pattern string) error {
	for _, look := range [...]string{"(?=", "(?!", "(?<=", "(?<!"} {
		if strings.Contains(pattern, look) {
			//nolint:staticcheck // Go is a name
			return fmt.Errorf("Go has no look-around such as %s; write the alternatives out, or a rule of your own", look)
		}
	}
	return nil
}

// translator converts a pattern that Go accepts.
type translator struct {
	rest string
	out  strings.Builder
	// inClass is set between [ and ], classStart right after [ or [^, and set after an escape for a set of characters in a
	// class.
	inClass, classStart, set bool
	// assertion is set after ^, $, \b and \B, which cannot be repeated.
	assertion bool
}

// take copies the next n bytes.
func (t *translator) take(n int) { t.replace(n, t.rest[:n]) }

// replace writes s instead of the next n bytes.
func (t *translator) replace(n int, s string) {
	t.out.WriteString(s)
	t.rest = t.rest[n:]
}

func (t *translator) next() error {
	if t.inClass {
		return t.class()
	}
	// Only what comes right after an assertion could repeat it.
	assertion := t.assertion
	t.assertion = false
	switch c := t.rest[0]; c {
	case '\\':
		return t.escape()
	case '[':
		return t.open()
	case '(':
		return t.group()
	case '.':
		t.replace(1, `[^\n]`)
	case ']', '}':
		return fmt.Errorf("a lone %c means nothing in ECMA-262; write \\%c", c, c)
	case '*', '+', '?', '{':
		return t.repeat(assertion)
	case '^', '$':
		t.assertion = true
		t.take(1)
	default:
		// The special characters are all ASCII, so bytes can be compared.
		t.take(1)
	}
	return nil
}

// counted matches a repetition in braces.
var counted = lazy.Regexp{Text: `^\{[0-9]+(,[0-9]*)?\}`}

func (t *translator) repeat(assertion bool) error {
	n := 1
	if t.rest[0] == '{' {
		if n = len(counted.Get().FindString(t.rest)); n == 0 {
			return errors.New(`a lone { means nothing in ECMA-262; write \{`)
		}
	}
	if assertion {
		return fmt.Errorf("%s repeats a position, not a character, which ECMA-262 refuses; drop it", t.rest[:n])
	}
	t.take(n)
	return nil
}

// groupName matches the start of a named group, which is the same in both languages.
var groupName = lazy.Regexp{Text: `^\(\?<[A-Za-z_][A-Za-z0-9_]*>`}

func (t *translator) group() error {
	switch {
	case !strings.HasPrefix(t.rest, "(?"):
		t.take(1)
	case strings.HasPrefix(t.rest, "(?:"):
		t.take(3)
	case strings.HasPrefix(t.rest, "(?P<"):
		return errors.New("ECMA-262 has no (?P<name>...); write (?<name>...)")
	case groupName.Get().MatchString(t.rest):
		t.take(len(groupName.Get().FindString(t.rest)))
	case strings.HasPrefix(t.rest, "(?<"):
		return errors.New("a group's name begins with a letter in ECMA-262; write (?<name>...)")
	default:
		flags, _, _ := strings.Cut(t.rest, ")")
		flags, _, _ = strings.Cut(flags, ":")
		return fmt.Errorf("ECMA-262 has no flags such as %s inside a pattern; write both cases out as in [Aa]", flags)
	}
	return nil
}

func (t *translator) open() error {
	n := 1
	if strings.HasPrefix(t.rest, "[^") {
		n = 2
	}
	t.take(n)
	t.inClass, t.classStart, t.set = true, true, false
	return nil
}

func (t *translator) class() error {
	start, set := t.classStart, t.set
	t.classStart, t.set = false, false
	switch {
	case t.rest[0] == '\\':
		return t.escape()
	case t.rest[0] == ']' && start:
		return errors.New(`a ] at the start of a class ends it in ECMA-262; write \]`)
	case t.rest[0] == ']':
		t.inClass = false
	case strings.HasPrefix(t.rest, "[:"):
		return errors.New("ECMA-262 has no classes such as [[:alpha:]]; write [A-Za-z]")
	case t.rest[0] == '-' && set && !strings.HasPrefix(t.rest, "-]"):
		return errors.New(`a - after a set of characters means nothing in ECMA-262; write \-`)
	}
	t.take(1)
	return nil
}

// escape converts an escape sequence.
func (t *translator) escape() error {
	// Go has accepted the pattern, so something comes after a backslash.
	switch c := t.rest[1]; c {
	case 'd', 'D', 'w', 'W':
		// The same ASCII sets in both languages.
		t.set = t.inClass
		t.take(2)
	case 's', 'S':
		return t.space(c)
	case 'p', 'P':
		return t.property()
	case 'b', 'B':
		t.assertion = true
		t.take(2)
	case 'f', 'n', 'r', 't', 'v':
		t.take(2)
	case 'x':
		return t.hexadecimal()
	default:
		return t.identity(c)
	}
	return nil
}

// goSpaces are the characters of \s in Go; ECMA-262 adds Unicode's spaces.
const goSpaces = `\t\n\f\r `

func (t *translator) space(c byte) error {
	t.set = t.inClass
	switch {
	case t.inClass && c == 'S':
		return errors.New(`\S inside a class cannot be written for ECMA-262; write a class of its own, as in (?:\S|a)`)
	case t.inClass:
		t.replace(2, goSpaces)
	case c == 'S':
		t.replace(2, "[^"+goSpaces+"]")
	default:
		t.replace(2, "["+goSpaces+"]")
	}
	return nil
}

// property allows the general categories of Unicode by the names that both languages have.
func (t *translator) property() error {
	if t.rest[2] != '{' {
		return fmt.Errorf(`ECMA-262 has no \%c%c; write \%c{%c}`, t.rest[1], t.rest[2], t.rest[1], t.rest[2])
	}
	end := strings.IndexByte(t.rest, '}')
	name := t.rest[3:end]
	if !sharedProperty(name) {
		return fmt.Errorf(`ECMA-262 does not know %s; write a general category such as \p{L}, or the characters themselves`, t.rest[:end+1])
	}
	t.set = t.inClass
	t.take(end + 1)
	return nil
}

func sharedProperty(name string) bool {
	if _, ok := unicode.Categories[name]; ok {
		return true
	}
	if _, ok := unicode.CategoryAliases[name]; ok {
		return true
	}
	return name == "Any" || name == "ASCII" || name == "Assigned"
}

func (t *translator) hexadecimal() error {
	if t.rest[2] == '{' {
		end := strings.IndexByte(t.rest, '}')
		return fmt.Errorf(`ECMA-262 has no %s; write the character itself, or \x41 for one below 256`, t.rest[:end+1])
	}
	t.take(4)
	return nil
}

// identity converts a backslash that only escapes a character.
func (t *translator) identity(c byte) error {
	switch {
	case strings.IndexByte(`^$\.*+?()[]{}|/`, c) >= 0, c == '-' && t.inClass:
		t.take(2)
		return nil
	case c == 'A':
		return errors.New(`ECMA-262 has no \A; write ^`)
	case c == 'z':
		return errors.New(`ECMA-262 has no \z; write $`)
	case c == 'Q':
		return errors.New(`ECMA-262 has no \Q...\E; write a backslash before each character with a meaning`)
	case c == 'a':
		return errors.New(`ECMA-262 has no \a; write \x07`)
	case c == 'C':
		return errors.New(`ECMA-262 has no \C; write a character`)
	case '0' <= c && c <= '9':
		return fmt.Errorf(`ECMA-262 has no octal \%c; write \x00 with two hexadecimal digits`, c)
	}
	return fmt.Errorf(`ECMA-262 refuses \%c, for %c needs no escape; write %c`, c, c, c)
}
