package candor_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
	"github.com/candor-go/candor/internal/documenttest"
)

type notedOrder struct {
	ID       int    `json:"id"`
	Callback string `json:"callback" validate:"min=1"`
}

type notedParcel struct {
	Weight float64 `json:"weight" validate:"gt=0"`
	Carton string  `json:"carton" default:"small"`
}

type notedID struct {
	ID   int    `path:"id"`
	Lang string `query:"lang,omitempty"`
}

func notedCreate(_ context.Context, in struct {
	Notify string     `header:"X-Notify,omitempty"`
	Body   notedOrder `body:""`
},
) (notedOrder, error) {
	return in.Body, nil
}

func notedRead(_ context.Context, in notedID) (notedOrder, error) {
	return notedOrder{ID: in.ID, Callback: "/"}, nil
}

// noted registers an operation with options, and the operation that its links point to.
func noted(options ...candor.RouteOption) *candor.App {
	app := candor.New(candor.Config{})
	candor.Post(app, "/orders", notedCreate, options...)
	candor.Get(app, "/orders/{id}", notedRead)
	return app
}

// annotated is an app that uses every option for annotations.
func annotated() *candor.App {
	return noted(
		candor.ExternalDocs{URL: "https://example.com/orders", Description: "More"},
		candor.Server{URL: "https://{region}.example.com", Variables: map[string]candor.ServerVariable{"region": {Default: "eu", Enum: []string{"eu", "us"}}}},
		candor.Extension("x-internal", true), candor.Extension("x-order", []string{"b", "a"}),
		candor.Links(200, candor.Link{
			Name: "read", OperationID: "notedRead", Description: "The order",
			Parameters: map[string]string{"id": "$response.body#/id", "query.lang": "en"},
		}),
		candor.Links(candor.Status4XX, candor.Link{Name: "again", OperationID: "notedCreate", RequestBody: "$request.body"}),
		candor.RequestExample("small", notedOrder{1, "/a"}, "A small one"), candor.RequestExample("large", notedOrder{2, "/b"}),
		candor.ResponseExample(200, "done", notedOrder{1, "/a"}),
		candor.Responds[candor.None](candor.Status4XX), candor.Responds[notedParcel](candor.StatusDefault, "Something else"),
		candor.ResponseExample(candor.StatusDefault, "parcel", notedParcel{Weight: 1}),
		candor.Responds[candor.None](candor.StatusDefault, "inner wins"), candor.Responds[notedParcel](candor.StatusDefault, "Something else"),
		candor.Callback[struct {
			Attempt int         `header:"X-Attempt"`
			Body    notedParcel `body:""`
		}, candor.None]("sent", http.MethodPost, "{$request.body#/callback}/sent", candor.Summary("It is on its way"), candor.Responds[candor.None](410)),
		candor.Callback[candor.None, candor.None]("sent", http.MethodDelete, "{$request.header.x-notify}"),
	)
}

func TestAnnotationsInTheDocument(t *testing.T) {
	app := annotated()
	doc := apptest.Document(t, app)
	documenttest.Check(t, "annotations", doc)
	documenttest.Stable(t, annotated)
	op := []string{"paths", "/orders", "post"}
	in := func(keys ...string) any { return apptest.Member(doc, append(append([]string{}, op...), keys...)...) }
	assert.Equal(t, map[string]any{"url": "https://example.com/orders", "description": "More"}, in("externalDocs"))
	assert.Equal(t, []any{map[string]any{"url": "https://{region}.example.com", "variables": map[string]any{
		"region": map[string]any{"default": "eu", "enum": []any{"eu", "us"}},
	}}}, in("servers"))
	assert.Equal(t, true, in("x-internal"))
	assert.Equal(t, []any{"b", "a"}, in("x-order"))
	assert.Equal(t, map[string]any{"read": map[string]any{
		"operationId": "notedRead", "description": "The order", "parameters": map[string]any{"id": "$response.body#/id", "query.lang": "en"},
	}}, in("responses", "200", "links"))
	assert.Equal(t, map[string]any{"again": map[string]any{"operationId": "notedCreate", "requestBody": "$request.body"}}, in("responses", "4XX", "links"))
	assert.Equal(t, map[string]any{
		"small": map[string]any{"summary": "A small one", "value": map[string]any{"id": 1.0, "callback": "/a"}},
		"large": map[string]any{"value": map[string]any{"id": 2.0, "callback": "/b"}},
	}, in("requestBody", "content", "application/json", "examples"))
	assert.Equal(t, map[string]any{"id": 1.0, "callback": "/a"}, in("responses", "200", "content", "application/json", "examples", "done", "value"))
	assert.Equal(t, "Status 4XX", in("responses", "4XX", "description"))
	assert.Equal(t, "Something else", in("responses", "default", "description"))
	assert.Equal(t, map[string]any{"weight": 1.0, "carton": ""}, in("responses", "default", "content", "application/json", "examples", "parcel", "value"))
	// The responses that Candor writes itself are documented beside the range.
	assert.NotNil(t, in("responses", "422"))

	callback := in("callbacks", "sent", "{$request.body#/callback}/sent", "post").(map[string]any)
	assert.Equal(t, "notedCreate_sent", callback["operationId"])
	assert.Equal(t, "It is on its way", callback["summary"])
	assert.Equal(t, []string{"204", "410"}, apptest.MemberNames(doc, append(op, "callbacks", "sent", "{$request.body#/callback}/sent", "post", "responses")...))
	assert.Equal(t, "X-Attempt", callback["parameters"].([]any)[0].(map[string]any)["name"])
	assert.NotNil(t, in("callbacks", "sent", "{$request.header.x-notify}", "delete", "responses", "204"))
	assert.NotNil(t, apptest.Member(doc, "components", "schemas", "notedParcel"))

	// The test client accepts the statuses of a range.
	c := candor.NewTestClient(t, app)
	c.Post("/orders", `{"id":1,"callback":"/"}`).Status(200)
	c.Post("/orders", `{`).Status(422)
}

func TestWebhooks(t *testing.T) {
	app := candor.New(candor.Config{}, candor.Tags("all"), candor.Responds[candor.None](418), candor.Use(apptest.Marking("app")))
	candor.Webhook[struct {
		Signature string      `header:"X-Signature"`
		Body      notedParcel `body:""`
	}, candor.None](app, http.MethodPost, "parcel.sent", candor.Tags("hooks"), candor.Description("On its way"))
	candor.Webhook[candor.None, notedOrder](app, http.MethodGet, "parcel.sent")
	candor.Webhook[candor.None, candor.None](app, http.MethodPut, "hidden", candor.Hidden())
	r := candor.NewRouter("/r", candor.Deprecated())
	candor.Webhook[struct{ Token candor.Bearer }, candor.None](r, http.MethodPost, "guarded", candor.OperationID("notified"))
	r.Docs(candor.Docs{}, candor.Info{})
	app.Include(r, candor.Prefix("/a"))
	app.Include(r, candor.Prefix("/b"))
	doc := apptest.Document(t, app)
	documenttest.Check(t, "webhooks", doc)
	assert.Equal(t, []string{"guarded", "parcel.sent"}, apptest.MemberNames(doc, "webhooks"))
	assert.Equal(t, []string{"get", "post"}, apptest.MemberNames(doc, "webhooks", "parcel.sent"))
	sent := []string{"webhooks", "parcel.sent", "post"}
	assert.Equal(t, []string{"204"}, apptest.MemberNames(doc, append(sent, "responses")...))
	assert.Equal(t, "parcel_sent", apptest.Member(doc, append(sent, "operationId")...))
	assert.Equal(t, []any{"all", "hooks"}, apptest.Member(doc, append(sent, "tags")...))
	assert.Equal(t, "On its way", apptest.Member(doc, append(sent, "description")...))
	assert.Equal(t, "parcel_sent_2", apptest.Member(doc, "webhooks", "parcel.sent", "get", "operationId"))
	assert.Equal(t, "notified", apptest.Member(doc, "webhooks", "guarded", "post", "operationId"))
	assert.Equal(t, true, apptest.Member(doc, "webhooks", "guarded", "post", "deprecated"))
	assert.Equal(t, []any{map[string]any{"HTTPBearer": []any{}}}, apptest.Member(doc, "webhooks", "guarded", "post", "security"))
	assert.Equal(t, `404 X-Through: app | {"detail":"Not Found"}`, apptest.Wire(app, "POST /parcel.sent"))
	assert.Contains(t, apptest.Wire(app, "GET /b/r/openapi.json"), `"webhooks":{"guarded":`)
}

// Each configuration error names the call that caused it.
func TestMistakesOfAnnotations(t *testing.T) {
	type private struct {
		Tasks *candor.Tasks
	}
	type provided struct {
		Shop *notedOrder `dep:""`
	}
	for _, row := range []struct {
		want   string
		option candor.RouteOption
	}{
		{`Extension("internal"); the names of extensions begin with x-, so write "x-internal"`, candor.Extension("internal", true)},
		{`Extension("x-a"): the value cannot be written as JSON`, candor.Extension("x-a", func() {})},
		{"ExternalDocs without a URL", candor.ExternalDocs{Description: "More"}},
		{`the server "https://{region}" has the variable "region", which has no default; give it one in Variables`, candor.Server{URL: "https://{region}"}},
		{`Links(99); a final status is between 200 and 599`, candor.Links(99)},
		{`the name of a link is "a b"; use letters`, candor.Links(200, candor.Link{Name: "a b", OperationID: "notedRead"})},
		{`the link "a" has no target; name an operation by its id`, candor.Links(200, candor.Link{Name: "a"})},
		{`the link "a" refers to the operation "nope", which no document has`, candor.Links(200, candor.Link{Name: "a", OperationID: "nope"})},
		{`the link "a": the operation "notedRead" has no parameter "order"; name one that it has`, candor.Links(200, candor.Link{Name: "a", OperationID: "notedRead", Parameters: map[string]string{"order": "1"}})},
		{`the link "a": "$response.bod" is not a runtime expression; write one such as`, candor.Links(200, candor.Link{Name: "a", OperationID: "notedRead", Parameters: map[string]string{"id": "$response.bod"}})},
		{`the link "a": $response.body#/number: the body has no member "number"; name one that it has`, candor.Links(200, candor.Link{Name: "a", OperationID: "notedRead", Parameters: map[string]string{"id": "$response.body#/number"}})},
		{`Links(201): the operation has no such response; declare it with Responds`, candor.Links(201, candor.Link{Name: "a", OperationID: "notedRead"})},
		{`RequestExample("a b"); the name consists of letters`, candor.RequestExample("a b", 1)},
		{`RequestExample("a"): it is a int, but the body a candor_test.notedOrder; give a value of that type`, candor.RequestExample("a", 1)},
		{`RequestExample("a"): the value breaks a rule of its type, at [body callback]: Must have at least 1 character`, candor.RequestExample("a", notedOrder{})},
		{`RequestExample("a") cannot be written as JSON`, candor.RequestExample("a", make(chan int))},
		{`ResponseExample(200, "a"): the value breaks a rule of its type, at [body callback]`, candor.ResponseExample(200, "a", notedOrder{})},
		{`ResponseExample(201, "a"): the operation has no such response; declare it with Responds`, candor.ResponseExample(201, "a", notedOrder{})},
		{`ResponseExample(200, "a"): it is a string, but the body a candor_test.notedOrder`, candor.ResponseExample(200, "a", "x")},
		{`ResponseExample(1); a final status`, candor.ResponseExample(1, "a", "x")},
		{`Responds(6000); a final status is between 200 and 599`, candor.Responds[candor.None](6000)},
		{`Callback("a"): no URL; write one such as`, candor.Callback[candor.None, candor.None]("a", "POST", "")},
		{`Callback("a"): a brace opens in "{$url" and does not close`, candor.Callback[candor.None, candor.None]("a", "POST", "{$url")},
		{`Callback("a"): a brace closes in "$url}" that was not opened`, candor.Callback[candor.None, candor.None]("a", "POST", "$url}")},
		{`Callback("a"): "url" is not a runtime expression`, candor.Callback[candor.None, candor.None]("a", "POST", "{url}")},
		{`Callback("a"): $request.query.to: the operation reads no query "to"; name one that it does`, candor.Callback[candor.None, candor.None]("a", "POST", "{$request.query.to}")},
		{`Callback("a"): $request.body#/to: the body has no member "to"`, candor.Callback[candor.None, candor.None]("a", "POST", "{$request.body#/to}")},
		{`Callback("a b"): the name is "a b"`, candor.Callback[candor.None, candor.None]("a b", "POST", "/")},
		{`Callback("a"): the method "post" is not "POST"; write the latter`, candor.Callback[candor.None, candor.None]("a", "post", "/")},
		{`Callback("a"): the request is only documented, not served; leave out Use`, candor.Callback[candor.None, candor.None]("a", "POST", "/", candor.Use(apptest.Marking("x")))},
		{`Callback("a"): Raises is about errors of this API; document the receiver's responses with Responds`, candor.Callback[candor.None, candor.None]("a", "POST", "/", candor.Raises(candor.Error(404, nil)))},
		{`Callback("a"): Tasks is a part of requests that are served; describe what is sent`, candor.Callback[private, candor.None]("a", "POST", "/")},
		{`Callback("a"): Shop comes from a provider, which an outgoing request does not have; drop the field`, candor.Callback[provided, candor.None]("a", "POST", "/")},
		{`Callback("a"): field ID of struct{...}`, candor.Callback[struct {
			ID int `path:"id"`
		}, candor.None]("a", "POST", "/")},
	} {
		said := apptest.PanicOf(func() { noted(row.option).Seal() })
		assert.Contains(t, said, row.want)
		assert.Contains(t, said, "annotations_test.go:", row.want)
	}
	twice := apptest.PanicOf(func() {
		noted(candor.RequestExample("a", notedOrder{1, "x"}), candor.RequestExample("a", notedOrder{1, "x"}))
	})
	assert.Contains(t, twice, `RequestExample("a") is listed twice; give one of them another name`)
	noBody := apptest.PanicOf(func() {
		app := candor.New(candor.Config{})
		candor.Get(app, "/{id}", notedRead, candor.RequestExample("a", 1))
		app.Seal()
	})
	assert.Contains(t, noBody, "the operation reads no such body; leave the example out")
}

func TestMistakesOfWebhooks(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Webhook[candor.None, candor.None](app, http.MethodPost, "a")
	candor.Webhook[candor.None, candor.None](app, http.MethodPost, "a")
	assert.ErrorContains(t, app.Check(), `Webhook("a") at`)
	assert.ErrorContains(t, app.Check(), `there is another webhook of this name and the method POST, at`)
	for want, register := range map[string]func(){
		`Webhook("a b") at`: func() { candor.Webhook[candor.None, candor.None](app, http.MethodPost, "a b") },
		"an input must be":  func() { candor.Webhook[int, candor.None](app, http.MethodPost, "b") },
		"the app already ser": func() {
			sealed := noted()
			sealed.Seal()
			candor.Webhook[candor.None, candor.None](sealed, "POST", "b")
		},
	} {
		assert.Contains(t, apptest.PanicOf(register), want)
	}
}

func TestMistakesOfTheDocumentsHead(t *testing.T) {
	for want, config := range map[string]candor.Config{
		`the server "/{a}": the default "x" of the variable "a" is not one of its values; add it to Enum`: {
			Servers: []candor.Server{{URL: "/{a}", Variables: map[string]candor.ServerVariable{"a": {Default: "x", Enum: []string{"y"}}}}},
		},
		`the server "/" has no {a}; put the variable into the URL, or leave it out`: {
			Servers: []candor.Server{{URL: "/", Variables: map[string]candor.ServerVariable{"a": {Default: "x"}}}},
		},
		`the tag "a" is described twice; put both into one`:               {Tags: []candor.Tag{{Name: "a"}, {Name: "a"}}},
		`a tag without a name`:                                            {Tags: []candor.Tag{{Description: "a"}}},
		`the external documentation of the tag "a" has no URL; say where`: {Tags: []candor.Tag{{Name: "a", ExternalDocs: candor.ExternalDocs{Description: "D"}}}},
		`the tag "a" is a part of "b", which is not among the tags`:       {Tags: []candor.Tag{{Name: "a", Parent: "b"}}},
		`the tag "a" is a part of itself, by way of "c"; let one of them`: {Tags: []candor.Tag{{Name: "a", Parent: "c"}, {Name: "b", Parent: "a"}, {Name: "c", Parent: "b"}}},
		`the tag "b" is a part of itself, by way of "b"; let one of them`: {Tags: []candor.Tag{{Name: "a", Parent: "b"}, {Name: "b", Parent: "b"}}},
		`ExternalDocs without a URL`:                                      {ExternalDocs: candor.ExternalDocs{Description: "D"}},
	} {
		assert.Contains(t, apptest.PanicOf(func() { candor.New(config) }), want)
	}
	assert.Contains(t, apptest.PanicOf(func() {
		candor.NewRouter("/a").Docs(candor.Docs{}, candor.Info{Tags: []candor.Tag{{}}})
	}), "Docs at")
}

// The document declares ranges, and the test client holds responses to them.
func TestRangesOfStatuses(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/{id}", func(_ context.Context, in notedID) (notedOrder, error) {
		return notedOrder{}, candor.Error(in.ID, "as asked")
	}, candor.Responds[struct {
		Detail string `json:"detail"`
	}](candor.Status4XX))
	c := candor.NewTestClient(t, app)
	c.Get("/404").Status(404)
	c.Get("/409").Status(409)
	c.Get("/x").Status(422)
}
