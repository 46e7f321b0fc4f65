// Package middleware has ready-made middleware for APIs. Each is a plain func(http.Handler) http.Handler, most often
// passed to [candor.Use]. The responses that it sends and the headers that it adds are documented for the operations
// that it wraps.
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
// The first of [candor.Use] is the outermost. A good order is [TrustedProxies], [RequestID], [AccessLog], compression,
// [CORS], [SecureHeaders], [candor.TrustedHosts], [HTTPSRedirect], [CrossOrigin], [candor.RateLimit], [ConditionalGET].
//
//   - Unsafe or contradictory settings panic when the middleware is made, with the file and line of the call.
//   - Streams, files and WebSockets pass through unbuffered, and http.ResponseController reaches the server's own
//     writer.
//   - Documented middleware may be combined with other middleware in one argument of Use, unless it is hidden between
//     two functions that are not documented; see [candor.Documented].
//   - It also works outside of an app, with any http.Handler.
//
// Middleware that needs to know more about an operation is an option of package candor: [candor.RateLimit],
// [candor.TrustedHosts], [candor.Timeout], [candor.Cache].
package middleware
