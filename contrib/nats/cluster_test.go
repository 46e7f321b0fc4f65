package candornats_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/contrib/internal/brokertest"
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

// One of three servers stops under load: every published message, some after retries, arrives once and in order at a
// subscriber of another process.
func TestACluster(t *testing.T) {
	servers := newCluster(t)
	var urls []string
	for _, s := range servers {
		urls = append(urls, s.ClientURL())
	}
	fresh := func(t *testing.T) hub.Broker {
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
		return broker
	}
	loss := brokertest.FailsOver(t, fresh, func() {
		for _, s := range servers { // the leader has the most to lose
			if s.JetStreamIsLeader() {
				s.Shutdown()
				s.WaitForShutdown()
				return
			}
		}
	})
	assert.Zero(t, loss)
}
