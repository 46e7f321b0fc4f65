package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/candor-go/candor/benchmarks"
)

// workloads are those of BenchmarkServe.
var workloads = []struct{ name, what string }{
	{"W1", "`GET /`, a tiny object"},
	{"W2", "`GET /items/{id}?q=&limit=`, converted and range-checked"},
	{"W3", "`POST /items`, 200 bytes, six checked members; answers the object"},
	{"W4", "`GET /items`, 100 objects, 15 KB"},
	{"W5", "229 routes in the shape of GitHub's API, each in turn; answers its name and the values of its wildcards"},
	{"W6", "`POST /items` that breaks four rules: 422 that names all four"},
	{"W7", "`POST /items/batch`, 1 MB, every element checked"},
	{"W10", "`GET /me`: a bearer token, its account in a map, the account's role; in Candor three providers, each of which needs the one before"},
}

// contenders are the names of benchmarks.Contenders, the yardstick first.
var contenders = names(benchmarks.Contenders())

func names(all []benchmarks.Contender) (names []string) {
	for _, c := range all {
		names = append(names, c.Name())
	}
	return names
}

// modules are those whose version matters.
var modules = []string{
	"github.com/gin-gonic/gin", "github.com/labstack/echo/v5", "github.com/danielgtaylor/huma/v2",
	"github.com/go-chi/chi/v5", "github.com/go-playground/validator/v10",
}

// results gathers measurements, in the order of the rounds.
type results struct {
	rounds    int
	benchtime time.Duration
	of        map[[2]string][]measurement
}

func (r *results) add(workload, contender string, m measurement) {
	if r.of == nil {
		r.of = map[[2]string][]measurement{}
	}
	key := [2]string{workload, contender}
	r.of[key] = append(r.of[key], m)
}

// times are those of all rounds in ascending order.
func (r *results) times(workload, contender string) (times []float64) {
	for _, m := range r.of[[2]string{workload, contender}] {
		times = append(times, m.time)
	}
	slices.Sort(times)
	return times
}

func (r *results) median(workload, contender string) float64 {
	times := r.times(workload, contender)
	return times[len(times)/2]
}

const introduction = `# Benchmarks

A typed route reads tags and types when it is registered and runs compiled programs per request. This page says what
that comes to, beside the same service written in other ways.

Written by ` + "`make bench`" + `, which is ` + "`go run ./cmd/table`" + ` in ` + "`benchmarks/`" + `. One test holds every contender to the same
answers and refusals before anything is measured (` + "`benchmarks/contract_test.go`" + `).

## Time of a request, as a ratio to bare

Lower is better. *bare* is net/http and encoding/json with the rules written out by hand; the last line of the table is
its time. Every figure is the median of %d runs.

`

const method = `
- **Candor** has all its defaults on: names match exactly and are unique, text is valid UTF-8, nothing stands
  behind the body, an absent member is not a zero one, bodies have a limit, and answers are checked. Of the others
  only huma tells absent from zero and limits bodies; none checks answers. huma runs on net/http's mux and without the
  ` + "`$schema`" + ` members it would add.
- A request is a call of ServeHTTP with a request that is used again and a writer that forgets. What a server and a
  socket cost is not in the figures; for W1 and W2 it is several times the handler.
- Each run is a process of its own with one processor for the program and its garbage collector, and lasts %s or
  longer; the contenders take turns. What is counted is the processor time of the process, which other work on the
  machine disturbs less than the clock.
- The spread is the distance from the fastest to the slowest of the runs, as a share of the median. The machine
  has other work, too: a difference within the spread says nothing.
- In W10 all but Candor call the same three functions by hand, from the handler in bare, chi and huma and from
  middleware in gin and echo. Candor finds its chain by the types of the fields, and documents the 401 and 403.
- FastAPI is not here: it is another process behind a socket, and these are calls within one.
`

// page is the whole document.
func (r *results) page() (string, error) {
	versions, err := command("go", append([]string{"list", "-m", "-f", "{{.Path}} {{.Version}}"}, modules...)...)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, introduction, r.rounds)
	r.table(&b, func(workload, contender string) string {
		return fmt.Sprintf("%.2f", r.median(workload, contender)/r.median(workload, contenders[0]))
	})
	b.WriteString("| *bare, µs* |")
	for _, w := range workloads {
		fmt.Fprintf(&b, " %.*f |", decimals(r.median(w.name, contenders[0])), r.median(w.name, contenders[0])/1000)
	}
	b.WriteString("\n\n")
	for _, w := range workloads {
		fmt.Fprintf(&b, "- **%s** %s\n", w.name, w.what)
	}
	b.WriteString("\n## Allocations of a request\n\n")
	r.table(&b, func(workload, contender string) string {
		return fmt.Sprint(r.of[[2]string{workload, contender}][0].allocs)
	})
	b.WriteString("\n## Spread of the runs\n\n")
	r.table(&b, func(workload, contender string) string {
		times := r.times(workload, contender)
		return fmt.Sprintf("%.0f %%", 100*(times[len(times)-1]-times[0])/r.median(workload, contender))
	})
	b.WriteString("\n## How it was measured\n")
	fmt.Fprintf(&b, method, r.benchtime)
	fmt.Fprintf(&b, "- %s on %s/%s, %d processors, %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format("2006-01"))
	for line := range strings.Lines(versions) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		fmt.Fprintf(&b, ";\n  %s %s", path, version)
	}
	b.WriteString(".\n")
	return b.String(), nil
}

// decimals of a time in microseconds: three digits are enough.
func decimals(nanoseconds float64) int {
	switch {
	case nanoseconds < 10_000:
		return 2
	case nanoseconds < 100_000:
		return 1
	}
	return 0
}

// table has a row for each contender and a column for each workload.
func (r *results) table(b *strings.Builder, cell func(workload, contender string) string) {
	b.WriteString("| |")
	for _, w := range workloads {
		fmt.Fprintf(b, " %s |", w.name)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(workloads)) + "\n")
	for _, c := range contenders {
		fmt.Fprintf(b, "| %s |", c)
		for _, w := range workloads {
			fmt.Fprintf(b, " %s |", cell(w.name, c))
		}
		b.WriteString("\n")
	}
}
