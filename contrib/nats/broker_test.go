package candornats_test

import (
	"iter"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/contrib/internal/brokertest"
	candornats "github.com/candor-go/candor/contrib/nats"
	"github.com/candor-go/candor/hub"
)

// natsServer is a server in this process that can be stopped and restarted with its data.
type natsServer struct {
	t       testing.TB
	options server.Options
	running *server.Server
}

func newServer(t testing.TB) *natsServer {
	t.Helper()
	s := &natsServer{t: t, options: server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
	}}
	s.start()
	t.Cleanup(s.stop)
	return s
}

func (s *natsServer) start() {
	s.t.Helper()
	options := s.options
	var err error
	s.running, err = server.NewServer(&options)
	require.NoError(s.t, err)
	s.running.Start()
	require.True(s.t, s.running.ReadyForConnections(patience))
	s.options.Port = options.Port // the same after a restart
}

func (s *natsServer) stop() {
	s.running.Shutdown()
	s.running.WaitForShutdown()
}

func (s *natsServer) connect() *nats.Conn {
	s.t.Helper()
	conn, err := nats.Connect(s.running.ClientURL(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	require.NoError(s.t, err)
	s.t.Cleanup(conn.Close)
	return conn
}

// broker returns the broker of another process.
func (s *natsServer) broker(t *testing.T) hub.Broker {
	t.Helper()
	return s.brokerFor(t)
}

func (s *natsServer) brokerFor(t testing.TB) hub.Broker {
	t.Helper()
	b, err := candornats.NewBroker(t.Context(), s.connect(), candornats.BrokerConfig{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

func TestBroker(t *testing.T) {
	brokertest.Run(t, newServer(t).broker)
}

func BenchmarkFanOut(b *testing.B) {
	brokertest.FanOut(b, newServer(b).brokerFor)
}

func TestClientsOfAllProcesses(t *testing.T) {
	brokertest.Clients(t, newServer(t).broker)
}

func TestBrokerOutlivesNATS(t *testing.T) {
	s := newServer(t)
	brokertest.Outlives(t, s.broker, s.stop, s.start)
}

func TestBrokerNoticesLostData(t *testing.T) {
	s := newServer(t)
	forget := func() {
		require.NoError(t, os.RemoveAll(s.options.StoreDir))
		s.start()
	}
	brokertest.NoticesLoss(t, s.broker, s.stop, forget)
}

func TestBrokerRejectsLaggingReads(t *testing.T) {
	conn := newServer(t).connect()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "CANDOR", Subjects: []string{"candor.topic.*"}, AllowDirect: true,
	})
	require.NoError(t, err)
	_, err = candornats.NewBroker(t.Context(), conn, candornats.BrokerConfig{})
	require.ErrorContains(t, err, "AllowDirect")
}

func TestNewBrokerWithoutServer(t *testing.T) {
	s := newServer(t)
	conn := s.connect()
	s.stop()
	_, err := candornats.NewBroker(t.Context(), conn, candornats.BrokerConfig{})
	require.Error(t, err)
	s.start()
}

func TestNewBrokerWantsAPatientConnection(t *testing.T) {
	s := newServer(t)
	for _, option := range []nats.Option{nats.MaxReconnects(60), nats.NoReconnect()} {
		conn, err := nats.Connect(s.running.ClientURL(), option)
		require.NoError(t, err)
		t.Cleanup(conn.Close)
		_, err = candornats.NewBroker(t.Context(), conn, candornats.BrokerConfig{})
		require.ErrorContains(t, err, "nats.MaxReconnects(-1)")
	}
}

// NATS is unavailable for as many attempts as five minutes have by default, with 2 s each: the app is not ready
// meanwhile, and recovers by itself.
func TestALongOutage(t *testing.T) {
	const fiveMinutes = 150
	s := newServer(t)
	var attempts atomic.Int64
	conn, err := nats.Connect(s.running.ClientURL(), nats.MaxReconnects(-1), nats.CustomReconnectDelay(func(int) time.Duration {
		attempts.Add(1)
		return time.Millisecond
	}))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	broker, err := candornats.NewBroker(t.Context(), conn, candornats.BrokerConfig{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, broker.Close()) })
	h := hub.New[string](hub.Config{Broker: broker, PublishBudget: patience, SubscribeBudget: patience})
	defer h.Close()
	messages, err := h.Subscribe(t.Context(), "news", "")
	require.NoError(t, err)
	next, stop := iter.Pull2(messages)
	defer stop()
	require.NoError(t, h.Health(t.Context()))

	s.stop()
	require.Eventually(t, func() bool { return attempts.Load() > fiveMinutes }, patience, time.Millisecond)
	require.Error(t, h.Health(t.Context()))
	_, err = h.Publish(t.Context(), "news", "lost")
	require.ErrorIs(t, err, hub.ErrUnavailable)
	s.start()
	require.Eventually(t, func() bool { return h.Health(t.Context()) == nil }, patience, 10*time.Millisecond)
	require.Eventually(t, func() bool { _, err := h.PublishOnce(t.Context(), "news", "1", "back"); return err == nil }, patience, 10*time.Millisecond)
	m, err, ok := next()
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "back", m.Data)
}

// A message that is too large does not count as an outage.
func TestTooLarge(t *testing.T) {
	h := hub.New[string](hub.Config{Broker: newServer(t).broker(t), PublishBudget: patience})
	defer h.Close()
	for range 10 {
		_, err := h.Publish(t.Context(), "news", strings.Repeat("x", 2<<20))
		require.ErrorIs(t, err, hub.ErrRefused)
	}
	_, err := h.Publish(t.Context(), "news", "small")
	require.NoError(t, err)
}

// patience is long enough for a busy machine. No test waits for all of it.
const patience = time.Minute
