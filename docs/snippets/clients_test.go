package snippets_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/candor-go/candor"
)

type PartRef struct {
	ID int `path:"part_id" validate:"gte=1"`
}

type Part struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

var ErrPartNotFound = candor.Error(404, "part not found")

func readPart(_ context.Context, in PartRef) (Part, error) {
	if in.ID != 1 {
		return Part{}, ErrPartNotFound
	}
	return Part{1, "bolt"}, nil
}

// Parts has the routes of a service, for its server and its clients.
type Parts struct {
	App  *candor.App
	Read *candor.Route[PartRef, Part]
}

func NewParts() Parts {
	app := candor.New(candor.Config{})
	p := Parts{App: app, Read: candor.Get(app, "/parts/{part_id}", readPart, candor.Raises(ErrPartNotFound))}
	app.Seal()
	return p
}

func callParts(ctx context.Context, parts Parts, client candor.Client) error {
	part, err := parts.Read.Call(ctx, client, PartRef{ID: 1})
	if err != nil {
		return err
	}
	fmt.Println(part.Name)

	_, err = parts.Read.Call(ctx, client, PartRef{ID: 2})
	fmt.Println(errors.Is(err, ErrPartNotFound))

	_, err = parts.Read.Call(ctx, client, PartRef{ID: 0})
	if invalid, ok := errors.AsType[*candor.ValidationError](err); ok {
		fmt.Println(invalid.Faults[0].Loc, invalid.Faults[0].Msg)
	}
	return nil
}

func linkToPart(parts Parts) (string, error) {
	return parts.Read.URL(PartRef{ID: 1})
}

func Example_clients() {
	parts := NewParts()
	fmt.Println(callParts(context.Background(), parts, candor.InProcess(parts.App)))
	fmt.Println(linkToPart(parts))
	// Output:
	// bolt
	// true
	// [path part_id] Must be greater than or equal to 1
	// <nil>
	// /parts/1 <nil>
}
