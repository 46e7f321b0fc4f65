package main

import (
	"embed"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/source"
)

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

func newApp(books *library) *candor.App {
	app := candor.New(candor.Config{
		Title: "Books", Version: "2.0.0", Description: "One library, many paths.",
		License: candor.License{Name: "MIT", Identifier: "MIT"},
		Source:  source.Of(code),
		Servers: []candor.Server{{URL: "/", Description: "here"}},
		Tags: []candor.Tag{
			{Name: "books", Description: "What can be borrowed"},
			{Name: "publications", Description: "The same under the name that publishers use"},
			{Name: "shelves", Description: "Books by genre"},
			{Name: "version 1", Description: "Authors are one text"},
			{Name: "version 2", Description: "Authors are a list"},
		},
	})
	aliases(app, books)
	versions(app, books)
	shelves(app, books)
	return app
}

// aliases serves one handler at three paths. The second has its own texts in
// the document, the third is for old links and not documented.
func aliases(app *candor.App, books *library) {
	candor.Get(app, "/books/{id}", books.read,
		candor.Tags("books"), candor.Summary("Read a book"), candor.Raises(ErrBookNotFound),
		candor.Alias("/publications/{id}", candor.Summary("Read a publication"), candor.Tags("publications")),
		candor.Alias("/book.php/{id}", candor.Hidden()))
}

// versions serves two versions side by side. Shared routes are registered by
// one function; the others have their own handlers and models.
func versions(app *candor.App, books *library) {
	v1 := candor.NewRouter("/v1", candor.Tags("version 1"), candor.Deprecated())
	v1.Docs(candor.Docs{}, candor.Info{Title: "Books, version 1", Version: "1.4.2"})
	candor.Get(v1, "/books/{id}", books.readV1, candor.Raises(ErrBookNotFound))
	shared(v1, books)

	v2 := candor.NewRouter("/v2", candor.Tags("version 2"))
	v2.Docs(candor.Docs{}, candor.Info{Title: "Books, version 2"})
	candor.Get(v2, "/books/{id}", books.read, candor.Raises(ErrBookNotFound))
	shared(v2, books)

	app.Include(v1)
	app.Include(v2)
}

func shared(r candor.Routes, books *library) {
	candor.Get(r, "/count", books.count)
}

// shelves registers routes from a table, which could also come from a file.
func shelves(app *candor.App, books *library) {
	for _, shelf := range []struct{ path, genre, summary string }{
		{"/shelves/novels", "novel", "List novels"},
		{"/shelves/plays", "play", "List plays"},
		{"/shelves/poems", "poem", "List poems"},
	} {
		candor.Handle(app, []string{"GET"}, shelf.path, books.of(shelf.genre),
			candor.Tags("shelves"), candor.Summary(shelf.summary))
	}
}
