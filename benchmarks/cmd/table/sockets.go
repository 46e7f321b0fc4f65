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

// Servers and load generators run on separate processors.
const (
	anyProcessor    = -1
	serverProcessor = 0
	loadProcessor   = 1
)

// canPin reports whether a process can be pinned to a processor here.
func canPin() bool {
	_, err := exec.LookPath("taskset")
	return err == nil && runtime.NumCPU() > loadProcessor
}

// connections returns the number of concurrent clients. Large requests get fewer: the slowest contender takes seconds
// for each.
func connections(w benchmarks.Workload) int {
	if len(w.Requests[0].Body) > 100_000 {
		return 4
	}
	return 32
}

// server is a service in its own process.
type server struct {
	cmd *exec.Cmd
	url string
	end io.Closer
}

// startServer starts a server, and waits until it prints its address.
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

// loaded is the result of a server under load, compared with bare under the same load at the same time.
type loaded struct {
	// Bare is the result of bare.
	Bare served `json:"bare"`
	// Rate and Capacity are multiples of bare's, each the median of the pairs.
	Rate     float64 `json:"rate"`
	Capacity float64 `json:"capacity"`
	// Others is the share of one processor that other processes used meanwhile.
	Others float64 `json:"others"`
}

// served counts requests per second, and per second of the server's processor time.
type served struct {
	Rate     float64 `json:"rate"`
	Capacity float64 `json:"capacity"`
}

// load runs a child process that sends requests to one of the servers and to bare in turn.
func (s servers) load(ctx context.Context, bare servers, w benchmarks.Workload, d time.Duration) (m loaded, err error) {
	err = child(ctx, loadProcessor, &m, append([]string{"load", w.Name, d.String()}, append(s[w.Service].address(), bare[w.Service].address()...)...)...)
	return m, err
}

// address returns the URL and the process id of a server.
func (s server) address() []string { return []string{s.url, strconv.Itoa(s.cmd.Process.Pid)} }

// playLoad warms up two servers and then measures them in turn, so that both see the same changes in the machine's
// speed.
func playLoad(ctx context.Context, of, long string, server, bare [2]string) (m loaded, err error) {
	w, err := workload(of)
	if err != nil {
		return m, err
	}
	d, err := time.ParseDuration(long)
	if err != nil {
		return m, err
	}
	for _, each := range [][2]string{server, bare} {
		if _, err := benchmarks.SendLoad(ctx, each[0], w, 1, d/5); err != nil {
			return m, err
		}
	}
	start, before := time.Now(), others(server[1], bare[1])
	var rates, capacities []float64
	for range parts {
		ours, err := serve(ctx, server, w, d)
		if err != nil {
			return m, err
		}
		theirs, err := serve(ctx, bare, w, d)
		if err != nil {
			return m, err
		}
		rates, capacities = append(rates, ours.Rate/theirs.Rate), append(capacities, ours.Capacity/theirs.Capacity)
		m.Bare.Rate, m.Bare.Capacity = max(m.Bare.Rate, theirs.Rate), max(m.Bare.Capacity, theirs.Capacity)
	}
	m.Rate, m.Capacity = median(rates), median(capacities)
	m.Others = float64(others(server[1], bare[1])-before) / float64(time.Since(start))
	return m, nil
}

// serve measures a server once, for the given time.
func serve(ctx context.Context, server [2]string, w benchmarks.Workload, d time.Duration) (m served, err error) {
	used := serverTime(server[1])
	load, err := benchmarks.SendLoad(ctx, server[0], w, connections(w), d)
	if err != nil {
		return m, err
	}
	if used = serverTime(server[1]) - used; used == 0 {
		used = load.Took // the processor time is unknown
	}
	return served{float64(load.Requests) / load.Took.Seconds(), float64(load.Requests) / used.Seconds()}, nil
}

// others returns the processor time of all other processes, without this one, the servers and their children, as far as
// /proc shows it.
func others(server, bare string) time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	times := strings.Fields(line)
	used := ticks(times[1]) + ticks(times[2]) + ticks(times[3]) // user, nice, system
	if used -= benchmarks.CPUTime() + serverTime(server); bare != server {
		used -= serverTime(bare)
	}
	return used
}

// serverTime returns the processor time of a server and its children.
func serverTime(pid string) (used time.Duration) {
	for _, each := range family(pid) {
		used += processTime(each)
	}
	return used
}

// family returns a process and its children.
func family(pid string) []string {
	all := []string{pid}
	lists, _ := filepath.Glob("/proc/" + pid + "/task/*/children")
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}

// processTime returns the processor time of all threads of a process.
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

// idleConnections is how many connections are held to measure the memory of each.
const idleConnections = 1000

// idle holds connections that have received one response, and returns by how much the server's memory grew for each.
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

// resident returns the memory of a server and its children.
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

// ticks converts a number of hundredths of a second, the unit of /proc.
func ticks(s string) time.Duration {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return time.Duration(n) * 10 * time.Millisecond
}
