package main

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor/benchmarks"
)

// service is the latest result of make profile.
//
//go:embed service.md
var service string

const introduction = `# Benchmarks

How many requests per second a server answers, as a multiple of *bare*: the same service written by hand on net/http and
encoding/json. Higher is better; 1.00 is as fast as by hand.
FastAPI is the one that Debian 12 packages, of early 2023, with pydantic 1; the figures say nothing about newer ones.

`

const explanation = `
A typed route reads tags and types when it is registered and runs compiled programs per request. This page says what
that comes to, beside the same service written in other ways.

Written by ` + "`make bench`" + `, which runs ` + "`go run ./cmd/table`" + ` in ` + "`benchmarks/`" + `. One test holds every contender to the same
responses and refusals (` + "`benchmarks/contract_test.go`" + `). Every figure is the median of %d rounds. What streams and
sockets cost has [a page of its own](streaming-benchmarks.md). How it was measured, and how many measurements stayed
disturbed, is [at the end](#how-it-was-measured).

`

const method = `
- **Candor** has all its defaults on: names match exactly and are unique, text is valid UTF-8, nothing
  follows the body, an absent member is not a zero one, bodies have a limit, and responses are checked. Of the others
  only huma and FastAPI tell absent from zero, only huma and fiber limit bodies, and only FastAPI checks responses. huma
  runs on net/http's mux and without the ` + "`$schema`" + ` members it would add. bare + json v2 is go-json-experiment, of which
  encoding/json/v2 is made.
- In process, a request is a call of the handler with a request that is used again and a writer that forgets: ServeHTTP,
  fasthttp's handler for fiber, and for FastAPI the ASGI application, called in a loop in one Python process.
- A run has three parts of %s or longer, and the fastest counts: what else the machine does makes a part slower and
  none faster. The contenders take turns. End to end, each part is followed by one of bare's server, and the ratio is
  the median of three such pairs: a machine that becomes slower does so for both.
- Each run in process is a process of its own with one processor for the program and its garbage collector. What is
  counted is the processor time of the process, which other work disturbs less than the clock.
- End to end, the server is a process on one processor and the client is another%s: 32 connections that stay open,
  4 for large bodies, each of which sends the next request when it has its response. The client is written for this and reads no more
  of a response than where it ends. Each server is the one that its users start: Candor's is App.Run with its limits, echo's
  its StartConfig, fiber's its own, FastAPI's one uvicorn worker, and all others are a plain http.Server.
- A run before or after which the machine was over %.0f %% slower than at its best, measured by a walk through 2 MB of
  memory, or end to end one in which other processes took as much of a processor, is made again, twice at most and
  while there is time; the least disturbed counts. In %d measurements there were %d repeats, and %d stayed disturbed.
- Memory of routes is what Go's heap keeps, of FastAPI what its process grew by; memory of connections is what the
  server's process grew by, without what the kernel has for a socket. Start-up has three rounds at most,
  and a contender that takes over %s for the smaller service is not measured again.
- The spread is the distance from the lowest to the highest of the runs, as a share of the median. A difference within
  the spread says nothing.
- In W10 all but Candor and FastAPI call the same three functions by hand, from the handler in bare, chi and huma and from
  middleware in gin, echo and fiber. Candor finds its chain by the types of the fields, and documents the 401 and 403.
`

// write writes the page and its plots.
func (r *results) write() error {
	images := filepath.Join(filepath.Dir(r.out), "images")
	if err := os.MkdirAll(images, 0o755); err != nil {
		return err
	}
	err := errors.Join(
		os.WriteFile(r.out, []byte(r.page()), 0o644),
		os.WriteFile(filepath.Join(images, "benchmarks-in-process.svg"), r.plot(r.workloads, r.speed), 0o644),
		os.WriteFile(filepath.Join(images, "benchmarks-end-to-end.svg"), r.plot(r.workloads, r.capacity), 0o644),
		os.WriteFile(filepath.Join(images, "benchmarks-unusual.svg"), r.plot(r.unusual, r.speed), 0o644),
	)
	if err == nil {
		r.progress("wrote %s", r.out)
	}
	return err
}

// page returns the whole page.
func (r *results) page() string {
	var b strings.Builder
	r.summary(&b)
	fmt.Fprintf(&b, explanation, r.rounds)
	for _, w := range r.workloads {
		fmt.Fprintf(&b, "- **%s** %s\n", w.Name, w.What)
	}
	r.ratesSection(&b)
	r.timesSection(&b)
	r.unusualSection(&b)
	r.memorySection(&b)
	b.WriteString(service)
	b.WriteString("\n## How it was measured\n")
	pinned := ""
	if canPin() {
		pinned = ", on the other"
	}
	fmt.Fprintf(&b, method, r.time, pinned, 100*tolerable, r.machine.measured, r.machine.repeated, r.machine.kept, patience)
	fmt.Fprintf(&b, "- %s on %s/%s, %d processors, %s:\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format("2006-01"))
	for _, c := range r.contenders {
		version, err := c.Version()
		if err != nil {
			version = notInstalled
		}
		fmt.Fprintf(&b, "  - %s: %s\n", c.Name(), version)
	}
	return b.String()
}

// summaries describe the workloads of the first table.
var summaries = map[string]string{
	"W1": "a tiny `GET`",
	"W3": "a checked `POST`",
	"W4": "a list of 100 objects",
	"W7": "a body of 1 MB, checked",
}

// summary writes the table and the image at the top of the page.
func (r *results) summary(b *strings.Builder) {
	b.WriteString(introduction)
	var chosen []benchmarks.Workload
	b.WriteString("| |")
	for _, w := range r.workloads {
		if heading, ok := summaries[w.Name]; ok {
			chosen = append(chosen, w)
			fmt.Fprintf(b, " %s |", heading)
		}
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(chosen)) + "\n")
	rates := ratio(func(workload, contender string) float64 { return r.toBare(r.rates, workload, contender) })
	for _, c := range r.contenders {
		if version, err := c.Version(); err == nil {
			row(b, chosen, c.Name()+", "+shortVersion(version), func(workload string) string { return rates(workload, c.Name()) })
		}
	}
	b.WriteString("\n![requests per second of the server's processor of each contender, as bars](images/benchmarks-end-to-end.svg)\n")
}

// shortVersion omits the path of a module, and the servers of FastAPI.
func shortVersion(version string) string {
	if path, number, ok := strings.Cut(version, " "); ok && strings.Contains(path, "/") {
		version = number
	}
	version, _, _ = strings.Cut(version, ", uvicorn")
	return version
}

func (r *results) ratesSection(b *strings.Builder) {
	b.WriteString(`
## Requests per second, end to end

As a ratio to bare over loopback; higher is better.

`)
	r.ratesTable(b, r.rates)
	b.WriteString(`
The same as requests per second of processor time that the server used. A server that never waits reaches them; where a
virtual machine's processor sleeps and wakes late, they move less than the rates above. The picture at the top shows them.

`)
	r.ratesTable(b, r.capacities)
}

// ratesTable writes requests per second, and their spread.
func (r *results) ratesTable(b *strings.Builder, rates samples) {
	r.table(b, r.workloads, ratio(func(w, c string) float64 { return r.toBare(rates, w, c) }))
	row(b, r.workloads, "*bare, requests/s*", func(w string) string { return fmt.Sprintf("%.0f", rates.median(w, r.contenders[0].Name())) })
	r.spread(b, r.workloads, rates)
}

func (r *results) timesSection(b *strings.Builder) {
	b.WriteString(`
## Time of a request, in process

As a ratio to bare; lower is better. What a server and a socket cost is not in it, which for W1 and W2 is several times
the handler.

![how many times as fast as bare each contender is in process, as bars](images/benchmarks-in-process.svg)

`)
	r.timesTables(b, r.workloads)
}

func (r *results) unusualSection(b *strings.Builder) {
	if len(r.unusual) == 0 {
		return
	}
	b.WriteString("\n## Unusual inputs, in process\n\n")
	for _, w := range r.unusual {
		fmt.Fprintf(b, "- **%s** %s\n", w.Name, w.What)
	}
	b.WriteString(`
![how many times as fast as bare each contender is with unusual inputs, as bars](images/benchmarks-unusual.svg)

As a ratio of times to bare; lower is better.

`)
	r.timesTables(b, r.unusual)
}

// timesTables writes the times, their spread, and the allocations.
func (r *results) timesTables(b *strings.Builder, workloads []benchmarks.Workload) {
	r.table(b, workloads, ratio(func(workload, contender string) float64 { return 1 / r.speed(workload, contender) }))
	row(b, workloads, "*bare, µs*", func(w string) string {
		microseconds := r.times.median(w, r.contenders[0].Name()) / 1000
		return fmt.Sprintf("%.*f", max(0, 2-int(math.Log10(max(1, microseconds)))), microseconds)
	})
	r.spread(b, workloads, r.times)
	b.WriteString("\nAllocations of a request:\n\n")
	r.table(b, workloads, func(workload, contender string) string {
		allocations := r.allocations.median(workload, contender)
		if allocations < 0 {
			return "–"
		}
		return fmt.Sprintf("%.0f", allocations)
	})
}

func (r *results) memorySection(b *strings.Builder) {
	b.WriteString(`
## Start-up and memory

Time of the processor to register routes, and to write the document where there is one, in a process that has done
neither before; what that leaves in memory, per route; and what a server's memory grows by for each of 1,000
connections that had a response and are idle.

| |`)
	for _, size := range r.sizes {
		fmt.Fprintf(b, " %d routes, ms | document, KB | bytes a route |", size)
	}
	b.WriteString(" idle connection, KB |\n|---|" + strings.Repeat("--:|--:|--:|", len(r.sizes)) + "--:|\n")
	for _, c := range r.contenders {
		fmt.Fprintf(b, "| %s |", c.Name())
		for _, size := range r.sizes {
			size := strconv.Itoa(size)
			fmt.Fprintf(b, " %s | %s | %s |", number(r.starts, size, c, 1e6), number(r.documents, size, c, 1024), number(r.memory, size, c, 1))
		}
		fmt.Fprintf(b, " %s |\n", number(r.idle, "", c, 1024))
	}
}

// number formats a median in the given unit.
func number(of samples, what string, c benchmarks.Contender, unit float64) string {
	if _, err := c.Version(); err != nil {
		return notInstalled
	}
	if !of.has(what, c.Name()) {
		return "not measured"
	}
	switch v := of.median(what, c.Name()) / unit; {
	case v == 0:
		return "–"
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

const notInstalled = "not installed"

// speed returns how many times as fast as bare a contender is in process.
func (r *results) speed(workload, contender string) float64 {
	return r.times.median(workload, r.contenders[0].Name()) / r.times.median(workload, contender)
}

// toBare returns the rate of a contender as a multiple of bare's.
func (r *results) toBare(rates samples, workload, contender string) float64 {
	if contender == r.contenders[0].Name() {
		return 1
	}
	return rates.median(workload, contender)
}

// capacity returns requests per second of the server's processor time, as a multiple of bare's.
func (r *results) capacity(workload, contender string) float64 {
	return r.toBare(r.capacities, workload, contender)
}

// ratio formats values with two decimals below 10 and none above; values below 0.1 with three.
func ratio(of func(workload, contender string) float64) func(workload, contender string) string {
	return func(workload, contender string) string {
		if v := of(workload, contender); v < 0.1 {
			return fmt.Sprintf("%.3f", v)
		} else if v < 10 {
			return fmt.Sprintf("%.2f", v)
		} else {
			return fmt.Sprintf("%.0f", v)
		}
	}
}

// spread writes a table that is collapsed by default.
func (r *results) spread(b *strings.Builder, workloads []benchmarks.Workload, of samples) {
	b.WriteString("\n<details><summary>Spread of the runs</summary>\n\n")
	r.table(b, workloads, func(workload, contender string) string {
		return fmt.Sprintf("%.0f %%", 100*of.spread(workload, contender))
	})
	b.WriteString("\n</details>\n")
}

// table has a row for each contender and a column for each workload.
func (r *results) table(b *strings.Builder, workloads []benchmarks.Workload, cell func(workload, contender string) string) {
	b.WriteString("| |")
	for _, w := range workloads {
		fmt.Fprintf(b, " %s |", w.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(workloads)) + "\n")
	for _, c := range r.contenders {
		row(b, workloads, c.Name(), func(workload string) string {
			if !r.times.has(workload, c.Name()) {
				return notInstalled
			}
			return cell(workload, c.Name())
		})
	}
}

// row writes one row of a table.
func row(b *strings.Builder, workloads []benchmarks.Workload, title string, cell func(workload string) string) {
	fmt.Fprintf(b, "| %s |", title)
	for _, w := range workloads {
		fmt.Fprintf(b, " %s |", cell(w.Name))
	}
	b.WriteString("\n")
}
