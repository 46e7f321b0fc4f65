package main

import (
	"testing"
	"time"

	"github.com/candor-go/candor"
)

func TestMorning(t *testing.T) {
	app := newApp()
	candor.OverrideValue[Clock](app, func() time.Time { return time.Date(2030, 1, 1, 8, 0, 0, 0, time.UTC) })
	var got string
	candor.NewTestClient(t, app).Get("/greeting").Status(200).JSON(&got)
	if got != "Good morning" {
		t.Error(got)
	}
}
