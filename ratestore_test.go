package candor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

func TestMemoryRateStore(t *testing.T) {
	type step struct {
		after time.Duration
		key   string
		want  candor.Taken
	}
	tests := []struct {
		name  string
		rate  candor.Rate
		steps []step
	}{
		{"a burst, and then an even pace", candor.PerMinute(2), []step{
			{0, "a", candor.Taken{Allowed: true, Remaining: 1, Reset: 30 * time.Second}},
			{0, "a", candor.Taken{Allowed: true, Remaining: 0, Reset: time.Minute}},
			{0, "a", candor.Taken{Retry: 30 * time.Second, Reset: time.Minute}},
			{29 * time.Second, "a", candor.Taken{Retry: time.Second, Reset: 31 * time.Second}},
			{time.Second, "a", candor.Taken{Allowed: true, Remaining: 0, Reset: time.Minute}},
			{time.Hour, "a", candor.Taken{Allowed: true, Remaining: 1, Reset: 30 * time.Second}},
		}},
		{"keys count by themselves", candor.PerSecond(1), []step{
			{0, "a", candor.Taken{Allowed: true, Reset: time.Second}},
			{0, "b", candor.Taken{Allowed: true, Reset: time.Second}},
			{0, "a", candor.Taken{Retry: time.Second, Reset: time.Second}},
		}},
		{"a burst of its own", candor.Rate{Requests: 60, Per: time.Minute, Burst: 2}, []step{
			{0, "a", candor.Taken{Allowed: true, Remaining: 1, Reset: time.Second}},
			{0, "a", candor.Taken{Allowed: true, Remaining: 0, Reset: 2 * time.Second}},
			{0, "a", candor.Taken{Retry: time.Second, Reset: 2 * time.Second}},
		}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := candor.NewMemoryRateStore(0)
				for i, s := range tc.steps {
					time.Sleep(s.after)
					got, err := store.Take(t.Context(), s.key, tc.rate)
					require.NoError(t, err)
					assert.Equal(t, s.want, got, "step %d", i)
				}
			})
		})
	}
}

// In any period, no more requests pass than a burst plus the
// rate, and a client that waits as long as it was told passes.
func TestMemoryRateStoreKeepsItsPromise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		for range 50 {
			rate := candor.Rate{Requests: 1 + random.IntN(20), Per: time.Duration(1+random.IntN(5000)) * time.Millisecond, Burst: random.IntN(10)}
			store := candor.NewMemoryRateStore(0)
			var passed []time.Time
			for range 200 {
				taken, err := store.Take(t.Context(), "k", rate)
				require.NoError(t, err)
				if taken.Allowed {
					passed = append(passed, time.Now())
					time.Sleep(time.Duration(random.Int64N(int64(rate.Per))) / time.Duration(rate.Requests))
					continue
				}
				time.Sleep(taken.Retry)
				taken, err = store.Take(t.Context(), "k", rate)
				require.NoError(t, err)
				require.True(t, taken.Allowed, "%+v", rate)
				passed = append(passed, time.Now())
			}
			step := rate.Per / time.Duration(rate.Requests)
			for i := range passed {
				for j := i + 1; j < len(passed); j++ {
					most := rate.Limit() + int(passed[j].Sub(passed[i])/step)
					require.LessOrEqual(t, j-i, most, "%+v", rate)
				}
			}
		}
	})
}

// A full store never allows more than the rate: an evicted key that returns counts as if it had made requests.
func TestFullMemoryRateStore(t *testing.T) {
	take := func(store candor.RateStore, key string, rate candor.Rate) bool {
		taken, err := store.Take(t.Context(), key, rate)
		require.NoError(t, err)
		return taken.Allowed
	}
	t.Run("a key that is exhausted stays so", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			store, rate := candor.NewMemoryRateStore(3), candor.PerHour(4)
			for range 4 {
				require.True(t, take(store, "guesser", rate))
			}
			for i := range 100 {
				take(store, "made up "+strconv.Itoa(i), rate)
			}
			assert.False(t, take(store, "guesser", rate))
			time.Sleep(15 * time.Minute)
			assert.True(t, take(store, "guesser", rate))
			time.Sleep(time.Hour)
			assert.True(t, take(store, "new", rate), "what has passed is forgotten for good")
		})
	})
	t.Run("whatever the keys", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			for range 50 {
				store, rate := candor.NewMemoryRateStore(1+random.IntN(4)), candor.Rate{Requests: 6, Per: time.Minute, Burst: 1 + random.IntN(4)}
				passed := map[string][]time.Time{}
				for range 300 {
					key := strconv.Itoa(random.IntN(10))
					if take(store, key, rate) {
						passed[key] = append(passed[key], time.Now())
					}
					time.Sleep(time.Duration(random.Int64N(int64(4 * time.Second))))
				}
				for key, times := range passed {
					for i := range times {
						for j := i + 1; j < len(times); j++ {
							most := rate.Limit() + int(times[j].Sub(times[i])/(10*time.Second))
							require.LessOrEqual(t, j-i, most, "%s of %+v", key, rate)
						}
					}
				}
			}
		})
	})
	assert.Panics(t, func() { candor.NewMemoryRateStore(-1) })
	_, err := candor.NewMemoryRateStore(2).Take(t.Context(), "a", candor.Rate{})
	assert.Error(t, err)
}

func BenchmarkMemoryRateStore(b *testing.B) {
	store := candor.NewMemoryRateStore(0)
	for i := range 1 << 16 {
		_, _ = store.Take(b.Context(), strconv.Itoa(i), candor.PerHour(1000))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _ = store.Take(b.Context(), "client", candor.PerHour(1000))
	}
	runtime.KeepAlive(store)
}

func ExampleNewMemoryRateStore() {
	store := candor.NewMemoryRateStore(1000)
	for range 3 {
		taken, _ := store.Take(context.Background(), "anna", candor.PerMinute(2))
		fmt.Println(taken.Allowed, taken.Remaining)
	}
	// Output:
	// true 1
	// true 0
	// false 0
}
