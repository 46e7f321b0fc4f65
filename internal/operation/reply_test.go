package operation_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

func TestReply(t *testing.T) {
	text := &operation.Reply{
		Output: &typeinfo.Output{}, Value: operation.Value{Kind: operation.Text}, Media: []string{"text/plain; charset=utf-8", "application/json", "text/plain"},
		Headers: []operation.Header{{Name: "Last-Modified"}},
	}
	ok := text.To(200, "")
	assert.Equal(t, "OK", ok.Description)
	require.Len(t, ok.Content, 2, "parameters make no other media type")
	assert.Equal(t, operation.Text, ok.In("text/plain").Values[0].Kind)
	assert.Equal(t, operation.Any, ok.In("application/json").Values[0].Kind, "JSON in a text has an unknown type")
	assert.Equal(t, operation.Out, ok.In("text/plain").Values[0].Use)
	assert.NotNil(t, ok.Header("Last-Modified"))

	empty := text.To(304, "")
	assert.Empty(t, empty.Content)
	assert.Nil(t, empty.Header("Last-Modified"), "headers of a body come with it")
}

func TestEventsReportErrors(t *testing.T) {
	failure, err := typeinfo.Of(reflect.TypeFor[string]())
	require.NoError(t, err)
	events := &operation.Reply{Output: &typeinfo.Output{}, Value: operation.Value{Kind: operation.Events}, Media: []string{"text/event-stream"}, Failure: failure}
	assert.Same(t, failure, events.To(200, "").Content[0].Values[0].Failure)
}
