package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

type Settings struct {
	Proxies string        `env:"PROXIES" default:"127.0.0.0/8"`
	Drain   time.Duration `env:"DRAIN" default:"30s"`
}

type Who struct {
	Request *http.Request
}

func whoami(_ context.Context, in Who) (string, error) {
	return in.Request.RemoteAddr + " by " + middleware.Scheme(in.Request), nil
}

func main() {
	settings, err := candor.FromEnv[Settings](os.LookupEnv)
	if err != nil {
		fmt.Println(err)
		return
	}
	app := candor.New(candor.Config{
		Title:  "Who",
		Limits: candor.Limits{Drain: settings.Drain},
	}, candor.Use(middleware.TrustedProxies(settings.Proxies)))
	candor.Get(app, "/whoami", whoami)
	app.Health("/healthz", "/readyz")
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
