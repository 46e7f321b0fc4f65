package main

import (
	"context"
	"fmt"

	"github.com/candor-go/candor"
)

// report is a testing.TB that prints.
type report struct{ candor.TB }

func (report) Helper()                           {}
func (report) Cleanup(func())                    {}
func (report) Context() context.Context          { return context.Background() }
func (report) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (report) Fatalf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

type ReadItem struct {
	ID int `path:"id"`
}

func readItem(_ context.Context, in ReadItem) (int, error) {
	if in.ID != 1 {
		return 0, candor.Error(404, "item not found")
	}
	return in.ID, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Items"})
	candor.Get(app, "/items/{id}", readItem)
	candor.NewTestClient(report{}, app).Get("/items/2")
}
