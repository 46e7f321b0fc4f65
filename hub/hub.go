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
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/candor-go/candor"
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
}

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

var errCodec = errors.New("hub.Config needs Marshal and Unmarshal, or neither; add the other one")

// New makes a hub. It panics if config has a Marshal without Unmarshal, or
// the reverse, or neither and T has no JSON form.
func New[T any](config Config) *Hub[T] {
	if err := config.complete(reflect.TypeFor[T]()); err != nil {
		panic(fmt.Errorf("candor: hub.New at %s: %w", callsite.Here(), err))
	}
	open, closeHub := context.WithCancel(context.Background())
	return &Hub[T]{config: config, open: open, close: closeHub}
}

// complete makes what is left out for messages of a type.
func (c *Config) complete(t reflect.Type) error {
	if (c.Marshal == nil) != (c.Unmarshal == nil) {
		return errCodec
	}
	if c.Broker == nil {
		c.Broker = NewMemory(MemoryConfig{})
	}
	if c.Marshal == nil {
		return c.useJSON(t)
	}
	return nil
}

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
		var faults fault.List
		decoder.Decode(payload, reflect.ValueOf(v).Elem(), codec.Options{}, &faults)
		if len(faults.Faults) == 0 {
			return nil
		}
		faults.Seal(0, "message")
		f := faults.Faults[0]
		return fmt.Errorf("%s at %v", fault.Message(f.Type, f.Ctx), f.Loc)
	}
	return nil
}

// Publish sends data to the subscribers of a topic and returns the id that the
// message was given. It waits for the broker at most, never for a subscriber.
func (h *Hub[T]) Publish(ctx context.Context, topic string, data T) (id string, err error) {
	if h.open.Err() != nil {
		return "", ErrClosed
	}
	payload, err := h.config.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("encode a message of topic %q: %w", topic, err)
	}
	return h.config.Broker.Publish(ctx, topic, payload)
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
		for delivery, err := range deliveries {
			if delivery.Start {
				continue
			}
			var message Message[T]
			if err == nil {
				message, err = h.message(topic, delivery)
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
		for delivery, err := range deliveries {
			if errors.Is(err, ErrSlowSubscriber) {
				return
			}
			if err != nil {
				yield(candor.Event[T]{}, err)
				return
			}
			if !yield(h.event(topic, delivery), nil) {
				return
			}
		}
	}, nil
}

// event is a delivery as an event.
func (h *Hub[T]) event(topic string, d Delivery) candor.Event[T] {
	if d.Start {
		return candor.Event[T]{ID: d.ID, NoData: true}
	}
	message, err := h.message(topic, d)
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
	deliveries, err := h.config.Broker.Subscribe(ctx, topic, lastID)
	if err != nil {
		cancel()
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

// message decodes a delivery.
func (h *Hub[T]) message(topic string, d Delivery) (Message[T], error) {
	message := Message[T]{ID: d.ID, Gap: d.Gap}
	if d.Gap {
		return message, nil
	}
	if err := h.config.Unmarshal(d.Payload, &message.Data); err != nil {
		return Message[T]{ID: d.ID}, fmt.Errorf("decode message %q of topic %q: %w", d.ID, topic, err)
	}
	return message, nil
}
