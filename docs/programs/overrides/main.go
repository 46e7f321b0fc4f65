package main

import (
	"context"
	"log"
	"time"

	"github.com/candor-go/candor"
)

type Clock func() time.Time

type Greet struct {
	Now Clock `dep:""`
}

func greet(_ context.Context, in Greet) (string, error) {
	if in.Now().Hour() < 12 {
		return "Good morning", nil
	}
	return "Good day", nil
}

func newApp() *candor.App {
	app := candor.New(candor.Config{Title: "Greetings"})
	candor.ProvideValue[Clock](app, time.Now)
	candor.Get(app, "/greeting", greet)
	return app
}

func main() {
	if err := newApp().Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
