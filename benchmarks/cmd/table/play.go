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

// playing is the first argument of a child: this program starts itself for each
// measurement. The others are its part and what that needs; it answers with a
// line of JSON.
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

// command is this program in a part, on a processor of its own where the
// system can do that.
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

// child plays a part to its end.
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

// called is what a request costs in process.
type called struct {
	Time   float64 `json:"time"` // of the processor, in nanoseconds
	Allocs float64 `json:"allocs"`
}

// parts is how many a measurement has. What else the machine does makes some of
// them slower and none faster, so the fastest one counts. Each has to be long
// enough for the garbage collector to run in all of them.
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

// enough is how many requests take so long, a multiple of each. It sends twice as
// many as before until it can tell.
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

// stood is what a large service takes.
type stood struct {
	Time     float64 `json:"time"`   // of the processor, in nanoseconds
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

// playServe tells where a service is, and serves it as long as someone holds
// the other end of its input.
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
