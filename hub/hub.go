// Package hub carries messages between the requests of an app: what one handler
// publishes in a topic, all that subscribe to the topic receive, over an event
// stream, a WebSocket or in a goroutine.
//
// A [Hub] has the type of the messages; a [Broker] carries them, in memory by
// default, and over NATS or Redis where several processes serve one app.
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
//		candor.Get(app, "/games/{game}/goals", func(ctx context.Context, in struct {
//			Game string `path:"game"`
//			Last string `header:"Last-Event-ID,omitempty"`
//		}) (candor.Events[Goal], error) {
//			return goals.Events(ctx, in.Game, in.Last)
//		})
//		candor.Post(app, "/games/{game}/goals", func(ctx context.Context, in struct {
//			Game string `path:"game"`
//			Goal Goal   `body:""`
//		}) (candor.None, error) {
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

// Hub hands what is published in a topic to all subscribers of the topic, in
// one order for all of them.
//
//   - Topics need not be made; any string is one. Messages of one topic have an
//     order, those of two have none.
//   - Publish never waits for a subscriber. One that cannot keep up is treated
//     as the broker says; nothing is lost silently, see [SlowPolicy].
//   - Each message has an id. Who subscribes with the last id it knows goes on
//     after it, as far as the broker still has what followed, and receives a gap
//     if not.
//   - A subscription ends with its context, or when the hub is closed.
//
// A Hub is safe for concurrent use. Hubs may share a broker if their topics
// differ.
type Hub[T any] struct {
	config Config
	// gate is nil for a broker in the memory of the process, which never waits.
	gate *budget.Gate
	// open ends when the hub is closed.
	open  context.Context
	close context.CancelFunc
}

// Config is what a [Hub] is made of. The zero value is ready to use.
type Config struct {
	// Broker carries the messages; nil is NewMemory(MemoryConfig{}).
	Broker Broker
	// Marshal and Unmarshal turn messages into payloads and back; nil is the JSON
	// of a response of type T, read without judging it: a member that is absent is
	// the zero value and an unknown one is passed over, as the publisher may be of
	// another release. Marshal gets a T, Unmarshal a *T, and what they make must
	// not hold on to the payload. A message is encoded once, and decoded for each
	// subscriber, who may do with it as it likes.
	Marshal   func(v any) ([]byte, error)
	Unmarshal func(payload []byte, v any) error
	// PublishBudget and SubscribeBudget are how long Publish, and the beginning of a
	// subscription, wait for a broker that is not in the memory of the process: 1 s
	// and 2 s by default, whatever its client does. At most 32 calls run at once;
	// the others wait within their budget. After 5 failures in a row the broker is
	// left alone, but for one call in 200 ms.
	PublishBudget, SubscribeBudget time.Duration
	// Logger is told when the broker is left alone and when it is back;
	// slog.Default() when nil.
	Logger *slog.Logger
}

const (
	defaultPublishBudget   = time.Second
	defaultSubscribeBudget = 2 * time.Second
)

// Message is what a subscriber of a [Hub] receives.
type Message[T any] struct {
	// ID is where to subscribe again to receive what follows. It is empty only
	// for a gap of which the broker cannot tell the id.
	ID   string
	Data T
	// Gap says that messages are missing here, because they are no longer kept or
	// the subscriber was too slow, and Data is zero: it is time to fetch anew what
	// the messages tell the changes of.
	Gap bool
}

// ErrClosed is what Publish and Subscribe return after Close.
var ErrClosed = errors.New("candor: the hub is closed")

// ErrUnavailable is wrapped by what Publish, Subscribe and Events return where the
// broker fails or does not respond within its budget. A handler that returns it
// responds with 503 and Retry-After; declare that by candor.Raises. A message may
// have been published then or not: see [Hub.PublishOnce].
var ErrUnavailable = candor.Error(http.StatusServiceUnavailable, "messages are not available").WithHeader("Retry-After", "1")

var errBudget = errors.New("hub.Config has a negative budget; write how long to wait for the broker, or 0 for the default")

var errCodec = errors.New("hub.Config needs Marshal and Unmarshal, or neither; add the other one")

// New makes a hub. It panics if config has a Marshal without Unmarshal, or
// the reverse, or neither and T has no JSON form, or a negative budget.
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

// complete makes what is left out for messages of a type.
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

// spareFaults are lists in which nothing was noted, since each of many subscribers
// decodes a message.
var spareFaults = sync.Pool{New: func() any { return &fault.List{} }}

// useJSON makes Marshal and Unmarshal for messages of a type.
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
		if v != nil { // an interface may hold nothing
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

// Publish sends data to the subscribers of a topic and returns the id that the
// message was given. It waits for the broker within its budget, never for a
// subscriber.
func (h *Hub[T]) Publish(ctx context.Context, topic string, data T) (id string, err error) {
	key := ""
	if h.gate != nil {
		key = rand.Text() // for clients that try again by themselves
	}
	return h.PublishOnce(ctx, topic, key, data)
}

// PublishOnce is Publish for callers that try again, with the same key then, such
// as the Idempotency-Key of a request: the broker takes a message of each key in a
// topic once, and returns the id of the first one. The broker in memory and Redis
// know the key for as long as they keep the message, NATS for two minutes.
//
// So after an [ErrUnavailable], where nobody knows whether the message was
// published, the same call publishes it once.
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
		if errors.Is(err, ErrRefused) { // which is no failure of the broker
			p.refused, err = err, nil
		}
		return p, err
	})
	return made.id, cmp.Or(made.refused, unavailable(ctx, err))
}

// published is what came of a message: an id, or that it was refused.
type published struct {
	id      string
	refused error
}

// unavailable is an error of the broker for callers of the hub.
func unavailable(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// Health is for [candor.HealthCheck]: an error while the broker is left alone, or
// says that it cannot be reached, by a method of the same form. One in memory is
// always well.
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

// Subscribe receives what follows a message in a topic, and whatever is
// published from now on; an empty lastID is the latter alone. The subscription
// is in place when Subscribe returns: a state that is read afterwards lacks
// nothing that will not be received.
//
// The messages are to be ranged over once, in one goroutine. They end without an
// error when ctx is done or the hub is closed; with [ErrSlowSubscriber], after
// everything that waited, if the subscriber is too slow and its policy is
// [Disconnect]; or with an error of the broker. The error of a message that
// cannot be decoded comes with the message's ID, and ranging may go on after
// it. Until ctx is done, a subscription over which nobody ranges stays in place.
func (h *Hub[T]) Subscribe(ctx context.Context, topic, lastID string) (iter.Seq2[Message[T], error], error) {
	deliveries, err := h.subscribe(ctx, topic, lastID)
	if err != nil {
		return nil, err
	}
	return func(yield func(Message[T], error) bool) {
		into := new(T) // for all messages, which are copied from it
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

// Events is Subscribe as the response of a handler, with the ids of the messages
// as the ids of the events. The client resumes with the Last-Event-ID that it
// sends.
//
//   - At first the client is given the id of the message after which it begins, without
//     an event, so that it can resume before it received anything.
//   - A gap is an event named "gap", whose data is null. A message that cannot be
//     decoded is one as well: a client that resumed before it would not get past it.
//   - A subscriber that is too slow, and the hub's end, end the stream without an
//     event: an EventSource connects again by itself and resumes.
func (h *Hub[T]) Events(ctx context.Context, topic, lastID string) (candor.Events[T], error) {
	deliveries, err := h.subscribe(ctx, topic, lastID)
	if err != nil {
		return nil, err
	}
	return func(yield func(candor.Event[T], error) bool) {
		into := new(T) // for all messages, which are copied from it
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

// event is a delivery as an event.
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

// Close ends all subscriptions and refuses new ones. It does not touch the
// broker.
func (h *Hub[T]) Close() { h.close() }

// subscribe subscribes for as long as ctx and the hub live.
func (h *Hub[T]) subscribe(ctx context.Context, topic, lastID string) (iter.Seq2[Delivery, error], error) {
	if h.open.Err() != nil {
		return nil, ErrClosed
	}
	// A subscription takes one context, and has two that end it. The one that ends
	// first lets go of the other, so that a hub which lives long gathers nothing.
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(h.open, cancel)
	context.AfterFunc(ctx, func() { unhook() })
	deliveries, err := h.start(ctx, topic, lastID)
	if err != nil {
		cancel() // which ends a subscription that comes late, too
		return nil, err
	}
	return func(yield func(Delivery, error) bool) {
		defer cancel()
		for delivery, err := range deliveries {
			// A hub that is closed ends its subscriptions at once, whatever waits.
			if ctx.Err() != nil || !yield(delivery, err) || err != nil {
				return
			}
		}
	}, nil
}

// start begins a subscription. Its budget ends with the beginning.
func (h *Hub[T]) start(ctx context.Context, topic, lastID string) (iter.Seq2[Delivery, error], error) {
	if h.gate == nil {
		return h.config.Broker.Subscribe(ctx, topic, lastID)
	}
	deliveries, err := budget.Call(ctx, h.gate, h.config.SubscribeBudget, func(context.Context) (iter.Seq2[Delivery, error], error) {
		return h.config.Broker.Subscribe(ctx, topic, lastID)
	})
	return deliveries, unavailable(ctx, err)
}

// message decodes a delivery, by way of into.
func (h *Hub[T]) message(topic string, d Delivery, into *T) (Message[T], error) {
	if d.Gap {
		return Message[T]{ID: d.ID, Gap: true}, nil
	}
	// Nothing of the message before it may be seen in it, nor shared with it.
	var none T
	*into = none
	if err := h.config.Unmarshal(d.Payload, into); err != nil {
		return Message[T]{ID: d.ID}, fmt.Errorf("decode message %q of topic %q: %w", d.ID, topic, err)
	}
	return Message[T]{ID: d.ID, Data: *into}, nil
}
