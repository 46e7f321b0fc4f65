package candor_test

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

var cborCodec = candor.Codec{Marshal: cbor.Marshal, Unmarshal: cbor.Unmarshal}

type parcel struct {
	ID     int64          `json:"id" validate:"gte=1"`
	Weight float64        `json:"weight" default:"1.5"`
	Data   []byte         `json:"data,omitempty"`
	Counts map[string]int `json:"counts,omitempty"`
}

func parcels(t *testing.T) *candor.TestClient {
	t.Helper()
	app := candor.New(candor.Config{Codecs: map[string]candor.Codec{"application/cbor": cborCodec}})
	router := candor.NewRouter("")
	candor.Post(router, "/", func(_ context.Context, in struct {
		Body parcel `body:""`
	},
	) (parcel, error) {
		return in.Body, nil
	})
	candor.Post(router, "/only", func(_ context.Context, in struct {
		Body parcel `body:"" media:"application/cbor"`
	},
	) (candor.Text, error) {
		return "text", nil
	})
	app.Include(router)
	return candor.NewTestClient(t, app)
}

func encodedCBOR(t *testing.T, v any) candor.TestOption {
	t.Helper()
	data, err := cbor.Marshal(v)
	require.NoError(t, err)
	return candor.WithBody("application/cbor", bytes.NewReader(data))
}

func TestCodecs(t *testing.T) {
	c := parcels(t)
	t.Run("in, and out as the client likes", func(t *testing.T) {
		r := c.Post("/", nil, encodedCBOR(t, map[string]any{"id": int64(math.MaxInt64), "data": []byte{1, 2}, "counts": map[any]any{"a": 1}}), candor.WithHeader("Accept", "application/cbor"))
		require.Equal(t, http.StatusOK, r.Code)
		assert.Equal(t, "application/cbor", r.Header.Get("Content-Type"))
		assert.Equal(t, "Accept", r.Header.Get("Vary"))
		var got map[string]any
		require.NoError(t, cbor.Unmarshal(r.Body, &got))
		assert.Equal(t, map[string]any{"id": uint64(math.MaxInt64), "weight": 1.5, "data": "AQI=", "counts": map[any]any{"a": uint64(1)}}, got)
	})
	t.Run("the same faults", func(t *testing.T) {
		for body, want := range map[any]string{
			"text":                       `model_attributes_type ["body"]`,
			struct{ Weight string }{"x"}: `missing ["body","id"]`,
			struct{ ID int }{}:           `missing ["body","id"]`,
			struct {
				N int `cbor:"id"`
			}{}: `greater_than_equal ["body","id"] {"ge":1}`,
		} {
			assert.Equal(t, want, apptest.Outcome(c.Post("/", nil, encodedCBOR(t, body))))
		}
		assert.Equal(t, `value_error ["body"] {"error":"not valid application/cbor"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("application/cbor", "\xff"))))
		assert.Equal(t, `value_error ["body"] {"error":"not valid application/cbor"}`, apptest.Outcome(c.Post("/", nil, encodedCBOR(t, map[string]any{"id": math.NaN()}))))
		assert.Equal(t, `missing ["body"]`, apptest.Outcome(c.Post("/", nil, apptest.Body("application/cbor", ""))))
	})
	t.Run("one media type alone", func(t *testing.T) {
		assert.Equal(t, "200 text", apptest.Outcome(c.Post("/only", nil, encodedCBOR(t, map[string]any{"id": 1}), candor.WithHeader("Accept", "image/png"))))
		assert.Equal(t, `415 {"detail":"the body must be application/cbor"}`, apptest.Outcome(c.Post("/only", `{"id":1}`)))
	})
	t.Run("another", func(t *testing.T) {
		r := c.Post("/", nil, apptest.Body("text/plain", "x"))
		assert.Equal(t, `415 {"detail":"the body must be application/json or application/cbor"}`, apptest.Outcome(r))
		assert.Equal(t, "application/json, application/cbor", r.Header.Get("Accept"))
	})
	t.Run("the document", func(t *testing.T) {
		for _, keys := range [][]any{{"requestBody", "content"}, {"responses", "200", "content"}} {
			content := apptest.DocumentMember(t, c, append([]any{"paths", "/", "post"}, keys...)...)
			ref := map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/parcel"}}
			assert.Equal(t, map[string]any{"application/json": ref, "application/cbor": ref}, content)
		}
		assert.NotNil(t, apptest.DocumentMember(t, c, "paths", "/", "post", "responses", "406"))
		assert.Nil(t, apptest.DocumentMember(t, c, "paths", "/only", "post", "responses", "406"))
	})
}

func TestMediaTypesNobodyReads(t *testing.T) {
	app := candor.New(candor.Config{})
	register := func(r candor.Routes) {
		candor.Post(r, "/", apptest.Echo[struct {
			Body parcel `body:"" media:"application/cbor"`
		}])
	}
	assert.Contains(t, apptest.PanicOf(func() { register(app) }), "nothing reads the media type application/cbor into a struct; add it to Config.Codecs")
	router := candor.NewRouter("/r")
	register(router)
	app.Include(router)
	assert.ErrorContains(t, app.Check(), "nothing reads the media type application/cbor")
}

func TestAccept(t *testing.T) {
	c := parcels(t)
	const json, binary, refused = "application/json", "application/cbor", "406"
	for accept, want := range map[string]string{
		"":                                   json,
		"*/*":                                json,
		"application/*":                      json,
		"application/json":                   json,
		"application/cbor":                   binary,
		"APPLICATION/CBOR":                   binary,
		"application/cbor, application/json": json,
		"application/json;q=0.5, application/cbor":    binary,
		"application/json;q=0, */*":                   binary,
		"application/*;q=0.1, application/cbor;q=0.2": binary,
		"text/html, application/xhtml+xml, */*;q=0.8": json,
		"text/html": refused,
		"application/json;q=0, application/cbor;q=0.000": refused,
		"text/html, *;q=0.1":                             refused,
		"a;,b":                                           json,
		"application/cbor;q=x":                           json,
		"application/cbor;q=2":                           json,
		";;;,,,":                                         json,
		"application/cbor; q=\"":                         json,
		"/":                                              json,
	} {
		r := c.Post("/", `{"id":1}`, candor.WithHeader("Accept", accept))
		if want == refused {
			assert.Equal(t, `406 {"detail":"the response is application/json or application/cbor"}`, apptest.Outcome(r), accept)
			continue
		}
		assert.Equal(t, want, r.Header.Get("Content-Type"), accept)
	}
}

func TestAcceptWithoutAChoice(t *testing.T) {
	c := apptest.Echoing[struct{}](t, "/")
	for _, accept := range []string{"image/png", "application/json;q=0", "a;,b", strings.Repeat("x/y,", 1000)} {
		assert.Equal(t, "200 {}", apptest.Outcome(c.Get("/", candor.WithHeader("Accept", accept))))
	}
}

func FuzzAccept(f *testing.F) {
	for _, accept := range []string{"*/*", "text/html;q=0.1, application/*", "a;,b", "application/cbor;q=x"} {
		f.Add(accept)
	}
	app := candor.New(candor.Config{Codecs: map[string]candor.Codec{"application/cbor": cborCodec}})
	candor.Get(app, "/", apptest.Returns("x"))
	f.Fuzz(func(t *testing.T, accept string) {
		c := candor.NewTestClient(t, app)
		r := c.Get("/", candor.WithHeader("Accept", accept))
		require.Contains(t, []int{http.StatusOK, http.StatusNotAcceptable}, r.Code)
		if !strings.ContainsAny(accept, "/") {
			require.Equal(t, http.StatusOK, r.Code)
		}
	})
}
