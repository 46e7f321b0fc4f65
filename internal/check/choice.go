package check

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// makeOneOf compiles oneof, oneofci, noneof and noneofci.
func makeOneOf(_ *Set, on subject, rule typeinfo.Rule) (compiled, error) {
	words := Words(rule.Param)
	if len(words) == 0 {
		return compiled{}, fmt.Errorf("names no value; write %s=red green", rule.Name)
	}
	for i, word := range words {
		// An enum of JSON Schema should not contain duplicates.
		if slices.Contains(words[:i], word) {
			return compiled{}, fmt.Errorf("%s is listed twice; drop one", quoted(word))
		}
	}
	member, err := on.membership(words, strings.HasSuffix(rule.Name, "ci"))
	if err != nil {
		return compiled{}, err
	}
	if strings.HasPrefix(rule.Name, "none") {
		return compiled{
			keeps: func(v reflect.Value) bool { return !member.keeps(v) },
			blame: valueError("must not be " + on.expected(words)),
		}, nil
	}
	member.blame = with(fault.Enum, "expected", on.expected(words))
	return member, nil
}

// expected lists the values as pydantic does: 'a', 'b' or 'c'.
func (on subject) expected(words []string) string {
	if on.shape != text {
		return wordList(words, "or")
	}
	marked := make([]string, len(words))
	for i, word := range words {
		marked[i] = quoted(word)
	}
	return wordList(marked, "or")
}

func (on subject) membership(words []string, anyCase bool) (compiled, error) {
	switch {
	case anyCase:
		return onString(func(s string) bool {
			return slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, s) })
		}), nil
	case on.shape == text:
		return onString(func(s string) bool { return slices.Contains(words, s) }), nil
	case on.shape == unsigned:
		return numberAmong(on, words, parseUint, formatUint, onUint)
	}
	return numberAmong(on, words, parseInt, number, onInt)
}

// numberAmong compares numbers. validator compares their spelling, so a word that is not a number in its usual spelling
// would never match.
func numberAmong[T int64 | uint64](
	on subject, words []string, parse func(string, int) (T, error), format func(T) string, onNumber func(func(T) bool) compiled,
) (compiled, error) {
	members := make([]T, len(words))
	for i, word := range words {
		n, err := parse(word, on.typ.Go.Bits())
		if errors.Is(err, strconv.ErrRange) {
			return compiled{}, fmt.Errorf("%s is out of the range of %s; drop it or take a wider type", word, on.typ.Go)
		}
		if err != nil {
			return compiled{}, fmt.Errorf("%s is not a number as %s is; write one such as 3", quoted(word), on.typ.Go)
		}
		if format(n) != word {
			return compiled{}, fmt.Errorf("%s would never be met; write %s", word, format(n))
		}
		members[i] = n
	}
	return onNumber(func(n T) bool { return slices.Contains(members, n) }), nil
}

func parseInt(word string, bits int) (int64, error)   { return strconv.ParseInt(word, 10, bits) }
func parseUint(word string, bits int) (uint64, error) { return strconv.ParseUint(word, 10, bits) }
func formatUint(n uint64) string                      { return strconv.FormatUint(n, 10) }

// Words splits a parameter as validator does: at spaces, except inside single quotes, which are removed.
func Words(param string) []string {
	var words []string
	for param != "" {
		end := wordEnd(param)
		if end == 0 {
			param = param[1:]
			continue
		}
		words = append(words, strings.ReplaceAll(param[:end], "'", ""))
		param = param[end:]
	}
	return words
}

// wordEnd returns the end of the word at the start of s, 0 if s starts with a space.
func wordEnd(s string) int {
	if s[0] == '\'' {
		if closing := strings.IndexByte(s[1:], '\''); closing >= 0 {
			return closing + 2
		}
	}
	if end := strings.IndexAny(s, "\t\n\f\r "); end >= 0 {
		return end
	}
	return len(s)
}

// makeEqualFold compiles eq_ignore_case and ne_ignore_case.
func makeEqualFold(_ *Set, _ subject, rule typeinfo.Rule) (compiled, error) {
	param, wanted := rule.Param, rule.Name == "eq_ignore_case"
	p := onString(func(s string) bool { return strings.EqualFold(s, param) == wanted })
	p.blame = valueError("must not be " + quoted(param) + " in any case")
	if wanted {
		p.blame = with(fault.Literal, "expected", quoted(param)+" in any case")
	}
	return p, nil
}
