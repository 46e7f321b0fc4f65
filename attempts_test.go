package candor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

var errConflict = errors.New("serialization failure")

// retrying is a provider that makes at most n attempts until
// one succeeds; commit decides whether an attempt may commit.
func retrying(n int, commit func(attempt int) error) func(context.Context, candor.None, func(*berth) error) error {
	return func(_ context.Context, _ candor.None, use func(*berth) error) (err error) {
		for attempt := 1; attempt <= n; attempt++ {
			if err = use(&berth{&session{attempt}}); err == nil {
				err = commit(attempt)
			}
			if !errors.Is(err, errConflict) {
				return err
			}
		}
		return candor.Error(503, "busy")
	}
}

func always(int) error { return nil }

// clerk is an app whose handler runs in a berth that may be attempted several times.
func clerk[In, Out any](h func(ctx context.Context, in In) (Out, error), commit func(attempt int) error, options ...candor.RouteOption) *candor.App {
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, retrying(9, commit), candor.Attempts(3), candor.Raises(candor.Error(503, nil)))
	candor.Post(app, "/", h, options...)
	return app
}

type berthInput struct {
	Berth *berth `dep:""`
}

func TestAttempts(t *testing.T) {
	for name, row := range map[string]struct {
		handler func(attempt int) error
		commit  func(attempt int) error
		status  int
		runs    int
	}{
		"one is enough":            {always, always, 204, 1},
		"after an error":           {failsUntil(2, errConflict), always, 204, 2},
		"after a good use":         {always, failsUntil(3, errConflict), 204, 3},
		"no more than n":           {failsUntil(9, errConflict), always, 503, 3},
		"no more than n, all good": {always, failsUntil(9, errConflict), 500, 3},
		"another error ends them":  {failsUntil(9, candor.Error(409, nil)), always, 409, 1},
		"another error at last":    {failsUntil(9, fmt.Errorf("%w: %w", errConflict, candor.Error(409, nil))), always, 503, 3},
	} {
		t.Run(name, func(t *testing.T) {
			runs := 0
			app := clerk(func(_ context.Context, in berthInput) (candor.None, error) {
				runs++
				assert.Equal(t, runs, in.Berth.in.number, "each attempt has the value of its use")
				return candor.None{}, row.handler(runs)
			}, row.commit, candor.Raises(candor.Error(409, nil)))
			client := candor.NewTestClient(t, app)
			for range 2 {
				runs = 0
				client.Post("/", nil).Status(row.status)
				assert.Equal(t, row.runs, runs)
			}
		})
	}
}

// failsUntil fails before the n-th attempt.
func failsUntil(n int, err error) func(attempt int) error {
	return func(attempt int) error {
		if attempt < n {
			return err
		}
		return nil
	}
}

func TestAttemptsOfWrappers(t *testing.T) {
	d, app := &diary{}, candor.New(candor.Config{})
	provideBerth(app, d)
	runs := 0
	candor.Get(app, "/", func(_ context.Context, _ berthInput) (candor.None, error) {
		runs++
		d.note("handler")
		return candor.None{}, failsUntil(2, errConflict)(runs)
	}, candor.Around(func(_ context.Context, _ candor.None, next func() error) error {
		d.note("around{")
		defer d.note("}around")
		if err := next(); err != nil {
			return next()
		}
		return nil
	}, candor.Attempts(2)), candor.Require(func(context.Context, candor.None) error {
		d.note("guard")
		return nil
	}))
	candor.NewTestClient(t, app).Get("/").Status(204)
	assert.Equal(t, "guard around{ session{ berth{ handler }rollback }session session{ berth{ handler }commit }session }around", d.String())
}

// tampered is an input with everything that a handler can modify.
type tampered struct {
	berthInput
	Tags  []string `query:"tag"`
	Model struct {
		Page *int `query:"page"`
	} `query:""`
	Body struct {
		Items []int          `json:"items"`
		More  map[string]int `json:"more"`
		Next  *string        `json:"next"`
	} `body:""`
}

func TestAttemptsBindInputsAnew(t *testing.T) {
	t.Run("parameters and JSON", func(t *testing.T) {
		runs := 0
		app := clerk(func(_ context.Context, in tampered) (candor.None, error) {
			runs++
			assert.Equal(t, []string{"a", "b"}, in.Tags)
			assert.Equal(t, 2, *in.Model.Page)
			assert.Equal(t, []int{1, 2}, in.Body.Items)
			assert.Equal(t, map[string]int{"x": 1}, in.Body.More)
			assert.Equal(t, "n", *in.Body.Next)
			in.Tags[0], *in.Model.Page, in.Body.Items[0], in.Body.More["x"], *in.Body.Next = "z", 9, 9, 9, "z"
			return candor.None{}, failsUntil(3, errConflict)(runs)
		}, always)
		candor.NewTestClient(t, app).Post("/?tag=a&tag=b&page=2", map[string]any{"items": []int{1, 2}, "more": map[string]int{"x": 1}, "next": "n"}).Status(204)
		assert.Equal(t, 3, runs)
	})
	t.Run("members, with defaults", func(t *testing.T) {
		runs := 0
		app := clerk(func(_ context.Context, in struct {
			berthInput
			Items []int `body:"items" default:"[1]"`
		},
		) (candor.None, error) {
			runs++
			assert.Equal(t, []int{1}, in.Items)
			in.Items[0] = 9
			return candor.None{}, failsUntil(3, errConflict)(runs)
		}, always)
		client := candor.NewTestClient(t, app)
		client.Post("/", map[string]any{}).Status(204)
		runs = 0
		client.Post("/", nil).Status(204)
		assert.Equal(t, 3, runs)
	})
	t.Run("bytes", func(t *testing.T) {
		runs := 0
		app := clerk(func(_ context.Context, in struct {
			berthInput
			Body []byte `body:""`
		},
		) (candor.None, error) {
			runs++
			assert.Equal(t, "abc", string(in.Body))
			in.Body[0] = 'z'
			return candor.None{}, failsUntil(3, errConflict)(runs)
		}, always)
		candor.NewTestClient(t, app).Post("/", nil, candor.WithBody("application/octet-stream", strings.NewReader("abc"))).Status(204)
		assert.Equal(t, 3, runs)
	})
	t.Run("pairs", func(t *testing.T) {
		runs := 0
		app := clerk(func(_ context.Context, in struct {
			berthInput
			Names []string `form:"name"`
		},
		) (candor.None, error) {
			runs++
			assert.Equal(t, []string{"a", "b"}, in.Names)
			in.Names[1] = "z"
			return candor.None{}, failsUntil(3, errConflict)(runs)
		}, always)
		candor.NewTestClient(t, app).Post("/", nil, candor.WithForm(map[string][]string{"name": {"a", "b"}})).Status(204)
		assert.Equal(t, 3, runs)
	})
	t.Run("parts and files", func(t *testing.T) {
		runs := 0
		large := strings.Repeat("x", 2<<20) // large enough to be written to a file
		app := clerk(func(_ context.Context, in struct {
			berthInput
			Name  string          `form:"name"`
			Notes []byte          `file:"notes"`
			Files []candor.Upload `file:"files"`
		},
		) (candor.None, error) {
			runs++
			assert.Equal(t, "ann", in.Name)
			assert.Equal(t, "abc", string(in.Notes))
			require.Len(t, in.Files, 2)
			assert.Equal(t, "a.txt", in.Files[0].Filename)
			assert.NotContains(t, in.Files[0].Header, "X-Changed")
			for i, want := range []string{"first", large} {
				file, err := in.Files[i].Open()
				require.NoError(t, err)
				content, err := io.ReadAll(file)
				require.NoError(t, err)
				assert.Equal(t, want, string(content))
			}
			in.Notes[0] = 'z'
			in.Files[0].Header.Set("X-Changed", "yes")
			in.Files[0], in.Files[1] = in.Files[1], in.Files[0]
			return candor.None{}, failsUntil(3, errConflict)(runs)
		}, always, candor.MaxBody(4<<20))
		candor.NewTestClient(t, app).Post("/", nil, candor.WithForm(map[string][]string{"name": {"ann"}}),
			candor.WithFile("notes", "notes.txt", []byte("abc")), candor.WithFile("files", "a.txt", []byte("first")), candor.WithFile("files", "b.txt", []byte(large))).Status(204)
		assert.Equal(t, 3, runs)
	})
	t.Run("Validate methods", func(t *testing.T) {
		runs := 0
		app := clerk(func(_ context.Context, in trimmedInput) (candor.None, error) {
			runs++
			assert.Equal(t, "ann", in.Name)
			return candor.None{}, failsUntil(3, errConflict)(runs)
		}, always)
		candor.NewTestClient(t, app).Post("/", map[string]any{"name": " ann "}).Status(204)
		assert.Equal(t, 3, runs)
	})
	t.Run("inputs of providers inside", func(t *testing.T) {
		runs := 0
		app := candor.New(candor.Config{})
		candor.ProvideScoped(app, retrying(9, always), candor.Attempts(3))
		candor.Provide(app, func(_ context.Context, in struct {
			berthInput
			Tags []string `query:"tag"`
		},
		) (*session, error) {
			runs++
			assert.Equal(t, []string{"a"}, in.Tags)
			in.Tags[0] = "z"
			return &session{runs}, nil
		})
		candor.Get(app, "/", func(_ context.Context, in struct {
			Session *session `dep:""`
		},
		) (candor.None, error) {
			assert.Equal(t, runs, in.Session.number)
			return candor.None{}, failsUntil(3, errConflict)(runs)
		})
		candor.NewTestClient(t, app).Get("/?tag=a").Status(204)
		assert.Equal(t, 3, runs)
	})
}

type trimmedInput struct {
	berthInput
	Name string `body:"name"`
}

func (in *trimmedInput) Validate() error {
	in.Name = strings.TrimSpace(in.Name)
	return nil
}

func TestAttemptsBeforeTheBody(t *testing.T) {
	runs := 0
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, retrying(9, always), candor.Attempts(3))
	candor.Post(app, "/", func(_ context.Context, in struct {
		Body struct {
			Items []int `json:"items"`
		} `body:""`
	},
	) (candor.None, error) {
		runs++
		assert.Equal(t, []int{1}, in.Body.Items)
		in.Body.Items[0] = 9
		return candor.None{}, failsUntil(3, errConflict)(runs)
	}, candor.Needs[*berth](), candor.Require(func(_ context.Context, in struct {
		berthInput
		Tags []string `query:"tag,omitempty"`
	},
	) error {
		assert.Nil(t, in.Tags)
		return nil
	}))
	client := candor.NewTestClient(t, app)
	client.Post("/", map[string]any{"items": []int{1}}).Status(204)
	assert.Equal(t, 3, runs)
	assert.Len(t, client.Post("/", map[string]any{"items": "one"}).Faults(), 1)
}

func TestAttemptsDiscardTheResultsOfEarlierOnes(t *testing.T) {
	type receipt struct {
		Status int            `status:"201,200"`
		Seen   http.Cookie    `cookie:"seen"`
		Parts  []string       `header:"X-Part"`
		Body   map[string]int `body:""`
	}
	d, runs, done := &diary{}, 0, make(chan bool)
	app := candor.New(candor.Config{}, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Before", "middleware")
			next.ServeHTTP(w, r)
		})
	}), candor.Require(func(_ context.Context, in struct {
		Header candor.ResponseHeader
		Tasks  *candor.Tasks
	},
	) error {
		in.Header.Set("X-Guard", "once")
		in.Tasks.Add(func(context.Context) error {
			d.note("guard")
			return nil
		})
		return nil
	}))
	candor.ProvideScoped(app, retrying(9, failsUntil(3, errConflict)), candor.Attempts(3))
	candor.Post(app, "/", func(_ context.Context, in struct {
		berthInput
		Header candor.ResponseHeader
		Tasks  *candor.Tasks
	},
	) (receipt, error) {
		runs++
		run := strconv.Itoa(runs)
		in.Header.Add("X-Run", run)
		in.Header.Add("X-Before", run)
		in.Header.Add("Set-Cookie", "run="+run)
		if runs < 3 {
			in.Header.Set("X-Lost", run)
		}
		in.Tasks.Add(func(context.Context) error {
			d.note("task" + run)
			close(done)
			return nil
		})
		return receipt{Status: 201, Seen: http.Cookie{Value: run}, Parts: []string{run, run}, Body: map[string]int{"run": runs}}, nil
	})
	r := candor.NewTestClient(t, app, candor.Unchecked()).Post("/", nil).Status(201)
	<-done
	assert.Equal(t, 3, runs)
	assert.JSONEq(t, `{"run":3}`, r.Text())
	assert.Equal(t, []string{"3"}, r.Header["X-Run"])
	assert.Equal(t, []string{"middleware", "3"}, r.Header["X-Before"])
	assert.Equal(t, []string{"once"}, r.Header["X-Guard"])
	assert.Equal(t, []string{"3", "3"}, r.Header["X-Part"])
	assert.Equal(t, []string{"run=3", "seen=3"}, r.Header["Set-Cookie"])
	assert.NotContains(t, r.Header, "X-Lost")
	assert.Equal(t, "guard task3", d.String())
}

func TestAttemptsKeepCacheTags(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, retrying(9, always), candor.Attempts(3))
	made, runs := 0, 0
	candor.Get(app, "/", func(context.Context, candor.None) (int, error) {
		made++
		return made, nil
	}, candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"a"}}))
	candor.Post(app, "/", func(_ context.Context, in struct {
		berthInput
		Tags *candor.CacheTags
	},
	) (candor.None, error) {
		if runs++; runs == 1 {
			in.Tags.Invalidate("a")
		}
		return candor.None{}, failsUntil(2, errConflict)(runs)
	})
	client := candor.NewTestClient(t, app)
	assert.Equal(t, "1", client.Get("/").Text())
	client.Post("/", nil).Status(204)
	assert.Equal(t, "2", client.Get("/").Text(), "the first attempt may have written")
}

func TestNoAttemptFollows(t *testing.T) {
	count := func(runs *int) error {
		*runs++
		return errConflict
	}
	body := func() candor.TestOption { return candor.WithBody("application/octet-stream", strings.NewReader("abc")) }
	for name, row := range map[string]struct {
		app func(runs *int) *candor.App
		// runs is how often the handler runs, 1 by default.
		runs   int
		status int
		body   candor.TestOption
	}{
		"after an unread body": {app: func(runs *int) *candor.App {
			return clerk(func(_ context.Context, _ struct {
				berthInput
				Body io.Reader `body:""`
			},
			) (candor.None, error) {
				return candor.None{}, count(runs)
			}, always)
		}, runs: 1, status: 503, body: body()},
		"after unread lines": {app: func(runs *int) *candor.App {
			return clerk(func(_ context.Context, _ struct {
				berthInput
				Body candor.JSONLines[int] `body:""`
			},
			) (candor.None, error) {
				return candor.None{}, count(runs)
			}, always)
		}, runs: 1, status: 503, body: candor.WithBody("application/jsonl", strings.NewReader("1\n"))},
		"after unread parts": {app: func(runs *int) *candor.App {
			return clerk(func(_ context.Context, _ struct {
				berthInput
				Body *multipart.Reader `body:""`
			},
			) (candor.None, error) {
				return candor.None{}, count(runs)
			}, always)
		}, runs: 1, status: 503, body: candor.WithFile("a", "a.txt", []byte("b"))},
		"where the request was handed over with a body": {app: func(runs *int) *candor.App {
			return clerk(func(_ context.Context, _ struct {
				berthInput
				Request *http.Request
			},
			) (candor.None, error) {
				return candor.None{}, count(runs)
			}, always)
		}, runs: 1, status: 503, body: body()},
		"but where it has none": {app: func(runs *int) *candor.App {
			return clerk(func(_ context.Context, _ struct {
				berthInput
				Request *http.Request
			},
			) (candor.None, error) {
				return candor.None{}, count(runs)
			}, always)
		}, runs: 3, status: 503},
		"after the end of the context": {app: func(runs *int) *candor.App {
			return clerk(func(ctx context.Context, _ berthInput) (candor.None, error) {
				<-ctx.Done()
				return candor.None{}, count(runs)
			}, always, candor.Timeout(time.Millisecond))
		}, runs: 1, status: 503},
		"after a panic": {app: func(runs *int) *candor.App {
			app := candor.New(candor.Config{})
			candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*berth) error) error {
				func() {
					defer func() { _ = recover() }()
					_ = use(&berth{})
				}()
				return use(&berth{})
			}, candor.Attempts(3))
			candor.Post(app, "/", func(context.Context, berthInput) (candor.None, error) { panic(count(runs)) })
			return app
		}, runs: 1, status: 500},
		"after a stream has begun": {app: func(runs *int) *candor.App {
			return clerk(func(context.Context, berthInput) (candor.Events[int], error) {
				return func(yield func(candor.Event[int], error) bool) {
					if yield(candor.Event[int]{Data: 1}, nil) {
						yield(candor.Event[int]{}, count(runs))
					}
				}, nil
			}, always)
		}, runs: 1, status: 200},
		"but before it has": {app: func(runs *int) *candor.App {
			return clerk(func(context.Context, berthInput) (candor.JSONLines[int], error) {
				return func(yield func(int, error) bool) { yield(0, count(runs)) }, nil
			}, always)
		}, runs: 3, status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			runs := 0
			var options []candor.TestOption
			if row.body != nil {
				options = append(options, row.body)
			}
			candor.NewTestClient(t, row.app(&runs), candor.Unchecked()).Post("/", nil, options...).Status(row.status)
			assert.Equal(t, row.runs, runs)
		})
	}
}

func TestAttemptsOfAStream(t *testing.T) {
	for name, until := range map[string]candor.ProvideOption{
		"until the last byte": nil, "until the first byte": candor.Until(candor.ResponseEncoded),
	} {
		t.Run(name, func(t *testing.T) {
			app, runs := candor.New(candor.Config{}), 0
			options := []candor.ProvideOption{candor.Attempts(3)}
			if until != nil {
				options = append(options, until)
			}
			candor.ProvideScoped(app, retrying(9, always), options...)
			candor.Get(app, "/", func(_ context.Context, in berthInput) (candor.JSONLines[int], error) {
				if runs++; runs < 3 {
					return nil, errConflict
				}
				return func(yield func(int, error) bool) { yield(in.Berth.in.number, nil) }, nil
			})
			assert.Equal(t, "3\n", candor.NewTestClient(t, app).Get("/").Status(200).Text())
		})
	}
}

func TestAttemptsOfASocket(t *testing.T) {
	app, runs := candor.New(candor.Config{}), 0
	candor.ProvideScoped(app, retrying(9, always), candor.Attempts(3))
	candor.WebSocket(app, "/", func(context.Context, berthInput, *candor.Socket[string, string]) error {
		runs++
		return errConflict
	})
	code, _ := candor.NewTestClient(t, app).WebSocket("/").Closed()
	assert.Equal(t, 1011, code)
	assert.Equal(t, 1, runs)
}

func TestAttemptsOfALazyProvider(t *testing.T) {
	d, app, runs := &diary{}, candor.New(candor.Config{}), 0
	var kept []candor.Lazy[*berth]
	candor.ProvideScoped(app, func(ctx context.Context, in candor.None, use func(*berth) error) error {
		d.note("{")
		defer d.note("}")
		return retrying(9, failsUntil(4, errConflict))(ctx, in, use)
	}, candor.Attempts(4))
	candor.Post(app, "/", func(ctx context.Context, in struct {
		lazyInput
		Items  []int `body:"items"`
		Header candor.ResponseHeader
	},
	) (candor.None, error) {
		runs++
		assert.Equal(t, []int{1}, in.Items)
		in.Items[0] = 9
		in.Header.Add("X-Run", strconv.Itoa(runs))
		for _, earlier := range kept {
			_, err := earlier.Get(ctx)
			assert.ErrorIs(t, err, candor.ErrLazyEnded)
		}
		kept = append(kept, in.Berth)
		b, err := in.Berth.Get(ctx)
		if err != nil {
			return candor.None{}, err
		}
		d.note(strconv.Itoa(b.in.number))
		return candor.None{}, failsUntil(3, errConflict)(runs)
	})
	client := candor.NewTestClient(t, app, candor.Unchecked())
	for range 2 {
		d.lines, runs = nil, 0
		r := client.Post("/", map[string]any{"items": []int{1}}).Status(204)
		assert.Equal(t, "{ 1 2 3 4 }", d.String())
		assert.Equal(t, []string{"4"}, r.Header["X-Run"])
	}
}

func TestAttemptsOfALazyProviderWhoseHandlerPanics(t *testing.T) {
	app, runs := candor.New(candor.Config{}), 0
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*berth) error) error {
		func() {
			defer func() { _ = recover() }()
			_ = use(&berth{})
		}()
		return use(&berth{})
	}, candor.Attempts(3))
	candor.Get(app, "/", func(ctx context.Context, in lazyInput) (candor.None, error) {
		_, _ = in.Berth.Get(ctx)
		runs++
		panic("spilled ink")
	})
	candor.NewTestClient(t, app, candor.Unchecked()).Get("/").Status(500)
	assert.Equal(t, 1, runs)
}

func TestAttemptsOfALazyInside(t *testing.T) {
	// A Lazy inside of a wrapper starts anew in each attempt.
	d, app, runs := &diary{}, candor.New(candor.Config{}), 0
	provideBerth(app, d)
	candor.Get(app, "/", func(ctx context.Context, in lazyInput) (candor.None, error) {
		runs++
		if _, err := in.Berth.Get(ctx); err != nil {
			return candor.None{}, err
		}
		return candor.None{}, failsUntil(2, errConflict)(runs)
	}, candor.Around(func(_ context.Context, _ candor.None, next func() error) error {
		if next() == nil {
			return errors.New("the first attempt works")
		}
		return next()
	}, candor.Attempts(2)))
	candor.NewTestClient(t, app).Get("/").Status(204)
	assert.Equal(t, "session{ berth{ }rollback }session session{ berth{ }commit }session", d.String())
}

func TestMistakesWithAttempts(t *testing.T) {
	scoped := func(_ context.Context, _ candor.None, use func(*berth) error) error { return use(nil) }
	plain := func(context.Context, candor.None) (*berth, error) { return nil, nil }
	for name, row := range map[string]struct {
		want     string
		register func(app *candor.App)
	}{
		"none":   {"Attempts(0); write how often the rest of the request may run", func(app *candor.App) { candor.ProvideScoped(app, scoped, candor.Attempts(0)) }},
		"plain":  {"Attempts is for wrappers of the rest of a request", func(app *candor.App) { candor.Provide(app, plain, candor.Attempts(3)) }},
		"shared": {"Attempts is for wrappers of the rest of a request", func(app *candor.App) { candor.ProvideShared(app, scoped, candor.Attempts(3)) }},
		"sent before use": {"the response is sent before use returns", func(app *candor.App) {
			candor.ProvideScoped(app, scoped, candor.Attempts(3), candor.Until(candor.ResponseSent))
		}},
		"guard": {"Attempts is for wrappers of the rest of a request", func(app *candor.App) {
			candor.Get(app, "/", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil },
				candor.Require(func(context.Context, candor.None) error { return nil }, candor.Attempts(3)))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { assert.ErrorContains(t, recover().(error), row.want) }()
			row.register(candor.New(candor.Config{}))
		})
	}
}
