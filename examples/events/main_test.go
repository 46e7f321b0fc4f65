package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// heard returns the lines of a stream that begin with a field.
func heard(stream *candor.TestResponse, field string) []string {
	var values []string
	for _, line := range strings.Split(stream.Text(), "\n") {
		if value, ok := strings.CutPrefix(line, field+": "); ok {
			values = append(values, value)
		}
	}
	return values
}

func TestListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := candor.NewTestClient(t, newApp(newChat()))
		// In a synctest bubble, time passes when all goroutines wait.
		go func() {
			time.Sleep(time.Second)
			client.Post("/rooms/tea/messages", `{"from": "ann", "text": "hello"}`).Status(201)
			client.Post("/rooms/coffee/messages", `{"from": "eve", "text": "elsewhere"}`).Status(201)
			client.Post("/rooms/tea/messages", `{"from": "bob", "text": "hi"}`).Status(201)
		}()
		listen := func(options ...candor.TestOption) *candor.TestResponse {
			ctx, leave := context.WithTimeout(t.Context(), 2*time.Second)
			defer leave()
			return client.Get("/rooms/tea/events", append(options, candor.WithContext(ctx))...).Status(200)
		}

		live := listen()
		assert.Equal(t, []string{`{"number":1,"from":"ann","text":"hello"}`, `{"number":2,"from":"bob","text":"hi"}`}, heard(live, "data"))

		ids := heard(live, "id")
		require.GreaterOrEqual(t, len(ids), 2)
		again := listen(candor.WithHeader("Last-Event-ID", ids[len(ids)-2]))
		assert.Equal(t, []string{`{"number":2,"from":"bob","text":"hi"}`}, heard(again, "data"))
	})
}

func TestExport(t *testing.T) {
	client := candor.NewTestClient(t, newApp(newChat()))
	assert.Empty(t, client.Get("/rooms/tea/messages").Status(200).Text())
	client.Post("/rooms/tea/messages", `{"from": "ann", "text": "hello"}`).Status(201)
	client.Post("/rooms/tea/messages", `{"from": "bob", "text": "hi"}`).Status(201)
	assert.Equal(t, []string{`{"number":1,"from":"ann","text":"hello"}`, `{"number":2,"from":"bob","text":"hi"}`, ""},
		strings.Split(client.Get("/rooms/tea/messages").Status(200).Text(), "\n"))
	assert.Len(t, client.Post("/rooms/TEA/messages", `{"from": "", "text": "hi"}`).Faults(), 2)
	assert.Contains(t, client.Get("/").Status(200).Text(), "EventSource")
}
