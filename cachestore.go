package candor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// CacheConfig is what a [Cache] is made of.
type CacheConfig struct {
	// TTL is how long a response is kept.
	TTL time.Duration
	// Tags are names by which responses are dropped, see [CacheTags]. A wildcard of
	// the path stands for its value: "item:{id}".
	Tags []string
	// Vary are request headers on which responses depend, beside those that the
	// inputs of the operation read.
	Vary []string
	// Shared gives one client's responses to others with other credentials. Guards
	// run in any case, so all of these may have asked. Without it, each set of
	// credentials, which is the Authorization header, the API keys that the
	// operation reads and all cookies, has responses of its own.
	Shared bool
	// Control is sent as Cache-Control, such as "public, max-age=60". What other
	// caches keep is not dropped by tags.
	Control string
	// Store keeps the responses; Config.CacheStore when nil.
	Store CacheStore
	// Budget is how long a request waits for a call of a store that is not in the
	// memory of the process, 50 ms by default, whatever its client does and inside
	// of a [Timeout] as outside. At most 32 calls run at once; the others wait
	// within their budget. After 5 failures in a row the store is left alone, but
	// for one call in 200 ms.
	Budget time.Duration
	// Strict makes a request fail with 503 and Retry-After, before its transaction
	// is committed, if the store cannot be told which of its responses become
	// stale; see [CacheTags]. Without it the request succeeds, and the store is told
	// as soon as it can be. The operations with CacheTags document the 503, and
	// make one more call of the store for each request that drops tags. It holds
	// for the store, whichever of its caches says so.
	Strict bool
}

// CacheStore keeps bytes under keys for a while; see [CacheConfig]. Methods are
// called concurrently. A key is at most 200 bytes of printable ASCII and holds
// no secret; values are opaque, and may be a private response. A call has a
// budget, see CacheConfig; its ctx ends with that, and not when a client leaves.
//
// Tags need little of a store: each is a key whose value changes when it is
// invalidated. A store may lose any key at any time. It must not go back to an
// earlier state, though, as one that is restored from a copy or whose replica is
// promoted: there it has to begin empty, or responses that were dropped come back.
// Get returns what Set and Renew wrote before, so it does not ask a replica that
// lags behind.
type CacheStore interface {
	// Get returns the value of each key, in the same order, nil for one that is
	// not there. What it returns is not changed by anyone.
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	// Set keeps a value, in the place of one that was there, for at most ttl, a
	// positive time. It may be lost sooner.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Renew gives each key a value that it never had before, keeps that for at most
	// ttl, and returns the values. A call that comes late or twice, as one that was
	// given up and one that a client repeats, must not bring a former value back.
	Renew(ctx context.Context, ttl time.Duration, keys ...string) ([][]byte, error)
}

// digest is a short name for any text, from which the text cannot be found out.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// defaultCacheBytes is how much a cache in memory keeps.
const defaultCacheBytes = 8 << 20

// NewMemoryCache makes a store that keeps values in the memory of the process,
// of at most that many bytes together, its own records included; 0 means 8 MiB.
// Over it those unused the longest are dropped. A negative number panics.
func NewMemoryCache(bytes int) CacheStore {
	if bytes < 0 {
		panic(fmt.Errorf("candor: NewMemoryCache(%d): pass a positive number of bytes, or 0 for the default", bytes))
	}
	if bytes == 0 {
		bytes = defaultCacheBytes
	}
	c := &memoryCache{most: bytes}
	// The LRU bounds a number of entries. As many as fit if they are empty is a
	// bound that is never reached: the bytes are what Set counts.
	most := max(bytes/recordBytes, 1)
	c.values, _ = simplelru.NewLRU(most, func(key string, v cachedValue) { c.size -= v.size(key) }) // its error is for a size of 0
	return c
}

// memoryCache keeps values in memory.
type memoryCache struct {
	mutex      sync.Mutex
	values     *simplelru.LRU[string, cachedValue]
	size, most int
}

type cachedValue struct {
	bytes []byte
	until time.Time
}

// recordBytes is what an entry takes beside its key and value.
const recordBytes = 256

func (v cachedValue) size(key string) int { return len(key) + cap(v.bytes) + recordBytes }

// Get implements CacheStore.
func (c *memoryCache) Get(_ context.Context, keys ...string) ([][]byte, error) {
	now := time.Now()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	values := make([][]byte, len(keys))
	for i, key := range keys {
		switch v, ok := c.values.Get(key); {
		case !ok:
		case now.Before(v.until):
			values[i] = v.bytes
		default:
			c.values.Remove(key)
		}
	}
	return values, nil
}

// Set implements CacheStore.
func (c *memoryCache) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	v := cachedValue{bytes: value, until: time.Now().Add(ttl)}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.values.Remove(key) // which subtracts the size of the former value
	if v.size(key) > c.most {
		return nil
	}
	c.values.Add(key, v)
	for c.size += v.size(key); c.size > c.most; {
		c.values.RemoveOldest()
	}
	return nil
}

// Renew implements CacheStore.
func (c *memoryCache) Renew(ctx context.Context, ttl time.Duration, keys ...string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = []byte(rand.Text())
		_ = c.Set(ctx, key, values[i], ttl) // it never fails
	}
	return values, nil
}

// A kept response ends with a checksum of it and its key, so that what a store
// mixed up, truncated or never got from this codec is a miss.

// cachedResponse is a response as it is kept.
type cachedResponse struct {
	at          int64
	contentType string
	versions    []string
	// header is that of the response itself, set what was set in the header
	// directly; the name of a header that is added to begins with a plus.
	header, set []headerLine
	body        []byte
}

// encode makes what is kept under a key: numbers as varints, texts after their
// lengths, and the checksum.
func (c *cachedResponse) encode(key string) []byte {
	b := c.append(nil)
	return binary.BigEndian.AppendUint32(b, checksum(key, b))
}

// checksum tells values apart that were not made by encode for the key. Who
// changes the codec changes the number in it, and what was kept before is a miss.
func checksum(key string, b []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte("1 "+key), table), table, b)
}

func (c *cachedResponse) append(b []byte) []byte {
	b = binary.AppendVarint(b, c.at)
	b = appendText(b, c.contentType)
	b = binary.AppendUvarint(b, uint64(len(c.versions)))
	for _, v := range c.versions {
		b = appendText(b, v)
	}
	for _, lines := range [][]headerLine{c.header, c.set} {
		b = binary.AppendUvarint(b, uint64(len(lines)))
		for _, line := range lines {
			b = appendText(appendText(b, line.name), line.value)
		}
	}
	return append(b, c.body...)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// readCachedResponse decodes what is kept under a key; nil for anything that encode did
// not make.
func readCachedResponse(key string, value []byte) *cachedResponse {
	size := len(value) - crc32.Size
	if size < 0 || binary.BigEndian.Uint32(value[size:]) != checksum(key, value[:size]) {
		return nil
	}
	// The checksum proves that encode wrote the bytes, so what follows can only
	// fail where two values happen to have one checksum. It must not panic then.
	at, n := binary.Varint(value[:size])
	if n <= 0 {
		return nil
	}
	// The body ends where the checksum begins, and so does its capacity: nobody
	// who appends to it writes into what the store owns.
	r := cachedReader{rest: value[n:size:size]}
	kept := &cachedResponse{at: at, contentType: r.text()}
	for range r.count() {
		kept.versions = append(kept.versions, r.text())
	}
	for _, lines := range []*[]headerLine{&kept.header, &kept.set} {
		for range r.count() {
			*lines = append(*lines, headerLine{r.text(), r.text()})
		}
	}
	if kept.body = r.rest; r.broken {
		return nil
	}
	return kept
}

// cachedReader reads what append wrote.
type cachedReader struct {
	rest   []byte
	broken bool
}

// count is a number of things, each of which takes a byte at least.
func (r *cachedReader) count() int {
	n, size := binary.Uvarint(r.rest)
	if r.broken || size <= 0 || n > uint64(len(r.rest)-size) {
		r.broken = true
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

func (r *cachedReader) text() string {
	n := r.count()
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}

// A callGroup lets one of the requests that want the same thing get it, while the
// others wait for what it got. What is made for one moment only is nothing that
// others may be given later, so a call is forgotten as soon as it is done.
type callGroup struct {
	mutex sync.Mutex
	calls map[string]*sharedCall
}

// sharedCall is a response on its way, or a version of a tag.
type sharedCall struct {
	done chan struct{}
	// value is nil where the response cannot be kept, failed why there is no
	// version. They are set before done is closed.
	value  []byte
	failed error
}

// begin returns the call under a key, and whether it is the caller's own, who
// must then finish it.
func (g *callGroup) begin(key string) (call *sharedCall, own bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if call = g.calls[key]; call != nil {
		return call, false
	}
	if g.calls == nil {
		g.calls = map[string]*sharedCall{}
	}
	call = &sharedCall{done: make(chan struct{})}
	g.calls[key] = call
	return call, true
}

// finish hands what a call got to all that wait. The call leaves the group
// before it is done: who comes after that begins a new one.
func (g *callGroup) finish(key string, call *sharedCall) {
	g.mutex.Lock()
	delete(g.calls, key)
	g.mutex.Unlock()
	close(call.done)
}
