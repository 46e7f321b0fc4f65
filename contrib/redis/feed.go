package candorredis

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor/contrib/internal/fan"
)

const (
	// silence is how long the connection may be idle before a ping is sent, and how long the response to that may take.
	silence = 3 * time.Second
	// reconnectPause is the pause before a lost connection is made again.
	reconnectPause = 200 * time.Millisecond
)

// feed is the connection that follows the topics of a process.
type feed struct {
	client redis.UniversalClient
	prefix string
	fan    *fan.Fan
	// changed has a signal when the set of topics may have changed.
	changed chan struct{}
}

// refresh makes the feed compare its channels with the topics.
func (f *feed) refresh() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// run keeps a connection, and makes a new one when it is lost.
func (f *feed) run(ctx context.Context) {
	for ctx.Err() == nil {
		f.connect(ctx)
		fan.Wait(ctx, reconnectPause)
	}
}

// connect follows the topics until the connection is lost.
func (f *feed) connect(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	conn := f.client.Subscribe(ctx)
	asked := make(chan struct{})
	defer func() {
		cancel()
		_ = conn.Close()
		<-asked
	}()
	// A blocked read does not notice the end of the context.
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	f.refresh()
	go func() {
		defer close(asked)
		f.ask(ctx, conn)
	}()
	f.receive(ctx, conn)
}

// ask keeps the connection's channels equal to the topics.
func (f *feed) ask(ctx context.Context, conn *redis.PubSub) {
	asked := map[string]bool{}
	for {
		select {
		case <-f.changed:
		case <-ctx.Done():
			return
		}
		wanted := map[string]bool{}
		for _, topic := range f.fan.Topics() {
			wanted[f.prefix+topic] = true
		}
		added, removed := without(wanted, asked), without(asked, wanted)
		if len(added) > 0 && conn.Subscribe(ctx, added...) != nil ||
			len(removed) > 0 && conn.Unsubscribe(ctx, removed...) != nil {
			_ = conn.Close() // so that a new one is made
			return
		}
		asked = wanted
	}
}

func without(a, b map[string]bool) []string {
	return slices.DeleteFunc(slices.Collect(maps.Keys(a)), func(name string) bool { return b[name] })
}

// receive passes messages on until the connection is lost.
func (f *feed) receive(ctx context.Context, conn *redis.PubSub) {
	pinged := false
	for {
		message, err := conn.ReceiveTimeout(ctx, silence)
		if err != nil {
			if !isTimeout(err) || pinged || conn.Ping(ctx) != nil {
				return
			}
			pinged = true
			continue
		}
		pinged = false
		switch m := message.(type) {
		case *redis.Subscription:
			if m.Kind == "subscribe" {
				f.fan.Resume(strings.TrimPrefix(m.Channel, f.prefix))
			}
		case *redis.Message:
			id, payload, _ := strings.Cut(m.Payload, " ")
			f.fan.Offer(strings.TrimPrefix(m.Channel, f.prefix), fan.Entry{ID: id, Payload: []byte(payload)})
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
