// Package mcp offers the operations of a Candor app as tools of the Model Context
// Protocol, so that a language model can call them.
//
//	tools := mcp.Of(app, mcp.Options{Tags: []string{"items"}})
//	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", tools, candor.Hidden())
//
// It reads the OpenAPI document that the app writes, and nothing else: the schemas
// of arguments and results are those of the document. A call of a tool is a request
// to the app in this process, through its whole chain: middleware, guards,
// validation, rate limits by the address and the credentials of the caller,
// tear-downs, logs.
//
// The protocol itself is spoken by the official SDK, over Streamable HTTP without
// sessions, so that any process of a service can serve any request.
package mcp
