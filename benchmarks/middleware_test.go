package benchmarks_test

import (
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/benchmarks"
	"github.com/candor-go/candor/middleware"
)

// BenchmarkMiddleware is W3 without and with the middleware that most services use.
func BenchmarkMiddleware(b *testing.B) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	passes := func(next http.Handler) http.Handler { return next }
	cors := middleware.CORS(middleware.CORSConfig{Origins: []string{"https://app.example.com"}})
	for _, around := range []struct {
		name    string
		options []candor.Option
	}{
		{"bare", nil},
		{"an empty middleware", []candor.Option{candor.Use(passes)}},
		{"RequestID", []candor.Option{candor.Use(middleware.RequestID())}},
		{"AccessLog", []candor.Option{candor.Use(middleware.AccessLog(log))}},
		{"CORS", []candor.Option{candor.Use(cors)}},
		{"SecureHeaders", []candor.Option{candor.Use(middleware.SecureHeaders(nil))}},
		{"all four", []candor.Option{candor.Use(middleware.RequestID(), middleware.AccessLog(log), cors, middleware.SecureHeaders(nil))}},
		{"RateLimit", []candor.Option{candor.RateLimit(candor.RateConfig{Rate: candor.PerSecond(1_000_000_000)})}},
		{"ConditionalGET", []candor.Option{candor.Use(middleware.ConditionalGET())}},
	} {
		b.Run(around.name, func(b *testing.B) {
			w := benchmarks.Workloads()[2]
			w.Requests[0].Header += "Origin: https://app.example.com\r\n"
			measure(b, benchmarks.CandorWith(around.options...), w)
		})
	}
}
