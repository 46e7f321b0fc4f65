package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Join struct {
	Room string `path:"room"`
}

type Message struct {
	Text string `json:"text" validate:"min=1,max=200"`
}

// echo sends each message back.
func echo(ctx context.Context, in Join, socket *candor.Socket[Message, Message]) error {
	for message, err := range socket.Messages(ctx) {
		if err != nil {
			return err
		}
		if err := socket.Send(ctx, Message{Text: in.Room + ": " + message.Text}); err != nil {
			return err
		}
	}
	return nil
}

func newApp() *candor.App {
	app := candor.New(candor.Config{Title: "Rooms"})
	candor.WebSocket(app, "/rooms/{room}", echo)
	return app
}

func main() {
	if err := newApp().Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
