package candor_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"
	"time"

	"github.com/candor-go/candor"
)

// printAnswer sends a GET request to an app and prints the status, some headers and the body of the response.
func printAnswer(app *candor.App, path string, headers ...string) {
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	fmt.Println(w.Code)
	for _, name := range headers {
		for _, value := range w.Header().Values(name) {
			fmt.Println(name+":", value)
		}
	}
	if w.Body.Len() > 0 {
		fmt.Println(w.Body)
	}
}

// Fields with the tags status, header, cookie and body are the parts of a response. The document lists them all.
func Example_envelope() {
	type Message struct {
		Text string `json:"text"`
	}
	type Posted struct {
		Status  int     `status:"201,200"` // 201 unless the handler says 200
		Total   int     `header:"X-Total"`
		Session string  `cookie:"session"`
		Body    Message `body:""`
	}
	post := func(context.Context, candor.None) (Posted, error) {
		return Posted{Total: 7, Session: "s3cret", Body: Message{"hello"}}, nil
	}

	app := candor.New(candor.Config{})
	candor.Get(app, "/messages", post)
	printAnswer(app, "/messages", "X-Total", "Set-Cookie")
	// Output:
	// 201
	// X-Total: 7
	// Set-Cookie: session=s3cret; Path=/; HttpOnly; SameSite=Lax
	// {"text":"hello"}
}

// A computed member needs a type of its own with MarshalJSON; a plain method is not encoded. OpenAPISchema documents
// it, otherwise its schema allows any JSON.
func Example_computed() {
	type Order struct {
		Net   int   `json:"net"`
		Gross gross `json:"gross"`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/order", func(context.Context, candor.None) (Order, error) {
		return Order{Net: 100, Gross: 100}, nil
	})
	printAnswer(app, "/order")
	// Output:
	// 200
	// {"net":100,"gross":119}
}

// gross is a net amount that is encoded with tax added.
type gross int

func (g gross) MarshalJSON() ([]byte, error) { return fmt.Append(nil, int(g)*119/100), nil }

// To leave out fields, convert or copy the value to a smaller type: fields that the response type does not declare
// are never sent.
func Example_smaller() {
	type User struct {
		Name         string `json:"name"`
		PasswordHash string `json:"password_hash"`
	}
	type UserOut struct {
		Name         string `json:"name"`
		PasswordHash string `json:"-"`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/me", func(context.Context, candor.None) (UserOut, error) {
		user := User{Name: "Ada", PasswordHash: "$2a$10$"}
		return UserOut(user), nil
	})
	printAnswer(app, "/me")
	// Output:
	// 200
	// {"name":"Ada"}
}

func ExampleHTML() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/", func(context.Context, candor.None) (candor.HTML, error) {
		return "<h1>Items</h1>", nil
	})
	printAnswer(app, "/", "Content-Type")
	// Output:
	// 200
	// Content-Type: text/html; charset=utf-8
	// <h1>Items</h1>
}

func ExampleText() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/robots.txt", func(context.Context, candor.None) (candor.Text, error) {
		return "User-agent: *", nil
	})
	printAnswer(app, "/robots.txt", "Content-Type")
	// Output:
	// 200
	// Content-Type: text/plain; charset=utf-8
	// User-agent: *
}

func ExampleRedirect() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/old", func(context.Context, candor.None) (candor.Redirect, error) {
		return "/new?from=old place", nil
	}, candor.Status(308))
	printAnswer(app, "/old", "Location")
	// Output:
	// 308
	// Location: /new?from=old%20place
}

func ExampleReader() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/log", func(context.Context, candor.None) (candor.Reader, error) {
		return io.MultiReader(strings.NewReader("one\n"), strings.NewReader("two")), nil
	}, candor.Produces("text/plain"))
	printAnswer(app, "/log", "Content-Type")
	// Output:
	// 200
	// Content-Type: text/plain
	// one
	// two
}

func ExampleFile() {
	reports := fstest.MapFS{
		"2026/q1.csv": {Data: []byte("a,b"), ModTime: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)},
	}
	app := candor.New(candor.Config{})
	type ReadReport struct {
		Path string `path:"path"`
	}

	candor.Get(app, "/reports/{path...}", func(_ context.Context, in ReadReport) (candor.File, error) {
		return candor.File{FS: reports, Path: in.Path, Download: true}, nil
	}, candor.Produces("text/csv"))

	printAnswer(app, "/reports/2026/q1.csv", "Content-Type", "Content-Disposition", "Last-Modified")
	printAnswer(app, "/reports/2026/q9.csv", "Content-Type")
	// Output:
	// 200
	// Content-Type: text/csv
	// Content-Disposition: attachment; filename=q1.csv
	// Last-Modified: Wed, 01 Apr 2026 00:00:00 GMT
	// a,b
	// 404
	// Content-Type: application/json
	// {"detail":"Not Found"}
}

func ExampleProduces() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/pixel", func(context.Context, candor.None) ([]byte, error) {
		return []byte("GIF89a"), nil
	}, candor.Produces("image/gif"))
	printAnswer(app, "/pixel", "Content-Type")
	// Output:
	// 200
	// Content-Type: image/gif
	// GIF89a
}

// By default a response that breaks its own validation rules becomes a 500, and only the log has the reason. Here the
// checks are off.
func ExampleResponseChecks() {
	type Rating struct {
		Stars int `json:"stars" validate:"lte=5"`
	}
	rate := func(context.Context, candor.None) (Rating, error) { return Rating{Stars: 9}, nil }

	app := candor.New(candor.Config{ResponseChecks: candor.ChecksOff})
	candor.Get(app, "/", rate)
	printAnswer(app, "/")
	// Output:
	// 200
	// {"stars":9}
}
