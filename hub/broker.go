package hub

import (
	"context"
	"errors"
	"iter"
)

// Broker carries the messages of a [Hub]: it keeps them in topics, gives them
// ids and has them delivered. [NewMemory] serves one process; one over
// NATS JetStream or Redis Streams serves several.
//
// A topic is any string; a broker whose own names are narrower escapes what
// they cannot hold, wildcards above all. All methods are called concurrently.
type Broker interface {
	// Publish puts a message at the end of a topic and returns its id. Ids are
	// visible ASCII, and their order is known to the broker alone. The payload
	// belongs to the broker from then on. Publish does not wait for subscribers.
	//
	// A message whose key the topic has seen is not put there again: Publish
	// returns the id of the first one. How long keys are known is the broker's to
	// say, as long as clients may try again at least. An empty key is none.
	//
	// An error wraps [ErrRefused] if the broker will never take the message. Any
	// other one means that the message is there or not.
	Publish(ctx context.Context, topic string, payload []byte, key string) (id string, err error)

	// Subscribe delivers what follows the id after in a topic, in the
	// order of publication, and then whatever is published, without a gap
	// between the two. Its caller iterates once, in one goroutine, at its own
	// pace, and may give up at any time or not begin at all.
	//
	//   - When Subscribe returns, the subscription is in place: what is published
	//     afterwards will be delivered.
	//   - An empty id stands for the end of the topic. Then the first delivery is
	//     a Start, if the broker can tell the id of that end.
	//   - An id of which the broker cannot tell that everything after it is
	//     still there, because it is too old, of another broker or no id at all,
	//     is no error: a Gap is delivered, then what there still is. A gap that
	//     comes up later is delivered where it is as well.
	//   - The end of ctx ends the iteration without an error and frees what the
	//     subscription holds, also if nobody iterates. A broker that gives up on
	//     a slow subscriber ends with an error that wraps [ErrSlowSubscriber].
	//     Any other error is the last thing that is yielded, too.
	Subscribe(ctx context.Context, topic, after string) (iter.Seq2[Delivery, error], error)
}

// Delivery is what a [Broker] hands to one subscriber. Whichever it is, a
// subscription after its ID goes on with what followed it.
type Delivery struct {
	// ID may be empty for a Gap, if the broker cannot tell.
	ID string
	// Payload is shared with other subscribers and must not be changed.
	Payload []byte
	// Gap says that messages are missing here; there is no payload.
	Gap bool
	// Start says only where the subscription begins; there is no payload.
	Start bool
}

// ErrRefused is wrapped by the error of a message that a broker will never take,
// such as one that is too large for it. It says nothing about the broker.
var ErrRefused = errors.New("candor: the broker does not accept the message")

// ErrSlowSubscriber ends a subscription whose queue is full, by the policy
// [Disconnect]. Who subscribes again with the last id loses nothing, as long as
// the broker still keeps what followed.
var ErrSlowSubscriber = errors.New("candor: the subscriber is too slow for its topic")
