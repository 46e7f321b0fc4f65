package main

import (
	"context"
	_ "embed" // for the page
	"html/template"
	"net/http"
	"strings"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/middleware"
)

//go:embed connect.html
var connectHTML string

var connect = template.Must(template.New("connect").Parse(connectHTML))

type ConnectPage struct{ Request *http.Request }

// connectPage shows how to connect a client.
func connectPage(_ context.Context, in ConnectPage) (candor.HTML, error) {
	var page strings.Builder
	err := connect.Execute(&page, middleware.Scheme(in.Request)+"://"+in.Request.Host+"/mcp")
	return candor.HTML(page.String()), err
}
