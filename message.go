package candor

import (
	"errors"
	"reflect"
	"unicode/utf8"

	"github.com/coder/websocket"
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// messageKind is how values of a type travel over a WebSocket.
type messageKind uint8

const (
	jsonMessage  messageKind = iota // text that is JSON
	textMessage                     // a string, as it is
	bytesMessage                    // bytes, as they are
)

func messageKindOf(t reflect.Type) messageKind {
	switch t {
	case stringType:
		return textMessage
	case bytesType:
		return bytesMessage
	}
	return jsonMessage
}

// frame is the kind of message on the wire.
func (k messageKind) frame() websocket.MessageType {
	if k == bytesMessage {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}

// readMessage puts a message into a value; it may keep the data of bytes. It
// reports whether the value fits into memory.
type readMessage func(data []byte, into reflect.Value, o codec.Options, faults *fault.List) (fits bool)

// writeMessage appends a value in the form of a message.
type writeMessage func(dst []byte, value reflect.Value, checks bool, faults *fault.List) ([]byte, error)

var errNotUTF8 = errors.New("a text message is not UTF-8; send []byte for anything else")

func (c *compiler) readerOf(t reflect.Type) (readMessage, error) {
	switch messageKindOf(t) {
	case textMessage:
		return func(data []byte, into reflect.Value, _ codec.Options, _ *fault.List) bool {
			into.SetString(string(data))
			return true
		}, nil
	case bytesMessage:
		return func(data []byte, into reflect.Value, _ codec.Options, _ *fault.List) bool {
			into.SetBytes(append(make([]byte, 0, len(data)), data...))
			return true
		}, nil
	}
	described, err := typeinfo.Of(t)
	if err != nil {
		return nil, err
	}
	decoder, err := c.codec.Decoder(described, nil)
	if err != nil {
		return nil, err
	}
	return decoder.Decode, nil
}

func (c *compiler) writerOf(t reflect.Type) (writeMessage, error) {
	switch messageKindOf(t) {
	case textMessage:
		return func(dst []byte, value reflect.Value, _ bool, _ *fault.List) ([]byte, error) {
			if !utf8.ValidString(value.String()) {
				return dst, errNotUTF8
			}
			return append(dst, value.String()...), nil
		}, nil
	case bytesMessage:
		return func(dst []byte, value reflect.Value, _ bool, _ *fault.List) ([]byte, error) {
			return append(dst, value.Bytes()...), nil
		}, nil
	}
	described, err := typeinfo.Of(t)
	if err != nil {
		return nil, err
	}
	encoder, err := c.codec.Encoder(described, nil)
	if err != nil {
		return nil, err
	}
	return encoder.Append, nil
}

// markMessage tells the components of a type that messages have.
func markMessage(c *schema.Components, t reflect.Type, use schema.Use) {
	if messageKindOf(t) == jsonMessage {
		c.Mark(mustDescribe(t), use)
	}
}

// messageSchema is the schema of a message.
func messageSchema(c *schema.Components, t reflect.Type, use schema.Use) *openapi3.SchemaRef {
	switch messageKindOf(t) {
	case textMessage:
		s := openapi3.NewStringSchema()
		s.ContentMediaType = "text/plain"
		return openapi3.NewSchemaRef("", s)
	case bytesMessage:
		return openapi3.NewSchemaRef("", binarySchema())
	}
	return c.Value(mustDescribe(t), nil, use)
}
