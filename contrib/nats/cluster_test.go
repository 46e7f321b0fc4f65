package candornats_test

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	candornats "github.com/candor-go/candor/contrib/nats"
	"github.com/candor-go/candor/hub"
)

// newCluster starts three servers in this process that know each other.
func newCluster(t *testing.T) []*server.Server {
	t.Helper()
	var routes []*url.URL
	var ports []int
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		port := l.Addr().(*net.TCPAddr).Port
		require.NoError(t, l.Close())
		ports = append(ports, port)
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
	}
	var all []*server.Server
	for i, port := range ports {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("s%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(),
			Cluster: server.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: port}, Routes: routes, NoSigs: true, NoLog: true,
		})
		require.NoError(t, err)
		s.Start()
		t.Cleanup(func() {
			s.Shutdown()
			s.WaitForShutdown()
		})
		all = append(all, s)
	}
	for _, s := range all {
		require.True(t, s.ReadyForConnections(patience))
	}
	require.Eventually(t, func() bool {
		for _, s := range all {
			if s.JetStreamIsLeader() {
				return s.JetStreamClusterPeers() != nil && len(s.JetStreamClusterPeers()) == len(all)
			}
		}
		return false
	}, patience, 20*time.Millisecond)
	return all
}

// One of three servers ends under load: every message that was published, some
// after trying again, arrives once and in order, at a subscriber of another process.
func TestACluster(t *testing.T) {
	const publishers, each = 4, 100
	servers := newCluster(t)
	var urls []string
	for _, s := range servers {
		urls = append(urls, s.ClientURL())
	}
	open := func() *hub.Hub[string] {
		conn, err := nats.Connect(strings.Join(urls, ","), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
		require.NoError(t, err)
		t.Cleanup(conn.Close)
		var broker *candornats.Broker
		require.Eventually(t, func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			broker, err = candornats.NewBroker(ctx, conn, candornats.BrokerConfig{Replicas: 3})
			return err == nil
		}, patience, 100*time.Millisecond)
		t.Cleanup(func() { assert.NoError(t, broker.Close()) })
		h := hub.New[string](hub.Config{Broker: broker})
		t.Cleanup(h.Close)
		return h
	}
	here, there := open(), open()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var messages iter.Seq2[hub.Message[string], error]
	require.Eventually(t, func() bool {
		var err error
		messages, err = there.Subscribe(ctx, "news", "")
		return err == nil
	}, patience, 100*time.Millisecond)

	var all sync.WaitGroup
	half := make(chan struct{})
	var once sync.Once
	for p := range publishers {
		all.Go(func() {
			for i := range each {
				if i == each/2 {
					once.Do(func() { close(half) })
				}
				text := fmt.Sprintf("%d:%d", p, i)
				for ctx.Err() == nil {
					if _, err := here.PublishOnce(ctx, "news", text, text); err == nil {
						break
					}
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	<-half
	for _, s := range servers { // the one that leads has the most to lose
		if s.JetStreamIsLeader() {
			s.Shutdown()
			s.WaitForShutdown()
			break
		}
	}
	next, received := [publishers]int{}, 0
	for m, err := range messages {
		require.NoError(t, err)
		require.False(t, m.Gap)
		var p, i int
		_, err = fmt.Sscanf(m.Data, "%d:%d", &p, &i)
		require.NoError(t, err)
		require.Equal(t, next[p], i, "of publisher %d", p)
		next[p]++
		if received++; received == publishers*each {
			break
		}
	}
	all.Wait()
	assert.Equal(t, publishers*each, received)
}
