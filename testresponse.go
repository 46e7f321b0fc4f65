package candor

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/candor-go/candor/internal/contract"
)

// TB is the part of testing.TB that a TestClient needs, so that no program
// links the package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// TestResponse is a response, read to its end.
type TestResponse struct {
	// Code is the status, Header the header and Body the body as sent.
	Code   int
	Header http.Header
	Body   []byte

	tb       TB
	label    string
	mutex    sync.Mutex
	expected bool
}

// Status fails the test at once unless the response has the status.
func (r *TestResponse) Status(want int) *TestResponse {
	r.tb.Helper()
	if r.Code != want {
		r.tb.Fatalf("%s: status %d, want %d\n%s", r.label, r.Code, want, r.Body)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.expected = true
	return r
}

// judged is the response as the judge sees it.
func (r *TestResponse) judged() *contract.Response {
	return &contract.Response{Code: r.Code, Header: r.Header, Body: r.Body, Label: r.label, Expected: r.wasExpected}
}

// wasExpected reports whether the test asked for the status.
func (r *TestResponse) wasExpected() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.expected
}

// JSON decodes the body with encoding/json. It fails the test at once if that
// is not possible.
func (r *TestResponse) JSON(into any) *TestResponse {
	r.tb.Helper()
	if err := json.Unmarshal(r.Body, into); err != nil {
		r.tb.Fatalf("%s: the body is not what was expected: %v\n%s", r.label, err, r.Body)
	}
	return r
}

// Text is the body as a string.
func (r *TestResponse) Text() string { return string(r.Body) }

// Faults returns what a 422 names, also one that is a [Problem]. It fails the
// test at once if the response is none, or lists nothing.
func (r *TestResponse) Faults() []Fault {
	r.tb.Helper()
	r.Status(http.StatusUnprocessableEntity)
	faults := faultsIn(r.Body)
	if faults == nil {
		r.tb.Fatalf("%s: the body names no faults\n%s", r.label, r.Body)
	}
	return faults
}
