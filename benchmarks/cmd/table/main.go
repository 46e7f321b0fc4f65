// Table measures every contender, and writes the results with plots to docs/benchmarks.md:
//
//	cd benchmarks && go run ./cmd/table
//
// Each measurement runs in its own process, and the contenders take turns, so that other work on the machine affects all
// of them. A quick look at two contenders and three workloads takes seconds:
//
//	go run ./cmd/table -rounds 1 -contenders 'bare|candor' -workloads 'W1|W3|W7' -out /tmp/page.md
//
// With -within it runs as many rounds as there is time for, at least one. It repeats no measurement after half of the
// time.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/candor-go/candor/benchmarks"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == playing {
		if err := play(ctx, os.Args[2:]); err != nil {
			log.Fatal(err)
		}
		return
	}
	s := settings{sizes: []int{1000, 10_000}}
	flag.IntVar(&s.rounds, "rounds", 3, "how often each contender is measured")
	flag.DurationVar(&s.within, "within", 0, "how long all may take; 0 for any time")
	flag.DurationVar(&s.time, "time", 100*time.Millisecond, "how long each third of a measurement takes at least")
	flag.StringVar(&s.out, "out", "../docs/benchmarks.md", "the page to write; its plots go to images beside it")
	flag.TextVar(&s.contenders, "contenders", &pattern{regexp.MustCompile("")}, "which contenders, all of the name; bare is always there")
	flag.TextVar(&s.workloads, "workloads", &pattern{regexp.MustCompile("")}, "which workloads, all of the name")
	flag.Parse()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

// settings are the values of the flags.
type settings struct {
	rounds int
	// within limits the total time, 0 for no limit.
	within time.Duration
	time   time.Duration
	out    string
	// sizes are the numbers of routes of large services.
	sizes                 []int
	contenders, workloads pattern
}

// pattern is a flag that must match a whole name.
type pattern struct{ *regexp.Regexp }

// UnmarshalText compiles the pattern.
func (p *pattern) UnmarshalText(text []byte) (err error) {
	p.Regexp, err = regexp.Compile("^(?:" + string(text) + ")$")
	return err
}

func run(ctx context.Context, s settings) error {
	found := choose(s)
	found.machine.slowness = newYardstick().slowness
	if s.within > 0 {
		found.machine.patient = func() bool { return time.Since(found.started) < s.within/2 }
	}
	found.rounds = 0
	for round := range s.rounds {
		began := time.Now()
		for _, measure := range []func(context.Context, int) error{found.inProcess, found.overSockets, found.startUp} {
			if err := measure(ctx, round); err != nil {
				return err
			}
		}
		found.rounds++
		// Written after each round, so that there is a page even if the next round fails.
		if err := found.write(); err != nil {
			return err
		}
		if s.within > 0 && time.Since(found.started)+time.Since(began) > s.within {
			found.progress("no time for another round")
			break
		}
	}
	return nil
}

// results are the measurements so far.
type results struct {
	settings
	started    time.Time
	contenders []benchmarks.Contender
	workloads  []benchmarks.Workload
	unusual    []benchmarks.Workload
	// times are nanoseconds of processor time for a request in process.
	times samples
	// allocations are the allocations of a request.
	allocations samples
	// rates are requests per second over sockets: absolute for bare, relative to bare for the others.
	rates samples
	// capacities are the same per second of the server's processor time.
	capacities samples
	// starts are nanoseconds to start a large service, memory the bytes that it keeps for each route, by number of routes.
	starts, memory samples
	// documents are the sizes of their documents in bytes.
	documents samples
	// idle is the memory of an idle connection, in bytes.
	idle samples
	// machine describes the machine during the measurements.
	machine disturbance
}

// choose prepares the results for what will be measured.
func choose(s settings) *results {
	r := &results{
		settings: s, started: time.Now(), times: samples{}, allocations: samples{}, rates: samples{}, capacities: samples{},
		starts: samples{}, memory: samples{}, documents: samples{}, idle: samples{},
	}
	for i, c := range benchmarks.Contenders() {
		if i == 0 || s.contenders.MatchString(c.Name()) {
			r.contenders = append(r.contenders, c)
		}
	}
	chosen := func(all []benchmarks.Workload) []benchmarks.Workload {
		return slices.DeleteFunc(all, func(w benchmarks.Workload) bool { return !s.workloads.MatchString(w.Name) })
	}
	r.workloads, r.unusual = chosen(benchmarks.Workloads()), chosen(benchmarks.MoreWorkloads())
	return r
}

// turn calls f for each installed contender, and starts with another one in each round.
func (r *results) turn(round int, f func(benchmarks.Contender) error) error {
	for i := range r.contenders {
		c := r.contenders[(round+i)%len(r.contenders)]
		if _, err := c.Version(); err != nil {
			continue
		}
		if err := f(c); err != nil {
			return fmt.Errorf("%s: %w", c.Name(), err)
		}
	}
	return nil
}

// progress reports what the command is doing.
func (r *results) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(r.started).Seconds(), fmt.Sprintf(format, args...))
}

// inProcess measures the cost of a request without a socket.
func (r *results) inProcess(ctx context.Context, round int) error {
	for _, w := range slices.Concat(r.workloads, r.unusual) {
		r.progress("round %d, in process: %s", round+1, w.Name)
		err := r.turn(round, func(c benchmarks.Contender) error {
			m, err := undisturbed(&r.machine, func() (m called, others float64, err error) {
				err = child(ctx, anyProcessor, &m, "call", c.Name(), w.Name, r.time.String())
				return m, others, err
			})
			if err != nil {
				return err
			}
			r.times.add(w.Name, c.Name(), m.Time)
			r.allocations.add(w.Name, c.Name(), m.Allocs)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// overSockets measures how many requests a server handles, each contender next to bare.
func (r *results) overSockets(ctx context.Context, round int) error {
	bare, err := startServers(ctx, r.contenders[0])
	if err != nil {
		return err
	}
	defer bare.stop()
	return r.turn(round, func(c benchmarks.Contender) error {
		r.progress("round %d, over sockets: %s", round+1, c.Name())
		servers, err := startServers(ctx, c)
		if err != nil {
			return err
		}
		defer servers.stop()
		for _, w := range r.workloads {
			m, err := undisturbed(&r.machine, func() (loaded, float64, error) {
				m, err := servers.load(ctx, bare, w, r.time)
				return m, m.Others, err
			})
			if err != nil {
				return err
			}
			r.addLoad(w, c, m)
		}
		idle, err := servers[benchmarks.Items].idle(ctx)
		r.idle.add("", c.Name(), idle)
		return err
	})
}

func (r *results) addLoad(w benchmarks.Workload, c benchmarks.Contender, m loaded) {
	bare := r.contenders[0].Name()
	r.rates.add(w.Name, bare, m.Bare.Rate)
	r.capacities.add(w.Name, bare, m.Bare.Capacity)
	if c.Name() != bare {
		r.rates.add(w.Name, c.Name(), m.Rate)
		r.capacities.add(w.Name, c.Name(), m.Capacity)
	}
}

// startUp measures the start of a large service, at most three times.
func (r *results) startUp(ctx context.Context, round int) error {
	if round >= 3 {
		return nil
	}
	for _, routes := range r.sizes {
		r.progress("round %d, start-up with %d routes", round+1, routes)
		err := r.turn(round, func(c benchmarks.Contender) error {
			if r.slowToStart(c) {
				return nil
			}
			size := strconv.Itoa(routes)
			m, err := undisturbed(&r.machine, func() (m stood, others float64, err error) {
				err = child(ctx, anyProcessor, &m, "start", c.Name(), size)
				return m, others, err
			})
			r.starts.add(size, c.Name(), m.Time)
			r.memory.add(size, c.Name(), m.Memory/float64(routes))
			r.documents.add(size, c.Name(), m.Document)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// patience is how long a contender may take for the first size before the other sizes are skipped: FastAPI's time grows
// quadratically.
const patience = 3 * time.Second

func (r *results) slowToStart(c benchmarks.Contender) bool {
	first := strconv.Itoa(r.sizes[0])
	return r.starts.has(first, c.Name()) && r.starts.median(first, c.Name()) > float64(patience)
}
