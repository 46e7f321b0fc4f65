package main

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor"
	candornats "github.com/candor-go/candor/contrib/nats"
	candorredis "github.com/candor-go/candor/contrib/redis"
	"github.com/candor-go/candor/hub"
)

// shared has the URL of the server that several processes share; without one,
// rooms are inside the process.
type shared struct{ redis, nats string }

// open opens the rooms for as long as the app lives.
func (s shared) open(ctx context.Context, _ candor.None, use func(*hub.Hub[Said]) error) error {
	switch {
	case s.redis != "":
		return s.overRedis(use)
	case s.nats != "":
		return s.overNATS(ctx, use)
	}
	return useHub(nil, use)
}

func (s shared) overRedis(use func(*hub.Hub[Said]) error) error {
	options, err := redis.ParseURL(s.redis)
	if err != nil {
		return err
	}
	options.ContextTimeoutEnabled = true
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }() // it has nothing to say, and neither has a broker
	broker := candorredis.NewBroker(client, candorredis.BrokerConfig{})
	defer func() { _ = broker.Close() }()
	return useHub(broker, use)
}

func (s shared) overNATS(ctx context.Context, use func(*hub.Hub[Said]) error) error {
	conn, err := nats.Connect(s.nats, nats.MaxReconnects(-1))
	if err != nil {
		return err
	}
	defer conn.Close()
	broker, err := candornats.NewBroker(ctx, conn, candornats.BrokerConfig{})
	if err != nil {
		return err
	}
	defer func() { _ = broker.Close() }()
	return useHub(broker, use)
}

func useHub(broker hub.Broker, use func(*hub.Hub[Said]) error) error {
	rooms := hub.New[Said](hub.Config{Broker: broker})
	defer rooms.Close()
	return use(rooms)
}
