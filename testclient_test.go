package candor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// recordingTB is a testing.TB that records failures.
type recordingTB struct {
	mutex    sync.Mutex
	errors   []string
	fatal    string
	cleanups []func()
}

func (r *recordingTB) Helper() {}

func (r *recordingTB) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recordingTB) Errorf(format string, args ...any) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recordingTB) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// record runs a test to its end, including its clean-up functions.
func record(test func(tb candor.TB)) *recordingTB {
	r := &recordingTB{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	for _, cleanup := range slices.Backward(r.cleanups) {
		cleanup()
	}
	return r
}

type promised struct {
	ID    int64   `json:"id"`
	Name  string  `json:"name" validate:"max=3"`
	Big   []int64 `json:"big,omitempty" validate:"unique"`
	Exact int64   `json:"exact,omitempty" validate:"oneof=0 9007199254740993"`
}

type paged struct {
	Total int      `header:"X-Total"`
	Page  []string `body:""`
}

func withHeader(name, value string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		next(w, r)
	}
}

const asJSON = "application/json"

// The test client reports differences between the app and its document, and nothing else.
func TestContract(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		option  candor.RouteOption
		handler http.HandlerFunc
		method  string
		want    string
	}{
		{"what was promised", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":1,"name":"abc"}`), "GET", ""},
		{"a charset is no other media type", candor.Responds[promised](200), apptest.Handler(200, "application/json; charset=utf-8", `{"id":1,"name":"abc"}`), "GET", ""},
		{"members nobody promised", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":1,"name":"abc","more":true}`), "GET", ""},
		{"an undeclared status", candor.Responds[promised](200), apptest.Handler(201, asJSON, `{"id":1,"name":"abc"}`), "GET", "the status\n\tpromised: one of 200; others are declared by candor.Raises or candor.Responds\n\tcame:     201 {\"id\""},
		{"an undeclared error", candor.Responds[promised](200), apptest.Handler(404, asJSON, `{"detail":"x"}`), "GET", "the status\n\tpromised: one of 200;"},
		{"an undeclared 500", candor.Responds[promised](200), apptest.Handler(500, asJSON, `{}`), "GET", "status 500, which the test did not expect"},
		{"a declared 500", candor.Responds[promised](500), apptest.Handler(500, asJSON, `{"id":1,"name":""}`), "GET", ""},
		{"another media type", candor.Responds[promised](200), apptest.Handler(200, "text/plain", `{"id":1,"name":"abc"}`), "GET", "the media type of status 200\n\tpromised: application/json\n\tcame:     \"text/plain\""},
		{"no media type", candor.Responds[promised](200), apptest.Handler(200, "", ``), "GET", "the media type of status 200\n\tpromised: application/json\n\tcame:     \"\""},
		{"no JSON", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":1`), "GET", "the body of status 200\n\tpromised: JSON (RFC 8259)"},
		{"an empty body", candor.Responds[promised](200), apptest.Handler(200, asJSON, ``), "GET", "the body of status 200\n\tpromised: JSON (RFC 8259)"},
		{"a member twice", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":1,"name":"a","id":1}`), "GET", "the body of status 200\n\tpromised: JSON (RFC 8259)"},
		{"a member of the wrong type", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":"1","name":"abc"}`), "GET", "the body of status 200.id\n\tpromised: got string, want integer\n\tcame:     {\"id\":\"1\""},
		{"a missing member", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":1}`), "GET", "the body of status 200\n\tpromised: missing property 'name'"},
		{"a broken rule", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":1,"name":"abcd"}`), "GET", "the body of status 200.name\n\tpromised: maxLength: got 4, want 3"},
		{"null", candor.Responds[promised](200), apptest.Handler(200, asJSON, `null`), "GET", "the body of status 200\n\tpromised: got null, want object\n\tcame:     null"},
		{"a body where none was promised", candor.Responds[candor.None](200), apptest.Handler(200, "text/plain", `x`), "GET", "the body of status 200\n\tpromised: no body\n\tcame:     x"},
		{"none where none was promised", candor.Responds[candor.None](202), apptest.Handler(202, "", ``), "GET", ""},
		{"204", candor.Responds[candor.None](204), apptest.Handler(204, "", ``), "GET", ""},
		{"HEAD has no body", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":"wrong"}`), "HEAD", ""},
		{"the status of HEAD", candor.Responds[promised](200), apptest.Handler(202, asJSON, ``), "HEAD", "the status\n\tpromised: one of 200;"},
		{"integers of 64 bits", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":9223372036854775807,"name":"","exact":9007199254740993}`), "GET", ""},
		{"integers that a float64 takes for equal", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":1,"name":"","big":[9007199254740992,9007199254740993]}`), "GET", ""},
		{"integers that are equal", candor.Responds[promised](200), apptest.Handler(200, asJSON, `{"id":1,"name":"","big":[7,7]}`), "GET", "the body of status 200.big\n\tpromised: items at 0 and 1 are equal"},
		{"an error's detail", candor.Raises(candor.Error(418, nil)), apptest.Handler(418, asJSON, `{"detail":{"any":["thing"]}}`), "GET", ""},
		{"an error without a detail", candor.Raises(candor.Error(418, nil)), apptest.Handler(418, asJSON, `{"error":"x"}`), "GET", "promised: missing property 'detail'"},
		{"a header", candor.Responds[paged](200), withHeader("X-Total", "12", apptest.Handler(200, asJSON, `[]`)), "GET", ""},
		{"no header", candor.Responds[paged](200), apptest.Handler(200, asJSON, `[]`), "GET", "the header X-Total of status 200\n\tpromised: it is required\n\tcame:     no such header"},
		{"a header of the wrong type", candor.Responds[paged](200), withHeader("X-Total", "many", apptest.Handler(200, asJSON, `[]`)), "GET", "the header X-Total of status 200\n\tpromised: got string, want integer"},
		{"a number no client reads", candor.Responds[paged](200), withHeader("X-Total", "0x10", apptest.Handler(200, asJSON, `[]`)), "GET", "the header X-Total of status 200\n\tpromised: got string, want integer"},
		{"anything", candor.Responds[any](200), apptest.Handler(200, asJSON, `null`), "GET", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			app := candor.New(apptest.Unlogged())
			candor.HandleHTTP(app, []string{"GET"}, "/it", row.handler, row.option)
			got := record(func(tb candor.TB) { candor.NewTestClient(tb, app).Do(row.method, "/it", nil) })
			require.Empty(t, got.fatal)
			if row.want == "" {
				assert.Empty(t, got.errors)
				return
			}
			require.Len(t, got.errors, 1)
			assert.Contains(t, got.errors[0], row.want)
			assert.Contains(t, got.errors[0], row.method+" /it")
		})
	}
}

// A response that middleware changes is checked as changed.
func TestContractSeesWhatMiddlewareDoes(t *testing.T) {
	t.Parallel()
	teapot := func(http.Handler) http.Handler { return apptest.Handler(418, "", "") }
	app := candor.New(apptest.Unlogged(), candor.Use(teapot))
	candor.Get(app, "/it", func(context.Context, candor.None) (string, error) { return "x", nil })
	got := record(func(tb candor.TB) { candor.NewTestClient(tb, app).Get("/it") })
	require.Len(t, got.errors, 1)
	assert.Contains(t, got.errors[0], "the status\n\tpromised: one of 200;")
}

func TestContractExemptions(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.Get(app, "/it", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, errors.New("broken") })
	candor.HandleHTTP(app, []string{"GET"}, "/hidden", apptest.Handler(299, "x/y", "anything"), candor.Hidden())
	for _, row := range []struct {
		name string
		test func(c *candor.TestClient)
		want string
	}{
		{"no route", func(c *candor.TestClient) { c.Get("/nowhere").Status(404) }, ""},
		{"no such method", func(c *candor.TestClient) { c.Post("/it", nil).Status(405) }, ""},
		{"a slash too many", func(c *candor.TestClient) { c.Get("/it/").Status(307) }, ""},
		{"OPTIONS", func(c *candor.TestClient) { c.Do("OPTIONS", "/it", nil).Status(204) }, ""},
		{"a hidden route", func(c *candor.TestClient) { c.Get("/hidden").Status(299) }, ""},
		{"the document", func(c *candor.TestClient) { c.Get("/openapi.json").Status(200) }, ""},
		{"a 500 that is expected", func(c *candor.TestClient) { c.Get("/it").Status(500) }, ""},
		{"a 500 that is not", func(c *candor.TestClient) { c.Get("/it") }, "did not expect"},
		{"a 500, unchecked", func(c *candor.TestClient) { c.Get("/it", candor.Unchecked()) }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := record(func(tb candor.TB) { row.test(candor.NewTestClient(tb, app)) })
			require.Empty(t, got.fatal)
			if row.want == "" {
				assert.Empty(t, got.errors)
				return
			}
			require.Len(t, got.errors, 1)
			assert.Contains(t, got.errors[0], row.want)
		})
	}
}

func TestUncheckedForAllRequests(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.HandleHTTP(app, []string{"GET"}, "/it", apptest.Handler(299, "", ""))
	got := record(func(tb candor.TB) { candor.NewTestClient(tb, app, candor.Unchecked()).Get("/it").Status(299) })
	assert.Empty(t, got.errors)
	assert.Empty(t, got.fatal)
}

func TestExpectationsOfTheClient(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.Get(app, "/it", func(_ context.Context, in struct {
		N int `query:"n"`
	},
	) (string, error) {
		return fmt.Sprint(in.N), nil
	})
	candor.HandleHTTP(app, []string{"GET"}, "/aborts", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	for _, row := range []struct {
		name string
		test func(c *candor.TestClient)
		want string
	}{
		{"a status", func(c *candor.TestClient) { c.Get("/it?n=1").Status(201) }, "GET /it?n=1: status 200, want 201\n\"1\""},
		{"a body", func(c *candor.TestClient) { c.Get("/it?n=1").JSON(new(int)) }, "GET /it?n=1: the body is not what was expected"},
		{"faults where there are none", func(c *candor.TestClient) { c.Get("/it?n=1").Faults() }, "status 200, want 422"},
		{"an aborted answer", func(c *candor.TestClient) { c.Get("/aborts") }, "GET /aborts: the response was aborted"},
		{"a target that is none", func(c *candor.TestClient) { c.Get("/%zz") }, "GET /%zz"},
		{"a body that cannot be encoded", func(c *candor.TestClient) { c.Post("/it", func() {}) }, "the body cannot be encoded"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := record(func(tb candor.TB) { row.test(candor.NewTestClient(tb, app)) })
			assert.Contains(t, got.fatal, row.want)
		})
	}
	got := record(func(tb candor.TB) {
		faults := candor.NewTestClient(tb, app).Get("/it?n=x").Faults()
		assert.Equal(t, "int_parsing", faults[0].Type)
	})
	assert.Empty(t, got.fatal)
	assert.Empty(t, got.errors)
}

func TestAnAppThatCannotServeFailsTheTest(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	for range 2 {
		candor.Get(app, "/it", apptest.Returns(""))
	}
	got := record(func(tb candor.TB) { candor.NewTestClient(tb, app) })
	assert.Contains(t, got.fatal, "GET /it is taken")
}

func TestRequestsOfTheClient(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.HandleHTTP(app, []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}, "/echo/{rest...}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if cookie := r.URL.Query().Get("cookie"); cookie != "" {
			http.SetCookie(w, &http.Cookie{Name: "kept", Value: cookie, Path: "/"})
		}
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "%s %s type=%s token=%s cookies=%s %s", r.Method, r.RequestURI, r.Header.Get("Content-Type"), r.Header.Get("X-Token"), r.Header.Get("Cookie"), body)
	}), candor.Responds[candor.Text](200))
	candor.HandleHTTP(app, []string{"GET"}, "/away", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/echo/x")
		w.WriteHeader(302)
	}), candor.Responds[candor.Redirect](302))

	c := candor.NewTestClient(t, app, candor.WithHeader("X-Token", "default"))
	for _, row := range []struct{ got, want string }{
		{c.Get("/echo/a?b=1").Text(), "GET /echo/a?b=1 type= token=default cookies= "},
		{c.Get("/echo/a?b=1", candor.WithQuery("c", "d e"), candor.WithQuery("c", "&")).Text(), "GET /echo/a?b=1&c=d+e&c=%26 type= token=default cookies= "},
		{c.Get("/echo/a//b%2Fc", candor.WithHeader("X-Token", "other")).Text(), "GET /echo/a//b%2Fc type= token=other cookies= "},
		{c.Post("/echo/", map[string]int{"a": 1}).Text(), `POST /echo/ type=application/json token=default cookies= {"a":1}`},
		{c.Put("/echo/", `{"raw": 1}`).Text(), `PUT /echo/ type=application/json token=default cookies= {"raw": 1}`},
		{c.Patch("/echo/", []byte("[]")).Text(), `PATCH /echo/ type=application/json token=default cookies= []`},
		{c.Delete("/echo/").Text(), `DELETE /echo/ type= token=default cookies= `},
		{c.Post("/echo/", nil, candor.WithBody("text/csv", strings.NewReader("a,b"))).Text(), `POST /echo/ type=text/csv token=default cookies= a,b`},
		{c.Post("/echo/", nil, candor.WithBody("", strings.NewReader("a,b"))).Text(), `POST /echo/ type= token=default cookies= a,b`},
		{c.Get("/echo/", candor.WithCookie("once", "1")).Text(), `GET /echo/ type= token=default cookies=once=1 `},
		{c.Get("/echo/?cookie=yes").Text(), `GET /echo/?cookie=yes type= token=default cookies= `},
		{c.Get("/echo/", candor.WithCookie("once", "1")).Text(), `GET /echo/ type= token=default cookies=kept=yes; once=1 `},
		{c.Head("/echo/").Text(), ""},
	} {
		assert.Equal(t, row.want, row.got)
	}
	away := c.Get("/away").Status(302)
	assert.Equal(t, "/echo/x", away.Header.Get("Location"))
	assert.Equal(t, "text/plain", c.Get("/echo/").Header.Get("Content-Type"))
}

func TestTheClientsContextIsTheRequests(t *testing.T) {
	t.Parallel()
	type key struct{}
	app := candor.New(apptest.Unlogged())
	candor.Get(app, "/it", func(ctx context.Context, _ candor.None) (string, error) { return ctx.Value(key{}).(string), nil })
	var got string
	candor.NewTestClient(t, app).Get("/it", candor.WithContext(context.WithValue(t.Context(), key{}, "value"))).JSON(&got)
	assert.Equal(t, "value", got)
}

// A response is returned after its background tasks have finished.
func TestTheClientWaitsForTasks(t *testing.T) {
	t.Parallel()
	done := false
	app := candor.New(apptest.Unlogged())
	candor.Post(app, "/it", func(_ context.Context, in struct{ Tasks *candor.Tasks }) (candor.None, error) {
		in.Tasks.Add(func(context.Context) error {
			done = true
			return nil
		})
		return candor.None{}, nil
	})
	candor.NewTestClient(t, app).Post("/it", nil).Status(204)
	assert.True(t, done)
}
