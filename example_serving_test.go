package candor_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/candor-go/candor"
)

// With a certificate the app speaks HTTPS, and HTTP/2 with clients that know it.
func ExampleConfig_tls() {
	certified := httptest.NewTLSServer(nil) // has a certificate, and a client that trusts it
	defer certified.Close()

	app := candor.New(candor.Config{
		TLS:    &tls.Config{Certificates: certified.TLS.Certificates},
		Logger: slog.New(slog.DiscardHandler),
	})
	candor.Get(app, "/hello", func(context.Context, candor.None) (string, error) { return "hello", nil })

	l, _ := net.Listen("tcp", "127.0.0.1:0")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error)
	go func() { served <- app.Serve(ctx, l) }() // app.Run(":8443") outside of an example

	client := certified.Client()
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	resp, err := client.Get("https://" + l.Addr().String() + "/hello")
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	fmt.Println(resp.Proto, resp.StatusCode, string(body))
	stop()
	fmt.Println(<-served)
	// Output:
	// HTTP/2.0 200 "hello"
	// <nil>
}
