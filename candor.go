// Package candor serves plain Go functions as a REST API, and writes the API's
// document from the same types, so that the document never lies.
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
//   - query:"q", header:"X-Token", cookie:"session", a parameter; a slice takes
//     all values, anything else the last;
//   - body:"", the whole JSON body, or body:"item", one member of it;
//   - form:"name" and file:"avatar", a field and an [Upload] of a form;
//   - dep:"", what a provider makes: see [Provide];
//   - an embedded struct contributes its fields; credentials such as [Bearer],
//     and *http.Request, need no tag.
//
// A value is required, that is: must be present, unless its field is a pointer,
// has a default, or its tag says omitempty. Zero values are values. The tag
// validate holds rules in the notation of go-playground/validator; default,
// doc, example and deprecated say the rest.
//
// # Answers
//
// The result is encoded as JSON with status 200, or that of [Status]; [None]
// answers 204. [HTML], [Text], []byte, [Reader], [File] and [Redirect] are sent
// as what they are, [JSONLines] and [Events] while they are made. A struct whose
// fields all have one of the tags status:"200,201", header:"X-Total",
// cookie:"session" and body:"" is the response's parts: a zero status is the first
// listed, a cookie that is text has Path=/, HttpOnly and SameSite=Lax and is left
// out where it is empty.
//
// An error made by [Error] answers with its status and detail; all faults of a
// request together answer 422; any other error answers 500 and its text stays on
// the server.
//
// # Two moments
//
// A registration that cannot work panics and says what to write instead; a
// request never does. Registering is over when the app is sealed: by Run,
// Serve, Seal, NewTestClient, WriteOpenAPI or the first request. The order of
// registrations does not matter before that, and an app serves concurrently
// after it.
//
// # Tests
//
// A handler is a function: call it. [NewTestClient] sends requests without a
// network, and fails the test where the app and its document disagree.
package candor
