package candorredis

import (
	"cmp"
	"context"
	"iter"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor/contrib/internal/fan"
	"github.com/candor-go/candor/hub"
)

// Each topic is a stream, and publishing announces the entry on a channel of the same name, in one step. Processes
// subscribe to the channels of topics that have subscribers; messages that a channel has missed are read from the
// stream.

// BrokerConfig configures a broker on Redis. Zero and negative values mean the default.
type BrokerConfig struct {
	// Prefix is the prefix of all keys and channels, "candor:topic:" by default.
	Prefix string
	// Replay is the minimum number of messages kept of each topic, 1,000 by default. Redis keeps up to a hundred more,
	// which is cheaper.
	Replay int
	// Keep is how long a topic without new messages is kept, an hour by default.
	Keep time.Duration
}

// Broker is a [hub.Broker] on Redis Streams, version 5 of Redis or later. Make it with [NewBroker], and Close it after
// the hubs that use it.
//
//   - Subscribers of all processes whose brokers have the same database and Prefix receive what any of them publishes,
//     in one order per topic.
//   - One connection per process follows all topics. A slow subscriber reads from Redis at its own pace and loses
//     nothing; messages that Redis no longer has are a gap.
//   - While Redis cannot be reached, Publish and new subscriptions fail, within the budgets of the hub. Existing
//     subscriptions wait and then continue.
//   - What survives a restart of Redis depends on its persistence. If the latest messages of a topic are lost,
//     subscribers get a gap.
//
// Ids are those of the streams, so they order messages by the clock of Redis.
type Broker struct {
	client redis.UniversalClient
	config BrokerConfig
	fan    *fan.Fan
	feed   *feed
	end    context.CancelFunc
	ended  sync.WaitGroup
}

// NewBroker returns a broker that uses a client, which the caller still has to close.
func NewBroker(client redis.UniversalClient, config BrokerConfig) *Broker {
	config.Prefix = cmp.Or(config.Prefix, "candor:topic:")
	config.Replay = cmp.Or(max(config.Replay, 0), 1000)
	config.Keep = cmp.Or(max(config.Keep, 0), time.Hour)
	ctx, cancel := context.WithCancel(context.Background())
	b := &Broker{client: client, config: config, end: cancel}
	b.fan = fan.New(&streams{b})
	b.feed = &feed{client: client, prefix: config.Prefix, fan: b.fan, changed: make(chan struct{}, 1)}
	b.ended.Go(func() { b.feed.run(ctx) })
	return b
}

// Close ends the connection that follows the topics, and waits for it. After that, subscriptions receive nothing more
// that other processes publish.
func (b *Broker) Close() error {
	b.end()
	b.ended.Wait()
	return nil
}

// announce adds an entry, renews the expiry of the stream, and announces the entry, unless the key of the message is
// known. A hash has the ids of the latest keys, and a list their order.
var announce = redis.NewScript(`
local key = ARGV[4]
if key ~= '' then
	local first = redis.call('HGET', KEYS[2], key)
	if first then return first end
end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'p', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if key ~= '' then
	redis.call('HSET', KEYS[2], key, id)
	if redis.call('RPUSH', KEYS[3], key) > tonumber(ARGV[1]) then
		redis.call('HDEL', KEYS[2], redis.call('LPOP', KEYS[3]))
	end
	redis.call('PEXPIRE', KEYS[2], ARGV[3])
	redis.call('PEXPIRE', KEYS[3], ARGV[3])
end
redis.call('PUBLISH', KEYS[1], id .. ' ' .. ARGV[2])
return id`)

// Publish fails if Redis cannot be reached; the message may or may not have been published then. The topic remembers
// the keys of its latest messages, as many as Replay and for as long as Keep.
func (b *Broker) Publish(ctx context.Context, topic string, payload []byte, key string) (string, error) {
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	stream := b.key(topic)
	keys := []string{stream, beside(stream, "keys"), beside(stream, "order")}
	return announce.Run(ctx, b.client, keys, b.config.Replay, payload, b.config.Keep.Milliseconds(), key).Text()
}

// beside returns a key that a cluster stores in the same slot as the stream: the text between the first braces
// determines the slot. A cluster refuses to publish in a topic that closes a brace it has not opened.
func beside(stream, what string) string {
	if _, rest, ok := strings.Cut(stream, "{"); ok {
		if tag, _, ok := strings.Cut(rest, "}"); ok && tag != "" {
			return stream + "\x00" + what
		}
	}
	return "{" + stream + "}\x00" + what
}

// Health returns an error while Redis does not respond. It is for candor.HealthCheck, by hub.Hub.Health.
func (b *Broker) Health(ctx context.Context) error { return b.client.Ping(ctx).Err() }

// Health returns a function for candor.HealthCheck, which returns an error while Redis does not respond:
//
//	app.Health("/healthz", "/readyz", candor.HealthCheck{Name: "redis", Check: candorredis.Health(client)})
//
// Use it if the app cannot work without Redis. Caches, and rate limits that do not fail closed, can.
func Health(client redis.UniversalClient) func(ctx context.Context) error {
	return func(ctx context.Context) error { return client.Ping(ctx).Err() }
}

// Subscribe implements [hub.Broker]. It fails if Redis cannot be reached.
func (b *Broker) Subscribe(ctx context.Context, topic, after string) (iter.Seq2[hub.Delivery, error], error) {
	return b.fan.Subscribe(ctx, topic, after)
}

func (b *Broker) key(topic string) string { return b.config.Prefix + topic }

// streams is the log of a broker.
type streams struct{ *Broker }

// position is an id of a stream: milliseconds, and a number to distinguish entries of the same millisecond.
type position struct{ ms, n uint64 }

// The position before a stream that did not exist has a number that no entry has.
const beforeAll = math.MaxUint64

func (p position) String() string {
	return strconv.FormatUint(p.ms, 10) + "-" + strconv.FormatUint(p.n, 10)
}

func parsePosition(id string) (p position, ok bool) {
	ms, n, ok := strings.Cut(id, "-")
	if !ok {
		return p, false
	}
	var errMS, errN error
	p.ms, errMS = strconv.ParseUint(ms, 10, 64)
	p.n, errN = strconv.ParseUint(n, 10, 64)
	return p, errMS == nil && errN == nil
}

// Newer compares ids.
func (s *streams) Newer(a, b string) bool {
	p, _ := parsePosition(a)
	q, _ := parsePosition(b)
	return p.ms > q.ms || p.ms == q.ms && p.n > q.n
}

// End returns the id of the latest message, or the present time if there is none.
func (s *streams) End(ctx context.Context, topic string) (string, error) {
	var latest *redis.XMessageSliceCmd
	var now *redis.TimeCmd
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		latest = p.XRevRangeN(ctx, s.key(topic), "+", "-", 1)
		now = p.Time(ctx)
		return nil
	})
	if err != nil {
		return "", err
	}
	if entries := latest.Val(); len(entries) > 0 {
		return entries[0].ID, nil
	}
	return before(now.Val()), nil
}

// before returns the position before everything that is added from now on to a stream that does not exist.
func before(now time.Time) string {
	return position{uint64(now.UnixMilli() - 1), beforeAll}.String()
}

// pageSize is how many entries are read at once.
const pageSize = 128

// Read includes the entry at the position itself: if it still exists, so does everything after it, because streams lose
// their oldest entries first.
func (s *streams) Read(ctx context.Context, topic, after string) (fan.Page, error) {
	at, ok := parsePosition(after)
	from := after
	if !ok {
		from = "-"
	}
	var entries, oldest *redis.XMessageSliceCmd
	var length *redis.IntCmd
	var now *redis.TimeCmd
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		entries = p.XRangeN(ctx, s.key(topic), from, "+", pageSize+1)
		oldest = p.XRangeN(ctx, s.key(topic), "-", "+", pageSize)
		length = p.XLen(ctx, s.key(topic))
		now = p.Time(ctx)
		return nil
	})
	if err != nil {
		return fan.Page{}, err
	}
	found := entries.Val()
	switch {
	case ok && len(found) > 0 && found[0].ID == at.String():
		return page(found[1:], true, len(found) > pageSize), nil
	case ok && s.keepsAllAfter(at, length.Val(), now.Val()):
		return page(found, true, len(found) > pageSize), nil
	}
	left := page(oldest.Val(), false, length.Val() > pageSize)
	if len(left.Entries) == 0 {
		left.Next = before(now.Val())
	}
	return left, nil
}

// keepsAllAfter reports whether nothing can have been lost after the position before a stream that did not exist:
// entries added since have not expired, and the stream is too short to have been trimmed.
func (s *streams) keepsAllAfter(at position, length int64, now time.Time) bool {
	age := now.UnixMilli() - int64(at.ms)
	return at.n == beforeAll && age >= 0 && age < s.config.Keep.Milliseconds() && length < int64(s.config.Replay)
}

func page(messages []redis.XMessage, whole, more bool) fan.Page {
	p := fan.Page{Whole: whole, More: more}
	for _, m := range messages {
		payload, _ := m.Values["p"].(string)
		p.Entries = append(p.Entries, fan.Entry{ID: m.ID, Payload: []byte(payload)})
		p.Next = m.ID
	}
	return p
}

// Follow makes the feed subscribe to the topic, and unsubscribe when nobody needs it.
func (s *streams) Follow(ctx context.Context, _ string) {
	s.feed.refresh()
	context.AfterFunc(ctx, s.feed.refresh)
}
