package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Reader struct {
	Name string `json:"name"`
}

type CheckKey struct {
	Key candor.APIKey `header:"X-Key"`
}

var ErrBadKey = candor.Error(401, "unknown key")

func reader(_ context.Context, in CheckKey) (Reader, error) {
	if !candor.SecretsEqual("sesame", string(in.Key)) {
		return Reader{}, ErrBadKey
	}
	return Reader{Name: "Ann"}, nil
}

type ReadMe struct {
	Reader Reader `dep:""`
}

func readMe(_ context.Context, in ReadMe) (Reader, error) { return in.Reader, nil }

func main() {
	app := candor.New(candor.Config{Title: "Library"})
	candor.Provide(app, reader, candor.Raises(ErrBadKey))
	candor.Get(app, "/me", readMe)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
