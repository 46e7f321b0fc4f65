package main

import (
	"context"
	"fmt"
	"log"

	"github.com/candor-go/candor"
)

type Pool struct{}

func openPool(_ context.Context, _ candor.None, use func(*Pool) error) error {
	fmt.Println("open the pool")
	defer fmt.Println("close the pool")
	return use(&Pool{})
}

func warmUp(ctx context.Context, serve func(context.Context) error) error {
	fmt.Println("warm up")
	defer fmt.Println("cool down")
	return serve(ctx)
}

type UsePool struct {
	Pool *Pool `dep:""`
}

func use(context.Context, UsePool) (candor.None, error) { return candor.None{}, nil }

func main() {
	app := candor.New(candor.Config{Title: "Life"})
	candor.ProvideShared(app, openPool)
	app.Lifespan(warmUp)
	candor.Get(app, "/", use)

	stop, err := app.Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("serve")
	if err := stop(); err != nil {
		log.Fatal(err)
	}
}
