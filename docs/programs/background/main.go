package main

import (
	"context"
	"log"
	"os"

	"github.com/candor-go/candor"
)

type Register struct {
	Email string `body:"email" validate:"email"`
	Tasks *candor.Tasks
}

func register(_ context.Context, in Register) (string, error) {
	in.Tasks.Add(func(context.Context) error {
		return os.WriteFile("outbox.txt", []byte("Welcome, "+in.Email+"\n"), 0o600)
	})
	return "registered", nil
}

func main() {
	app := candor.New(candor.Config{Title: "Users"})
	candor.Post(app, "/users", register, candor.Status(202))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
