package candor_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type freight struct {
	ID     int     `json:"id"`
	Weight float64 `json:"weight" validate:"gt=0"`
}

type SendFreight struct {
	Notify string  `query:"notify,omitempty"`
	Body   freight `body:""`
}

func sendFreight(_ context.Context, in SendFreight) (freight, error) {
	return in.Body, nil
}

type ReadFreight struct {
	ID int `path:"id"`
}

func readFreight(_ context.Context, in ReadFreight) (freight, error) {
	return freight{ID: in.ID, Weight: 1}, nil
}

func ExampleWebhook() {
	app := candor.New(candor.Config{})
	type parcelArrived struct {
		Signature string  `header:"X-Signature"`
		Body      freight `body:""`
	}

	candor.Webhook[parcelArrived, candor.None](app, http.MethodPost, "parcel-arrived", candor.Summary("A parcel has arrived"))
	say(app, "webhooks", "parcel-arrived", "post", "summary")
	say(app, "webhooks", "parcel-arrived", "post", "responses")
	// Output:
	// "A parcel has arrived"
	// {"204":{"description":"No Content"}}
}

func ExampleCallback() {
	app := candor.New(candor.Config{})
	type arrived struct {
		Body freight `body:""`
	}

	candor.Post(app, "/parcels", sendFreight,
		candor.Callback[arrived, candor.None]("arrived", http.MethodPost, "{$request.query.notify}"))
	say(app, "paths", "/parcels", "post", "callbacks", "arrived", "{$request.query.notify}", "post", "operationId")
	// Output: "sendFreight_arrived"
}

func ExampleLinks() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/parcels", sendFreight, candor.Links(200, candor.Link{
		Name: "read", OperationID: "readFreight", Parameters: map[string]string{"id": "$response.body#/id"},
	}))
	candor.Get(app, "/parcels/{id}", readFreight)
	say(app, "paths", "/parcels", "post", "responses", "200", "links")
	// Output: {"read":{"operationId":"readFreight","parameters":{"id":"$response.body#/id"}}}
}

type shelfRef struct {
	ID int `path:"id"`
}

func readShelf(context.Context, shelfRef) (string, error) { return "", nil }

// Generated clients name their functions after the tag and the handler.
func ExampleConfig_operationID() {
	app := candor.New(candor.Config{OperationID: func(r candor.RouteInfo) string {
		if len(r.Tags) == 0 {
			return "" // keep the default
		}
		return r.Tags[0] + "." + r.Name
	}})
	candor.Get(app, "/shelves/{id}", readShelf, candor.Tags("shelves"))
	say(app, "paths", "/shelves/{id}", "get", "operationId")
	// Output: "shelves.readShelf"
}

func ExampleRequestExample() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/parcels", sendFreight,
		candor.RequestExample("letter", freight{ID: 1, Weight: 0.02}, "A letter"),
		candor.RequestExample("crate", freight{ID: 2, Weight: 80}))
	say(app, "paths", "/parcels", "post", "requestBody", "content", "application/json", "examples")
	// Output: {"crate":{"value":{"id":2,"weight":80}},"letter":{"summary":"A letter","value":{"id":1,"weight":0.02}}}
}

func ExampleResponseExample() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/parcels/{id}", readFreight, candor.ResponseExample(200, "letter", freight{ID: 1, Weight: 0.02}))
	say(app, "paths", "/parcels/{id}", "get", "responses", "200", "content", "application/json", "examples")
	// Output: {"letter":{"value":{"id":1,"weight":0.02}}}
}

func ExampleExtension() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/parcels/{id}", readFreight, candor.Extension("x-cache-seconds", 60))
	say(app, "paths", "/parcels/{id}", "get", "x-cache-seconds")
	// Output: 60
}

func ExampleExternalDocs_operation() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/parcels/{id}", readFreight, candor.ExternalDocs{URL: "https://example.com/parcels"})
	say(app, "paths", "/parcels/{id}", "get", "externalDocs")
	// Output: {"url":"https://example.com/parcels"}
}

// A single status takes precedence over its range, and a range over the default.
func ExampleResponds_ranges() {
	type problem struct {
		Title string `json:"title"`
	}
	app := candor.New(candor.Config{})
	candor.Get(app, "/parcels/{id}", readFreight,
		candor.Responds[problem](candor.Status4XX, "Something is wrong with the request"),
		candor.Responds[problem](candor.StatusDefault))
	say(app, "paths", "/parcels/{id}", "get", "responses", "4XX", "description")
	say(app, "paths", "/parcels/{id}", "get", "responses", "default", "description")
	// Output:
	// "Something is wrong with the request"
	// "Any other response"
}

func ExampleApp_WriteOpenAPIAs() {
	app := candor.New(candor.Config{Title: "Parcels", Version: "1.0.0"})
	if err := app.WriteOpenAPIAs(os.Stdout, candor.OpenAPI30YAML); err != nil {
		fmt.Println(err)
	}
	// Output:
	// openapi: "3.0.3"
	// info:
	//   title: Parcels
	//   version: "1.0.0"
	// paths: {}
	// components: {}
}

// In OpenAPI 3.2 the document describes each item of a stream.
func ExampleApp_WriteOpenAPIAs_version32() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/ticks", func(context.Context, candor.None) (candor.JSONLines[int64], error) { return nil, nil })
	var document bytes.Buffer
	if err := app.WriteOpenAPIAs(&document, candor.OpenAPI32); err != nil {
		fmt.Println(err)
	}
	fmt.Println(apptest.Member(document.Bytes(), "paths", "/ticks", "get", "responses", "200", "content", "application/jsonl", "itemSchema"))
	// Output: map[format:int64 type:integer]
}

// Tags can be nested. Viewers that support OpenAPI 3.2 show them as a tree.
func ExampleTag_parent() {
	app := candor.New(candor.Config{Tags: []candor.Tag{
		{Name: "shop", Summary: "The shop", Kind: "nav"},
		{Name: "parcels", Summary: "Parcels on their way", Parent: "shop", Kind: "nav"},
	}})
	candor.Get(app, "/parcels/{id}", readFreight, candor.Tags("parcels"))
	var document bytes.Buffer
	if err := app.WriteOpenAPIAs(&document, candor.OpenAPI32); err != nil {
		fmt.Println(err)
	}
	for _, tag := range apptest.Member(document.Bytes(), "tags").([]any) {
		fmt.Println(tag)
	}
	// Output:
	// map[kind:nav name:shop summary:The shop]
	// map[kind:nav name:parcels parent:shop summary:Parcels on their way]
}

// AsyncAPI describes WebSockets and their messages.
func ExampleApp_WriteOpenAPIAs_asyncAPI() {
	app := candor.New(candor.Config{Title: "Echo", Version: "1.0.0"})
	echo := func(context.Context, candor.None, *candor.Socket[string, string]) error { return nil }
	candor.WebSocket(app, "/echo", echo, candor.OperationID("echo"))
	var document bytes.Buffer
	if err := app.WriteOpenAPIAs(&document, candor.AsyncAPI30); err != nil {
		fmt.Println(err)
	}
	fmt.Println(apptest.MemberNames(document.Bytes(), "operations"))
	fmt.Println(apptest.Member(document.Bytes(), "channels", "echo", "address"))
	// Output:
	// [echoReceive echoSend]
	// /echo
}
