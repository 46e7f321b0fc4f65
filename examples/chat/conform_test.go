package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/internal/documenttest"
)

// Everything except WebSockets behaves as documented.
func TestConform(t *testing.T) {
	candortest.Conform(t, newApp(shared{}))
}

// The document changes only on purpose.
func TestGoldenDocument(t *testing.T) {
	documenttest.Golden(t, "document", newApp(shared{}))
}
