package brokertest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/hub"
)

// Clients tests that a message published by one process reaches the clients of all, by server-sent events and by
// WebSockets, and that a client whose process ends continues at its replacement after the last message it received. The
// brokers that fresh returns have a method Close.
func Clients(t *testing.T, fresh func(t *testing.T) hub.Broker) {
	one, two := startProcess(t, fresh), startProcess(t, fresh)
	clients := []*client{
		eventsOf(t, one, ""), eventsOf(t, two, ""), socketOf(t, one, ""), socketOf(t, two, ""),
	}
	one.publish("1")
	two.publish("2")
	for _, c := range clients {
		c.hears("1", "2")
	}

	two.end()
	one.publish("3")
	one.publish("4")
	for _, c := range []*client{clients[0], clients[2]} {
		c.hears("3", "4")
	}
	for _, c := range []*client{clients[1], clients[3]} {
		_, more := c.next()
		assert.False(t, more, "it has heard nothing else")
	}
	anew := startProcess(t, fresh)
	clients[1], clients[3] = eventsOf(t, anew, clients[1].last), socketOf(t, anew, clients[3].last)
	for _, c := range []*client{clients[1], clients[3]} {
		c.hears("3", "4")
	}
	anew.publish("5")
	one.publish("6")
	for _, c := range clients {
		c.hears("5", "6")
	}
}

// word is a message to a client; the first one only marks the start.
type word struct {
	ID   string `json:"id"`
	Text string `json:"text,omitempty"`
}

// process is an app with its own listener, hub and broker.
type process struct {
	t      *testing.T
	hub    *hub.Hub[string]
	broker hub.Broker
	server *httptest.Server
}

const topicOfClients = "clients"

func startProcess(t *testing.T, fresh func(t *testing.T) hub.Broker) *process {
	t.Helper()
	p := &process{t: t, broker: fresh(t)}
	p.hub = hub.New[string](patient(p.broker))
	app := candor.New(candor.Config{})
	candor.Get(app, "/events", func(ctx context.Context, in struct {
		Last string `header:"Last-Event-ID,omitempty"`
	},
	) (candor.Events[string], error) {
		return p.hub.Events(ctx, topicOfClients, in.Last)
	})
	candor.WebSocket(app, "/socket", p.talk)
	p.server = httptest.NewServer(app)
	t.Cleanup(p.end)
	return p
}

// talk sends an empty message to mark the start, and then the published ones.
func (p *process) talk(ctx context.Context, in struct {
	Last string `query:"last,omitempty"`
}, s *candor.Socket[string, word],
) error {
	messages, err := p.hub.Subscribe(ctx, topicOfClients, in.Last)
	if err != nil {
		return err
	}
	if err := s.Send(ctx, word{}); err != nil {
		return err
	}
	for m, err := range messages {
		if err != nil {
			return err
		}
		if err := s.Send(ctx, word{m.ID, m.Data}); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) publish(text string) {
	p.t.Helper()
	_, err := p.hub.Publish(p.t.Context(), topicOfClients, text)
	require.NoError(p.t, err)
}

// end ends the process. The second call does nothing.
func (p *process) end() {
	p.hub.Close()
	p.server.Close()
	assert.NoError(p.t, p.broker.(io.Closer).Close())
}

// client receives messages until the process ends.
type client struct {
	t    *testing.T
	next func() (word, bool)
	// last is the id of the last message.
	last string
}

func (c *client) hears(texts ...string) {
	c.t.Helper()
	for _, want := range texts {
		got, more := c.next()
		require.True(c.t, more, "the connection ended in front of %q", want)
		require.Equal(c.t, want, got.Text)
		c.last = got.ID
	}
}

// began receives the first message, after which nothing is missed.
func (c *client) began() *client {
	c.t.Helper()
	_, more := c.next()
	require.True(c.t, more, "the connection ended at once")
	return c
}

// eventsOf connects to the event stream of a process, after the given id.
func eventsOf(t *testing.T, p *process, last string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server.URL+"/events", nil)
	require.NoError(t, err)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(t, http.StatusOK, answer.StatusCode)
	lines := bufio.NewScanner(answer.Body)
	c := &client{t: t, last: last, next: func() (w word, more bool) {
		for lines.Scan() {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
			case "id":
				w.ID = value
			case "event": // only gaps have a type
				w.Text = value
			case "data":
				if w.Text == "" && !assert.NoError(t, json.Unmarshal([]byte(value), &w.Text)) {
					return w, false
				}
			}
			if lines.Text() == "" && w != (word{}) {
				return w, true
			}
		}
		return w, false
	}}
	if last == "" {
		c.began()
	}
	return c
}

// socketOf connects to the WebSocket of a process.
func socketOf(t *testing.T, p *process, last string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	socket, _, err := websocket.Dial(ctx, p.server.URL+"/socket?last="+url.QueryEscape(last), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.CloseNow() })
	return (&client{t: t, last: last, next: func() (w word, more bool) {
		_, text, err := socket.Read(ctx)
		if err != nil {
			return w, false
		}
		return w, assert.NoError(t, json.Unmarshal(text, &w))
	}}).began()
}
