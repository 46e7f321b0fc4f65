package hub_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/hub"
)

func newNumbers(config hub.MemoryConfig) *hub.Hub[int] {
	return hub.New[int](hub.Config{Broker: hub.NewMemory(config)})
}

// publish publishes numbers and returns the id of the last one.
func publish(t testing.TB, h *hub.Hub[int], topic string, numbers ...int) string {
	t.Helper()
	var last string
	for _, n := range numbers {
		id, err := h.Publish(t.Context(), topic, n)
		require.NoError(t, err)
		last = id
	}
	return last
}

func upTo(first, last int) []int {
	var numbers []int
	for n := first; n <= last; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

// listener receives the messages of one subscription one at a time, so that a test controls how slow it is.
type listener struct {
	t    testing.TB
	next func() (hub.Message[int], error, bool)
	last string
}

func listen(t testing.TB, ctx context.Context, h *hub.Hub[int], topic, lastID string) *listener {
	t.Helper()
	messages, err := h.Subscribe(ctx, topic, lastID)
	require.NoError(t, err)
	next, stop := iter.Pull2(messages)
	t.Cleanup(stop)
	return &listener{t: t, next: next, last: lastID}
}

// hears expects messages as text: numbers, "gap", "end", or "error: " with the message.
func (l *listener) hears(want ...string) {
	l.t.Helper()
	var got []string
	for range want {
		got = append(got, l.hear())
	}
	require.Equal(l.t, want, got)
}

func (l *listener) hear() string {
	message, err, ok := l.next()
	switch {
	case !ok:
		return "end"
	case err != nil:
		return "error: " + err.Error()
	}
	l.last = message.ID
	if message.Gap {
		return "gap"
	}
	return strconv.Itoa(message.Data)
}

func texts(first, last int) []string {
	var list []string
	for _, n := range upTo(first, last) {
		list = append(list, strconv.Itoa(n))
	}
	return list
}

const tooSlow = "error: candor: the subscriber is too slow for its topic"

func TestHubDelivers(t *testing.T) {
	h := newNumbers(hub.MemoryConfig{})
	publish(t, h, "a", 0)
	one := listen(t, t.Context(), h, "a", "")
	two := listen(t, t.Context(), h, "a", "")
	other := listen(t, t.Context(), h, "", "")
	publish(t, h, "a", 1, 2)
	publish(t, h, "", 3)
	publish(t, h, "nobody listens", 4)
	publish(t, h, "a", 5)
	one.hears("1", "2", "5")
	two.hears("1", "2", "5")
	other.hears("3")
	h.Close()
	one.hears("end")
}

// Each row publishes 1 to 5 in topic a, keeps the last three messages, and subscribes after an id.
func TestHubResumes(t *testing.T) {
	former := publish(t, newNumbers(hub.MemoryConfig{}), "a", 1)
	for _, test := range []struct {
		name  string
		after func(ids []string) string
		hears []string
	}{
		{"behind the last", func(ids []string) string { return ids[5] }, nil},
		{"behind the last but one", func(ids []string) string { return ids[4] }, []string{"5"}},
		{"before the oldest that is kept", func(ids []string) string { return ids[2] }, texts(3, 5)},
		{"too old", func(ids []string) string { return ids[1] }, append([]string{"gap"}, texts(3, 5)...)},
		{"of another topic, nothing missed since", func(ids []string) string { return ids[6] }, nil},
		{"of a former run", func([]string) string { return former }, append([]string{"gap"}, texts(3, 5)...)},
		{"not given yet", func(ids []string) string { return ids[6] + "0" }, append([]string{"gap"}, texts(3, 5)...)},
		{"too long", func(ids []string) string { return ids[6] + "00000000000000000000" }, append([]string{"gap"}, texts(3, 5)...)},
		{"no id", func([]string) string { return "x" }, append([]string{"gap"}, texts(3, 5)...)},
		{"a sign", func(ids []string) string { return ids[5][:11] + "+5" }, append([]string{"gap"}, texts(3, 5)...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newNumbers(hub.MemoryConfig{Replay: 3})
			ids := []string{""}
			for n := range 5 {
				ids = append(ids, publish(t, h, "a", n+1))
			}
			ids = append(ids, publish(t, h, "b", 6))
			l := listen(t, t.Context(), h, "a", test.after(ids))
			l.hears(test.hears...)
			publish(t, h, "a", 7)
			l.hears("7")
		})
	}
}

// A subscription can be resumed from the id of a gap.
func TestHubResumesAfterGap(t *testing.T) {
	h := newNumbers(hub.MemoryConfig{Replay: 2})
	publish(t, h, "a", upTo(1, 4)...)
	l := listen(t, t.Context(), h, "a", "lost")
	l.hears("gap")
	listen(t, t.Context(), h, "a", l.last).hears("3", "4")

	empty := newNumbers(hub.MemoryConfig{})
	l = listen(t, t.Context(), empty, "a", "lost")
	l.hears("gap")
	publish(t, empty, "a", 1)
	l.hears("1")
	listen(t, t.Context(), empty, "a", l.last)
}

// Each row has a queue for three messages, two replayed ones, and then publishes 3 to 9 while nothing is received.
func TestHubSlowSubscriber(t *testing.T) {
	for _, test := range []struct {
		name  string
		slow  hub.SlowPolicy
		hears []string
	}{
		{"disconnect", hub.Disconnect, []string{"1", "2", "3", "4", "5", tooSlow, "end"}},
		{"drop oldest", hub.DropOldest, []string{"1", "2", "gap", "7", "8", "9"}},
		{"drop newest", hub.DropNewest, []string{"1", "2", "3", "4", "5", "gap"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newNumbers(hub.MemoryConfig{Queue: 3, Slow: test.slow})
			before := publish(t, h, "a", 0)
			publish(t, h, "a", 1, 2)
			l := listen(t, t.Context(), h, "a", before)
			fast := listen(t, t.Context(), h, "a", "")
			for n := 3; n <= 9; n++ {
				publish(t, h, "a", n)
				fast.hears(strconv.Itoa(n))
			}
			l.hears(test.hears...)

			again := listen(t, t.Context(), h, "a", l.last)
			publish(t, h, "a", 10)
			if test.slow == hub.Disconnect {
				again.hears(texts(6, 10)...)
				return
			}
			l.hears("10")
			again.hears("10")
		})
	}
}

func TestHubGapsInTheirPlace(t *testing.T) {
	t.Run("drop newest", func(t *testing.T) {
		h := newNumbers(hub.MemoryConfig{Queue: 2, Slow: hub.DropNewest})
		l := listen(t, t.Context(), h, "a", "")
		publish(t, h, "a", 1, 2, 3)
		l.hears("1")
		publish(t, h, "a", 4, 5)
		l.hears("2", "gap", "4", "gap")
		publish(t, h, "a", 6)
		l.hears("6")
	})
	t.Run("drop oldest", func(t *testing.T) {
		h := newNumbers(hub.MemoryConfig{Queue: 1, Slow: hub.DropOldest})
		l := listen(t, t.Context(), h, "a", "")
		publish(t, h, "a", 1, 2)
		l.hears("gap", "2")
		publish(t, h, "a", 3)
		l.hears("3")
		publish(t, h, "a", 4, 5)
		l.hears("gap")
		publish(t, h, "a", 6)
		l.hears("gap", "6")
	})
	t.Run("behind a gap at the beginning", func(t *testing.T) {
		h := newNumbers(hub.MemoryConfig{Queue: 1, Slow: hub.DropOldest})
		l := listen(t, t.Context(), h, "a", "lost")
		publish(t, h, "a", 1, 2)
		l.hears("gap", "2")
	})
}

// A subscriber waits, is woken, and ends in each possible way.
func TestHubEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(h *hub.Hub[int], cancel context.CancelFunc)
	}{
		{"the context ends", func(_ *hub.Hub[int], cancel context.CancelFunc) { cancel() }},
		{"the hub is closed", func(h *hub.Hub[int], _ context.CancelFunc) { h.Close() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newNumbers(hub.MemoryConfig{})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				messages, err := h.Subscribe(ctx, "a", "")
				require.NoError(t, err)
				var got []int
				ended := false
				go func() {
					for message, err := range messages {
						assert.NoError(t, err)
						got = append(got, message.Data)
					}
					ended = true
				}()
				synctest.Wait()
				publish(t, h, "a", 1)
				synctest.Wait()
				assert.Equal(t, []int{1}, got)
				assert.False(t, ended)
				test.end(h, cancel)
				synctest.Wait()
				assert.True(t, ended)
			})
		})
	}
}

func TestHubClosed(t *testing.T) {
	h := newNumbers(hub.MemoryConfig{})
	h.Close()
	h.Close()
	_, err := h.Publish(t.Context(), "a", 1)
	require.ErrorIs(t, err, hub.ErrClosed)
	_, err = h.Subscribe(t.Context(), "a", "")
	require.ErrorIs(t, err, hub.ErrClosed)
}

func TestHubPublishUnderEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("gone")
	cancel(cause)
	_, err := newNumbers(hub.MemoryConfig{}).Publish(ctx, "a", 1)
	require.ErrorIs(t, err, cause)
}

func TestHubCodec(t *testing.T) {
	h := hub.New[string](hub.Config{
		Marshal: func(v any) ([]byte, error) {
			if v == "unsayable" {
				return nil, errors.New("no words")
			}
			return []byte(v.(string)), nil
		},
		Unmarshal: func(payload []byte, v any) error {
			if string(payload) == "unreadable" {
				return errors.New("no sense")
			}
			*v.(*string) = string(payload) + "!"
			return nil
		},
	})
	messages, err := h.Subscribe(t.Context(), "a", "")
	require.NoError(t, err)
	_, err = h.Publish(t.Context(), "a", "unsayable")
	require.EqualError(t, err, `encode a message of topic "a": no words`)
	unreadable, err := h.Publish(t.Context(), "a", "unreadable")
	require.NoError(t, err)
	_, err = h.Publish(t.Context(), "a", "hello")
	require.NoError(t, err)

	next, stop := iter.Pull2(messages)
	defer stop()
	message, err, _ := next()
	require.ErrorContains(t, err, "no sense")
	assert.Equal(t, hub.Message[string]{ID: unreadable}, message)
	message, err, _ = next()
	require.NoError(t, err, "the messages go on behind one that cannot be decoded")
	assert.Equal(t, "hello!", message.Data)

	for _, config := range []hub.Config{{Marshal: json.Marshal}, {Unmarshal: json.Unmarshal}} {
		assert.PanicsWithError(t, "candor: hub.New at "+nextLine()+": hub.Config needs Marshal and Unmarshal, or neither; add the other one",
			func() { hub.New[int](config) })
	}
}

// nextLine returns the position of the next line of the caller, as configuration errors have it.
func nextLine() string {
	_, file, line, _ := runtime.Caller(1)
	return file + ":" + strconv.Itoa(line+1)
}

// Each subscriber gets its own copy of a message.
func TestHubSharesNothing(t *testing.T) {
	h := hub.New[map[string]int](hub.Config{})
	one, err := h.Subscribe(t.Context(), "a", "")
	require.NoError(t, err)
	two, err := h.Subscribe(t.Context(), "a", "")
	require.NoError(t, err)
	sent := map[string]int{"n": 1}
	_, err = h.Publish(t.Context(), "a", sent)
	require.NoError(t, err)
	sent["n"] = 2
	for message, err := range one {
		require.NoError(t, err)
		message.Data["n"] = 3
		break
	}
	for message, err := range two {
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"n": 1}, message.Data)
		break
	}
}

// failingBroker is a broker that always fails.
type failingBroker struct{ subscribe, deliver error }

func (f failingBroker) Publish(context.Context, string, []byte, string) (string, error) {
	return "", f.subscribe
}

func (f failingBroker) Subscribe(context.Context, string, string) (iter.Seq2[hub.Delivery, error], error) {
	return func(yield func(hub.Delivery, error) bool) {
		if yield(hub.Delivery{ID: "start", Start: true}, nil) && yield(hub.Delivery{}, f.deliver) {
			panic("an error is the last thing that is taken")
		}
	}, f.subscribe
}

func TestHubBrokerFails(t *testing.T) {
	broken := errors.New("connection reset")
	h := hub.New[int](hub.Config{Broker: failingBroker{subscribe: broken}})
	_, err := h.Subscribe(t.Context(), "a", "")
	require.ErrorIs(t, err, broken)
	_, err = h.Publish(t.Context(), "a", 1)
	require.ErrorIs(t, err, broken)

	h = hub.New[int](hub.Config{Broker: failingBroker{deliver: broken}})
	listen(t, t.Context(), h, "a", "").hears("error: connection reset", "end")
}

// Publishers and subscribers run concurrently: a subscriber that resumes with its last id finally has every message
// once and in order.
func TestHubLosesNothingAtOnce(t *testing.T) {
	const publishers, each, subscribers = 4, 500, 8
	h := newNumbers(hub.MemoryConfig{Queue: 16, Replay: publishers * each})
	start := listen(t, t.Context(), h, "a", "lost")
	start.hears("gap")

	var group sync.WaitGroup
	heard := make([][]string, subscribers)
	for i := range heard {
		group.Go(func() { heard[i] = hearAll(t, h, start.last, publishers*each, i) })
	}
	for p := range publishers {
		group.Go(func() {
			for n := range each {
				_, err := h.Publish(t.Context(), "a", p*each+n)
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for _, id := range heard[0] {
		seen[id] = true
	}
	assert.Len(t, seen, publishers*each)
	for _, ids := range heard[1:] {
		assert.Equal(t, heard[0], ids, "one order for all")
	}
}

// hearAll subscribes again and again, until it has count messages.
func hearAll(t *testing.T, h *hub.Hub[int], last string, count, impatience int) []string {
	var ids []string
	for len(ids) < count {
		messages, err := h.Subscribe(t.Context(), "a", last)
		assert.NoError(t, err)
		taken := 0
		for message, err := range messages {
			if err != nil {
				assert.ErrorIs(t, err, hub.ErrSlowSubscriber)
				break
			}
			assert.False(t, message.Gap)
			last = message.ID
			ids = append(ids, last)
			if taken++; taken > 10*impatience || len(ids) == count {
				break
			}
		}
	}
	return ids
}

// eventClient reads the events of one connection block by block.
type eventClient struct {
	t      testing.TB
	body   io.ReadCloser
	blocks *bufio.Reader
}

func connect(t testing.TB, url, lastID string) *eventClient {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(t, http.StatusOK, response.StatusCode)
	return &eventClient{t: t, body: response.Body, blocks: bufio.NewReader(response.Body)}
}

// block returns the next block without its blank line, and "" at the end.
func (c *eventClient) block() string {
	c.t.Helper()
	var block strings.Builder
	for {
		line, err := c.blocks.ReadString('\n')
		if errors.Is(err, io.EOF) && line == "" || line == "\n" {
			return block.String()
		}
		require.NoError(c.t, err)
		block.WriteString(line)
	}
}

func hubServer[T any](t testing.TB, h *hub.Hub[T]) (url string) {
	app := candor.New(candor.Config{Title: "Hub", Version: "1"})
	candor.ProvideValue(app, h)
	candor.Get(app, "/events/{topic}", func(ctx context.Context, in struct {
		Topic string      `path:"topic"`
		Last  string      `header:"Last-Event-ID,omitempty"`
		Hub   *hub.Hub[T] `dep:""`
	},
	) (candor.Events[T], error) {
		return in.Hub.Events(ctx, in.Topic, in.Last)
	})
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return server.URL + "/events/"
}

func TestHubEvents(t *testing.T) {
	h := newNumbers(hub.MemoryConfig{Replay: 2})
	url := hubServer(t, h)
	client := connect(t, url+"a", "")
	place := client.block()
	assert.Regexp(t, `^id: [A-Z2-7]{10}-0\n$`, place, "a place to resume from, and no event")
	require.NoError(t, client.body.Close())

	one := publish(t, h, "a", 1)
	client = connect(t, url+"a", strings.TrimSpace(strings.TrimPrefix(place, "id: ")))
	assert.Equal(t, "data: 1\nid: "+one+"\n", client.block())
	two := publish(t, h, "a", 2)
	assert.Equal(t, "data: 2\nid: "+two+"\n", client.block())
	h.Close()
	assert.Empty(t, client.block(), "the end, without an event")
}

func TestHubEventsGap(t *testing.T) {
	type rated struct {
		Stars int `json:"stars" validate:"min=1"`
	}
	broker := hub.NewMemory(hub.MemoryConfig{})
	h := hub.New[rated](hub.Config{Broker: broker})
	t.Cleanup(h.Close)
	client := connect(t, hubServer(t, h)+"a", "lost")
	assert.Regexp(t, `^event: gap\ndata: null\nid: [A-Z2-7]{10}-0\n$`, client.block(), "though null breaks the rules of the data")

	unreadable, err := broker.Publish(t.Context(), "a", []byte("{"), "")
	require.NoError(t, err)
	assert.Equal(t, "event: gap\ndata: null\nid: "+unreadable+"\n", client.block())
	id, err := h.Publish(t.Context(), "a", rated{5})
	require.NoError(t, err)
	assert.Equal(t, "data: {\"stars\":5}\nid: "+id+"\n", client.block())
}

func TestHubEventsEnd(t *testing.T) {
	h := newNumbers(hub.MemoryConfig{Queue: 2})
	events, err := h.Events(t.Context(), "a", "")
	require.NoError(t, err)
	publish(t, h, "a", 1, 2, 3)
	var got []int
	for event, err := range events {
		require.NoError(t, err, "a client that was too slow is not told, it resumes")
		got = append(got, event.Data)
	}
	assert.Equal(t, []int{0, 1, 2}, got, "the place, and what waited")

	broken := errors.New("connection reset")
	events, err = hub.New[int](hub.Config{Broker: failingBroker{deliver: broken}}).Events(t.Context(), "a", "")
	require.NoError(t, err)
	var failure error
	for _, err := range events {
		failure = err
	}
	require.ErrorIs(t, failure, broken)

	h.Close()
	_, err = h.Events(t.Context(), "a", "")
	require.ErrorIs(t, err, hub.ErrClosed)
}

func ExampleHub() {
	type Move struct {
		Piece, To string
	}
	h := hub.New[Move](hub.Config{})
	defer h.Close()

	ctx := context.Background()
	messages, err := h.Subscribe(ctx, "game-7", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, move := range []Move{{"pawn", "e4"}, {"knight", "f3"}} {
		if _, err := h.Publish(ctx, "game-7", move); err != nil {
			fmt.Println(err)
		}
	}
	for message, err := range messages {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(message.Data.Piece, message.Data.To)
		if message.Data.To == "f3" {
			break
		}
	}
	// Output:
	// pawn e4
	// knight f3
}

func ExampleHub_Subscribe() {
	h := hub.New[string](hub.Config{
		Broker: hub.NewMemory(hub.MemoryConfig{Replay: 2, Keep: time.Hour}),
	})
	ctx := context.Background()
	one, _ := h.Publish(ctx, "news", "one")
	two, _ := h.Publish(ctx, "news", "two")
	_, _ = h.Publish(ctx, "news", "three")
	_, _ = h.Publish(ctx, "news", "four")

	for _, lastID := range []string{one, two} {
		messages, err := h.Subscribe(ctx, "news", lastID)
		if err != nil {
			fmt.Println(err)
			return
		}
		for message, err := range messages {
			if err != nil {
				fmt.Println(err)
				return
			}
			if message.Gap {
				fmt.Println("something is missing")
				continue
			}
			fmt.Println(message.Data)
			if message.Data == "four" {
				break
			}
		}
	}
	// Output:
	// something is missing
	// three
	// four
	// three
	// four
}

func ExampleHub_Events() {
	type Goal struct {
		Team string `json:"team"`
	}
	h := hub.New[Goal](hub.Config{})
	app := candor.New(candor.Config{Title: "Scores", Version: "1.0.0"})
	candor.ProvideValue(app, h)

	candor.Get(app, "/games/{game}/goals", func(ctx context.Context, in struct {
		Game string         `path:"game"`
		Last string         `header:"Last-Event-ID,omitempty"`
		Hub  *hub.Hub[Goal] `dep:""`
	},
	) (candor.Events[Goal], error) {
		return in.Hub.Events(ctx, in.Game, in.Last)
	})
	candor.Post(app, "/games/{game}/goals", func(ctx context.Context, in struct {
		Game string         `path:"game"`
		Goal Goal           `body:""`
		Hub  *hub.Hub[Goal] `dep:""`
	},
	) (candor.None, error) {
		_, err := in.Hub.Publish(ctx, in.Game, in.Goal)
		return candor.None{}, err
	})

	server := httptest.NewServer(app)
	defer server.Close()
	defer h.Close()
	events, err := http.Get(server.URL + "/games/final/goals")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer events.Body.Close()
	goal, err := http.Post(server.URL+"/games/final/goals", "application/json", strings.NewReader(`{"team":"home"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer goal.Body.Close()
	for lines := bufio.NewScanner(events.Body); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			fmt.Println(data)
			break
		}
	}
	// Output: {"team":"home"}
}

// heard is a broker that records the last payload.
type heard struct {
	hub.Broker
	payload string
}

func (h *heard) Publish(ctx context.Context, topic string, payload []byte, key string) (string, error) {
	h.payload = string(payload)
	return h.Broker.Publish(ctx, topic, payload, key)
}

// retold publishes a message, or the payload in as. It returns the payload and the message that a subscriber receives.
func retold[T any](t *testing.T, message T, as ...string) (payload string, got T, err error) {
	t.Helper()
	broker := &heard{Broker: hub.NewMemory(hub.MemoryConfig{})}
	h := hub.New[T](hub.Config{Broker: broker})
	messages, err := h.Subscribe(t.Context(), "a", "")
	require.NoError(t, err)
	if len(as) > 0 {
		_, err = broker.Publish(t.Context(), "a", []byte(as[0]), "")
	} else {
		_, err = h.Publish(t.Context(), "a", message)
	}
	if err != nil {
		return "", got, err
	}
	for m, err := range messages {
		return broker.payload, m.Data, err
	}
	return broker.payload, got, errors.New("nothing was received")
}

// report has values that encoding/json encodes differently, or not at all.
type report struct {
	Pet    beast                   `json:"pet"`
	Every  time.Duration           `json:"every"`
	Note   candor.Optional[string] `json:"note"`
	Left   candor.Optional[int]    `json:"left"`
	Day    candor.Date             `json:"day"`
	Shade  tint                    `json:"shade" validate:"required"`
	Sizes  map[tint]int            `json:"sizes"`
	Count  int                     `json:"count,omitempty" validate:"min=1" default:"3"`
	Detail any                     `json:"detail"`
	Text   string                  `json:"text"`
}

type beast struct {
	candor.OneOf `json:"kind"`
	Cat          *tomcat `case:"cat"`
	Dog          *hound  `case:"dog"`
}

type tomcat struct {
	Lives int `json:"lives" validate:"gte=1" default:"9"`
}

type hound struct {
	Name  string `json:"name"`
	Barks bool   `json:"barks,omitempty"`
}

type tint string

func (tint) Enum() []tint { return []tint{"red"} }

func (r report) Validate() error { return errors.New("is never asked") }

// Messages are encoded like responses, and decoded without validation.
func TestHubJSON(t *testing.T) {
	sent := report{
		Pet: beast{Dog: &hound{Name: "Rex"}}, Every: 90 * time.Second, Note: candor.Optional[string]{Set: true, Null: true},
		Day: candor.Date{Year: 2026, Month: 2, Day: 28}, Shade: "blue", Sizes: map[tint]int{"green": 1}, Text: "a\xff<",
		Detail: []any{json.Number("12345678901234567890"), time.Minute, beast{Cat: &tomcat{}}},
	}
	payload, got, err := retold(t, sent)
	require.NoError(t, err)
	assert.JSONEq(t, `{"pet":{"kind":"dog","name":"Rex"},"every":"1m30s","note":null,"day":"2026-02-28","shade":"blue",
		"sizes":{"green":1},"text":"a`+"\ufffd"+`<","detail":[12345678901234567890,"1m0s",{"kind":"cat","lives":0}]}`, payload)
	sent.Text = "a\ufffd<"
	sent.Detail = []any{json.Number("12345678901234567890"), "1m0s", map[string]any{"kind": "cat", "lives": 0.0}}
	assert.Equal(t, sent, got)

	t.Run("of another release", func(t *testing.T) {
		_, got, err := retold(t, strictMessage{}, `{"new":true,"text":"a"}`)
		require.NoError(t, err)
		assert.Equal(t, strictMessage{Text: "a"}, got)
	})
	t.Run("not of the type", func(t *testing.T) {
		_, _, err := retold(t, report{}, `{"every":"soon"}`)
		require.ErrorContains(t, err, "[message every]")
	})
	t.Run("that cannot be written", func(t *testing.T) {
		_, _, err := retold(t, report{})
		require.ErrorContains(t, err, `encode a message of topic "a"`)
	})
	t.Run("nothing in an interface", func(t *testing.T) {
		payload, got, err := retold[any](t, nil)
		require.NoError(t, err)
		assert.Equal(t, "null", payload)
		assert.Nil(t, got)
	})
	t.Run("a type without a form", func(t *testing.T) {
		assert.PanicsWithError(t, "candor: hub.New at "+nextLine()+": field C of struct{...}: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
			func() { hub.New[struct{ C chan int }](hub.Config{}) })
	})
}

type strictMessage struct {
	candor.Strict
	Text  string `json:"text"`
	Count int    `json:"count"`
}
