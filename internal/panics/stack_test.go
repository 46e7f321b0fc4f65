package panics_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/panics"
)

// recovered returns the error of a panic in f.
func recovered(f func()) (p *panics.Error) {
	defer func() { p = panics.New(recover()) }()
	f()
	return nil
}

func breaks() { panic("boom") }

func breaksInside() string { return strings.Repeat("x", -1) }

func breaksTwice() {
	defer func() {
		_ = recover()
		breaks()
	}()
	panic("first")
}

func TestStack(t *testing.T) {
	tests := map[string]struct {
		f    func()
		want []string
	}{
		"a panic":                        {breaks, []string{"breaks stack_test.go"}},
		"a panic of the runtime":         {func() { _ = []int{}[len(t.Name())] }, []string{"TestStack.func1 stack_test.go"}},
		"of the standard library":        {func() { _ = breaksInside() }, []string{"breaksInside stack_test.go, which called strings.Repeat", "TestStack.func2 stack_test.go"}},
		"below the standard library":     {func() { slices.SortFunc([]int{1, 2}, func(int, int) int { breaks(); return 0 }) }, []string{"breaks stack_test.go", "TestStack.func3.1 stack_test.go", "(N calls of the standard library)", "TestStack.func3 stack_test.go"}},
		"one while another is recovered": {breaksTwice, []string{"breaks stack_test.go", "breaksTwice.func1 stack_test.go"}},
	}
	for name, tc := range tests {
		lines := recovered(tc.f).Stack()
		for i, line := range lines {
			line = strings.TrimPrefix(line, "panics_test.")
			line = regexp.MustCompile(`\(\d+ calls? of`).ReplaceAllString(line, "(N calls of")
			lines[i] = regexp.MustCompile(`go:\d+`).ReplaceAllString(line, "go")
		}
		require.GreaterOrEqual(t, len(lines), len(tc.want), name)
		assert.Equal(t, tc.want, lines[:len(tc.want)], name)
	}
}

func TestStackOfAnEndlessRecursion(t *testing.T) {
	var deeper func(n int)
	deeper = func(n int) {
		if n == 0 {
			breaks()
		}
		deeper(n - 1)
	}
	lines := recovered(func() { deeper(1000) }).Stack()
	assert.Contains(t, lines[0], "panics_test.breaks stack_test.go:")
	assert.LessOrEqual(t, len(lines), 128)
}

func TestRecovered(t *testing.T) {
	assert.EqualError(t, panics.Recovered("boom"), "panic: boom")
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { _ = panics.Recovered(http.ErrAbortHandler) })
	// Without a panic, the stack is the caller's.
	assert.Contains(t, panics.New("boom").Stack()[0], ".TestRecovered stack_test.go:")
}
