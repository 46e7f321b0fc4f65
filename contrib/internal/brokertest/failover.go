package brokertest

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/hub"
)

// Loss is the effect of a failed server on messages.
type Loss struct{ Lost, Doubled, Gaps int }

// Publishers is the number of concurrent publishers in FailsOver.
const Publishers = 4

// FailsOver publishes messages with one broker, some after retries, to a subscriber of another one. After half of them,
// fail stops a server that stores the topic "news".
func FailsOver(t *testing.T, fresh func(t *testing.T) hub.Broker, fail func()) Loss {
	t.Helper()
	const each = 100
	open := func() *hub.Hub[string] {
		h := hub.New[string](hub.Config{Broker: fresh(t)})
		t.Cleanup(h.Close)
		return h
	}
	here, there := open(), open()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var messages iter.Seq2[hub.Message[string], error]
	require.Eventually(t, func() (subscribed bool) {
		var err error
		messages, err = there.Subscribe(ctx, "news", "")
		return err == nil
	}, patience, 100*time.Millisecond)

	half := make(chan struct{})
	reached := sync.OnceFunc(func() { close(half) })
	var all sync.WaitGroup
	for p := range Publishers {
		all.Go(func() {
			for i := range each + 1 { // the last one marks the end, whatever was lost
				if i == each/2 {
					reached()
				}
				publishUntilTaken(ctx, here, fmt.Sprintf("%d:%d", p, i))
			}
		})
	}
	<-half
	fail()
	loss := judge(t, messages, each)
	all.Wait()
	t.Logf("%d messages: %+v", Publishers*each, loss)
	return loss
}

func publishUntilTaken(ctx context.Context, h *hub.Hub[string], text string) {
	for ctx.Err() == nil {
		if _, err := h.PublishOnce(ctx, "news", text, text); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// judge receives until the last message of each publisher.
func judge(t *testing.T, messages iter.Seq2[hub.Message[string], error], last int) (loss Loss) {
	t.Helper()
	next, ended := [Publishers]int{}, 0
	for m, err := range messages {
		require.NoError(t, err)
		if m.Gap {
			loss.Gaps++
			continue
		}
		var p, i int
		_, err = fmt.Sscanf(m.Data, "%d:%d", &p, &i)
		require.NoError(t, err)
		if i < next[p] {
			loss.Doubled++
			continue
		}
		loss.Lost += i - next[p]
		next[p] = i + 1
		if i == last {
			ended++
		}
		if ended == Publishers {
			break
		}
	}
	require.Equal(t, Publishers, ended)
	return loss
}
