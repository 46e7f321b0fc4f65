package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/source"
)

// ErrTaken is the response if a file has the name already.
var ErrTaken = candor.Error(409, "there is a file of this name")

// Kept is a stored file.
type Kept struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty" doc:"Of what was received, in hexadecimal"`
}

// FileRef names a file in a path. No valid name leaves the directory.
type FileRef struct {
	Name string `path:"name" validate:"max=100" pattern:"^[A-Za-z0-9_][A-Za-z0-9_. -]*$" example:"cat.png"`
}

//go:embed web
var web embed.FS

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

func newApp(dir string) *candor.App {
	app := candor.New(candor.Config{
		Title: "Uploads", Version: "1.0.0", Description: "Files as they come.",
		License: candor.License{Name: "MIT", Identifier: "MIT"},
		Source:  source.Of(code),
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags:    []candor.Tag{{Name: "files", Description: "What is kept"}},
		// A large file may take long if data keeps arriving: Limits.BodyRate is not
		// changed.
		Limits: candor.Limits{Body: 6 * time.Hour},
	}, candor.Tags("files"))
	candor.ProvideShared(app, func(_ context.Context, _ candor.None, use func(*os.Root) error) error {
		return keepIn(dir, use)
	})

	candor.Put(app, "/files/{name}", put, candor.Status(201), candor.MaxBody(8<<30), candor.Raises(ErrTaken))
	candor.Get(app, "/files", list)
	candor.Get(app, "/files/{name}", get)
	page, err := fs.Sub(web, "web")
	if err != nil {
		panic(err)
	}
	app.Frontend("/", page)
	return app
}

// keepIn opens the directory, or a temporary one that lasts as long as the app.
func keepIn(dir string, use func(*os.Root) error) error {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "uploads-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary) //nolint:errcheck // the system removes what is left
		dir = temporary
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	return cmp.Or(use(root), root.Close())
}

type PutFile struct {
	FileRef
	Body io.Reader `body:",omitempty"`
	Root *os.Root  `dep:""`
}

// put stores a file while it is received.
//
// Until it is complete, it has another name that no client can request.
func put(_ context.Context, in PutFile) (Kept, error) {
	part := ".part-" + rand.Text()
	file, err := in.Root.Create(part)
	if err != nil {
		return Kept{}, err
	}
	defer in.Root.Remove(part) //nolint:errcheck // on a failing disk, the temporary name may stay
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, sum), in.Body)
	if err := cmp.Or(err, file.Close()); err != nil {
		return Kept{}, err
	}
	err = in.Root.Link(part, in.Name)
	if errors.Is(err, fs.ErrExist) {
		err = ErrTaken
	}
	return Kept{in.Name, size, hex.EncodeToString(sum.Sum(nil))}, err
}

type ListFiles struct {
	Root *os.Root `dep:""`
}

// list lists the files.
func list(_ context.Context, in ListFiles) ([]Kept, error) {
	entries, err := fs.ReadDir(in.Root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var kept []Kept
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || strings.HasPrefix(entry.Name(), ".") {
			continue // it was removed, or is not complete
		}
		kept = append(kept, Kept{Name: entry.Name(), Size: info.Size()})
	}
	return kept, nil
}

type GetFile struct {
	FileRef
	Root *os.Root `dep:""`
}

// get downloads a file.
func get(_ context.Context, in GetFile) (candor.File, error) {
	return candor.File{FS: in.Root.FS(), Path: in.Name, Download: true}, nil
}
