package doctree

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/lazy"
)

// AppendYAML appends the value as YAML 1.2 in block style. Older parsers, which read yes as true and 12:30 as a number,
// read the same values: every string that could be read as something else is quoted.
func (v *Value) AppendYAML(out []byte) []byte {
	w := yamlWriter{out: out}
	w.value(v, 0)
	return append(w.out, '\n')
}

type yamlWriter struct{ out []byte }

// value writes a value at the top, or after a key or a dash.
func (w *yamlWriter) value(v *Value, depth int) {
	switch {
	case v.Kind == '{' && len(v.Members) == 0:
		w.out = append(w.out, "{}"...)
	case v.Kind == '[' && len(v.Items) == 0:
		w.out = append(w.out, "[]"...)
	case v.Kind == '{':
		w.object(v, depth)
	case v.Kind == '[':
		w.array(v, depth)
	case v.Kind == '"':
		w.text(v.Text, depth)
	default:
		w.out = v.AppendJSON(w.out)
	}
}

func (w *yamlWriter) object(v *Value, depth int) {
	for i, m := range v.Members {
		if i > 0 {
			w.line(depth)
		}
		w.key(m.Name, depth)
		if m.Value.isBlock() {
			w.line(depth + 1)
		} else {
			w.out = append(w.out, ' ')
		}
		w.value(m.Value, depth+1)
	}
}

func (w *yamlWriter) array(v *Value, depth int) {
	for i, item := range v.Items {
		if i > 0 {
			w.line(depth)
		}
		w.out = append(w.out, "- "...)
		// The first line follows the dash, in the column to which the others are indented.
		w.value(item, depth+1)
	}
}

// isBlock reports whether a value takes lines of its own.
func (v *Value) isBlock() bool { return len(v.Members)+len(v.Items) > 0 }

func (w *yamlWriter) line(depth int) {
	w.out = append(w.out, '\n')
	for range depth {
		w.out = append(w.out, "  "...)
	}
}

// longKey is the length in bytes from which YAML requires an explicit key indicator.
const longKey = 1000

func (w *yamlWriter) key(name string, depth int) {
	if len(name) > longKey {
		w.out = append(w.out, "? "...)
		w.quoted(name)
		w.line(depth)
	} else {
		w.scalar(name)
	}
	w.out = append(w.out, ':')
}

// text writes a string of several lines as a literal block, and any other on one line.
func (w *yamlWriter) text(text string, depth int) {
	if !isLiteral(text) {
		w.scalar(text)
		return
	}
	body, ends := strings.CutSuffix(text, "\n")
	w.out = append(w.out, '|')
	if !ends {
		w.out = append(w.out, '-')
	}
	for line := range strings.SplitSeq(body, "\n") {
		// An empty line is not indented.
		if line == "" {
			w.out = append(w.out, '\n')
			continue
		}
		// A literal block must be indented even at the top.
		w.line(max(depth, 1))
		w.out = append(w.out, line...)
	}
}

// isLiteral reports whether a string of several lines can be written as a literal block.
func isLiteral(text string) bool {
	body, _ := strings.CutSuffix(text, "\n")
	// A leading space would require an indentation indicator, and line breaks at either end are safer quoted.
	return strings.Contains(body, "\n") && !strings.HasSuffix(body, "\n") && !strings.HasPrefix(body, "\n") &&
		!strings.HasPrefix(body, " ") && !strings.HasPrefix(body, "\t") &&
		strings.IndexFunc(text, func(r rune) bool { return r != '\n' && needsEscape(r) }) < 0
}

// plain matches strings that need no quotes: one that begins like a word is not a number, a date or an indicator. It must
// not contain a colon or a number sign.
var plain = lazy.Regexp{Text: `^[A-Za-z_$/][A-Za-z0-9_$/.,;(){}+*'= -]*$`}

// words are strings that some parsers read as a boolean or null.
var words = strings.Fields("true false yes no on off y n null")

func (w *yamlWriter) scalar(text string) {
	if plain.Get().MatchString(text) && !strings.HasSuffix(text, " ") && !slices.Contains(words, strings.ToLower(text)) {
		w.out = append(w.out, text...)
		return
	}
	w.quoted(text)
}

func (w *yamlWriter) quoted(text string) {
	w.out = append(w.out, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			w.out = append(w.out, '\\', byte(r))
		case r == '\n':
			w.out = append(w.out, `\n`...)
		case r == '\t':
			w.out = append(w.out, `\t`...)
		case needsEscape(r):
			w.out = fmt.Appendf(w.out, `\u%04x`, r)
		default:
			w.out = utf8.AppendRune(w.out, r)
		}
	}
	w.out = append(w.out, '"')
}

// needsEscape reports whether YAML treats a character as not printable or as a line break.
func needsEscape(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return true
	}
	return false
}
