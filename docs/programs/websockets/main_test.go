package main

import (
	"testing"

	"github.com/candor-go/candor"
)

func TestEcho(t *testing.T) {
	socket := candor.NewTestClient(t, newApp()).WebSocket("/rooms/blue")
	var got Message
	socket.Send(Message{Text: "hello"}).Receive(&got)
	if got.Text != "blue: hello" {
		t.Errorf("got %q", got.Text)
	}
	socket.Send(Message{Text: ""})
	if code, reason := socket.Closed(); code != 1008 {
		t.Errorf("closed with %d %s", code, reason)
	}
}
