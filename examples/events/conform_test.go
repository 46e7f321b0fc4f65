package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
)

// Messages and events are what the document says, each of them.
func TestConform(t *testing.T) {
	candortest.Conform(t, newApp(newChat()), candortest.Values("room", "tea", "coffee"))
}
