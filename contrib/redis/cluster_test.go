package candorredis_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/internal/brokertest"
	candorredis "github.com/candor-go/candor/contrib/redis"
	"github.com/candor-go/candor/hub"
)

// redisCluster is three servers with one replica each.
type redisCluster struct {
	t     *testing.T
	addrs []string
	nodes map[string]*exec.Cmd
}

func newCluster(t *testing.T) *redisCluster {
	t.Helper()
	c := &redisCluster{t: t, nodes: map[string]*exec.Cmd{}}
	for range 6 {
		c.startNode()
	}
	create := append([]string{"--cluster", "create"}, c.addrs...)
	said, err := exec.Command("redis-cli", append(create, "--cluster-replicas", "1", "--cluster-yes")...).CombinedOutput()
	require.NoError(t, err, "%s", said)
	client := c.client()
	require.Eventually(t, func() bool {
		info, err := client.ClusterInfo(t.Context()).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok") && c.replicas(client) == 3
	}, patience, 50*time.Millisecond)
	return c
}

func (c *redisCluster) startNode() {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(c.t, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	bus, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(c.t, err)
	_, busPort, _ := net.SplitHostPort(bus.Addr().String())
	require.NoError(c.t, l.Close())
	require.NoError(c.t, bus.Close())
	node := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", c.t.TempDir(), "--save", "",
		// A pause of a busy machine is no failure of a server.
		"--cluster-enabled", "yes", "--cluster-port", busPort, "--cluster-node-timeout", "5000", "--appendonly", "yes", "--repl-diskless-sync-delay", "0")
	require.NoError(c.t, node.Start())
	addr := "127.0.0.1:" + port
	c.t.Cleanup(func() { c.kill(addr) })
	c.addrs, c.nodes[addr] = append(c.addrs, addr), node
	single := redis.NewClient(&redis.Options{Addr: addr})
	defer single.Close()
	require.Eventually(c.t, func() bool { return single.Ping(context.Background()).Err() == nil }, patience, 20*time.Millisecond)
}

// kill ends a node without a shutdown.
func (c *redisCluster) kill(addr string) {
	if node := c.nodes[addr]; node.ProcessState == nil {
		_ = node.Process.Kill()
		_ = node.Wait()
	}
}

func (c *redisCluster) client() *redis.ClusterClient {
	// With the defaults, it finds the new server only after a minute.
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.addrs, DialerRetries: 1, ClusterStateReloadInterval: time.Second})
	c.t.Cleanup(func() { _ = client.Close() }) // a connection to a killed node may be broken
	return client
}

// replicas counts replicas that are in sync with their servers.
func (c *redisCluster) replicas(client *redis.ClusterClient) (n int) {
	var mutex sync.Mutex
	_ = client.ForEachShard(context.Background(), func(ctx context.Context, node *redis.Client) error {
		info, err := node.Info(ctx, "replication").Result()
		mutex.Lock()
		defer mutex.Unlock()
		if err == nil && strings.Contains(info, "master_link_status:up") {
			n++
		}
		return err
	})
	return n
}

// The server of a topic is killed while messages are published, and its replica takes over: each message arrives once,
// in order, except for those not yet replicated. Caches and limits continue to work.
func TestACluster(t *testing.T) {
	cluster := newCluster(t)
	client := cluster.client()
	loss := brokertest.FailsOver(t, func(t *testing.T) hub.Broker { return newBroker(t, cluster.client()) }, func() {
		node, err := client.MasterForKey(t.Context(), "candor:topic:news")
		require.NoError(t, err)
		cluster.kill(node.Options().Addr)
	})
	// One message of each publisher may not have been replicated.
	assert.LessOrEqual(t, loss.Lost, brokertest.Publishers)
	assert.LessOrEqual(t, loss.Doubled, brokertest.Publishers)
	checkStores(t, client)
}

// checkStores uses keys of all servers.
func checkStores(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	cache, rates := candorredis.NewCacheStore(client), candorredis.NewRateStore(client)
	var keys []string
	for i := range 20 {
		key := fmt.Sprintf("key %d", i)
		keys = append(keys, key)
		require.NoError(t, cache.Set(t.Context(), key, []byte(key), time.Minute))
		taken, err := rates.Take(t.Context(), key, candor.PerSecond(10))
		require.NoError(t, err)
		assert.True(t, taken.Allowed)
	}
	values, err := cache.Get(t.Context(), keys...)
	require.NoError(t, err)
	for i, key := range keys {
		assert.Equal(t, key, string(values[i]))
	}
	renewed, err := cache.Renew(t.Context(), time.Minute, "tag 1", "tag 2", "tag 3")
	require.NoError(t, err)
	assert.Len(t, renewed, 3)
}
