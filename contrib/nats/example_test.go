package candornats_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	candornats "github.com/candor-go/candor/contrib/nats"
	"github.com/candor-go/candor/hub"
)

// inside runs a NATS in this process, so that the example needs no server.
func inside(use func(url string)) {
	dir, err := os.MkdirTemp("", "candornats")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	if err != nil {
		panic(err)
	}
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	s.ReadyForConnections(time.Minute)
	use(s.ClientURL())
}

func ExampleNewBroker() {
	inside(func(url string) {
		ctx := context.Background()
		// A process has a connection that reconnects by itself, a broker and a hub.
		conn, err := nats.Connect(url, nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true))
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		broker, err := candornats.NewBroker(ctx, conn, candornats.BrokerConfig{})
		if err != nil {
			panic(err)
		}
		defer broker.Close()
		greetings := hub.New[string](hub.Config{Broker: broker})
		defer greetings.Close()

		messages, err := greetings.Subscribe(ctx, "greetings", "")
		if err != nil {
			panic(err)
		}
		if _, err := greetings.Publish(ctx, "greetings", "hello"); err != nil {
			panic(err)
		}
		for m, err := range messages {
			fmt.Println(m.Data, err)
			break
		}
	})
	// Output: hello <nil>
}
