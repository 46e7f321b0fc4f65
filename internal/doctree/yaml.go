package doctree

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/lazy"
)

// AppendYAML appends the value as YAML 1.2 in block style. Old readers, which
// take yes for true and 12:30 for a number, find the same in it: whatever could
// be read as something else than its text is quoted.
func (v *Value) AppendYAML(out []byte) []byte {
	w := yamlWriter{out: out}
	w.value(v, 0)
	return append(w.out, '\n')
}

type yamlWriter struct{ out []byte }

// value writes what follows a key, a dash, or nothing at all.
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

// isBlock reports values that take lines of their own.
func (v *Value) isBlock() bool { return len(v.Members)+len(v.Items) > 0 }

func (w *yamlWriter) line(depth int) {
	w.out = append(w.out, '\n')
	for range depth {
		w.out = append(w.out, "  "...)
	}
}

// longKey is where YAML wants a mark before a key, in bytes.
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

// text writes several lines as such, and everything else as one.
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
		// An empty line has no blanks.
		if line == "" {
			w.out = append(w.out, '\n')
			continue
		}
		// Even at the top a text has to be indented.
		w.line(max(depth, 1))
		w.out = append(w.out, line...)
	}
}

// isLiteral reports whether a text of several lines can be written as a literal block.
func isLiteral(text string) bool {
	body, _ := strings.CutSuffix(text, "\n")
	// A blank at the start would need a number for the indentation, and line breaks at
	// either end are safer quoted.
	return strings.Contains(body, "\n") && !strings.HasSuffix(body, "\n") && !strings.HasPrefix(body, "\n") &&
		!strings.HasPrefix(body, " ") && !strings.HasPrefix(body, "\t") &&
		strings.IndexFunc(text, func(r rune) bool { return r != '\n' && needsEscape(r) }) < 0
}

// plain is what needs no quotes: it begins like a word, so it is no number, no
// date and no mark of YAML's. A colon and a number sign could end it.
var plain = lazy.Regexp{Text: `^[A-Za-z_$/][A-Za-z0-9_$/.,;(){}+*'= -]*$`}

// words are those that some reader takes for a boolean or null.
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

// needsEscape reports what YAML does not take for printable, or takes for the
// end of a line.
func needsEscape(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return true
	}
	return false
}
