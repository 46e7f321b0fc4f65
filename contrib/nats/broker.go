package candornats

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/candor-go/candor/contrib/internal/fan"
	"github.com/candor-go/candor/hub"
)

// BrokerConfig configures a broker on JetStream. Zero and negative values mean the default. Processes that share topics
// must have the same configuration.
type BrokerConfig struct {
	// Stream is the name of the stream, "CANDOR" by default. It is created if it does not exist; an existing one is
	// used as it is.
	Stream string
	// Subject is the prefix of all subjects, "candor.topic" by default.
	Subject string
	// Replay is how many messages of each topic are kept, 1,000 by default.
	Replay int
	// Keep is how long a message is kept, an hour by default.
	Keep time.Duration
	// Replicas is the number of servers in a cluster that keep the stream, 1 by default.
	Replicas int
}

func (c BrokerConfig) withDefaults() BrokerConfig {
	c.Stream = cmp.Or(c.Stream, "CANDOR")
	c.Subject = cmp.Or(c.Subject, "candor.topic")
	c.Replay = cmp.Or(max(c.Replay, 0), 1000)
	c.Keep = cmp.Or(max(c.Keep, 0), time.Hour)
	c.Replicas = cmp.Or(max(c.Replicas, 0), 1)
	return c
}

// keyTime is how long the stream knows the keys of messages.
const keyTime = 2 * time.Minute

func (c BrokerConfig) stream() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: c.Stream, Subjects: []string{c.Subject + ".*"},
		Description:       "topics of Candor's hubs",
		MaxMsgsPerSubject: int64(c.Replay), MaxAge: c.Keep, Replicas: c.Replicas, Duplicates: min(keyTime, c.Keep),
	}
}

// Broker is a [hub.Broker] on a stream of NATS JetStream, server 2.9 or later. Make it with [NewBroker], and Close it
// after the hubs that use it.
//
//   - Subscribers of all processes whose brokers have the same stream and Subject receive what any of them publishes,
//     in one order per topic.
//   - There is one consumer for each topic that has subscribers in the process. A slow subscriber reads from the stream
//     at its own pace and loses nothing; messages that the stream no longer has are a gap.
//   - While NATS cannot be reached, Publish and new subscriptions fail. Existing subscriptions wait and then continue.
//   - A stream that was lost and created again is a gap.
//
// A topic becomes one token of the subject after Subject; characters that a token cannot contain are percent-encoded.
type Broker struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	config BrokerConfig
	fan    *fan.Fan
	// birth distinguishes the present stream from former ones of its name.
	birth atomic.Int64

	life     context.Context
	end      context.CancelFunc
	mutex    sync.Mutex
	follower sync.WaitGroup
}

// ErrDisconnected is returned by Publish and Subscribe while there is no connection to NATS.
var ErrDisconnected = errors.New("candornats: there is no connection to NATS")

// errDirect is for streams with direct gets, whose replicas may lag behind.
var errDirect = errors.New("candornats: the stream allows direct gets, which may miss the latest messages; have it made without AllowDirect")

// errGivesUp is about connections that end for good during an outage.
var errGivesUp = errors.New("candornats: the connection gives up after some attempts to connect again; make it with nats.MaxReconnects(-1)")

// NewBroker returns a broker on a connection, which the caller still has to close. A connection that gives up
// reconnecting, as by default after 60 attempts in two minutes, is refused: use nats.MaxReconnects(-1). NewBroker
// creates the stream if necessary, and fails if that is not possible.
func NewBroker(ctx context.Context, conn *nats.Conn, config BrokerConfig) (*Broker, error) {
	if !conn.Opts.AllowReconnect || conn.Opts.MaxReconnect >= 0 {
		return nil, errGivesUp
	}
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	b := &Broker{conn: conn, js: js, config: config.withDefaults()}
	if _, err := b.stream(ctx); err != nil {
		return nil, fmt.Errorf("stream %s: %w", b.config.Stream, err)
	}
	b.life, b.end = context.WithCancel(context.Background())
	b.fan = fan.New(&topics{b})
	return b, nil
}

// Close ends the consumers and waits for them. After that, subscriptions receive nothing more that other processes
// publish.
func (b *Broker) Close() error {
	b.mutex.Lock()
	b.end()
	b.mutex.Unlock()
	b.follower.Wait()
	return nil
}

// Publish returns when the stream has the message. If it fails because NATS does not respond, the message may or may
// not have been published. The stream remembers keys for two minutes.
func (b *Broker) Publish(ctx context.Context, topic string, payload []byte, key string) (string, error) {
	if err := b.reachable(ctx); err != nil {
		return "", err
	}
	subject := b.subject(topic)
	var options []jetstream.PublishOpt
	if key != "" { // which a stream knows whatever the subject
		options = append(options, jetstream.WithMsgID(subject+" "+key))
	}
	ack, err := b.js.Publish(ctx, subject, payload, options...)
	if isLost(err) {
		if _, err = b.stream(ctx); err == nil {
			ack, err = b.js.Publish(ctx, subject, payload, options...)
		}
	}
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return "", fmt.Errorf("%w: %w", hub.ErrRefused, err)
	case err != nil:
		return "", err
	}
	return position{birth: b.birth.Load(), seq: ack.Sequence}.String(), nil
}

// Health returns an error while there is no connection, or if NATS does not find the stream. It is for
// candor.HealthCheck, by hub.Hub.Health.
func (b *Broker) Health(ctx context.Context) error {
	if err := b.reachable(ctx); err != nil {
		return err
	}
	_, err := b.stream(ctx)
	return err
}

// Subscribe implements [hub.Broker]. It fails if NATS cannot be reached.
func (b *Broker) Subscribe(ctx context.Context, topic, after string) (iter.Seq2[hub.Delivery, error], error) {
	if err := b.reachable(ctx); err != nil {
		return nil, err
	}
	return b.fan.Subscribe(ctx, topic, after)
}

func (b *Broker) reachable(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if !b.conn.IsConnected() {
		return ErrDisconnected
	}
	return nil
}

// isLost reports whether an error means that the stream is gone.
func isLost(err error) bool {
	return errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, jetstream.ErrStreamNotFound)
}

// stream finds the stream, or makes it.
func (b *Broker) stream(ctx context.Context) (jetstream.Stream, error) {
	s, err := b.js.Stream(ctx, b.config.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = b.js.CreateStream(ctx, b.config.stream())
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = b.js.Stream(ctx, b.config.Stream)
		}
	}
	if err != nil {
		return nil, err
	}
	info := s.CachedInfo()
	if info.Config.AllowDirect {
		return nil, errDirect
	}
	b.birth.Store(info.Created.UnixMilli())
	return s, nil
}

// subject returns the subject of a topic. No escape is empty, so the empty topic has its own name.
func (b *Broker) subject(topic string) string {
	token := strings.ReplaceAll(url.PathEscape(topic), ".", "%2E")
	return b.config.Subject + "." + cmp.Or(token, "%")
}
