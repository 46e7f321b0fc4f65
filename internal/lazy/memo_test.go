package lazy_test

import (
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/lazy"
)

func TestMemo(t *testing.T) {
	t.Parallel()
	var memo lazy.Memo[*int]
	key := lazy.MemoKey{Type: reflect.TypeFor[int]()}
	made, err := memo.Get(key, func() (*int, error) { return nil, errors.New("not yet") })
	require.Error(t, err)
	require.Nil(t, made)
	made, err = memo.Get(key, func() (*int, error) { return new(int), nil })
	require.NoError(t, err, "an error is not kept")
	again, err := memo.Get(key, func() (*int, error) { return nil, errors.New("made again") })
	require.NoError(t, err)
	assert.Same(t, made, again)
	other, err := memo.Get(lazy.MemoKey{Type: key.Type, Variant: "other"}, func() (*int, error) { return new(int), nil })
	require.NoError(t, err)
	assert.NotSame(t, made, other)
}

func TestMemoMayAskForOtherKeys(t *testing.T) {
	t.Parallel()
	var memo lazy.Memo[*int]
	inner := func() (*int, error) { return new(int), nil }
	_, err := memo.Get(lazy.MemoKey{Variant: "outer"}, func() (*int, error) { return memo.Get(lazy.MemoKey{Variant: "inner"}, inner) })
	require.NoError(t, err)
}

func TestMemoGivesAllTheSame(t *testing.T) {
	t.Parallel()
	var memo lazy.Memo[*int]
	found := make([]*int, 50)
	var all sync.WaitGroup
	for i := range found {
		all.Go(func() { found[i], _ = memo.Get(lazy.MemoKey{}, func() (*int, error) { return new(int), nil }) })
	}
	all.Wait()
	for _, f := range found {
		assert.Same(t, found[0], f)
	}
}
