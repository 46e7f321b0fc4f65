package candor_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/middleware"
)

type middlewares = func(http.Handler) http.Handler

// chained composes middleware as programs usually do.
func chained(all ...middlewares) middlewares {
	return func(next http.Handler) http.Handler {
		for _, m := range slices.Backward(all) {
			next = m(next)
		}
		return next
	}
}

// opaque is middleware of the user that hides the handlers inside of it.
func opaque(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
}

// unless skips the middleware for requests with the header Skip.
func unless(m middlewares) middlewares {
	return func(next http.Handler) http.Handler {
		with := m(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Skip") != "" {
				next.ServeHTTP(w, r)
				return
			}
			with.ServeHTTP(w, r)
		})
	}
}

// compositions combine one middleware with others into a single
// argument of Use, such that it can still be recognized.
var compositions = map[string]func(m middlewares) middlewares{
	"alone":             func(m middlewares) middlewares { return m },
	"behind a function": func(m middlewares) middlewares { return chained(opaque, m) },
	"before a function": func(m middlewares) middlewares { return chained(m, opaque) },
	"among its own": func(m middlewares) middlewares {
		return chained(opaque, middleware.SecureHeaders(nil), middleware.ConditionalGET(), m)
	},
	"outside of its own": func(m middlewares) middlewares { return chained(m, middleware.CrossOrigin(), opaque) },
	"a chain in a chain": func(m middlewares) middlewares { return chained(chained(opaque, chained(m))) },
	"on a condition":     unless,
	"a closure": func(m middlewares) middlewares {
		return func(next http.Handler) http.Handler {
			inside := m(next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inside.ServeHTTP(w, r) })
		}
	},
	"inside of Documented":      func(m middlewares) middlewares { return candor.Documented(chained(m, opaque)) },
	"behind a Documented":       func(m middlewares) middlewares { return chained(opaque, candor.Documented(opaque), m) },
	"outside of a Documented":   func(m middlewares) middlewares { return chained(m, candor.Documented(opaque), opaque) },
	"Documented, then function": func(m middlewares) middlewares { return chained(candor.Documented(opaque), m, opaque) },
}

// layerPlaces are the levels at which middleware can be added.
var layerPlaces = map[string]func(config candor.Config, register func(candor.Routes, ...candor.RouteOption), use candor.Option) *candor.App{
	"app": func(config candor.Config, register func(candor.Routes, ...candor.RouteOption), use candor.Option) *candor.App {
		app := candor.New(config, use)
		register(app)
		return app
	},
	"router": func(config candor.Config, register func(candor.Routes, ...candor.RouteOption), use candor.Option) *candor.App {
		app, r := candor.New(config), candor.NewRouter("", use)
		register(r)
		app.Include(r)
		return app
	},
	"include": func(config candor.Config, register func(candor.Routes, ...candor.RouteOption), use candor.Option) *candor.App {
		app, r := candor.New(config), candor.NewRouter("")
		register(r)
		app.Include(r, use)
		return app
	},
	"route": func(config candor.Config, register func(candor.Routes, ...candor.RouteOption), use candor.Option) *candor.App {
		app := candor.New(config)
		register(app, use)
		return app
	},
}

// everyComposition runs a test for a middleware in every composition, at every level. The routes are GET and POST /x.
func everyComposition(t *testing.T, m func() middlewares, test func(t *testing.T, app *candor.App)) {
	t.Helper()
	register := func(r candor.Routes, options ...candor.RouteOption) {
		candor.Get(r, "/x", func(context.Context, candor.None) (string, error) { return "x", nil }, options...)
		candor.Post(r, "/x", apptest.Fails(nil), options...)
	}
	for composition, compose := range compositions {
		for place, build := range layerPlaces {
			t.Run(composition+" on the "+place, func(t *testing.T) {
				config, log := recorded()
				app := build(config, register, candor.Use(compose(m())))
				test(t, app)
				assert.Empty(t, log.take())
			})
		}
	}
}

// sendTo sends a request without the checks of the test client.
func sendTo(app http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w
}

// documentedResponses returns the responses that a document declares for an operation.
func documentedResponses(t *testing.T, app *candor.App, path, method string) map[string]struct {
	Description string         `json:"description"`
	Headers     map[string]any `json:"headers"`
	Content     map[string]any `json:"content"`
} {
	t.Helper()
	var out strings.Builder
	require.NoError(t, app.WriteOpenAPI(&out))
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Description string         `json:"description"`
				Headers     map[string]any `json:"headers"`
				Content     map[string]any `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(out.String()), &doc))
	return doc.Paths[path][method].Responses
}

func TestCORSInAnyComposition(t *testing.T) {
	const page = "https://a.example"
	cors := func() middlewares { return middleware.CORS(middleware.CORSConfig{Origins: []string{page}}) }
	asks := []string{"Origin", page, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type"}
	everyComposition(t, cors, func(t *testing.T, app *candor.App) {
		w := sendTo(app, "OPTIONS", "/x", asks...)
		assert.Equal(t, 204, w.Code)
		assert.Equal(t, page, w.Header().Get("Access-Control-Allow-Origin"))
		assert.Equal(t, "content-type", w.Header().Get("Access-Control-Allow-Headers"))
	})
	t.Run("hidden on both sides", func(t *testing.T) {
		for place, build := range layerPlaces {
			app := build(candor.Config{}, func(r candor.Routes, options ...candor.RouteOption) {
				candor.Post(r, "/x", apptest.Fails(nil), options...)
			}, candor.Use(chained(opaque, cors(), opaque)))
			w := sendTo(app, "OPTIONS", "/x", asks...)
			assert.Equal(t, page, w.Header().Get("Access-Control-Allow-Origin"), place)
		}
	})
	t.Run("where a condition leaves it out, a preflight is any OPTIONS", func(t *testing.T) {
		for place, build := range layerPlaces {
			app := build(candor.Config{}, func(r candor.Routes, options ...candor.RouteOption) {
				candor.Post(r, "/x", apptest.Fails(nil), options...)
			}, candor.Use(unless(cors())))
			w := sendTo(app, "OPTIONS", "/x", append(asks, "Skip", "1")...)
			assert.Equal(t, 204, w.Code, place)
			assert.Equal(t, "OPTIONS, POST", w.Header().Get("Allow"), place)
			assert.Empty(t, w.Header().Get("Access-Control-Allow-Origin"), place)
		}
	})
	t.Run("a preflight sees the middleware from the outermost CORS on, and the route", func(t *testing.T) {
		var saw []string
		note := func(name string) middlewares {
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					saw = append(saw, name+" "+r.Method+" "+r.Pattern+" "+r.PathValue("id"))
					next.ServeHTTP(w, r)
				})
			}
		}
		app, r := candor.New(candor.Config{}), candor.NewRouter("/r", candor.Use(note("outside"), chained(note("inside"), cors()), note("further")))
		candor.Post(r, "/{id}", func(context.Context, struct {
			ID string `path:"id"`
		},
		) (candor.None, error) {
			return candor.None{}, nil
		})
		app.Include(r)
		w := sendTo(app, "OPTIONS", "/r/7", asks...)
		assert.Equal(t, page, w.Header().Get("Access-Control-Allow-Origin"))
		assert.Equal(t, []string{"inside OPTIONS /r/{id} 7"}, saw)
	})
}

func TestConditionalGETInAnyComposition(t *testing.T) {
	everyComposition(t, middleware.ConditionalGET, func(t *testing.T, app *candor.App) {
		tag := sendTo(app, "GET", "/x").Header().Get("ETag")
		require.NotEmpty(t, tag)
		assert.Equal(t, 304, sendTo(app, "GET", "/x", "If-None-Match", tag).Code)
		responses := documentedResponses(t, app, "/x", "get")
		assert.Contains(t, responses, "304")
		assert.Contains(t, responses, "412")
		assert.Contains(t, responses["200"].Headers, "ETag")
		assert.NotContains(t, documentedResponses(t, app, "/x", "post"), "304")
	})
}

func TestOtherMiddlewareInAnyComposition(t *testing.T) {
	t.Run("CrossOrigin", func(t *testing.T) {
		everyComposition(t, func() middlewares { return middleware.CrossOrigin() }, func(t *testing.T, app *candor.App) {
			assert.Equal(t, 403, sendTo(app, "POST", "/x", "Sec-Fetch-Site", "cross-site").Code)
			assert.Contains(t, documentedResponses(t, app, "/x", "post"), "403")
			assert.NotContains(t, documentedResponses(t, app, "/x", "get"), "403")
		})
	})
	t.Run("HTTPSRedirect", func(t *testing.T) {
		everyComposition(t, middleware.HTTPSRedirect, func(t *testing.T, app *candor.App) {
			assert.Equal(t, 307, sendTo(app, "GET", "/x").Code)
			assert.Contains(t, documentedResponses(t, app, "/x", "get"), "307")
		})
	})
	t.Run("Documented", func(t *testing.T) {
		quota := func() middlewares {
			return candor.Documented(candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
				w.Header().Set("X-Quota", "1")
				if r.Header.Get("Spent") != "" {
					return candor.Error(429, "the quota is spent")
				}
				next.ServeHTTP(w, r)
				return nil
			}), candor.Raises(candor.Error(429, "the quota is spent")), candor.RespondsHeader("x-quota", "What is left"), candor.Responds[map[string]int](503, "Closed"))
		}
		everyComposition(t, quota, func(t *testing.T, app *candor.App) {
			responses := documentedResponses(t, app, "/x", "get")
			assert.Contains(t, responses["429"].Content, "application/json")
			assert.Contains(t, responses["200"].Headers, "X-Quota")
			assert.Contains(t, responses["429"].Headers, "X-Quota")
			assert.Equal(t, "Closed", responses["503"].Description)
			assert.Contains(t, documentedResponses(t, app, "/x", "post")["204"].Headers, "X-Quota")
			assert.Equal(t, 429, sendTo(app, "GET", "/x", "Spent", "1").Code)
		})
	})
}

// Middleware between two opaque functions cannot be recognized. Optional middleware is skipped, protective middleware
// still runs; both are logged once.
func TestHiddenMiddleware(t *testing.T) {
	tests := map[string]struct {
		m       middlewares
		request []string
		status  int
	}{
		"ConditionalGET": {middleware.ConditionalGET(), []string{"GET", "If-None-Match", "*"}, 200},
		"CrossOrigin":    {middleware.CrossOrigin(), []string{"POST", "Sec-Fetch-Site", "cross-site"}, 403},
		"HTTPSRedirect":  {middleware.HTTPSRedirect(), []string{"GET"}, 307},
		"Documented":     {candor.Documented(opaque, candor.Raises(candor.Error(418, "no"))), []string{"GET"}, 200},
	}
	between := map[string]func(middlewares) middlewares{
		"two functions":   func(m middlewares) middlewares { return chained(opaque, m, opaque) },
		"two and its own": func(m middlewares) middlewares { return chained(opaque, m, middleware.ConditionalGET(), opaque) },
		"a function that makes it for each request": func(m middlewares) middlewares {
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m(next).ServeHTTP(w, r) })
			}
		},
	}
	for name, tc := range tests {
		for where, hide := range between {
			for place, build := range layerPlaces {
				t.Run(name+" between "+where+" on the "+place, func(t *testing.T) {
					config, log := recorded()
					app := build(config, func(r candor.Routes, options ...candor.RouteOption) {
						candor.Get(r, "/x", func(context.Context, candor.None) (string, error) { return "x", nil }, options...)
						candor.Post(r, "/x", apptest.Fails(nil), options...)
					}, candor.Use(hide(tc.m)))
					for range 3 {
						w := sendTo(app, tc.request[0], "/x", tc.request[1:]...)
						assert.Equal(t, tc.status, w.Code)
					}
					said := strings.Join(log.take(), "\n")
					assert.Equal(t, 1, strings.Count(said, "it is wrapped by functions that hide it on both sides middleware="+name), said)
				})
			}
		}
	}
	t.Run("around an app, or a handler that is mounted, there is no operation", func(t *testing.T) {
		config, log := recorded()
		app := candor.New(config)
		candor.Get(app, "/x", func(context.Context, candor.None) (string, error) { return "x", nil })
		app.Mount("/files", opaque(middleware.ConditionalGET()(opaque(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"1"`)
			w.WriteHeader(200)
		})))))
		assert.Equal(t, 304, sendTo(middleware.ConditionalGET()(app), "GET", "/x", "If-None-Match", "*").Code)
		assert.Equal(t, 304, sendTo(app, "GET", "/files/a", "If-None-Match", "*").Code)
		assert.Empty(t, log.take())
	})
	t.Run("around a plain handler it is known", func(t *testing.T) {
		config, log := recorded()
		app := candor.New(config)
		plain := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"1"`)
			w.WriteHeader(200)
		})
		candor.HandleHTTP(app, []string{"GET", "POST"}, "/x", chained(middleware.CORS(middleware.CORSConfig{Origins: []string{"*"}}), middleware.CrossOrigin(), middleware.ConditionalGET())(plain))
		assert.Equal(t, 304, sendTo(app, "GET", "/x", "If-None-Match", "*").Code)
		assert.Equal(t, 403, sendTo(app, "POST", "/x", "Sec-Fetch-Site", "cross-site").Code)
		assert.Contains(t, documentedResponses(t, app, "/x", "get"), "304")
		assert.Contains(t, documentedResponses(t, app, "/x", "post"), "403")
		w := sendTo(app, "OPTIONS", "/x", "Origin", "https://a.example", "Access-Control-Request-Method", "POST")
		assert.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"))
		assert.Empty(t, log.take())
	})
}

// Third-party CORS middleware works on routers too: a preflight request passes through it.
func TestPreflightsOfOtherMiddleware(t *testing.T) {
	other := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			if r.Method != "OPTIONS" {
				next.ServeHTTP(w, r)
			}
		})
	}
	app, r := candor.New(candor.Config{}), candor.NewRouter("/r", candor.Use(other), candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(1)}))
	candor.Post(r, "/x", apptest.Fails(nil))
	app.Include(r)
	for range 3 {
		w := sendTo(app, "OPTIONS", "/r/x", "Origin", "https://a.example", "Access-Control-Request-Method", "POST")
		assert.Equal(t, 200, w.Code)
		assert.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"))
	}
	assert.Equal(t, 204, sendTo(app, "OPTIONS", "/r/x").Code)
	assert.Equal(t, 204, sendTo(app, "POST", "/r/x").Code, "preflights did not count")
}

func TestDocumentedMistakes(t *testing.T) {
	tests := map[string]struct {
		call func()
		want string
	}{
		"no middleware":             {func() { candor.Documented(nil) }, "the middleware is nil; pass a function"},
		"scopes":                    {func() { candor.Documented(opaque, candor.Scopes("a")) }, "only Raises, RaisesType, Responds and RespondsHeader document the responses of middleware; give the others to the routes"},
		"a declaration that is not": {func() { candor.Documented(opaque, candor.Raises(nil)) }, "Raises(nil); declare the error with candor.Error first"},
		"no header":                 {func() { candor.Documented(opaque, candor.RespondsHeader("a b", "")) }, `RespondsHeader("a b"); write the name of a header other than Content-Type`},
		"no status":                 {func() { candor.Documented(opaque, candor.RespondsHeader("X-A", "", 99)) }, "RespondsHeader(99); a final status is between 200 and 599"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := apptest.PanicOf(tc.call)
			assert.Regexp(t, `^candor: Documented at .*layers_test\.go:\d+: `, got)
			assert.Contains(t, got, tc.want)
		})
	}
}

// The test client accepts what is declared, and nothing more.
func TestDocumentedIsChecked(t *testing.T) {
	teapot := candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
		w.Header().Set("X-Pot", "tea")
		return candor.Error(418, "short and stout")
	})
	serve := func(tb candor.TB, m middlewares) {
		app := candor.New(candor.Config{}, candor.Use(chained(opaque, m)))
		candor.Get(app, "/x", apptest.Fails(nil))
		candor.NewTestClient(tb, app).Get("/x").Status(418)
	}
	serve(t, candor.Documented(teapot, candor.Raises(candor.Error(418, "short and stout")), candor.RespondsHeader("X-Pot", "What is in it", 418)))
	told := record(func(tb candor.TB) { serve(tb, teapot) })
	assert.Contains(t, strings.Join(told.errors, "\n"), "418")
}

// Headers that a provider sets are declared on the provider.
func TestRespondsHeader(t *testing.T) {
	type pages struct{}
	app := candor.New(candor.Config{}, candor.RespondsHeader("X-Everywhere", "On all"))
	candor.Provide(app, func(_ context.Context, in struct{ Header candor.ResponseHeader }) (pages, error) {
		in.Header.Set("X-Total", "7")
		return pages{}, nil
	}, candor.RespondsHeader("X-Total", "How many there are", 200))
	candor.Get(app, "/x", func(context.Context, struct {
		Pages pages `dep:""`
		N     int   `query:"n"`
	},
	) (string, error) {
		return "x", nil
	})
	candor.HandleHTTP(app, []string{"GET"}, "/plain", http.NotFoundHandler(), candor.RespondsHeader("X-Plain", "Here"))
	responses := documentedResponses(t, app, "/x", "get")
	assert.Contains(t, responses["200"].Headers, "X-Total")
	assert.NotContains(t, responses["422"].Headers, "X-Total")
	assert.Contains(t, responses["422"].Headers, "X-Everywhere")
	assert.Equal(t, "7", candor.NewTestClient(t, app).Get("/x?n=1").Header.Get("X-Total"))
	plain := documentedResponses(t, app, "/plain", "get")
	assert.Contains(t, plain["200"].Headers, "X-Plain")
	assert.Contains(t, plain["200"].Headers, "X-Everywhere")
}
