// Streams compares streams in Candor with hand-written ones, and writes the results to docs/streaming-benchmarks.md:
//
//	cd benchmarks && go run ./cmd/streams
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often each is measured")
	benchtime := flag.Duration("benchtime", 500*time.Millisecond, "how long each measurement takes at least")
	out := flag.String("out", "../docs/streaming-benchmarks.md", "the file to write")
	flag.Parse()
	found := results{}
	for range *rounds {
		if err := found.measure(".", "Streams", "-benchtime="+benchtime.String()); err != nil {
			log.Fatal(err)
		}
		for _, by := range fanOuts {
			if err := found.measure(by.directory, "FanOut", "-benchtime=20x"); err != nil {
				log.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(*out, []byte(found.page(*rounds)), 0o644); err != nil {
		log.Fatal(err)
	}
}

// results are the values of each metric, by "workload/contender unit".
type results map[string][]float64

// fanOuts are what carries a message to many, and where that is measured.
var fanOuts = []struct{ name, directory, title string }{
	{"hub", "../hub", "the memory of the process"},
	{"redis", "../contrib/redis", "Redis, from another client of it"},
	{"nats", "../contrib/nats", "NATS, from another client of it"},
}

var (
	benchmark = regexp.MustCompile(`(?m)^Benchmark(?:Streams/)?(\S+?)(?:-[0-9]+)?\s+[0-9]+\s+(.*)$`)
	metric    = regexp.MustCompile(`([0-9.e+]+) (\S+)`)
)

// measure runs the benchmarks of a directory once, so that the contenders take turns. A name without a contender stands
// for the directory's own benchmark.
func (r results) measure(directory, name, benchtime string) error {
	command := exec.Command("go", "test", "-run=^$", "-bench=^Benchmark"+name+"$", benchtime, ".")
	command.Dir = directory
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	for _, line := range benchmark.FindAllStringSubmatch(string(output), -1) {
		for _, m := range metric.FindAllStringSubmatch(line[2], -1) {
			value, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				return err
			}
			key := line[1] + " " + m[2]
			if !strings.Contains(line[1], "/") {
				key = line[1] + "/" + filepath.Base(directory) + " " + m[2]
			}
			r[key] = append(r[key], value)
		}
	}
	return nil
}

// median returns the median of a metric.
func (r results) median(workload, contender, unit string) float64 {
	values := slices.Sorted(slices.Values(r[strings.ReplaceAll(workload, " ", "_")+"/"+contender+" "+unit]))
	if len(values) == 0 {
		log.Fatalf("no %s of %s in %s", unit, workload, contender)
	}
	return values[len(values)/2]
}

const introduction = `# Benchmarks of streams

Streams in Candor beside the same written by hand on net/http and coder/websocket. Written by ` + "`go run ./cmd/streams`" + ` in
` + "`benchmarks/`" + `; one test holds both to the same notes (` + "`TestStreams`" + `). Every figure is the median of %d runs.

## A busy producer

By hand each item is followed by a flush, since nobody knows whether another one comes at once. Candor writes together what
is there. Time of the processor for an item, client and server together, about 80 bytes each:

| | bare, ns | Candor, ns | times as many |
|---|--:|--:|--:|
`

const method = `
Measured over loopback, in one process (Redis has its own), on %s, %s/%s, %d processors, %s. The machine has other work, so the processor's time
is counted where that says as much as the clock. Candor has all its defaults on: every item is checked. [Streaming](streaming.md)
tells what an idle client costs.
`

func (r results) page(rounds int) string {
	var b strings.Builder
	fmt.Fprintf(&b, introduction, rounds)
	r.compare(&b, "busy events", "server-sent events")
	r.compare(&b, "busy lines", "JSON Lines")
	b.WriteString(`
## A slow producer

An item that comes alone is sent at once. Its age when the client has it, one every millisecond:

| | median, µs | p99, µs |
|---|--:|--:|
`)
	for _, c := range []string{"bare", "candor"} {
		fmt.Fprintf(&b, "| %s | %.0f | %.0f |\n", c, r.median("slow events", c, "median-ns")/1000, r.median("slow events", c, "p99-ns")/1000)
	}
	b.WriteString(`
## A WebSocket that echoes

An object is decoded, checked, encoded and sent back; bare is ` + "`wsjson`" + `. Time of the processor for a message and its echo,
client and server together:

| | bare, ns | Candor, ns | times as many |
|---|--:|--:|--:|
`)
	r.compare(&b, "echo of one", "one client")
	r.compare(&b, "echo of sixteen", "sixteen clients")
	b.WriteString(`
## One message to 10,000 subscribers

A message is published in a topic of a hub to which 10,000 goroutines subscribe, each of which decodes it. The time from its
publication until the last of them has it:

| by way of | until the last, ms | times as long | allocations for a subscriber |
|---|--:|--:|--:|
`)
	inMemory := r.median("FanOut", "hub", "ms-to-last")
	for _, by := range fanOuts {
		took, allocated := r.median("FanOut", by.name, "ms-to-last"), r.median("FanOut", by.name, "allocs/subscriber")
		fmt.Fprintf(&b, "| %s | %.0f | %.2f | %.2f |\n", by.title, took, took/inMemory, allocated)
	}
	fmt.Fprintf(&b, method, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format("2006-01"))
	return b.String()
}

// compare returns a row with two times and their ratio.
func (r results) compare(b *strings.Builder, workload, title string) {
	bare, ours := r.median(workload, "bare", "cpu-ns/op"), r.median(workload, "candor", "cpu-ns/op")
	fmt.Fprintf(b, "| %s | %.0f | %.0f | %.2f |\n", title, bare, ours, bare/ours)
}
