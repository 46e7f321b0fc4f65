package candor_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// diary notes events in order, from any goroutine.
type diary struct {
	mutex sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) String() string {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return strings.Join(d.lines, " ")
}

// session and berth are provided in these tests; a berth depends on a session.
type (
	session struct{ number int }
	berth   struct{ in *session }
)

var errHarbour = errors.New("the ledger is closed")

// provideBerth registers providers of a session and a berth, with the given lifetime.
func provideBerth(r candor.Routes, d *diary, options ...candor.ProvideOption) {
	candor.ProvideScoped(r, func(_ context.Context, _ candor.None, use func(*session) error) error {
		d.note("session{")
		defer d.note("}session")
		return use(&session{number: 7})
	}, options...)
	candor.ProvideScoped(r, func(_ context.Context, in struct {
		Session *session `dep:""`
	}, use func(*berth) error,
	) error {
		d.note("berth{")
		err := use(&berth{in: in.Session})
		if err != nil {
			d.note("}rollback")
			return err
		}
		d.note("}commit")
		return nil
	}, options...)
}

type lazyInput struct {
	Berth candor.Lazy[*berth] `dep:""`
}

// lazily registers a handler that can resolve a berth.
func lazily(r candor.Routes, d *diary, h func(ctx context.Context, get func(context.Context) (*berth, error)) error, options ...candor.RouteOption) {
	candor.Get(r, "/", func(ctx context.Context, in lazyInput) (candor.None, error) {
		d.note("handler{")
		defer d.note("}handler")
		return candor.None{}, h(ctx, in.Berth.Get)
	}, options...)
}

type getBerth = func(context.Context) (*berth, error)

func TestLazyBeginsWhenItIsAskedFor(t *testing.T) {
	for name, row := range map[string]struct {
		handler func(ctx context.Context, get getBerth) error
		status  int
		want    string
	}{
		"not without a Get": {
			func(context.Context, getBerth) error { return nil }, 204, "handler{ }handler",
		},
		"not for an error that comes before": {
			func(context.Context, getBerth) error { return candor.Error(404, nil) }, 404, "handler{ }handler",
		},
		"with what it depends on": {
			func(ctx context.Context, get getBerth) error {
				b, err := get(ctx)
				if err == nil && b.in.number != 7 {
					err = errors.New("another session")
				}
				return err
			}, 204, "handler{ session{ berth{ }handler }commit }session",
		},
		"once": {
			func(ctx context.Context, get getBerth) error {
				first, err := get(ctx)
				if second, _ := get(ctx); first != second {
					err = errors.New("two bookings")
				}
				return err
			}, 204, "handler{ session{ berth{ }handler }commit }session",
		},
		"it sees the error of the handler": {
			func(ctx context.Context, get getBerth) error {
				_, _ = get(ctx)
				return candor.Error(409, nil)
			}, 409, "handler{ session{ berth{ }handler }rollback }session",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, app := &diary{}, candor.New(candor.Config{})
			provideBerth(app, d)
			lazily(app, d, row.handler)
			client := candor.NewTestClient(t, app, candor.Unchecked()) // nothing is declared
			for range 2 {                                              // the second request reuses the exchange
				d.lines = nil
				client.Get("/").Status(row.status)
				assert.Equal(t, row.want, d.String())
			}
		})
	}
}

func TestLazyIsSharedByGoroutines(t *testing.T) {
	d, app := &diary{}, candor.New(candor.Config{})
	provideBerth(app, d)
	var got [8]*berth
	lazily(app, d, func(ctx context.Context, get func(context.Context) (*berth, error)) error {
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i], _ = get(ctx) })
		}
		all.Wait()
		return nil
	})
	candor.NewTestClient(t, app).Get("/").Status(204)
	for _, b := range got {
		require.NotNil(t, b)
		assert.Same(t, got[0], b)
	}
	assert.Equal(t, "handler{ session{ berth{ }handler }commit }session", d.String())
}

func TestLazyOfWhatRunsInAnyCase(t *testing.T) {
	d, app := &diary{}, candor.New(candor.Config{})
	provideBerth(app, d)
	var kept candor.Lazy[*berth]
	candor.Get(app, "/", func(ctx context.Context, in struct {
		Berth   *berth                `dep:""`
		Lazy    candor.Lazy[*berth]   `dep:""`
		Session candor.Lazy[*session] `dep:""`
	},
	) (candor.None, error) {
		d.note("handler")
		kept = in.Lazy
		b, err := in.Lazy.Get(ctx)
		assert.Same(t, in.Berth, b)
		s, _ := in.Session.Get(ctx)
		assert.Same(t, b.in, s)
		return candor.None{}, err
	})
	candor.NewTestClient(t, app).Get("/").Status(204)
	assert.Equal(t, "session{ berth{ handler }commit }session", d.String())
	_, err := kept.Get(t.Context())
	assert.ErrorIs(t, err, candor.ErrLazyEnded)
}

func TestLazyOfAPlainProvider(t *testing.T) {
	for ask, want := range map[string]int{"": 0, "?ask=true": 1} {
		d, app := &diary{}, candor.New(candor.Config{})
		candor.Provide(app, func(_ context.Context, in struct {
			Seat int `query:"seat,omitempty"`
		},
		) (*session, error) {
			d.note("made")
			return &session{in.Seat}, nil
		})
		candor.Get(app, "/", func(ctx context.Context, in struct {
			Ask     bool                  `query:"ask,omitempty"`
			Session candor.Lazy[*session] `dep:""`
		},
		) (candor.None, error) {
			if in.Ask {
				s, err := in.Session.Get(ctx)
				require.NoError(t, err)
				assert.Equal(t, 0, s.number)
			}
			return candor.None{}, nil
		})
		client := candor.NewTestClient(t, app)
		client.Get("/" + ask).Status(204)
		assert.Len(t, d.lines, want)
		faults := client.Get("/?seat=window").Faults()
		require.Len(t, faults, 1, "its parameters are judged although nobody asks")
		assert.Equal(t, []any{"query", "seat"}, faults[0].Loc)
	}
}

func TestLazyIsDocumentedLikeAnyDependency(t *testing.T) {
	app := candor.New(candor.Config{})
	full := candor.Error(503, "full")
	candor.ProvideScoped(app, func(_ context.Context, _ struct {
		Seat int `query:"seat"`
	}, use func(*berth) error,
	) error {
		return use(&berth{})
	}, candor.Raises(full))
	candor.Get(app, "/", func(context.Context, lazyInput) (candor.None, error) { return candor.None{}, nil })
	doc := candor.NewTestClient(t, app).Get("/openapi.json").Status(200).Text()
	assert.Contains(t, doc, `"name":"seat"`)
	assert.Contains(t, doc, `"503"`)
	assert.Equal(t, []string{"bind parameters", "refuse an invalid request", "open *candor_test.berth on first use:", "handle", "encode the response", "write the stream"}, app.Routes()[0].Steps)
}

// harbour is an app whose lazy berth fails.
func harbour(provide func(use func(*berth) error) error, h func(ctx context.Context, get getBerth) error) (*candor.App, *bytes.Buffer) {
	log := &bytes.Buffer{}
	app := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(log, nil))})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*berth) error) error { return provide(use) })
	candor.Get(app, "/", func(ctx context.Context, in lazyInput) (candor.None, error) {
		return candor.None{}, h(ctx, in.Berth.Get)
	})
	return app, log
}

func spillInk() { panic("spilled ink") }

func TestLazyInTrouble(t *testing.T) {
	fine := func(use func(*berth) error) error { return use(&berth{}) }
	getting := func(ctx context.Context, get getBerth) error {
		_, err := get(ctx)
		return err
	}
	swallowing := func(ctx context.Context, get getBerth) error {
		_, first := get(ctx)
		_, second := get(ctx)
		if first == nil || first != second { //nolint:errorlint // the very value
			return errors.New("each Get returns the same error")
		}
		return nil
	}
	recovering := func(ctx context.Context, get getBerth) error {
		for range 2 {
			func() {
				defer func() {
					if recover() != "ledger burnt" {
						panic("another value")
					}
				}()
				_, _ = get(ctx)
			}()
		}
		return nil
	}
	panicking := func(ctx context.Context, get getBerth) error {
		_, _ = get(ctx)
		spillInk()
		return nil
	}
	for name, row := range map[string]struct {
		provide func(use func(*berth) error) error
		handler func(ctx context.Context, get getBerth) error
		status  int
		logged  string
	}{
		"an error of the set-up, returned":                {func(func(*berth) error) error { return candor.Error(503, "full") }, getting, 503, ""},
		"an error of the set-up, swallowed":               {func(func(*berth) error) error { return errHarbour }, swallowing, 204, ""},
		"never used, returned":                            {func(func(*berth) error) error { return nil }, getting, 500, "returned nil without calling use"},
		"never used, swallowed":                           {func(func(*berth) error) error { return nil }, swallowing, 500, "returned nil without calling use"},
		"a panic of the set-up":                           {func(func(*berth) error) error { panic("ledger burnt") }, getting, 500, "ledger burnt"},
		"a panic of the set-up is logged with its stack":  {func(func(*berth) error) error { spillInk(); return nil }, getting, 500, ".spillInk "},
		"a panic of the set-up, recovered":                {func(func(*berth) error) error { panic("ledger burnt") }, recovering, 500, "ledger burnt"},
		"a panic of the handler":                          {fine, panicking, 500, "spilled ink"},
		"a panic of the handler is logged with its stack": {fine, panicking, 500, ".spillInk "},
		"a panic of the handler, swallowed": {func(use func(*berth) error) (err error) {
			defer func() { _ = recover() }()
			return use(&berth{})
		}, panicking, 500, "recovered from a panic"},
		"a panic of the handler, replaced": {func(use func(*berth) error) (err error) {
			defer func() {
				if recover() == "spilled ink" {
					err = candor.Error(503, "ink")
				}
			}()
			return use(&berth{})
		}, panicking, 503, ""},
		"a panic of the tear-down": {func(use func(*berth) error) error {
			_ = use(&berth{})
			panic("ledger burnt")
		}, getting, 500, "ledger burnt"},
		"an error of the tear-down": {func(use func(*berth) error) error {
			_ = use(&berth{})
			return candor.Error(503, "full")
		}, getting, 503, ""},
		"the error of the handler stands": {func(use func(*berth) error) error {
			_ = use(&berth{})
			return nil
		}, func(ctx context.Context, get getBerth) error {
			_, _ = get(ctx)
			return candor.Error(404, nil)
		}, 404, ""},
		"used twice": {func(use func(*berth) error) error {
			_ = use(&berth{})
			return use(&berth{})
		}, getting, 500, "more than once"},
		"used twice, swallowed": {func(use func(*berth) error) error {
			_, _ = use(&berth{}), use(&berth{})
			return nil
		}, getting, 500, "more than once"},
	} {
		t.Run(name, func(t *testing.T) {
			app, log := harbour(row.provide, row.handler)
			candor.NewTestClient(t, app, candor.Unchecked()).Get("/").Status(row.status)
			assert.Contains(t, log.String(), row.logged)
		})
	}
}

func TestLazyAndGoexit(t *testing.T) {
	for name, row := range map[string]struct {
		provide, handler func(use func() error)
		want             string
	}{
		"in the handler": {func(use func() error) { _ = use() }, func(func() error) { runtime.Goexit() }, "ended"},
		"in the set-up":  {func(func() error) { runtime.Goexit() }, func(func() error) {}, "ended"},
		"in the tear-down": {func(use func() error) {
			_ = use()
			runtime.Goexit()
		}, func(func() error) {}, "ended"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // waits for the end of all goroutines
				d := &diary{}
				app, _ := harbour(func(use func(*berth) error) error {
					defer d.note("ended")
					row.provide(func() error { return use(&berth{}) })
					return nil
				}, func(ctx context.Context, get getBerth) error {
					_, _ = get(ctx)
					row.handler(nil)
					return nil
				})
				done := make(chan bool)
				go func() {
					defer close(done)
					app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
					d.note("returned")
				}()
				<-done
				assert.Equal(t, row.want, d.String(), "the goroutine of the request ends, too")
			})
		})
	}
}

func TestLazyLetsAbortsPass(t *testing.T) {
	ended := false
	app, _ := harbour(func(use func(*berth) error) error {
		defer func() { ended = true }()
		return use(&berth{})
	}, func(ctx context.Context, get getBerth) error {
		_, _ = get(ctx)
		panic(http.ErrAbortHandler)
	})
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	})
	assert.True(t, ended)
}

func TestLazyAndContexts(t *testing.T) {
	t.Run("the context of Get bounds the wait only", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			app, _ := harbour(func(use func(*berth) error) error {
				time.Sleep(time.Second)
				return use(&berth{})
			}, func(ctx context.Context, get getBerth) error {
				hurried, cancel := context.WithTimeoutCause(ctx, time.Millisecond, errHarbour)
				defer cancel()
				_, err := get(hurried)
				require.Equal(t, errHarbour, err)
				_, err = get(ctx)
				return err
			})
			candor.NewTestClient(t, app).Get("/").Status(204)
		})
	})
	t.Run("the provider has that of the request", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.ProvideScoped(app, func(ctx context.Context, _ candor.None, use func(*berth) error) error {
			err := use(&berth{})
			assert.NoError(t, ctx.Err())
			return err
		})
		lazily(app, &diary{}, func(ctx context.Context, get func(context.Context) (*berth, error)) error {
			brief, cancel := context.WithCancel(ctx)
			_, err := get(brief)
			cancel()
			return err
		})
		candor.NewTestClient(t, app).Get("/").Status(204)
	})
	t.Run("the end waits for a set-up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := &diary{}
			app, _ := harbour(func(use func(*berth) error) error {
				time.Sleep(time.Second)
				d.note("begun")
				defer d.note("ended")
				return use(&berth{})
			}, func(ctx context.Context, get getBerth) error {
				hurried, cancel := context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
				_, _ = get(hurried)
				return nil
			})
			candor.NewTestClient(t, app).Get("/").Status(204)
			assert.Equal(t, "begun ended", d.String())
		})
	})
	t.Run("nothing begins after the end of the request's", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, app := &diary{}, candor.New(candor.Config{})
			provideBerth(app, d)
			lazily(app, d, func(ctx context.Context, get func(context.Context) (*berth, error)) error {
				time.Sleep(time.Minute)
				_, err := get(context.WithoutCancel(ctx))
				return err
			}, candor.Timeout(time.Second))
			candor.NewTestClient(t, app).Get("/").Status(504)
			assert.Equal(t, "handler{ }handler", d.String())
		})
	})
	t.Run("nor with a context that has ended", func(t *testing.T) {
		d, app := &diary{}, candor.New(candor.Config{})
		provideBerth(app, d)
		lazily(app, d, func(ctx context.Context, get func(context.Context) (*berth, error)) error {
			over, cancel := context.WithCancelCause(ctx)
			cancel(errHarbour)
			_, err := get(over)
			assert.Equal(t, errHarbour, err)
			return nil
		})
		candor.NewTestClient(t, app).Get("/").Status(204)
		assert.Equal(t, "handler{ }handler", d.String())
	})
}

func TestLazyAfterItsEnd(t *testing.T) {
	for name, row := range map[string]struct {
		until candor.ProvideOption
		first bool // resolve it in the handler, too
		want  string
	}{
		"in a task":                {candor.Until(candor.ResponseEncoded), false, "handler task: candor: a Lazy was used after its provider ended"},
		"in a task, though it was": {candor.Until(candor.ResponseEncoded), true, "handler session{ berth{ }commit }session task: candor: a Lazy was used after its provider ended"},
		"a task may be the first":  {candor.Until(candor.ResponseSent), false, "handler session{ berth{ task: <nil> }commit }session"},
		"a task may be the second": {candor.Until(candor.ResponseSent), true, "handler session{ berth{ task: <nil> }commit }session"},
	} {
		t.Run(name, func(t *testing.T) {
			d, app := &diary{}, candor.New(candor.Config{})
			provideBerth(app, d, row.until)
			asked := make(chan bool)
			candor.Get(app, "/", func(ctx context.Context, in struct {
				lazyInput
				Tasks *candor.Tasks
			},
			) (candor.None, error) {
				d.note("handler")
				if row.first {
					_, _ = in.Berth.Get(ctx)
				}
				in.Tasks.Add(func(ctx context.Context) error {
					defer close(asked)
					_, err := in.Berth.Get(ctx)
					d.note("task:")
					if err == nil {
						d.note("<nil>")
					} else {
						d.note(err.Error())
					}
					return nil
				})
				return candor.None{}, nil
			})
			candor.NewTestClient(t, app).Get("/").Status(204)
			<-asked
			assert.Eventually(t, func() bool { return d.String() == row.want }, time.Minute, time.Millisecond, d.String())
		})
	}
	t.Run("a request later", func(t *testing.T) {
		app := candor.New(candor.Config{})
		provideBerth(app, &diary{})
		var kept []candor.Lazy[*berth]
		candor.Get(app, "/", func(ctx context.Context, in lazyInput) (candor.None, error) {
			for _, l := range kept {
				_, err := l.Get(ctx)
				assert.ErrorIs(t, err, candor.ErrLazyEnded)
			}
			kept = append(kept, in.Berth)
			_, err := in.Berth.Get(ctx)
			return candor.None{}, err
		})
		client := candor.NewTestClient(t, app)
		for range 3 {
			client.Get("/").Status(204)
		}
	})
}

func TestLazyInStreams(t *testing.T) {
	for name, row := range map[string]struct {
		until candor.ProvideOption
		want  string
		lines string
	}{
		"until the last byte":      {candor.Until(candor.ResponseSent), "handler session{ berth{ item }commit }session", "7\n"},
		"not after the first byte": {candor.Until(candor.ResponseEncoded), "handler candor: a Lazy was used after its provider ended", "0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			d, app := &diary{}, candor.New(candor.Config{})
			provideBerth(app, d, row.until)
			candor.Get(app, "/", func(ctx context.Context, in lazyInput) (candor.JSONLines[int], error) {
				d.note("handler")
				return func(yield func(int, error) bool) {
					b, err := in.Berth.Get(ctx)
					if err != nil {
						d.note(err.Error())
						yield(0, nil)
						return
					}
					yield(b.in.number, nil)
					d.note("item")
				}, nil
			})
			assert.Equal(t, row.lines, candor.NewTestClient(t, app).Get("/").Status(200).Text())
			assert.Equal(t, row.want, d.String())
		})
	}
	t.Run("by default until the last byte", func(t *testing.T) {
		d, app := &diary{}, candor.New(candor.Config{})
		provideBerth(app, d)
		candor.Get(app, "/", func(ctx context.Context, in lazyInput) (candor.JSONLines[int], error) {
			return func(yield func(int, error) bool) {
				b, err := in.Berth.Get(ctx)
				yield(b.in.number, err)
				d.note("item")
			}, nil
		})
		assert.Equal(t, "7\n", candor.NewTestClient(t, app).Get("/").Status(200).Text())
		assert.Equal(t, "session{ berth{ item }commit }session", d.String())
	})
}

func TestLazyInASocket(t *testing.T) {
	d, app := &diary{}, candor.New(candor.Config{})
	provideBerth(app, d)
	candor.WebSocket(app, "/", func(ctx context.Context, in lazyInput, s *candor.Socket[string, int]) error {
		for _, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			b, err := in.Berth.Get(ctx)
			if err != nil {
				return err
			}
			if err := s.Send(ctx, b.in.number); err != nil {
				return err
			}
		}
		return nil
	})
	client := candor.NewTestClient(t, app)
	s := client.WebSocket("/")
	for range 2 {
		var number int
		s.Send("more").Receive(&number)
		assert.Equal(t, 7, number)
	}
	s.Close(1000, "")
	assert.Eventually(t, func() bool { return d.String() == "session{ berth{ }commit }session" }, time.Minute, time.Millisecond)
}

func TestLazyInOtherDependencies(t *testing.T) {
	t.Run("a bracket asks", func(t *testing.T) {
		d, app := &diary{}, candor.New(candor.Config{})
		provideBerth(app, d)
		candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) {
			d.note("handler")
			return candor.None{}, nil
		}, candor.Around(func(ctx context.Context, in lazyInput, next func() error) error {
			err := next()
			d.note("audit")
			_, asked := in.Berth.Get(ctx)
			return errors.Join(err, asked)
		}))
		candor.NewTestClient(t, app).Get("/").Status(204)
		assert.Equal(t, "handler audit session{ berth{ }commit }session", d.String())
	})
	t.Run("a repository keeps it", func(t *testing.T) {
		d, app := &diary{}, candor.New(candor.Config{})
		provideBerth(app, d)
		type repository struct{ berth candor.Lazy[*berth] }
		candor.Provide(app, func(_ context.Context, in lazyInput) (*repository, error) { return &repository{in.Berth}, nil })
		candor.Get(app, "/", func(ctx context.Context, in struct {
			Repository *repository `dep:""`
		},
		) (candor.None, error) {
			d.note("handler")
			_, err := in.Repository.berth.Get(ctx)
			return candor.None{}, err
		})
		candor.NewTestClient(t, app).Get("/").Status(204)
		assert.Equal(t, "handler session{ berth{ }commit }session", d.String())
	})
	t.Run("one that waits takes one that waits", func(t *testing.T) {
		d, app := &diary{}, candor.New(candor.Config{})
		provideBerth(app, d)
		type repository struct{ berth candor.Lazy[*berth] }
		candor.Provide(app, func(_ context.Context, in lazyInput) (*repository, error) {
			d.note("repository")
			return &repository{in.Berth}, nil
		})
		candor.Get(app, "/", func(ctx context.Context, in struct {
			Repository candor.Lazy[*repository] `dep:""`
		},
		) (candor.None, error) {
			d.note("handler")
			r, err := in.Repository.Get(ctx)
			require.NoError(t, err)
			d.note("asks")
			_, err = r.berth.Get(ctx)
			return candor.None{}, err
		})
		candor.NewTestClient(t, app).Get("/").Status(204)
		assert.Equal(t, "handler repository asks session{ berth{ }commit }session", d.String())
	})
	t.Run("a failure of what it depends on", func(t *testing.T) {
		app := candor.New(candor.Config{})
		candor.ProvideScoped(app, func(context.Context, candor.None, func(*session) error) error { return candor.Error(503, "full") })
		candor.ProvideScoped(app, func(_ context.Context, in struct {
			Session *session `dep:""`
		}, use func(*berth) error,
		) error {
			return use(&berth{in.Session})
		})
		lazily(app, &diary{}, func(ctx context.Context, get func(context.Context) (*berth, error)) error {
			_, err := get(ctx)
			return err
		})
		candor.NewTestClient(t, app, candor.Unchecked()).Get("/").Status(503)
	})
}

func TestLazyAndGuards(t *testing.T) {
	ask := func(ctx context.Context, in lazyInput) error {
		_, err := in.Berth.Get(ctx)
		return err
	}
	t.Run("a scoped provider needs Needs", func(t *testing.T) {
		app := candor.New(candor.Config{})
		provideBerth(app, &diary{})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil }, candor.Require(ask))
		assert.ErrorContains(t, app.Check(), "it would start before the body is read")
	})
	t.Run("and then is there", func(t *testing.T) {
		d, app := &diary{}, candor.New(candor.Config{})
		provideBerth(app, d)
		candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) {
			d.note("handler")
			return candor.None{}, nil
		}, candor.Require(func(ctx context.Context, in lazyInput) error {
			d.note("guard")
			return ask(ctx, in)
		}), candor.Needs[*session](), candor.Needs[*berth]())
		candor.NewTestClient(t, app).Get("/").Status(204)
		assert.Equal(t, "session{ berth{ guard handler }commit }session", d.String())
	})
	t.Run("a plain one waits", func(t *testing.T) {
		made := 0
		app := candor.New(candor.Config{})
		candor.Provide(app, func(context.Context, candor.None) (*berth, error) {
			made++
			return &berth{}, nil
		})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil },
			candor.Require(func(ctx context.Context, in struct {
				lazyInput
				Ask bool `query:"ask,omitempty"`
			},
			) error {
				if !in.Ask {
					return nil
				}
				return ask(ctx, in.lazyInput)
			}))
		client := candor.NewTestClient(t, app)
		client.Get("/").Status(204)
		assert.Equal(t, 0, made)
		client.Get("/?ask=true").Status(204)
		assert.Equal(t, 1, made)
	})
}

func TestLazyAndCredentials(t *testing.T) {
	d, app := &diary{}, candor.New(candor.Config{})
	type account struct{ token candor.Bearer }
	candor.Provide(app, func(_ context.Context, in struct{ Token candor.Bearer }) (*account, error) {
		d.note("account")
		if in.Token != "secret" {
			return nil, candor.Error(401, nil)
		}
		return &account{in.Token}, nil
	})
	candor.ProvideScoped(app, func(_ context.Context, in struct {
		Account *account `dep:""`
	}, use func(*berth) error,
	) error {
		d.note("berth")
		return use(&berth{})
	})
	candor.Post(app, "/", func(ctx context.Context, in struct {
		lazyInput
		Body struct {
			Name string `json:"name"`
		} `body:""`
	},
	) (candor.None, error) {
		d.note("handler")
		_, err := in.Berth.Get(ctx)
		return candor.None{}, err
	})
	client := candor.NewTestClient(t, app)
	client.Post("/", "no JSON").Status(401)
	assert.Empty(t, d.String(), "credentials come before the body")
	client.Post("/", map[string]any{"name": "ann"}, candor.WithHeader("Authorization", "Bearer secret")).Status(204)
	assert.Equal(t, "account handler berth", d.String())
}

func TestLazyAndOverrides(t *testing.T) {
	test := func(t *testing.T, override func(app *candor.App), number int) {
		app := candor.New(candor.Config{})
		provideBerth(app, &diary{})
		candor.Get(app, "/", func(ctx context.Context, in lazyInput) (candor.None, error) {
			b, err := in.Berth.Get(ctx)
			assert.Equal(t, number, b.in.number)
			return candor.None{}, err
		})
		override(app)
		candor.NewTestClient(t, app).Get("/").Status(204)
	}
	t.Run("by a value", func(t *testing.T) {
		test(t, func(app *candor.App) { candor.OverrideValue(app, &berth{&session{1}}) }, 1)
	})
	t.Run("by a function", func(t *testing.T) {
		test(t, func(app *candor.App) {
			candor.Override(app, func(context.Context, candor.None) (*berth, error) { return &berth{&session{2}}, nil })
		}, 2)
	})
	t.Run("by a scoped one", func(t *testing.T) {
		test(t, func(app *candor.App) {
			candor.OverrideScoped(app, func(_ context.Context, _ candor.None, use func(*berth) error) error {
				return use(&berth{&session{3}})
			})
		}, 3)
	})
	t.Run("of what it depends on", func(t *testing.T) {
		test(t, func(app *candor.App) { candor.OverrideValue(app, &session{4}) }, 4)
	})
}

func TestLazyByHand(t *testing.T) {
	handler := func(ctx context.Context, in lazyInput) (int, error) {
		b, err := in.Berth.Get(ctx)
		if err != nil {
			return 0, err
		}
		return b.in.number, nil
	}
	number, err := handler(t.Context(), lazyInput{candor.LazyValue(&berth{&session{9}})})
	require.NoError(t, err)
	assert.Equal(t, 9, number)
	_, err = handler(t.Context(), lazyInput{})
	assert.ErrorContains(t, err, "candor.LazyValue")
}

func TestMistakesWithLazy(t *testing.T) {
	serve := func(r candor.Routes) {
		candor.Get(r, "/", func(context.Context, lazyInput) (candor.None, error) { return candor.None{}, nil })
	}
	for want, register := range map[string]func(app *candor.App){
		"the value exists before the request, so there is nothing to wait for; take *candor_test.berth itself": func(app *candor.App) {
			candor.ProvideValue(app, &berth{})
			serve(app)
		},
		"so there is nothing to wait for": func(app *candor.App) {
			candor.ProvideShared(app, func(_ context.Context, _ candor.None, use func(*berth) error) error { return use(&berth{}) })
			serve(app)
		},
		"no provider": func(app *candor.App) { serve(app) },
		"it reads credentials, which are checked before the body, so it cannot be lazy; take *candor_test.berth itself": func(app *candor.App) {
			candor.Provide(app, func(context.Context, struct{ Token *candor.Bearer }) (*berth, error) { return nil, nil })
			serve(app)
		},
		"a circle": func(app *candor.App) {
			candor.Provide(app, func(context.Context, lazyInput) (*session, error) { return nil, nil })
			candor.Provide(app, func(context.Context, struct {
				Session candor.Lazy[*session] `dep:""`
			},
			) (*berth, error) {
				return nil, nil
			})
			serve(app)
		},
		"lives longer than": func(app *candor.App) {
			provideBerth(app, &diary{})
			candor.ProvideScoped(app, func(_ context.Context, _ lazyInput, use func(*logbook) error) error { return use(nil) }, candor.Until(candor.ResponseSent))
			candor.Get(app, "/", func(context.Context, struct {
				Book *logbook `dep:""`
			},
			) (candor.None, error) {
				return candor.None{}, nil
			})
		},
		"a shared value is made before any request": func(app *candor.App) {
			provideBerth(app, &diary{})
			candor.ProvideShared(app, func(_ context.Context, _ lazyInput, use func(*logbook) error) error { return use(nil) })
			candor.Get(app, "/", func(context.Context, struct {
				Book *logbook `dep:""`
			},
			) (candor.None, error) {
				return candor.None{}, nil
			})
		},
		"a candor.Lazy of a fresh value": func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, struct {
				Berth candor.Lazy[*berth] `dep:"fresh"`
			},
			) (candor.None, error) {
				return candor.None{}, nil
			})
		},
		"a pointer to a candor.Lazy": func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, struct {
				Berth *candor.Lazy[*berth] `dep:""`
			},
			) (candor.None, error) {
				return candor.None{}, nil
			})
		},
		"a candor.Lazy of a Lazy": func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, struct {
				Berth candor.Lazy[candor.Lazy[*berth]] `dep:""`
			},
			) (candor.None, error) {
				return candor.None{}, nil
			})
		},
		"is only a way to take a value; provide *candor_test.berth": func(app *candor.App) {
			candor.ProvideValue(app, candor.LazyValue(&berth{}))
		},
		"no source": func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, struct{ Berth candor.Lazy[*berth] }) (candor.None, error) {
				return candor.None{}, nil
			})
		},
	} {
		t.Run(want, func(t *testing.T) {
			err := func() (err error) {
				defer func() {
					if value := recover(); value != nil {
						err, _ = value.(error)
					}
				}()
				app := candor.New(candor.Config{})
				register(app)
				return app.Check()
			}()
			assert.ErrorContains(t, err, want)
		})
	}
}

// logbook depends on a berth.
type logbook struct{}
