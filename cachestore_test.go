package candor_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

func TestNewMemoryCacheOfNothing(t *testing.T) {
	assert.PanicsWithError(t, "candor: NewMemoryCache(-1): pass a positive number of bytes, or 0 for the default", func() { candor.NewMemoryCache(-1) })
}

func ExampleNewMemoryCache() {
	store := candor.NewMemoryCache(1 << 20)
	_ = store.Set(context.Background(), "greeting", []byte("hello"), time.Minute)
	values, _ := store.Get(context.Background(), "greeting", "farewell")
	fmt.Printf("%q\n", values)
	// Output: ["hello" ""]
}

// spoiledCache stores values, and corrupts those that it returns.
type spoiledCache struct {
	candor.CacheStore
	spoil func(value []byte) []byte
	// same is whether the last value was returned unchanged.
	same bool
}

func (s *spoiledCache) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	values, err := s.CacheStore.Get(ctx, keys...)
	if len(values) > 0 && values[0] != nil {
		value := s.spoil(slices.Clone(values[0]))
		s.same = bytes.Equal(value, values[0])
		values[0] = value
	}
	return values, err
}

// A value that differs from what was stored under its key is a miss.
func FuzzCacheSpoiled(f *testing.F) {
	f.Add(0, 0, []byte{})               // unchanged
	f.Add(0, 1, []byte{})               // without the first byte
	f.Add(-1, 1, []byte{})              // without the last byte
	f.Add(-12, 1, []byte("\x7f"))       // a different body
	f.Add(2, 1, []byte("\xff\xff\xff")) // a huge length
	f.Add(0, 1<<20, []byte{})           // empty
	f.Add(0, 1<<20, []byte("\x00\x00")) // entirely different
	f.Add(-1, 0, []byte("more"))
	f.Fuzz(func(t *testing.T, at, size int, with []byte) {
		store := &spoiledCache{CacheStore: candor.NewMemoryCache(0)}
		store.spoil = func(value []byte) []byte {
			from := at % (len(value) + 1)
			if from < 0 {
				from += len(value) + 1
			}
			return slices.Replace(value, from, min(from+max(size, 0), len(value)), with...)
		}
		var count atomic.Int64
		c := candor.NewTestClient(t, cacheApp(candor.Config{CacheStore: store}, &count, candor.CacheConfig{
			TTL: time.Hour, Tags: []string{"item:{id}"}, Budget: time.Minute, // a busy machine pauses
		}))
		c.Get("/items/7").Status(200)
		again := c.Get("/items/7").Status(200)
		want := cacheAnswer{N: 2, ID: "7"}
		if store.same {
			want.N = 1
		}
		var got cacheAnswer
		again.JSON(&got)
		assert.Equal(t, want, got)
		assert.Equal(t, store.same, again.Header.Get("Age") != "")
	})
}

// A value that was stored under another key is never sent.
func TestCacheUnderAnotherKey(t *testing.T) {
	store := &spoiledCache{CacheStore: candor.NewMemoryCache(0)}
	var first []byte
	store.spoil = func(value []byte) []byte {
		if first == nil {
			first = value
		}
		return first
	}
	var count atomic.Int64
	c := candor.NewTestClient(t, cacheApp(candor.Config{CacheStore: store}, &count, candor.CacheConfig{TTL: time.Hour, Budget: time.Minute}))
	for _, id := range []string{"1", "1", "2", "2"} {
		var got cacheAnswer
		c.Get("/items/" + id).Status(200).JSON(&got)
		assert.Equal(t, id, got.ID)
	}
	assert.EqualValues(t, 3, count.Load())
}
