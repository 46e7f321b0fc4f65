package main

import (
	"testing"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

func TestDouble(t *testing.T) {
	if got, err := double(t.Context(), Double{N: 21}); got != 42 || err != nil {
		t.Error(got, err)
	}
}

func TestRoute(t *testing.T) {
	c := candor.NewTestClient(t, newApp())
	var got int
	c.Get("/double/21").Status(200).JSON(&got)
	if got != 42 {
		t.Error(got)
	}
	if faults := c.Get("/double/x").Faults(); faults[0].Type != "int_parsing" {
		t.Error(faults)
	}
}

func TestConform(t *testing.T) {
	candortest.Conform(t, newApp())
}
