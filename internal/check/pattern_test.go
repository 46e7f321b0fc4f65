package check_test

import (
	"reflect"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
)

func TestECMAPattern(t *testing.T) {
	table := []struct{ pattern, ecma, problem string }{
		{`^[a-z]+$`, `^[a-z]+$`, ""},
		{`a.b`, `a[^\n]b`, ""},
		{`[.]`, `[.]`, ""},
		{`\.`, `\.`, ""},
		{`\s+\S*`, `[\t\n\f\r ]+[^\t\n\f\r ]*`, ""},
		{`[\s\d]`, `[\t\n\f\r \d]`, ""},
		{`[^\s]`, `[^\t\n\f\r ]`, ""},
		{`[^\S]`, "", `\S inside a class`},
		{`\d\D\w\W\b\B`, `\d\D\w\W\b\B`, ""},
		{`\p{L}\p{Lu}\P{Nd}[\p{L}-]`, `\p{L}\p{Lu}\P{Nd}[\p{L}-]`, ""},
		{`\pL`, "", `write \p{L}`},
		{`\PN`, "", `write \P{N}`},
		{`\p{Greek}`, "", "does not know"},
		{`\p{^L}`, "", "does not know"},
		{`(?:a|b)?`, `(?:a|b)?`, ""},
		{`(?<year>\d{4})`, `(?<year>\d{4})`, ""},
		{`(?<1>a)`, "", "begins with a letter"},
		{`(?P<year>\d{4})`, "", "write (?<name>...)"},
		{`(?i)abc`, "", "no flags such as (?i"},
		{`(?s:.)`, "", "no flags such as (?s"},
		{`\Aabc`, "", "write ^"},
		{`abc\z`, "", "write $"},
		{`\Qa.b\E`, "", `no \Q`},
		{`\a`, "", `write \x07`},
		{`\x41`, `\x41`, ""},
		{`\x{41}`, "", `no \x{41}`},
		{`\101`, "", "no octal"},
		{`\0`, "", "no octal"},
		{`[[:alpha:]]`, "", "write [A-Za-z]"},
		{`[[]`, `[[]`, ""},
		{`[]a]`, "", `write \]`},
		{`[^]a]`, "", `write \]`},
		{`[\]a]`, `[\]a]`, ""},
		{`a]`, "", `write \]`},
		{`a}`, "", `write \}`},
		{`a{`, "", `write \{`},
		{`a{,3}`, "", `write \{`},
		{`a{2}b{2,}c{2,3}?`, `a{2}b{2,}c{2,3}?`, ""},
		{`[a{}()]`, `[a{}()]`, ""},
		{`^*a`, "", "repeats a position"},
		{`a\b+`, "", "repeats a position"},
		{`\-`, "", "write -"},
		{`\@`, "", "write @"},
		{`\_`, "", "write _"},
		{`[\-\^]`, `[\-\^]`, ""},
		{`[\@]`, "", "write @"},
		{`[\w-.]`, "", `write \-`},
		{`[\w-]`, `[\w-]`, ""},
		{`[-\w]`, `[-\w]`, ""},
		{`[a-\d]`, "", "not a regular expression"},
		{`[a-c-\d]`, `[a-c-\d]`, ""},
		{`[\w\-.]`, `[\w\-.]`, ""},
		{`[a-z-9]`, `[a-z-9]`, ""},
		{`\/`, `\/`, ""},
		{`ä+|日`, `ä+|日`, ""},
		{`(?=a)`, "", "no look-around such as (?="},
		{`(a)\1`, "", "not a regular expression"},
		{`(`, "", "not a regular expression"},
		{"\xff", "", "not a regular expression"},
		{``, ``, ""},
	}
	for _, row := range table {
		t.Run(row.pattern, func(t *testing.T) {
			ecma, err := check.ECMAPattern(row.pattern)
			if row.problem != "" {
				require.ErrorContains(t, err, row.problem)
				_, err = compile(t, check.Builtin(), reflect.TypeFor[string](), "pattern="+row.pattern)
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, row.ecma, ecma)
		})
	}
}

// The published form of a pattern is also valid in Go, and matches the same texts.
func FuzzECMAPattern(f *testing.F) {
	for _, pattern := range []string{
		`^[a-z]+$`, `a.b`, `[^\s]\S\s`, `[\s\d-]`, `\p{L}+|\P{Nd}`, `(?<n>a{2,3}?)\b`, `[\]\-^]`, `\x41\.`, `[]a]`, `(?i)a`, `\pL`, `a{,2}`,
	} {
		f.Add(pattern, "a b\nZ9-")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		ecma, err := check.ECMAPattern(pattern)
		if err != nil {
			return
		}
		want, err := regexp.Compile(pattern)
		if err != nil {
			t.Fatalf("%q is taken: %v", pattern, err)
		}
		got, err := regexp.Compile(ecma)
		if err != nil {
			t.Fatalf("%q became %q: %v", pattern, ecma, err)
		}
		if want.MatchString(text) != got.MatchString(text) {
			t.Fatalf("%q became %q, which differs on %q", pattern, ecma, text)
		}
		again, err := check.ECMAPattern(ecma)
		if err != nil || again != ecma {
			t.Fatalf("%q became %q, then %q: %v", pattern, ecma, again, err)
		}
	})
}
