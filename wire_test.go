package candor_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/candor-go/candor"
)

// wire sends a request as a server would read it from the network: the request
// line without the version, header lines, an empty line and the body. The
// answer is its status, the headers that routing is about, and the body:
//
//	405 Allow: GET, HEAD, OPTIONS | {"detail":"Method Not Allowed"}
func wire(h http.Handler, request string) string {
	head, body, _ := strings.Cut(request, "\n\n")
	line, header, _ := strings.Cut(head, "\n")
	text := line + " HTTP/1.1\r\nHost: testserver\r\n" + fmt.Sprintf("Content-Length: %d\r\n", len(body))
	if header != "" {
		text += strings.ReplaceAll(header, "\n", "\r\n") + "\r\n"
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text + "\r\n" + body)))
	if err != nil {
		return err.Error()
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer := fmt.Sprint(w.Code)
	for _, name := range slices.Sorted(maps.Keys(w.Header())) {
		if name == "Allow" || name == "Location" || strings.HasPrefix(name, "X-") && name != "X-Content-Type-Options" {
			answer += " " + name + ": " + strings.Join(w.Header()[name], ", ")
		}
	}
	if w.Body.Len() > 0 {
		answer += " | " + strings.TrimSpace(w.Body.String())
	}
	return answer
}

// says is a handler that answers with a text.
func says(text string) func(context.Context, candor.None) (string, error) {
	return func(context.Context, candor.None) (string, error) { return text, nil }
}

// marking is middleware that writes its name into X-Through.
func marking(name string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("X-Through", name)
			next.ServeHTTP(w, r)
		})
	}
}

// somefiles are served by handlers of net/http.
var somefiles = fstest.MapFS{"hello.txt": {Data: []byte("hello")}}
