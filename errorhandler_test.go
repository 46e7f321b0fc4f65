package candor_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

func TestProblemDetails(t *testing.T) {
	creditError := candor.Error(403, candor.Problem{
		Type: "https://example.com/credit", Title: "Not enough credit", Detail: "Your balance is 30", Instance: "/accounts/1", Status: 999,
	})
	tests := map[string]struct {
		err    error
		status int
		body   string
	}{
		"a text":       {candor.Error(404, "item not found"), 404, `{"type":"about:blank","title":"Not Found","status":404,"detail":"item not found"}`},
		"no text":      {candor.Error(404, nil), 404, `{"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found"}`},
		"another kind": {candor.Error(404, []int{1}), 404, `{"type":"about:blank","title":"Not Found","status":404,"extra":[1]}`},
		"a problem":    {creditError, 403, `{"type":"https://example.com/credit","title":"Not enough credit","status":403,"detail":"Your balance is 30","instance":"/accounts/1"}`},
		"its pointer":  {candor.Error(403, &candor.Problem{Title: "No"}), 403, `{"type":"about:blank","title":"No","status":403}`},
		"unknown":      {io.EOF, 500, `{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Internal Server Error"}`},
		"no detail":    {candor.Error(404, (*candor.Problem)(nil)), 404, `{"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found"}`},
		"not JSON":     {candor.Error(404, make(chan int)), 404, `{"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found"}`},
		"faults": {
			&candor.ValidationError{Faults: []candor.Fault{{Type: "missing", Loc: []any{"query", "q"}}}}, 422,
			`{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"the request is not valid","errors":[{"type":"missing","loc":["query","q"],"msg":"Field required"}]}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			config, _ := recorded()
			config.ProblemDetails = true
			app := candor.New(config)
			candor.Get(app, "/", apptest.Fails(tc.err), candor.Raises(candor.Error(404, nil), creditError, candor.Error(422, nil)))

			got := candor.NewTestClient(t, app).Get("/").Status(tc.status)

			assert.Equal(t, tc.body, got.Text())
			assert.Equal(t, "application/problem+json", got.Header.Get("Content-Type"))
		})
	}
}

func TestProblemDetailsEverywhere(t *testing.T) {
	app := candor.New(candor.Config{ProblemDetails: true})
	candor.Post(app, "/items", func(context.Context, struct {
		Body said `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.Raises(candor.Error(409, "taken")))
	c := candor.NewTestClient(t, app)

	assert.JSONEq(t, `{"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found"}`, c.Get("/nowhere").Status(404).Text())
	assert.JSONEq(t, `{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"Method Not Allowed"}`, c.Get("/items").Status(405).Text())
	assert.Contains(t, c.Post("/items", "x").Status(422).Text(), `"errors":[{"type":"json_invalid"`)
	c.Do("POST", "/items", nil, candor.WithBody("text/plain", strings.NewReader("text"))).Status(415)
	const problem = ` application/problem+json {"$ref":"Problem"}`
	assert.Equal(t, map[string]string{
		"204": "No Content", "409": "taken" + problem, "413": "The body is too large" + problem,
		"415": "The media type or the encoding of the body is not supported" + problem, "422": "Unprocessable request: validation errors" + problem,
	}, responsesOf(t, app, "/items", "post"))
}

// TestProblemDetailsOfTheServer checks a response that the server writes before the app sees the request.
func TestProblemDetailsOfTheServer(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	config, _ := recorded()
	config.ProblemDetails = true
	app := candor.New(config)
	done := make(chan error)
	go func() { done <- app.Serve(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)

	_, err = io.WriteString(conn, "NONSENSE\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Contains(t, string(answer), "HTTP/1.1 400 Bad Request\r\n")
	assert.Contains(t, string(answer), "Content-Type: application/problem+json\r\n")
	assert.Contains(t, string(answer), `{"type":"about:blank","title":"Bad Request","status":400,"detail":"bad request"}`)
	require.NoError(t, conn.Close())
	stop()
	require.NoError(t, <-done)
}

func ExampleProblem() {
	app := candor.New(candor.Config{ProblemDetails: true})
	candor.Get(app, "/pay", apptest.Fails(candor.Error(403, candor.Problem{
		Type: "https://example.com/problems/out-of-credit", Title: "You do not have enough credit", Detail: "Your balance is 30, but that costs 50",
	})))

	show(app, "GET", "/pay", "")
	show(app, "GET", "/nowhere", "")
	// Output:
	// 403 {"type":"https://example.com/problems/out-of-credit","title":"You do not have enough credit","status":403,"detail":"Your balance is 30, but that costs 50"}
	// 404 {"type":"about:blank","title":"Not Found","status":404,"detail":"Not Found"}
}
