package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Double struct {
	N int `path:"n" validate:"lte=1000"`
}

func double(_ context.Context, in Double) (int, error) { return 2 * in.N, nil }

func newApp() *candor.App {
	app := candor.New(candor.Config{Title: "Doubles"})
	candor.Get(app, "/double/{n}", double)
	return app
}

func main() {
	if err := newApp().Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
