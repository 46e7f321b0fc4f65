package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
)

func TestConform(t *testing.T) {
	candortest.Conform(t, newApp(newDepot()))
}
