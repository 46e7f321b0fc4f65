package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ask sends a request and returns the status and the body.
func ask(c *http.Client, method, url, contentType, body string) (int, string, error) {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// marker makes names unique among tests on the same database.
var marker = time.Now().UnixNano()

func nameOf(kind string, i int) string { return fmt.Sprintf("%s-%x-%d", kind, marker, i) }

const password = "correct horse"

func register(c *http.Client, base, name string) error {
	body := fmt.Sprintf(`{"name": %q, "email": "%s@example.com", "password": %q}`, name, name, password)
	status, text, err := ask(c, "POST", base+"/api/v1/users", "application/json", body)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("registering: %d %s", status, text)
	}
	return err
}

// login registers a user and returns a token.
func login(t *testing.T, c *http.Client, base, name string) string {
	t.Helper()
	require.NoError(t, register(c, base, name))
	form := url.Values{"grant_type": {"password"}, "username": {name}, "password": {password}, "scope": {"me"}}
	status, text, err := ask(c, "POST", base+"/api/v1/token", "application/x-www-form-urlencoded", form.Encode())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, text)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &token))
	return token.AccessToken
}

// Of the requests to two processes, as many pass as one limit allows between the
// first and the last.
func TestProcessesShareTheLimit(t *testing.T) {
	// The clients ask for more on a busy machine, too, and the burst covers its
	// pauses.
	const rate, burst, seconds = 20, 200, 8
	c := start(t, fmt.Sprintf("LIMIT_REQUESTS=%d", rate), "LIMIT_PER=1s", fmt.Sprintf("LIMIT_BURST=%d", burst))
	var passed, refused, lastRefused atomic.Int64
	var all sync.WaitGroup
	mine := client(t, "127.0.0.2")
	before := time.Now()
	_, _, err := ask(mine, "GET", c.url+"/api/v1/users/me", "", "")
	require.NoError(t, err)
	passed.Add(1)
	begin := time.Now()
	for range 32 {
		all.Go(func() {
			for time.Since(begin) < seconds*time.Second {
				sent := time.Since(begin)
				switch status, text, err := ask(mine, "GET", c.url+"/api/v1/users/me", "", ""); {
				case err != nil:
					assert.NoError(t, err)
				case status == http.StatusUnauthorized:
					passed.Add(1)
				case status == http.StatusTooManyRequests:
					refused.Add(1)
					raise(&lastRefused, int64(sent))
				default:
					assert.Fail(t, "an answer", "%d %s", status, text)
				}
			}
		})
	}
	all.Wait()
	// When the last one was refused, everything up to then had been used up.
	least := burst + rate*time.Duration(lastRefused.Load()).Seconds() - 1
	most := burst + rate*time.Since(before).Seconds() + 1
	t.Logf("%d passed, %.1f to %.1f were allowed, %d were refused", passed.Load(), least, most, refused.Load())
	assert.GreaterOrEqual(t, float64(passed.Load()), least)
	assert.LessOrEqual(t, float64(passed.Load()), most)
	assert.Greater(t, refused.Load(), int64(rate), "the clients asked for more than the limit")
}

// raise sets a number to n if it is less.
func raise(number *atomic.Int64, n int64) {
	for old := number.Load(); old < n && !number.CompareAndSwap(old, n); {
		old = number.Load()
	}
}

// listener is a client of the stream of notices that reconnects.
type listener struct {
	client *http.Client
	url    string
	token  string
	mutex  sync.Mutex
	last   string
	names  []string
	gaps   int
	cuts   int
	begun  chan struct{}
	once   sync.Once
}

func listen(ctx context.Context, t *testing.T, c *cluster, token string) *listener {
	l := &listener{client: client(t, "127.0.0.3"), url: c.url + "/api/v1/notices", token: token, begun: make(chan struct{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if err := l.receive(ctx); err != nil && ctx.Err() == nil {
				assert.NoError(t, err)
			}
			l.mutex.Lock()
			l.cuts++
			l.mutex.Unlock()
		}
	}()
	t.Cleanup(func() { <-ended })
	select {
	case <-l.begun:
	case <-time.After(time.Minute):
		require.Fail(t, "the stream does not begin")
	}
	return l
}

// receive reads one connection to its end. Only its start may fail.
func (l *listener) receive(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, "GET", l.url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+l.token)
	if l.last != "" {
		r.Header.Set("Last-Event-ID", l.last)
	}
	answer, err := l.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		l.take(lines.Text())
	}
	return nil
}

func (l *listener) take(line string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	name, value, _ := strings.Cut(line, ": ")
	switch {
	case name == "id":
		l.last = value
		l.once.Do(func() { close(l.begun) })
	case name == "event" && value == "gap":
		l.gaps++
	case name == "data" && value != "null":
		var notice Notice
		if json.Unmarshal([]byte(value), &notice) == nil {
			l.names = append(l.names, notice.Name)
		}
	}
}

func (l *listener) heard() ([]string, int, int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return append([]string{}, l.names...), l.gaps, l.cuts
}

func TestRollingRestart(t *testing.T) {
	c := start(t, "LIMIT_REQUESTS=100000", "LIMIT_PER=1s", "LIMIT_BURST=100000")
	token := login(t, client(t, "127.0.0.4"), c.url, nameOf("listener", 0))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var listeners []*listener
	for range 4 {
		listeners = append(listeners, listen(ctx, t, c, token))
	}

	loading, stopLoad := context.WithCancel(ctx)
	var load sync.WaitGroup
	var asked atomic.Int64
	for range 8 {
		load.Go(func() {
			mine := client(t, "127.0.0.4")
			for loading.Err() == nil {
				status, text, err := ask(mine, "GET", c.url+"/api/v1/users/me", "", "")
				assert.NoError(t, err)
				assert.Equal(t, http.StatusUnauthorized, status, text)
				asked.Add(1)
			}
		})
	}
	var joined []string
	load.Go(func() {
		mine := client(t, "127.0.0.4")
		for i := 0; loading.Err() == nil; i++ {
			name := nameOf("joined", i)
			if assert.NoError(t, register(mine, c.url, name)) {
				joined = append(joined, name)
			}
		}
	})
	for i := range c.processes {
		c.stopProcess(i)
		c.startProcess(i)
	}
	stopLoad()
	load.Wait()
	t.Logf("%d requests and %d registrations", asked.Load(), len(joined))
	require.NotEmpty(t, joined)
	for _, l := range listeners {
		// The notice of the listener's own account follows the response to its
		// registration, so it may arrive after the stream has started.
		ofJoined := func() []string {
			names, _, _ := l.heard()
			return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "joined") })
		}
		eventually(t, "all notices", func() bool { return len(ofJoined()) >= len(joined) })
		assert.ElementsMatch(t, joined, ofJoined())
		_, gaps, cuts := l.heard()
		assert.Zero(t, gaps)
		assert.NotZero(t, cuts, "each was connected to a process that was restarted")
	}
	cancel()
}

func TestOutageOfRedisAndNATS(t *testing.T) {
	c := start(t, "LIMIT_REQUESTS=1", "LIMIT_PER=1h", "LIMIT_BURST=10")
	// Each client has its own address, whose limit is not used up.
	token := login(t, client(t, "127.0.0.4"), c.url, nameOf("outage", 0))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := listen(ctx, t, c, token)
	limited := client(t, "127.0.0.5")
	passes := func() int {
		passed := 0
		for range 20 {
			status, text, err := ask(limited, "GET", c.url+"/api/v1/users/me", "", "")
			require.NoError(t, err)
			require.Contains(t, []int{http.StatusUnauthorized, http.StatusTooManyRequests}, status, text)
			if status == http.StatusUnauthorized {
				passed++
			}
		}
		return passed
	}
	assert.Equal(t, 10, passes())

	c.killRedis()
	c.killNATS()
	down := time.Now()
	assert.Less(t, passes(), 10, "without Redis each process counts from where it was")
	require.NoError(t, register(client(t, "127.0.0.6"), c.url, nameOf("outage", 1)), "who joins does not need the notices")
	eventually(t, "who cannot send notices says so", func() bool { return !c.ready(0) && !c.ready(1) })
	time.Sleep(time.Until(down.Add(5 * time.Second)))
	c.startRedis()
	c.startNATS()

	// Nothing is restarted: the limit counts again, and notices arrive.
	eventually(t, "the notices", func() bool { return c.ready(0) && c.ready(1) })
	for i := 2; ; i++ {
		require.NoError(t, register(client(t, fmt.Sprintf("127.0.1.%d", i)), c.url, nameOf("outage", i)))
		if names, _, _ := l.heard(); len(names) > 0 {
			break
		}
		require.Less(t, i, 200)
		time.Sleep(100 * time.Millisecond)
	}
	cancel()
	for _, p := range c.processes {
		c.stopProcess(0)
		c.stopProcess(1)
		assert.NotContains(t, p.log.String(), "panic")
	}
	logs := c.processes[0].log.String() + c.processes[1].log.String()
	assert.Contains(t, logs, "the store of a rate limit fails")
	assert.Contains(t, logs, "there is no connection to NATS")
}

func TestWhatNginxHides(t *testing.T) {
	c := start(t)
	for _, path := range []string{"/metrics", "/readyz"} {
		status, _, err := ask(http.DefaultClient, "GET", c.url+path, "", "")
		require.NoError(t, err)
		assert.Equal(t, http.StatusNotFound, status)
	}
	status, text, err := ask(http.DefaultClient, "GET", "http://"+c.processes[0].addr+"/metrics", "", "")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, "http_server_requests_total")
}

func TestInvalidSettingsAreReportedTogether(t *testing.T) {
	file, err := program()
	require.NoError(t, err)
	said, err := runWith(file, "LIMIT_REQUESTS=0", "NATS_URL=nowhere", "SECRET=short")
	require.Error(t, err)
	assert.Equal(t, `settings are wrong
	NATS_URL: Not a URL
	SECRET: Must have at least 16 characters
	ADMIN_KEY: Field required
	LIMIT_REQUESTS: Must be greater than or equal to 1
`, said)
}

func runWith(file string, env ...string) (string, error) {
	cmd := exec.Command(file)
	cmd.Env = env
	said, err := cmd.CombinedOutput()
	return string(said), err
}

// A Prometheus scrapes both processes, and has the 95th percentile of response
// times.
func TestPrometheusScrapesBoth(t *testing.T) {
	c := start(t)
	dir, addr := t.TempDir(), freeAddr(t)
	config := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: production, static_configs: [{targets: [%q, %q]}]}]\n",
		c.processes[0].addr, c.processes[1].addr)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600))
	server := exec.Command("prometheus", "--config.file="+dir+"/prometheus.yml", "--storage.tsdb.path="+dir+"/data", "--web.listen-address="+addr)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	mine := client(t, "127.0.0.7")
	p95 := "http://" + addr + "/api/v1/query?query=" + url.QueryEscape(
		`histogram_quantile(0.95, sum by (le, instance) (rate(http_server_request_duration_seconds_bucket{route="/api/v1/users/me"}[1m]))) > 0`)
	eventually(t, "the quantile of both", func() bool {
		for range 4 {
			_, _, err := ask(mine, "GET", c.url+"/api/v1/users/me", "", "")
			require.NoError(t, err)
		}
		status, text, err := ask(http.DefaultClient, "GET", p95, "", "")
		return err == nil && status == http.StatusOK &&
			strings.Contains(text, c.processes[0].addr) && strings.Contains(text, c.processes[1].addr)
	})
}
