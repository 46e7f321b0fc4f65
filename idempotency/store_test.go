package idempotency_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/idempotency"
)

func TestMemoryStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), idempotency.NewMemoryStore(0)
		take := func(value string) string {
			held, err := s.Take(ctx, "k", []byte(value), time.Minute)
			require.NoError(t, err)
			return string(held)
		}
		replace := func(old, value string) bool {
			replaced, err := s.Replace(ctx, "k", []byte(old), []byte(value), time.Hour)
			require.NoError(t, err)
			return replaced
		}
		assert.Empty(t, take("a"))
		assert.Equal(t, "a", take("b"))
		assert.False(t, replace("b", "c"))
		require.NoError(t, s.Drop(ctx, "k", []byte("b")))
		assert.Equal(t, "a", take("b"))
		require.NoError(t, s.Drop(ctx, "k", []byte("a")))
		assert.Empty(t, take("b"))
		time.Sleep(time.Minute)
		assert.False(t, replace("b", "c"), "its time has passed")
		assert.Empty(t, take("c"))
		assert.True(t, replace("c", "d"))
		time.Sleep(59 * time.Minute)
		assert.Equal(t, "d", take("e"))
		time.Sleep(time.Minute)
		assert.Empty(t, take("e"))
	})
}

// The store keeps the newest responses that fit.
func TestMemoryStoreIsBounded(t *testing.T) {
	ctx, s := context.Background(), idempotency.NewMemoryStore(10_000)
	value := bytes.Repeat([]byte("v"), 1000)
	for i := range 20 {
		_, err := s.Take(ctx, fmt.Sprint(i), value, time.Hour)
		require.NoError(t, err)
	}
	for i := range 20 {
		replaced, err := s.Replace(ctx, fmt.Sprint(i), value, value, time.Hour)
		require.NoError(t, err)
		assert.Equal(t, i >= 13, replaced, i)
	}
	held, err := s.Take(ctx, "large", make([]byte, 20_000), time.Hour)
	require.NoError(t, err)
	assert.Nil(t, held)
}
