package main

import (
	"context"
	"log"
	"time"

	"github.com/google/uuid"

	"github.com/candor-go/candor"
)

type Values struct {
	Count int       `json:"count"`
	Flag  bool      `json:"flag"`
	At    time.Time `json:"at"`
	ID    uuid.UUID `json:"id"`
}

type Send struct {
	Body Values `body:""`
}

func send(_ context.Context, in Send) (Values, error) { return in.Body, nil }

func main() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/values", send)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
