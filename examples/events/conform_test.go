package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/internal/documenttest"
)

// Messages and events are as documented.
func TestConform(t *testing.T) {
	candortest.Conform(t, newApp(newChat()), candortest.Values("room", "tea", "coffee"))
}

// The document changes only on purpose.
func TestGoldenDocument(t *testing.T) {
	documenttest.Golden(t, "document", newApp(newChat()))
}
