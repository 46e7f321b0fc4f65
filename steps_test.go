package candor_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

// The types of an app whose routes have every kind of step.
type (
	stepClock struct{}
	stepUser  struct{}
	stepTx    struct{}
	stepSpan  struct{}
	stepOrder struct {
		Query string     `query:"q,omitempty"`
		Clock *stepClock `dep:""`
		Tx    *stepTx    `dep:""`
		Body  []string   `body:""`
	}
	stepCount struct {
		Token candor.Bearer
		Count int `query:"count,omitempty"`
	}
	stepToken struct{ Token candor.Bearer }
)

func newStepClock(context.Context, candor.None) (*stepClock, error) { return nil, nil }

func loginStep(context.Context, stepToken) (*stepUser, error) { return nil, nil }

func openStepTx(_ context.Context, _ candor.None, use func(*stepTx) error) error { return use(nil) }

func openStepSpan(_ context.Context, _ stepToken, use func(*stepSpan) error) error { return use(nil) }

func traceStep(_ context.Context, _ candor.None, next func() error) error { return next() }

func checkTenant(context.Context, struct {
	Tenant string `header:"X-Tenant"`
},
) error {
	return nil
}

func placeOrder(context.Context, stepOrder) (string, error) { return "", nil }

func countSteps(context.Context, stepCount) (int, error) { return 0, nil }

func followOrders(context.Context, candor.None) (candor.JSONLines[string], error) { return nil, nil }

func readSpan(context.Context, struct {
	Span *stepSpan `dep:""`
},
) (string, error) {
	return "", nil
}

func chatInSteps(context.Context, candor.None, *candor.Socket[string, string]) error { return nil }

// The steps of a request can be printed as a list.
func TestStepsOfRoutes(t *testing.T) {
	app := candor.New(candor.Config{Codecs: map[string]candor.Codec{"application/x-odd": {Marshal: json.Marshal, Unmarshal: json.Unmarshal}}})
	candor.Provide(app, newStepClock)
	candor.Provide(app, loginStep)
	candor.ProvideScoped(app, openStepTx)
	candor.ProvideScoped(app, openStepSpan)

	candor.Get(app, "/count", countSteps)
	candor.Post(app, "/orders", placeOrder, candor.Needs[*stepUser](), candor.Require(checkTenant), candor.Around(traceStep, candor.Until(candor.ResponseSent)))
	candor.Get(app, "/cached", readSpan, candor.Cache(candor.CacheConfig{TTL: time.Minute}))
	candor.Get(app, "/orders", followOrders)
	candor.Get(app, "/ended", followOrders, candor.Around(traceStep, candor.Until(candor.ResponseEncoded)))
	candor.WebSocket(app, "/chat", chatInSteps)
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	candor.HandleHTTP(app, []string{http.MethodGet}, "/plain", handler, candor.Use(func(next http.Handler) http.Handler { return next }))
	candor.HandleHTTP(app, []string{http.MethodGet}, "/guarded", handler, candor.Require(checkTenant))

	var got strings.Builder
	for _, route := range app.Routes() {
		got.WriteString(route.Method + " " + route.Pattern + "\n\t" + strings.Join(route.Steps, "\n\t") + "\n")
	}
	assert.Equal(t, strings.TrimPrefix(`
GET /count
	negotiate the media type
	bind parameters
	ask for credentials
	refuse an invalid request
	handle countSteps
	encode the response
POST /orders
	negotiate the media type
	bind parameters
	provide *candor_test.stepUser
	guard by checkTenant
	read the body
	refuse an invalid request
	run inside of traceStep:
	write the response after:
	provide *candor_test.stepClock
	open *candor_test.stepTx:
	handle placeOrder
	encode the response
GET /cached
	negotiate the media type
	bind parameters
	ask for the credentials of later steps
	keep in the cache:
	open *candor_test.stepSpan:
	handle readSpan
	encode the response
GET /orders
	handle followOrders
	encode the response
	write the stream
GET /ended
	write the stream after:
	run inside of traceStep:
	handle followOrders
	encode the response
GET /chat
	check the handshake
	upgrade and handle chatInSteps
GET /plain
	middleware:
	handle
GET /guarded
	bind parameters
	guard by checkTenant
	refuse an invalid request
	handle
`, "\n"), got.String())
}
