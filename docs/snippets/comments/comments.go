// Package comments shows a document that says what comments say.
package comments

import (
	"context"
	"embed"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/docs/snippets/comments/stock"
	"github.com/candor-go/candor/source"
)

//go:embed *.go stock/*.go
var files embed.FS

// Shop sells articles.
type Shop struct{}

// ReadArticle is the input of readArticle.
type ReadArticle struct {
	// Name is what the article is called.
	Name string `path:"name"`
	Lang string `query:"lang,omitempty"` // the language of the texts
	Days int    `query:"days,omitempty" doc:"A tag comes first"`
}

// readArticle finds one article. It is the one with the [stock.Article]'s name:
//
//   - exactly
//   - or nearly
func readArticle(_ context.Context, in ReadArticle) (stock.Article, error) {
	return stock.Article{Name: in.Name, Level: stock.Few}, nil
}

// List lists the articles.
func (*Shop) List(context.Context, candor.None) (stock.Page[stock.Article], error) {
	return stock.Page[stock.Article]{}, nil
}

// countOf counts things of a kind, which can take a while if there are many of them, and there is no way to tell beforehand.
// Ask rarely.
func countOf[T any](context.Context, candor.None) (int, error) { return 0, nil }

func silent(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil }

// App is an app with comments.
func App() *candor.App {
	app := candor.New(candor.Config{Title: "Shop", Source: source.Of(files)})
	shop := &Shop{}
	candor.Get(app, "/articles/{name}", readArticle)
	candor.Get(app, "/articles", shop.List)
	candor.Get(app, "/count", countOf[stock.Article])
	candor.Get(app, "/titled", silent, candor.Summary("Options come first"))
	candor.Get(app, "/silent", silent)
	// A literal has no comment.
	candor.Get(app, "/literal", func(context.Context, candor.None) (string, error) { return "", nil })
	candor.Put(app, "/articles/{name}", readArticle, candor.Summary("Same"), candor.Description("Other"))
	return app
}
