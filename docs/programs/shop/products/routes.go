package products

import (
	"context"

	"github.com/candor-go/candor"

	"example.com/shop/auth"
)

// Routes are the operations on products.
func Routes() *candor.Router {
	r := candor.NewRouter("/products", candor.Tags("products"))
	candor.ProvideValue(r, &Store{})
	candor.Post(r, "", create, candor.Status(201), candor.Needs[auth.User]())
	candor.Get(r, "/{id}", read, candor.Raises(ErrNotFound))
	return r
}

// CreateIn is the input of POST /products.
type CreateIn struct {
	Title string `body:"title" validate:"min=1,max=100"`
	Store *Store `dep:""`
}

func create(_ context.Context, in CreateIn) (Product, error) {
	return in.Store.Add(in.Title), nil
}

// ReadIn is the input of GET /products/{id}.
type ReadIn struct {
	ID    int    `path:"id" validate:"gte=1"`
	Store *Store `dep:""`
}

func read(_ context.Context, in ReadIn) (Product, error) {
	return in.Store.Find(in.ID)
}
