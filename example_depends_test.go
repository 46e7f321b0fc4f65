package candor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor"
)

// visit sends one request to an app and prints the response.
func visit(app http.Handler, method, target string, header ...string) {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

// Library and the types around it stand for the reader's own program.
type (
	Library   struct{ titles []string }
	Reader    struct{ Name string }
	Loan      struct{ library *Library }
	Clock     interface{ Today() string }
	fixedDate string
)

func (d fixedDate) Today() string { return string(d) }

type ListTitles struct {
	Library *Library `dep:""`
}

func titles(_ context.Context, in ListTitles) ([]string, error) {
	return in.Library.titles, nil
}

type ReadWhoami struct {
	Reader *Reader `dep:""`
}

func whoami(_ context.Context, in ReadWhoami) (string, error) {
	return in.Reader.Name, nil
}

type FindReader struct {
	Token candor.Bearer
}

func currentReader(_ context.Context, in FindReader) (*Reader, error) {
	if !candor.SecretsEqual("sesame", string(in.Token)) {
		return nil, errUnknownToken
	}
	return &Reader{"Ann"}, nil
}

var errUnknownToken = candor.Error(401, "unknown token").WithHeader("WWW-Authenticate", `Bearer error="invalid_token"`)

func ExampleProvide() {
	app := candor.New(candor.Config{})
	candor.Provide(app, currentReader, candor.Raises(errUnknownToken))
	candor.Get(app, "/me", whoami)

	visit(app, "GET", "/me", "Authorization", "Bearer sesame")
	visit(app, "GET", "/me", "Authorization", "Bearer guess")
	visit(app, "GET", "/me")
	// Output:
	// 200 "Ann"
	// 401 {"detail":"unknown token"}
	// 401 {"detail":"Not authenticated"}
}

type BeginLoan struct {
	Library *Library `dep:""`
}

// lending wraps a request in a transaction: it begins one, and ends it after the handler.
func lending(_ context.Context, in BeginLoan, use func(*Loan) error) error {
	fmt.Println("begin")
	if err := use(&Loan{in.Library}); err != nil {
		fmt.Println("undo:", err)
		return err
	}
	fmt.Println("keep")
	return nil
}

type BorrowBook struct {
	Title string `path:"title"`
	Loan  *Loan  `dep:""`
}

func borrow(_ context.Context, in BorrowBook) (string, error) {
	for _, title := range in.Loan.library.titles {
		if title == in.Title {
			return title, nil
		}
	}
	return "", candor.Error(404, "no such book")
}

func ExampleProvideScoped() {
	app := candor.New(candor.Config{})
	candor.ProvideValue(app, &Library{titles: []string{"Emma"}})
	candor.ProvideScoped(app, lending)
	candor.Post(app, "/loans/{title}", borrow, candor.Raises(candor.Error(404, "no such book")))

	visit(app, "POST", "/loans/Emma")
	visit(app, "POST", "/loans/Ulysses")
	// Output:
	// begin
	// keep
	// 200 "Emma"
	// begin
	// undo: 404: no such book
	// 404 {"detail":"no such book"}
}

func ExampleLazy() {
	app := candor.New(candor.Config{})
	candor.ProvideValue(app, &Library{titles: []string{"Emma"}})
	candor.ProvideScoped(app, lending)
	type BorrowBook struct {
		Title string             `path:"title"`
		Loan  candor.Lazy[*Loan] `dep:""`
	}

	candor.Post(app, "/loans/{title}", func(ctx context.Context, in BorrowBook) (string, error) {
		fmt.Println("look for", in.Title)
		if in.Title == "Ulysses" {
			return "", candor.Error(404, "no such book")
		}
		loan, err := in.Loan.Get(ctx)
		if err != nil {
			return "", err
		}
		return loan.library.titles[0], nil
	}, candor.Raises(candor.Error(404, "no such book")))

	visit(app, "POST", "/loans/Ulysses")
	visit(app, "POST", "/loans/Emma")
	// Output:
	// look for Ulysses
	// 404 {"detail":"no such book"}
	// look for Emma
	// begin
	// keep
	// 200 "Emma"
}

type FindTitle struct {
	Title   string                `path:"title"`
	Library candor.Lazy[*Library] `dep:""`
}

// isThere is a handler that resolves its library only when it needs it.
func isThere(ctx context.Context, in FindTitle) (bool, error) {
	library, err := in.Library.Get(ctx)
	if err != nil {
		return false, err
	}
	return slices.Contains(library.titles, in.Title), nil
}

func ExampleLazyValue() {
	found, err := isThere(context.Background(), FindTitle{"Emma", candor.LazyValue(&Library{titles: []string{"Emma"}})})
	fmt.Println(found, err)
	// Output: true <nil>
}

func ExampleAttempts() {
	errConflict := errors.New("somebody else was quicker")
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*Loan) error) error {
		for attempt := 1; ; attempt++ {
			fmt.Println("attempt", attempt)
			if err := use(&Loan{}); !errors.Is(err, errConflict) {
				return err
			}
			if attempt == 3 {
				return candor.Error(503, "try again")
			}
		}
	}, candor.Attempts(3), candor.Raises(candor.Error(503, "try again")))
	runs := 0
	type AddLoan struct {
		Loan   *Loan `dep:""`
		Header candor.ResponseHeader
	}

	candor.Post(app, "/loans", func(_ context.Context, in AddLoan) (int, error) {
		in.Header.Add("X-Run", strconv.Itoa(runs)) // discarded with the failed attempt
		if runs++; runs < 2 {
			return 0, errConflict
		}
		return runs, nil
	})

	visit(app, "POST", "/loans")
	// Output:
	// attempt 1
	// attempt 2
	// 200 2
}

func ExampleProvideShared() {
	app := candor.New(candor.Config{})
	candor.ProvideShared(app, func(_ context.Context, _ candor.None, use func(*Library) error) error {
		fmt.Println("open")
		defer fmt.Println("close")
		return use(&Library{titles: []string{"Emma"}})
	})
	candor.Get(app, "/titles", titles)

	stop, err := app.Start(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	visit(app, "GET", "/titles")
	fmt.Println(stop())
	// Output:
	// open
	// 200 ["Emma"]
	// close
	// <nil>
}

func ExampleProvideValue() {
	app := candor.New(candor.Config{})
	candor.ProvideValue[Clock](app, fixedDate("1 May"))
	type ReadToday struct {
		Clock Clock `dep:""`
	}

	candor.Get(app, "/today", func(_ context.Context, in ReadToday) (string, error) {
		return in.Clock.Today(), nil
	})

	visit(app, "GET", "/today")
	// Output: 200 "1 May"
}

func ExampleOverride() {
	app := candor.New(candor.Config{})
	candor.Provide(app, currentReader, candor.Raises(errUnknownToken))
	candor.Get(app, "/me", whoami)

	type FakeReader struct {
		Name string `header:"X-Reader"`
	}

	candor.Override(app, func(_ context.Context, in FakeReader) (*Reader, error) {
		return &Reader{in.Name}, nil
	})
	visit(app, "GET", "/me", "X-Reader", "Bob")
	// Output: 200 "Bob"
}

func ExampleOverrideValue() {
	app := candor.New(candor.Config{})
	candor.Provide(app, currentReader, candor.Raises(errUnknownToken))
	candor.Get(app, "/me", whoami)

	candor.OverrideValue(app, &Reader{"Test"})
	visit(app, "GET", "/me")
	// Output: 200 "Test"
}

func ExampleOverrideScoped() {
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, lending)
	candor.Post(app, "/loans/{title}", borrow, candor.Raises(candor.Error(404, "no such book")))

	candor.OverrideScoped(app, func(_ context.Context, _ candor.None, use func(*Loan) error) error {
		_ = use(&Loan{&Library{titles: []string{"Emma"}}})
		return errors.New("the test keeps nothing")
	})
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler))
	visit(app, "POST", "/loans/Emma")
	// Output: 500 {"detail":"Internal Server Error"}
}

func ExampleRequire() {
	errClosed := candor.Error(503, "closed on Sundays")
	app := candor.New(candor.Config{})
	candor.ProvideValue[Clock](app, fixedDate("Sunday"))
	type CheckHours struct {
		Clock Clock `dep:""`
	}

	library := candor.NewRouter("/library", candor.Require(func(_ context.Context, in CheckHours) error {
		if in.Clock.Today() == "Sunday" {
			return errClosed
		}
		return nil
	}, candor.Raises(errClosed)))
	candor.ProvideValue(library, &Library{})
	candor.Get(library, "/titles", titles)
	app.Include(library)

	visit(app, "GET", "/library/titles")
	// Output: 503 {"detail":"closed on Sundays"}
}

func ExampleNeeds() {
	app := candor.New(candor.Config{})
	candor.ProvideValue(app, &Library{titles: []string{"Emma"}})
	candor.Provide(app, currentReader, candor.Raises(errUnknownToken))
	candor.Get(app, "/titles", titles, candor.Needs[*Reader]())

	visit(app, "GET", "/titles")
	visit(app, "GET", "/titles", "Authorization", "Bearer sesame")
	// Output:
	// 401 {"detail":"Not authenticated"}
	// 200 ["Emma"]
}

func ExampleAround() {
	type AuditInput struct{ Route candor.RouteInfo }

	audit := candor.Around(func(_ context.Context, in AuditInput, next func() error) error {
		err := next()
		fmt.Println(in.Route.Method, in.Route.Pattern, err)
		return err
	})
	app := candor.New(candor.Config{}, audit)
	candor.ProvideValue(app, &Library{})
	candor.Get(app, "/titles", titles)

	visit(app, "GET", "/titles")
	// Output:
	// GET /titles <nil>
	// 200 []
}

func ExampleScopes() {
	errForbidden := candor.Error(403, "not yours")
	app := candor.New(candor.Config{})
	type FindReader struct {
		Token    candor.Bearer
		Required candor.RequiredScopes
	}

	candor.Provide(app, func(_ context.Context, in FindReader) (*Reader, error) {
		for _, scope := range in.Required {
			if !strings.Contains(string(in.Token), scope) {
				return nil, errForbidden
			}
		}
		return &Reader{"Ann"}, nil
	}, candor.Raises(errForbidden))
	candor.Get(app, "/me", whoami, candor.Scopes("read"))

	visit(app, "GET", "/me", "Authorization", "Bearer read,write")
	visit(app, "GET", "/me", "Authorization", "Bearer write")
	// Output:
	// 200 "Ann"
	// 403 {"detail":"not yours"}
}

func ExampleUntil() {
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*Library) error) error {
		defer fmt.Println("the end")
		return use(&Library{})
	}, candor.Until(candor.ResponseSent))
	type CountTitles struct {
		Library *Library `dep:""`
		Tasks   *candor.Tasks
	}

	candor.Get(app, "/titles", func(_ context.Context, in CountTitles) (candor.None, error) {
		in.Tasks.Add(func(context.Context) error {
			fmt.Println("a task")
			return nil
		})
		return candor.None{}, nil
	})

	visit(app, "GET", "/titles")
	// Output:
	// a task
	// the end
	// 204
}

func ExampleBasic() {
	app := candor.New(candor.Config{})
	type EnterOffice struct {
		Who candor.Basic `realm:"back office"`
	}

	candor.Get(app, "/office", func(_ context.Context, in EnterOffice) (string, error) {
		if !candor.SecretsEqual("ann", in.Who.Username) || !candor.SecretsEqual("secret", in.Who.Password) {
			return "", errUnknownToken
		}
		return "come in", nil
	}, candor.Raises(errUnknownToken))

	visit(app, "GET", "/office", "Authorization", "Basic YW5uOnNlY3JldA==")
	visit(app, "GET", "/office")
	// Output:
	// 200 "come in"
	// 401 {"detail":"Not authenticated"}
}

func ExampleAPIKey() {
	app := candor.New(candor.Config{})
	type ReadStats struct {
		Key *candor.APIKey `header:"X-API-Key"`
	}

	candor.Get(app, "/stats", func(_ context.Context, in ReadStats) (string, error) {
		if in.Key == nil {
			return "a few figures", nil
		}
		return "all figures", nil
	})

	visit(app, "GET", "/stats")
	visit(app, "GET", "/stats", "X-API-Key", "k")
	// Output:
	// 200 "a few figures"
	// 200 "all figures"
}

func ExampleOAuth2Password() {
	app := candor.New(candor.Config{SecuritySchemes: map[string]candor.SecurityScheme{
		"login": candor.OAuth2Password("/token", map[string]string{"read": "Read books"}).WithDescription("Readers log in"),
	}})
	candor.Post(app, "/token", func(_ context.Context, in candor.OAuth2PasswordForm) (map[string]string, error) {
		return map[string]string{"access_token": in.Username, "token_type": "bearer"}, nil
	})
	type ReadMe struct {
		Token candor.Bearer `security:"login"`
	}

	candor.Get(app, "/me", func(_ context.Context, in ReadMe) (string, error) {
		return string(in.Token), nil
	})

	r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader("username=ann&password=p"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	visit(app, "GET", "/me", "Authorization", "Bearer ann")
	// Output:
	// 200 {"access_token":"ann","token_type":"bearer"}
	// 200 "ann"
}

func ExampleTasks() {
	app := candor.New(candor.Config{
		OnTaskError: func(_ context.Context, err error) { fmt.Println("a task failed:", err) },
	})
	type SendLetters struct{ Tasks *candor.Tasks }

	candor.Post(app, "/letters", func(_ context.Context, in SendLetters) (candor.None, error) {
		in.Tasks.Add(func(context.Context) error { return errors.New("no stamps") })
		in.Tasks.Add(func(context.Context) error {
			fmt.Println("sent")
			return nil
		})
		return candor.None{}, nil
	}, candor.Status(202))

	stop, _ := app.Start(context.Background())
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/letters", nil))
	fmt.Println(stop())
	// Output:
	// a task failed: no stamps
	// sent
	// <nil>
}

func ExampleResponseHeader() {
	app := candor.New(candor.Config{})
	type FindReader struct{ Header candor.ResponseHeader }

	candor.Provide(app, func(_ context.Context, in FindReader) (*Reader, error) {
		in.Header.Set("X-Reader", "Ann")
		return &Reader{"Ann"}, nil
	})
	candor.Get(app, "/me", whoami)

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/me", nil))
	fmt.Println(w.Header().Get("X-Reader"))
	// Output: Ann
}

func ExampleRouter_Lifespan() {
	app := candor.New(candor.Config{})
	app.Lifespan(func(ctx context.Context, serve func(context.Context) error) error {
		fmt.Println("warm up")
		defer fmt.Println("cool down")
		return serve(ctx)
	})

	stop, err := app.Start(context.Background())
	fmt.Println("serving", err)
	fmt.Println(stop())
	// Output:
	// warm up
	// serving <nil>
	// cool down
	// <nil>
}

func ExampleTimeout() {
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.Get(app, "/slow", func(ctx context.Context, _ candor.None) (string, error) {
		<-ctx.Done() // as a call of a database or another service would
		return "", ctx.Err()
	}, candor.Timeout(time.Millisecond))

	visit(app, "GET", "/slow")
	// Output: 504 {"detail":"Gateway Timeout"}
}
