package snippets_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/candor-go/candor"
)

type SayHello struct {
	Name string `path:"name"`
}

func hello(_ context.Context, in SayHello) (string, error) {
	return "hello " + in.Name, nil
}

func Example_inside() {
	api := candor.New(candor.Config{RootPath: "/api"})
	candor.Get(api, "/hello/{name}", hello)

	mux := http.NewServeMux() // or chi, gin, echo: any router that takes an http.Handler
	mux.Handle("/api/", http.StripPrefix("/api", api))

	ask(mux, "GET /api/hello/ann", "")
	// Output: 200 "hello ann"
}

// serveBoth serves an app that is one of several handlers.
func serveBoth(ctx context.Context, api *candor.App, mux http.Handler) error {
	stop, err := api.Start(ctx) // sets up what lives as long as the app
	if err != nil {
		return err
	}
	return errors.Join(http.ListenAndServe(":8000", mux), stop())
}

func Example_started() {
	api, mux := candor.New(candor.Config{}), http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", api))
	if err := serveBoth(context.Background(), api, mux); err != nil {
		log.Fatal(err)
	}
}

func Example_outside() {
	old := http.NewServeMux()
	old.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "user ", r.PathValue("id"))
	})

	app := candor.New(candor.Config{})
	candor.Get(app, "/old/users/me", func(context.Context, candor.None) (string, error) { return "new", nil })
	app.Mount("/old", old)

	ask(app, "GET /old/users/me", "")
	ask(app, "GET /old/users/7", "")
	// Output:
	// 200 "new"
	// 200 user 7
}

func Example_plain() {
	app := candor.New(candor.Config{})
	candor.HandleHTTP(app, []string{"GET"}, "/users/{id}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "user ", r.PathValue("id"))
	}), candor.Summary("Read a user"), candor.Responds[candor.Text](200))

	ask(app, "GET /users/7", "")
	// Output: 200 user 7
}

func Example_middleware() {
	recovering := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Served-By", "candor")
			next.ServeHTTP(w, r)
		})
	}
	app := candor.New(candor.Config{}, candor.Use(recovering))
	candor.Get(app, "/hello/{name}", hello)

	ask(app, "GET /hello/ann", "")
	// Output: 200 "hello ann"
}
