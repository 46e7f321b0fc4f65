package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type UserRef struct {
	ID int `path:"id"`
}

func readUser(_ context.Context, in UserRef) (int, error) { return in.ID, nil }

func users() *candor.Router {
	r := candor.NewRouter("/users", candor.Tags("users"))
	candor.Get(r, "/{id}", readUser)
	return r
}

func main() {
	app := candor.New(candor.Config{Title: "Users"})
	app.Include(users(), candor.Prefix("/v1"), candor.Deprecated())
	app.Include(users(), candor.Prefix("/v2"))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
