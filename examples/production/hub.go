package main

import (
	"context"

	"github.com/nats-io/nats.go"

	candornats "github.com/candor-go/candor/contrib/nats"
	"github.com/candor-go/candor/hub"
)

// withHub opens a hub while use runs: with NATS, or inside the process if there
// is no address.
func withHub(ctx context.Context, address string, use func(*hub.Hub[Notice]) error) error {
	if address == "" {
		notices := hub.New[Notice](hub.Config{})
		defer notices.Close()
		return use(notices)
	}
	conn, err := nats.Connect(address, nats.MaxReconnects(-1), nats.Name("production"))
	if err != nil {
		return err
	}
	defer conn.Close()
	broker, err := candornats.NewBroker(ctx, conn, candornats.BrokerConfig{})
	if err != nil {
		return err
	}
	defer func() { _ = broker.Close() }() // it always succeeds
	notices := hub.New[Notice](hub.Config{Broker: broker})
	defer notices.Close()
	return use(notices)
}
