package candorredis_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	candorredis "github.com/candor-go/candor/contrib/redis"
	"github.com/candor-go/candor/hub"
)

// full selects the durations and sizes that docs/processes.md reports.
var full = os.Getenv("CANDOR_LOAD") == "full"

// grace is for delayed invalidations: how long another process may miss them once Redis is available.
const grace = 2 * time.Second

// pace is a clock that stands still while a busy machine gives the process no time: nothing is late that could not run.
type pace struct{ passed atomic.Int64 }

func (p *pace) run(ctx context.Context) {
	const tick, most = 5 * time.Millisecond, 50 * time.Millisecond
	for last := time.Now(); ctx.Err() == nil; {
		time.Sleep(tick)
		now := time.Now()
		p.passed.Add(int64(min(now.Sub(last), most)))
		last = now
	}
}

func (p *pace) now() time.Duration { return time.Duration(p.passed.Load()) }

// pass waits until a time has passed.
func (p *pace) pass(d time.Duration) {
	for end := p.now() + d; p.now() < end; {
		time.Sleep(time.Millisecond)
	}
}

// ledger is what the processes share besides Redis: numbers that only grow.
type ledger struct {
	pace
	numbers [20]atomic.Int64
	writes  atomic.Int64
	// late counts responses older than the last confirmed write, and stale those older than the last write confirmed
	// before the grace.
	late, stale atomic.Int64
	mutex       sync.Mutex
	told        [20][]told
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	l := &ledger{}
	go l.run(t.Context())
	return l
}

// told is the number in the response to a write, and its time.
type told struct {
	at time.Duration
	n  int64
}

// least returns the largest number confirmed before a time.
func (l *ledger) least(n int, before time.Duration) (least int64) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, t := range l.told[n] {
		if t.at < before {
			least = max(least, t.n)
		}
	}
	return least
}

// expected is the least number that a response may have.
type expected struct{ last, before int64 }

// expect is for a request that is about to be sent.
func (l *ledger) expect(n int) expected {
	now := l.now()
	return expected{l.least(n, now), l.least(n, now-grace)}
}

// judge counts responses that are too old.
func (l *ledger) judge(wanted expected, body string) {
	got, err := strconv.ParseInt(strings.TrimSpace(body), 10, 64)
	if err != nil || got < wanted.last {
		l.late.Add(1)
	}
	if err != nil || got < wanted.before {
		l.stale.Add(1)
	}
}

// tell records the response to a write.
func (l *ledger) tell(n int, body string) {
	got, _ := strconv.ParseInt(strings.TrimSpace(body), 10, 64)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.told[n] = append(l.told[n], told{l.now(), got})
	l.writes.Add(1)
}

// clerk is a process: it caches the numbers, limits requests and has a stream.
type clerk struct {
	*ledger
	app    *candor.App
	cached atomic.Int64
	mutex  sync.Mutex
	took   map[string][]time.Duration
}

func newClerk(t *testing.T, server *redisServer, l *ledger) *clerk {
	t.Helper()
	// The client has the defaults of go-redis, which wait for seconds and ignore contexts.
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: server.socket})
	broker := candorredis.NewBroker(client, candorredis.BrokerConfig{})
	quiet := slog.New(slog.DiscardHandler)
	h := hub.New[int](hub.Config{Broker: broker, Logger: quiet, SubscribeBudget: 50 * time.Millisecond})
	t.Cleanup(func() {
		h.Close()
		assert.NoError(t, broker.Close())
		_ = client.Close() // may fail after the connection hung
	})
	c := &clerk{ledger: l, took: map[string][]time.Duration{}}
	c.app = candor.New(candor.Config{
		CacheStore: candorredis.NewCacheStore(client), RateStore: candorredis.NewRateStore(client), Logger: quiet,
	})
	type number struct {
		N int `path:"n"`
	}
	candor.Get(c.app, "/numbers/{n}", func(_ context.Context, in number) (int64, error) { return l.numbers[in.N].Load(), nil },
		candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"number:{n}"}}))
	candor.Post(c.app, "/numbers/{n}", func(_ context.Context, in struct {
		number
		Tags *candor.CacheTags
	},
	) (int64, error) {
		_ = in.Tags.Invalidate(fmt.Sprintf("number:%d", in.N))
		return l.numbers[in.N].Add(1), nil
	})
	candor.Get(c.app, "/limited", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil },
		candor.RateLimit(candor.RateConfig{Rate: candor.PerSecond(1_000_000)}))
	candor.Get(c.app, "/stream", func(ctx context.Context, _ candor.None) (candor.Events[int], error) {
		events, err := h.Events(ctx, "all", "")
		if err != nil {
			return nil, err
		}
		return func(yield func(candor.Event[int], error) bool) {
			for event, err := range events { // the first one is enough
				yield(event, err)
				return
			}
		}, nil
	}, candor.Raises(hub.ErrUnavailable))
	c.app.Seal()
	return c
}

// ask sends a request, and records its duration.
func (c *clerk) ask(kind, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	start := time.Now()
	c.app.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.took[kind] = append(c.took[kind], time.Since(start))
	return w
}

func (c *clerk) read(n int) {
	wanted := c.expect(n)
	w := c.ask("cached GET", "GET", fmt.Sprintf("/numbers/%d", n))
	if w.Header().Get("Age") != "" {
		c.cached.Add(1)
	}
	c.judge(wanted, w.Body.String())
}

func (c *clerk) write(n int) {
	w := c.ask("write with a tag", "POST", fmt.Sprintf("/numbers/%d", n))
	c.tell(n, w.Body.String())
}

func (c *clerk) work() {
	n := rand.IntN(len(c.numbers))
	switch rand.IntN(8) {
	case 0, 1:
		c.write(n)
	case 2:
		c.ask("limited request", "GET", "/limited")
	case 3:
		c.ask("new stream", "GET", "/stream")
	default:
		c.read(n)
	}
}

// during lets both processes work until f returns.
func during(clerks []*clerk, f func()) {
	var stop atomic.Bool
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for !stop.Load() {
				clerks[i%len(clerks)].work()
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	f()
	stop.Store(true)
	all.Wait()
}

// durations are the median and the 99th percentile. A pause of a busy machine raises only the second.
type durations struct{ p50, p99 time.Duration }

// least returns how many requests there were since the last call of spent, of the kind with the fewest.
func least(clerks []*clerk, kinds int) int {
	counts := map[string]int{}
	for _, c := range clerks {
		c.mutex.Lock()
		for kind, took := range c.took {
			counts[kind] += len(took)
		}
		c.mutex.Unlock()
	}
	if len(counts) < kinds {
		return 0
	}
	return slices.Min(slices.Collect(maps.Values(counts)))
}

// spent returns the durations of each kind of request since the last call.
func spent(clerks []*clerk) map[string]durations {
	all := map[string][]time.Duration{}
	for _, c := range clerks {
		c.mutex.Lock()
		for kind, took := range c.took {
			all[kind] = append(all[kind], took...)
		}
		clear(c.took)
		c.mutex.Unlock()
	}
	of := map[string]durations{}
	for kind, took := range all {
		slices.Sort(took)
		of[kind] = durations{took[len(took)/2], took[len(took)*99/100]}
	}
	return of
}

// While Redis hangs, two processes wait no longer than their budgets, serve nothing stale, and recover by themselves.
func TestRedisThatHangs(t *testing.T) {
	hang, writes := 3*time.Second, int64(500)
	if full {
		hang, writes = 30*time.Second, 10_000
	}
	server, l := newServer(t), newLedger(t)
	clerks := []*clerk{newClerk(t, server, l), newClerk(t, server, l)}
	served := func() int64 { return clerks[0].cached.Load() + clerks[1].cached.Load() }
	during(clerks, func() {
		require.Eventually(t, func() bool { return served() > 100 && l.writes.Load() > 100 }, patience, time.Millisecond)
		require.NoError(t, server.cmd.Process.Signal(syscall.SIGSTOP))
		time.Sleep(hang / 3) // the circuit breakers open
		t.Logf("while it begins to hang: %v", spent(clerks))
		time.Sleep(hang - hang/3)
		const kinds = 4
		require.Eventually(t, func() bool { return least(clerks, kinds) > 20 }, patience, time.Millisecond, "no responses while it hangs")
		hung := spent(clerks)
		t.Logf("while it hangs: %v", hung)
		for kind, took := range hung {
			assert.Less(t, took.p50, hang/3, kind)
			if full {
				assert.Less(t, took.p99, 100*time.Millisecond, kind)
			}
		}
		before := served()
		require.NoError(t, server.cmd.Process.Signal(syscall.SIGCONT))
		back := time.Now()
		require.Eventually(t, func() bool { return served() > before+10 }, patience, time.Millisecond)
		t.Logf("recovered after %v", time.Since(back))
		if full {
			assert.Less(t, time.Since(back), 2*time.Second)
		}
		require.Eventually(t, func() bool { return l.writes.Load() > writes }, 5*patience, time.Millisecond)
	})
	assert.Zero(t, l.stale.Load(), "stale responses")
	t.Logf("%d writes, %d responses from the cache, %d late", l.writes.Load(), served(), l.late.Load())
	l.pass(grace)
	late := l.late.Load()
	for n := range l.numbers {
		for _, c := range clerks {
			c.read(n)
		}
	}
	assert.Equal(t, late, l.late.Load(), "late responses, when all drops had the time to arrive")
	// A busy machine may need more than the budget for one of them.
	require.Eventually(t, func() bool { return clerks[0].ask("new stream", "GET", "/stream").Code == http.StatusOK }, patience, time.Millisecond)
}
