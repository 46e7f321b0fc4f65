package idempotency_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/idempotency"
)

// payments is a service that counts its payments.
type payments struct {
	done atomic.Int64
}

type payment struct {
	Cents int `json:"cents" validate:"gt=0"`
}

type paying struct {
	Body payment `body:""`
}

type receipt struct {
	Location string      `header:"Location"`
	Visit    http.Cookie `cookie:"visit"`
	Body     struct {
		Number int64 `json:"number"`
		Cents  int   `json:"cents"`
	} `body:""`
}

var (
	errPoor = candor.Error(402, "not enough money")
	errBusy = candor.Error(429, "later")
	errDown = candor.Error(503, "the bank is closed")
)

// pay fails for certain amounts.
func (p *payments) pay(_ context.Context, in paying) (receipt, error) {
	n := p.done.Add(1)
	switch in.Body.Cents {
	case 402:
		return receipt{}, errPoor
	case 429:
		return receipt{}, errBusy
	case 503:
		return receipt{}, errDown
	case 500:
		return receipt{}, errors.New("broken")
	case 666:
		panic("no")
	}
	r := receipt{Location: fmt.Sprintf("/payments/%d", n), Visit: http.Cookie{Value: "secret", Path: "/"}}
	r.Body.Number, r.Body.Cents = n, in.Body.Cents
	return r, nil
}

var quiet = candor.Config{Logger: slog.New(slog.DiscardHandler)}

func newPayments(config idempotency.Config, options ...candor.Option) (*candor.App, *payments) {
	p := &payments{}
	app := candor.New(quiet, options...)
	candor.Post(app, "/payments", p.pay, candor.Status(201), candor.Raises(errPoor, errBusy, errDown),
		idempotency.Keys(idempotency.NewMemoryStore(0), config))
	return app, p
}

// send sends one request.
func send(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const key = "Idempotency-Key"

func TestARequestIsDoneOnce(t *testing.T) {
	app, p := newPayments(idempotency.Config{}, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Request", r.Header.Get("X-Request"))
			w.Header().Add("Vary", "Origin")
			next.ServeHTTP(w, r)
		})
	}))
	first := send(app, "POST", "/payments", `{"cents":5}`, key, "a", "X-Request", "1")
	again := send(app, "POST", "/payments", `{"cents":5}`, key, "a", "X-Request", "2")
	quoted := send(app, "POST", "/payments", `{"cents":5}`, key, `"a"`)
	for _, w := range []*httptest.ResponseRecorder{first, again, quoted} {
		assert.Equal(t, 201, w.Code)
		assert.Equal(t, `{"number":1,"cents":5}`, w.Body.String())
		assert.Equal(t, "/payments/1", w.Header().Get("Location"))
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		assert.Equal(t, []string{"Origin"}, w.Header().Values("Vary"))
	}
	assert.NotEmpty(t, first.Header().Get("Set-Cookie"))
	assert.Empty(t, first.Header().Get("Idempotent-Replayed"))
	assert.Empty(t, again.Header().Get("Set-Cookie"))
	assert.Equal(t, "true", again.Header().Get("Idempotent-Replayed"))
	assert.Equal(t, "2", again.Header().Get("X-Request"), "middleware speaks of the request at hand")
	assert.EqualValues(t, 1, p.done.Load())

	send(app, "POST", "/payments", `{"cents":5}`, key, "b")
	send(app, "POST", "/payments", `{"cents":5}`)
	send(app, "POST", "/payments", `{"cents":5}`)
	assert.EqualValues(t, 4, p.done.Load(), "another key, and none, are other requests")
}

func TestWhichResponsesAreKept(t *testing.T) {
	for cents, want := range map[int]struct{ status, runs int }{
		1: {201, 1}, 402: {402, 1}, 0: {422, 0},
		429: {429, 2}, 503: {503, 2}, 500: {500, 2}, 666: {500, 2},
	} {
		t.Run(fmt.Sprint(cents), func(t *testing.T) {
			app, p := newPayments(idempotency.Config{})
			body := fmt.Sprintf(`{"cents":%d}`, cents)
			first := send(app, "POST", "/payments", body, key, "a")
			again := send(app, "POST", "/payments", body, key, "a")
			assert.Equal(t, want.status, first.Code)
			assert.Equal(t, want.status, again.Code)
			assert.EqualValues(t, want.runs, p.done.Load())
			if want.runs == 1 {
				assert.Equal(t, first.Body.String(), again.Body.String())
				assert.Equal(t, first.Header().Get("Content-Type"), again.Header().Get("Content-Type"))
			}
		})
	}
}

// An error handler runs once, and its response is stored.
func TestErrorsAreKeptAsTheAppShowsThem(t *testing.T) {
	app, _ := newPayments(idempotency.Config{})
	seen := 0
	candor.OnStatus(app, 402, func(_ context.Context, err *candor.HTTPError) (map[string]int, error) {
		seen++
		return map[string]int{"seen": seen}, nil
	})
	for range 3 {
		w := send(app, "POST", "/payments", `{"cents":402}`, key, "a")
		assert.Equal(t, 402, w.Code)
		assert.Equal(t, `{"seen":1}`, w.Body.String())
	}
	assert.Equal(t, 1, seen)
}

func TestAnotherRequestUnderTheKey(t *testing.T) {
	p := &payments{}
	app := candor.New(quiet)
	type in struct {
		paying
		Account int    `path:"account"`
		Note    string `query:"note,omitempty"`
	}
	candor.Post(app, "/accounts/{account}/payments", func(ctx context.Context, in in) (receipt, error) { return p.pay(ctx, in.paying) },
		idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{}))
	require.Equal(t, 200, send(app, "POST", "/accounts/1/payments", `{"cents":5}`, key, "a").Code)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"body":       send(app, "POST", "/accounts/1/payments", `{"cents":6}`, key, "a"),
		"spaces":     send(app, "POST", "/accounts/1/payments", `{"cents": 5}`, key, "a"),
		"path":       send(app, "POST", "/accounts/2/payments", `{"cents":5}`, key, "a"),
		"query":      send(app, "POST", "/accounts/1/payments?note=x", `{"cents":5}`, key, "a"),
		"accepted":   send(app, "POST", "/accounts/1/payments", `{"cents":5}`, key, "a", "Accept", "application/json"),
		"media type": send(app, "POST", "/accounts/1/payments", `{"cents":5}`, key, "a", "Content-Type", "application/json;charset=utf-8"),
	} {
		assert.Equal(t, 422, w.Code, name)
		assert.JSONEq(t, `{"detail":[{"type":"value_error","loc":["header","Idempotency-Key"],
			"msg":"Value error: belongs to a request with another path, query, media type or body",
			"ctx":{"error":"belongs to a request with another path, query, media type or body"}}]}`, w.Body.String(), name)
	}
	twice := httptest.NewRequest("POST", "/accounts/1/payments", strings.NewReader(`{"cents":5}`))
	twice.Header = http.Header{"Idempotency-Key": {"a"}, "Content-Type": {"application/json", "text/plain"}}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, twice)
	assert.Equal(t, 415, w.Code, "two media types have no response that was kept for one of them")
	assert.EqualValues(t, 1, p.done.Load())
}

func TestKeysThatAreNoKeys(t *testing.T) {
	app, p := newPayments(idempotency.Config{Required: true})
	w := send(app, "POST", "/payments", `{"cents":5}`)
	assert.Equal(t, 400, w.Code)
	assert.JSONEq(t, `{"detail":"the header Idempotency-Key is missing"}`, w.Body.String())
	w = send(app, "POST", "/payments", `{"cents":5}`, key, strings.Repeat("k", 256))
	assert.Equal(t, 422, w.Code)
	assert.Contains(t, w.Body.String(), `["header","Idempotency-Key"]`)
	assert.Zero(t, p.done.Load())
	assert.Equal(t, 201, send(app, "POST", "/payments", `{"cents":5}`, key, strings.Repeat("k", 255)).Code)
}

// While a request runs, others with its key are conflicts. The lock of a long request is renewed, and the lock of a
// killed process expires.
func TestRequestsInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := idempotency.NewMemoryStore(0)
		runs := 0
		app := candor.New(quiet)
		candor.Post(app, "/slow", func(context.Context, candor.None) (int, error) {
			runs++
			time.Sleep(10 * time.Minute)
			return runs, nil
		}, idempotency.Keys(store, idempotency.Config{Lock: time.Minute, TTL: time.Hour}))
		first := make(chan *httptest.ResponseRecorder, 1)
		go func() { first <- send(app, "POST", "/slow", "", key, "a") }()
		for range 9 {
			time.Sleep(time.Minute)
			w := send(app, "POST", "/slow", "", key, "a")
			assert.Equal(t, 409, w.Code)
			assert.Equal(t, "1", w.Header().Get("Retry-After"))
			assert.JSONEq(t, `{"detail":"a request with this Idempotency-Key is in progress"}`, w.Body.String())
		}
		assert.Equal(t, "1", (<-first).Body.String())
		time.Sleep(59 * time.Minute)
		assert.Equal(t, "1", send(app, "POST", "/slow", "", key, "a").Body.String())
		time.Sleep(2 * time.Minute)
		assert.Equal(t, "2", send(app, "POST", "/slow", "", key, "a").Body.String(), "nothing is kept for longer than the TTL")
	})
}

// killed is a store whose process dies after it has taken a key: later calls have no effect.
type killed struct{ idempotency.Store }

func (killed) Replace(context.Context, string, []byte, []byte, time.Duration) (bool, error) {
	return false, nil
}
func (killed) Drop(context.Context, string, []byte) error { return nil }

func TestTheLockOfAKilledProcessExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, p := idempotency.NewMemoryStore(0), &payments{}
		serve := func(store idempotency.Store) *candor.App {
			app := candor.New(quiet)
			candor.Post(app, "/payments", p.pay, idempotency.Keys(store, idempotency.Config{Lock: 30 * time.Second}))
			return app
		}
		send(serve(killed{store}), "POST", "/payments", `{"cents":5}`, key, "a")
		app := serve(store)
		assert.Equal(t, 409, send(app, "POST", "/payments", `{"cents":5}`, key, "a").Code)
		time.Sleep(31 * time.Second)
		assert.Equal(t, 200, send(app, "POST", "/payments", `{"cents":5}`, key, "a").Code)
		assert.EqualValues(t, 2, p.done.Load())
	})
}

// Of many concurrent requests with one key, one runs.
func TestRequestsAtOnce(t *testing.T) {
	app, p := newPayments(idempotency.Config{})
	statuses := make(chan int, 50)
	for range cap(statuses) {
		go func() { statuses <- send(app, "POST", "/payments", `{"cents":5}`, key, "a").Code }()
	}
	for range cap(statuses) {
		assert.Contains(t, []int{201, 409}, <-statuses)
	}
	assert.EqualValues(t, 1, p.done.Load())
}

// Guards run for each request, and each set of credentials has its own keys.
func TestKeysOfOthers(t *testing.T) {
	closed := false
	guard := candor.Require(func(_ context.Context, in struct {
		Token *candor.Bearer
		Key   *candor.APIKey `header:"X-Key"`
	},
	) error {
		if closed {
			return candor.Error(403, "closed")
		}
		return nil
	})
	app, p := newPayments(idempotency.Config{}, guard)
	assert.Contains(t, send(app, "POST", "/payments", `{"cents":5}`, key, "a", "Authorization", "Bearer ann").Body.String(), `"number":1`)
	assert.Contains(t, send(app, "POST", "/payments", `{"cents":5}`, key, "a", "Authorization", "Bearer bob").Body.String(), `"number":2`)
	assert.Contains(t, send(app, "POST", "/payments", `{"cents":5}`, key, "a", "X-Key", "cid").Body.String(), `"number":3`)
	assert.Contains(t, send(app, "POST", "/payments", `{"cents":5}`, key, "a", "Authorization", "Bearer ann").Body.String(), `"number":1`)
	assert.Contains(t, send(app, "POST", "/payments", `{"cents":5}`, key, "a", "X-Key", "cid").Body.String(), `"number":3`)
	closed = true
	assert.Equal(t, 403, send(app, "POST", "/payments", `{"cents":5}`, key, "a", "Authorization", "Bearer ann").Code)
	assert.EqualValues(t, 3, p.done.Load())
}

func TestKeysOfPrincipalsAndRoutes(t *testing.T) {
	p, store := &payments{}, idempotency.NewMemoryStore(0)
	keys := idempotency.Keys(store, idempotency.Config{Principal: func(r *http.Request) string { return r.Header.Get("X-User") }})
	app := candor.New(quiet)
	candor.Post(app, "/one", p.pay, keys)
	candor.Post(app, "/two", p.pay, keys)
	candor.Put(app, "/one", p.pay, keys)
	other := candor.New(quiet)
	candor.Post(other, "/one", p.pay, idempotency.Keys(store, idempotency.Config{Space: "other"}))
	for range 2 {
		send(app, "POST", "/one", `{"cents":5}`, key, "a", "X-User", "ann", "Authorization", "Bearer "+fmt.Sprint(p.done.Load()))
		send(app, "POST", "/one", `{"cents":5}`, key, "a", "X-User", "bob")
		send(app, "POST", "/two", `{"cents":5}`, key, "a", "X-User", "ann")
		send(app, "PUT", "/one", `{"cents":5}`, key, "a", "X-User", "ann")
		send(other, "POST", "/one", `{"cents":5}`, key, "a", "X-User", "ann")
	}
	assert.EqualValues(t, 5, p.done.Load())
}

// Streaming responses run once, and cannot be replayed.
func TestResponsesThatAreNotStored(t *testing.T) {
	for name, register := range map[string]func(app *candor.App, runs *int, keys candor.RouteOption){
		"a stream": func(app *candor.App, runs *int, keys candor.RouteOption) {
			candor.Post(app, "/", func(context.Context, candor.None) (candor.JSONLines[int], error) {
				*runs++
				return func(yield func(int, error) bool) { yield(1, nil) }, nil
			}, keys)
		},
		"a reader": func(app *candor.App, runs *int, keys candor.RouteOption) {
			candor.Post(app, "/", func(context.Context, candor.None) (candor.Reader, error) {
				*runs++
				return strings.NewReader("text"), nil
			}, keys)
		},
		"a large body": func(app *candor.App, runs *int, keys candor.RouteOption) {
			candor.Post(app, "/", func(context.Context, candor.None) (candor.Text, error) {
				*runs++
				return candor.Text(strings.Repeat("x", 101)), nil
			}, keys)
		},
		"a plain handler": func(app *candor.App, runs *int, keys candor.RouteOption) {
			candor.HandleHTTP(app, []string{"POST"}, "/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { *runs++ }), keys)
		},
	} {
		t.Run(name, func(t *testing.T) {
			app, runs := candor.New(quiet), 0
			register(app, &runs, idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{MaxBody: 100}))
			assert.Equal(t, 200, send(app, "POST", "/", "", key, "a").Code)
			w := send(app, "POST", "/", "", key, "a")
			assert.Equal(t, 409, w.Code)
			assert.JSONEq(t, `{"detail":"the request with this Idempotency-Key has completed, but its response was not stored"}`, w.Body.String())
			assert.Equal(t, 1, runs)
		})
	}
}

// A body that the handler reads itself is buffered first, up to a limit.
func TestBodiesThatTheHandlerReads(t *testing.T) {
	app, runs := candor.New(quiet), 0
	candor.Post(app, "/", func(_ context.Context, in struct {
		Body io.Reader `body:""`
	},
	) (candor.Text, error) {
		runs++
		text, err := io.ReadAll(in.Body)
		return candor.Text(text), err
	}, idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{MaxBody: 10}))
	for range 2 {
		w := send(app, "POST", "/", "0123456789", key, "a", "Content-Type", "application/octet-stream")
		assert.Equal(t, "0123456789", w.Body.String())
	}
	assert.Equal(t, 422, send(app, "POST", "/", "01234567890"[:9], key, "a", "Content-Type", "application/octet-stream").Code)
	assert.Equal(t, 413, send(app, "POST", "/", "0123456789x", key, "b", "Content-Type", "application/octet-stream").Code)
	assert.Equal(t, "0123456789x", send(app, "POST", "/", "0123456789x", "Content-Type", "application/octet-stream").Body.String())
	assert.Equal(t, 2, runs)
}

// down is a store that is unavailable.
type down struct{ idempotency.Store }

func (down) Take(context.Context, string, []byte, time.Duration) ([]byte, error) {
	return nil, errors.New("no route to the store")
}

func TestAStoreThatFails(t *testing.T) {
	var log strings.Builder
	app, p := candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}), &payments{}
	candor.Post(app, "/payments", p.pay, idempotency.Keys(down{}, idempotency.Config{}))
	w := send(app, "POST", "/payments", `{"cents":5}`, key, "a")
	assert.Equal(t, 503, w.Code)
	assert.NotContains(t, w.Body.String(), "route")
	assert.Contains(t, log.String(), "no route to the store")
	assert.Zero(t, p.done.Load())
	assert.Equal(t, 200, send(app, "POST", "/payments", `{"cents":5}`).Code, "a request without a key needs no store")
}

// Background tasks run with the request, and not with replayed responses.
func TestTasksRunOnce(t *testing.T) {
	tasks := make(chan int, 3)
	app := candor.New(quiet)
	candor.Post(app, "/", func(_ context.Context, in struct{ Tasks *candor.Tasks }) (candor.None, error) {
		in.Tasks.Add(func(context.Context) error { tasks <- 1; return nil })
		return candor.None{}, nil
	}, idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{}))
	c := candor.NewTestClient(t, app)
	for range 3 {
		c.Post("/", "", candor.WithHeader(key, "a")).Status(204)
	}
	assert.Len(t, tasks, 1)
}

func TestTheDocument(t *testing.T) {
	app, _ := newPayments(idempotency.Config{Required: true})
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name, In string
				Schema   map[string]any
			}
			Responses map[string]struct{ Headers map[string]any }
		}
	}
	var text strings.Builder
	require.NoError(t, app.WriteOpenAPI(&text))
	require.NoError(t, json.Unmarshal([]byte(text.String()), &document))
	op := document.Paths["/payments"]["post"]
	require.Len(t, op.Parameters, 1)
	assert.Equal(t, "Idempotency-Key", op.Parameters[0].Name)
	assert.EqualValues(t, 255, op.Parameters[0].Schema["maxLength"])
	for _, status := range []string{"201", "400", "402", "409", "422", "503"} {
		assert.Contains(t, op.Responses, status)
	}
	assert.Contains(t, op.Responses["201"].Headers, "Idempotent-Replayed")
}

// Generated requests get the documented responses.
func TestConform(t *testing.T) {
	for _, required := range []bool{false, true} {
		app := candor.New(quiet)
		candor.Post(app, "/payments", func(_ context.Context, in paying) (payment, error) { return in.Body, nil }, candor.Status(201),
			idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{Required: required}))
		candortest.Conform(t, app)
	}
}

func TestTypedCalls(t *testing.T) {
	p, app := &payments{}, candor.New(quiet)
	route := candor.Post(app, "/payments", p.pay, idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{}))
	client := candor.InProcess(app).With(idempotency.Header{Key: "a"})
	for range 2 {
		r, err := route.Call(t.Context(), client, paying{payment{5}})
		require.NoError(t, err)
		assert.EqualValues(t, 1, r.Body.Number)
	}
}

func TestMistakes(t *testing.T) {
	for want, misuse := range map[string]func(){
		"the store is nil; pass one": func() { idempotency.Keys(nil, idempotency.Config{}) },
		"TTL -1s; write how long":    func() { idempotency.KeysIn[idempotency.Store](idempotency.Config{TTL: -time.Second}) },
		"Lock -1s; write how long":   func() { idempotency.Keys(down{}, idempotency.Config{Lock: -time.Second}) },
		"MaxBody -1; write a number": func() { idempotency.Keys(down{}, idempotency.Config{MaxBody: -1}) },
		"NewMemoryStore(-1): pass a": func() { idempotency.NewMemoryStore(-1) },
	} {
		func() {
			defer func() {
				err, _ := recover().(error)
				require.ErrorContains(t, err, want)
				if !strings.Contains(want, "NewMemoryStore") {
					assert.ErrorContains(t, err, "keys_test.go:")
				}
			}()
			misuse()
		}()
	}
}
