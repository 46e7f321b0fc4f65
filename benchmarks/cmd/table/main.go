// Table measures every contender at every workload and writes what it finds to
// docs/benchmarks.md:
//
//	cd benchmarks && go run ./cmd/table
//
// Each measurement is a process of its own, and the contenders take turns, so
// that what else the machine does meets all of them.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often each contender is measured")
	benchtime := flag.Duration("benchtime", 300*time.Millisecond, "how long each measurement takes at least")
	out := flag.String("out", "../docs/benchmarks.md", "the file to write")
	flag.Parse()
	if err := run(*rounds, *benchtime, *out); err != nil {
		log.Fatal(err)
	}
}

func run(rounds int, benchtime time.Duration, out string) error {
	dir, err := os.MkdirTemp("", "table")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left there is the system's to clear
	program := filepath.Join(dir, "benchmarks.test")
	if _, err := command("go", "test", "-c", "-o", program, "."); err != nil {
		return err
	}
	all := &results{rounds: rounds, benchtime: benchtime}
	for round := range rounds {
		for _, w := range workloads {
			for i := range contenders {
				name := contenders[(round+i)%len(contenders)]
				m, err := measure(program, w.name, name, benchtime)
				if err != nil {
					return err
				}
				all.add(w.name, name, m)
				fmt.Fprintf(os.Stderr, "round %d: %s %-16s %12.0f ns %8d allocations\n", round+1, w.name, name, m.time, m.allocs)
			}
		}
	}
	page, err := all.page()
	if err != nil {
		return err
	}
	return os.WriteFile(out, []byte(page), 0o644)
}

// measurement is one run of one benchmark.
type measurement struct {
	time   float64 // processor time of a request in nanoseconds
	allocs int
}

var (
	cpuTime     = regexp.MustCompile(`([0-9.e+]+) cpu-ns/op`)
	allocations = regexp.MustCompile(`([0-9]+) allocs/op`)
)

// measure runs one benchmark on one processor: the collector's work counts.
func measure(program, workload, contender string, benchtime time.Duration) (m measurement, err error) {
	exact := func(s string) string { return "^" + regexp.QuoteMeta(strings.ReplaceAll(s, " ", "_")) + "$" }
	output, err := command(program, "-test.run=^$", "-test.cpu=1", "-test.benchtime="+benchtime.String(),
		"-test.bench=^BenchmarkServe$/"+exact(workload)+"/"+exact(contender))
	if err != nil {
		return m, err
	}
	found, allocs := cpuTime.FindStringSubmatch(output), allocations.FindStringSubmatch(output)
	if found == nil || allocs == nil {
		return m, fmt.Errorf("no measurement of %s at %s in:\n%s", contender, workload, output)
	}
	if m.time, err = strconv.ParseFloat(found[1], 64); err != nil {
		return m, err
	}
	m.allocs, err = strconv.Atoi(allocs[1])
	return m, err
}

func command(name string, args ...string) (string, error) {
	output, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", name, err, output)
	}
	return string(output), nil
}
