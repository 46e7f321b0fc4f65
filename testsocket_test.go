package candor_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/coder/websocket"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

type (
	liedQuestion struct {
		Text string   `json:"text" validate:"max=3"`
		Tags []string `json:"tags,omitempty"`
		Mail string   `json:"mail,omitempty" validate:"email"`
	}
	liedReply struct {
		N int `json:"n"`
	}
)

// talking is an app with a WebSocket for each kind of message, which replies to every message.
func talking(lie func(doc *openapi3.T)) *candor.App {
	config := apptest.Unlogged()
	config.EditDocument = lie
	app := candor.New(config)
	candor.WebSocket(app, "/json", func(ctx context.Context, _ struct {
		Room string `query:"room,omitempty" validate:"max=3"`
	}, s *candor.Socket[liedQuestion, liedReply],
	) error {
		for question, err := range s.Messages(ctx) {
			if err != nil {
				return err
			}
			if err := s.Send(ctx, liedReply{len(question.Text)}); err != nil {
				return err
			}
		}
		return nil
	}, candor.OperationID("talk"))
	candor.WebSocket(app, "/text", func(ctx context.Context, _ candor.None, s *candor.Socket[string, []byte]) error {
		text, err := s.Receive(ctx)
		if err != nil {
			return err
		}
		return s.Send(ctx, []byte(text))
	}, candor.OperationID("echo"))
	return app
}

// Every wrong statement about messages is reported.
func TestLiesAboutMessagesAreFound(t *testing.T) {
	t.Parallel()
	saying := func(message string) func(c *candor.TestClient) {
		return func(c *candor.TestClient) {
			s := c.WebSocket("/json")
			s.Send(message)
			var text string
			s.Receive(&text)
			s.Close(1000, "")
		}
	}
	refused := func(message string) func(c *candor.TestClient) {
		return func(c *candor.TestClient) {
			code, _ := c.WebSocket("/json").Send(message).Closed()
			assert.Equal(t, 1008, code)
		}
	}
	echo := func(c *candor.TestClient) {
		var got []byte
		c.WebSocket("/text").Send("abc").Receive(&got).Closed()
	}
	socketOf := func(d *openapi3.T, path string) map[string]any {
		return d.Paths.Value(path).Get.Extensions["x-websocket"].(map[string]any)
	}
	for _, row := range []struct {
		name string
		lie  func(d *openapi3.T)
		talk func(c *candor.TestClient)
		want []string
	}{
		{"too narrow", func(d *openapi3.T) { liedMember(d, "liedQuestion", "text").MaxLength = uintp(1) }, saying(`{"text":"ab"}`), []string{"GET /json (talk): the app and its document disagree about message.text\n\tpromised: maxLength: got 2, want 1\n\tcame:     the app accepted {\"text\":\"ab\"}"}},
		{"too wide", func(d *openapi3.T) { liedMember(d, "liedQuestion", "text").MaxLength = nil }, refused(`{"text":"abcd"}`), []string{"message.text\n\tpromised: no maxLength that refuses this: the document allows it\n\tcame:     the app refused {\"text\":\"abcd\"} for string_too_long {\"max_length\":3}"}},
		{"not required", func(d *openapi3.T) { liedSchema(d, "liedQuestion").Required = nil }, refused(`{}`), []string{"message.text\n\tpromised: no required"}},
		{"another schema", func(d *openapi3.T) {
			socketOf(d, "/json")["receives"] = openapi3.NewSchemaRef("", openapi3.NewIntegerSchema())
		}, saying(`{"text":"ab"}`), []string{"message\n\tpromised: got object, want integer"}},
		{"an answer", func(d *openapi3.T) { liedMember(d, "liedReply", "n").Min = openapi3.Ptr(3.0) }, saying(`{"text":"ab"}`), []string{"message 1 from the app.n\n\tpromised: minimum: got 2, want 3\n\tcame:     {\"n\":2}"}},
		{"an answer without a member", func(d *openapi3.T) { liedSchema(d, "liedReply").Required = []string{"n", "m"} }, saying(`{"text":"ab"}`), []string{"message 1 from the app\n\tpromised: missing property 'm'"}},
		{"text for bytes", func(d *openapi3.T) {
			socketOf(d, "/text")["sends"] = openapi3.NewSchemaRef("", openapi3.NewIntegerSchema())
		}, echo, []string{"GET /text (echo): the app and its document disagree about message 1 from the app\n\tpromised: a text message\n\tcame:     a binary message"}},
		{"what nothing is said about", func(d *openapi3.T) {
			clear(socketOf(d, "/json"))
			liedMember(d, "liedReply", "n").Min = openapi3.Ptr(3.0)
		}, saying(`{"text":"ab"}`), nil},
		{"the handshake", func(d *openapi3.T) { d.Paths.Value("/json").Get.Parameters[0].Value.Schema.Value.MaxLength = uintp(1) }, func(c *candor.TestClient) { c.WebSocket("/json?room=ab").Close(1000, "") }, []string{"query room\n\tpromised: maxLength: got 2, want 1\n\tcame:     101, the app accepted [\"ab\"]"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			honest := record(func(tb candor.TB) { row.talk(candor.NewTestClient(tb, talking(nil))) })
			assert.Empty(t, honest.errors, "without the lie")
			require.Empty(t, honest.fatal)
			got := record(func(tb candor.TB) { row.talk(candor.NewTestClient(tb, talking(row.lie))) })
			require.Empty(t, got.fatal)
			require.Len(t, got.errors, len(row.want))
			for i, want := range row.want {
				assert.Contains(t, got.errors[i], want)
			}
			unchecked := record(func(tb candor.TB) { row.talk(candor.NewTestClient(tb, talking(row.lie), candor.Unchecked())) })
			assert.Empty(t, unchecked.errors, "unchecked")
		})
	}
}

// Messages that no schema can describe are not checked.
func TestWhatTheContractOfMessagesLeavesOut(t *testing.T) {
	t.Parallel()
	for _, message := range []string{`{"text":"a","text":"b"}`, `{"text":`, `{"text":"a","mail":"x@y"}`, `null`, ``, `{"text":1}`} {
		got := record(func(tb candor.TB) { candor.NewTestClient(tb, talking(nil)).WebSocket("/json").Send(message).Closed() })
		assert.Empty(t, got.errors, message)
		assert.Empty(t, got.fatal, message)
	}
	got := record(func(tb candor.TB) {
		candor.NewTestClient(tb, talking(nil)).WebSocket("/json").Send([]byte(`{"text":"a"}`)).Closed()
	})
	assert.Empty(t, got.errors)
}

// A reply with validation errors matches no schema for messages, and is accepted nevertheless.
func TestRepliesWithFaults(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.WebSocket(app, "/it", func(ctx context.Context, _ candor.None, s *candor.Socket[liedQuestion, liedReply]) error {
		_, err := s.Receive(ctx)
		return err
	}, candor.ReplyToInvalidMessages())
	got := record(func(tb candor.TB) {
		var text string
		candor.NewTestClient(tb, app).WebSocket("/it").Send(`{"text":"abcd"}`).Receive(&text).Send(`{"text":"a"}`).Closed()
		assert.Contains(t, text, "string_too_long")
	})
	assert.Empty(t, got.errors)
	assert.Empty(t, got.fatal)
}

// A hand-written WebSocket is checked against the messages that its document declares.
func TestTheContractOfASocketByHand(t *testing.T) {
	t.Parallel()
	app := candor.New(apptest.Unlogged())
	candor.HandleHTTP(app, []string{"GET"}, "/it", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		_ = conn.Write(r.Context(), websocket.MessageText, []byte(`{"n":"x"}`))
		_ = conn.Close(1000, "")
	}), candor.EditOperation(func(op *openapi3.Operation) {
		op.Responses.Set("101", &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription("a socket")})
		op.Extensions = map[string]any{"x-websocket": map[string]any{"sends": map[string]any{"type": "object", "properties": map[string]any{"n": map[string]any{"type": "integer"}}}}}
	}))
	got := record(func(tb candor.TB) {
		var text string
		candor.NewTestClient(tb, app).WebSocket("/it").Receive(&text).Closed()
	})
	require.Empty(t, got.fatal)
	require.Len(t, got.errors, 1)
	assert.Contains(t, got.errors[0], "message 1 from the app.n\n\tpromised: got string, want integer")
}
