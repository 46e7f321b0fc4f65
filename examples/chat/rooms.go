package main

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"iter"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/hub"
	"github.com/candor-go/candor/source"
)

// Say is a message that a member of a room sends.
type Say struct {
	Text string `json:"text" validate:"min=1,max=500" example:"hello"`
}

// Said is a message that all members receive.
type Said struct {
	From string `json:"from" example:"ann"`
	Say
}

//go:embed web
var web embed.FS

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

func newApp(s shared) *candor.App {
	app := candor.New(candor.Config{
		Title: "Chat", Version: "1.0.0", Description: "Rooms in which people talk.",
		License: candor.License{Name: "MIT", Identifier: "MIT"},
		Source:  source.Of(code),
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags:    []candor.Tag{{Name: "rooms", Description: "Where people talk"}},
	}, candor.Tags("rooms"))
	candor.ProvideShared(app, s.open)
	candor.WebSocket(app, "/api/rooms/{room}", join, candor.Raises(hub.ErrUnavailable))
	page, err := fs.Sub(web, "web")
	if err != nil {
		panic(err)
	}
	app.Frontend("/", page)
	return app
}

type Join struct {
	Room string         `path:"room" validate:"max=40" pattern:"^[a-z]+$"`
	Name string         `query:"name" validate:"min=1,max=20" example:"ann"`
	Hub  *hub.Hub[Said] `dep:""`
}

// join enters a room. Messages of the client go to all members, and theirs to
// the client. If it is unknown whether a message was received, the connection
// is closed with 1013.
func join(ctx context.Context, in Join, s *candor.Socket[Say, Said]) error {
	member, leave := context.WithCancel(ctx)
	defer leave()
	heard, err := in.Hub.Subscribe(member, in.Room, "")
	if err != nil {
		return err
	}
	told := make(chan error, 1)
	go func() {
		defer leave()
		told <- tell(ctx, s, heard)
	}()
	for say, err := range s.Messages(member) {
		if err != nil {
			break
		}
		if _, err := in.Hub.Publish(ctx, in.Room, Said{in.Name, say}); err != nil {
			return candor.Close(1013, "try again later")
		}
	}
	leave()
	return <-told
}

// tell sends the messages of the room. A client that cannot keep up may
// reconnect later.
func tell(ctx context.Context, s *candor.Socket[Say, Said], heard iter.Seq2[hub.Message[Said], error]) error {
	for message, err := range heard {
		if errors.Is(err, hub.ErrSlowSubscriber) {
			return candor.Close(1013, "too slow")
		}
		if err != nil {
			return err
		}
		if err := s.Send(ctx, message.Data); err != nil {
			return err
		}
	}
	return nil
}
