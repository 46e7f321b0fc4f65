package candor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
	"github.com/candor-go/candor/internal/apptest"
)

func rateApp(options ...candor.Option) *candor.App {
	app := candor.New(candor.Config{}, options...)
	candor.Get(app, "/a", apptest.Fails(nil))
	candor.Get(app, "/b", apptest.Fails(nil))
	return app
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := candor.NewTestClient(t, rateApp(candor.RateLimit(candor.RateConfig{Rate: candor.PerMinute(3), Name: "all"})))

		got := c.Get("/a").Status(204)
		assert.Equal(t, `"all";q=3;w=60`, got.Header.Get("RateLimit-Policy"))
		assert.Equal(t, `"all";r=2;t=20`, got.Header.Get("RateLimit"))
		assert.Equal(t, `"all";r=1;t=40`, c.Get("/b").Status(204).Header.Get("RateLimit"), "all routes count together")
		c.Get("/none").Status(404)

		got = c.Get("/a").Status(429)
		assert.JSONEq(t, `{"detail":"too many requests"}`, got.Text())
		assert.Equal(t, "20", got.Header.Get("Retry-After"))
		assert.Equal(t, `"all";r=0;t=60`, got.Header.Get("RateLimit"))
		c.Get("/openapi.json").Status(429)

		time.Sleep(20 * time.Second)
		c.Get("/a").Status(204)
		c.Get("/a").Status(429)
	})
}

func TestRateLimitsAddUp(t *testing.T) {
	app := candor.New(candor.Config{}, candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(5), Name: "app"}))
	shared := candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(2)})
	own := func() candor.Option { return candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1)}) }
	candor.Get(app, "/shared/1", apptest.Fails(nil), shared)
	candor.Get(app, "/shared/2", apptest.Fails(nil), shared)
	candor.Get(app, "/own/1", apptest.Fails(nil), own())
	candor.Get(app, "/own/2", apptest.Fails(nil), own())
	c := candor.NewTestClient(t, app)

	got := c.Get("/shared/1").Status(204)
	assert.Equal(t, []string{`"app";q=5;w=3600`, `"default";q=2;w=3600`}, got.Header.Values("RateLimit-Policy"))
	assert.Equal(t, []string{`"app";r=4;t=720`, `"default";r=1;t=1800`}, got.Header.Values("RateLimit"))
	c.Get("/shared/2").Status(204)
	c.Get("/shared/1").Status(429)
	c.Get("/own/1").Status(204)
	c.Get("/own/2").Status(204)
	assert.Equal(t, []string{`"app";r=0;t=3600`}, c.Get("/own/2").Status(429).Header.Values("RateLimit"))
}

// However many keys one limit sees, it does not evict those of another limit in the same store.
func TestRateLimitsInOneStore(t *testing.T) {
	own := candor.NewMemoryRateStore(4)
	tests := map[string]struct{ wide, strict candor.RateConfig }{
		"the app's store": {},
		"a store of both": {candor.RateConfig{Store: own}, candor.RateConfig{Store: own}},
		"without names":   {candor.RateConfig{Name: "-"}, candor.RateConfig{Name: "-"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tc.wide.Rate, tc.wide.Key = candor.PerMinute(600), candor.ByCredential
			tc.strict.Rate = candor.PerHour(2)
			if tc.wide.Name == "" {
				tc.wide.Name, tc.strict.Name = "wide", "strict"
			} else {
				tc.wide.Name, tc.strict.Name = "", ""
			}
			app := candor.New(candor.Config{RateStore: candor.NewMemoryRateStore(4)}, candor.RateLimit(tc.wide))
			candor.Post(app, "/login", apptest.Fails(nil), candor.RateLimit(tc.strict))
			candor.Get(app, "/", apptest.Fails(nil))
			c := candor.NewTestClient(t, app)
			c.Post("/login", nil).Status(204)
			c.Post("/login", nil).Status(204)
			for i := range 100 {
				c.Get("/", candor.WithHeader("Authorization", "Bearer "+strconv.Itoa(i)))
			}
			c.Post("/login", nil, candor.WithHeader("Authorization", "Bearer new")).Status(429)
		})
	}
}

func TestRateLimitRunsBeforeGuardsAndBody(t *testing.T) {
	guarded := 0
	app := candor.New(candor.Config{},
		candor.Require(func(context.Context, candor.None) error { guarded++; return nil }),
		candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1)}))
	candor.Post(app, "/", apptest.Ignores[struct {
		Body map[string]int `body:""`
	}])
	c := candor.NewTestClient(t, app)
	c.Post("/", `{"a":1}`).Status(204)
	body := strings.NewReader(`{"a":1}`)
	c.Do("POST", "/", nil, candor.WithBody("application/json", body)).Status(429)
	assert.Equal(t, 1, guarded)
	assert.Equal(t, 7, body.Len(), "the body is not read")
}

// addressed sets the client address of requests.
func addressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = r.Header.Get("Test-Address")
		next.ServeHTTP(w, r)
	})
}

func TestRateKeys(t *testing.T) {
	type sent struct{ address, authorization, key string }
	type pair struct {
		name      string
		one, two  sent
		same      bool
		sameToken bool
	}
	v4 := "192.0.2.1:1"
	pairs := []pair{
		{"another port", sent{v4, "", ""}, sent{"192.0.2.1:2", "", ""}, true, true},
		{"another address", sent{v4, "", ""}, sent{"192.0.2.2:1", "", ""}, false, false},
		{"the same address inside IPv6", sent{v4, "", ""}, sent{"[::ffff:192.0.2.1]:1", "", ""}, true, true},
		{"one network of 64 bits", sent{"[2001:db8:1:2::3]:1", "", ""}, sent{"[2001:db8:1:2:ffff::]:1", "", ""}, true, true},
		{"another network", sent{"[2001:db8:1:2::3]:1", "", ""}, sent{"[2001:db8:1:3::3]:1", "", ""}, false, false},
		{"a zone", sent{"[fe80::1%eth0]:1", "", ""}, sent{"[fe80::1%eth1]:1", "", ""}, true, true},
		{"another token", sent{v4, "Bearer a", ""}, sent{v4, "Bearer b", ""}, true, false},
		{"one token from two places", sent{v4, "Bearer a", ""}, sent{"192.0.2.2:1", "Bearer a", ""}, false, true},
		{"another key", sent{v4, "", "a"}, sent{v4, "", "b"}, true, false},
		{"no port", sent{"somewhere", "", ""}, sent{"somewhere", "", ""}, true, true},
	}
	for _, tc := range pairs {
		t.Run(tc.name, func(t *testing.T) {
			for by, key := range map[string]func(*http.Request) string{"client": candor.ByClient, "credential": candor.ByCredential} {
				app := candor.New(candor.Config{}, candor.Use(addressed), candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1), Key: key}))
				candor.Get(app, "/", apptest.Ignores[struct {
					Key *candor.APIKey `header:"X-Key"`
				}])
				c := candor.NewTestClient(t, app)
				ask := func(s sent) int {
					return c.Get("/", candor.WithHeader("Test-Address", s.address), candor.WithHeader("Authorization", s.authorization),
						candor.WithHeader("X-Key", s.key)).Code
				}
				assert.Equal(t, 204, ask(tc.one))
				want := 204
				if by == "client" && tc.same || by == "credential" && tc.sameToken {
					want = 429
				}
				assert.Equal(t, want, ask(tc.two), by)
			}
		})
	}
}

// spyStore records the keys that it gets.
type spyStore struct {
	mutex sync.Mutex
	keys  []string
	err   error
}

func (s *spyStore) Take(_ context.Context, key string, rate candor.Rate) (candor.Taken, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.keys = append(s.keys, key)
	return candor.Taken{Allowed: true, Remaining: rate.Limit() - 1}, s.err
}

func TestRateLimitKeepsSecretsOutOfTheStore(t *testing.T) {
	spy := &spyStore{}
	app := candor.New(candor.Config{RateStore: spy})
	limit := candor.RateConfig{Rate: candor.PerHour(10), Key: candor.ByCredential, Budget: time.Minute}
	candor.Get(app, "/unnamed/{x...}", apptest.Ignores[struct {
		X string `path:"x"`
	}], candor.RateLimit(limit))
	limit.Name = "named"
	candor.Get(app, "/named", apptest.Fails(nil), candor.RateLimit(limit))
	limit.Key = func(*http.Request) string { return "" }
	candor.Get(app, "/exempt", apptest.Fails(nil), candor.RateLimit(limit))
	c := candor.NewTestClient(t, app)
	for _, path := range []string{"/unnamed/a", "/unnamed/b", "/named", "/exempt"} {
		c.Get(path, candor.WithHeader("Authorization", "Bearer secret"+strings.Repeat("x", 5000))).Status(204)
	}
	require.Len(t, spy.keys, 3)
	assert.Equal(t, spy.keys[0], spy.keys[1])
	assert.Regexp(t, `^[\w-]{22}:[\w-]{22}$`, spy.keys[0])
	assert.Regexp(t, `^named:[\w-]{22}$`, spy.keys[2])
}

// While the store is unavailable, requests are counted in the memory of the process.
func TestRateLimitWithoutItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, log := recorded()
		store := &spyStore{err: errors.New("connection refused")}
		config.RateStore = store
		app := candor.New(config)
		candor.Get(app, "/open", apptest.Fails(nil), candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(2), Name: "open"}))
		candor.Get(app, "/closed", apptest.Fails(nil), candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1), FailClosed: true}))
		c := candor.NewTestClient(t, app)
		assert.Equal(t, `"open";r=1;t=1800`, c.Get("/open").Status(204).Header.Get("RateLimit"))
		c.Get("/open").Status(204)
		c.Get("/open").Status(429)
		assert.Equal(t, []string{`ERROR the store of a rate limit fails limit=open error=connection refused`}, log.take(), "once a second")
		time.Sleep(time.Second)
		c.Get("/open").Status(429)
		assert.Len(t, log.take(), 1)
		refused := c.Get("/closed").Status(503)
		assert.JSONEq(t, `{"detail":"the rate limit is not available"}`, refused.Text())
		assert.Equal(t, "1", refused.Header.Get("Retry-After"))
		synctest.Wait()
		assert.Contains(t, log.take()[0], "WARN the store of rate limits does not respond and is paused failed=5")
		asked := len(store.keys)
		for range 100 {
			c.Get("/closed").Status(503)
		}
		assert.Len(t, store.keys, asked, "it is paused")
		store.err = nil
		time.Sleep(200 * time.Millisecond)
		c.Get("/open").Status(204)
		synctest.Wait()
		assert.Equal(t, []string{`INFO the store of rate limits responds again after=200ms failed=5 refused=100`}, log.take())
	})
}

// Counting in memory continues from the last response of the store.
func TestRateLimitGoesOnWithoutItsStore(t *testing.T) {
	config, _ := recorded()
	store := &failingStore{RateStore: candor.NewMemoryRateStore(0)}
	config.RateStore = store
	app := candor.New(config)
	candor.Get(app, "/", apptest.Fails(nil), candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(5), Budget: time.Minute}))
	c := candor.NewTestClient(t, app)
	for range 3 {
		c.Get("/").Status(204)
	}
	store.fails.Store(true)
	c.Get("/").Status(204)
	c.Get("/").Status(204)
	c.Get("/").Status(429)
}

// failingStore counts until it fails.
type failingStore struct {
	candor.RateStore
	fails atomic.Bool
}

func (s *failingStore) Take(ctx context.Context, key string, rate candor.Rate) (candor.Taken, error) {
	if s.fails.Load() {
		return candor.Taken{}, errors.New("connection refused")
	}
	return s.RateStore.Take(ctx, key, rate)
}

// slowStore is slow, and ignores its context.
type slowStore struct{ takes time.Duration }

func (s slowStore) Take(context.Context, string, candor.Rate) (candor.Taken, error) {
	time.Sleep(s.takes)
	return candor.Taken{Allowed: true}, nil
}

func TestRateLimitWithAHungStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, _ := recorded()
		config.RateStore = slowStore{time.Minute}
		app := candor.New(config)
		candor.Get(app, "/", apptest.Fails(nil), candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1000)}))
		candor.Get(app, "/patient", apptest.Fails(nil), candor.RateLimit(candor.RateConfig{
			Rate: candor.PerHour(1000), Budget: time.Second, Store: slowStore{time.Second - 1},
		}))
		c := candor.NewTestClient(t, app)
		took := func(path string) time.Duration {
			start := time.Now()
			c.Get(path).Status(204)
			return time.Since(start)
		}
		for range 5 {
			assert.Equal(t, 50*time.Millisecond, took("/"))
		}
		for range 100 {
			assert.Zero(t, took("/"))
		}
		assert.Equal(t, time.Second-1, took("/patient"), "each store has a budget and a fate of its own")
		time.Sleep(time.Minute)
	})
}

func TestRateLimitInTheDocument(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/limited", apptest.Fails(nil), candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1), FailClosed: true}))
	candor.Get(app, "/free", apptest.Fails(nil))
	var out strings.Builder
	require.NoError(t, app.WriteOpenAPI(&out))
	var doc struct {
		Paths map[string]struct {
			Get struct {
				Responses map[string]struct{ Headers map[string]any }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out.String()), &doc))
	limited := doc.Paths["/limited"].Get.Responses
	assert.Len(t, limited, 3)
	for status, headers := range map[string]int{"204": 2, "429": 3, "503": 3} {
		assert.Len(t, limited[status].Headers, headers, status)
	}
	assert.Contains(t, limited["429"].Headers, "Retry-After")
	assert.Len(t, doc.Paths["/free"].Get.Responses, 1)
	assert.Empty(t, doc.Paths["/free"].Get.Responses["204"].Headers)
}

func TestRateLimitMistakes(t *testing.T) {
	for _, config := range []candor.RateConfig{
		{},
		{Rate: candor.PerHour(-1)},
		{Rate: candor.Rate{Requests: 1, Per: -1}},
		{Rate: candor.Rate{Requests: 2, Per: 1}},
		{Rate: candor.Rate{Requests: 1, Per: 1 << 62, Burst: 3}},
		{Rate: candor.PerHour(1), Name: `a"b`},
		{Rate: candor.PerHour(1), Budget: -1},
		{Rate: candor.PerHour(1), Name: strings.Repeat("x", 65)},
	} {
		assert.Panics(t, func() { candor.New(candor.Config{}, candor.RateLimit(config)) }, fmt.Sprint(config))
	}
}

func ExampleRateLimit() {
	app := candor.New(candor.Config{}, candor.RateLimit(candor.RateConfig{Rate: candor.PerMinute(2)}))
	candor.Get(app, "/", func(context.Context, candor.None) (string, error) { return "hello", nil })

	for range 3 {
		show(app, "GET", "/", "")
	}
	// Output:
	// 200 "hello"
	// 200 "hello"
	// 429 {"detail":"too many requests"}
}

func ExampleByCredential() {
	perToken := candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1), Key: candor.ByCredential})
	perClient := candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(3), Key: candor.ByClient})
	app := candor.New(candor.Config{}, perClient, perToken)
	candor.Get(app, "/", func(context.Context, candor.None) (string, error) { return "hello", nil })

	for _, token := range []string{"a", "a", "b", "c"} {
		show(app, "GET", "/", "", "Authorization: Bearer "+token)
	}
	// Output:
	// 200 "hello"
	// 429 {"detail":"too many requests"}
	// 200 "hello"
	// 429 {"detail":"too many requests"}
}
