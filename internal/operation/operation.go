// Package operation describes an API as plain data: its operations, with everything that a document says about them.
//
// The root fills it in when a document is requested; package openapi writes the document from it. An operation knows
// neither how a request is served nor how a document is written: it has no functions, and refers to types by their
// descriptions, which the writer converts to schemas.
package operation

import (
	"encoding/json"

	"github.com/candor-go/candor/internal/typeinfo"
)

// API is the content of one document: the operations of an app or of one of its routers.
type API struct {
	Info Info
	// Operations are in the order of registration. Those with the same Path are combined in the document.
	Operations []*Operation
	// Webhooks are requests that the API sends.
	Webhooks []*Operation
	// Schemes are the security schemes that operations use, by name.
	Schemes map[string]SecurityScheme
	// Faults are the types of validation errors. Their locations consist of names and positions; the input is included only if
	// EchoInput is set.
	Faults    []*typeinfo.Type
	EchoInput bool
}

// Operation is a method of a path, or a request that the API sends.
type Operation struct {
	ID, Method string
	// Path is the path in the document, "" for a webhook or callback.
	Path string
	// Name is the name of a webhook or callback, URL the expression for the URL of a callback.
	Name, URL            string
	Summary, Description string
	Tags                 []string
	Deprecated           bool
	ExternalDocs         ExternalDocs
	Servers              []Server
	Extensions           map[string]json.RawMessage
	// Parameters includes hidden parameters, which documents omit.
	Parameters []*Parameter
	// Security lists alternatives, each a set of schemes that are required together; nil means unspecified, an empty
	// list that nothing is required.
	Security [][]SchemeUse
	// Body is nil for a request without a body.
	Body *Body
	// Responses may be shared by operations with the same responses.
	Responses *Responses
	// Socket is nil unless the operation opens a WebSocket.
	Socket    *Socket
	Callbacks []*Operation
}

// Parameter is a value of the path, the query, a header or a cookie.
type Parameter struct {
	// Name is the name in the document.
	Name string
	// Field is the field that reads the parameter; nil for a wildcard of a plain handler.
	Field *typeinfo.Field
	// Readers are all fields that read the parameter, if there are several.
	Readers []*typeinfo.Field
	// Closed means that a nested value allows no other names than the documented ones.
	Closed bool
}

// Body is a request body: the same value in any of its media types.
type Body struct {
	Required bool
	// Field provides the documentation of a whole body; nil for a body of several fields.
	Field *typeinfo.Field
	Value Value
	Media []Media
	// Contents are media types with their own values, in addition to those of Media.
	Contents []Content
}

// Media is a media type of a body, with its examples.
type Media struct {
	Type string
	// Form is set if the body is sent as a form in this media type.
	Form     *typeinfo.Object
	Examples []Example
}

// Response is the response with a status.
type Response struct {
	// Status may also be a range or the default.
	Status      int
	Description string
	Headers     []Header
	Content     []Content
	Links       []Link
}

// Header is a header of a response.
type Header struct {
	Name     string
	Required bool
	// Field is the field that is written to the header, with its type and documentation.
	Field *typeinfo.Field
	// Cookies are the fields that are written to Set-Cookie.
	Cookies []*typeinfo.Field
	// Description, Type and Format describe any other header; without a Type it is text.
	Description, Type, Format string
}

// Content is a body in one media type.
type Content struct {
	Media
	// Values are the alternatives for the body.
	Values []Value
}

// Kind is what a value consists of.
type Kind uint8

// The kinds of values.
const (
	JSON    Kind = iota + 1 // the value of a Field, or of a Type
	Members                 // a JSON object, the members of which are an Object
	Form                    // a form, the fields of which are an Object
	Text                    // text as it is sent
	Bytes                   // bytes as they are sent
	Any                     // anything: JSON of unknown type
	Parts                   // parts of a form that the handler reads itself
	Frame                   // a message of a WebSocket: text or bytes
	Items                   // a sequence of JSON values of a Type, in the format of a Sequence
	Events                  // events with data of a Type
)

// Use is how a value is used.
type Use uint8

// The uses. Closed is In with unknown members rejected.
const (
	In Use = iota + 1
	Out
	Closed
)

// Value is a body, or a message.
type Value struct {
	Kind Kind
	Use  Use
	// Field is a JSON value that is a whole body, with its rules and documentation.
	Field *typeinfo.Field
	// Type is any other JSON value, or the item of a stream.
	Type   *typeinfo.Type
	Object *typeinfo.Object
	// Sequence is the media type in which Items are written.
	Sequence string
	// Title is the title of a value without a schema of its own.
	Title string
	// Data is the kind of the data of Events: JSON, Text, or Any if both are possible.
	Data Kind
	// Failure is the data of the event that reports an error of the stream.
	Failure *typeinfo.Type
}

// Of returns the type of the value, nil if it has none.
func (v Value) Of() *typeinfo.Type {
	if v.Field != nil {
		return v.Field.Type
	}
	return v.Type
}

// Socket describes the messages of a WebSocket.
type Socket struct {
	Receives, Sends Value
	Subprotocols    []string
	// Invalid are the alternatives for the reply to an invalid message. Without any, an invalid message closes the WebSocket.
	Invalid []Value
}

// Example is an example value of a body.
type Example struct {
	Name, Summary string
	Value         json.RawMessage
}
