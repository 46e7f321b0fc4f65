package idempotency

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Store keeps a value for each key for a while. Its methods must be safe for concurrent use. A key is 43 letters,
// digits, "-" and "_", and contains no secret. Values are opaque, at most Config.MaxBody and a header long, in base64,
// and may contain a private response.
type Store interface {
	// Take stores a value under a key that has none, for at most ttl, and returns nil; otherwise it changes nothing and
	// returns the existing value. Of several concurrent calls, one gets nil.
	Take(ctx context.Context, key string, value []byte, ttl time.Duration) (held []byte, err error)
	// Replace replaces old by another value, for ttl from now, and reports whether old was the current value.
	Replace(ctx context.Context, key string, old, value []byte, ttl time.Duration) (replaced bool, err error)
	// Drop deletes the value, if it is old.
	Drop(ctx context.Context, key string, old []byte) error
}

// defaultStoreBytes is the default size of a store in memory.
const defaultStoreBytes = 32 << 20

// NewMemoryStore returns a store in memory of at most size bytes, including its own records; 0 means 32 MiB. If it is
// full, the oldest values are dropped, and their requests would run again, as they would after a restart or in another
// process. A negative size panics.
func NewMemoryStore(size int) Store {
	if size < 0 {
		panic(fmt.Errorf("candor: idempotency.NewMemoryStore(%d): pass a positive number of bytes, or 0 for the default", size))
	}
	if size == 0 {
		size = defaultStoreBytes
	}
	s := &memoryStore{most: size}
	// The size in bytes is what limits the store; this count is only reached if all values are empty.
	s.values, _ = simplelru.NewLRU(max(size/recordBytes, 1), func(key string, v value) { s.size -= v.size(key) }) // the error is for a size of 0
	return s
}

// memoryStore keeps values in memory. Only writes move a value to the end of the list, so the oldest is at the front.
type memoryStore struct {
	mutex      sync.Mutex
	values     *simplelru.LRU[string, value]
	size, most int
}

type value struct {
	text  []byte
	until time.Time
}

// recordBytes is the cost of a value in addition to its key and bytes.
const recordBytes = 256

func (v value) size(key string) int { return len(key) + cap(v.text) + recordBytes }

// find returns the value of a key, nil for none.
func (s *memoryStore) find(key string) []byte {
	if v, ok := s.values.Peek(key); ok && time.Now().Before(v.until) {
		return v.text
	}
	return nil
}

// set stores a value, and drops the oldest ones if there are too many.
func (s *memoryStore) set(key string, text []byte, ttl time.Duration) {
	s.values.Remove(key) // subtracts the size of the old value
	v := value{text: text, until: time.Now().Add(ttl)}
	s.values.Add(key, v)
	s.size += v.size(key)
	for s.size > s.most {
		s.values.RemoveOldest()
	}
}

// forget removes expired values. Checking two for each new one is enough to keep up.
func (s *memoryStore) forget() {
	for range 2 {
		key, v, ok := s.values.GetOldest()
		if !ok || time.Now().Before(v.until) {
			return
		}
		s.values.Remove(key)
	}
}

// Take implements Store.
func (s *memoryStore) Take(_ context.Context, key string, text []byte, ttl time.Duration) ([]byte, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if held := s.find(key); held != nil {
		return held, nil
	}
	s.forget()
	s.set(key, text, ttl)
	return nil, nil
}

// Replace implements Store.
func (s *memoryStore) Replace(_ context.Context, key string, old, text []byte, ttl time.Duration) (bool, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !bytes.Equal(s.find(key), old) {
		return false, nil
	}
	s.set(key, text, ttl)
	return true, nil
}

// Drop implements Store.
func (s *memoryStore) Drop(_ context.Context, key string, old []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if bytes.Equal(s.find(key), old) {
		s.values.Remove(key)
	}
	return nil
}
