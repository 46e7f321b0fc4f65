package candorredis_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// soak runs two processes under a mixed load, and records what happens.
type soak struct {
	*ledger
	t         *testing.T
	redis     *redisServer
	numbers   *httptest.Server
	processes [2]*soaked
	length    time.Duration
	begin     time.Time

	mutex sync.Mutex
	// took has the durations of each kind of request, by time window.
	took map[string][][]time.Duration
	// statuses counts responses, and unexpected lists those that no client may get.
	statuses   map[string]int
	unexpected []string
	// said is a log of events.
	said []string
	// resets counts the connections that clients reset.
	resets atomic.Int64
}

// soaked is a process that may be restarted.
type soaked struct {
	addr  string
	cmd   *exec.Cmd
	log   *os.File
	lives []*life
}

// life is the resources of a process between a start and its end.
type life struct {
	first   measure
	samples []measure
}

// measure is the resources of a process at a moment: memory in MiB.
type measure struct {
	minute, resident, heap, goroutines, descriptors float64
}

const soakClients, soakListeners = 8, 4

// windows is how many time windows are compared with the first one.
func (s *soak) windows() int { return max(6, int(s.length/time.Minute)) }

// TestSoak runs two processes for a minute, or CANDOR_SOAK, and reports how they fare: a mixed load with 5 % bad
// requests, clients that reset connections, a Redis that hangs twice and crashes once, and a rolling restart.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(cmp.Or(os.Getenv("CANDOR_SOAK"), "1m"))
	require.NoError(t, err)
	s := newSoak(t, length)
	var clients, listeners sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := make([]*hearer, soakListeners)
	for i := range heard {
		heard[i] = &hearer{soak: s}
		listeners.Go(func() { heard[i].listen(ctx) })
	}
	for _, h := range heard {
		require.Eventually(t, h.begun, patience, time.Millisecond)
	}
	working := make([]*soakClient, soakClients)
	loading, stop := context.WithCancel(ctx)
	for i := range working {
		working[i] = &soakClient{soak: s, n: i, client: s.client()}
		clients.Go(func() { working[i].run(loading) })
	}
	sampling := make(chan struct{})
	go func() {
		defer close(sampling)
		s.sample(loading)
	}()
	s.disturb()
	stop()
	clients.Wait()
	<-sampling
	published := map[int]int{}
	for _, c := range working {
		c.publishAll()
		published[c.n] = c.published
	}
	for _, h := range heard {
		require.Eventually(t, func() bool { return h.missing(published) == 0 }, patience, 10*time.Millisecond, "events are lost")
	}
	cancel()
	listeners.Wait()
	s.report(published, heard)
}

func newSoak(t *testing.T, length time.Duration) *soak {
	t.Helper()
	s := &soak{
		ledger: newLedger(t), t: t, redis: newServer(t), length: length,
		took: map[string][][]time.Duration{}, statuses: map[string]int{},
	}
	s.numbers = httptest.NewServer(http.HandlerFunc(s.serveNumber))
	t.Cleanup(s.numbers.Close)
	s.begin = time.Now()
	for i := range s.processes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		log, err := os.Create(filepath.Join(t.TempDir(), "log"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = log.Close() })
		s.processes[i] = &soaked{addr: l.Addr().String(), log: log}
		s.startProcess(s.processes[i])
		t.Cleanup(func() { s.stopProcess(s.processes[i]) })
	}
	return s
}

// serveNumber serves the data that both processes share: numbers that only grow.
func (s *soak) serveNumber(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if r.Method == http.MethodPost {
		fmt.Fprint(w, s.ledger.numbers[n].Add(1))
		return
	}
	fmt.Fprint(w, s.ledger.numbers[n].Load())
}

func (s *soak) startProcess(p *soaked) {
	s.t.Helper()
	settings, err := json.Marshal(soakSettings{p.addr, s.redis.socket, s.numbers.URL})
	require.NoError(s.t, err)
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), soakKey+"="+string(settings))
	p.cmd.Stderr = p.log
	require.NoError(s.t, p.cmd.Start())
	require.Eventually(s.t, func() bool {
		response, err := http.Get("http://" + p.addr + "/readyz")
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, patience, 10*time.Millisecond)
	first, err := s.measure(p, true)
	require.NoError(s.t, err)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p.lives = append(p.lives, &life{first: first})
}

func (s *soak) stopProcess(p *soaked) {
	s.t.Helper()
	if p.cmd.Process == nil || p.cmd.ProcessState != nil { // it has not started, or has ended
		return
	}
	assert.NoError(s.t, p.cmd.Process.Signal(syscall.SIGTERM))
	assert.NoError(s.t, p.cmd.Wait())
}

// say logs an event.
func (s *soak) say(format string, args ...any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.said = append(s.said, fmt.Sprintf("%7.1f s  ", time.Since(s.begin).Seconds())+fmt.Sprintf(format, args...))
}

// disturb causes the failures of Redis and of the processes, each at its share of the time.
func (s *soak) disturb() {
	until := func(part float64) {
		time.Sleep(time.Until(s.begin.Add(time.Duration(part * float64(s.length)))))
	}
	pause := min(max(s.length/20, 3*time.Second), 20*time.Second)
	hang := func() {
		s.say("Redis hangs")
		require.NoError(s.t, s.redis.cmd.Process.Signal(syscall.SIGSTOP))
		time.Sleep(pause)
		require.NoError(s.t, s.redis.cmd.Process.Signal(syscall.SIGCONT))
		s.say("Redis goes on")
	}
	until(0.2)
	hang()
	until(0.4)
	hang()
	until(0.55)
	for i, p := range s.processes {
		s.say("process %d is told to end", i)
		s.stopProcess(p)
		s.startProcess(p)
		s.say("process %d is there again", i)
	}
	until(0.75)
	s.say("Redis dies")
	s.redis.stop()
	time.Sleep(pause)
	s.redis.start()
	s.say("Redis is there again, with its messages")
	until(1)
}

// measure reads the resources from the system and from the process.
func (s *soak) measure(p *soaked, atRest bool) (m measure, err error) {
	response, err := http.Get("http://" + p.addr + "/usage?at_rest=" + strconv.FormatBool(atRest))
	if err != nil {
		return m, err
	}
	defer response.Body.Close()
	var usage soakUsage
	if err := json.NewDecoder(response.Body).Decode(&usage); err != nil {
		return m, err
	}
	process := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	pages, err := os.ReadFile(process + "statm")
	if err != nil {
		return m, err
	}
	var size, resident float64
	if _, err := fmt.Sscan(string(pages), &size, &resident); err != nil {
		return m, err
	}
	descriptors, err := os.ReadDir(process + "fd")
	return measure{
		time.Since(s.begin).Minutes(), resident * float64(os.Getpagesize()) / (1 << 20), usage.Heap / (1 << 20),
		usage.Goroutines, float64(len(descriptors)),
	}, err
}

// sample measures the processes 60 times. It skips a process while it is restarted.
func (s *soak) sample(ctx context.Context) {
	tick := time.NewTicker(s.length / 60)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		for _, p := range s.processes {
			if m, err := s.measure(p, false); err == nil {
				s.mutex.Lock()
				now := p.lives[len(p.lives)-1]
				now.samples = append(now.samples, m)
				s.mutex.Unlock()
			}
		}
	}
}

// client connects to any process that accepts connections, as a proxy does.
func (s *soak) client() *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx) }}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (s *soak) dial(ctx context.Context) (conn net.Conn, err error) {
	for _, i := range rand.Perm(len(s.processes)) {
		if conn, err = new(net.Dialer).DialContext(ctx, "tcp", s.processes[i].addr); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// count records a response, and whether clients may get it.
func (s *soak) count(kind string, took time.Duration, status int, text string, allowed ...int) {
	window := min(int(time.Since(s.begin)*time.Duration(s.windows())/s.length), s.windows()-1)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.took[kind] == nil {
		s.took[kind] = make([][]time.Duration, s.windows())
	}
	s.took[kind][window] = append(s.took[kind][window], took)
	s.statuses[fmt.Sprintf("%s %d", kind, status)]++
	if !slices.Contains(allowed, status) {
		s.unexpected = append(s.unexpected, fmt.Sprintf("%s: %d %s", kind, status, text))
	}
}

// soakClient sends requests one after the other, and numbered messages.
type soakClient struct {
	*soak
	n         int
	client    *http.Client
	published int
}

func (c *soakClient) run(ctx context.Context) {
	for ctx.Err() == nil {
		c.work()
		if rand.IntN(20) == 0 { // so that a restarted process gets some, too
			c.client.CloseIdleConnections()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (c *soakClient) work() {
	number := rand.IntN(len(c.told))
	path := fmt.Sprintf("/numbers/%d", number)
	switch dice := rand.IntN(100); {
	case dice < 5:
		c.misbehave()
	case dice < 7:
		c.reset()
	case dice < 20:
		if status, body := c.ask("write with tags", "POST", path, "", 200); status == 200 {
			c.tell(number, body)
		}
	case dice < 30:
		c.ask("limited", "GET", "/limited", "", 204)
	case dice < 45:
		c.publish()
	default:
		wanted := c.expect(number)
		if status, body := c.ask("cached GET", "GET", path, "", 200); status == 200 {
			c.judge(wanted, body)
		}
	}
}

// ask sends a request. The key allows the transport to repeat a request on a connection that was just closed.
func (c *soakClient) ask(kind, method, path, body string, allowed ...int) (status int, text string) {
	start := time.Now()
	r, err := http.NewRequest(method, "http://soak"+path, strings.NewReader(body))
	require.NoError(c.t, err)
	r.Header.Set("Idempotency-Key", fmt.Sprintf("%d:%d", c.n, c.published))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := c.client.Do(r)
	if err == nil {
		defer response.Body.Close()
		status = response.StatusCode
		var all []byte
		all, err = io.ReadAll(response.Body)
		text = string(all)
	}
	if err != nil {
		status, text = 0, err.Error()
	}
	c.count(kind, time.Since(start), status, text, allowed...)
	return status, text
}

// publish sends a message, the same one until it is accepted.
func (c *soakClient) publish() (taken bool) {
	status, _ := c.ask("publish", "POST", "/messages", fmt.Sprintf(`{"text": "%d:%d"}`, c.n, c.published), 204, 503)
	if status == 204 {
		c.published++
	}
	return status == 204
}

// publishAll waits until the last message is accepted.
func (c *soakClient) publishAll() {
	require.Eventually(c.t, c.publish, patience, 10*time.Millisecond)
}

// misbehave sends one of the requests that must be rejected.
func (c *soakClient) misbehave() {
	for i, bad := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/numbers/x", "", 422},
		{"GET", "/nothing", "", 404},
		{"DELETE", "/limited", "", 405},
		{"POST", "/messages", `{"text": `, 422},
		{"POST", "/messages", `{"text": ""}`, 422},
		{"POST", "/messages", `{"text": "` + strings.Repeat("x", 101) + `"}`, 422},
	}[rand.IntN(6):] {
		if i == 0 {
			c.ask("bad request", bad.method, bad.path, bad.body, bad.status)
		}
	}
}

// reset closes the connection in the middle of a body, or of a stream.
func (c *soakClient) reset() {
	conn, err := c.dial(c.t.Context())
	if err != nil {
		return
	}
	if rand.IntN(2) == 0 { // errors are ignored: the server may be gone
		_, _ = fmt.Fprint(conn, "POST /messages HTTP/1.1\r\nHost: x\r\nIdempotency-Key: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	} else {
		_, _ = fmt.Fprint(conn, "GET /messages HTTP/1.1\r\nHost: x\r\n\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = conn.Read(make([]byte, 1)) // it may come late
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
	c.resets.Add(1)
}

// hearer receives all messages, over consecutive connections.
type hearer struct {
	*soak
	mutex         sync.Mutex
	last          string
	next          [soakClients]int
	lost, doubled int
	gaps, cuts    int
}

func (h *hearer) listen(ctx context.Context) {
	client := h.client()
	for ctx.Err() == nil {
		h.receive(ctx, client)
		h.mutex.Lock()
		h.cuts++
		h.mutex.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
}

// receive reads one stream to its end. The response may be a 503 instead.
func (h *hearer) receive(ctx context.Context, client *http.Client) {
	r, err := http.NewRequestWithContext(ctx, "GET", "http://soak/messages", nil)
	require.NoError(h.t, err)
	if h.begun() {
		r.Header.Set("Last-Event-ID", h.last)
	}
	start := time.Now()
	response, err := client.Do(r)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		h.count("new stream", time.Since(start), 0, err.Error())
		return
	}
	defer response.Body.Close()
	h.count("new stream", time.Since(start), response.StatusCode, "", 200, 503)
	if response.StatusCode != http.StatusOK {
		return
	}
	event := map[string]string{}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if lines.Text() == "" {
			h.take(event)
			clear(event)
			continue
		}
		name, value, _ := strings.Cut(lines.Text(), ": ")
		event[name] = value
	}
}

// take compares an event with the next one expected from its client.
func (h *hearer) take(event map[string]string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.last = cmp.Or(event["id"], h.last)
	if event["event"] == "gap" {
		h.gaps++
	}
	var who, n int
	if _, err := fmt.Sscanf(event["data"], `"%d:%d"`, &who, &n); err != nil {
		return
	}
	h.lost += max(0, n-h.next[who])
	if n < h.next[who] {
		h.doubled++
	}
	h.next[who] = max(h.next[who], n+1)
}

// begun reports whether messages published from now on are received.
func (h *hearer) begun() bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.last != ""
}

// missing counts the messages that have not arrived.
func (h *hearer) missing(published map[int]int) (missing int) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for who, n := range published {
		missing += n - h.next[who]
	}
	return missing
}

// report prints the results, and asserts those that do not depend on timing.
func (s *soak) report(published map[int]int, heard []*hearer) {
	var text strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&text, format+"\n", args...) }
	say("%v of two processes, %d clients, %d streams", s.length, soakClients, soakListeners)
	for _, line := range s.said {
		say("%s", line)
	}
	s.reportRequests(say)
	s.reportMessages(say, published, heard)
	s.reportProcesses(say)
	s.t.Logf("\n%s", text.String())
}

func (s *soak) reportRequests(say func(string, ...any)) {
	say("\nresponses, and connections that were reset: %d", s.resets.Load())
	for _, kind := range slices.Sorted(maps.Keys(s.statuses)) {
		say("  %-20s %7d", kind, s.statuses[kind])
	}
	say("unexpected: %d %q", len(s.unexpected), s.unexpected[:min(len(s.unexpected), 5)])
	assert.Empty(s.t, s.unexpected[:min(len(s.unexpected), 5)], "unexpected responses")
	say("\np99 of each part of the time, as ratios to the first")
	for _, kind := range slices.Sorted(maps.Keys(s.took)) {
		line := fmt.Sprintf("  %-16s %7.1f ms", kind, percentile(s.took[kind][0]))
		for _, took := range s.took[kind][1:] {
			line += fmt.Sprintf(" %6.2f", percentile(took)/percentile(s.took[kind][0]))
		}
		say("%s", line)
	}
	say("\n%d writes; reads older than a write that was told: %d; for more than %v: %d", s.writes.Load(), s.late.Load(), grace, s.stale.Load())
	assert.Zero(s.t, s.stale.Load(), "stale reads")
}

// percentile returns the 99th percentile in milliseconds.
func percentile(took []time.Duration) float64 {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return float64(sorted[len(sorted)*99/100].Microseconds()) / 1000
}

func (s *soak) reportMessages(say func(string, ...any), published map[int]int, heard []*hearer) {
	all := 0
	for _, n := range published {
		all += n
	}
	for i, h := range heard {
		say("stream %d: %d messages, %d lost, %d twice, %d gaps, connected %d times", i, all, h.lost, h.doubled, h.gaps, h.cuts)
		assert.Zero(s.t, h.lost+h.doubled+h.gaps, "messages lost or doubled, and gaps")
	}
}

// reportProcesses compares the resources of processes at rest with those at their start, before any client connected.
func (s *soak) reportProcesses(say func(string, ...any)) {
	say("\nslopes in a minute: resident and heap in MiB, goroutines, descriptors")
	for i, p := range s.processes {
		for j, l := range p.lives {
			say("  process %d, life %d: %+8.2f %+8.2f %+8.2f %+8.2f of %d samples", i, j+1,
				l.slope(func(m measure) float64 { return m.resident }), l.slope(func(m measure) float64 { return m.heap }),
				l.slope(func(m measure) float64 { return m.goroutines }), l.slope(func(m measure) float64 { return m.descriptors }), len(l.samples))
		}
	}
	say("at rest, first and at the end")
	for i, p := range s.processes {
		first, end := p.lives[len(p.lives)-1].first, s.settle(p)
		say("  process %d: heap %.1f and %.1f MiB, goroutines %.0f and %.0f, descriptors %.0f and %.0f",
			i, first.heap, end.heap, first.goroutines, end.goroutines, first.descriptors, end.descriptors)
		assert.Less(s.t, end.heap, first.heap+16, "MiB")
		assert.LessOrEqual(s.t, end.goroutines, first.goroutines+spareGoroutines)
		assert.LessOrEqual(s.t, end.descriptors, first.descriptors+spareDescriptors)
	}
	s.reportLogs(say)
}

// reportLogs counts the log records of the latest processes.
func (s *soak) reportLogs(say func(string, ...any)) {
	for i, p := range s.processes {
		records := map[string]int{}
		log, err := os.ReadFile(p.log.Name())
		assert.NoError(s.t, err)
		for line := range strings.Lines(string(log)) {
			var record struct{ Level, Msg string }
			if json.Unmarshal([]byte(line), &record) != nil {
				record.Msg = "a line of go-redis"
			}
			records[strings.TrimSpace(record.Level+" "+record.Msg)]++
		}
		for _, record := range slices.Sorted(maps.Keys(records)) {
			say("  process %d logged %3d times: %s", i, records[record], record)
		}
	}
}

// What a process may use at rest in addition to its start: the connection that follows topics, and the pool of go-redis
// with ten connections for each processor.
var spareGoroutines, spareDescriptors = 20.0, 20.0 + 10*float64(runtime.GOMAXPROCS(0))

// settle waits until a process is at rest.
func (s *soak) settle(p *soaked) (now measure) {
	first := p.lives[len(p.lives)-1].first
	deadline := time.Now().Add(patience)
	for {
		var err error
		now, err = s.measure(p, true)
		require.NoError(s.t, err)
		if now.goroutines <= first.goroutines+spareGoroutines || time.Now().After(deadline) {
			return now
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// slope is by how much a measure rises in a minute, by the method of least squares.
func (l *life) slope(of func(measure) float64) float64 {
	n, x, y, xx, xy := float64(len(l.samples)), 0.0, 0.0, 0.0, 0.0
	for _, m := range l.samples {
		x, y, xx, xy = x+m.minute, y+of(m), xx+m.minute*m.minute, xy+m.minute*of(m)
	}
	if n*xx == x*x {
		return 0
	}
	return (n*xy - x*y) / (n*xx - x*x)
}
