package main

import (
	"testing"

	"github.com/candor-go/candor"
)

func TestGreet(t *testing.T) {
	c := candor.NewTestClient(t, newApp())

	var got Greeting
	c.Get("/hello/Ann?times=2").Status(200).JSON(&got)
	if got.Text != "Hello Ann Ann" {
		t.Errorf("got %q", got.Text)
	}

	faults := c.Get("/hello/Ann?times=9").Faults()
	if faults[0].Type != "less_than_equal" {
		t.Errorf("got %v", faults)
	}
}
