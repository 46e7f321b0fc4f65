package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor"
	candorredis "github.com/candor-go/candor/contrib/redis"
)

func send(context.Context, candor.None) (string, error) { return "sent", nil }

func main() {
	client := redis.NewClient(&redis.Options{
		Network: "unix", Addr: os.Getenv("REDIS_SOCKET"),
		MaxRetries: -1, ContextTimeoutEnabled: true,
	})
	defer client.Close()

	app := candor.New(candor.Config{Title: "Letters"})
	candor.Post(app, "/letters", send, candor.RateLimit(candor.RateConfig{
		Name: "letters", Rate: candor.PerHour(2),
		Store: candorredis.NewRateStore(client), Budget: time.Second,
	}))
	app.Health("/healthz", "/readyz", candor.HealthCheck{Name: "redis", Check: candorredis.Health(client)})
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
