package main

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/candor-go/candor"
)

type SayHello struct {
	Name string `path:"name" validate:"max=20"`
}

func hello(_ context.Context, in SayHello) (string, error) {
	return "hello " + in.Name, nil
}

func main() {
	old := http.NewServeMux() // or a router of chi, gin or echo
	old.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "user ", r.PathValue("id"))
	})

	app := candor.New(candor.Config{Title: "Hello"})
	candor.Get(app, "/hello/{name}", hello)
	app.Mount("/old", old)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
