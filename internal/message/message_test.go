package message_test

import (
	"reflect"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/message"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/socket"
)

type frame struct {
	Binary bool
	Data   []byte
}

const text, binary = websocket.MessageText, websocket.MessageBinary

// TestMessages writes each value and reads it back.
func TestMessages(t *testing.T) {
	t.Parallel()
	messages := message.Compiler{Codec: codec.NewCompiler(nil), Frame: reflect.TypeFor[frame]()}
	for _, row := range []struct {
		value any
		kind  websocket.MessageType
		wire  string
		as    operation.Kind
		takes []websocket.MessageType
	}{
		{"a text", text, "a text", operation.Text, []websocket.MessageType{text}},
		{[]byte("\xff"), binary, "\xff", operation.Bytes, []websocket.MessageType{binary}},
		{frame{false, []byte("a")}, text, "a", operation.Frame, []websocket.MessageType{text, binary}},
		{frame{true, []byte("\xff")}, binary, "\xff", operation.Frame, []websocket.MessageType{text, binary}},
		{map[string]int{"a": 1}, text, `{"a":1}`, operation.JSON, []websocket.MessageType{text}},
	} {
		value := reflect.New(reflect.TypeOf(row.value)).Elem()
		value.Set(reflect.ValueOf(row.value))
		write, err := messages.Writer(value.Type())
		require.NoError(t, err)
		kind, data, err := write(nil, value, false, nil)
		require.NoError(t, err)
		assert.Equal(t, row.kind, kind, row)
		assert.Equal(t, row.wire, string(data))

		read, err := messages.Reader(value.Type())
		require.NoError(t, err)
		into := reflect.New(value.Type()).Elem()
		var faults fault.List
		assert.True(t, read(&socket.Message{Kind: kind, Data: data}, into, codec.Options{Memory: 1 << 20}, &faults))
		assert.Empty(t, faults.Faults)
		assert.Equal(t, row.value, into.Interface())

		for _, kind := range []websocket.MessageType{text, binary} {
			assert.Equal(t, assert.ObjectsAreEqual(row.takes, []websocket.MessageType{text, binary}) || row.takes[0] == kind, messages.Format(value.Type()).Takes(kind), row)
		}
		assert.Equal(t, row.as, messages.Value(value.Type(), operation.Out).Kind)
	}
}

func TestTextsThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	messages := message.Compiler{Codec: codec.NewCompiler(nil), Frame: reflect.TypeFor[frame]()}
	for _, value := range []any{"\xff", frame{false, []byte("\xff")}} {
		write, err := messages.Writer(reflect.TypeOf(value))
		require.NoError(t, err)
		_, _, err = write(nil, reflect.ValueOf(value), false, nil)
		require.ErrorContains(t, err, "not UTF-8")
	}
}
