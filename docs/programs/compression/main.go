package main

import (
	"context"
	"log"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

// compression compresses text with gzip or zstd if the client accepts it.
func compression() (func(http.Handler) http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(1000),
		gzhttp.SuffixETag("-gzip"),
		gzhttp.EnableZstd(false),
		gzhttp.ContentTypes([]string{"application/json", "text/plain", "text/html", "text/css", "text/javascript"}))
	if err != nil {
		return nil, err
	}
	return func(next http.Handler) http.Handler {
		compressed := wrap(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// The client sends the tag with the suffix; the handler knows it without.
			for _, name := range []string{"If-None-Match", "If-Match"} {
				if sent := r.Header.Get(name); sent != "" {
					r.Header.Set(name, strings.ReplaceAll(sent, `-gzip"`, `"`))
				}
			}
			compressed.ServeHTTP(w, r)
		})
	}, nil
}

type Report struct {
	Text string `json:"text"`
}

func readReport(context.Context, candor.None) (Report, error) {
	return Report{Text: strings.Repeat("All is well. ", 200)}, nil
}

func main() {
	compress, err := compression()
	if err != nil {
		log.Fatal(err)
	}
	app := candor.New(candor.Config{Title: "Reports"}, candor.Use(compress, middleware.ConditionalGET()))
	candor.Get(app, "/report", readReport)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
