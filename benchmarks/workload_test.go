package benchmarks_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/candor-go/candor/benchmarks"
)

// workload is one request that is measured.
type workload struct {
	name, title    string
	method, target string
	body           string
	status         int
	token          string
	// hub sends each request of the large service in turn, in the place of one.
	hub bool
}

// oneItem is about 200 bytes.
const oneItem = `{"name":"Wireless mechanical keyboard","email":"purchasing@warehouse.example.com","price":129.95,` +
	`"quantity":25,"category":"electronics","tags":["electronics","keyboards","wireless"]}`

// fourFaults breaks the rules of name, price, quantity and category.
const fourFaults = `{"name":"","email":"purchasing@warehouse.example.com","price":-1,` +
	`"quantity":0,"category":"cars","tags":["electronics","keyboards","wireless"]}`

func workloads() []workload {
	return []workload{
		{"W1", "a tiny answer", "GET", "/", "", 200, "", false},
		{"W2", "three parameters", "GET", "/items/42?q=keyboard&limit=10", "", 200, "", false},
		{"W3", "an object in, checked, and out", "POST", "/items", oneItem, 200, "", false},
		{"W4", "100 objects out", "GET", "/items", "", 200, "", false},
		{name: "W5", title: "229 routes in turn", status: 200, hub: true},
		{"W6", "four broken rules", "POST", "/items", fourFaults, 422, "", false},
		{"W7", "1 MB in, checked", "POST", "/items/batch", batch(), 200, "", false},
		{"W10", "a chain of three", "GET", "/me", "", 200, "a-token-of-ann", false},
	}
}

// batchSize is how many items make a megabyte.
const batchSize = 1_000_000 / (len(oneItem) + 1)

func batch() string {
	return "[" + strings.Repeat(oneItem+",", batchSize-1) + oneItem + "]"
}

// caller sends its requests over and over. Of what a server does for each, it
// leaves out everything but the handler.
type caller struct {
	handler   http.Handler
	templates []*http.Request
	next      int
	request   http.Request
	body      body
	writer    discard
}

func newCaller(c benchmarks.Contender, w workload) *caller {
	if w.hub {
		return newHubCaller(c.Hub())
	}
	template := httptest.NewRequest(w.method, w.target, strings.NewReader(w.body))
	made := &caller{handler: c.Handler(), templates: []*http.Request{template}, writer: discard{header: http.Header{}}}
	if w.token != "" {
		template.Header.Set("Authorization", "Bearer "+w.token)
	}
	if w.body == "" {
		template.Body = http.NoBody
		return made
	}
	template.Header.Set("Content-Type", "application/json")
	made.body.text = []byte(w.body)
	template.Body = &made.body
	return made
}

func newHubCaller(h http.Handler) *caller {
	made := &caller{handler: h, writer: discard{header: http.Header{}}}
	for _, r := range benchmarks.HubRoutes() {
		target, _ := r.Target()
		made.templates = append(made.templates, httptest.NewRequest(r.Method, target, http.NoBody))
	}
	return made
}

func (c *caller) call() {
	clear(c.writer.header)
	c.writer.status, c.writer.size = 0, 0
	c.body.Reset(c.body.text)
	c.request = *c.templates[c.next]
	if c.next++; c.next == len(c.templates) {
		c.next = 0
	}
	c.handler.ServeHTTP(&c.writer, &c.request)
}

// body is a body that can be sent again.
type body struct {
	bytes.Reader
	text []byte
}

func (*body) Close() error { return nil }

// discard takes an answer and forgets it.
type discard struct {
	header http.Header
	status int
	size   int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) WriteHeader(status int) { d.status = status }

func (d *discard) Write(p []byte) (int, error) {
	if d.status == 0 {
		d.status = http.StatusOK
	}
	d.size += len(p)
	return len(p), nil
}

// send is a request whose answer is looked at.
func send(h http.Handler, method, target, body string) (status int, contentType string, answer any) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body == "" {
		r.Body = http.NoBody
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return w.Code, w.Header().Get("Content-Type"), answer
}
