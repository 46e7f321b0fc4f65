package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type CheckReader struct {
	Credentials candor.Basic
}

var ErrNotAReader = candor.Error(401, "not a reader of this document")

func checkReader(_ context.Context, in CheckReader) error {
	if in.Credentials.Username != "docs" || !candor.SecretsEqual("sesame", in.Credentials.Password) {
		return ErrNotAReader
	}
	return nil
}

func readState(context.Context, candor.None) (string, error) { return "up", nil }

func main() {
	app := candor.New(candor.Config{
		Title: "State",
		Docs:  candor.Docs{Options: []candor.Option{candor.Require(checkReader)}},
	})
	candor.Get(app, "/state", readState)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
