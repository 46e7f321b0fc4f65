package candor_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// books stands for a transaction.
type books struct{}

// notingBody is a body of two bytes that notes when it was read to the end.
type notingBody struct {
	*strings.Reader
	note func(string)
}

func (b notingBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if n > 0 && b.Len() == 0 {
		b.note("last byte")
	}
	return n, err
}

// withTasks is an app with a route for each kind of response.
// Each adds a task inside of a transaction, which commit ends.
func withTasks(note func(string), commit func(*candor.Tasks) error, options ...candor.ProvideOption) *candor.App {
	app, _ := apptest.Quiet(candor.Config{})
	type begin struct{ Tasks *candor.Tasks }
	candor.ProvideScoped(app, func(_ context.Context, in begin, use func(*books) error) error {
		err := use(&books{})
		if err != nil {
			note("rollback")
			return err
		}
		note("commit")
		return commit(in.Tasks)
	}, options...)
	type input struct {
		Books *books `dep:""`
		Tasks *candor.Tasks
	}
	add := func(tasks *candor.Tasks) {
		tasks.Add(func(context.Context) error { note("task"); return nil })
	}
	items := func(yield func(int) bool) {
		_ = yield(1) && yield(2)
		note("last byte")
	}
	candor.Get(app, "/json", func(_ context.Context, in input) (int, error) { add(in.Tasks); return 1, nil })
	candor.Get(app, "/lines", func(_ context.Context, in input) (candor.JSONLines[int], error) {
		add(in.Tasks)
		return candor.LinesOf(items), nil
	})
	candor.Get(app, "/events", func(_ context.Context, in input) (candor.Events[int], error) {
		add(in.Tasks)
		return candor.EventsOf(items), nil
	})
	candor.Get(app, "/file", func(_ context.Context, in input) (candor.File, error) {
		add(in.Tasks)
		return candor.File{Content: notingBody{strings.NewReader("ab"), note}}, nil
	})
	candor.Get(app, "/reader", func(_ context.Context, in input) (candor.Reader, error) {
		add(in.Tasks)
		return notingBody{strings.NewReader("ab"), note}, nil
	})
	candor.WebSocket(app, "/socket", func(_ context.Context, in input, _ *candor.Socket[int, int]) error {
		add(in.Tasks)
		note("last byte")
		return nil
	})
	candor.HandleHTTP(app, []string{"GET"}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ab"))
		note("last byte")
	}), candor.Needs[*books](), candor.Require(func(_ context.Context, in struct{ Tasks *candor.Tasks }) error {
		add(in.Tasks)
		return nil
	}))
	return app
}

// kindsOfResponses are the routes of withTasks.
var kindsOfResponses = []string{"/json", "/lines", "/events", "/file", "/reader", "/socket", "/plain"}

// askAlone sends one request to a route of withTasks, and waits until the app has stopped.
func askAlone(t *testing.T, app *candor.App, target string) {
	t.Helper()
	t.Run("request", func(t *testing.T) {
		c := candor.NewTestClient(t, app)
		if target == "/socket" {
			_, _ = c.WebSocket(target).Closed()
			return
		}
		c.Get(target, candor.Unchecked())
	})
}

// noting collects notes from several goroutines.
func noting() (note func(string), notes func() []string) {
	noted := make(chan string, 100)
	return func(text string) { noted <- text }, func() (all []string) {
		for len(noted) > 0 {
			all = append(all, <-noted)
		}
		return all
	}
}

func commits(*candor.Tasks) error { return nil }

// Tasks run after the response is sent and transactions have ended, unless a transaction is to outlive them.
func TestTasksComeAfterTearDowns(t *testing.T) {
	for _, target := range kindsOfResponses {
		for _, row := range []struct {
			name        string
			until       []candor.ProvideOption
			whole, sent []string
		}{
			{"by default", nil, []string{"commit", "task"}, []string{"last byte", "commit", "task"}},
			{"until it is encoded", []candor.ProvideOption{candor.Until(candor.ResponseEncoded)}, []string{"commit", "task"}, []string{"commit", "last byte", "task"}},
			{"until it is sent", []candor.ProvideOption{candor.Until(candor.ResponseSent)}, []string{"task", "commit"}, []string{"last byte", "task", "commit"}},
		} {
			if row.name == "until it is encoded" && (target == "/socket" || target == "/plain") {
				continue // these have no encoded response
			}
			t.Run(strings.TrimPrefix(target, "/")+" "+row.name, func(t *testing.T) {
				note, notes := noting()
				want := row.sent
				if target == "/json" {
					want = row.whole
				}
				askAlone(t, withTasks(note, commits, row.until...), target)
				assert.Equal(t, want, notes())
			})
		}
	}
}

// A failed commit fails the request, so its tasks do not run.
func TestTasksOfAFailedCommitAreDropped(t *testing.T) {
	for _, target := range kindsOfResponses {
		t.Run(strings.TrimPrefix(target, "/"), func(t *testing.T) {
			note, notes := noting()
			app := withTasks(note, func(*candor.Tasks) error { return errors.New("deadlock") })
			if target == "/socket" {
				askAlone(t, app, target)
			} else {
				app.ServeHTTP(httptest.NewRecorder(), newRequest(t, target))
			}
			assert.NotContains(t, notes(), "task")
		})
	}
}

// The end of a scoped provider may add tasks; they run after those that the handler added.
func TestATearDownAddsTasks(t *testing.T) {
	for _, until := range [][]candor.ProvideOption{nil, {candor.Until(candor.ResponseSent)}} {
		for _, target := range kindsOfResponses {
			note, notes := noting()
			askAlone(t, withTasks(note, func(tasks *candor.Tasks) error {
				tasks.Add(func(context.Context) error { note("late task"); return nil })
				return nil
			}, until...), target)
			got := slices.DeleteFunc(notes(), func(s string) bool { return s != "task" && s != "late task" })
			assert.Equal(t, []string{"task", "late task"}, got, target)
		}
	}
}

// A stream that fails after its first item is a failed request, although the client already has a status.
func TestTheEndOfAFailedStream(t *testing.T) {
	for name, fail := range map[string]func(func(int, error) bool){
		"an error": func(yield func(int, error) bool) { yield(0, errOnFire) },
		"a panic":  func(func(int, error) bool) { panic("on fire") },
	} {
		note, notes := noting()
		app, logged := apptest.Quiet(candor.Config{})
		candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*books) error) (err error) {
			note("begin")
			defer func() {
				if value := recover(); value != nil {
					note("rollback")
					panic(value)
				}
			}()
			if err := use(&books{}); err != nil {
				note("rollback")
				return err
			}
			note("commit")
			return nil
		})
		type input struct {
			Books *books `dep:""`
			Tasks *candor.Tasks
		}
		produce := func(in input) candor.JSONLines[int] {
			in.Tasks.Add(func(context.Context) error { note("task"); return nil })
			return func(yield func(int, error) bool) {
				if yield(1, nil) {
					fail(yield)
				}
			}
		}
		candor.Get(app, "/lines", func(_ context.Context, in input) (candor.JSONLines[int], error) { return produce(in), nil })
		candor.Get(app, "/events", func(_ context.Context, in input) (candor.Events[int], error) {
			return func(yield func(candor.Event[int], error) bool) {
				produce(in)(func(n int, err error) bool { return yield(candor.Event[int]{Data: n}, err) })
			}, nil
		})
		candor.HandleHTTP(app, []string{"GET"}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("1\n"))
			panic("on fire")
		}), candor.Needs[*books]())
		for target, want := range map[string]string{
			"/lines": "200 1\naborted", "/plain": "200 1\naborted",
			"/events": "200 data: 1\n\nevent: error\ndata: {\"detail\":\"Internal Server Error\"}\n\n",
		} {
			logged.Reset()
			assert.Equal(t, want, received(app, "GET", target), name)
			assert.Equal(t, []string{"begin", "rollback"}, notes(), "%s of %s", name, target)
			assert.Equal(t, 1, strings.Count(logged.String(), "on fire\""), "the log says it once:\n%s", logged)
		}
	}
}

// A task that ends its goroutine is reported like one that panics, and the next one runs.
func TestTasksThatEndTheirGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		app := candor.New(candor.Config{OnTaskError: func(_ context.Context, err error) { got = append(got, err.Error()) }})
		type input struct{ Tasks *candor.Tasks }
		candor.Post(app, "/", func(_ context.Context, in input) (candor.None, error) {
			in.Tasks.Add(func(context.Context) error { runtime.Goexit(); return nil })
			in.Tasks.Add(func(context.Context) error { got = append(got, "the next one"); return nil })
			return candor.None{}, nil
		})
		candor.NewTestClient(t, app).Post("/", nil).Status(204)
		synctest.Wait()
		assert.Equal(t, []string{"the function ended its goroutine by runtime.Goexit", "the next one"}, got)
	})
}
