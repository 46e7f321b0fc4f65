package candorredis_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	candorredis "github.com/candor-go/candor/contrib/redis"
)

// A restarted server may have lost invalidations, so its earlier values count as missing.
func TestCacheStoreOfARestartedServer(t *testing.T) {
	server := newServer(t)
	store := candorredis.NewCacheStore(server.impatient())
	other := candorredis.NewCacheStore(server.impatient())
	read := func() []byte {
		values, err := other.Get(t.Context(), "a")
		require.NoError(t, err)
		return values[0]
	}
	for range 2 {
		require.NoError(t, store.Set(t.Context(), "a", []byte("kept"), time.Hour))
		assert.Equal(t, "kept", string(read()))
		server.stop()
		server.start()
		require.Eventually(t, func() bool { _, err := other.Get(t.Context(), "a"); return err == nil }, patience, 10*time.Millisecond)
		assert.Nil(t, read(), "Redis has it still")
		require.Eventually(t, func() bool { _, err := store.Get(t.Context(), "a"); return err == nil }, patience, 10*time.Millisecond)
	}
}

func TestCacheStoreRenews(t *testing.T) {
	stores := map[string]redis.UniversalClient{"redis": newServer(t).client()}
	imitation := miniredis.RunT(t) // does not report its run id
	stores["imitation"] = redis.NewClient(&redis.Options{Addr: imitation.Addr()})
	for name, client := range stores {
		t.Run(name, func(t *testing.T) {
			store, seen := candorredis.NewCacheStore(client), map[string]bool{}
			for range 100 {
				values, err := store.Renew(t.Context(), time.Hour, "a", "b")
				require.NoError(t, err)
				require.Len(t, values, 2)
				assert.False(t, seen[string(values[0])] || seen[string(values[1])])
				seen[string(values[0])], seen[string(values[1])] = true, true
				got, err := store.Get(t.Context(), "b", "a")
				require.NoError(t, err)
				assert.Equal(t, [][]byte{values[1], values[0]}, got)
			}
			_, err := store.Renew(t.Context(), time.Millisecond, "a")
			require.NoError(t, err)
			imitation.FastForward(time.Second)
			assert.Eventually(t, func() bool {
				values, err := store.Get(t.Context(), "a", "b")
				return err == nil && values[0] == nil && values[1] != nil
			}, patience, time.Millisecond)
		})
	}
}

// A counter that would overflow starts again.
func TestCacheStoreRenewsForever(t *testing.T) {
	client := newServer(t).client()
	store := candorredis.NewCacheStore(client)
	_, err := store.Renew(t.Context(), time.Hour, "a")
	require.NoError(t, err)
	keys, err := client.Keys(t.Context(), "candor:cache:*").Result()
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.NoError(t, client.Set(t.Context(), keys[0], "9223372036854775807", 0).Err())
	_, err = store.Renew(t.Context(), time.Hour, "a")
	require.ErrorContains(t, err, "overflow")
	values, err := store.Renew(t.Context(), time.Hour, "a")
	require.NoError(t, err)
	assert.Less(t, len(values[0]), 12)
}
