package benchmarks_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
)

// workload is one request that is measured.
type workload struct {
	name, title    string
	method, target string
	body           string
	status         int
	token          string
}

// oneItem is about 200 bytes.
const oneItem = `{"name":"Wireless mechanical keyboard","email":"purchasing@warehouse.example.com","price":129.95,` +
	`"quantity":25,"category":"electronics","tags":["electronics","keyboards","wireless"]}`

// fourFaults breaks the rules of name, price, quantity and category.
const fourFaults = `{"name":"","email":"purchasing@warehouse.example.com","price":-1,` +
	`"quantity":0,"category":"cars","tags":["electronics","keyboards","wireless"]}`

func workloads() []workload {
	return []workload{
		{"W1", "a tiny answer", "GET", "/", "", 200, ""},
		{"W2", "three parameters", "GET", "/items/42?q=keyboard&limit=10", "", 200, ""},
		{"W3", "an object in, checked, and out", "POST", "/items", oneItem, 200, ""},
		{"W4", "100 objects out", "GET", "/items", "", 200, ""},
		{"W6", "four broken rules", "POST", "/items", fourFaults, 422, ""},
		{"W7", "1 MB in, checked", "POST", "/items/batch", batch(), 200, ""},
		{"W10", "a chain of three", "GET", "/me", "", 200, "a-token-of-ann"},
	}
}

// batchSize is how many items make a megabyte.
const batchSize = 1_000_000 / (len(oneItem) + 1)

func batch() string {
	return "[" + strings.Repeat(oneItem+",", batchSize-1) + oneItem + "]"
}

// caller sends one request over and over. Of what a server does for each, it
// leaves out everything but the handler.
type caller struct {
	handler  http.Handler
	template *http.Request
	request  http.Request
	body     body
	writer   discard
}

func newCaller(h http.Handler, w workload) *caller {
	c := &caller{handler: h, template: httptest.NewRequest(w.method, w.target, strings.NewReader(w.body))}
	c.writer.header = http.Header{}
	if w.token != "" {
		c.template.Header.Set("Authorization", "Bearer "+w.token)
	}
	if w.body == "" {
		c.template.Body = http.NoBody
		return c
	}
	c.template.Header.Set("Content-Type", "application/json")
	c.body.text = []byte(w.body)
	c.template.Body = &c.body
	return c
}

func (c *caller) call() {
	clear(c.writer.header)
	c.writer.status, c.writer.size = 0, 0
	c.body.Reset(c.body.text)
	c.request = *c.template
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
