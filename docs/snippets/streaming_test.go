package snippets_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/candor-go/candor"
)

type Reading struct {
	Celsius float64 `json:"celsius"`
}

type ReadReadings struct {
	Days int `query:"days" default:"2" validate:"gte=1,lte=365"`
}

func readings(ctx context.Context, in ReadReadings) (candor.JSONLines[Reading], error) {
	return func(yield func(Reading, error) bool) {
		for day := range in.Days {
			if !yield(Reading{20 + float64(day)}, ctx.Err()) {
				return // the client has disconnected
			}
		}
	}, nil
}

type Loaded struct {
	Count  int            `json:"count"`
	Sum    float64        `json:"sum"`
	Faults []candor.Fault `json:"faults"`
}

type LoadReadings struct {
	Readings candor.JSONLines[Reading] `body:""`
}

func load(_ context.Context, in LoadReadings) (Loaded, error) {
	var loaded Loaded
	for reading, err := range in.Readings {
		invalid, wrong := errors.AsType[*candor.ValidationError](err)
		switch {
		case wrong:
			loaded.Faults = append(loaded.Faults, invalid.Faults...)
		case err != nil:
			return loaded, err // the body is too large or incomplete
		default:
			loaded.Count, loaded.Sum = loaded.Count+1, loaded.Sum+reading.Celsius
		}
	}
	return loaded, nil
}

type WatchTicks struct {
	Last int `header:"Last-Event-ID" default:"0"`
}

func ticks(_ context.Context, in WatchTicks) (candor.Events[Reading], error) {
	return func(yield func(candor.Event[Reading], error) bool) {
		for n := in.Last + 1; n <= 3; n++ {
			event := candor.Event[Reading]{Name: "reading", ID: fmt.Sprint(n), Data: Reading{20 + float64(n)}}
			if !yield(event, nil) {
				return
			}
		}
	}, nil
}

func Example_streams() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/readings", readings)
	candor.Get(app, "/ticks", ticks, candor.Heartbeat(30*time.Second))

	candor.Post(app, "/readings", load)

	ask(app, "GET /readings", "")
	ask(app, "POST /readings", "{\"celsius\":20}\n{\"celsius\":\"21\"}\n{\"celsius\":22}", "Content-Type: application/jsonl")
	ask(app, "GET /ticks", "", "Last-Event-ID: 2")
	// Output:
	// 200 {"celsius":20}
	// {"celsius":21}
	// 200 {"count":2,"sum":42,"faults":[{"type":"float_type","loc":["body",2,"celsius"],"msg":"Expected a number"}]}
	// 200 event: reading
	// data: {"celsius":23}
	// id: 3
}

type News struct {
	candor.OneOf `json:"type" event:"name"`
	Goal         *Goal `case:"goal"`
	Card         *Card `case:"card"`
}

type Goal struct {
	By string `json:"by"`
}

type Card struct {
	Colour string `json:"colour"`
}

func Example_namedEvents() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/news", func(context.Context, candor.None) (candor.Events[News], error) {
		return candor.EventsOf(slices.Values([]News{{Goal: &Goal{By: "Ann"}}, {Card: &Card{Colour: "red"}}})), nil
	})
	ask(app, "GET /news", "")
	// Output: 200 event: goal
	// data: {"type":"goal","by":"Ann"}
	//
	// event: card
	// data: {"type":"card","colour":"red"}
}
