// Package asyncapi converts an OpenAPI 3.1 document to AsyncAPI 3.0. It converts the finished document, so a user's
// edits are kept, and it knows nothing about operations and types.
//
// A WebSocket, which is a GET with the extension x-websocket, becomes a channel with an operation for each direction, as
// seen from the server. An event stream becomes a channel on which the server sends. Other operations are left out.
//
// Schemas are copied unchanged. AsyncAPI uses an older version of JSON Schema, which ignores some keywords, so there the
// schemas accept more.
package asyncapi

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/doctree"
)

// Version is the AsyncAPI version of converted documents.
const Version = "3.0.0"

// Convert converts an OpenAPI 3.1 document, which is not modified.
func Convert(doc *doctree.Value) *doctree.Value {
	c := &converter{from: doc, channels: doctree.Object(), operations: doctree.Object(), schemes: doctree.Object()}
	for _, path := range members(doc.Get("paths")) {
		// Members that are not operations, such as parameters, have no messages.
		for _, method := range members(path.Value) {
			c.operation(path.Name, method.Name, method.Value)
		}
	}
	to := doctree.Object()
	to.Set("asyncapi", doctree.String(Version))
	to.Set("info", c.info())
	// After the operations, which determine whether there are event streams.
	put(to, "servers", c.servers())
	to.Set("defaultContentType", doctree.String("application/json"))
	to.Set("channels", c.channels)
	to.Set("operations", c.operations)
	components := doctree.Object()
	put(components, "schemas", c.reached())
	put(components, "securitySchemes", c.schemes)
	put(to, "components", components)
	return to
}

// converter collects what the channels need.
type converter struct {
	from                          *doctree.Value
	channels, operations, schemes *doctree.Value
	// names are the components that schemas refer to.
	names []string
	// events means that at least one channel is an event stream.
	events bool
}

func members(v *doctree.Value) []doctree.Member {
	if v == nil {
		return nil
	}
	return v.Members
}

func items(v *doctree.Value) []*doctree.Value {
	if v == nil {
		return nil
	}
	return v.Items
}

func text(v *doctree.Value) string {
	if v == nil {
		return ""
	}
	return v.Text
}

// put sets a member unless its value is empty.
func put(to *doctree.Value, name string, v *doctree.Value) {
	if v != nil && (len(v.Members) > 0 || len(v.Items) > 0 || v.Text != "" || v.Kind == 't') {
		to.Set(name, v)
	}
}

// take copies members that both formats have.
func take(to, from *doctree.Value, names ...string) {
	for _, name := range names {
		put(to, name, from.Get(name))
	}
}

func (c *converter) info() *doctree.Value {
	from := c.from.Get("info")
	info := doctree.Object()
	// Both are required, so they are set even if they are empty.
	for _, name := range []string{"title", "version"} {
		info.Set(name, doctree.String(text(from.Get(name))))
	}
	take(info, from, "description", "termsOfService", "contact")
	if license := from.Get("license"); license != nil {
		kept := doctree.Object()
		take(kept, license, "name", "url")
		put(info, "license", kept)
	}
	tags := doctree.Array()
	for _, tag := range items(c.from.Get("tags")) {
		kept := doctree.Object()
		take(kept, tag, "name", "description", "externalDocs")
		tags.Items = append(tags.Items, kept)
	}
	put(info, "tags", tags)
	take(info, c.from, "externalDocs")
	return info
}

// servers returns the servers with a host. A server with only a path is relative to the URL of the document.
func (c *converter) servers() *doctree.Value {
	servers := doctree.Object()
	for _, from := range items(c.from.Get("servers")) {
		at, err := url.Parse(text(from.Get("url")))
		if err != nil || at.Host == "" {
			continue
		}
		// From http to ws, and from https to wss.
		secure := strings.TrimPrefix(at.Scheme, "http")
		c.server(servers, "ws"+secure, at, from)
		if c.events {
			c.server(servers, "http"+secure, at, from)
		}
	}
	return servers
}

func (c *converter) server(servers *doctree.Value, protocol string, at *url.URL, from *doctree.Value) {
	server := doctree.Object()
	server.Set("host", doctree.String(at.Host))
	server.Set("protocol", doctree.String(protocol))
	put(server, "pathname", doctree.String(strings.TrimSuffix(at.Path, "/")))
	take(server, from, "description", "variables")
	// A name has letters, digits, hyphens and underscores.
	servers.Set(strings.NewReplacer(".", "-", ":", "-", "{", "", "}", "").Replace(protocol+"-"+at.Host)+strings.ReplaceAll(at.Path, "/", "-"), server)
}

// address returns a path as clients reach it: prefixed with the server's path if the server has only a path.
func (c *converter) address(path string) *doctree.Value {
	for _, from := range items(c.from.Get("servers")) {
		if base := text(from.Get("url")); strings.HasPrefix(base, "/") && !strings.Contains(base, "{") {
			return doctree.String(strings.TrimSuffix(base, "/") + path)
		}
	}
	return doctree.String(path)
}

// The media type of a stream of events.
const eventStream = "text/event-stream"

// operation adds a channel for an operation that has messages.
func (c *converter) operation(path, method string, op *doctree.Value) {
	if about := op.Get("x-websocket"); about != nil {
		c.socket(path, op, about)
		return
	}
	for _, response := range members(op.Get("responses")) {
		if event := response.Value.Get("content").Get(eventStream).Get("x-itemSchema"); event != nil {
			c.stream(path, method, op, event)
			return
		}
	}
}

func (c *converter) socket(path string, op, about *doctree.Value) {
	id := text(op.Get("operationId"))
	channel := c.channel(id, path, op)
	messages := doctree.Object()
	received := c.kinds(messages, "received", about.Get("receives"))
	sent := c.kinds(messages, "sent", about.Get("sends"))
	if reply := about.Get("answersInvalid"); reply != nil {
		messages.Set("invalid", c.message(reply))
		sent = append(sent, "invalid")
	}
	channel.Set("messages", messages)
	binding := doctree.Object(doctree.Member{Name: "method", Value: doctree.String("GET")})
	put(binding, "query", c.parameters(op, "query"))
	headers := c.parameters(op, "header")
	if names := about.Get("subprotocols"); names != nil {
		if headers == nil {
			// Subprotocols are offered in a header.
			headers = object()
		}
		headers.Get("properties").Set("Sec-WebSocket-Protocol", doctree.Object(
			doctree.Member{Name: "type", Value: doctree.String("string")}, doctree.Member{Name: "enum", Value: names}))
	}
	put(binding, "headers", headers)
	binding.Set("bindingVersion", doctree.String("0.1.0"))
	channel.Set("bindings", doctree.Object(doctree.Member{Name: "ws", Value: binding}))
	c.action(id, id+"Receive", "receive", op, received...)
	c.action(id, id+"Send", "send", op, sent...)
}

// kinds adds the messages of a schema and returns their names. If both text and binary messages are allowed, there are two,
// because each has its own content type.
func (c *converter) kinds(messages *doctree.Value, name string, schema *doctree.Value) []string {
	either := items(schema.Get("anyOf"))
	if len(either) != 2 || mediaType(either[0]) != plainText || mediaType(either[1]) != octets {
		messages.Set(name, c.message(schema))
		return []string{name}
	}
	messages.Set(name+"Text", c.message(either[0]))
	messages.Set(name+"Binary", c.message(either[1]))
	return []string{name + "Text", name + "Binary"}
}

func (c *converter) stream(path, method string, op, event *doctree.Value) {
	c.events = true
	id := text(op.Get("operationId"))
	channel, messages := c.channel(id, path, op), doctree.Object()
	var sent []string
	for _, kind := range items(event.Get("anyOf")) {
		name, message := c.event(kind)
		messages.Set(name, message)
		sent = append(sent, escape(name))
	}
	channel.Set("messages", messages)
	binding := doctree.Object(doctree.Member{Name: "method", Value: doctree.String(strings.ToUpper(method))})
	put(binding, "query", c.parameters(op, "query"))
	binding.Set("bindingVersion", doctree.String("0.3.0"))
	action := c.action(id, id+"Send", "send", op, sent...)
	action.Set("bindings", doctree.Object(doctree.Member{Name: "http", Value: binding}))
}

// event returns a message for one kind of event, named after the event if all events of the kind have the same name.
func (c *converter) event(kind *doctree.Value) (name string, message *doctree.Value) {
	data := kind.Get("properties").Get("data")
	// JSON in an event is a string with a schema for its content.
	message = c.message(cmp.Or(data.Get("contentSchema"), data))
	put(message, "contentType", data.Get("contentMediaType"))
	names := items(kind.Get("properties").Get("event").Get("enum"))
	if len(names) != 1 {
		return "sent", message
	}
	message.Set("name", names[0])
	return text(names[0]), message
}

// channel returns a channel without messages.
func (c *converter) channel(id, path string, op *doctree.Value) *doctree.Value {
	channel := doctree.Object()
	channel.Set("address", c.address(path))
	put(channel, "title", op.Get("summary"))
	take(channel, op, "description")
	parameters := doctree.Object()
	for _, p := range items(op.Get("parameters")) {
		if text(p.Get("in")) != "path" {
			continue
		}
		kept := doctree.Object()
		take(kept, p, "description")
		// Parameters of a channel are strings, so listed values become strings too.
		if values := c.resolve(p.Get("schema")).Get("enum"); values != nil && !slices.ContainsFunc(values.Items, func(v *doctree.Value) bool { return v.Kind != '"' }) {
			kept.Set("enum", values)
		}
		parameters.Set(text(p.Get("name")), kept)
	}
	put(channel, "parameters", parameters)
	c.channels.Set(id, channel)
	return channel
}

// resolve returns the component that a schema refers to, or the schema itself.
func (c *converter) resolve(schema *doctree.Value) *doctree.Value {
	name, ok := strings.CutPrefix(text(schema.Get("$ref")), schemaPointer)
	if !ok {
		return schema
	}
	return c.from.Get("components").Get("schemas").Get(name)
}

// action returns an operation on a channel.
func (c *converter) action(channel, id, action string, op *doctree.Value, messages ...string) *doctree.Value {
	at := "#/channels/" + escape(channel)
	operation := doctree.Object()
	operation.Set("action", doctree.String(action))
	operation.Set("channel", reference(at))
	put(operation, "title", op.Get("summary"))
	take(operation, op, "description")
	tags := doctree.Array()
	for _, tag := range items(op.Get("tags")) {
		tags.Items = append(tags.Items, doctree.Object(doctree.Member{Name: "name", Value: tag}))
	}
	put(operation, "tags", tags)
	put(operation, "security", c.security(op.Get("security")))
	put(operation, "x-deprecated", op.Get("deprecated"))
	list := doctree.Array()
	for _, name := range messages {
		list.Items = append(list.Items, reference(at+"/messages/"+name))
	}
	operation.Set("messages", list)
	c.operations.Set(id, operation)
	return operation
}

// security returns the schemes of which one is required; none if credentials are optional.
func (c *converter) security(requirements *doctree.Value) *doctree.Value {
	schemes := doctree.Array()
	for _, alternative := range items(requirements) {
		if len(alternative.Members) == 0 {
			return nil
		}
		for _, scheme := range alternative.Members {
			ref := reference("#/components/securitySchemes/" + escape(scheme.Name))
			// Several alternatives may use the same scheme.
			if !slices.ContainsFunc(schemes.Items, func(other *doctree.Value) bool { return other.Get("$ref").Text == ref.Get("$ref").Text }) {
				schemes.Items = append(schemes.Items, ref)
			}
			c.schemes.Set(scheme.Name, securityScheme(c.from.Get("components").Get("securitySchemes").Get(scheme.Name)))
		}
	}
	return schemes
}

// securityScheme converts a security scheme; only names differ.
func securityScheme(from *doctree.Value) *doctree.Value {
	to := doctree.Object()
	kind := text(from.Get("type"))
	if kind == "apiKey" {
		kind = "httpApiKey"
	}
	if kind == "mutualTLS" {
		kind = "X509"
	}
	to.Set("type", doctree.String(kind))
	take(to, from, "description", "name", "in", "scheme", "bearerFormat", "openIdConnectUrl")
	flows := doctree.Object()
	for _, flow := range members(from.Get("flows")) {
		kept := doctree.Object()
		take(kept, flow.Value, "authorizationUrl", "tokenUrl", "refreshUrl")
		scopes := flow.Value.Get("scopes")
		if scopes == nil {
			// AsyncAPI requires the member, even if it is empty.
			scopes = doctree.Object()
		}
		kept.Set("availableScopes", scopes)
		flows.Set(flow.Name, kept)
	}
	put(to, "flows", flows)
	return to
}

// parameters describes the parameters of one location as an object, nil for none.
func (c *converter) parameters(op *doctree.Value, in string) *doctree.Value {
	all, required := object(), doctree.Array()
	for _, p := range items(op.Get("parameters")) {
		schema := p.Get("schema")
		if text(p.Get("in")) != in || schema == nil {
			continue
		}
		all.Get("properties").Set(text(p.Get("name")), c.schema(schema))
		if v := p.Get("required"); v != nil && v.Kind == 't' {
			required.Items = append(required.Items, p.Get("name"))
		}
	}
	if len(all.Get("properties").Members) == 0 {
		return nil
	}
	put(all, "required", required)
	return all
}

func object() *doctree.Value {
	return doctree.Object(
		doctree.Member{Name: "type", Value: doctree.String("object")},
		doctree.Member{Name: "properties", Value: doctree.Object()})
}

// message returns a message with the schema as its payload.
func (c *converter) message(schema *doctree.Value) *doctree.Value {
	message := doctree.Object()
	if media := mediaType(schema); media != "" {
		message.Set("contentType", doctree.String(media))
	}
	message.Set("payload", c.schema(schema))
	return message
}

// The media types of messages that are not JSON.
const (
	plainText = "text/plain"
	octets    = "application/octet-stream"
)

// mediaType returns the media type of text or bytes, "" for JSON.
func mediaType(schema *doctree.Value) string {
	if text(schema.Get("format")) == "binary" {
		return cmp.Or(text(schema.Get("contentMediaType")), octets)
	}
	return text(schema.Get("contentMediaType"))
}

func reference(to string) *doctree.Value {
	return doctree.Object(doctree.Member{Name: "$ref", Value: doctree.String(to)})
}

// escape escapes a name for a JSON pointer.
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

const schemaPointer = "#/components/schemas/"

// schema converts a schema, whose discriminator is only a name in AsyncAPI. It records the components that the schema
// refers to.
func (c *converter) schema(v *doctree.Value) *doctree.Value {
	switch v.Kind {
	case '[':
		list := doctree.Array()
		for _, item := range v.Items {
			list.Items = append(list.Items, c.schema(item))
		}
		return list
	case '{':
	default:
		return v
	}
	to := doctree.Object()
	for _, m := range v.Members {
		switch m.Name {
		case "discriminator":
			to.Set(m.Name, m.Value.Get("propertyName"))
		case "default", "const", "enum", "example", "examples", "x-validate":
			// These keywords contain values, in which something that looks like a reference is not one.
			to.Set(m.Name, m.Value)
		case "properties", "patternProperties", "dependentSchemas", "$defs":
			inner := doctree.Object()
			for _, p := range m.Value.Members {
				inner.Set(p.Name, c.schema(p.Value))
			}
			to.Set(m.Name, inner)
		case "$ref":
			c.refer(m.Value.Text)
			to.Set(m.Name, m.Value)
		default:
			to.Set(m.Name, c.schema(m.Value))
		}
	}
	return to
}

func (c *converter) refer(to string) {
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(strings.TrimPrefix(to, schemaPointer))
	if !slices.Contains(c.names, name) {
		c.names = append(c.names, name)
	}
}

// reached returns the components that channels refer to, directly or indirectly, in the order in which they are found.
func (c *converter) reached() *doctree.Value {
	all := c.from.Get("components").Get("schemas")
	made := map[string]*doctree.Value{}
	for i := 0; i < len(c.names); i++ { // the list grows meanwhile
		if from := all.Get(c.names[i]); from != nil {
			made[c.names[i]] = c.schema(from)
		}
	}
	schemas := doctree.Object()
	for _, m := range members(all) {
		if schema := made[m.Name]; schema != nil {
			schemas.Set(m.Name, schema)
		}
	}
	return schemas
}
