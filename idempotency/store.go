package idempotency

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Store keeps a value under each key for a while. Methods are called
// concurrently. A key is 43 letters, digits and signs of "-_" and holds no secret; values
// are opaque, at most Config.MaxBody and a header long, in base64, and may hold a
// private response.
type Store interface {
	// Take keeps a value under a key that has none, for at most ttl, and returns nil;
	// otherwise it changes nothing and returns the value that is there. Of several at
	// once, one gets nil.
	Take(ctx context.Context, key string, value []byte, ttl time.Duration) (held []byte, err error)
	// Replace puts another value in the place of old, for ttl from now, and reports
	// whether old was there.
	Replace(ctx context.Context, key string, old, value []byte, ttl time.Duration) (replaced bool, err error)
	// Drop forgets a value, if old is what is there.
	Drop(ctx context.Context, key string, old []byte) error
}

// defaultStoreBytes is how much a store in memory keeps.
const defaultStoreBytes = 32 << 20

// NewMemoryStore makes a store in the memory of the process, of at most that
// many bytes together, its own records included; 0 means 32 MiB. Over it the
// oldest are dropped, whose requests would run again; so they would after a
// restart, and in another process. A negative number panics.
func NewMemoryStore(size int) Store {
	if size < 0 {
		panic(fmt.Errorf("candor: idempotency.NewMemoryStore(%d): pass a positive number of bytes, or 0 for the default", size))
	}
	if size == 0 {
		size = defaultStoreBytes
	}
	s := &memoryStore{most: size}
	// The bytes are what is counted; as many records as fit if they are empty is a
	// bound that is never reached.
	s.values, _ = simplelru.NewLRU(max(size/recordBytes, 1), func(key string, v value) { s.size -= v.size(key) }) // its error is for a size of 0
	return s
}

// memoryStore keeps values in memory. Only writing moves a value to the end of
// the list, so the oldest is at its beginning.
type memoryStore struct {
	mutex      sync.Mutex
	values     *simplelru.LRU[string, value]
	size, most int
}

type value struct {
	text  []byte
	until time.Time
}

// recordBytes is what a value takes beside its key and bytes.
const recordBytes = 256

func (v value) size(key string) int { return len(key) + cap(v.text) + recordBytes }

// find returns the value of a key, nil for none.
func (s *memoryStore) find(key string) []byte {
	if v, ok := s.values.Peek(key); ok && time.Now().Before(v.until) {
		return v.text
	}
	return nil
}

// set keeps a value, and drops the oldest where there are too many.
func (s *memoryStore) set(key string, text []byte, ttl time.Duration) {
	s.values.Remove(key) // which subtracts the size of the former value
	v := value{text: text, until: time.Now().Add(ttl)}
	s.values.Add(key, v)
	s.size += v.size(key)
	for s.size > s.most {
		s.values.RemoveOldest()
	}
}

// forget drops values whose time has passed. Two for each that comes are enough
// to get ahead of them.
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
