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

// API is what one document is about: the operations of an app, or of one of its
// routers.
type API struct {
	Info Info
	// Operations are in the order of registration. Those with the same Path are combined in the document.
	Operations []*Operation
	// Webhooks are requests that the API sends.
	Webhooks []*Operation
	// Schemes are the security schemes that operations use, by their names.
	Schemes map[string]SecurityScheme
	// Faults are the types of validation errors: their locations consist of names
	// and positions, and they repeat the input only if EchoInput is set.
	Faults    []*typeinfo.Type
	EchoInput bool
}

// Operation is a method of a path, or a request that the API sends.
type Operation struct {
	ID, Method string
	// Path is that of the document, "" for a webhook or callback.
	Path string
	// Name is that of a webhook or callback, URL where the latter is sent to.
	Name, URL            string
	Summary, Description string
	Tags                 []string
	Deprecated           bool
	ExternalDocs         ExternalDocs
	Servers              []Server
	Extensions           map[string]json.RawMessage
	// Parameters hold the hidden ones too, which documents leave out.
	Parameters []*Parameter
	// Security lists alternatives, each a set of schemes that are required together; nil means unspecified, an empty
	// list that nothing is required.
	Security [][]SchemeUse
	// Body is nil for a request without one.
	Body *Body
	// Responses may be shared by operations with the same responses.
	Responses *Responses
	// Socket is nil for every operation that opens no WebSocket.
	Socket    *Socket
	Callbacks []*Operation
}

// Parameter is a value of the path, the query, a header or a cookie.
type Parameter struct {
	// Name is that of the document.
	Name string
	// Field reads the parameter; nil for a wildcard of a handler without types.
	Field *typeinfo.Field
	// Readers are all the fields that read it where they are several.
	Readers []*typeinfo.Field
	// Closed means that a value of several names has no others than the document's.
	Closed bool
}

// Body is that of a request: the same value in any of the media types.
type Body struct {
	Required bool
	// Field has the texts of a whole body; nil for one of several fields.
	Field *typeinfo.Field
	Value Value
	Media []Media
	// Contents are media types with their own values, in addition to those of Media.
	Contents []Content
}

// Media is a media type that a body may have, with examples in it.
type Media struct {
	Type string
	// Form is set where the value of a body is sent as a form instead.
	Form     *typeinfo.Object
	Examples []Example
}

// Response is what comes back with a status.
type Response struct {
	// Status may also be a range, or the default.
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
	// Field writes the header; it also has the description, and the type.
	Field *typeinfo.Field
	// Cookies are written by a Set-Cookie.
	Cookies []*typeinfo.Field
	// Description, Type and Format describe any other header; without a Type it is text.
	Description, Type, Format string
}

// Content is a body in one media type.
type Content struct {
	Media
	// Values are what the body may be: any of them where they are several.
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
	Any                     // anything: JSON that nobody looks into
	Parts                   // the parts of a form that the handler reads by itself
	Frame                   // a message of a WebSocket: text or bytes
	Items                   // one JSON value of a Type after the other, in the format of a Sequence
	Events                  // events with data of a Type
)

// Use is how a value is used.
type Use uint8

// The uses. Closed is In where unknown members are refused.
const (
	In Use = iota + 1
	Out
	Closed
)

// Value is a body, or a message.
type Value struct {
	Kind Kind
	Use  Use
	// Field is a JSON value that is a whole body, with its rules and texts.
	Field *typeinfo.Field
	// Type is any other JSON value, and what a stream consists of.
	Type   *typeinfo.Type
	Object *typeinfo.Object
	// Sequence is the media type that says how Items are written.
	Sequence string
	// Title is that of a value that has no schema of its own.
	Title string
	// Data says what the data of Events are: JSON, Text, or Any where they may be
	// both.
	Data Kind
	// Failure is the data of the event that reports the failure of a stream.
	Failure *typeinfo.Type
}

// Of is the type that the value is made of, nil for one without.
func (v Value) Of() *typeinfo.Type {
	if v.Field != nil {
		return v.Field.Type
	}
	return v.Type
}

// Socket is what a WebSocket carries.
type Socket struct {
	Receives, Sends Value
	Subprotocols    []string
	// Invalid are the messages that reply to an invalid one: any of them. None
	// means that it closes the socket.
	Invalid []Value
}

// Example is a value of a body.
type Example struct {
	Name, Summary string
	Value         json.RawMessage
}

// Link says how a response leads to another operation. Its values are runtime
// expressions or constants.
type Link struct {
	Name, OperationID, Description string
	Parameters                     map[string]string
	RequestBody                    string
}
