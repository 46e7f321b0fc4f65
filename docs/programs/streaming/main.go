package main

import (
	"context"
	"log"
	"time"

	"github.com/candor-go/candor"
)

type Tick struct {
	Number int `json:"number"`
}

type Count struct {
	To int `query:"to" default:"3" validate:"gte=1,lte=1000"`
}

func ticks(ctx context.Context, to int) func(yield func(Tick) bool) {
	return func(yield func(Tick) bool) {
		for number := range to {
			if !yield(Tick{Number: number}) {
				return
			}
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				return
			}
		}
	}
}

func lines(ctx context.Context, in Count) (candor.JSONLines[Tick], error) {
	return candor.LinesOf(ticks(ctx, in.To)), nil
}

func events(ctx context.Context, in Count) (candor.Events[Tick], error) {
	return candor.EventsOf(ticks(ctx, in.To)), nil
}

func main() {
	app := candor.New(candor.Config{Title: "Ticks"})
	candor.Get(app, "/lines", lines)
	candor.Get(app, "/events", events)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
