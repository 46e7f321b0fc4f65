// Package benchmarks compares Candor with its peers, each doing the same jobs
// the way its own documentation would have it done. TestContract holds all of
// them to the same answers; BenchmarkServe measures them in process, and
//
//	go run ./cmd/table
//
// writes what it finds to docs/benchmarks.md.
package benchmarks

import "net/http"

// Contender is one way to write the service of this package:
//
//	GET  /              {"message": "Hello, World"}
//	GET  /items/{id}    the id, q and limit it was asked with, as a Search
//	GET  /items         a hundred items
//	POST /items         the item that was sent
//	POST /items/batch   {"count": n} of the items that were sent
//	GET  /me            the Account of the request's bearer token
//
// The id is at least 1, q has at most 50 characters and is "" without, limit is
// from 1 to 100 and 20 without. Items keep the rules of [Item], each element of
// a batch on its own. What breaks a rule answers 422 and names every field that
// does; a body that cannot be read is a 4xx. Who asks for /me without a known
// token gets a 401, and a 403 where the account is no editor's.
type Contender interface {
	Service
	// Hub is another service: it has the HubRoutes.
	Hub() http.Handler
}

// Service is a way to write one service.
type Service interface {
	Name() string
	Handler() http.Handler
}

// Contenders lists all, the yardstick first.
func Contenders() []Contender {
	return []Contender{Bare(), BareValidator(), Chi(), Gin(), Echo(), Huma(), Candor()}
}

// contender is a Contender made of its parts.
type contender struct {
	name    string
	handler func() http.Handler
	hub     func() http.Handler
}

// Name is that of the contender.
func (c contender) Name() string { return c.name }

// Handler is the service, made anew.
func (c contender) Handler() http.Handler { return c.handler() }

// Hub is the large service, made anew.
func (c contender) Hub() http.Handler { return c.hub() }

// Item is what is sold. The tag is in the notation of go-playground/validator.
type Item struct {
	Name     string   `json:"name" validate:"min=1,max=50"`
	Email    string   `json:"email" validate:"email"`
	Price    float64  `json:"price" validate:"gte=0,lte=100000"`
	Quantity int      `json:"quantity" validate:"gte=1,lte=1000"`
	Category string   `json:"category" validate:"oneof=books electronics garden toys"`
	Tags     []string `json:"tags" validate:"max=5,dive,min=1,max=20"`
}

// Search is the answer of GET /items/{id}.
type Search struct {
	ID    int    `json:"id"`
	Q     string `json:"q"`
	Limit int    `json:"limit"`
}

// Greeting is the answer of GET /.
type Greeting struct {
	Message string `json:"message"`
}

// Count is the answer of POST /items/batch.
type Count struct {
	Count int `json:"count"`
}

const greeting = "Hello, World"

// stock is what GET /items lists.
func stock() []Item {
	items := make([]Item, 100)
	for i := range items {
		items[i] = Item{
			Name: "Mechanical keyboard", Email: "sales@shop.example.com", Price: 99.5 + float64(i), Quantity: i + 1,
			Category: "electronics", Tags: []string{"keyboards", "wireless"},
		}
	}
	return items
}
