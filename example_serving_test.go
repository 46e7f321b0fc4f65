package candor_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/candor-go/candor"
)

// With a certificate the app speaks HTTPS, and HTTP/2 with clients that support it.
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
	go func() { served <- app.Serve(ctx, l) }() // a real program calls app.Run(":8443")

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

// In development mode the log lists each request, why it was
// refused, and responses that the document does not declare.
func ExampleConfig_dev() {
	type ReadItem struct {
		ID int `path:"id"`
	}
	errSold := candor.Error(409, "sold")

	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "time" || a.Key == "duration" || a.Key == "at" {
			return slog.Attr{}
		}
		return a
	}}))
	app := candor.New(candor.Config{Dev: true, Logger: log})
	candor.Get(app, "/items/{id}", func(_ context.Context, in ReadItem) (int, error) {
		switch in.ID {
		case 2:
			return 0, errSold // not declared by Raises(errSold)
		case 3:
			return 0, errors.New("connection refused")
		}
		return in.ID, nil
	})
	for _, path := range []string{"/items/1?secret=1", "/items/x", "/items/2", "/items/3", "/things"} {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	// Output:
	// level=WARN msg="development mode is on: each request is logged, with its path; in production leave Config.Dev false" app=API
	// level=INFO msg=request method=GET path=/items/1 route=/items/{id} status=200
	// level=INFO msg=request method=GET path=/items/x route=/items/{id} status=422 invalid="path.id int_parsing"
	// level=WARN msg="the document does not have this response" method=GET route=/items/{id} status=409 fix="declare it with candor.Raises(err) or candor.Responds[T](409)"
	// level=INFO msg=request method=GET path=/items/2 route=/items/{id} status=409
	// level=ERROR msg="request failed" method=GET route=/items/{id} error="connection refused" path=/items/3 step=handle
	// level=ERROR msg=request method=GET path=/items/3 route=/items/{id} status=500
	// level=INFO msg=request method=GET path=/things route="" status=404
}
