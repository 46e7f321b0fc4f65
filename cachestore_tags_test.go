package candor_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// network is one process's connection to a store.
type network struct {
	candor.CacheStore
	mutex sync.Mutex
	// err is returned by each call after delay, even if its context ends earlier.
	err   error
	delay time.Duration
	// calls are the methods that were called, ttls the arguments of Renew.
	calls []string
	ttls  []time.Duration
}

var errCut = errors.New("connection refused")

func (n *network) set(err error, delay time.Duration) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.err, n.delay = err, delay
}

func (n *network) pass(method string) error {
	n.mutex.Lock()
	n.calls = append(n.calls, method)
	err, delay := n.err, n.delay
	n.mutex.Unlock()
	time.Sleep(delay)
	return err
}

func (n *network) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if err := n.pass("Get"); err != nil {
		return nil, err
	}
	return n.CacheStore.Get(ctx, keys...)
}

func (n *network) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := n.pass("Set"); err != nil {
		return err
	}
	return n.CacheStore.Set(ctx, key, value, ttl)
}

func (n *network) Renew(ctx context.Context, ttl time.Duration, keys ...string) ([][]byte, error) {
	if err := n.pass("Renew"); err != nil {
		return nil, err
	}
	n.mutex.Lock()
	n.ttls = append(n.ttls, ttl)
	n.mutex.Unlock()
	return n.CacheStore.Renew(ctx, ttl, keys...)
}

// process is one of several that cache responses about the same number in one store.
type process struct {
	t *testing.T
	*network
	app *candor.App
	c   *candor.TestClient
	log *recordedLog
	ran atomic.Int64
	// failed is the error that the last transaction got.
	failed error
}

func newProcess(t *testing.T, store candor.CacheStore, number *atomic.Int64, config candor.CacheConfig) *process {
	t.Helper()
	p := &process{t: t, network: &network{CacheStore: store}}
	var c candor.Config
	c, p.log = recorded()
	c.CacheStore = p.network
	p.app = candor.New(c)
	p.app.Health("", "/readyz")
	config.TTL, config.Tags = time.Hour, []string{"n"}
	candor.Get(p.app, "/", func(context.Context, candor.None) (int64, error) {
		p.ran.Add(1)
		return number.Load(), nil
	}, candor.Cache(config))
	type transaction struct{ n int64 }
	candor.ProvideScoped(p.app, func(_ context.Context, _ candor.None, use func(*transaction) error) error {
		var tx transaction
		if p.failed = use(&tx); p.failed == nil {
			number.Store(tx.n)
		}
		return p.failed
	})
	candor.Put(p.app, "/{n}", func(_ context.Context, in struct {
		N    int64        `path:"n"`
		Tx   *transaction `dep:""`
		Tags *candor.CacheTags
	},
	) (candor.None, error) {
		in.Tx.n = in.N
		_ = in.Tags.Invalidate("n")
		return candor.None{}, nil
	})
	p.c = candor.NewTestClient(t, p.app)
	return p
}

func (p *process) read() int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(p.c.Get("/").Status(200).Text()), 10, 64)
	assert.NoError(p.t, err)
	return n
}

func (p *process) write(n int64) { p.c.Put(fmt.Sprintf("/%d", n), nil).Status(204) }

// took returns the duration of f.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestAHungCacheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const budget = 50 * time.Millisecond
		var n atomic.Int64
		p := newProcess(t, candor.NewMemoryCache(0), &n, candor.CacheConfig{})
		assert.Zero(t, p.read())
		p.set(nil, 30*time.Second)
		for range 4 {
			assert.Equal(t, budget, took(func() { assert.Zero(t, p.read()) }))
		}
		assert.Equal(t, budget, took(func() { p.write(1) }), "which was the fifth in a row")
		for range 100 {
			assert.Zero(t, took(func() { assert.EqualValues(t, 1, p.read()) }))
			assert.Zero(t, took(func() { p.write(1) }))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		// Another goroutine logs that the store is paused, so the order varies.
		assert.ElementsMatch(t, []string{
			"ERROR the store of a cache fails route=/ error=no response in time",
			"ERROR the store of a cache fails route=/ error=no response in time",
			"ERROR the store of a cache fails route=/ error=no response in time",
			"ERROR the store of a cache fails route=/ error=no response in time",
			"WARN the store of cached responses does not respond and is paused failed=5 error=no response in time",
			"WARN dropped tags wait for the store of cached responses",
			"ERROR the store of a cache fails route=/{n} error=no response in time",
		}, p.log.take())
		p.set(nil, 0)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		logged := p.log.take()
		require.Len(t, logged, 2)
		assert.Regexp(t, `^INFO the store of cached responses responds again after=1\.\d+s failed=\d+ refused=\d+$`, logged[0])
		assert.Equal(t, "INFO no dropped tag waits for the store of cached responses any more sent=1", logged[1])
		ran := p.ran.Load()
		for range 3 {
			assert.EqualValues(t, 1, p.read())
		}
		assert.Equal(t, ran+1, p.ran.Load(), "it is kept again")
		time.Sleep(time.Minute)
	})
}

// The budget applies within a shorter Timeout too: the health of
// the store does not depend on how long requests wait for it.
func TestBudgetInATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, log := recorded()
		store := &network{CacheStore: candor.NewMemoryCache(0), delay: time.Minute}
		config.CacheStore = store
		app := candor.New(config)
		candor.Get(app, "/", func(context.Context, candor.None) (int, error) { return 1, nil },
			candor.Timeout(10*time.Millisecond), candor.Cache(candor.CacheConfig{TTL: time.Hour, Budget: 20 * time.Millisecond}))
		c := candor.NewTestClient(t, app)
		for range 5 {
			assert.Equal(t, 10*time.Millisecond, took(func() { c.Get("/").Status(200) }))
		}
		time.Sleep(20 * time.Millisecond)
		synctest.Wait()
		assert.Contains(t, strings.Join(log.take(), "\n"), "is paused")
		assert.Zero(t, took(func() { c.Get("/").Status(200) }))
		time.Sleep(time.Hour)
	})
}

func TestInvalidationsThatAStoreDidNotTake(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		delay time.Duration
	}{
		"refused":         {errCut, 0},
		"late, then lost": {errCut, time.Second},
		"late, then done": {nil, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				store := candor.NewMemoryCache(0)
				writer, other := newProcess(t, store, &n, candor.CacheConfig{}), newProcess(t, store, &n, candor.CacheConfig{})
				writer.read()
				other.read()
				assert.EqualValues(t, 1, writer.ran.Load()+other.ran.Load(), "they share what is kept")
				writer.set(c.err, c.delay)
				writer.write(1)
				assert.EqualValues(t, 1, writer.read(), "who wrote knows")
				assert.Contains(t, writer.c.Get("/readyz").Status(200).Text(), `"dropped tags":"1 wait for`)
				assert.NotContains(t, other.c.Get("/readyz").Status(200).Text(), "dropped tags")
				assert.Zero(t, other.read(), "who reaches the store cannot know")
				writer.set(nil, 0)
				assert.EqualValues(t, 1, writer.read(), "the drop holds while it waits")
				time.Sleep(200 * time.Millisecond)
				synctest.Wait()
				assert.EqualValues(t, 1, other.read(), "it was sent again")
				time.Sleep(2 * time.Second)
				for _, p := range []*process{writer, other} {
					ran := p.ran.Load()
					p.read()
					assert.EqualValues(t, 1, p.read())
					assert.LessOrEqual(t, p.ran.Load(), ran+1)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

// An app that stops first sends pending invalidations, because no other process would; it gives up on a store that
// stays unavailable.
func TestInvalidationsAreSentBeforeTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		took time.Duration
		want int64
		log  string
	}{
		"the store is back":       {nil, 200 * time.Millisecond, 1, "no dropped tag waits"},
		"the store is still away": {errCut, 5 * time.Second, 0, "the app stops while dropped tags wait"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				store := candor.NewMemoryCache(0)
				other := newProcess(t, store, &n, candor.CacheConfig{})
				var writer *process
				var stopped time.Time
				t.Cleanup(func() { // runs after the writer has stopped
					assert.InDelta(t, c.took, time.Since(stopped), float64(50*time.Millisecond))
					synctest.Wait() // until the invalidations of this moment are logged
					assert.Equal(t, c.want, other.read())
					assert.Contains(t, strings.Join(writer.log.take(), "\n"), c.log)
					writer.set(nil, 0)
					time.Sleep(time.Second) // time to send what is still pending
				})
				writer = newProcess(t, store, &n, candor.CacheConfig{})
				other.read()
				writer.set(errCut, 0)
				writer.write(1)
				writer.set(c.err, 0)
				stopped = time.Now()
			})
		})
	}
}

// If no process could reach the store, none serves responses that were invalidated meanwhile once it is back.
func TestAStoreThatNobodyReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		store := candor.NewMemoryCache(0)
		writer, other := newProcess(t, store, &n, candor.CacheConfig{}), newProcess(t, store, &n, candor.CacheConfig{})
		writer.read()
		for _, p := range []*process{writer, other} {
			p.set(errCut, 0)
			for range 5 {
				p.read()
			}
		}
		writer.write(1)
		time.Sleep(30*time.Second - 50*time.Millisecond)
		for _, p := range []*process{writer, other} {
			p.set(nil, 0)
		}
		for range 100 {
			assert.EqualValues(t, 1, other.read())
			assert.EqualValues(t, 1, writer.read())
			time.Sleep(20 * time.Millisecond)
		}
		ran := other.ran.Load()
		other.read()
		assert.Equal(t, ran, other.ran.Load(), "it recovered within two seconds")
		time.Sleep(time.Minute)
	})
}

// Whatever the store does, each process reads its own writes, and all processes do after the store was reached.
func TestNothingStaleByChance(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			var n atomic.Int64
			store := candor.NewMemoryCache(0)
			all := []*process{newProcess(t, store, &n, candor.CacheConfig{}), newProcess(t, store, &n, candor.CacheConfig{})}
			wrote := make([]int64, len(all))
			for i := range int64(200) {
				at := random.IntN(len(all))
				p := all[at]
				switch random.IntN(6) {
				case 0:
					p.set([]error{nil, errCut}[random.IntN(2)], time.Duration(random.IntN(3))*60*time.Millisecond)
				case 1:
					p.write(i + 1)
					wrote[at] = i + 1
				case 2:
					time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
				default:
					assert.GreaterOrEqual(t, p.read(), wrote[at], "seed %d, step %d", seed, i)
				}
			}
			for _, p := range all {
				p.set(nil, 0)
			}
			time.Sleep(time.Second)
			for _, p := range all {
				assert.Equal(t, n.Load(), p.read(), "seed %d", seed)
			}
			time.Sleep(time.Minute)
		})
	}
}

func TestMoreInvalidationsThanCanWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		store := candor.NewMemoryCache(0)
		writer, other := newProcess(t, store, &n, candor.CacheConfig{}), newProcess(t, store, &n, candor.CacheConfig{})
		writer.read()
		writer.set(errCut, 0)
		n.Store(1)
		require.ErrorIs(t, writer.app.Invalidate(t.Context(), "n"), errCut)
		for i := range 70 {
			tags := make([]string, 1000)
			for j := range tags {
				tags[j] = fmt.Sprintf("%d-%d", i, j)
			}
			assert.Error(t, writer.app.Invalidate(t.Context(), tags...))
		}
		writer.set(nil, 0)
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
		assert.EqualValues(t, 1, writer.read())
		assert.EqualValues(t, 1, other.read(), "everything was dropped")
		time.Sleep(time.Minute)
	})
}

// An invalidation that cannot be sent is dropped once no older response is left.
func TestInvalidationsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		p := newProcess(t, candor.NewMemoryCache(0), &n, candor.CacheConfig{})
		p.set(errCut, 0)
		p.write(1)
		time.Sleep(time.Hour + time.Second)
		synctest.Wait()
		p.log.take()
		p.mutex.Lock()
		calls := len(p.calls)
		p.mutex.Unlock()
		time.Sleep(time.Hour)
		assert.Len(t, p.calls, calls)
	})
}

func TestStrictCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		p := newProcess(t, candor.NewMemoryCache(0), &n, candor.CacheConfig{Strict: true})
		p.read()
		p.calls, p.ttls = nil, nil
		p.write(1)
		assert.Equal(t, []string{"Renew", "Renew"}, p.calls, "before the commit and after it")
		assert.Equal(t, []time.Duration{10 * time.Second, 7 * 24 * time.Hour}, p.ttls)
		assert.EqualValues(t, 1, p.read())

		p.set(errCut, 0)
		refused := p.c.Put("/2", nil).Status(503)
		assert.JSONEq(t, `{"detail":"the cache is not available"}`, refused.Text())
		assert.Equal(t, "1", refused.Header.Get("Retry-After"))
		require.Error(t, p.failed, "the transaction was rolled back")
		assert.EqualValues(t, 1, n.Load())

		var out strings.Builder
		require.NoError(t, p.app.WriteOpenAPI(&out))
		assert.Contains(t, out.String(), `"The cache is not available"`)
		time.Sleep(2 * time.Hour)
	})
}

func TestInvalidateReportsABypassedStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &network{CacheStore: candor.NewMemoryCache(0), err: errCut}
		config, _ := recorded()
		config.CacheStore = store
		app := candor.New(config)
		candor.Post(app, "/", func(_ context.Context, in struct{ Tags *candor.CacheTags }) (candor.None, error) {
			return candor.None{}, in.Tags.Invalidate("n")
		}, candor.Raises(candor.Error(503, "the cache is not available")))
		c := candor.NewTestClient(t, app)
		for range 5 {
			c.Post("/", nil).Status(204)
		}
		assert.Equal(t, "1", c.Post("/", nil).Status(503).Header.Get("Retry-After"))
		store.set(nil, 0)
		time.Sleep(time.Second)
		c.Post("/", nil).Status(204)
		require.NoError(t, new(candor.CacheTags).Invalidate("in a test of a handler"))
		time.Sleep(8 * 24 * time.Hour)
	})
}
