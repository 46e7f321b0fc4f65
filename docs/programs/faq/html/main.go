package main

import (
	"context"
	"html/template"
	"log"
	"strings"

	"github.com/candor-go/candor"
)

var page = template.Must(template.New("page").Parse("<h1>Hello {{.}}</h1>\n"))

type ReadPage struct {
	Name string `path:"name"`
}

func readPage(_ context.Context, in ReadPage) (candor.HTML, error) {
	var text strings.Builder
	err := page.Execute(&text, in.Name)
	return candor.HTML(text.String()), err
}

func main() {
	app := candor.New(candor.Config{})
	candor.Get(app, "/hello/{name}", readPage)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
