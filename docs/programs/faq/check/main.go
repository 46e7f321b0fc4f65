package main

import (
	"context"
	"fmt"

	"github.com/candor-go/candor"
)

type Clock interface{ Now() string }

type ReadTime struct {
	Clock Clock `dep:""`
}

func readTime(_ context.Context, in ReadTime) (string, error) { return in.Clock.Now(), nil }

func main() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/time", readTime)
	fmt.Println(app.Check())
}
