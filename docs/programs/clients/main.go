package main

import (
	"context"
	"fmt"
	"log"

	"github.com/candor-go/candor"
)

type Add struct {
	A int `query:"a"`
	B int `query:"b" validate:"lte=100"`
}

func add(_ context.Context, in Add) (int, error) { return in.A + in.B, nil }

func main() {
	app := candor.New(candor.Config{Title: "Sums"})
	route := candor.Get(app, "/sum", add)

	sum, err := route.Call(context.Background(), candor.InProcess(app), Add{A: 40, B: 2})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum)

	_, err = route.Call(context.Background(), candor.InProcess(app), Add{A: 1, B: 1000})
	fmt.Println(err)

	url, err := route.URL(Add{A: 1, B: 2})
	fmt.Println(url, err)
}
