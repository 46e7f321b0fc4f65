package candor_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/middleware"
)

type tiredError struct{}

func (tiredError) Error() string { return "tired" }

func errorCodecsApp(problems bool) *candor.App {
	app := candor.New(candor.Config{Codecs: map[string]candor.Codec{"application/cbor": cborCodec}, ProblemDetails: problems}, candor.Use(middleware.CrossOrigin()))
	candor.OnError(app, func(context.Context, tiredError) (struct {
		Tired bool `json:"tired"`
	}, error,
	) {
		return struct {
			Tired bool `json:"tired"`
		}{true}, nil
	}, candor.Status(418))
	candor.Post(app, "/items", func(_ context.Context, in struct {
		N    int `query:"n" default:"1" validate:"gte=0"`
		Body struct {
			Name string `json:"name" validate:"min=1"`
		} `body:""`
	},
	) (string, error) {
		switch in.N {
		case 2:
			return "", candor.Error(409, map[string]any{"free": 0})
		case 3:
			return "", tiredError{}
		}
		return in.Body.Name, nil
	}, candor.Raises(candor.Error(409, "full")), candor.RaisesType[tiredError]())
	candor.Get(app, "/panics", func(context.Context, candor.None) (string, error) { panic("on fire") })
	return app
}

func TestErrorsInTheMediaTypeOfTheClient(t *testing.T) {
	app := errorCodecsApp(false)
	const isCBOR = "application/cbor"
	for _, row := range []struct {
		name, method, target, accept, body string
		header                             []string
		status                             int
		contentType                        string
		want                               any
	}{
		{"a validation error", "POST", "/items", isCBOR, `{"name":""}`, nil, 422, isCBOR, nil},
		{"an error with a detail", "POST", "/items?n=2", isCBOR, `{"name":"a"}`, nil, 409, isCBOR, map[any]any{"detail": map[any]any{"free": uint64(0)}}},
		{"an error handler's", "POST", "/items?n=3", isCBOR, `{"name":"a"}`, nil, 418, isCBOR, map[any]any{"tired": true}},
		{"no route", "GET", "/nowhere", isCBOR, "", nil, 404, isCBOR, map[any]any{"detail": "Not Found"}},
		{"another method", "PUT", "/items", isCBOR, "", nil, 405, isCBOR, map[any]any{"detail": "Method Not Allowed"}},
		{"a panic", "GET", "/panics", isCBOR, "", nil, 500, isCBOR, map[any]any{"detail": "Internal Server Error"}},
		{"middleware", "POST", "/items", isCBOR, `{"name":"a"}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, isCBOR, map[any]any{"detail": "requests from pages of this origin are refused"}},
		{"JSON too", "GET", "/nowhere", "application/cbor, application/json", "", nil, 404, "application/json", nil},
		{"JSON less", "GET", "/nowhere", "application/cbor, application/json;q=0.5", "", nil, 404, isCBOR, nil},
		{"anything", "GET", "/nowhere", "*/*", "", nil, 404, "application/json", nil},
		{"nothing said", "GET", "/nowhere", "", "", nil, 404, "application/json", nil},
		{"neither", "GET", "/nowhere", "text/html", "", nil, 404, "application/json", nil},
		{"a 406", "GET", "/panics", "text/html", "", nil, 406, "application/json", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest(row.method, row.target, strings.NewReader(row.body))
			if row.body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			if row.accept != "" {
				r.Header.Set("Accept", row.accept)
			}
			for i := 0; i < len(row.header); i += 2 {
				r.Header.Set(row.header[i], row.header[i+1])
			}
			w := httptest.NewRecorder()
			app.ServeHTTP(w, r)
			assert.Equal(t, row.status, w.Code)
			assert.Equal(t, row.contentType, w.Header().Get("Content-Type"))
			assert.Contains(t, w.Header()["Vary"], "Accept")
			if row.want != nil {
				var got any
				require.NoError(t, cbor.Unmarshal(w.Body.Bytes(), &got))
				assert.Equal(t, row.want, got)
			}
		})
	}
}

func TestErrorCodecsConform(t *testing.T) {
	for _, problems := range []bool{false, true} {
		app := errorCodecsApp(problems)
		candortest.Conform(t, app, candortest.Codec("application/cbor", cborCodec), candortest.WithoutSuccess("get_panics"), candortest.Skip("get_panics"))
	}
}

func TestCodecsThatCannotCarryAType(t *testing.T) {
	flat := cborCodec
	flat.Carries = func(t reflect.Type) error {
		if t.Kind() != reflect.Struct {
			return errors.New("a table has columns")
		}
		return nil
	}
	app := candor.New(candor.Config{Codecs: map[string]candor.Codec{"text/csv": flat}})
	type row struct {
		A int `json:"a"`
	}
	candor.Get(app, "/good", func(context.Context, candor.None) (row, error) { return row{}, nil })
	for _, register := range []func(){
		func() {
			candor.Get(app, "/list", func(context.Context, candor.None) ([]int, error) { return nil, nil })
		},
		func() {
			candor.Post(app, "/list", func(context.Context, struct {
				Body []int `body:""`
			},
			) (row, error) {
				return row{}, nil
			})
		},
	} {
		func() {
			defer func() {
				assert.ErrorContains(t, recover().(error), "the codec of text/csv cannot carry []int: a table has columns; write Produces")
			}()
			register()
		}()
	}
	candor.Get(app, "/plain", func(context.Context, candor.None) ([]int, error) { return []int{1}, nil }, candor.Produces("application/json"))
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/plain", http.NoBody))
	assert.Equal(t, "[1]", w.Body.String())
}
