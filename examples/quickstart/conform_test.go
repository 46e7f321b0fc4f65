package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
)

// The service keeps what its document says.
func TestConform(t *testing.T) {
	candortest.Conform(t, newApp(newShop()))
}
