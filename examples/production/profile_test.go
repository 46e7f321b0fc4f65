package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The service under load, and where it spends its time. make profile measures
// each load for PROFILE_TIME, on PostgreSQL, Redis and NATS, behind nginx.

// profileKey is the variable with the file for a process's profile; if it is
// set, this test binary runs the service.
const profileKey = "PROFILE_FILE"

func serveProfiled(file string) int {
	to, err := os.Create(file)
	if err == nil {
		err = pprof.StartCPUProfile(to)
	}
	if err == nil {
		err = run(os.Args[2], false)
		pprof.StopCPUProfile()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (c *cluster) profile(i int) string { return filepath.Join(c.dir, fmt.Sprintf("profile-%d", i)) }

// profileTime returns the duration of each load.
func profileTime(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(cmp.Or(os.Getenv("PROFILE_TIME"), "500ms"))
	require.NoError(t, err)
	return d
}

// profiled is the result of one load.
type profiled struct {
	rate     float64 // requests per second
	p50, p99 time.Duration
	// spent is the processor time of all processes by part, in milliseconds.
	spent map[string]float64
}

// TestProfile has clients read their own account repeatedly: a token is
// verified, the user is read from the database, the limit is counted in Redis,
// and the request is traced and counted. PROFILE_OUT names a file for the
// results.
func TestProfile(t *testing.T) {
	var all []profiled
	for _, processes := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d processes", processes), func(t *testing.T) {
			c := (&cluster{t: t, profiled: true, alone: processes == 1}).start("LIMIT_REQUESTS=10000000", "LIMIT_PER=1s", "LIMIT_BURST=10000000", "LOG_LEVEL=WARN")
			token := login(t, client(t, "127.0.0.1"), c.url, nameOf("profiled", processes))
			took := c.load(token, 32)
			p := profiled{float64(len(took)) / profileTime(t).Seconds(), percentile(took, 50), percentile(took, 99), map[string]float64{}}
			for i := range processes {
				c.stopProcess(i)
				c.addTimes(i, p.spent)
			}
			all = append(all, p)
		})
	}
	if t.Failed() {
		return
	}
	text := profileText(all)
	t.Log(text)
	if out := os.Getenv("PROFILE_OUT"); out != "" {
		// A load as short as the default may end before the profiler's first sample
		// in a part.
		require.Positive(t, all[0].spent["Candor"])
		require.NoError(t, os.WriteFile(out, []byte(text), 0o644))
	}
}

// load returns how long each request took, in ascending order.
func (c *cluster) load(token string, clients int) (took []time.Duration) {
	var all sync.WaitGroup
	var lock sync.Mutex
	mine := client(c.t, "127.0.0.3")
	end := time.Now().Add(profileTime(c.t))
	for range clients {
		all.Go(func() {
			// At least one, even if the machine pauses here.
			for asked := 0; asked == 0 || time.Now().Before(end); asked++ {
				began := time.Now()
				status, err := readMe(mine, c.url, token)
				each := time.Since(began)
				if !assert.NoError(c.t, err) || !assert.Equal(c.t, http.StatusOK, status) {
					return
				}
				lock.Lock()
				took = append(took, each)
				lock.Unlock()
			}
		})
	}
	all.Wait()
	require.NotEmpty(c.t, took)
	slices.Sort(took)
	return took
}

func readMe(c *http.Client, url, token string) (status int, err error) {
	r, err := http.NewRequest(http.MethodGet, url+"/api/v1/users/me", nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body) // or the connection could not be used again
	return answer.StatusCode, err
}

func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)].Round(10 * time.Microsecond)
}

// parts are the packages that share the time; the first match counts.
var parts = []struct {
	name     string
	packages *regexp.Regexp
}{
	{"the kernel", regexp.MustCompile(`^(internal/runtime/)?syscall|^runtime\.(futex|epoll|usleep|madvise)|^internal/runtime/syscall`)},
	{"this service", regexp.MustCompile(`/candor/examples/|^main\.`)},
	{"Candor's modules for Redis, NATS, traces and metrics", regexp.MustCompile(`/candor/contrib/`)},
	{"Candor", regexp.MustCompile(`candor-go/candor`)},
	{"the database driver", regexp.MustCompile(`jackc/|database/sql`)},
	{"the Redis client", regexp.MustCompile(`redis/go-redis`)},
	{"traces and metrics", regexp.MustCompile(`go\.opentelemetry|prometheus`)},
	{"cryptography", regexp.MustCompile(`crypto|bcrypt|blowfish|sha256`)},
	{"net/http and net", regexp.MustCompile(`^net/|^net\.|^bufio|^internal/poll`)},
	{"Go's runtime", regexp.MustCompile(`^runtime|^internal/runtime|^sync|^internal/bytealg|^mem|^aeshash|gcWriteBarrier|^indexbyte`)},
}

var profileLine = regexp.MustCompile(`(?m)^ *([0-9.]+)(ms|s|us)? +[0-9.]+% +[0-9.]+% +\S+ +[0-9.]+% +(.*)$`)

// addTimes adds the time that a process spent in the packages themselves, in
// milliseconds.
func (c *cluster) addTimes(i int, spent map[string]float64) {
	text, err := exec.Command("go", "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", "-unit=ms", c.profile(i)).Output()
	require.NoError(c.t, err)
	for _, line := range profileLine.FindAllStringSubmatch(string(text), -1) {
		each, err := strconv.ParseFloat(line[1], 64)
		require.NoError(c.t, err)
		spent[partOf(line[3])] += each
	}
}

const profileIntroduction = `
## A whole service

The [production example](../examples/production) under load, on PostgreSQL, Redis and NATS, behind nginx, all on one machine with its 32
clients: each reads who it is, over and over. A token is verified, the user read from the database, the limit counted in
Redis, the request traced and counted. Written by ` + "`make profile`" + `.

| | 1 process | 2 processes |
|---|--:|--:|
`

// profileText returns a table with the results of two loads, and where the time
// was spent.
func profileText(all []profiled) string {
	var b strings.Builder
	b.WriteString(profileIntroduction)
	row := func(name string, cell func(profiled) string) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, cell(all[0]), cell(all[1]))
	}
	row("requests/s", func(p profiled) string { return fmt.Sprintf("%.0f", p.rate) })
	row("half of them within", func(p profiled) string { return p.p50.String() })
	row("99 % within", func(p profiled) string { return p.p99.String() })
	names := slices.Collect(maps.Keys(all[0].spent))
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(all[0].spent[b], all[0].spent[a]) })
	for _, name := range names {
		row("time of the processor in "+name, func(p profiled) string { return fmt.Sprintf("%.1f %%", 100*p.share(name)) })
	}
	return b.String()
}

// share returns the part's share of the time, without its callees.
func (p profiled) share(name string) float64 {
	total := 0.0
	for _, each := range p.spent {
		total += each
	}
	if total == 0 {
		return 0 // no sample at all
	}
	return p.spent[name] / total
}

func partOf(function string) string {
	for _, part := range parts {
		if part.packages.MatchString(function) {
			return part.name
		}
	}
	return "what is left"
}

// TestProfileText uses known times.
func TestProfileText(t *testing.T) {
	first := profiled{rate: 100.4, p50: 2 * time.Millisecond, p99: 30 * time.Millisecond, spent: map[string]float64{}}
	for function, ms := range map[string]float64{
		"runtime.futex": 10, "runtime.mallocgc": 20, "github.com/candor-go/candor.(*App).ServeHTTP": 30,
		"github.com/candor-go/candor/contrib/redis.(*store).Take": 5, "main.main": 15, "example.com/another.Function": 20,
	} {
		first.spent[partOf(function)] += ms
	}
	text := profileText([]profiled{first, {rate: 200, p50: time.Millisecond, p99: time.Second}})
	for _, row := range []string{
		"| requests/s | 100 | 200 |", "| half of them within | 2ms | 1ms |", "| 99 % within | 30ms | 1s |",
		"in Candor | 30.0 % | 0.0 % |", "in the kernel | 10.0 % |", "in Go's runtime | 20.0 % |", "in this service | 15.0 % |",
		"in Candor's modules for Redis, NATS, traces and metrics | 5.0 % |", "in what is left | 20.0 % |",
	} {
		assert.Contains(t, text, row)
	}
}
