// Package products is what the shop sells.
package products

import (
	"sync"

	"github.com/candor-go/candor"
)

// Product is for sale.
type Product struct {
	ID    int    `json:"id"`
	Title string `json:"title" validate:"min=1,max=100"`
}

// ErrNotFound is the response to an unknown id.
var ErrNotFound = candor.Error(404, "product not found")

// Store keeps products in memory.
type Store struct {
	mutex    sync.Mutex
	products []Product
}

// Add puts a product into the store.
func (s *Store) Add(title string) Product {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	product := Product{ID: len(s.products) + 1, Title: title}
	s.products = append(s.products, product)
	return product
}

// Find returns the product with an id, or ErrNotFound.
func (s *Store) Find(id int) (Product, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if id > len(s.products) {
		return Product{}, ErrNotFound
	}
	return s.products[id-1], nil
}
