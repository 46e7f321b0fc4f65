package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/internal/documenttest"
)

// Sockets are not tried; what else there is keeps the document.
func TestConform(t *testing.T) {
	candortest.Conform(t, newApp(shared{}))
}

// The document changes on purpose only.
func TestGoldenDocument(t *testing.T) {
	documenttest.Golden(t, "document", newApp(shared{}))
}
