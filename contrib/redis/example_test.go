package candorredis_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor"
	candorredis "github.com/candor-go/candor/contrib/redis"
	"github.com/candor-go/candor/hub"
)

// imitation is a Redis in this process, so that the examples need no server.
func imitation() (client *redis.Client, end func()) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		panic(err)
	}
	client = redis.NewClient(&redis.Options{Addr: server.Addr()})
	return client, func() {
		_ = client.Close()
		server.Close()
	}
}

func ExampleNewBroker() {
	client, end := imitation()
	defer end()
	// Two processes, each with its own broker.
	here, there := candorredis.NewBroker(client, candorredis.BrokerConfig{}), candorredis.NewBroker(client, candorredis.BrokerConfig{})
	defer here.Close()
	defer there.Close()
	publisher := hub.New[string](hub.Config{Broker: here})
	defer publisher.Close()
	subscriber := hub.New[string](hub.Config{Broker: there})
	defer subscriber.Close()

	ctx := context.Background()
	messages, err := subscriber.Subscribe(ctx, "greetings", "")
	if err != nil {
		panic(err)
	}
	if _, err := publisher.Publish(ctx, "greetings", "hello"); err != nil {
		panic(err)
	}
	for m, err := range messages {
		fmt.Println(m.Data, err)
		break
	}
	// Output: hello <nil>
}

func ExampleNewRateStore() {
	client, end := imitation()
	defer end()
	store := candorredis.NewRateStore(client)
	for range 2 { // two processes
		app := candor.New(candor.Config{RateStore: store})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil },
			candor.RateLimit(candor.RateConfig{Name: "greetings", Rate: candor.PerHour(1), Budget: time.Second}))
		answer := httptest.NewRecorder()
		app.ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
		fmt.Println(answer.Code, answer.Header().Get("RateLimit"))
	}
	// Output:
	// 200 "greetings";r=0;t=3600
	// 429 "greetings";r=0;t=3600
}

func ExampleNewCacheStore() {
	client, end := imitation()
	defer end()
	store := candorredis.NewCacheStore(client)
	for range 2 { // two processes
		app := candor.New(candor.Config{CacheStore: store})
		candor.Get(app, "/", func(context.Context, candor.None) (candor.Text, error) {
			fmt.Println("thinking")
			return "hello", nil
		}, candor.Cache(candor.CacheConfig{TTL: time.Hour, Budget: time.Second}))
		answer := httptest.NewRecorder()
		app.ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
		fmt.Println(answer.Body)
	}
	// Output:
	// thinking
	// hello
	// hello
}
