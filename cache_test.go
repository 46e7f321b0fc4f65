package candor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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

type cacheAnswer struct {
	N     int    `json:"n"`
	ID    string `json:"id"`
	Lang  string `json:"lang"`
	Theme string `json:"theme"`
}

// cacheApp counts the calls of its handler.
func cacheApp(config candor.Config, count *atomic.Int64, cached candor.CacheConfig, options ...candor.RouteOption) *candor.App {
	app := candor.New(config)
	candor.Get(app, "/items/{id}", func(_ context.Context, in struct {
		ID     string `path:"id"`
		Q      string `query:"q,omitempty"`
		Lang   string `header:"Accept-Language,omitempty"`
		Theme  string `cookie:"theme,omitempty"`
		Token  *candor.Bearer
		Key    *candor.APIKey `header:"X-Key"`
		Header candor.ResponseHeader
	},
	) (cacheAnswer, error) {
		in.Header.Set("X-Handler", "ran")
		in.Header.Add("Vary", "X-Other")
		return cacheAnswer{int(count.Add(1)), in.ID, in.Lang, in.Theme}, nil
	}, append(options, candor.Cache(cached))...)
	candor.Post(app, "/items/{id}", func(_ context.Context, in struct {
		ID   string `path:"id"`
		Tags *candor.CacheTags
	},
	) (candor.None, error) {
		in.Tags.Invalidate("item:" + in.ID)
		return candor.None{}, nil
	})
	return app
}

func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		c := candor.NewTestClient(t, cacheApp(candor.Config{}, &count, candor.CacheConfig{TTL: time.Minute, Control: "private, max-age=5"}))
		first := c.Get("/items/1?q=a").Status(200)
		assert.Empty(t, first.Header.Get("Age"))
		time.Sleep(7 * time.Second)
		second := c.Get("/items/1?q=a").Status(200)
		assert.Equal(t, first.Text(), second.Text())
		assert.Equal(t, "7", second.Header.Get("Age"))
		second.Header.Del("Age")
		assert.Equal(t, first.Header, second.Header)
		assert.Equal(t, []string{"Accept-Language, Cookie", "X-Other"}, second.Header["Vary"])
		assert.Equal(t, "private, max-age=5", second.Header.Get("Cache-Control"))
		head := c.Head("/items/1?q=a").Status(200)
		assert.Equal(t, first.Header.Get("Content-Length"), head.Header.Get("Content-Length"))
		assert.EqualValues(t, 1, count.Load())
		time.Sleep(53 * time.Second)
		c.Get("/items/1?q=a").Status(200)
		assert.EqualValues(t, 2, count.Load())
	})
}

func TestCacheKeys(t *testing.T) {
	type sent struct {
		path   string
		header map[string]string
	}
	with := func(name, value string) sent { return sent{"/items/1", map[string]string{name: value}} }
	base := sent{"/items/1", nil}
	tests := []struct {
		name         string
		one, two     sent
		same, shared bool
	}{
		{"the same", base, base, true, true},
		{"another path", base, sent{"/items/2", nil}, false, false},
		{"another spelling of the path", base, sent{"/items/%31", nil}, true, true},
		{"another query", base, sent{"/items/1?q=1", nil}, false, false},
		{"a header the operation reads", base, with("Accept-Language", "de"), false, false},
		{"a header that it does not read", base, with("X-Any", "de"), true, true},
		{"a header of Vary", base, with("X-Tenant", "a"), false, false},
		{"a cookie that it reads", base, with("Cookie", "theme=dark"), false, false},
		{"a cookie that it does not read", base, with("Cookie", "session=1"), false, true},
		{"a token", with("Authorization", "Bearer a"), with("Authorization", "Bearer b"), false, true},
		{"none and a token", base, with("Authorization", "Bearer b"), false, true},
		{"a key", with("X-Key", "a"), with("X-Key", "b"), false, true},
		{"values that join to the same", sent{"/items/1?q=a", nil}, sent{"/items/1", map[string]string{"Accept-Language": "q=a"}}, false, false},
	}
	for _, tc := range tests {
		for _, shared := range []bool{false, true} {
			var count atomic.Int64
			c := candor.NewTestClient(t, cacheApp(candor.Config{}, &count, candor.CacheConfig{TTL: time.Hour, Shared: shared, Vary: []string{"X-Tenant"}}))
			for _, s := range []sent{tc.one, tc.two} {
				var options []candor.TestOption
				for name, value := range s.header {
					options = append(options, candor.WithHeader(name, value))
				}
				c.Get(s.path, options...).Status(200)
			}
			want := 2
			if shared && tc.shared || !shared && tc.same {
				want = 1
			}
			assert.EqualValues(t, want, count.Load(), "%s, shared %v", tc.name, shared)
		}
	}
}

func TestCacheTags(t *testing.T) {
	var count atomic.Int64
	app := cacheApp(candor.Config{}, &count, candor.CacheConfig{TTL: time.Hour, Tags: []string{"items", "item:{id}"}})
	c := candor.NewTestClient(t, app)
	n := func(path string) (got int) {
		var answer cacheAnswer
		c.Get(path).Status(200).JSON(&answer)
		return answer.N
	}
	assert.Equal(t, []int{1, 2, 1, 2}, []int{n("/items/1"), n("/items/2"), n("/items/1"), n("/items/2")})
	c.Post("/items/1", nil).Status(204)
	assert.Equal(t, []int{3, 2}, []int{n("/items/1"), n("/items/2")})
	require.NoError(t, app.Invalidate(t.Context(), "items", "none"))
	assert.Equal(t, []int{4, 5, 4}, []int{n("/items/1"), n("/items/2"), n("/items/1")})
}

// Tags that are invalidated after the end of the request do not affect the next one.
func TestCacheTagsEndWithTheirRequest(t *testing.T) {
	app := candor.New(candor.Config{})
	var count atomic.Int64
	candor.Get(app, "/", func(context.Context, candor.None) (int64, error) { return count.Add(1), nil },
		candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"count"}}))
	var kept []*candor.CacheTags
	candor.Post(app, "/", func(_ context.Context, in struct{ Tags *candor.CacheTags }) (candor.None, error) {
		kept = append(kept, in.Tags)
		return candor.None{}, nil
	})
	c := candor.NewTestClient(t, app)
	assert.Equal(t, "1", c.Get("/").Status(200).Text())
	for range 10 {
		c.Post("/", nil).Status(204)
		for _, tags := range kept {
			tags.Invalidate("count")
		}
	}
	assert.Equal(t, "1", c.Get("/").Status(200).Text())
}

// A response that was computed while its tag was invalidated is not cached.
func TestCacheDiscardsResponsesComputedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := candor.New(candor.Config{})
		var value atomic.Int64
		candor.Get(app, "/", func(context.Context, candor.None) (int64, error) {
			read := value.Load()
			time.Sleep(time.Second)
			return read, nil
		}, candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"value"}}))
		c := candor.NewTestClient(t, app)
		var slow sync.WaitGroup
		slow.Go(func() { assert.Equal(t, "0", c.Get("/").Text()) })
		time.Sleep(500 * time.Millisecond)
		value.Store(1)
		require.NoError(t, app.Invalidate(t.Context(), "value"))
		slow.Wait()
		assert.Equal(t, "1", c.Get("/").Text())
		assert.Equal(t, "1", c.Get("/").Text())
	})
}

func TestCacheRunsOneForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Int64
		fail := errors.New("no")
		config, _ := recorded()
		app := candor.New(config)
		candor.Get(app, "/{how}", func(_ context.Context, in struct {
			How string `path:"how"`
		},
		) (int64, error) {
			n := ran.Add(1)
			time.Sleep(time.Second)
			if in.How == "bad" {
				return 0, fail
			}
			return n, nil
		}, candor.Cache(candor.CacheConfig{TTL: time.Hour}))
		c := candor.NewTestClient(t, app)
		many := func(path string, status int) time.Duration {
			start := time.Now()
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() { c.Get(path).Status(status) })
			}
			all.Wait()
			return time.Since(start)
		}
		assert.Equal(t, time.Second, many("/good", 200))
		assert.EqualValues(t, 1, ran.Load())
		assert.Equal(t, 2*time.Second, many("/bad", 500), "nobody waits for more than one")
		assert.EqualValues(t, 11, ran.Load())

		impatient, leave := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer leave()
		var both sync.WaitGroup
		both.Go(func() { c.Get("/slow").Status(200) })
		synctest.Wait()
		start := time.Now()
		got := c.Get("/slow", candor.WithContext(impatient), candor.Unchecked())
		assert.NotEqual(t, 200, got.Code)
		got.Status(got.Code)
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
		both.Wait()
	})
}

// Guards, wrappers and validation apply to cached responses too.
func TestCacheSkipsTheHandlerOnly(t *testing.T) {
	var ran []string
	note := func(what string) { ran = append(ran, what) }
	type part struct{ X int }
	app := candor.New(candor.Config{},
		candor.Use(candor.BeforeHeader(func(*http.Request, int, http.Header) { note("middleware") })),
		candor.Require(func(_ context.Context, in struct{ Token candor.Bearer }) error {
			note("guard")
			if in.Token != "good" {
				return candor.Error(403, "no")
			}
			return nil
		}, candor.Raises(candor.Error(403, "no"))),
		candor.Around(func(_ context.Context, _ candor.None, next func() error) error {
			note("around")
			return next()
		}))
	candor.Provide(app, func(context.Context, candor.None) (part, error) {
		note("provider")
		return part{}, nil
	})
	candor.Get(app, "/", func(_ context.Context, in struct {
		N    int  `query:"n"`
		Part part `dep:""`
	},
	) (int, error) {
		note("handler")
		return in.N, nil
	}, candor.Cache(candor.CacheConfig{TTL: time.Hour, Shared: true}))
	c := candor.NewTestClient(t, app)
	ask := func(path, token string, status int) []string {
		ran = nil
		c.Get(path, candor.WithHeader("Authorization", "Bearer "+token)).Status(status)
		return ran
	}
	assert.Equal(t, []string{"guard", "around", "provider", "handler", "middleware"}, ask("/?n=1", "good", 200))
	assert.Equal(t, []string{"guard", "around", "middleware"}, ask("/?n=1", "good", 200))
	assert.Equal(t, []string{"guard", "middleware"}, ask("/?n=1", "bad", 403))
	assert.Equal(t, []string{"guard", "middleware"}, ask("/?n=x", "good", 422))
}

// A provider that outlives the response runs for cached responses too.
func TestCacheInsideOfLongerProviders(t *testing.T) {
	var ran []string
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*strings.Builder) error) error {
		ran = append(ran, "begin")
		defer func() { ran = append(ran, "end") }()
		return use(new(strings.Builder))
	}, candor.Until(candor.ResponseSent))
	candor.Get(app, "/", func(_ context.Context, in struct {
		B *strings.Builder `dep:""`
	},
	) (int, error) {
		ran = append(ran, "handler")
		return 1, nil
	}, candor.Cache(candor.CacheConfig{TTL: time.Hour}))
	c := candor.NewTestClient(t, app)
	for range 2 {
		assert.Equal(t, "1", c.Get("/").Status(200).Text())
	}
	assert.Equal(t, []string{"begin", "handler", "end", "begin", "end"}, ran)
}

func TestCacheKeepsOnlyWhatIsForOthers(t *testing.T) {
	ran := map[string]int{}
	config, _ := recorded()
	app := candor.New(config, candor.Cache(candor.CacheConfig{TTL: time.Hour}))
	type cookies struct {
		C    string `cookie:"c"`
		Body string `body:""`
	}
	type statuses struct {
		Code int `status:"200,202"`
		Body int `body:""`
	}
	candor.Get(app, "/cookie", func(context.Context, candor.None) (cookies, error) { ran["/cookie"]++; return cookies{"c", "b"}, nil })
	candor.Get(app, "/header", func(_ context.Context, in struct{ H candor.ResponseHeader }) (string, error) {
		ran["/header"]++
		in.H.Add("Set-Cookie", "a=b")
		return "", nil
	})
	candor.Get(app, "/202", func(context.Context, candor.None) (statuses, error) { ran["/202"]++; return statuses{202, 1}, nil })
	candor.Get(app, "/large", func(context.Context, candor.None) (candor.Text, error) {
		ran["/large"]++
		return candor.Text(strings.Repeat("x", 1<<20+1)), nil
	})
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.JSONLines[int], error) {
		ran["/lines"]++
		return func(func(int, error) bool) {}, nil
	})
	candor.Get(app, "/none", func(context.Context, candor.None) (candor.None, error) { ran["/none"]++; return candor.None{}, nil })
	candor.Get(app, "/error", func(context.Context, candor.None) (int, error) { ran["/error"]++; return 0, candor.Error(404, "x") }, candor.Raises(candor.Error(404, "x")))
	candor.Get(app, "/kept", func(context.Context, candor.None) ([]byte, error) { ran["/kept"]++; return []byte("x"), nil })
	c := candor.NewTestClient(t, app)
	for _, path := range []string{"/cookie", "/header", "/202", "/large", "/lines", "/none", "/error", "/kept"} {
		first, second := c.Get(path), c.Get(path)
		assert.Equal(t, first.Body, second.Body)
		want := 2
		if path == "/kept" {
			want = 1
		}
		assert.Equal(t, want, ran[path], path)
	}
}

// A handler can forbid caching of its response with the standard headers.
func TestCacheKeepsNothingThatForbidsIt(t *testing.T) {
	type envelope struct {
		Control string `header:"Cache-Control,omitempty"`
		Body    int    `body:""`
	}
	for name, row := range map[string]struct {
		config  candor.CacheConfig
		control string
		kept    bool
	}{
		"nothing":              {candor.CacheConfig{}, "", true},
		"no-store":             {candor.CacheConfig{}, "no-store", false},
		"in a list":            {candor.CacheConfig{}, "max-age=0, No-Store", false},
		"private":              {candor.CacheConfig{}, "private, max-age=5", true},
		"private and shared":   {candor.CacheConfig{Shared: true}, "private, max-age=5", false},
		"public and shared":    {candor.CacheConfig{Shared: true}, "public", true},
		"of the configuration": {candor.CacheConfig{Control: "no-store"}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			row.config.TTL = time.Hour
			ran := map[string]int{}
			app := candor.New(candor.Config{}, candor.Cache(row.config))
			candor.Get(app, "/header", func(_ context.Context, in struct{ H candor.ResponseHeader }) (int, error) {
				ran["/header"]++
				if row.control != "" {
					in.H.Set("Cache-Control", row.control)
				}
				return 1, nil
			})
			candor.Get(app, "/envelope", func(context.Context, candor.None) (envelope, error) {
				ran["/envelope"]++
				return envelope{row.control, 1}, nil
			})
			c := candor.NewTestClient(t, app)
			for _, path := range []string{"/header", "/envelope"} {
				c.Get(path).Status(200)
				c.Get(path).Status(200)
				want := 2
				if row.kept {
					want = 1
				}
				assert.Equal(t, want, ran[path], path)
			}
		})
	}
}

// brokenCache returns the given values and error.
type brokenCache struct {
	values [][]byte
	err    error
}

func (b *brokenCache) Get(context.Context, ...string) ([][]byte, error) { return b.values, b.err }

func (b *brokenCache) Set(context.Context, string, []byte, time.Duration) error { return b.err }

func (b *brokenCache) Renew(context.Context, time.Duration, ...string) ([][]byte, error) {
	return b.values, b.err
}

func TestCacheWithoutItsStore(t *testing.T) {
	for _, store := range []*brokenCache{
		{err: errors.New("connection refused")},
		{},
		{values: [][]byte{[]byte("\xff\xff garbage")}},
		{values: [][]byte{{}}},
	} {
		config, log := recorded()
		config.CacheStore = store
		var count atomic.Int64
		c := candor.NewTestClient(t, cacheApp(config, &count, candor.CacheConfig{TTL: time.Hour}))
		for range 3 {
			c.Get("/items/1").Status(200)
		}
		assert.EqualValues(t, 3, count.Load())
		if store.err != nil {
			c.Post("/items/1", nil).Status(204)
			assert.Contains(t, log.take()[0], "ERROR the store of a cache fails route=/items/{id} error=connection refused")
		}
	}
}

func TestCacheInTheDocument(t *testing.T) {
	var count atomic.Int64
	var out strings.Builder
	require.NoError(t, cacheApp(candor.Config{}, &count, candor.CacheConfig{TTL: time.Hour, Control: "no-cache"}).WriteOpenAPI(&out))
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct{ Headers map[string]any }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out.String()), &doc))
	headers := doc.Paths["/items/{id}"]["get"].Responses["200"].Headers
	assert.Contains(t, headers, "Age")
	assert.Contains(t, headers, "Cache-Control")
}

func TestCacheMistakes(t *testing.T) {
	good := candor.CacheConfig{TTL: time.Hour}
	for want, register := range map[string]func(*candor.App){
		"write how long": func(app *candor.App) { candor.Get(app, "/", apptest.Fails(nil), candor.Cache(candor.CacheConfig{})) },
		"may wait": func(app *candor.App) {
			candor.Get(app, "/", apptest.Fails(nil), candor.Cache(candor.CacheConfig{TTL: 1, Budget: -1}))
		},
		"cannot carry": func(app *candor.App) {
			candor.Get(app, "/", apptest.Fails(nil), candor.Cache(candor.CacheConfig{TTL: 1, Control: "a\n"}))
		},
		"name of a header": func(app *candor.App) {
			candor.Get(app, "/", apptest.Fails(nil), candor.Cache(candor.CacheConfig{TTL: 1, Vary: []string{"a b"}}))
		},
		"which the path / does not have": func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, candor.None) (int, error) { return 0, nil }, candor.Cache(candor.CacheConfig{TTL: 1, Tags: []string{"{id}"}}))
		},
		"complete": func(app *candor.App) { candor.Post(app, "/", apptest.Fails(nil), candor.Cache(good)) },
		"not streams": func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, candor.None) (candor.JSONLines[int], error) { return nil, nil }, candor.Cache(good))
		},
	} {
		assert.Contains(t, apptest.PanicOf(func() {
			app := candor.New(candor.Config{})
			register(app)
			app.Seal()
		}), want)
	}
}

func ExampleCache() {
	asked := 0
	app := candor.New(candor.Config{})
	candor.Get(app, "/rates/{currency}", func(_ context.Context, in struct {
		Currency string `path:"currency"`
	},
	) (string, error) {
		asked++
		return fmt.Sprintf("%s, asked %d times", in.Currency, asked), nil
	}, candor.Cache(candor.CacheConfig{TTL: time.Minute}))

	show(app, "GET", "/rates/eur", "")
	show(app, "GET", "/rates/eur", "")
	show(app, "GET", "/rates/usd", "")
	// Output:
	// 200 "eur, asked 1 times"
	// 200 "eur, asked 1 times"
	// 200 "usd, asked 2 times"
}

func ExampleCacheTags() {
	name := "Anna"
	app := candor.New(candor.Config{})
	candor.Get(app, "/name", func(context.Context, candor.None) (string, error) { return name, nil },
		candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"name"}}))
	candor.Put(app, "/name", func(_ context.Context, in struct {
		Body struct {
			Name string `json:"name"`
		} `body:""`
		Tags *candor.CacheTags
	},
	) (string, error) {
		name = in.Body.Name
		in.Tags.Invalidate("name")
		return "saved", nil
	})

	show(app, "GET", "/name", "")
	show(app, "PUT", "/name", `{"name":"Berta"}`)
	show(app, "GET", "/name", "")
	// Output:
	// 200 "Anna"
	// 200 "saved"
	// 200 "Berta"
}

func ExampleApp_Invalidate() {
	app := candor.New(candor.Config{})
	n := 0
	candor.Get(app, "/", func(context.Context, candor.None) (int, error) { n++; return n, nil },
		candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"n"}}))

	show(app, "GET", "/", "")
	show(app, "GET", "/", "")
	_ = app.Invalidate(context.Background(), "n")
	show(app, "GET", "/", "")
	// Output:
	// 200 1
	// 200 1
	// 200 2
}

// A client reads its own writes, even while an older response is still being computed: only requests from before the
// write get that one.
func TestAClientReadsItsOwnWrites(t *testing.T) {
	for name, invalidate := range map[string]func(c *candor.TestClient, app *candor.App){
		"by a request": func(c *candor.TestClient, _ *candor.App) { c.Put("/", map[string]int{"n": 2}).Status(204) },
		"by the app": func(c *candor.TestClient, app *candor.App) {
			c.Post("/", map[string]int{"n": 2}).Status(204)
			_ = app.Invalidate(context.Background(), "n")
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var n, runs atomic.Int64
			n.Store(1)
			app := candor.New(candor.Config{})
			candor.Get(app, "/", func(context.Context, candor.None) (int64, error) {
				runs.Add(1)
				read := n.Load()
				time.Sleep(time.Second)
				return read, nil
			}, candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"n", "all"}}))
			type change struct {
				N    int64 `body:"n"`
				Tags *candor.CacheTags
			}
			candor.Put(app, "/", func(_ context.Context, in change) (candor.None, error) {
				n.Store(in.N)
				in.Tags.Invalidate("n")
				return candor.None{}, nil
			})
			candor.Post(app, "/", func(_ context.Context, in change) (candor.None, error) {
				n.Store(in.N)
				return candor.None{}, nil
			})
			c := candor.NewTestClient(t, app)
			var asked sync.WaitGroup
			ask := func(want string) {
				asked.Go(func() { assert.Equal(t, want, strings.TrimSpace(c.Get("/").Status(200).Text()), name) })
			}
			for range 10 { // they share the older response
				ask("1")
			}
			time.Sleep(time.Second / 2)
			invalidate(c, app)
			for range 10 {
				ask("2")
			}
			asked.Wait()
			assert.Equal(t, "2", strings.TrimSpace(c.Get("/").Status(200).Text()))
			assert.EqualValues(t, 2, runs.Load(), "those who ask for the same still wait for one of them")
		})
	}
}

// The tags of streams, and of transactions that commit after the last byte, are invalidated after the commit.
func TestTagsAreInvalidatedAfterTheCommit(t *testing.T) {
	for _, until := range [][]candor.ProvideOption{nil, {candor.Until(candor.ResponseSent)}} {
		var n, committed atomic.Int64
		var read func() string
		app := candor.New(candor.Config{})
		candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*books) error) error {
			err := use(&books{})
			read() // caches the value from before the commit
			committed.Store(n.Load())
			return err
		}, until...)
		candor.Get(app, "/", func(context.Context, candor.None) (int64, error) { return committed.Load(), nil },
			candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"n"}}))
		type change struct {
			Books *books `dep:""`
			Tags  *candor.CacheTags
		}
		candor.Post(app, "/lines", func(_ context.Context, in change) (candor.JSONLines[string], error) {
			in.Tags.Invalidate("n")
			n.Add(1)
			return candor.LinesOf(func(yield func(string) bool) { yield(read()) }), nil
		})
		candor.Post(app, "/whole", func(_ context.Context, in change) (candor.None, error) {
			in.Tags.Invalidate("n")
			n.Add(1)
			return candor.None{}, nil
		})
		c := candor.NewTestClient(t, app)
		read = func() string { return strings.TrimSpace(c.Get("/").Status(200).Text()) }
		for i, target := range []string{"/lines", "/whole"} {
			c.Post(target, nil)
			assert.Equal(t, fmt.Sprint(i+1), read(), target)
		}
	}
}
