package candorredis_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/contrib/internal/brokertest"
	candorredis "github.com/candor-go/candor/contrib/redis"
	"github.com/candor-go/candor/hub"
)

// redisServer is a Redis that can be stopped and restarted with its data.
type redisServer struct {
	t      testing.TB
	dir    string
	socket string
	cmd    *exec.Cmd
}

// newServer starts redis-server in its own directory.
func newServer(t testing.TB) *redisServer {
	t.Helper()
	dir := t.TempDir()
	s := &redisServer{t: t, dir: dir, socket: filepath.Join(dir, "s")}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *redisServer) start() {
	s.t.Helper()
	s.cmd = exec.Command("redis-server", "--port", "0", "--unixsocket", s.socket, "--dir", s.dir,
		"--appendonly", "yes", "--appendfsync", "always", "--save", "")
	require.NoError(s.t, s.cmd.Start())
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket})
	defer client.Close()
	require.Eventually(s.t, func() bool { return client.Ping(context.Background()).Err() == nil }, patience, 20*time.Millisecond)
}

// stop kills the process without a shutdown.
func (s *redisServer) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *redisServer) client() *redis.Client {
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket})
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

func newBroker(t testing.TB, client redis.UniversalClient) *candorredis.Broker {
	b := candorredis.NewBroker(client, candorredis.BrokerConfig{})
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

func TestBroker(t *testing.T) {
	server := newServer(t)
	brokertest.Run(t, func(t *testing.T) hub.Broker { return newBroker(t, server.client()) })
}

func BenchmarkFanOut(b *testing.B) {
	server := newServer(b)
	brokertest.FanOut(b, func(t testing.TB) hub.Broker { return newBroker(t, server.client()) })
}

// The imitation has other timing, and needs no installed program.
func TestBrokerOnAnImitation(t *testing.T) {
	server := miniredis.RunT(t)
	brokertest.Run(t, func(t *testing.T) hub.Broker {
		client := redis.NewClient(&redis.Options{Addr: server.Addr()})
		t.Cleanup(func() { _ = client.Close() })
		return newBroker(t, client)
	})
}

func TestClientsOfAllProcesses(t *testing.T) {
	server := newServer(t)
	brokertest.Clients(t, func(t *testing.T) hub.Broker { return newBroker(t, server.client()) })
}

func TestBrokerOutlivesRedis(t *testing.T) {
	server := newServer(t)
	brokertest.Outlives(t, func(t *testing.T) hub.Broker { return newBroker(t, server.client()) }, server.stop, server.start)
}

func TestBrokerNoticesLostData(t *testing.T) {
	server := newServer(t)
	forget := func() {
		require.NoError(t, os.RemoveAll(filepath.Join(server.dir, "appendonlydir")))
		server.start()
	}
	brokertest.NoticesLoss(t, func(t *testing.T) hub.Broker { return newBroker(t, server.client()) }, server.stop, forget)
}
