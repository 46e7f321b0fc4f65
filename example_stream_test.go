package candor_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type temperature struct {
	Celsius float64 `json:"celsius"`
}

func ExampleJSONLines() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/export", func(ctx context.Context, _ candor.None) (candor.JSONLines[temperature], error) {
		return func(yield func(temperature, error) bool) {
			for celsius := 20.0; celsius < 22; celsius++ {
				if !yield(temperature{celsius}, ctx.Err()) {
					return
				}
			}
		}, nil
	})
	w := apptest.Fetch(app, "/export")
	fmt.Println(w.Header().Get("Content-Type"))
	fmt.Print(w.Body)
	// Output:
	// application/jsonl
	// {"celsius":20}
	// {"celsius":21}
}

// As a request body, JSON Lines are read one line at a time. An invalid line does not end the loop; the handler
// decides whether to go on.
func ExampleJSONLines_body() {
	app := candor.New(candor.Config{})
	type ImportLines struct {
		Lines candor.JSONLines[temperature] `body:""`
	}

	candor.Post(app, "/import", func(_ context.Context, in ImportLines) (float64, error) {
		sum := 0.0
		for line, err := range in.Lines {
			if err != nil {
				return 0, err
			}
			sum += line.Celsius
		}
		return sum, nil
	})
	fmt.Println(apptest.Wire(app, "POST /import\nContent-Type: application/jsonl\n\n{\"celsius\":20}\n{\"celsius\":1.5}\n"))
	fmt.Println(apptest.Wire(app, "POST /import\nContent-Type: application/jsonl\n\n{\"celsius\":20}\n{}\n"))
	// Output:
	// 200 | 21.5
	// 422 | {"detail":[{"type":"missing","loc":["body",2,"celsius"],"msg":"Field required"}]}
}

func ExampleLinesOf() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/names", func(context.Context, candor.None) (candor.JSONLines[string], error) {
		return candor.LinesOf(slices.Values([]string{"ann", "bob"})), nil
	})
	fmt.Print(apptest.Fetch(app, "/names").Body)
	// Output:
	// "ann"
	// "bob"
}

func ExampleEvents() {
	app := candor.New(candor.Config{})
	type WatchTemperatures struct {
		Last int `header:"Last-Event-ID" default:"0"`
	}

	candor.Get(app, "/temperatures", func(_ context.Context, in WatchTemperatures) (candor.Events[temperature], error) {
		return func(yield func(candor.Event[temperature], error) bool) {
			for n := in.Last + 1; n <= 2; n++ {
				event := candor.Event[temperature]{Name: "reading", ID: fmt.Sprint(n), Data: temperature{20 + float64(n)}}
				if !yield(event, nil) {
					return
				}
			}
		}, nil
	}, candor.Heartbeat(30*time.Second))
	fmt.Print(apptest.Fetch(app, "/temperatures").Body)
	// Output:
	// event: reading
	// data: {"celsius":21}
	// id: 1
	//
	// event: reading
	// data: {"celsius":22}
	// id: 2
}

// Every value is sent as data, and Raw as it is; an event with only a comment has no data.
func ExampleEvent() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/count", func(context.Context, candor.None) (candor.Events[any], error) {
		return func(yield func(candor.Event[any], error) bool) {
			_ = yield(candor.Event[any]{Comment: "counting", NoData: true}, nil) &&
				yield(candor.Event[any]{Data: 0, ID: "1"}, nil) &&
				yield(candor.Event[any]{Data: candor.Raw("[DONE]")}, nil)
		}, nil
	})
	fmt.Print(apptest.Fetch(app, "/count").Body)
	// Output:
	// : counting
	//
	// data: 0
	// id: 1
	//
	// data: [DONE]
}

func ExampleEventsOf() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/lines", func(context.Context, candor.None) (candor.Events[candor.Raw], error) {
		return candor.EventsOf(slices.Values([]candor.Raw{"as it is", "two\nlines"})), nil
	})
	fmt.Print(apptest.Fetch(app, "/lines").Body)
	// Output:
	// data: as it is
	//
	// data: two
	// data: lines
}
