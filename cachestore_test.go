package candor_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

func TestMemoryCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := candor.NewMemoryCache(0)
		get := func(keys ...string) [][]byte {
			values, err := store.Get(t.Context(), keys...)
			require.NoError(t, err)
			return values
		}
		require.NoError(t, store.Set(t.Context(), "a", []byte("1"), time.Second))
		require.NoError(t, store.Set(t.Context(), "b", []byte("2"), time.Minute))
		assert.Equal(t, [][]byte{[]byte("2"), nil, []byte("1")}, get("b", "none", "a"))

		require.NoError(t, store.Set(t.Context(), "a", []byte("3"), 2*time.Second))
		time.Sleep(2*time.Second - time.Nanosecond)
		assert.Equal(t, [][]byte{[]byte("3")}, get("a"))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, [][]byte{nil, []byte("2")}, get("a", "b"))
	})
}

func TestMemoryCacheIsBounded(t *testing.T) {
	const most = 100 << 10
	store := candor.NewMemoryCache(most)
	set := func(key string, size int) {
		require.NoError(t, store.Set(t.Context(), key, bytes.Repeat([]byte("x"), size), time.Hour))
	}
	kept := func(n int) (count, size int) {
		for i := range n {
			values, err := store.Get(t.Context(), fmt.Sprint(i))
			require.NoError(t, err)
			if values[0] != nil {
				count++
				size += len(values[0])
			}
		}
		return count, size
	}
	for i := range 1000 {
		set(fmt.Sprint(i), 1000)
	}
	count, size := kept(1000)
	assert.Greater(t, count, 50)
	assert.Less(t, size, most)

	set("large", 2*most)
	values, err := store.Get(t.Context(), "large")
	require.NoError(t, err)
	assert.Nil(t, values[0], "what has no room is not kept, and nothing makes room for it")
	after, _ := kept(1000)
	assert.Equal(t, count, after)

	for i := range 1000 {
		set("1", i) // replacing takes no further room
	}
	after, _ = kept(1000)
	assert.GreaterOrEqual(t, after, count)
	assert.Panics(t, func() { candor.NewMemoryCache(-1) })
}

func ExampleNewMemoryCache() {
	store := candor.NewMemoryCache(1 << 20)
	_ = store.Set(context.Background(), "greeting", []byte("hello"), time.Minute)
	values, _ := store.Get(context.Background(), "greeting", "farewell")
	fmt.Printf("%q\n", values)
	// Output: ["hello" ""]
}

// spoiledCache keeps values, and spoils the responses that it returns.
type spoiledCache struct {
	candor.CacheStore
	spoil func(value []byte) []byte
	// same is whether the last value was returned as it was kept.
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

// A value that is not what was kept under its key is a miss, whatever it is.
func FuzzCacheSpoiled(f *testing.F) {
	f.Add(0, 0, []byte{})               // what was kept
	f.Add(0, 1, []byte{})               // its first byte is lost
	f.Add(-1, 1, []byte{})              // its last
	f.Add(-12, 1, []byte("\x7f"))       // another body
	f.Add(2, 1, []byte("\xff\xff\xff")) // a length of everything
	f.Add(0, 1<<20, []byte{})           // nothing is left
	f.Add(0, 1<<20, []byte("\x00\x00")) // something else altogether
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
		c := candor.NewTestClient(t, cacheApp(candor.Config{CacheStore: store}, &count, candor.CacheConfig{TTL: time.Hour, Tags: []string{"item:{id}"}}))
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

// What a store mixes up is no response for anybody.
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
	c := candor.NewTestClient(t, cacheApp(candor.Config{CacheStore: store}, &count, candor.CacheConfig{TTL: time.Hour}))
	for _, id := range []string{"1", "1", "2", "2"} {
		var got cacheAnswer
		c.Get("/items/" + id).Status(200).JSON(&got)
		assert.Equal(t, id, got.ID)
	}
	assert.EqualValues(t, 3, count.Load())
}
