// Package benchmarks compares Candor with other frameworks. Each implements the same services as its own documentation
// recommends. TestContract checks that all of them give the same responses, and
//
//	go run ./cmd/table
//
// measures them and writes the results to docs/benchmarks.md.
package benchmarks

import (
	"context"
	"net"
	"runtime"
	"runtime/debug"
	"time"
)

// Contender is one implementation of the services in this package.
type Contender interface {
	// Name is its name in tables.
	Name() string
	// Version returns the versions of its components, or an error if they are not installed.
	Version() (string, error)
	// Serve serves a service until the context ends.
	Serve(ctx context.Context, s Service, l net.Listener) error
	// Drive prepares a service for requests without a socket, until the context ends. The returned function sends the given
	// number of requests of the workload.
	Drive(ctx context.Context, w Workload) (func(n int) (Cost, error), error)
	// Start creates a service with that many groups of four operations.
	Start(ctx context.Context, groups int) (Started, error)
}

// Service is one of the two services.
type Service string

const (
	// Items is the service of
	//
	//	GET  /              {"message": "Hello, World"}
	//	GET  /items/{id}    the id, q and limit it was asked with, as a Search
	//	GET  /items         a hundred items
	//	POST /items         the item that was sent
	//	POST /items/batch   {"count": n} of the items that were sent
	//	GET  /me            the Account of the request's bearer token
	//	GET  /oddities      a hundred items with unusual texts
	//	POST /orders        the Order that was sent
	//	POST /stock         {"count": n} of the members that were sent, all numbers
	//	POST /upload        the title that was sent, and the name and size of the file, as Uploaded
	//
	// The id is at least 1, q has at most 50 characters and defaults to "", limit is from 1 to 100 and defaults to 20.
	// Items keep the rules of [Item], in a batch each element for itself, and orders those of [Order]. Invalid values get
	// a 422 that names each invalid field; a body that cannot be read gets a 4xx. GET /me without a known token gets a
	// 401, and a 403 if the account is not an editor.
	Items Service = "items"
	// Hub has the HubRoutes.
	Hub Service = "hub"
)

// Contenders lists all contenders, the baseline first.
func Contenders() []Contender {
	return []Contender{Bare(), BareValidator(), BareJSON2(), Chi(), Gin(), Echo(), Huma(), Fiber(), FastAPI(), Candor()}
}

// Installed returns the contenders that are available on this machine.
func Installed() (here []Contender) {
	for _, c := range Contenders() {
		if _, err := c.Version(); err == nil {
			here = append(here, c)
		}
	}
	return here
}

// Cost is the cost of a number of requests.
type Cost struct {
	// Time is processor time.
	Time time.Duration `json:"time"`
	// Allocs is the number of allocations, -1 if unknown.
	Allocs int `json:"allocs"`
	// Status is the status of the last response.
	Status int `json:"status"`
}

// cost measures n calls in this process.
func cost(n int, call func()) Cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := CPUTime()
	for range n {
		call()
	}
	used := CPUTime() - start
	runtime.ReadMemStats(&after)
	return Cost{Time: used, Allocs: int(after.Mallocs - before.Mallocs)}
}

// moduleVersion returns a module with its version, or the version of Go if it is "". In tests, module versions are unknown.
func moduleVersion(path string) string {
	if path == "" {
		return runtime.Version()
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == path {
				return path + " " + module.Version
			}
		}
	}
	return path
}

// Item is an article for sale. The tag is in the notation of go-playground/validator.
type Item struct {
	Name     string   `json:"name" validate:"min=1,max=50"`
	Email    string   `json:"email" validate:"email"`
	Price    float64  `json:"price" validate:"gte=0,lte=100000"`
	Quantity int      `json:"quantity" validate:"gte=1,lte=1000"`
	Category string   `json:"category" validate:"oneof=books electronics garden toys"`
	Tags     []string `json:"tags" validate:"max=5,dive,min=1,max=20"`
}

// Search is the response of GET /items/{id}.
type Search struct {
	ID    int    `json:"id"`
	Q     string `json:"q"`
	Limit int    `json:"limit"`
}

// Greeting is the response of GET /.
type Greeting struct {
	Message string `json:"message"`
}

// Count is the response of POST /items/batch and /stock.
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
