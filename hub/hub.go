// Package hub carries messages between the requests of an app: what a handler publishes in a topic is received by all
// subscribers of the topic, over an event stream, a WebSocket or in a goroutine.
//
// A [Hub] defines the type of the messages; a [Broker] carries them, by default in memory, or over NATS or Redis if
// several processes serve one app.
//
//	package main
//
//	import (
//		"context"
//		"log"
//
//		"github.com/candor-go/candor"
//		"github.com/candor-go/candor/hub"
//	)
//
//	type Goal struct {
//		Team string `json:"team" validate:"required"`
//	}
//
//	func main() {
//		app := candor.New(candor.Config{Title: "Scores", Version: "1.0.0"})
//		goals := hub.New[Goal](hub.Config{})
//		defer goals.Close()
//
//		type WatchGoals struct {
//			Game string `path:"game"`
//			Last string `header:"Last-Event-ID,omitempty"`
//		}
//
//		candor.Get(app, "/games/{game}/goals", func(ctx context.Context, in WatchGoals) (candor.Events[Goal], error) {
//			return goals.Events(ctx, in.Game, in.Last)
//		})
//		type AddGoal struct {
//			Game string `path:"game"`
//			Goal Goal   `body:""`
//		}
//
//		candor.Post(app, "/games/{game}/goals", func(ctx context.Context, in AddGoal) (candor.None, error) {
//			_, err := goals.Publish(ctx, in.Game, in.Goal)
//			return candor.None{}, err
//		})
//
//		if err := app.Run(":8000"); err != nil {
//			log.Fatal(err)
//		}
//	}
package hub

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/budget"
	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Hub delivers what is published in a topic to all subscribers of the topic, in the same order.
//
//   - Topics need not be created; any string is a topic. Order is defined only within a topic.
//   - Publish never waits for a subscriber. The broker decides what happens to one that cannot keep up, but nothing is
//     lost silently; see [SlowPolicy].
//   - Each message has an id. A subscriber that passes the last id it knows continues after it, if the broker still has
//     what followed, and otherwise receives a gap.
//   - A subscription ends with its context, or when the hub is closed.
//
// A Hub is safe for concurrent use. Hubs may share a broker if their topics differ.
type Hub[T any] struct {
	config Config
	// gate is nil for a broker in memory, which never blocks.
	gate *budget.Gate
	// open ends when the hub is closed.
	open  context.Context
	close context.CancelFunc
}

// Config configures a [Hub]. The zero value is ready to use.
type Config struct {
	// Broker carries the messages; the default is NewMemory(MemoryConfig{}).
	Broker Broker
	// Marshal and Unmarshal encode messages and decode payloads. The default is the JSON of a response of type T,
	// decoded without validation: an absent member is the zero value, and an unknown one is ignored, because the
	// publisher may be of another release. Marshal gets a T, Unmarshal a *T; the results must not refer to the payload.
	// A message is encoded once, and decoded for each subscriber, which owns the result.
	Marshal   func(v any) ([]byte, error)
	Unmarshal func(payload []byte, v any) error
	// PublishBudget and SubscribeBudget are how long Publish, and the start of a subscription, wait for a broker
	// outside of the process, 1 s and 2 s by default, independent of its client's timeouts. At most 32 calls run at
	// once; the others wait within their budget. After 5 failures in a row the broker is bypassed, except for one call
	// every 200 ms.
	PublishBudget, SubscribeBudget time.Duration
	// Logger logs when the broker is bypassed and when it is back; the default is slog.Default().
	Logger *slog.Logger
}

const (
	defaultPublishBudget   = time.Second
	defaultSubscribeBudget = 2 * time.Second
)

// Message is what a subscriber of a [Hub] receives.
type Message[T any] struct {
	// ID is where to subscribe again to receive what follows. It is empty only for a gap whose id the broker does not
	// know.
	ID   string
	Data T
	// Gap means that messages are missing here, because they are no longer kept or the subscriber was too slow; Data is
	// zero. The subscriber should reload the state that the messages describe.
	Gap bool
}

// ErrClosed is returned by Publish and Subscribe after Close.
var ErrClosed = errors.New("candor: the hub is closed")

// ErrUnavailable is wrapped by errors of Publish, Subscribe and Events if the broker fails or does not respond within
// its budget. If a handler returns it, the response is a 503 with Retry-After; declare it with candor.Raises. A message
// may or may not have been published then: see [Hub.PublishOnce].
var ErrUnavailable = candor.Error(http.StatusServiceUnavailable, "messages are not available").WithHeader("Retry-After", "1")

var errBudget = errors.New("hub.Config has a negative budget; write how long to wait for the broker, or 0 for the default")

var errCodec = errors.New("hub.Config needs Marshal and Unmarshal, or neither; add the other one")

// New returns a hub. It panics if config has Marshal without Unmarshal or the reverse, if it has neither and T cannot
// be encoded as JSON, or if a budget is negative.
func New[T any](config Config) *Hub[T] {
	if err := config.complete(reflect.TypeFor[T]()); err != nil {
		panic(fmt.Errorf("candor: hub.New at %s: %w", callsite.Here(), err))
	}
	h := &Hub[T]{config: config}
	h.open, h.close = context.WithCancel(context.Background())
	if _, ok := config.Broker.(*memory); !ok {
		h.gate = budget.New(cmp.Or(config.Logger, slog.Default()), "the broker of a hub")
	}
	return h
}

// complete sets the defaults for messages of a type.
func (c *Config) complete(t reflect.Type) error {
	if (c.Marshal == nil) != (c.Unmarshal == nil) {
		return errCodec
	}
	if c.PublishBudget < 0 || c.SubscribeBudget < 0 {
		return errBudget
	}
	c.PublishBudget = cmp.Or(c.PublishBudget, defaultPublishBudget)
	c.SubscribeBudget = cmp.Or(c.SubscribeBudget, defaultSubscribeBudget)
	if c.Broker == nil {
		c.Broker = NewMemory(MemoryConfig{})
	}
	if c.Marshal == nil {
		return c.useJSON(t)
	}
	return nil
}

// spareFaults is a pool of empty lists, because each of many subscribers decodes each message.
var spareFaults = sync.Pool{New: func() any { return &fault.List{} }}

// useJSON sets Marshal and Unmarshal for messages of a type.
func (c *Config) useJSON(t reflect.Type) error {
	described, err := typeinfo.Of(t)
	if err != nil {
		return err
	}
	encoder, err := codec.Unjudged().Encoder(described, nil)
	if err != nil {
		return err
	}
	decoder, err := codec.Unjudged().Decoder(described, nil)
	if err != nil {
		return err
	}
	c.Marshal = func(v any) ([]byte, error) {
		message := reflect.New(t).Elem()
		if v != nil { // an interface may be nil
			message.Set(reflect.ValueOf(v))
		}
		return encoder.Append(nil, message, false, nil)
	}
	c.Unmarshal = func(payload []byte, v any) error {
		faults := spareFaults.Get().(*fault.List)
		decoder.Decode(payload, reflect.ValueOf(v).Elem(), codec.Options{}, faults)
		if len(faults.Faults) == 0 {
			spareFaults.Put(faults)
			return nil
		}
		faults.Seal(0, "message")
		f := faults.Faults[0]
		return fmt.Errorf("%s at %v", fault.Message(f.Type, f.Ctx), f.Loc)
	}
	return nil
}

// Publish sends data to the subscribers of a topic and returns the id of the message. It waits for the broker within
// its budget, and never for a subscriber.
func (h *Hub[T]) Publish(ctx context.Context, topic string, data T) (id string, err error) {
	key := ""
	if h.gate != nil {
		key = rand.Text() // for broker clients that retry by themselves
	}
	return h.PublishOnce(ctx, topic, key, data)
}

// PublishOnce is Publish for callers that retry with the same key, such as the Idempotency-Key of a request: the broker
// accepts one message for each key in a topic, and returns the id of the first. The broker in memory and Redis remember
// the key as long as the message, NATS for two minutes.
//
// So after an [ErrUnavailable], when it is not known whether the message was published, repeat the same call.
func (h *Hub[T]) PublishOnce(ctx context.Context, topic, key string, data T) (id string, err error) {
	if h.open.Err() != nil {
		return "", ErrClosed
	}
	payload, err := h.config.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("encode a message of topic %q: %w", topic, err)
	}
	if h.gate == nil {
		return h.config.Broker.Publish(ctx, topic, payload, key)
	}
	made, err := budget.Call(ctx, h.gate, h.config.PublishBudget, func(ctx context.Context) (p published, err error) {
		p.id, err = h.config.Broker.Publish(ctx, topic, payload, key)
		if errors.Is(err, ErrRefused) { // not a failure of the broker
			p.refused, err = err, nil
		}
		return p, err
	})
	return made.id, cmp.Or(made.refused, unavailable(ctx, err))
}

// published is the result for a message: its id, or that it was refused.
type published struct {
	id      string
	refused error
}

// unavailable converts an error of the broker for callers of the hub.
func unavailable(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// Health is for [candor.HealthCheck]: it returns an error while the broker is bypassed, or if the broker's own Health
// method does. A broker in memory is always healthy.
func (h *Hub[T]) Health(ctx context.Context) error {
	if h.gate == nil {
		return nil
	}
	if broker, ok := h.config.Broker.(interface {
		Health(ctx context.Context) error
	}); ok {
		return broker.Health(ctx)
	}
	return h.gate.Err()
}

// Subscribe receives the messages of a topic that follow the message lastID, and whatever is published from now on; if
// lastID is empty, only the latter. The subscription is active when Subscribe returns: a state that is read afterwards
// contains every message that is not received.
//
// Range over the messages once, in one goroutine. The sequence ends without an error when ctx is done or the hub is
// closed; with [ErrSlowSubscriber], after all waiting messages, if the subscriber is too slow and the policy is
// [Disconnect]; or with an error of the broker. A message that cannot be decoded yields an error together with the
// message's ID, and the loop may continue. A subscription stays active until ctx is done, even if nobody ranges over
// it.
func (h *Hub[T]) Subscribe(ctx context.Context, topic, lastID string) (iter.Seq2[Message[T], error], error) {
	deliveries, err := h.subscribe(ctx, topic, lastID)
	if err != nil {
		return nil, err
	}
	return func(yield func(Message[T], error) bool) {
		into := new(T) // reused for all messages, which are copied from it
		for delivery, err := range deliveries {
			if delivery.Start {
				continue
			}
			var message Message[T]
			if err == nil {
				message, err = h.message(topic, delivery, into)
			}
			if !yield(message, err) {
				return
			}
		}
	}, nil
}

// Events returns a subscription as the response of a handler. The ids of messages are the ids of events; pass the
// client's Last-Event-ID as lastID to resume.
//
//   - The client first receives the id after which the subscription begins, without an event, so that it can resume
//     even if it has not received anything.
//   - A gap is an event named "gap" with the data null. A message that cannot be decoded is sent as a gap as well,
//     because a client could never resume past an error.
//   - If the subscriber is too slow, or the hub is closed, the stream ends without an event: an EventSource reconnects
//     and resumes.
func (h *Hub[T]) Events(ctx context.Context, topic, lastID string) (candor.Events[T], error) {
	deliveries, err := h.subscribe(ctx, topic, lastID)
	if err != nil {
		return nil, err
	}
	return func(yield func(candor.Event[T], error) bool) {
		into := new(T) // reused for all messages, which are copied from it
		for delivery, err := range deliveries {
			if errors.Is(err, ErrSlowSubscriber) {
				return
			}
			if err != nil {
				yield(candor.Event[T]{}, err)
				return
			}
			if !yield(h.event(topic, delivery, into), nil) {
				return
			}
		}
	}, nil
}

// event converts a delivery to an event.
func (h *Hub[T]) event(topic string, d Delivery, into *T) candor.Event[T] {
	if d.Start {
		return candor.Event[T]{ID: d.ID, NoData: true}
	}
	message, err := h.message(topic, d, into)
	if err != nil || message.Gap {
		return candor.Event[T]{ID: d.ID, Gap: true}
	}
	return candor.Event[T]{ID: message.ID, Data: message.Data}
}

// Close ends all subscriptions and refuses new ones. It does not close the broker.
func (h *Hub[T]) Close() { h.close() }

// subscribe subscribes until ctx ends or the hub is closed.
func (h *Hub[T]) subscribe(ctx context.Context, topic, lastID string) (iter.Seq2[Delivery, error], error) {
	if h.open.Err() != nil {
		return nil, ErrClosed
	}
	// A subscription takes one context, but two can end it. Whichever ends first releases the other, so that nothing
	// accumulates in a long-lived hub.
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(h.open, cancel)
	context.AfterFunc(ctx, func() { unhook() })
	deliveries, err := h.start(ctx, topic, lastID)
	if err != nil {
		cancel() // also ends a subscription that starts too late
		return nil, err
	}
	return func(yield func(Delivery, error) bool) {
		defer cancel()
		for delivery, err := range deliveries {
			// Closing the hub ends its subscriptions at once, even if messages are waiting.
			if ctx.Err() != nil || !yield(delivery, err) || err != nil {
				return
			}
		}
	}, nil
}

// start starts a subscription within the budget, which does not limit its duration.
func (h *Hub[T]) start(ctx context.Context, topic, lastID string) (iter.Seq2[Delivery, error], error) {
	if h.gate == nil {
		return h.config.Broker.Subscribe(ctx, topic, lastID)
	}
	deliveries, err := budget.Call(ctx, h.gate, h.config.SubscribeBudget, func(context.Context) (iter.Seq2[Delivery, error], error) {
		return h.config.Broker.Subscribe(ctx, topic, lastID)
	})
	return deliveries, unavailable(ctx, err)
}

// message decodes a delivery, using into as scratch.
func (h *Hub[T]) message(topic string, d Delivery, into *T) (Message[T], error) {
	if d.Gap {
		return Message[T]{ID: d.ID, Gap: true}, nil
	}
	// Reset, so that nothing of the previous message is visible or shared.
	var none T
	*into = none
	if err := h.config.Unmarshal(d.Payload, into); err != nil {
		return Message[T]{ID: d.ID}, fmt.Errorf("decode message %q of topic %q: %w", d.ID, topic, err)
	}
	return Message[T]{ID: d.ID, Data: *into}, nil
}
