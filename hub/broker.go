package hub

import (
	"context"
	"errors"
	"iter"
)

// Broker carries the messages of a [Hub]: it stores them in topics, assigns ids and delivers them. [NewMemory] serves
// one process; one over NATS JetStream or Redis Streams serves several.
//
// A topic is any string; a broker with restricted names must escape other characters, wildcards in particular. All
// methods must be safe for concurrent use.
type Broker interface {
	// Publish appends a message to a topic and returns its id. Ids are visible ASCII; only the broker knows their
	// order. The payload belongs to the broker from then on. Publish does not wait for subscribers.
	//
	// A message whose key the topic has seen is not appended again: Publish returns the id of the first one. The broker
	// decides how long it remembers keys, but at least as long as clients may retry. An empty key means no key.
	//
	// An error wraps [ErrRefused] if the broker will never accept the message. After any other error the message may or
	// may not have been published.
	Publish(ctx context.Context, topic string, payload []byte, key string) (id string, err error)

	// Subscribe delivers the messages of a topic that follow the id after, in the order of publication, and then
	// whatever is published, without a gap between the two. The caller iterates once, in one goroutine, at its own
	// pace; it may stop at any time, or never start.
	//
	//   - When Subscribe returns, the subscription is active: messages published afterwards will be delivered.
	//   - An empty id means the end of the topic. The first delivery is then a Start, if the broker knows the id of
	//     that end.
	//   - If the broker cannot be sure that everything after the id still exists, because the id is too old, of another
	//     broker or invalid, that is not an error: it delivers a Gap, and then the messages that still exist. Gaps that
	//     occur later are delivered in their place.
	//   - When ctx ends, the iteration ends without an error and the resources of the subscription are released, even
	//     if nobody iterates. A broker that gives up on a slow subscriber yields an error that wraps
	//     [ErrSlowSubscriber]. Any error is the last element.
	Subscribe(ctx context.Context, topic, after string) (iter.Seq2[Delivery, error], error)
}

// Delivery is what a [Broker] delivers to one subscriber. Subscribing after its ID continues with what follows it.
type Delivery struct {
	// ID may be empty for a Gap, if the broker does not know it.
	ID string
	// Payload is shared with other subscribers and must not be changed.
	Payload []byte
	// Gap means that messages are missing here; there is no payload.
	Gap bool
	// Start only says where the subscription begins; there is no payload.
	Start bool
}

// ErrRefused is wrapped by the error for a message that a broker will never accept, such as one that is too large. It
// does not mean that the broker is unavailable.
var ErrRefused = errors.New("candor: the broker does not accept the message")

// ErrSlowSubscriber ends a subscription whose queue is full, with the policy [Disconnect]. Subscribing again with the
// last id loses nothing, as long as the broker still has what followed.
var ErrSlowSubscriber = errors.New("candor: the subscriber is too slow for its topic")
