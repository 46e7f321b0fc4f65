package main

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/benchmarks"
)

// TestMain lets the test binary run as a child process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == playing {
		if err := play(context.Background(), os.Args[2:]); err != nil {
			log.Fatal(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestRun runs all measurements of all contenders with the least work: one round, as there is no time for another.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	s := settings{
		rounds: 3, within: time.Nanosecond, sizes: []int{40, 80}, time: time.Millisecond, out: filepath.Join(dir, "page.md"),
		contenders: pattern{regexp.MustCompile("")}, workloads: pattern{regexp.MustCompile("^W[13]u?$")},
	}
	require.NoError(t, run(t.Context(), s))
	page, err := os.ReadFile(s.out)
	require.NoError(t, err)
	for _, c := range benchmarks.Contenders() {
		row := `(?m)^\| ` + regexp.QuoteMeta(c.Name()) + ` \| [0-9.]+ \| [0-9.]+ \|$`
		if _, err := c.Version(); err != nil {
			row = `(?m)^\| ` + regexp.QuoteMeta(c.Name()) + ` \| not installed \| not installed \|$`
		}
		assert.GreaterOrEqual(t, len(regexp.MustCompile(row).FindAll(page, -1)), 2, c.Name())
	}
	first, _, _ := strings.Cut(string(page), "](images/")
	for _, c := range benchmarks.Contenders() {
		if version, err := c.Version(); err == nil {
			row := `(?m)^\| ` + regexp.QuoteMeta(c.Name()+", "+shortVersion(version)) + ` \| [0-9.]+ \| [0-9.]+ \|$`
			assert.Regexp(t, row, first, "the page begins with each contender and its version")
		}
	}
	assert.Contains(t, string(page), "the median of 1 rounds")
	assert.NotContains(t, string(page), "NaN")
	assert.NotContains(t, string(page), "Inf")
	for _, image := range regexp.MustCompile(`\]\((images/[^)]*)\)`).FindAllSubmatch(page, -1) {
		bars := 0
		plot, err := os.Open(filepath.Join(dir, string(image[1])))
		require.NoError(t, err)
		for elements := xml.NewDecoder(plot); ; {
			token, err := elements.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "rect" {
				bars++
			}
		}
		panels := 2
		if string(image[1]) == "images/benchmarks-unusual.svg" {
			panels = 1
		}
		assert.Equal(t, panels*len(benchmarks.Contenders()), bars, string(image[1]))
		require.NoError(t, plot.Close())
	}
}

// TestShortVersion shows the versions beside the names of contenders.
func TestShortVersion(t *testing.T) {
	for version, want := range map[string]string{
		"go1.26.8":                         "go1.26.8",
		"github.com/gin-gonic/gin v1.12.0": "v1.12.0",
		"FastAPI 0.92.0, Starlette 0.26.1, pydantic 1.10.4 (not compiled), uvicorn 0.17.6 with uvloop": "FastAPI 0.92.0, Starlette 0.26.1, pydantic 1.10.4 (not compiled)",
	} {
		assert.Equal(t, want, shortVersion(version), version)
	}
}

// TestNoTimeToRepeat keeps the first measurement, however disturbed it is.
func TestNoTimeToRepeat(t *testing.T) {
	d := disturbance{slowness: func() float64 { return 0 }, patient: func() bool { return false }}
	got, err := undisturbed(&d, func() (string, float64, error) { return "first", 0.9, nil })
	require.NoError(t, err)
	assert.Equal(t, "first", got)
	assert.Equal(t, []int{1, 0, 1}, []int{d.measured, d.repeated, d.kept})
}

// TestMedian shows that the median is taken of the ratios of all pairs, whatever bare's rates are.
func TestMedian(t *testing.T) {
	assert.InDelta(t, 2, median([]float64{3, 1, 2}), 0)
	assert.InDelta(t, 4, median([]float64{4, 1}), 0)
	s := samples{}
	s.add("W1", "bare", 50_000)
	s.add("W1", "candor", 0.98)
	r := results{contenders: []benchmarks.Contender{benchmarks.Bare(), benchmarks.Candor()}}
	assert.InDelta(t, 1, r.toBare(s, "W1", "bare"), 0)
	assert.InDelta(t, 0.98, r.toBare(s, "W1", "candor"), 0)
}

// TestUndisturbed repeats disturbed measurements, and keeps the least disturbed one.
func TestUndisturbed(t *testing.T) {
	for _, row := range []struct {
		what string
		// others is the share of other processes in each attempt, slow the slowness of the machine before and after it.
		others, slow []float64
		kept         int
		repeated     int
		disturbed    int
	}{
		{"a quiet machine", []float64{0.01}, []float64{0, 0}, 0, 0, 0},
		{"work that ends", []float64{0.5, 0.02}, []float64{0, 0, 0, 0}, 1, 1, 0},
		{"a machine that is slow afterwards", []float64{0, 0}, []float64{0, 0.2, 0, 0.05}, 1, 1, 0},
		{"a machine that is waited for", []float64{0}, []float64{0.5, 0.3, 0.05, 0}, 0, 0, 0},
		{"work that does not end", []float64{0.5, 0.3, 0.4}, make([]float64, 6), 1, 2, 1},
	} {
		t.Run(row.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slow := row.slow
				d := disturbance{slowness: func() float64 {
					next := slow[0]
					slow = slow[1:]
					return next
				}}
				attempt := -1
				got, err := undisturbed(&d, func() (int, float64, error) {
					attempt++
					return attempt, row.others[attempt], nil
				})
				require.NoError(t, err)
				assert.Empty(t, slow)
				assert.Equal(t, len(row.others)-1, attempt)
				assert.Equal(t, row.kept, got)
				assert.Equal(t, []int{1, row.repeated, row.disturbed}, []int{d.measured, d.repeated, d.kept})
			})
		})
	}
}
