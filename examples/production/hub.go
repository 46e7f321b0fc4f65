package main

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/candor-go/candor"
	candornats "github.com/candor-go/candor/contrib/nats"
)

// withHub has a hub for as long as use runs: over NATS, or within the process
// where no address is given.
func withHub(ctx context.Context, address string, use func(*candor.Hub[Notice]) error) error {
	if address == "" {
		hub := candor.NewHub[Notice](candor.HubConfig{})
		defer hub.Close()
		return use(hub)
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
	defer func() { _ = broker.Close() }() // it has nothing to say
	hub := candor.NewHub[Notice](candor.HubConfig{Broker: broker})
	defer hub.Close()
	return use(hub)
}
