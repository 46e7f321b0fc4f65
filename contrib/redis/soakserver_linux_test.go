package candorredis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor"
	candorredis "github.com/candor-go/candor/contrib/redis"
	"github.com/candor-go/candor/hub"
)

// soakKey is the environment variable with the settings of a server process, which is this test binary.
const soakKey = "CANDOR_SOAK_SERVER"

func TestMain(m *testing.M) {
	text, isServer := os.LookupEnv(soakKey)
	if !isServer {
		os.Exit(m.Run())
	}
	var s soakSettings
	err := json.Unmarshal([]byte(text), &s)
	if err == nil {
		err = s.serve()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// soakSettings are the address of a process, its Redis, and the URL of the numbers.
type soakSettings struct{ Addr, Socket, Numbers string }

// serve serves until SIGTERM.
func (s soakSettings) serve() error {
	listener, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	// The client has the defaults of go-redis, as in TestRedisThatHangs.
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: s.Socket})
	defer client.Close()
	broker := candorredis.NewBroker(client, candorredis.BrokerConfig{})
	defer broker.Close()
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	messages := hub.New[string](hub.Config{Broker: broker, Logger: logger})
	defer messages.Close()
	numbers := &numbers{s.Numbers, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Second}}}
	return newSoaked(client, messages, numbers, logger).Serve(ctx, listener)
}

// newSoaked is an app with everything that may need Redis.
func newSoaked(client *redis.Client, messages *hub.Hub[string], numbers *numbers, logger *slog.Logger) *candor.App {
	app := candor.New(candor.Config{
		CacheStore: candorredis.NewCacheStore(client), RateStore: candorredis.NewRateStore(client), Logger: logger,
	})
	type number struct {
		N int `path:"n"`
	}
	candor.Get(app, "/numbers/{n}", func(ctx context.Context, in number) (int64, error) { return numbers.ask(ctx, http.MethodGet, in.N) },
		candor.Cache(candor.CacheConfig{TTL: time.Hour, Tags: []string{"number:{n}"}}))
	candor.Post(app, "/numbers/{n}", func(ctx context.Context, in struct {
		number
		Tags *candor.CacheTags
	},
	) (int64, error) {
		_ = in.Tags.Invalidate(fmt.Sprintf("number:%d", in.N))
		return numbers.ask(ctx, http.MethodPost, in.N)
	})
	candor.Get(app, "/limited", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil },
		candor.RateLimit(candor.RateConfig{Rate: candor.PerSecond(1_000_000)}))
	addMessages(app, messages)
	candor.Get(app, "/usage", func(_ context.Context, in struct {
		AtRest bool `query:"at_rest" default:"false"`
	},
	) (soakUsage, error) {
		return usageOf(in.AtRest), nil
	})
	app.Health("/healthz", "/readyz")
	return app
}

// saying is a message that is published once, even if it is sent again.
type saying struct {
	Text string `json:"text" validate:"min=1,max=100"`
}

func addMessages(app *candor.App, messages *hub.Hub[string]) {
	candor.Post(app, "/messages", func(ctx context.Context, in struct {
		Key  string `header:"Idempotency-Key"`
		Body saying `body:""`
	},
	) (candor.None, error) {
		_, err := messages.PublishOnce(ctx, "all", in.Key, in.Body.Text)
		return candor.None{}, err
	}, candor.Raises(hub.ErrUnavailable))
	candor.Get(app, "/messages", func(ctx context.Context, in struct {
		Last string `header:"Last-Event-ID,omitempty"`
	},
	) (candor.Events[string], error) {
		return messages.Events(ctx, "all", in.Last)
	}, candor.Raises(hub.ErrUnavailable))
}

// numbers reads the shared numbers.
type numbers struct {
	url    string
	client *http.Client
}

func (n *numbers) ask(ctx context.Context, method string, which int) (number int64, err error) {
	r, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("%s/%d", n.url, which), nil)
	if err != nil {
		return 0, err
	}
	response, err := n.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return number, json.NewDecoder(response.Body).Decode(&number)
}

// soakUsage is the resources of a process: memory in bytes.
type soakUsage struct {
	Heap       float64 `json:"heap"`
	Goroutines float64 `json:"goroutines"`
}

// usageOf first returns free memory to the system, if the process is at rest.
func usageOf(atRest bool) soakUsage {
	if atRest {
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return soakUsage{float64(m.HeapAlloc), float64(runtime.NumGoroutine())}
}
