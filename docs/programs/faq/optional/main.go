package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Optionals struct {
	Pointer *int `query:"pointer" json:"pointer"`
	Zero    int  `query:"zero,omitempty" json:"zero"`
	Default int  `query:"default" default:"7" json:"default"`
}

func show(_ context.Context, in Optionals) (Optionals, error) { return in, nil }

func main() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/", show)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
