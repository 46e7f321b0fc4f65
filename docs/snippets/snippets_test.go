// Package snippets_test has the code that the pages of the guide show, one file
// per page.
package snippets_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
)

// ask prints the response of a handler to a request: method and target, a JSON
// body, header lines.
func ask(h http.Handler, request, body string, header ...string) {
	method, target, _ := strings.Cut(request, " ")
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()))))
}
