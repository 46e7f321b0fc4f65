package snippets_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

type greeting struct {
	Text string `json:"text"`
}

type Greet struct {
	Name  string `path:"name" validate:"max=20"`
	Times int    `query:"times" default:"1" validate:"gte=1,lte=3"`
}

func greet(_ context.Context, in Greet) (greeting, error) {
	text := "Hello"
	for range in.Times {
		text += " " + in.Name
	}
	return greeting{text}, nil
}

func newGreeter() *candor.App {
	app := candor.New(candor.Config{Title: "Greeter"})
	candor.Get(app, "/hello/{name}", greet)
	return app
}

func TestGreet(t *testing.T) {
	c := candor.NewTestClient(t, newGreeter())

	var got greeting
	c.Get("/hello/Ann?times=2").Status(200).JSON(&got)
	assert.Equal(t, "Hello Ann Ann", got.Text)

	faults := c.Get("/hello/Ann?times=9").Faults()
	assert.Equal(t, "less_than_equal", faults[0].Type)
}
