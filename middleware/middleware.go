// Package middleware has ready-made middleware for APIs: each is a plain
// func(http.Handler) http.Handler and goes where such functions go, most of all
// into [candor.Use]. What it responds by itself, and which headers it adds, is in
// the document of the operations that it wraps.
//
//	package main
//
//	import (
//		"context"
//		"log"
//
//		"github.com/candor-go/candor"
//		"github.com/candor-go/candor/middleware"
//	)
//
//	type Greet struct {
//		Name string `query:"name" default:"world"`
//	}
//
//	func greet(ctx context.Context, in Greet) (string, error) { return "hello " + in.Name, nil }
//
//	func main() {
//		app := candor.New(candor.Config{Title: "Greetings", Version: "1.0.0"},
//			candor.Use(
//				middleware.RequestID(),
//				middleware.AccessLog(nil),
//				middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example.com"}}),
//				middleware.SecureHeaders(nil),
//				middleware.ConditionalGET()))
//		candor.Get(app, "/greeting", greet)
//		if err := app.Run(":8000"); err != nil {
//			log.Fatal(err)
//		}
//	}
//
// The first of [candor.Use] is the outermost. A good order is [TrustedProxies],
// [RequestID], [AccessLog], compression, [CORS], [SecureHeaders],
// [candor.TrustedHosts], [HTTPSRedirect], [CrossOrigin], [candor.RateLimit],
// [ConditionalGET].
//
//   - Settings that are unsafe or contradict each other panic when the middleware
//     is made, with the file and line of the call.
//   - Streams, files and WebSockets pass through as they come, and
//     http.ResponseController reaches the server's own writer.
//   - Middleware that the document has to know of may stand anywhere in an element
//     of Use but between two functions that hide it; see [candor.Documented].
//   - It works outside of an app too, where it wraps any http.Handler.
//
// What needs more of an operation than that is an option of the root:
// [candor.RateLimit], [candor.TrustedHosts], [candor.Timeout], [candor.Cache].
package middleware
