// Package mcp offers the operations of a Candor app as tools of the Model Context Protocol, so that a language model
// can call them.
//
//	tools := mcp.Of(app, mcp.Options{Tags: []string{"items"}})
//	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", tools, candor.Hidden())
//
// It reads only the OpenAPI document that the app writes: the schemas of arguments and results are those of the
// document. A tool call is a request to the app in the same process, and passes through everything: middleware, guards,
// validation, rate limits by the address and credentials of the caller, tear-downs and logs.
//
// The protocol is implemented by the official SDK, over Streamable HTTP without sessions, so that any process of a
// service can serve any request.
package mcp
