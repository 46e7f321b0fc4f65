package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

func TestRoom(t *testing.T) {
	client := candor.NewTestClient(t, newApp(shared{}))
	ann, bob := client.WebSocket("/api/rooms/tea?name=ann"), client.WebSocket("/api/rooms/tea?name=bob")
	eve := client.WebSocket("/api/rooms/coffee?name=eve")
	// The first message of each shows that they have joined.
	for name, socket := range map[string]*candor.TestSocket{"bob": bob, "eve": eve} {
		var said Said
		socket.Send(Say{"hello"}).Receive(&said)
		assert.Equal(t, Said{name, Say{"hello"}}, said)
	}

	ann.Send(Say{"tea?"})
	var said Said
	bob.Receive(&said)
	assert.Equal(t, Said{"ann", Say{"tea?"}}, said)
	eve.Send(Say{"alone"}).Receive(&said)
	assert.Equal(t, Said{"eve", Say{"alone"}}, said, "rooms are apart")
	bob.Close(1000, "")

	code, reason := eve.Send(Say{}).Closed()
	assert.Equal(t, 1008, code)
	assert.Equal(t, "message.text: Must have at least 1 character", reason)
}

func TestRefusals(t *testing.T) {
	client := candor.NewTestClient(t, newApp(shared{}))
	assert.Len(t, client.WebSocket("/api/rooms/TEA?name=").Response.Faults(), 2)
	client.Get("/api/rooms/tea?name=ann").Status(426)
}

func TestPage(t *testing.T) {
	client := candor.NewTestClient(t, newApp(shared{}))
	page := client.Get("/").Status(200).Text()
	assert.Contains(t, page, "new WebSocket")
	accept := candor.WithHeader("Accept", "text/html")
	assert.Equal(t, page, client.Get("/coffee", accept).Status(200).Text(), "every path is the page's")
	client.Get("/missing.js").Status(404)
}
