package mcp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
)

func Example() {
	app := candor.New(candor.Config{Title: "Shop", Version: "1.0.0"})
	type ReadItem struct {
		ItemID int `path:"item_id" validate:"gte=1"`
	}

	candor.Get(app, "/items/{item_id}", func(_ context.Context, in ReadItem) (string, error) {
		return fmt.Sprintf("item %d", in.ItemID), nil
	}, mcp.Tool("read_item"))
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{}), candor.Hidden())

	// A client, as in a program that uses a model.
	ctx := context.Background()
	stop, err := app.Start(ctx)
	if err != nil {
		panic(err)
	}
	defer func() { _ = stop() }()
	server := httptest.NewServer(app)
	defer server.Close()
	client := sdk.NewClient(&sdk.Implementation{Name: "example", Version: "1"}, nil)
	session, err := client.Connect(ctx, &sdk.StreamableClientTransport{Endpoint: server.URL + "/mcp"}, nil)
	if err != nil {
		panic(err)
	}
	defer session.Close()
	for _, id := range []int{7, 0} {
		result, err := session.CallTool(ctx, &sdk.CallToolParams{Name: "read_item", Arguments: map[string]any{"item_id": id}})
		if err != nil {
			panic(err)
		}
		fmt.Println(result.Content[0].(*sdk.TextContent).Text)
	}
	// Output:
	// "item 7"
	// The arguments are not valid:
	// - item_id: Must be greater than or equal to 1 (greater_than_equal)
}

func ExampleOf() {
	app := candor.New(candor.Config{Title: "Shop", Version: "1.0.0"})
	hello := func(context.Context, candor.None) (candor.Text, error) { return "hello", nil }
	candor.Get(app, "/hello", hello, candor.Tags("greetings"))
	candor.Get(app, "/secret", hello, candor.Tags("greetings"), mcp.NoTool())
	tools := mcp.Of(app, mcp.Options{
		Tags: []string{"greetings"},
		Resource: mcp.Resource{
			URL:                  "https://shop.example.com/mcp",
			AuthorizationServers: []string{"https://auth.example.com"},
		},
	})
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", tools, candor.Hidden())

	stop, err := app.Start(context.Background())
	if err != nil {
		panic(err)
	}
	defer func() { _ = stop() }()
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/mcp", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer resource_metadata="https://shop.example.com/.well-known/oauth-protected-resource/mcp"
}

func ExampleTool() {
	app := candor.New(candor.Config{})
	type Search struct {
		Body []string `body:""`
	}

	candor.Post(app, "/search", func(_ context.Context, in Search) ([]string, error) {
		return in.Body, nil
	}, mcp.Tool("search", mcp.ReadOnly))
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{}), candor.Hidden())
	_, err := app.Start(context.Background())
	fmt.Println(err)
	// Output: <nil>
}

func ExampleNoTool() {
	app := candor.New(candor.Config{})
	admin := candor.NewRouter("/admin", mcp.NoTool())
	candor.Get(admin, "/users", func(context.Context, candor.None) ([]string, error) { return nil, nil })
	app.Include(admin)
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true}), candor.Hidden())
	_, err := app.Start(context.Background())
	_, reason, _ := cut(fmt.Sprint(err))
	fmt.Println(reason)
	// Output: no operation is a tool; choose some by mcp.Tool, Options.Tags or Options.All
}

func ExampleOptions() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/hello", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })
	tidy := func(context.Context, *sdk.GetPromptRequest) (*sdk.GetPromptResult, error) {
		return &sdk.GetPromptResult{Messages: []*sdk.PromptMessage{{Role: "user", Content: &sdk.TextContent{Text: "Tidy up!"}}}}, nil
	}
	tools := mcp.Of(app, mcp.Options{All: true, Server: func(server *sdk.Server) {
		server.AddPrompt(&sdk.Prompt{Name: "tidy", Description: "Tidy up the library"}, tidy)
	}})
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", tools, candor.Hidden())
	_, err := app.Start(context.Background())
	fmt.Println(err)
	// Output: <nil>
}

// cut finds the text after the position in this file.
func cut(text string) (before, after string, found bool) {
	const site = "example_test.go:"
	_, rest, _ := strings.Cut(text, site)
	return strings.Cut(rest, ": ")
}
