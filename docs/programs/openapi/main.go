package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"log"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/source"
)

//go:embed *.go
var code embed.FS

type ReadItem struct {
	// ID is the number on the label.
	ID int `path:"id" validate:"gte=1"`
}

// readItem shows an item.
//
// It is for the staff of the shop.
func readItem(context.Context, ReadItem) (candor.None, error) { return candor.None{}, nil }

func main() {
	app := candor.New(candor.Config{Title: "Items", Source: source.Of(code)})
	candor.Get(app, "/items/{id}", readItem)
	var document bytes.Buffer
	if err := app.WriteOpenAPI(&document); err != nil {
		log.Fatal(err)
	}
	var parsed struct {
		Paths map[string]map[string]struct {
			Summary, Description string
			Parameters           []json.RawMessage
		}
	}
	if err := json.Unmarshal(document.Bytes(), &parsed); err != nil {
		log.Fatal(err)
	}
	operation := parsed.Paths["/items/{id}"]["get"]
	fmt.Println(operation.Summary)
	fmt.Println(operation.Description)
	fmt.Printf("%s\n", operation.Parameters[0])
}
