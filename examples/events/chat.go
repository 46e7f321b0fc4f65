package main

import (
	"cmp"
	"context"
	"embed"
	"slices"
	"sync"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/hub"
	"github.com/candor-go/candor/source"
)

// MessageIn is a message to send.
type MessageIn struct {
	From string `json:"from" validate:"min=1,max=20" example:"ann"`
	Text string `json:"text" validate:"min=1,max=500" example:"hello"`
}

// Message is a message in a room.
type Message struct {
	Number int `json:"number"`
	MessageIn
}

// RoomRef names a room in a path. Rooms need not be created.
type RoomRef struct {
	Room string `path:"room" validate:"max=40" pattern:"^[a-z]+$"`
}

// chat stores the messages. Its methods are the handlers.
type chat struct {
	hub   *hub.Hub[Message]
	mutex sync.Mutex
	rooms map[string][]Message
}

func newChat() *chat {
	return &chat{hub: hub.New[Message](hub.Config{}), rooms: map[string][]Message{}}
}

//go:embed page.html
var page candor.HTML

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

func newApp(c *chat) *candor.App {
	app := candor.New(candor.Config{
		Title: "Chat", Version: "1.0.0", Description: "Rooms that are heard live.",
		License: candor.License{Name: "MIT", Identifier: "MIT"},
		Source:  source.Of(code),
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags:    []candor.Tag{{Name: "rooms", Description: "Where people talk"}},
	}, candor.Tags("rooms"))
	app.Lifespan(func(ctx context.Context, serve func(context.Context) error) error {
		defer c.hub.Close()
		return serve(ctx)
	})

	candor.Get(app, "/", func(context.Context, candor.None) (candor.HTML, error) { return page, nil }, candor.Hidden())
	candor.Post(app, "/rooms/{room}/messages", c.say, candor.Status(201))
	candor.Get(app, "/rooms/{room}/messages", c.export)
	candor.Get(app, "/rooms/{room}/events", c.listen)
	return app
}

type SayIn struct {
	RoomRef
	Body MessageIn `body:""`
}

// say sends a message to all clients of a room.
func (c *chat) say(ctx context.Context, in SayIn) (Message, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	message := Message{len(c.rooms[in.Room]) + 1, in.Body}
	if _, err := c.hub.Publish(ctx, in.Room, message); err != nil {
		return Message{}, err
	}
	c.rooms[in.Room] = append(c.rooms[in.Room], message)
	return message, nil
}

type ListenIn struct {
	RoomRef
	Last  string `header:"Last-Event-ID,omitempty"`
	After string `query:"after,omitempty" doc:"The id of the last event that was received, for those who cannot set headers"`
}

// listen streams the messages of a room.
//
// The stream continues after the last event that the client has received.
// Browsers send its id when they reconnect, and pages when they start again.
func (c *chat) listen(ctx context.Context, in ListenIn) (candor.Events[Message], error) {
	return c.hub.Events(ctx, in.Room, cmp.Or(in.Last, in.After))
}

// export exports the messages of a room, one JSON object per line.
func (c *chat) export(_ context.Context, in RoomRef) (candor.JSONLines[Message], error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return candor.LinesOf(slices.Values(slices.Clone(c.rooms[in.Room]))), nil
}
