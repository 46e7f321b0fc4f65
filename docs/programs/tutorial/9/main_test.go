package main

import (
	"net/url"
	"path/filepath"
	"testing"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

func testApp(t *testing.T) *candor.App {
	return newApp(Settings{
		Database: filepath.Join(t.TempDir(), "books.db"),
		Secret:   "a secret for tests",
	})
}

func TestBooks(t *testing.T) {
	c := candor.NewTestClient(t, testApp(t))
	emma := BookIn{Title: "Emma", Author: "Jane Austen"}

	c.Get("/books/1").Status(404)
	c.Post("/books", emma).Status(401)

	c.Post("/users", Credentials{Name: "ann", Password: "correct horse"}).Status(201)
	c.Post("/users", Credentials{Name: "ann", Password: "another one"}).Status(409)

	var token Token
	form := url.Values{"username": {"ann"}, "password": {"correct horse"}}
	c.Post("/token", nil, candor.WithForm(form)).Status(200).JSON(&token)

	var created, read Book
	authorized := candor.WithHeader("Authorization", "Bearer "+token.AccessToken)
	c.Post("/books", emma, authorized).Status(201).JSON(&created)
	c.Get("/books/1").Status(200).JSON(&read)
	if created != read || read.BookIn != emma {
		t.Errorf("created %v, read %v", created, read)
	}
}

func TestFaults(t *testing.T) {
	c := candor.NewTestClient(t, testApp(t))
	faults := c.Get("/books?limit=1000").Faults()
	if len(faults) != 1 || faults[0].Type != "less_than_equal" {
		t.Errorf("got %v", faults)
	}
}

// The service behaves as documented, for all kinds of requests.
func TestConform(t *testing.T) {
	app := testApp(t)
	candor.OverrideValue(app, User{ID: 1, Name: "ann"}) // every request is logged in
	candortest.Conform(t, app, candortest.Cases(20), candortest.WithoutSuccess("login"))
}
