// Package message encodes and decodes WebSocket messages for Go types: a string as text, bytes as binary, a frame as
// either, and everything else as JSON.
package message

import (
	"errors"
	"reflect"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/socket"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Format is how values of a type are sent over a WebSocket.
type Format uint8

const (
	asJSON  Format = iota // a text message with JSON
	asText                // a text message with a string
	asBytes               // a binary message with bytes
	asFrame               // a Frame, which is text or binary
)

// Compiler compiles the message formats of an API.
type Compiler struct {
	Codec *codec.Compiler
	// Frame is the struct type for messages of either kind: whether it is binary, and its bytes.
	Frame reflect.Type
}

// Format returns the format of a type.
func (c Compiler) Format(t reflect.Type) Format {
	switch t {
	case reflect.TypeFor[string]():
		return asText
	case reflect.TypeFor[[]byte]():
		return asBytes
	case c.Frame:
		return asFrame
	}
	return asJSON
}

// Kind returns the message type on the wire. A frame chooses it per message.
func (f Format) Kind() websocket.MessageType {
	if f == asBytes {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}

// Takes reports whether a message of this type is accepted in the format.
func (f Format) Takes(kind websocket.MessageType) bool {
	return f == asFrame || kind == f.Kind()
}

// Read decodes a message into an addressable value, which keeps no reference to the message. It reports whether the
// value fits into the memory limit.
type Read func(m *socket.Message, into reflect.Value, o codec.Options, faults *fault.List) (fits bool)

// Write appends the encoded message of an addressable value, and returns its message type.
type Write func(dst []byte, value reflect.Value, checks bool, faults *fault.List) (websocket.MessageType, []byte, error)

var errNotUTF8 = errors.New("a text message is not UTF-8; send a binary one for anything else")

// Reader compiles the decoder for messages of a type.
func (c Compiler) Reader(t reflect.Type) (Read, error) {
	switch c.Format(t) {
	case asText:
		return func(m *socket.Message, into reflect.Value, _ codec.Options, _ *fault.List) bool {
			into.SetString(string(m.Data))
			return true
		}, nil
	case asBytes:
		return func(m *socket.Message, into reflect.Value, _ codec.Options, _ *fault.List) bool {
			into.SetBytes(m.Copied()) // the buffer is reused for the next message
			return true
		}, nil
	case asFrame:
		return func(m *socket.Message, into reflect.Value, _ codec.Options, _ *fault.List) bool {
			into.Field(isBinary).SetBool(m.Kind == websocket.MessageBinary)
			into.Field(data).SetBytes(m.Copied())
			return true
		}, nil
	}
	described, err := typeinfo.Of(t)
	if err != nil {
		return nil, err
	}
	decoder, err := c.Codec.Decoder(described, nil)
	if err != nil {
		return nil, err
	}
	return func(m *socket.Message, into reflect.Value, o codec.Options, faults *fault.List) bool {
		return decoder.Decode(m.Data, into, o, faults)
	}, nil
}

// Writer compiles the encoder for messages of a type.
func (c Compiler) Writer(t reflect.Type) (Write, error) {
	switch c.Format(t) {
	case asText:
		return func(dst []byte, value reflect.Value, _ bool, _ *fault.List) (websocket.MessageType, []byte, error) {
			if !utf8.ValidString(value.String()) {
				return websocket.MessageText, dst, errNotUTF8
			}
			return websocket.MessageText, append(dst, value.String()...), nil
		}, nil
	case asBytes:
		return func(dst []byte, value reflect.Value, _ bool, _ *fault.List) (websocket.MessageType, []byte, error) {
			return websocket.MessageBinary, append(dst, value.Bytes()...), nil
		}, nil
	case asFrame:
		return writeFrame, nil
	}
	described, err := typeinfo.Of(t)
	if err != nil {
		return nil, err
	}
	encoder, err := c.Codec.Encoder(described, nil)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, value reflect.Value, checks bool, faults *fault.List) (websocket.MessageType, []byte, error) {
		dst, err := encoder.Append(dst, value, checks, faults)
		return websocket.MessageText, dst, err
	}, nil
}

// Indexes of the fields of a frame.
const isBinary, data = 0, 1

func writeFrame(dst []byte, value reflect.Value, _ bool, _ *fault.List) (websocket.MessageType, []byte, error) {
	sent := value.Field(data).Bytes()
	if value.Field(isBinary).Bool() {
		return websocket.MessageBinary, append(dst, sent...), nil
	}
	if !utf8.Valid(sent) {
		return websocket.MessageText, dst, errNotUTF8
	}
	return websocket.MessageText, append(dst, sent...), nil
}

// Value describes messages of a type that Reader or Writer has compiled.
func (c Compiler) Value(t reflect.Type, use operation.Use) operation.Value {
	switch c.Format(t) {
	case asText:
		return operation.Value{Kind: operation.Text}
	case asBytes:
		return operation.Value{Kind: operation.Bytes}
	case asFrame:
		return operation.Value{Kind: operation.Frame}
	}
	described, _ := typeinfo.Of(t) // cannot fail: it was described before
	return operation.Value{Kind: operation.JSON, Type: described, Use: use}
}
