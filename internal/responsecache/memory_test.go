package responsecache_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/responsecache"
)

func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := responsecache.NewMemory(0)
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

func TestMemoryIsBounded(t *testing.T) {
	const most = 100 << 10
	store := responsecache.NewMemory(most)
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
		set("1", i) // replacing a value needs no more space
	}
	after, _ = kept(1000)
	assert.GreaterOrEqual(t, after, count)
}
