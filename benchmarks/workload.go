package benchmarks

import (
	"fmt"
	"net/http"
	"strings"
)

// Workload is a measured sequence of requests, sent in turn.
type Workload struct {
	Name string `json:"name"`
	// What is a description in Markdown.
	What     string    `json:"-"`
	Service  Service   `json:"service"`
	Requests []Request `json:"requests"`
	// Status is the status of every response.
	Status int `json:"-"`
}

// Request is one request.
type Request struct {
	Method string `json:"method"`
	Target string `json:"target"`
	// Header has header lines, each with its line end.
	Header string `json:"header"`
	Body   string `json:"body"`
}

// Wire returns the request in HTTP/1.1.
func (r Request) Wire() []byte {
	length := ""
	if r.Body != "" {
		length = fmt.Sprintf("Content-Length: %d\r\n", len(r.Body))
	}
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n%s", r.Method, r.Target, r.Header, length, r.Body)
}

func get(target string) []Request { return []Request{{Method: http.MethodGet, Target: target}} }

func post(target, body string) []Request {
	return []Request{{Method: http.MethodPost, Target: target, Header: "Content-Type: application/json\r\n", Body: body}}
}

// Workloads lists the usual workloads.
func Workloads() []Workload {
	me := get("/me")
	me[0].Header = "Authorization: Bearer a-token-of-ann\r\n"
	return []Workload{
		{"W1", "`GET /`, a tiny object", Items, get("/"), 200},
		{"W2", "`GET /items/{id}?q=&limit=`, converted and range-checked", Items, get("/items/42?q=keyboard&limit=10"), 200},
		{"W3", "`POST /items`, 200 bytes, six checked members; answers the object", Items, post("/items", OneItem), 200},
		{"W4", "`GET /items`, 100 objects, 15 KB", Items, get("/items"), 200},
		{"W5", "229 routes in the shape of GitHub's API, each in turn; answers its name and the values of its wildcards", Hub, hubRequests(), 200},
		{"W6", "`POST /items` that breaks four rules: 422 that names all four", Items, post("/items", FourFaults), 422},
		{"W7", "`POST /items/batch`, 1 MB, every element checked", Items, post("/items/batch", Batch(OneItem)), 200},
		{"W10", "`GET /me`: a bearer token, its account in a map, the account's role; in Candor and FastAPI three providers, each of which needs the one before", Items, me, 200},
	}
}

// OneItem is about 200 bytes.
const OneItem = `{"name":"Wireless mechanical keyboard","email":"purchasing@warehouse.example.com","price":129.95,` +
	`"quantity":25,"category":"electronics","tags":["electronics","keyboards","wireless"]}`

// FourFaults violates the rules of name, price, quantity and category.
const FourFaults = `{"name":"","email":"purchasing@warehouse.example.com","price":-1,` +
	`"quantity":0,"category":"cars","tags":["electronics","keyboards","wireless"]}`

// Batch is a list of one item over and over, one megabyte long.
func Batch(item string) string {
	return "[" + strings.Repeat(item+",", BatchSize(item)-1) + item + "]"
}

// BatchSize is how many times an item fits in a megabyte.
func BatchSize(item string) int { return 1_000_000 / (len(item) + 1) }

func hubRequests() (requests []Request) {
	for _, r := range HubRoutes() {
		target, _ := r.Target()
		requests = append(requests, Request{Method: r.Method, Target: target})
	}
	return requests
}
