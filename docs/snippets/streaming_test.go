package snippets_test

import (
	"context"
	"fmt"
	"time"

	"github.com/candor-go/candor"
)

type Reading struct {
	Celsius float64 `json:"celsius"`
}

func readings(ctx context.Context, in struct {
	Days int `query:"days" default:"2" validate:"gte=1,lte=365"`
},
) (candor.JSONLines[Reading], error) {
	return func(yield func(Reading, error) bool) {
		for day := range in.Days {
			if !yield(Reading{20 + float64(day)}, ctx.Err()) {
				return // the client is gone
			}
		}
	}, nil
}

func ticks(_ context.Context, in struct {
	Last int `header:"Last-Event-ID" default:"0"`
},
) (candor.Events[Reading], error) {
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

	ask(app, "GET /readings", "")
	ask(app, "GET /ticks", "", "Last-Event-ID: 2")
	// Output:
	// 200 {"celsius":20}
	// {"celsius":21}
	// 200 event: reading
	// data: {"celsius":23}
	// id: 3
}
