// Production is the users service as several processes behind a proxy: settings
// from the environment, logs, metrics, health checks, a rate limit that all
// processes share, and notices that reach the clients of every process.
//
//	cd examples/production && SECRET=0123456789abcdef ADMIN_KEY=0123456789abcdef go run .
//
// Without further settings it needs no other service: SQLite in memory, and
// limits and notices inside the process. compose.yaml has the complete
// deployment.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"

	"github.com/candor-go/candor"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8000", "the address to serve on")
	document := flag.Bool("openapi", false, "write the OpenAPI document and exit")
	flag.Parse()
	if err := run(*addr, *document); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(addr string, document bool) error {
	settings, err := candor.FromEnv[Settings](os.LookupEnv)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: settings.level()}))
	app, closeAll, err := newApp(settings, logger)
	if err != nil {
		return err
	}
	defer closeAll()
	if document {
		return app.WriteOpenAPI(os.Stdout)
	}
	return app.Run(addr)
}
