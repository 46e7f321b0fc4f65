package candor_test

import (
	"context"
	"fmt"
	"log"

	"github.com/candor-go/candor"
)

// tbLog lets an example use a TestClient.
type tbLog struct{ cleanups []func() }

func (t *tbLog) Helper()                           {}
func (t *tbLog) Cleanup(f func())                  { t.cleanups = append(t.cleanups, f) }
func (t *tbLog) Errorf(format string, args ...any) { log.Printf(format, args...) }
func (t *tbLog) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (t *tbLog) end() {
	for i := range t.cleanups {
		t.cleanups[len(t.cleanups)-1-i]()
	}
}

func ExampleWebSocket() {
	type Say struct {
		Text string `json:"text" validate:"min=1,max=500"`
	}
	type Said struct {
		Room string `json:"room"`
		Text string `json:"text"`
	}
	app := candor.New(candor.Config{})
	type EnterRoom struct {
		Room string `path:"room" validate:"max=20"`
	}

	candor.WebSocket(app, "/rooms/{room}", func(ctx context.Context, in EnterRoom, s *candor.Socket[Say, Said]) error {
		for say, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			if say.Text == "bye" {
				return candor.Close(4000, "see you")
			}
			if err := s.Send(ctx, Said{in.Room, say.Text}); err != nil {
				return err
			}
		}
		return nil
	})

	tb := &tbLog{}
	defer tb.end()
	c := candor.NewTestClient(tb, app)

	var said Said
	socket := c.WebSocket("/rooms/go")
	socket.Send(Say{"hello"}).Receive(&said)
	code, reason := socket.Send(Say{"bye"}).Closed()
	fmt.Println(said.Room, said.Text, code, reason)

	code, reason = c.WebSocket("/rooms/go").Send(Say{}).Closed()
	fmt.Println(code, reason)
	// Output:
	// go hello 4000 see you
	// 1008 message.text: Must have at least 1 character
}

// An invalid message gets its validation errors as a reply, and the connection stays open.
func ExampleReplyToInvalidMessages() {
	type Order struct {
		Items int `json:"items" validate:"gte=1"`
	}
	app := candor.New(candor.Config{})
	takeOrders := func(ctx context.Context, _ candor.None, s *candor.Socket[Order, string]) error {
		for order, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			if err := s.Send(ctx, fmt.Sprint("taken: ", order.Items)); err != nil {
				return err
			}
		}
		return nil
	}
	candor.WebSocket(app, "/orders", takeOrders, candor.ReplyToInvalidMessages())

	tb := &tbLog{}
	defer tb.end()
	socket := candor.NewTestClient(tb, app).WebSocket("/orders")
	var answer string
	socket.Send(Order{0}).Receive(&answer)
	fmt.Println(answer)
	socket.Send(Order{2}).Receive(&answer)
	fmt.Println(answer)
	// Output:
	// {"detail":[{"type":"greater_than_equal","loc":["message","items"],"msg":"Must be greater than or equal to 1","ctx":{"ge":1}}]}
	// taken: 2
}

// A terminal sends its output as binary messages and commands as text messages.
func ExampleFrame() {
	app := candor.New(candor.Config{})
	candor.WebSocket(app, "/terminal", func(ctx context.Context, _ candor.None, s *candor.Socket[candor.Frame, candor.Frame]) error {
		for frame, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			if !frame.Binary {
				fmt.Printf("command: %s\n", frame.Data)
				continue
			}
			if err := s.Send(ctx, candor.Frame{Binary: true, Data: append(frame.Data, '\n')}); err != nil {
				return err
			}
		}
		return nil
	})

	tb := &tbLog{}
	defer tb.end()
	c := candor.NewTestClient(tb, app)
	var output candor.Frame
	c.WebSocket("/terminal").Send("resize 80 24").Send([]byte("ls")).Receive(&output)
	fmt.Printf("%v %q\n", output.Binary, output.Data)

	// Output:
	// command: resize 80 24
	// true "ls\n"
}
