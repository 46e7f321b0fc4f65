package interop_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// newAPI is the API that others serve. seen is the pattern that middleware outside of the app finds after the response.
func newAPI(rootPath string) (api http.Handler, seen *string) {
	app := candor.New(candor.Config{Title: "Items", RootPath: rootPath})
	candor.Get(app, "/items/{id}", func(_ context.Context, in struct {
		ID string `path:"id"`
		Q  string `query:"q,omitempty"`
	},
	) ([]string, error) {
		return []string{in.ID, in.Q}, nil
	})
	candor.Get(app, "/files/{rest...}", func(_ context.Context, in struct {
		Rest string `path:"rest"`
	},
	) (string, error) {
		return in.Rest, nil
	})
	seen = new(string)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app.ServeHTTP(w, r)
		*seen = r.Pattern
	}), seen
}

// hosts serve an API below /api.
var hosts = map[string]func(api http.Handler) http.Handler{
	"net/http": func(api http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/api/", http.StripPrefix("/api", api))
		return mux
	},
	"chi": func(api http.Handler) http.Handler {
		mux := chi.NewRouter()
		mux.Mount("/api", http.StripPrefix("/api", api))
		return mux
	},
	"gin": func(api http.Handler) http.Handler {
		engine := newGin()
		engine.Any("/api/*path", gin.WrapH(http.StripPrefix("/api", api)))
		return engine
	},
	"candor": func(api http.Handler) http.Handler {
		outer := candor.New(candor.Config{})
		outer.Mount("/api", api)
		return outer
	},
}

func newGin() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.UseRawPath = true
	return engine
}

func TestServedByOthers(t *testing.T) {
	for name, host := range hosts {
		t.Run(name, func(t *testing.T) {
			api, seen := newAPI("/api")
			h := host(api)
			for _, test := range []struct{ request, answer, pattern string }{
				{"GET /api/items/7?q=x", `200 | ["7","x"]`, "/items/{id}"},
				{"GET /api/items/a%2Fb%20c", `200 | ["a/b c",""]`, "/items/{id}"},
				{"GET /api/items/caf%C3%A9", `200 | ["café",""]`, "/items/{id}"},
				{"GET /api/files/a/b%2Fc", `200 | "a/b/c"`, "/files/{rest...}"},
				{"GET /api/files/", `200 | ""`, "/files/{rest...}"},
				{"HEAD /api/items/7", `200 |`, "/items/{id}"},
				{"GET /api/items/7/?q=x", "307 Location: /api/items/7?q=x |", ""},
				{"GET /api/files", "307 Location: /api/files/ |", ""},
				{"DELETE /api/items/7", `405 Allow: GET, HEAD, OPTIONS | {"detail":"Method Not Allowed"}`, ""},
				{"OPTIONS /api/items/7", "204 Allow: GET, HEAD, OPTIONS |", ""},
				{"GET /api/nowhere", `404 | {"detail":"Not Found"}`, ""},
			} {
				*seen = ""
				assert.Equal(t, test.answer, wire(t, h, test.request), test.request)
				if test.pattern != "" {
					assert.Equal(t, test.pattern, *seen, test.request)
				}
			}
		})
	}
}

// The pages find the document, and the document the API, by relative URLs and the root path.
func TestDocumentationServedByOthers(t *testing.T) {
	for name, host := range hosts {
		t.Run(name, func(t *testing.T) {
			api, _ := newAPI("/api")
			h := host(api)
			assert.Contains(t, wire(t, h, "GET /api/docs"), `src="./docs/init.js"`)
			assert.Contains(t, wire(t, h, "GET /api/docs/init.js"), `"url": "./openapi.json"`)
			assert.Contains(t, wire(t, h, "GET /api/redoc"), `spec-url="./openapi.json"`)
			_, text, _ := strings.Cut(wire(t, h, "GET /api/openapi.json"), " | ")
			var document struct {
				Servers []struct{ URL string }
				Paths   map[string]any
			}
			require.NoError(t, json.Unmarshal([]byte(text), &document))
			require.Len(t, document.Servers, 1)
			assert.Equal(t, "/api", document.Servers[0].URL)
			assert.Contains(t, document.Paths, "/items/{id}")
		})
	}
}

// guests respond with the path they see.
var guests = map[string]func() http.Handler{
	"net/http": func() http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /users/{id}", func(w http.ResponseWriter, r *http.Request) { tell(w, r, r.PathValue("id")) })
		return mux
	},
	"chi": func() http.Handler {
		mux := chi.NewRouter()
		mux.Get("/users/{id}", func(w http.ResponseWriter, r *http.Request) { tell(w, r, chi.URLParam(r, "id")) })
		return mux
	},
	"gin": func() http.Handler {
		engine := newGin()
		engine.GET("/users/:id", func(c *gin.Context) { tell(c.Writer, c.Request, c.Param("id")) })
		return engine
	},
}

func tell(w http.ResponseWriter, r *http.Request, id string) {
	fmt.Fprintf(w, "%s %s %s", r.URL.Path, id, r.URL.RawQuery)
}

func TestOthersServed(t *testing.T) {
	for name, newGuest := range guests {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			candor.Get(app, "/guest/users/own", func(context.Context, candor.None) (string, error) { return "own", nil })
			app.Mount("/guest", newGuest())
			group := candor.NewRouter("/{tenant}")
			group.Mount("/deep", newGuest())
			app.Include(group, candor.Prefix("/t"))

			assert.Equal(t, "200 | /users/7 7 q=x", wire(t, app, "GET /guest/users/7?q=x"))
			assert.Equal(t, "200 | /users/café café", wire(t, app, "GET /guest/users/caf%C3%A9"))
			assert.Equal(t, "200 | /users/7 7", wire(t, app, "GET /t/ac%2Fme/deep/users/7"))
			assert.Equal(t, `200 | "own"`, wire(t, app, "GET /guest/users/own"))
			assert.Contains(t, wire(t, app, "GET /guest/nowhere"), "404 | 404 page not found")
			assert.Equal(t, "307 Location: /guest/ |", wire(t, app, "GET /guest"))
			assert.Equal(t, `404 | {"detail":"Not Found"}`, wire(t, app, "GET /nowhere"))
		})
	}
}

// wire sends a request to a real server and returns the status, the headers that concern routing and the body.
func wire(t *testing.T, h http.Handler, request string) string {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	method, target, _ := strings.Cut(request, " ")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")))
	require.NoError(t, err)
	r.URL.Scheme, r.URL.Host, r.RequestURI = "http", server.Listener.Addr().String(), ""
	w, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer w.Body.Close()
	body := new(strings.Builder)
	_, err = bufio.NewReader(w.Body).WriteTo(body)
	require.NoError(t, err)
	answer := fmt.Sprint(w.StatusCode)
	for _, name := range []string{"Allow", "Location"} {
		if value := w.Header.Get(name); value != "" {
			answer += " " + name + ": " + value
		}
	}
	return strings.TrimSpace(answer + " | " + strings.TrimSpace(body.String()))
}
