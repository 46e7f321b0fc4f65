package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
)

// Sockets are not tried; what else there is keeps the document.
func TestConform(t *testing.T) {
	candortest.Conform(t, newApp())
}
