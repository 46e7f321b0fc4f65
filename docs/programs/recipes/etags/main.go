package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"sync"

	"github.com/candor-go/candor"
)

type Document struct {
	mutex   sync.Mutex
	version int
	text    string
}

func (d *Document) tag() string { return fmt.Sprintf(`"v%d"`, d.version) }

type Tagged struct {
	ETag string `header:"ETag"`
	Body string `body:""`
}

type ReadDocument struct {
	Document *Document `dep:""`
}

func readDocument(_ context.Context, in ReadDocument) (Tagged, error) {
	in.Document.mutex.Lock()
	defer in.Document.mutex.Unlock()
	return Tagged{ETag: in.Document.tag(), Body: in.Document.text}, nil
}

type WriteDocument struct {
	IfMatch  string `header:"If-Match" doc:"The ETag of what is being replaced"`
	Text     string `body:"text"`
	Request  *http.Request
	Document *Document `dep:""`
}

func writeDocument(_ context.Context, in WriteDocument) (Tagged, error) {
	in.Document.mutex.Lock()
	defer in.Document.mutex.Unlock()
	if err := candor.CheckETag(in.Request, in.Document.tag()); err != nil {
		return Tagged{}, err
	}
	in.Document.version++
	in.Document.text = in.Text
	return Tagged{ETag: in.Document.tag(), Body: in.Text}, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Documents"})
	candor.ProvideValue(app, &Document{})
	candor.Get(app, "/document", readDocument)
	candor.Put(app, "/document", writeDocument, candor.Raises(candor.ErrPreconditionFailed))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
