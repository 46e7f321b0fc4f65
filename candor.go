// Package candor serves plain Go functions as a REST API, and writes the API's document from the same types, so that
// the document never lies.
//
// A handler takes a context and a struct, and returns a value or an error:
//
//	func readItem(ctx context.Context, in struct {
//		ItemID int    `path:"item_id" validate:"gte=1"`
//		Q      string `query:"q,omitempty" validate:"max=50"`
//	}) (Item, error)
//
//	app := candor.New(candor.Config{Title: "Items", Version: "1.0.0"})
//	candor.Get(app, "/items/{item_id}", readItem)
//	err := app.Run(":8000") // with /docs, /redoc and /openapi.json
//
// # Inputs
//
// Each field of the input has one tag that says where its value comes from:
//
//   - path:"item_id", a wildcard of the path;
//   - query:"q", header:"X-Token", cookie:"session", a parameter; a slice takes all values, anything else the last;
//   - body:"", the whole JSON body, or body:"item", one member of it;
//   - form:"name" and file:"avatar", a field and an [Upload] of a form;
//   - dep:"", a dependency: see [Provide];
//   - an embedded struct contributes its fields; credentials such as [Bearer], and *http.Request, need no tag.
//
// A value is required, which means that it must be present, unless its field is a pointer, has a default, or its tag
// says omitempty. A zero value counts as present. The tag validate holds rules in the syntax of
// go-playground/validator; the tags default, doc, example and deprecated describe the field further.
//
// # Responses
//
// The result is encoded as JSON with status 200, or that of [Status]; [None] is a 204. [HTML], [Text], []byte,
// [Reader], [File] and [Redirect] are sent as they are; [JSONLines] and [Events] are streamed. A struct whose fields
// all have one of the tags status:"200,201", header:"X-Total", cookie:"session" and body:"" is an envelope, which sets
// the parts of the response: a zero status means the first one listed; a cookie of type string gets Path=/, HttpOnly
// and SameSite=Lax, and is left out if it is empty.
//
// An error made by [Error] is sent with its status and detail. All validation errors of a request are sent together,
// with status 422. Any other error is a 500 whose text stays on the server.
//
// # Two moments
//
// A registration that cannot work panics and says what to write instead; a request never does. Registration ends when
// the app is sealed: by Run, Serve, Seal, NewTestClient, WriteOpenAPI or the first request. Until then the order of
// registrations does not matter; from then on the app is safe for concurrent use.
//
// # Tests
//
// A handler is a function: call it. [NewTestClient] sends requests without a network, and fails the test where the app
// and its document disagree.
package candor
