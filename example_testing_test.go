package candor_test

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor"
)

// printing is a testing.TB that prints, because examples have no t.
type printing struct{ cleanups []func() }

func (p *printing) Helper()          {}
func (p *printing) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }
func (p *printing) Errorf(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
}

func (p *printing) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

// end runs the clean-up functions, as the end of a test does.
func (p *printing) end() {
	for _, f := range p.cleanups {
		f()
	}
}

type Measured struct {
	Celsius float64 `json:"celsius"`
}

func measureForever(ctx context.Context, _ candor.None) (candor.Events[Measured], error) {
	return func(yield func(candor.Event[Measured], error) bool) {
		defer fmt.Println("the thermometer is switched off")
		for n := 1.0; ctx.Err() == nil; n++ {
			if !yield(candor.Event[Measured]{Name: "reading", Data: Measured{20 + n}}, nil) {
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
		}
	}, nil
}

func ExampleTestClient() {
	t := &printing{}
	defer t.end()

	app := candor.New(candor.Config{})
	type AddUp struct {
		Body []int `body:""`
	}

	candor.Post(app, "/sums", func(_ context.Context, in AddUp) (int, error) {
		sum := 0
		for _, n := range in.Body {
			sum += n
		}
		return sum, nil
	})

	c := candor.NewTestClient(t, app)
	var sum int
	c.Post("/sums", []int{1, 2, 3}).Status(200).JSON(&sum)
	fmt.Println(sum)
	fmt.Println(c.Post("/sums", `[1,"2"]`).Faults()[0].Loc)
	// Output:
	// 6
	// [body 1]
}

func ExampleTestClient_Stream() {
	t := &printing{}
	defer t.end()

	app := candor.New(candor.Config{})
	candor.Get(app, "/readings", measureForever)

	c := candor.NewTestClient(t, app)
	for event, err := range candor.ReadEvents[Measured](c.Stream("GET", "/readings", nil)) {
		fmt.Println(event.Name, event.Data.Celsius, err)
		if event.Data.Celsius == 22 {
			break
		}
	}
	fmt.Println("the loop is over")
	// Output:
	// reading 21 <nil>
	// reading 22 <nil>
	// the thermometer is switched off
	// the loop is over
}

func ExampleReadLines() {
	t := &printing{}
	defer t.end()

	app := candor.New(candor.Config{})
	candor.Get(app, "/export", func(context.Context, candor.None) (candor.JSONLines[Measured], error) {
		return func(yield func(Measured, error) bool) {
			_ = yield(Measured{20}, nil) && yield(Measured{21}, nil)
		}, nil
	})

	c := candor.NewTestClient(t, app)
	for reading, err := range candor.ReadLines[Measured](c.Stream("GET", "/export", nil)) {
		fmt.Println(reading.Celsius, err)
	}
	// Output:
	// 20 <nil>
	// 21 <nil>
}

func ExampleTestClient_WebSocket() {
	t := &printing{}
	defer t.end()

	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/halves", func(ctx context.Context, _ candor.None, s *candor.Socket[float64, float64]) error {
		for n, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			if err := s.Send(ctx, n/2); err != nil {
				return err
			}
		}
		return nil
	})

	c := candor.NewTestClient(t, app)
	var half float64
	socket := c.WebSocket("/halves").Send(3).Receive(&half)
	fmt.Println(half)
	fmt.Println(socket.Send(`"three"`).Closed())
	// Output:
	// 1.5
	// 1008 message: Expected a number
}

// A test fails if the document is wrong about a response or a request.
func ExampleUnchecked() {
	t := &printing{}
	defer t.end()

	type order struct {
		Name string `json:"name" validate:"max=3"`
	}
	app := candor.New(candor.Config{EditDocument: func(doc *openapi3.T) {
		doc.Components.Schemas["order"].Value.Properties["name"].Value.MaxLength = nil
	}})
	type CreateOrder struct {
		Body order `body:""`
	}

	candor.Post(app, "/orders", func(context.Context, CreateOrder) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("createOrder"))

	c := candor.NewTestClient(t, app)
	c.Post("/orders", `{"name":"longer"}`).Status(422)
	c.Post("/orders", `{"name":"longer"}`, candor.Unchecked()).Status(422)
	// Output:
	// POST /orders (createOrder): the app and its document disagree about body.name
	// 	promised: no maxLength that refuses this: the document allows it
	// 	came:     422, the app refused {"name":"longer"} for string_too_long {"max_length":3}
}

func ExampleWithFile() {
	t := &printing{}
	defer t.end()

	app := candor.New(candor.Config{})
	type AddPhoto struct {
		Album string        `form:"album"`
		Image candor.Upload `file:"image"`
	}

	candor.Post(app, "/photos", func(_ context.Context, in AddPhoto) (string, error) {
		return in.Album + "/" + in.Image.Filename, nil
	})

	c := candor.NewTestClient(t, app)
	answer := c.Post("/photos", nil,
		candor.WithFile("image", "cat.png", []byte("pixels")),
		candor.WithForm(url.Values{"album": {"pets"}}))
	fmt.Println(answer.Text())
	// Output: "pets/cat.png"
}
