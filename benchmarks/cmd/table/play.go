package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"github.com/candor-go/candor/benchmarks"
)

// playing is the first argument of a child process: the program starts itself for each measurement. The other arguments
// are the kind of measurement and its parameters; the result is a line of JSON.
const playing = "play"

func play(ctx context.Context, args []string) error {
	part, args := args[0], args[1:]
	var answer any
	var err error
	switch part {
	case "call":
		answer, err = playCall(ctx, args[0], args[1], args[2])
	case "serve":
		return playServe(ctx, args[0], args[1])
	case "start":
		answer, err = playStart(ctx, args[0], args[1])
	case "load":
		answer, err = playLoad(ctx, args[0], args[1], [2]string(args[2:]), [2]string(args[4:]))
	default:
		err = fmt.Errorf("no part %q", part)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

// command returns this program with other arguments, pinned to its own processor if the system can do that.
func command(ctx context.Context, processor int, part ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := append([]string{self, playing}, part...)
	if processor != anyProcessor && canPin() {
		args = append([]string{"taskset", "-c", strconv.Itoa(processor)}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// child runs a measurement in a child process, and decodes its result.
func child(ctx context.Context, processor int, answer any, part ...string) error {
	cmd, err := command(ctx, processor, part...)
	if err != nil {
		return err
	}
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%v: %w", part, err)
	}
	return json.NewDecoder(bytes.NewReader(out)).Decode(answer)
}

func contender(name string) (benchmarks.Contender, error) {
	for _, c := range benchmarks.Contenders() {
		if c.Name() == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no contender %q", name)
}

func workload(name string) (benchmarks.Workload, error) {
	for _, w := range slices.Concat(benchmarks.Workloads(), benchmarks.MoreWorkloads()) {
		if w.Name == name {
			return w, nil
		}
	}
	return benchmarks.Workload{}, fmt.Errorf("no workload %q", name)
}

// called is the cost of a request in process.
type called struct {
	Time   float64 `json:"time"` // processor time in nanoseconds
	Allocs float64 `json:"allocs"`
}

// parts is the number of parts of a measurement. Other work on the machine makes parts slower but never faster, so the
// fastest one counts. Each must be long enough for the garbage collector to run in all of them.
const parts = 3

func playCall(ctx context.Context, name, of, atLeast string) (m called, err error) {
	c, err := contender(name)
	if err != nil {
		return m, err
	}
	w, err := workload(of)
	if err != nil {
		return m, err
	}
	least, err := time.ParseDuration(atLeast)
	if err != nil {
		return m, err
	}
	drive, err := c.Drive(ctx, w)
	if err != nil {
		return m, err
	}
	n, err := enough(drive, len(w.Requests), least)
	if err != nil {
		return m, err
	}
	for part := range parts {
		cost, err := drive(n)
		if err != nil {
			return m, err
		}
		if cost.Status != w.Status {
			return m, fmt.Errorf("answers %d", cost.Status)
		}
		one := called{float64(cost.Time) / float64(n), float64(cost.Allocs) / float64(n)}
		if part == 0 || one.Time < m.Time {
			m = one
		}
	}
	return m, nil
}

// enough returns how many requests take about that long, a multiple of each. It doubles the number of requests until
// the time can be measured.
func enough(drive func(n int) (benchmarks.Cost, error), each int, long time.Duration) (int, error) {
	for n := each; ; n *= 2 {
		cost, err := drive(n)
		if err != nil {
			return 0, err
		}
		if cost.Time >= long/2 {
			return max(1, int(float64(n)*float64(long)/float64(cost.Time))/each) * each, nil
		}
	}
}

// stood is the cost of a large service.
type stood struct {
	Time     float64 `json:"time"`   // processor time in nanoseconds
	Memory   float64 `json:"memory"` // bytes
	Document float64 `json:"document"`
}

func playStart(ctx context.Context, name, routes string) (m stood, err error) {
	c, err := contender(name)
	if err != nil {
		return m, err
	}
	n, err := strconv.Atoi(routes)
	if err != nil {
		return m, err
	}
	made, err := c.Start(ctx, n/4)
	return stood{float64(made.Time), float64(made.Memory), float64(len(made.Document))}, err
}

// playServe prints the address of a service, and serves it until its standard input is closed.
func playServe(ctx context.Context, name, service string) error {
	c, err := contender(name)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	fmt.Println(l.Addr())
	return c.Serve(ctx, benchmarks.Service(service), l)
}
