package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor/benchmarks"
)

// Servers and who asks them have a processor each.
const (
	anyProcessor    = -1
	serverProcessor = 0
	loadProcessor   = 1
)

// canPin tells whether a process can be held to a processor here.
func canPin() bool {
	_, err := exec.LookPath("taskset")
	return err == nil && runtime.NumCPU() > loadProcessor
}

// connections is how many ask at once. Of large requests there are fewer: the
// slowest contender takes seconds for each.
func connections(w benchmarks.Workload) int {
	if len(w.Requests[0].Body) > 100_000 {
		return 4
	}
	return 32
}

// server is a service in a process of its own.
type server struct {
	cmd *exec.Cmd
	url string
	end io.Closer
}

// startServer starts one, and waits until it tells where it is.
func startServer(ctx context.Context, c benchmarks.Contender, s benchmarks.Service) (server, error) {
	cmd, err := command(ctx, serverProcessor, "serve", c.Name(), string(s))
	if err != nil {
		return server{}, err
	}
	end, err := cmd.StdinPipe()
	if err != nil {
		return server{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return server{}, err
	}
	if err := cmd.Start(); err != nil {
		return server{}, err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return server{}, fmt.Errorf("the server does not tell its address: %w", err)
	}
	return server{cmd, "http://" + strings.TrimSpace(address), end}, nil
}

func (s server) stop() {
	_ = s.end.Close()
	_ = s.cmd.Wait()
}

// servers are the services of a contender.
type servers map[benchmarks.Service]server

func startServers(ctx context.Context, c benchmarks.Contender) (servers, error) {
	all := servers{}
	for _, s := range []benchmarks.Service{benchmarks.Items, benchmarks.Hub} {
		started, err := startServer(ctx, c, s)
		if err != nil {
			all.stop()
			return nil, err
		}
		all[s] = started
	}
	return all, nil
}

func (s servers) stop() {
	for _, each := range s {
		each.stop()
	}
}

// loaded is what a server did under load.
type loaded struct {
	Rate float64 `json:"rate"` // requests per second
	// Capacity is how many requests a second of the server's processor answers.
	Capacity float64 `json:"capacity"`
	// Others is the share of one processor that other processes had meanwhile.
	Others float64 `json:"others"`
}

// load has a child ask one of the servers.
func (s servers) load(ctx context.Context, w benchmarks.Workload, d time.Duration) (m loaded, err error) {
	to := s[w.Service]
	err = child(ctx, loadProcessor, &m, "load", to.url, strconv.Itoa(to.cmd.Process.Pid), w.Name, d.String())
	return m, err
}

// playLoad warms a server up and then measures it.
func playLoad(ctx context.Context, url, pid, of, long string) (m loaded, err error) {
	w, err := workload(of)
	if err != nil {
		return m, err
	}
	d, err := time.ParseDuration(long)
	if err != nil {
		return m, err
	}
	if _, err := benchmarks.SendLoad(ctx, url, w, 1, d/5); err != nil {
		return m, err
	}
	before, took := others(pid), time.Duration(0)
	for range parts {
		used := serverTime(pid)
		load, err := benchmarks.SendLoad(ctx, url, w, connections(w), d)
		if err != nil {
			return m, err
		}
		used = serverTime(pid) - used
		if used == 0 {
			used = load.Took // the system does not tell
		}
		m.Rate = max(m.Rate, float64(load.Requests)/load.Took.Seconds())
		m.Capacity = max(m.Capacity, float64(load.Requests)/used.Seconds())
		took += load.Took
	}
	m.Others = float64(others(pid)-before) / float64(took)
	return m, nil
}

// others is the time that the machine's processors gave to all processes but
// this one, the server and the server's children, as far as /proc tells.
func others(server string) time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	times := strings.Fields(line)
	used := ticks(times[1]) + ticks(times[2]) + ticks(times[3]) // user, nice, system
	return used - benchmarks.CPUTime() - serverTime(server)
}

// serverTime is the processor time of a server and its children.
func serverTime(pid string) (used time.Duration) {
	for _, each := range family(pid) {
		used += processTime(each)
	}
	return used
}

// family is a process with its children.
func family(pid string) []string {
	all := []string{pid}
	lists, _ := filepath.Glob("/proc/" + pid + "/task/*/children")
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}

// processTime is the processor time of a process's threads.
func processTime(pid string) (used time.Duration) {
	threads, _ := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue
		}
		running, _, _ := strings.Cut(string(text), " ")
		n, _ := strconv.Atoi(running)
		used += time.Duration(n)
	}
	return used
}

// idleConnections is how many are held to see what each costs.
const idleConnections = 1000

// idle holds connections, each of which has had an answer, and tells what a
// server's memory grew by for each.
func (s server) idle(ctx context.Context) (bytes float64, err error) {
	hello := benchmarks.Workloads()[0]
	if _, err := benchmarks.SendLoad(ctx, s.url, hello, 32, 50*time.Millisecond); err != nil {
		return 0, err
	}
	before := s.resident()
	held, err := benchmarks.Hold(ctx, s.url, hello, idleConnections)
	if err != nil {
		return 0, err
	}
	bytes = float64(s.resident()-before) / idleConnections
	return bytes, held.Close()
}

// resident is the memory of a server and its children.
func (s server) resident() (bytes int) {
	for _, pid := range family(strconv.Itoa(s.cmd.Process.Pid)) {
		text, err := os.ReadFile("/proc/" + pid + "/statm")
		if err != nil {
			continue
		}
		pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
		bytes += pages * os.Getpagesize()
	}
	return bytes
}

// ticks is a number of hundredths of a second, as /proc has them.
func ticks(s string) time.Duration {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return time.Duration(n) * 10 * time.Millisecond
}
