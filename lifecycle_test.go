package candor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// spanning returns a lifespan that notes when it begins and ends.
func spanning(j *journal, name string) func(context.Context, func(context.Context) error) error {
	return func(ctx context.Context, serve func(context.Context) error) error {
		j.note(name + "{")
		defer j.note("}" + name)
		return serve(ctx)
	}
}

func TestLifespansOfMountedApps(t *testing.T) {
	before, j := runtime.NumGoroutine(), &journal{}
	innermost, inner, outer := candor.New(candor.Config{}), candor.New(candor.Config{}), candor.New(candor.Config{})
	innermost.Lifespan(spanning(j, "innermost"))
	inner.Lifespan(spanning(j, "inner"))
	outer.Lifespan(spanning(j, "outer"))
	inner.Mount("/below", innermost)
	outer.Mount("/sub", inner)
	stop, err := outer.Start(t.Context())
	require.NoError(t, err)
	require.NoError(t, stop())
	assert.Equal(t, "outer{ inner{ innermost{ }innermost }inner }outer", strings.Join(j.lines, " "))
	settled(t, before)
}

func TestFailuresOfLifespans(t *testing.T) {
	for _, row := range []struct {
		name    string
		span    func(ctx context.Context, serve func(context.Context) error) error
		onStart string
		onStop  string
	}{
		{"an error before serving stops the start", func(context.Context, func(context.Context) error) error { return errors.New("no disk") }, "no disk", ""},
		{"returning without serving", func(context.Context, func(context.Context) error) error { return nil }, "returned without going on", ""},
		{"a panic", func(context.Context, func(context.Context) error) error { panic("no disk") }, "panic: no disk", ""},
		{"an end of the goroutine", func(context.Context, func(context.Context) error) error { runtime.Goexit(); return nil }, "returned without going on", ""},
		{"an error after serving is that of the stop", func(ctx context.Context, serve func(context.Context) error) error {
			return errors.Join(serve(ctx), errors.New("not flushed"))
		}, "", "not flushed"},
		{"serving twice", func(ctx context.Context, serve func(context.Context) error) error {
			_ = serve(ctx)
			return serve(ctx)
		}, "", "more than once"},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := &journal{}
			app := candor.New(candor.Config{})
			app.Lifespan(spanning(j, "outer"))
			app.Lifespan(row.span)
			stop, err := app.Start(t.Context())
			if row.onStart != "" {
				require.ErrorContains(t, err, row.onStart)
			} else {
				require.NoError(t, err)
				require.ErrorContains(t, stop(), row.onStop)
			}
			assert.Equal(t, "outer{ }outer", strings.Join(j.lines, " "), "what was set up is torn down")
		})
	}
}

func TestServeStopsOnAFailedStart(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Lifespan(func(context.Context, func(context.Context) error) error { return errors.New("no database") })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.EqualError(t, app.Serve(t.Context(), l), "no database")
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed, "nothing is served")
}

func TestStartIsBounded(t *testing.T) {
	app := candor.New(candor.Config{})
	app.Lifespan(func(ctx context.Context, _ func(context.Context) error) error {
		<-ctx.Done()
		return ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := app.Start(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// taskApp has a task that runs for a minute, unless its context ends before.
func taskApp(config candor.Config, ended *atomic.Value) *candor.App {
	app := candor.New(config)
	candor.Post(app, "/", func(_ context.Context, in struct{ Tasks *candor.Tasks }) (candor.None, error) {
		in.Tasks.Add(func(ctx context.Context) error {
			timer := time.NewTimer(time.Minute)
			defer timer.Stop()
			select {
			case <-ctx.Done():
				ended.Store("cut off")
				return ctx.Err()
			case <-timer.C:
				ended.Store("done")
				return nil
			}
		})
		return candor.None{}, nil
	})
	return app
}

func TestTasksAreDrained(t *testing.T) {
	for limit, want := range map[time.Duration]string{2 * time.Minute: "done", time.Second: "cut off"} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ended atomic.Value
				app := taskApp(candor.Config{Limits: candor.Limits{Drain: limit}, Logger: slog.New(slog.DiscardHandler)}, &ended)
				stop, err := app.Start(t.Context())
				require.NoError(t, err)
				ctx, leave := context.WithCancel(t.Context())
				app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil))
				leave()
				synctest.Wait()
				assert.Nil(t, ended.Load(), "a task has nothing to do with its client")
				err = stop()
				synctest.Wait()
				assert.Equal(t, want, ended.Load())
				if want == "cut off" {
					assert.ErrorContains(t, err, "background tasks were still running")
				} else {
					assert.NoError(t, err)
				}
			})
		})
	}
}

func TestOnTaskError(t *testing.T) {
	type key struct{}
	var told []string
	var log bytes.Buffer
	app := candor.New(candor.Config{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		OnTaskError: func(ctx context.Context, err error) {
			told = append(told, fmt.Sprint(ctx.Value(key{}), ": ", err))
			if err.Error() == "second" {
				panic("the hook too")
			}
		},
	})
	candor.Post(app, "/", func(_ context.Context, in struct{ Tasks *candor.Tasks }) (candor.None, error) {
		in.Tasks.Add(func(context.Context) error { panic("first") })
		in.Tasks.Add(func(context.Context) error { return errors.New("second") })
		in.Tasks.Add(func(context.Context) error { return nil })
		in.Tasks.Add(func(context.Context) error { return errors.New("fourth") })
		return candor.None{}, nil
	})
	c := candor.NewTestClient(t, app, candor.WithContext(context.WithValue(t.Context(), key{}, "value")))
	c.Post("/", nil).Status(204)
	assert.Equal(t, []string{"value: panic: first", "value: second", "value: fourth"}, told)
	assert.Equal(t, 1, strings.Count(log.String(), "background task failed"), "the log is told when the hook fails")
}

func TestTimeouts(t *testing.T) {
	var log bytes.Buffer
	app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, candor.Timeout(time.Minute))
	j := &journal{}
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*tx) error) error {
		j.note("open")
		defer j.note("closed")
		return use(&tx{})
	})
	wait := func(ctx context.Context, in struct {
		End string `query:"end,omitempty"`
		TX  *tx    `dep:""`
	},
	) (answer, error) {
		<-ctx.Done()
		switch in.End {
		case "known":
			return answer{}, candor.Error(409, "taken")
		case "driver":
			return answer{}, errors.New("statement interrupted")
		case "well":
			return answer{"late"}, nil
		case "panic":
			panic("late")
		}
		return answer{}, ctx.Err()
	}
	candor.Get(app, "/short", wait, candor.Timeout(time.Millisecond), candor.Raises(candor.Error(409, "taken")))
	candor.Get(app, "/none", func(ctx context.Context, _ candor.None) (answer, error) {
		_, bounded := ctx.Deadline()
		return answer{fmt.Sprint(bounded)}, nil
	}, candor.Timeout(0))
	candor.Get(app, "/own", func(ctx context.Context, _ candor.None) (answer, error) {
		ctx, cancel := context.WithTimeout(ctx, 0)
		defer cancel()
		return answer{}, ctx.Err()
	})
	c := candor.NewTestClient(t, app)
	for end, status := range map[string]int{"": 504, "driver": 504, "known": 409, "well": 200, "panic": 500} {
		j.lines = nil
		got := c.Get("/short?end=" + end).Status(status)
		assert.Equal(t, []string{"open", "closed"}, j.lines)
		if status == 504 {
			assert.JSONEq(t, `{"detail":"Gateway Timeout"}`, got.Text())
		}
	}
	assert.Contains(t, log.String(), "statement interrupted")
	assert.JSONEq(t, `{"text":"false"}`, c.Get("/none").Status(200).Text())
	c.Get("/own").Status(500)
}

// A Timeout applies to plain handlers too, with or without a guard.
func TestTimeoutsOfPlainHandlers(t *testing.T) {
	deadline := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, bounded := r.Context().Deadline()
		_, _ = fmt.Fprint(w, bounded)
	})
	waits := func(before string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, before)
			<-r.Context().Done()
		}
	}
	silent := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	get := []string{"GET"}
	app, logged := apptest.Quiet(candor.Config{})
	app.Include(func() *candor.Router {
		r := candor.NewRouter("/bounded", candor.Timeout(time.Minute))
		candor.HandleHTTP(r, get, "/plain", deadline)
		candor.HandleHTTP(r, get, "/lifted", deadline, candor.Timeout(0))
		candor.HandleHTTP(r, get, "/silent", silent)
		candor.HandleHTTP(r, get, "/begun", waits("begun"))
		candor.HandleHTTP(r, get, "/guarded", silent, candor.Require(func(context.Context, candor.None) error { return nil }))
		r.Mount("/mounted", deadline)
		return r
	}())
	candor.HandleHTTP(app, get, "/unbounded", deadline)
	candor.HandleHTTP(app, get, "/own", deadline, candor.Timeout(time.Minute))
	synctest.Test(t, func(t *testing.T) {
		for target, want := range map[string]string{
			"/bounded/plain": "200 | true", "/bounded/lifted": "200 | false", "/bounded/mounted/x": "200 | true", "/unbounded": "200 | false", "/own": "200 | true",
			"/bounded/silent": `504 | {"detail":"Gateway Timeout"}`, "/bounded/guarded": `504 | {"detail":"Gateway Timeout"}`, "/bounded/begun": "200 | begun",
		} {
			assert.Equal(t, want, apptest.Wire(app, "GET "+target), target)
		}
	})
	assert.Contains(t, logged.String(), "request timed out")
	var document bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&document))
	assert.NotNil(t, apptest.Member(document.Bytes(), "paths", "/bounded/silent", "get", "responses", "504"))
	assert.Nil(t, apptest.Member(document.Bytes(), "paths", "/unbounded", "get", "responses", "504"))
}

// endless is a body without end that counts the bytes read.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read.Add(int64(len(p)))
	return len(p), nil
}

// seenBody counts the bytes that a handler reads from a body.
type seenBody struct {
	io.ReadCloser
	read *atomic.Int64
}

func (s seenBody) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.read.Add(int64(n))
	return n, err
}

func TestWithoutCredentialsNothingIsRead(t *testing.T) {
	const size = 100 << 20
	var read atomic.Int64
	app := candor.New(candor.Config{}, candor.MaxBody(2*size), candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = seenBody{r.Body, &read}
			next.ServeHTTP(w, r)
		})
	}))
	candor.ProvideScoped(app, func(_ context.Context, _ struct{ Token candor.Bearer }, use func(*tx) error) error { return use(&tx{}) })
	candor.Provide(app, func(_ context.Context, in needsToken) (*user, error) { return &user{string(in.Token)}, nil })
	body := func(context.Context, needsBody) (answer, error) { return answer{}, nil }
	candor.Post(app, "/handler", func(context.Context, struct {
		needsBody
		Token candor.Bearer
	},
	) (answer, error) {
		return answer{}, nil
	})
	candor.Post(app, "/guard", body, candor.Require(func(context.Context, needsToken) error { return nil }))
	candor.Post(app, "/provider", func(context.Context, struct {
		needsBody
		User *user `dep:""`
	},
	) (answer, error) {
		return answer{}, nil
	})
	candor.Post(app, "/fresh", func(context.Context, struct {
		needsBody
		User *user `dep:"fresh"`
	},
	) (answer, error) {
		return answer{}, nil
	})
	candor.Post(app, "/scoped", func(context.Context, struct {
		needsBody
		TX *tx `dep:""`
	},
	) (answer, error) {
		return answer{}, nil
	})
	candor.Post(app, "/around", body, candor.Around(func(_ context.Context, _ struct {
		User *user `dep:""`
	}, next func() error,
	) error {
		return next()
	}))
	candor.Post(app, "/around-itself", body, candor.Around(func(_ context.Context, _ needsToken, next func() error) error { return next() }))
	for _, path := range []string{"/handler", "/guard", "/provider", "/fresh", "/scoped", "/around", "/around-itself"} {
		r := httptest.NewRequest(http.MethodPost, path, io.LimitReader(new(endless), size))
		r.ContentLength = size
		r.Header.Set("Content-Type", "application/json")
		got := httptest.NewRecorder()
		app.ServeHTTP(got, r)
		assert.Equal(t, http.StatusUnauthorized, got.Code, path)
		assert.Equal(t, "Bearer", got.Header().Get("WWW-Authenticate"))
		assert.Zero(t, read.Load(), path)
	}
}

// cell is a generic value with a generic provider.
type cell[T any] struct{ value T }

func newCell[T any](context.Context, candor.None) (*cell[T], error) { return &cell[T]{}, nil }

// factory has a method that is a provider.
type factory struct{ name string }

func (f factory) user(context.Context, candor.None) (*user, error) { return &user{f.name}, nil }

func TestShapesOfProviders(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Provide(app, newCell[int])
	candor.Provide(app, newCell[string])
	candor.Provide(app, factory{"method"}.user)
	candor.Provide(app, func(_ context.Context, in struct {
		User *user `dep:""`
	},
	) (clock, error) {
		return noon{}, nil
	})
	candor.Get(app, "/", func(_ context.Context, in struct {
		Int    *cell[int]    `dep:""`
		String *cell[string] `dep:""`
		User   *user         `dep:""`
		Clock  clock         `dep:""`
	},
	) (answer, error) {
		return answer{fmt.Sprintf("%T %T %s %s", in.Int.value, in.String.value, in.User.Name, in.Clock.Now())}, nil
	})
	assert.JSONEq(t, `{"text":"int string method 12:00"}`, candor.NewTestClient(t, app).Get("/").Status(200).Text())
}

func TestAlternativesOfCredentials(t *testing.T) {
	unknown := candor.Error(401, "who are you?").WithHeader("WWW-Authenticate", "Bearer, APIKey")
	app := candor.New(candor.Config{})
	candor.Provide(app, func(_ context.Context, in struct {
		Token *candor.Bearer
		Key   *candor.APIKey `header:"X-Key"`
	},
	) (*user, error) {
		switch {
		case in.Token != nil:
			return &user{"token " + string(*in.Token)}, nil
		case in.Key != nil:
			return &user{"key " + string(*in.Key)}, nil
		}
		return nil, unknown
	}, candor.Raises(unknown))
	candor.Get(app, "/", func(_ context.Context, in struct {
		User *user `dep:""`
	},
	) (answer, error) {
		return answer{in.User.Name}, nil
	})
	c := candor.NewTestClient(t, app)
	assert.JSONEq(t, `{"text":"token a"}`, c.Get("/", candor.WithHeader("Authorization", "Bearer a")).Status(200).Text())
	assert.JSONEq(t, `{"text":"key b"}`, c.Get("/", candor.WithHeader("X-Key", "b")).Status(200).Text())
	assert.Equal(t, "Bearer, APIKey", c.Get("/").Status(401).Header.Get("WWW-Authenticate"))
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string
		}
	}
	c.Get("/openapi.json").Status(200).JSON(&doc)
	assert.Equal(t, []map[string][]string{{"HTTPBearer": {}}, {"APIKeyHeader": {}}, {}}, doc.Paths["/"]["get"].Security)
}

func TestWrappersAroundFailures(t *testing.T) {
	var log bytes.Buffer
	app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	j := &journal{}
	notes := func(name string) candor.Option {
		return candor.Around(func(_ context.Context, _ candor.None, next func() error) error {
			j.note(name + "{")
			defer j.note("}" + name)
			return next()
		})
	}
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*dbConn) error) error { return use(&dbConn{}) }, candor.Until(candor.ResponseSent))
	candor.Get(app, "/swallowed", func(context.Context, candor.None) (answer, error) { panic("on fire") },
		candor.Around(func(_ context.Context, _ candor.None, next func() error) (err error) {
			defer func() { _ = recover() }()
			return next()
		}))
	candor.Get(app, "/late", func(context.Context, struct {
		DB *dbConn `dep:""`
	},
	) (answer, error) {
		return answer{}, candor.Error(404, nil)
	}, candor.Raises(candor.Error(404, nil)))
	r := candor.NewRouter("/order", notes("router"))
	candor.Get(r, "", func(context.Context, candor.None) (answer, error) {
		j.note("handler")
		return answer{}, nil
	}, notes("first"), notes("second"))
	app.Include(r, notes("include"))
	c := candor.NewTestClient(t, app)
	c.Get("/swallowed").Status(500)
	assert.Contains(t, log.String(), "recovered from a panic")
	log.Reset()
	c.Get("/late").Status(404)
	assert.Empty(t, log.String(), "an error that was answered is no news")
	c.Get("/order").Status(200)
	assert.Equal(t, "include{ router{ first{ second{ handler }second }first }router }include", strings.Join(j.lines, " "))
}

func TestNeedsBeginsBeforeTheBody(t *testing.T) {
	j := &journal{}
	app := scopedApp(j, nil)
	candor.Put(app, "/", func(context.Context, needsBody) (answer, error) { return answer{}, nil }, candor.Needs[*tx]())
	candor.NewTestClient(t, app).Put("/", `{`).Status(422)
	assert.Equal(t, "open rollback closed", strings.Join(j.lines, " "))
}

// An app that serves as a handler of another server has to be started. Before that its shared values do not exist, so
// no handler that depends on them runs.
func TestAnAppThatNobodyStarted(t *testing.T) {
	type input struct {
		DB *dbConn `dep:""`
	}
	type dbRow struct{ id int }
	type rowInput struct {
		Row dbRow `dep:""`
	}
	type dbTx struct{ id int }
	type txInput struct {
		Tx candor.Lazy[dbTx] `dep:""`
	}
	read := func(_ context.Context, in input) (int, error) { return in.DB.id, nil }
	connect := func(_ context.Context, _ candor.None, use func(*dbConn) error) error { return use(&dbConn{id: 7}) }
	for name, row := range map[string]struct {
		build   func(app *candor.App)
		waiting []string
	}{
		"a shared provider": {func(app *candor.App) {
			candor.ProvideShared(app, connect)
			candor.Get(app, "/v1/id", read)
		}, []string{"the shared provider of *candor_test.dbConn at ", "lifecycle_test.go:"}},
		"one of a router": {func(app *candor.App) {
			r := candor.NewRouter("/v1")
			candor.ProvideShared(r, connect)
			candor.Get(r, "/id", read)
			app.Include(r)
		}, []string{"the shared provider of *candor_test.dbConn at ", "lifecycle_test.go:"}},
		"a lifespan": {func(app *candor.App) {
			app.Lifespan(func(ctx context.Context, serve func(context.Context) error) error { return serve(ctx) })
			candor.ProvideValue(app, &dbConn{id: 7})
			candor.Get(app, "/v1/id", read)
		}, []string{"the lifespan at ", "lifecycle_test.go:"}},
	} {
		t.Run(name, func(t *testing.T) {
			app, logged := apptest.Quiet(candor.Config{})
			row.build(app)
			candor.Get(app, "/v1/plain", apptest.Returns("hello"))
			app.Health("/health/live", "/health/ready")
			outer, _ := apptest.Quiet(candor.Config{})
			outer.Mount("/api", http.StripPrefix("", app)) // hides the app
			mux := http.NewServeMux()
			mux.Handle("/api/", http.StripPrefix("/api", app))
			for range 3 {
				for _, h := range []http.Handler{mux, outer} {
					for _, path := range []string{"/v1/id", "/v1/plain", "/nowhere", "/openapi.json"} {
						assert.Equal(t, `503 | {"detail":"Service Unavailable"}`, apptest.Wire(h, "GET /api"+path), path)
					}
				}
			}
			unstarted := httptest.NewRecorder()
			app.ServeHTTP(unstarted, httptest.NewRequest("GET", "/v1/id", nil))
			assert.Equal(t, "1", unstarted.Header().Get("Retry-After"))
			assert.Contains(t, apptest.Wire(app, "GET /health/live"), "200 | ", "the process is alive")
			assert.Equal(t, 1, strings.Count(logged.String(), "the app is not started"), logged)
			for _, part := range append(row.waiting, "app.Start", "app.Run", "app.Serve") {
				assert.Contains(t, logged.String(), part)
			}
			stop, err := app.Start(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "200 | 7", apptest.Wire(mux, "GET /api/v1/id"))
			assert.Equal(t, "200 | 7", apptest.Wire(outer, "GET /api/v1/id"))
			require.NoError(t, stop())
			assert.Contains(t, apptest.Wire(mux, "GET /api/v1/id"), "503 | ", "and after its end it is gone")
		})
	}
	t.Run("nothing to start", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.ProvideShared(app, connect)
		candor.OverrideValue(app, &dbConn{id: 1})
		candor.Get(app, "/", read)
		assert.Equal(t, "200 | 1", apptest.Wire(app, "GET /"))
	})
	t.Run("the document tells it where a value is missing", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.ProvideShared(app, connect)
		candor.Get(app, "/id", read)
		candor.Provide(app, func(_ context.Context, in input) (dbRow, error) { return dbRow{in.DB.id}, nil })
		candor.Get(app, "/row", func(_ context.Context, in rowInput) (int, error) { return in.Row.id, nil })
		candor.WebSocket(app, "/socket", func(context.Context, input, *candor.Socket[int, int]) error { return nil })
		candor.Get(app, "/guarded", apptest.Returns("hello"), candor.Require(func(context.Context, input) error { return nil }))
		candor.Get(app, "/around", apptest.Returns("hello"), candor.Around(func(_ context.Context, _ input, next func() error) error { return next() }))
		candor.ProvideScoped(app, func(_ context.Context, in input, use func(dbTx) error) error { return use(dbTx{in.DB.id}) })
		candor.Get(app, "/lazy", func(context.Context, txInput) (int, error) { return 1, nil })
		candor.Get(app, "/lines", func(context.Context, input) (candor.JSONLines[int], error) { return nil, nil })
		candor.Get(app, "/plain", apptest.Returns("hello"))
		doc := apptest.Document(t, app)
		for _, path := range []string{"/id", "/row", "/socket", "/guarded", "/around", "/lazy", "/lines"} {
			assert.NotNil(t, apptest.Member(doc, "paths", path, "get", "responses", "503", "headers", "Retry-After"), path)
		}
		assert.Nil(t, apptest.Member(doc, "paths", "/plain", "get", "responses", "503"))
	})
	t.Run("a mounted app starts with the one that mounts it", func(t *testing.T) {
		app, logged := apptest.Quiet(candor.Config{})
		candor.ProvideShared(app, connect)
		candor.Get(app, "/id", read)
		outer, _ := apptest.Quiet(candor.Config{})
		candor.Get(outer, "/", apptest.Returns("outer"))
		outer.Mount("/api", app)
		assert.Equal(t, `200 | "outer"`, apptest.Wire(outer, "GET /"))
		assert.Contains(t, apptest.Wire(outer, "GET /api/id"), "503 | ")
		assert.Contains(t, logged.String(), "the *App that mounts it")
		assert.Equal(t, "7", candor.NewTestClient(t, outer).Get("/api/id").Status(200).Text())
	})
	t.Run("tasks of an app that stops can still ask it", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.ProvideShared(app, connect)
		candor.Get(app, "/id", read)
		asked, stopped := make(chan string, 1), make(chan struct{})
		candor.Post(app, "/", func(_ context.Context, in struct{ Tasks *candor.Tasks }) (candor.None, error) {
			in.Tasks.Add(func(context.Context) error {
				<-stopped
				asked <- apptest.Wire(app, "GET /id")
				return nil
			})
			return candor.None{}, nil
		})
		synctest.Test(t, func(t *testing.T) {
			stop, err := app.Start(t.Context())
			require.NoError(t, err)
			stopped = make(chan struct{})
			assert.Equal(t, "204", apptest.Wire(app, "POST /"))
			go func() {
				time.Sleep(time.Second) // by then the app waits for the task
				close(stopped)
			}()
			require.NoError(t, stop())
			assert.Equal(t, "200 | 7", <-asked)
		})
	})
}
