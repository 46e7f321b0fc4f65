package candortest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

// printedT replaces the *testing.T of a test: it prints failures, without the request and the response.
type printedT struct{}

func (printedT) Helper()        {}
func (printedT) Cleanup(func()) {}

func (printedT) Errorf(format string, args ...any) {
	first, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	fmt.Println(first)
}

func (t printedT) Fatalf(format string, args ...any) { t.Errorf(format, args...) }

// Order is the request body of the examples.
type Order struct {
	Pieces int `json:"pieces" validate:"gte=1,lte=9"`
}

// orders is an app with a single operation.
func orders(options ...candor.RouteOption) *candor.App {
	app := candor.New(candor.Config{})
	type PlaceOrder struct {
		Body Order `body:""`
	}

	candor.Post(app, "/orders", func(_ context.Context, in PlaceOrder) (Order, error) {
		return in.Body, nil
	}, append(options, candor.OperationID("order"))...)
	return app
}

func counting(n *int) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			*n++
			next.ServeHTTP(w, r)
		})
	}
}

func ExampleConform() {
	var t printedT // a test uses the t of TestConform(t *testing.T)
	candortest.Conform(t, orders())
	fmt.Println("conforms")
	// Output: conforms
}

// A handler whose response is not declared is reported.
func ExampleConform_lie() {
	var t printedT
	errSold := candor.Error(409, "sold")
	app := candor.New(candor.Config{})
	type ReadLot struct {
		ID int `path:"id"`
	}

	candor.Get(app, "/lots/{id}", func(_ context.Context, in ReadLot) (Order, error) {
		return Order{}, errSold // not declared by candor.Raises(errSold)
	}, candor.OperationID("lot"))
	candortest.Conform(t, app)
	// Output: GET /lots/{id} (lot), what the document allows: the status 409 is not declared; declared are 200, 422
}

func ExampleCases() {
	var t printedT
	sent := 0
	app := orders(candor.Use(counting(&sent)))
	candortest.Conform(t, app, candortest.Cases(1000))
	fmt.Println("over a thousand:", sent >= 1000)
	// Output: over a thousand: true
}

func ExampleSkip() {
	var t printedT
	app := orders(candor.Tags("costs money"))
	candortest.Conform(t, app, candortest.Skip("costs money"))
	fmt.Println("nothing was ordered")
	// Output: nothing was ordered
}

func ExampleHeader() {
	var t printedT
	app := candor.New(candor.Config{})
	type ReadTenant struct {
		Tenant string `header:"X-Tenant"`
	}

	candor.Get(app, "/tenant", func(_ context.Context, in ReadTenant) (string, error) {
		return in.Tenant, nil
	})
	candortest.Conform(t, app, candortest.Header("X-Request-Source", "test"))
	fmt.Println("conforms")
	// Output: conforms
}

func ExampleCredentials() {
	var t printedT
	app := candor.New(candor.Config{})
	type ReadMe struct{ Token candor.Bearer }

	candor.Get(app, "/me", func(_ context.Context, in ReadMe) (string, error) {
		if !candor.SecretsEqual("s3cret", string(in.Token)) {
			return "", candor.Error(401, "unknown token").WithHeader("WWW-Authenticate", "Bearer")
		}
		return "Ann", nil
	})
	candortest.Conform(t, app, candortest.Credentials("HTTPBearer", "s3cret"))
	fmt.Println("conforms")
	// Output: conforms
}

func ExampleValues() {
	var t printedT
	errNoItem := candor.Error(404, "item not found")
	app := candor.New(candor.Config{})
	type ReadItem struct {
		ID int `path:"id" validate:"gte=1"`
	}

	candor.Get(app, "/items/{id}", func(_ context.Context, in ReadItem) (Order, error) {
		if in.ID > 2 {
			return Order{}, errNoItem
		}
		return Order{Pieces: in.ID}, nil
	}, candor.Raises(errNoItem))
	// Without the option, hardly any request would name an existing item.
	candortest.Conform(t, app, candortest.Values("id", "1", "2"))
	fmt.Println("conforms")
	// Output: conforms
}

func ExampleCodec() {
	var t printedT
	packed := candor.Codec{Marshal: cbor.Marshal, Unmarshal: cbor.Unmarshal}
	app := candor.New(candor.Config{Codecs: map[string]candor.Codec{"application/cbor": packed}})
	type ReplaceOrder struct {
		Body Order `body:""`
	}

	candor.Put(app, "/orders", func(_ context.Context, in ReplaceOrder) (Order, error) {
		return in.Body, nil
	})
	candortest.Conform(t, app, candortest.Codec("application/cbor", packed))
	fmt.Println("conforms, in JSON and in CBOR")
	// Output: conforms, in JSON and in CBOR
}
