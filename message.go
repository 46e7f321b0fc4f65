package candor

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

// Frame is a whole message of a WebSocket that carries both text and binary messages, used as the Recv or the Send type
// of a [Socket]. Anywhere else, such as in the messages of a hub, it is a struct like any other.
type Frame struct {
	// Binary is true for a binary message, false for text.
	Binary bool
	// Data belongs to the receiver. Text must be UTF-8: receiving other text closes the socket with 1007, and sending
	// it makes [Socket.Send] return an error.
	Data []byte
}

// kind returns the kind of the message on the wire.
func (f *Frame) kind() websocket.MessageType {
	if f.Binary {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}

// messageKind is how values of a type are sent over a WebSocket.
type messageKind uint8

const (
	jsonMessage  messageKind = iota // text: JSON
	textMessage                     // text: a string, as it is
	bytesMessage                    // binary: bytes, as they are
	frameMessage                    // a Frame, which is either
)

var frameType = reflect.TypeFor[Frame]()

func messageKindOf(t reflect.Type) messageKind {
	switch t {
	case stringType:
		return textMessage
	case bytesType:
		return bytesMessage
	case frameType:
		return frameMessage
	}
	return jsonMessage
}

// wire returns the kind of message on the wire; a Frame has its own.
func (k messageKind) wire() websocket.MessageType {
	if k == bytesMessage {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}

// takes reports whether messages of a kind on the wire can be of this one.
func (k messageKind) takes(wire websocket.MessageType) bool {
	return k == frameMessage || wire == k.wire()
}

// readMessage decodes a message into an addressable value, without keeping references to it. It reports whether the
// value fits into the memory limit.
type readMessage func(m *socket.Message, into reflect.Value, o codec.Options, faults *fault.List) (fits bool)

// writeMessage appends an addressable value encoded as a message, and returns its kind on the wire.
type writeMessage func(dst []byte, value reflect.Value, checks bool, faults *fault.List) (websocket.MessageType, []byte, error)

var errNotUTF8 = errors.New("a text message is not UTF-8; send a binary one for anything else")

func (c *compiler) readerOf(t reflect.Type) (readMessage, error) {
	switch messageKindOf(t) {
	case textMessage:
		return func(m *socket.Message, into reflect.Value, _ codec.Options, _ *fault.List) bool {
			into.SetString(string(m.Data))
			return true
		}, nil
	case bytesMessage:
		return func(m *socket.Message, into reflect.Value, _ codec.Options, _ *fault.List) bool {
			into.SetBytes(m.Copied()) // the buffer is reused for the next message
			return true
		}, nil
	case frameMessage:
		return func(m *socket.Message, into reflect.Value, _ codec.Options, _ *fault.List) bool {
			*into.Addr().Interface().(*Frame) = Frame{Binary: m.Kind == websocket.MessageBinary, Data: m.Copied()}
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
	return func(m *socket.Message, into reflect.Value, o codec.Options, faults *fault.List) bool {
		return decoder.Decode(m.Data, into, o, faults)
	}, nil
}

func (c *compiler) writerOf(t reflect.Type) (writeMessage, error) {
	switch messageKindOf(t) {
	case textMessage:
		return func(dst []byte, value reflect.Value, _ bool, _ *fault.List) (websocket.MessageType, []byte, error) {
			if !utf8.ValidString(value.String()) {
				return websocket.MessageText, dst, errNotUTF8
			}
			return websocket.MessageText, append(dst, value.String()...), nil
		}, nil
	case bytesMessage:
		return func(dst []byte, value reflect.Value, _ bool, _ *fault.List) (websocket.MessageType, []byte, error) {
			return websocket.MessageBinary, append(dst, value.Bytes()...), nil
		}, nil
	case frameMessage:
		return writeFrame, nil
	}
	described, err := typeinfo.Of(t)
	if err != nil {
		return nil, err
	}
	encoder, err := c.codec.Encoder(described, nil)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, value reflect.Value, checks bool, faults *fault.List) (websocket.MessageType, []byte, error) {
		dst, err := encoder.Append(dst, value, checks, faults)
		return websocket.MessageText, dst, err
	}, nil
}

func writeFrame(dst []byte, value reflect.Value, _ bool, _ *fault.List) (websocket.MessageType, []byte, error) {
	f := value.Addr().Interface().(*Frame)
	if !f.Binary && !utf8.Valid(f.Data) {
		return f.kind(), dst, errNotUTF8
	}
	return f.kind(), append(dst, f.Data...), nil
}

// messageValue describes a message.
func messageValue(t reflect.Type, use operation.Use) operation.Value {
	switch messageKindOf(t) {
	case textMessage:
		return operation.Value{Kind: operation.Text}
	case bytesMessage:
		return operation.Value{Kind: operation.Bytes}
	case frameMessage:
		return operation.Value{Kind: operation.Frame}
	}
	return operation.Value{Kind: operation.JSON, Type: mustDescribe(t), Use: use}
}
