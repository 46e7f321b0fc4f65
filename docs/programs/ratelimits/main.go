package main

import (
	"context"
	"log"
	"sync/atomic"
	"time"

	"github.com/candor-go/candor"
)

var runs atomic.Int64

func count(context.Context, candor.None) (int64, error) { return runs.Add(1), nil }

func main() {
	app := candor.New(candor.Config{Title: "Counts"})
	candor.Get(app, "/cached", count, candor.Cache(candor.CacheConfig{TTL: time.Minute}))
	candor.Get(app, "/limited", count, candor.RateLimit(candor.RateConfig{Rate: candor.PerMinute(2)}))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
