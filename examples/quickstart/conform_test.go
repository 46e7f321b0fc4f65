package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/internal/documenttest"
)

// The service behaves as documented.
func TestConform(t *testing.T) {
	candortest.Conform(t, newApp(newShop()))
}

// The document changes only on purpose.
func TestGoldenDocument(t *testing.T) {
	documenttest.Golden(t, "document", newApp(newShop()))
}
