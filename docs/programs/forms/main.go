package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type AddPhoto struct {
	Title string        `form:"title" validate:"min=1,max=100"`
	Photo candor.Upload `file:"photo"`
}

type Photo struct {
	Title string `json:"title"`
	File  string `json:"file"`
	Size  int64  `json:"size"`
}

func addPhoto(_ context.Context, in AddPhoto) (Photo, error) {
	return Photo{Title: in.Title, File: in.Photo.Filename, Size: in.Photo.Size}, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Photos"})
	candor.Post(app, "/photos", addPhoto, candor.Status(201))
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
