package main

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/candor-go/candor"
	candorotel "github.com/candor-go/candor/contrib/otel"
	candorprom "github.com/candor-go/candor/contrib/prometheus"
	candorredis "github.com/candor-go/candor/contrib/redis"
	"github.com/candor-go/candor/examples/users/service"
	"github.com/candor-go/candor/hub"
	"github.com/candor-go/candor/middleware"
)

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

// newApp adds to the service what it needs in production. closeAll is called
// when the process ends.
func newApp(s Settings, logger *slog.Logger) (app *candor.App, closeAll func(), err error) {
	logger = slog.New(candorotel.LogHandler(logger.Handler()))
	metrics, err := candorprom.New(candorprom.Config{})
	if err != nil {
		return nil, nil, err
	}
	closeAll = func() {}
	limit := candor.RateConfig{
		Name: "clients", FailClosed: s.Limit.FailClosed, Budget: s.Limit.Budget,
		Rate: candor.Rate{Requests: s.Limit.Requests, Per: s.Limit.Per, Burst: s.Limit.Burst},
	}
	if s.Redis != "" {
		client, err := openRedis(s.Redis, s.Limit.Budget)
		if err != nil {
			return nil, nil, err
		}
		limit.Store = candorredis.NewRateStore(client)
		closeAll = func() {
			if err := client.Close(); err != nil {
				logger.Error("Redis cannot be closed", "error", err)
			}
		}
	}

	app = service.New(
		service.Settings{Database: s.Database, Secret: s.Secret, AdminKey: s.AdminKey, Cost: service.DefaultCost, Code: []fs.FS{code}, Logger: logger},
		candor.Use(around(s, logger, metrics)...), candor.RateLimit(limit),
	)
	candor.HandleHTTP(app, []string{http.MethodGet}, "/metrics", metrics.Handler(), candor.Hidden())
	app.Health("/healthz", "/readyz", candor.HealthCheckOf("database", ping), candor.HealthCheckOf("notices", checkNotices))
	addNotices(app, s.NATS)
	return app, closeAll, nil
}

type PingDatabase struct {
	DB *sql.DB `dep:""`
}

// ping queries the database with the same pool as requests.
func ping(ctx context.Context, in PingDatabase) error {
	return in.DB.PingContext(ctx)
}

// around returns the middleware, the outermost first.
func around(s Settings, logger *slog.Logger, metrics *candorprom.Metrics) []func(http.Handler) http.Handler {
	all := []func(http.Handler) http.Handler{middleware.RequestID(), candorotel.Middleware(), metrics.Middleware}
	if len(s.Proxies) > 0 {
		all = append(all, middleware.TrustedProxies(s.Proxies...))
	}
	all = append(all, middleware.AccessLog(logger), middleware.SecureHeaders(nil))
	if len(s.Origins) > 0 {
		all = append(all, middleware.CORS(middleware.CORSConfig{Origins: s.Origins}))
	}
	return all
}

// openRedis creates a client that gives up early, so that a hanging Redis does
// not hold its connections. The budgets limit how long requests wait for it.
func openRedis(url string, budget time.Duration) (*redis.Client, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	options.MaxRetries, options.DialerRetries = -1, 1
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = budget, budget, budget
	options.ContextTimeoutEnabled = true
	return redis.NewClient(options), nil
}

// Notice is an account that has joined.
type Notice struct {
	ID   int64  `json:"id"`
	Name string `json:"name" doc:"Who has joined"`
}

// addNotices adds notices of new accounts for all clients.
func addNotices(app *candor.App, nats string) {
	candor.ProvideShared(app, func(ctx context.Context, _ candor.None, use func(*hub.Hub[Notice]) error) error {
		return withHub(ctx, nats, use)
	})
	type MakeMailer struct {
		Hub *hub.Hub[Notice] `dep:""`
	}

	candor.ProvideShared(app, func(_ context.Context, in MakeMailer, use func(service.Mailer) error) error {
		return use(announcer{in.Hub})
	})
	candor.Get(app, "/api/v1/notices", notices, candor.Tags("users"), candor.Scopes("me"), candor.Needs[*service.User](), candor.Raises(hub.ErrUnavailable))
}

type WatchNotices struct {
	Last string           `header:"Last-Event-ID,omitempty" doc:"The id of the last notice that was received"`
	Hub  *hub.Hub[Notice] `dep:""`
}

// notices streams new accounts, after the client's last notice.
func notices(ctx context.Context, in WatchNotices) (candor.Events[Notice], error) {
	return in.Hub.Events(ctx, topic, in.Last)
}

type CheckNotices struct {
	Hub *hub.Hub[Notice] `dep:""`
}

// checkNotices fails while notices of other processes cannot arrive.
func checkNotices(ctx context.Context, in CheckNotices) error {
	return in.Hub.Health(ctx)
}

const topic = "accounts"

// announcer announces new users to all clients.
type announcer struct{ hub *hub.Hub[Notice] }

// Welcome implements service.Mailer. It is called again after an error, and
// there is still one notice.
func (a announcer) Welcome(ctx context.Context, to service.User) error {
	_, err := a.hub.PublishOnce(ctx, topic, strconv.FormatInt(to.ID, 10), Notice{ID: to.ID, Name: to.Name})
	return err
}
