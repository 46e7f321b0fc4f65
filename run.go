package candor

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/candor-go/candor/internal/serve"
)

// Run serves the app on a TCP address such as ":8000" until the process receives SIGINT or SIGTERM. Then it accepts no
// new requests, finishes those in progress, and returns nil. A second signal ends the process immediately.
//
// It seals the app and starts its lifespans and shared providers first; their errors are returned, and nothing is
// served.
func (a *App) Run(addr string) error {
	ctx, stop := serve.Notify(context.Background())
	defer stop()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return a.Serve(ctx, l)
}

// Serve is like [App.Run] on a listener, until ctx ends. It closes the listener. A listener whose connections are
// *[tls.Conn] is served as HTTPS with its own configuration; Config.TLS is then not used.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	// Set before the first connection is accepted, so that every request finds it.
	stop, err := a.Start(ctx)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	err = serve.Serve(ctx, l, ownServer{a}, a.serverLimits(), a.serverHooks(), serve.Protocols{TLS: a.config.TLS, H2C: a.config.H2C})
	return errors.Join(err, stop())
}

func (a *App) serverLimits() serve.Limits {
	l := a.config.Limits
	return serve.Limits{
		ReadHeader: l.ReadHeader, Body: l.Body, BodyRate: l.BodyRate, Idle: l.Idle,
		HeaderBytes: l.HeaderBytes, Write: l.Write, Drain: l.Drain,
	}
}

func (a *App) serverHooks() serve.Hooks {
	return serve.Hooks{Started: a.logAddress, Refusal: a.refusal, Log: a.errors.log}
}

// logAddress logs where the app is served.
func (a *App) logAddress(addr net.Addr) {
	origin := serve.Origin(addr, a.config.TLS != nil)
	attrs := []any{"address", origin}
	if page := cmp.Or(a.pagePath(a.config.Docs.Swagger, "/docs"), a.pagePath(a.config.Docs.OpenAPI, "/openapi.json")); page != "" {
		attrs = append(attrs, "docs", origin+page)
	}
	a.errors.log.Info("serving "+a.title(), attrs...)
}

// refusal returns the body of a response that the server sends before the app sees the request.
func (a *App) refusal(status int) (mediaType string, body []byte) {
	mediaType, body, _ = a.errors.encode(nil, nil, Error(status, strings.ToLower(http.StatusText(status))))
	return mediaType, body
}
