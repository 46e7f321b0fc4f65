package candor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/candor-go/candor"
)

// around serves one request from the given remote address.
func around(app http.Handler, remote string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr, r.Header = remote, header
	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, r)
	return answer
}

func ExampleByClient() {
	for _, address := range []string{"203.0.113.5:1234", "[2001:db8:1:2:3:4:5:6]:1234"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = address
		fmt.Println(candor.ByClient(r))
	}
	// Output:
	// 203.0.113.5
	// 2001:db8:1:2::/64
}

func ExampleRate() {
	for _, rate := range []candor.Rate{
		candor.PerSecond(5), candor.PerMinute(60), candor.PerHour(1000), {Requests: 10, Per: 60e9, Burst: 2},
	} {
		fmt.Printf("%d in %s, %d at once\n", rate.Requests, rate.Per, rate.Limit())
	}
	// Output:
	// 5 in 1s, 5 at once
	// 60 in 1m0s, 60 at once
	// 1000 in 1h0m0s, 1000 at once
	// 10 in 1m0s, 2 at once
}

// A custom store, such as a database table, needs only one method.
type countAll struct{ left int }

func (c *countAll) Take(_ context.Context, _ string, _ candor.Rate) (candor.Taken, error) {
	if c.left == 0 {
		return candor.Taken{}, errors.New("out of order")
	}
	c.left--
	return candor.Taken{Allowed: c.left > 0, Remaining: c.left}, nil
}

func ExampleRateStore() {
	limit := candor.RateLimit(candor.RateConfig{Rate: candor.PerHour(2), Budget: time.Minute})
	app := candor.New(candor.Config{RateStore: &countAll{left: 2}}, limit)
	candor.Get(app, "/", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })
	for range 2 {
		fmt.Println(around(app, "192.0.2.1:1234", http.Header{}).Code)
	}
	// Output:
	// 200
	// 429
}

func ExampleOrigins() {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/echo", func(context.Context, candor.None, *candor.Socket[string, string]) error {
		return nil
	}, candor.Origins("https://*.example.com"))

	tb := &tbLog{}
	defer tb.end()
	c := candor.NewTestClient(tb, app)
	from := func(origin string) *candor.TestResponse {
		return c.WebSocket("/echo", candor.WithHeader("Origin", origin)).Response
	}
	fmt.Println(from("https://app.example.com").Status(101).Code, from("https://example.org").Status(403).Code)
	// Output: 101 403
}

func ExampleSubprotocols() {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/chat", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
		return s.Send(ctx, "we speak "+s.Subprotocol())
	}, candor.Subprotocols("chat.v2", "chat.v1"))

	tb := &tbLog{}
	defer tb.end()
	var said string
	candor.NewTestClient(tb, app).WebSocket("/chat", candor.WithHeader("Sec-WebSocket-Protocol", "chat.v1, chat.v2")).Receive(&said)
	fmt.Println(said)
	// Output: we speak chat.v2
}

func ExampleMessageLimit() {
	app := candor.New(candor.Config{}, candor.MessageLimit(10))
	candor.WebSocket(app, "/echo", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
		_, err := s.Receive(ctx)
		return err
	})

	tb := &tbLog{}
	defer tb.end()
	code, _ := candor.NewTestClient(tb, app).WebSocket("/echo").Send("more than ten bytes").Closed()
	fmt.Println(code)
	// Output: 1009
}

func ExampleCloseError() {
	app := candor.New(candor.Config{})
	ended := make(chan *candor.CloseError, 1)
	candor.WebSocket(app, "/echo", func(ctx context.Context, _ candor.None, s *candor.Socket[string, string]) error {
		_, err := s.Receive(ctx)
		var why *candor.CloseError
		if errors.As(err, &why) {
			ended <- why
		}
		return err
	})

	tb := &tbLog{}
	defer tb.end()
	candor.NewTestClient(tb, app).WebSocket("/echo").Close(4001, "enough")
	why := <-ended
	fmt.Println(why.Code, why.Reason)
	// Output: 4001 enough
}

func ExampleTestOption() {
	type caller struct{}
	app := candor.New(candor.Config{})
	type AddNote struct {
		Tag     string `query:"tag"`
		Lang    string `header:"Accept-Language"`
		Session string `cookie:"session"`
		Body    string `body:""`
	}

	candor.Post(app, "/notes", func(ctx context.Context, in AddNote) (candor.Text, error) {
		return candor.Text(fmt.Sprint(in.Tag, ", ", in.Lang, ", ", in.Session, ", ", ctx.Value(caller{}), ": ", in.Body)), nil
	})

	tb := &tbLog{}
	defer tb.end()
	answer := candor.NewTestClient(tb, app).Post("/notes", nil,
		candor.WithQuery("tag", "a & b"),
		candor.WithHeader("Accept-Language", "de"),
		candor.WithCookie("session", "s3"),
		candor.WithContext(context.WithValue(context.Background(), caller{}, "ann")),
		candor.WithBody("text/plain", strings.NewReader("hello")))
	fmt.Println(answer.Text())
	// Output: a & b, de, s3, ann: hello
}

func ExampleDocumented() {
	errSpent := candor.Error(429, "the quota is spent")
	quota := candor.Middleware(func(w http.ResponseWriter, r *http.Request, next http.Handler) error {
		if r.Header.Get("X-Customer") == "" {
			return errSpent
		}
		w.Header().Set("X-Quota", "41")
		next.ServeHTTP(w, r)
		return nil
	})
	known := candor.Documented(quota, candor.Raises(errSpent), candor.RespondsHeader("X-Quota", "Requests that are left", 200))

	app := candor.New(candor.Config{}, candor.Use(known))
	candor.Get(app, "/", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })

	var document strings.Builder
	_ = app.WriteOpenAPI(&document)
	fmt.Println(strings.Contains(document.String(), `"429"`), strings.Contains(document.String(), `"X-Quota"`))
	fmt.Println(around(app, "192.0.2.1:1234", http.Header{}).Body)
	// Output:
	// true true
	// {"detail":"the quota is spent"}
}

func ExampleRespondsHeader() {
	app := candor.New(candor.Config{})
	type ReadCount struct{ Header candor.ResponseHeader }

	candor.Get(app, "/", func(_ context.Context, in ReadCount) (candor.Text, error) {
		in.Header.Set("X-Total-Count", "7")
		return "hello", nil
	}, candor.RespondsHeader("X-Total-Count", "How many there are", 200))

	var document strings.Builder
	_ = app.WriteOpenAPI(&document)
	fmt.Println(strings.Contains(document.String(), "How many there are"))
	fmt.Println(around(app, "192.0.2.1:1234", http.Header{}).Header().Get("X-Total-Count"))
	// Output:
	// true
	// 7
}
