package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type User struct{ Name string }

type CurrentUser struct {
	Token candor.Bearer
}

func currentUser(_ context.Context, in CurrentUser) (User, error) {
	return User{Name: string(in.Token)}, nil
}

type Me struct {
	User User `dep:""`
}

func me(_ context.Context, in Me) (string, error) { return in.User.Name, nil }

// Paged is embedded by the inputs of lists.
type Paged struct {
	Skip  int `query:"skip" default:"0"`
	Limit int `query:"limit" default:"100"`
}

type ListUsers struct {
	Paged
}

func listUsers(_ context.Context, in ListUsers) ([]int, error) {
	ids := []int{}
	for id := in.Skip; id < in.Skip+in.Limit; id++ {
		ids = append(ids, id)
	}
	return ids, nil
}

func main() {
	users := candor.NewRouter("/users", candor.Tags("users"))
	candor.Get(users, "/me", me)
	candor.Get(users, "", listUsers)

	app := candor.New(candor.Config{})
	candor.Provide(app, currentUser)
	app.Include(users, candor.Prefix("/api/v1"))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
