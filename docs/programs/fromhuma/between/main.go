package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os/signal"
	"syscall"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/candor-go/candor"
)

type Text struct {
	Body struct {
		Text string `json:"text"`
	}
}

type Greeting struct {
	Text string `json:"text"`
}

func newGreeting(_ context.Context, in candor.None) (Greeting, error) {
	return Greeting{Text: "from Candor"}, nil
}

func run() error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	app := candor.New(candor.Config{Title: "New"})
	candor.Get(app, "/new", newGreeting)
	stop, err := app.Start(ctx) // as app.Run does: shared providers, lifespans
	if err != nil {
		return err
	}

	mux := http.NewServeMux()
	config := huma.DefaultConfig("Old", "1.0.0")
	config.DocsPath, config.OpenAPIPath = "/old/docs", "/old/openapi"
	huma.Get(humago.New(mux, config), "/old", func(context.Context, *struct{}) (*Text, error) {
		out := &Text{}
		out.Body.Text = "from Huma"
		return out, nil
	})
	mux.Handle("/", app)

	server := &http.Server{Addr: ":8000", Handler: mux}
	go func() {
		<-ctx.Done()
		server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, stop())
	}
	return stop()
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
