package ecma_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/ecma"
)

// The strings that a pattern matches or not, by ECMA-262 with the flag u.
func TestMeaning(t *testing.T) {
	for _, row := range []struct {
		pattern string
		yes, no []string
	}{
		{`^\s$`, []string{" ", "\v", "\u00a0", "\u1680", "\u2003", "\u2028", "\u3000", "\ufeff"}, []string{"a", "\u0085", "\u180e", "\u200b", "\u2060"}},
		{`^\S$`, []string{"a", "\u0085", "\u200b", "\U0001f600"}, []string{" ", "\v", "\u00a0", "\ufeff", ""}},
		{`^[\S ]$`, []string{"a", " ", "\u0085"}, []string{"\u00a0", "\v"}},
		{`^[^\s]$`, []string{"a"}, []string{"\u00a0", "\u2029"}},
		{`^a.c$`, []string{"abc", "a\u0085c", "a\U0001f600c"}, []string{"a\nc", "a\rc", "a\u2028c", "a\u2029c"}},
		{`^[.]$`, []string{"."}, []string{"a"}},
		{`^a$`, []string{"a"}, []string{"a\n"}},
		{`^[^\u0000]*$`, []string{"", "a"}, []string{"\x00"}},
		{`^\u{1F600}\uD83D\uDE00$`, []string{"\U0001f600\U0001f600"}, []string{"\U0001f600"}},
		{`^\cJ\0\x41[\b]$`, []string{"\n\x00A\b"}, nil},
		{`^[^]$`, []string{"a", "\n"}, []string{""}},
		{`^[]$`, nil, []string{"", "a", "]"}},
		{`^[[:alpha:]$`, []string{"[", ":", "a", "l"}, []string{"b"}},
		{`^\p{Lu}\p{Letter}\p{Script=Greek}\p{gc=Nd}$`, []string{"Aaα1"}, []string{"aaα1", "Aaa1"}},
		{`^\p{Any}\p{ASCII}$`, []string{"\na"}, []string{"aé"}},
		{`^(?<year>\d{4})-(?:\/|\-?)$`, nil, nil},
		{`^\w\W\bé`, nil, []string{"é"}},
	} {
		expression, err := ecma.Compile(row.pattern)
		if row.yes == nil && row.no == nil {
			assert.Error(t, err, row.pattern)
			continue
		}
		require.NoError(t, err, row.pattern)
		for _, text := range row.yes {
			assert.True(t, expression.MatchString(text), "%s %q", row.pattern, text)
		}
		for _, text := range row.no {
			assert.False(t, expression.MatchString(text), "%s %q", row.pattern, text)
		}
	}
}

func TestUnsupportedPatterns(t *testing.T) {
	for pattern, reason := range map[string]string{
		`^(?=a)`: "look-around", `(?<!a)b`: "look-around", `(a)\1`: "a back-reference", `\k<a>`: "a back-reference", `(?i)a`: "flags",
		`\Aa`: `\A`, `\a`: `\a`, `a{`: "a lone {", `a}`: "a lone }", `]`: "a lone ]", `\p{Emoji}`: "Emoji", `\pL`: "a property", `\uD800`: "not a character",
		`\u{110000}`: "not a character", `\xg`: "without a number", `\c1`: "without a letter", `\01`: "an octal escape", `[\B]`: `\B in a class`, `a{2000}`: "repeat", `\`: "at the end", `(`: "missing",
	} {
		_, err := ecma.ToGo(pattern)
		assert.ErrorContains(t, err, reason, pattern)
	}
}

func TestRewrite(t *testing.T) {
	document := map[string]any{"a": []any{
		map[string]any{"pattern": `^.$`},
		map[string]any{"pattern": `(?=a)`},
		map[string]any{"pattern": `(?=b)`, "x-validate": "b"},
		map[string]any{"properties": map[string]any{"pattern": map[string]any{"type": "string"}}},
	}}
	unread := ecma.Rewrite(document)
	require.Len(t, unread, 1)
	assert.Equal(t, "/a/1", unread[0].Pointer)
	assert.Equal(t, `(?=a)`, unread[0].Pattern)
	assert.Equal(t, map[string]any{"a": []any{
		map[string]any{"pattern": `^[^\n\r\x{2028}\x{2029}]$`, "x-pattern": `^.$`},
		map[string]any{"x-validate": "pattern"},
		map[string]any{"x-validate": "b"},
		map[string]any{"properties": map[string]any{"pattern": map[string]any{"type": "string"}}},
	}}, document)
}
