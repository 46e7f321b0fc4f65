package hub_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/hub"
)

// remote is a broker that may be slow, even if its context is done.
type remote struct {
	hub.Broker
	mutex sync.Mutex
	delay func() time.Duration
	err   error
}

func newRemote() *remote {
	return &remote{Broker: hub.NewMemory(hub.MemoryConfig{Replay: 1 << 20, Bytes: 1 << 30}), delay: func() time.Duration { return 0 }}
}

func (r *remote) wait() error {
	r.mutex.Lock()
	delay, err := r.delay(), r.err
	r.mutex.Unlock()
	time.Sleep(delay)
	return err
}

func (r *remote) set(delay time.Duration, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.delay, r.err = func() time.Duration { return delay }, err
}

func (r *remote) Publish(ctx context.Context, topic string, payload []byte, key string) (string, error) {
	if err := r.wait(); err != nil {
		return "", err
	}
	return r.Broker.Publish(context.WithoutCancel(ctx), topic, payload, key)
}

func (r *remote) Subscribe(ctx context.Context, topic, after string) (iter.Seq2[hub.Delivery, error], error) {
	if err := r.wait(); err != nil {
		return nil, err
	}
	return r.Broker.Subscribe(ctx, topic, after)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestHubBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := newRemote()
		broker.set(time.Minute, nil)
		h := hub.New[int](hub.Config{Broker: broker, Logger: quiet()})
		defer h.Close()
		publish := func() {
			_, err := h.Publish(t.Context(), "a", 1)
			require.ErrorIs(t, err, hub.ErrUnavailable)
		}
		subscribe := func() {
			_, err := h.Subscribe(t.Context(), "a", "")
			require.ErrorIs(t, err, hub.ErrUnavailable)
		}
		require.NoError(t, h.Health(t.Context()))
		for range 2 {
			assert.Equal(t, time.Second, took(publish))
			assert.Equal(t, 2*time.Second, took(subscribe))
		}
		assert.Equal(t, time.Second, took(publish))
		require.Error(t, h.Health(t.Context()))
		for range 10 {
			assert.Zero(t, took(publish))
			assert.Zero(t, took(subscribe))
		}
		broker.set(0, nil)
		time.Sleep(200 * time.Millisecond)
		_, err := h.Publish(t.Context(), "a", 1)
		require.NoError(t, err)
		require.NoError(t, h.Health(t.Context()))
		time.Sleep(time.Minute) // the late calls end
	})
}

// If the hub is unavailable, a stream responds with 503 before its head.
func TestUnavailableResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := newRemote()
		broker.set(0, errors.New("connection refused"))
		h := hub.New[string](hub.Config{Broker: broker, Logger: quiet()})
		defer h.Close()
		app := candor.New(candor.Config{}, candor.Raises(hub.ErrUnavailable))
		candor.Get(app, "/", func(ctx context.Context, _ candor.None) (candor.Events[string], error) {
			return h.Events(ctx, "a", "")
		})
		candor.Post(app, "/", func(ctx context.Context, _ candor.None) (string, error) { return h.Publish(ctx, "a", "hello") })
		app.Health("", "/readyz", candor.HealthCheck{Name: "messages", Check: h.Health})
		c := candor.NewTestClient(t, app)
		for _, method := range []string{"GET", "POST", "GET", "POST", "GET", "POST"} {
			refused := c.Do(method, "/", nil).Status(503)
			assert.JSONEq(t, `{"detail":"messages are not available"}`, refused.Text())
			assert.Equal(t, "1", refused.Header.Get("Retry-After"))
		}
		c.Get("/readyz").Status(503)
		var out strings.Builder
		require.NoError(t, app.WriteOpenAPI(&out))
		assert.Equal(t, 2, strings.Count(out.String(), `"Retry-After"`))
		broker.set(0, nil)
		time.Sleep(time.Second)
		c.Post("/", nil).Status(200)
		c.Get("/readyz").Status(200)
	})
}

// A subscription that comes too late is ended.
func TestLateSubscriptionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := newRemote()
		broker.set(3*time.Second, nil)
		late := &counting{Broker: broker}
		h := hub.New[int](hub.Config{Broker: late, Logger: quiet()})
		defer h.Close()
		_, err := h.Subscribe(t.Context(), "a", "")
		require.ErrorIs(t, err, hub.ErrUnavailable)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		assert.Error(t, late.ctx.Err())
	})
}

// counting records the context of a subscription.
type counting struct {
	hub.Broker
	ctx context.Context
}

func (c *counting) Subscribe(ctx context.Context, topic, after string) (iter.Seq2[hub.Delivery, error], error) {
	c.ctx = ctx
	return c.Broker.Subscribe(ctx, topic, after)
}

// A message that the broker refuses does not mean that the broker is unavailable.
func TestRefusedMessages(t *testing.T) {
	broker := newRemote()
	broker.set(0, fmt.Errorf("%w: too large", hub.ErrRefused))
	h := hub.New[int](hub.Config{Broker: broker, Logger: quiet()})
	defer h.Close()
	for range 20 {
		_, err := h.Publish(t.Context(), "a", 1)
		require.ErrorContains(t, err, "too large")
		require.NotErrorIs(t, err, hub.ErrUnavailable)
	}
	require.NoError(t, h.Health(t.Context()))
}

// Publishers that retry publish each message once, even if the broker hangs or is late.
func TestPublishingOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const publishers, each = 20, 500
		broker, n := newRemote(), 0
		broker.delay = func() time.Duration {
			if n++; n%7 < 3 {
				return 1500 * time.Millisecond // it is published, but the publisher gets an error
			}
			return 0
		}
		h := hub.New[int](hub.Config{Broker: broker, Logger: quiet()})
		defer h.Close()
		var all sync.WaitGroup
		for p := range publishers {
			all.Go(func() {
				for i := p * each; i < (p+1)*each; i++ {
					for {
						if _, err := h.PublishOnce(t.Context(), "a", fmt.Sprint(i), i); err == nil {
							break
						}
						time.Sleep(100 * time.Millisecond)
					}
				}
			})
		}
		all.Wait()
		time.Sleep(time.Minute)
		broker.set(0, nil)
		messages, err := h.Subscribe(t.Context(), "a", "0")
		require.NoError(t, err)
		seen, received := map[int]bool{}, 0
		for m, err := range messages {
			require.NoError(t, err)
			if m.Gap {
				continue
			}
			assert.False(t, seen[m.Data], m.Data)
			seen[m.Data] = true
			if received++; received == publishers*each {
				break
			}
		}
		_, err = h.PublishOnce(t.Context(), "a", "0", 0)
		require.NoError(t, err)
		last, err := h.PublishOnce(t.Context(), "a", "another", 1)
		require.NoError(t, err)
		again, err := h.PublishOnce(t.Context(), "a", "another", 2)
		require.NoError(t, err)
		assert.Equal(t, last, again)
	})
}

// Keys are remembered as long as their messages are kept, and count as memory.
func TestKeysInMemory(t *testing.T) {
	broker := hub.NewMemory(hub.MemoryConfig{Replay: 2})
	publish := func(topic, key string) string {
		id, err := broker.Publish(t.Context(), topic, nil, key)
		require.NoError(t, err)
		return id
	}
	a := publish("t", "a")
	assert.Equal(t, a, publish("t", "a"))
	assert.NotEqual(t, a, publish("other", "a"))
	publish("t", "b")
	assert.Equal(t, a, publish("t", "a"))
	publish("t", "c")
	assert.NotEqual(t, a, publish("t", "a"), "it is not kept any more")
	first := publish("t", "")
	assert.NotEqual(t, first, publish("t", ""), "no key")
}

func TestNegativeBudget(t *testing.T) {
	defer func() {
		err, _ := recover().(error)
		assert.ErrorContains(t, err, "negative budget")
	}()
	hub.New[int](hub.Config{PublishBudget: -1})
}

func ExampleHub_PublishOnce() {
	orders := hub.New[string](hub.Config{})
	defer orders.Close()
	ctx := context.Background()
	first, _ := orders.PublishOnce(ctx, "orders", "key-1", "two apples")
	again, _ := orders.PublishOnce(ctx, "orders", "key-1", "two apples")
	fmt.Println(first == again)
	// Output: true
}

func ExampleHub_Health() {
	app := candor.New(candor.Config{})
	messages := hub.New[string](hub.Config{})
	defer messages.Close()
	app.Health("/healthz", "/readyz", candor.HealthCheck{Name: "messages", Check: messages.Health})

	response := httptest.NewRecorder()
	app.ServeHTTP(response, httptest.NewRequest("GET", "/readyz", nil))
	fmt.Println(response.Body)
	// Output: {"status":"ready","checks":{"messages":"ok"}}
}
