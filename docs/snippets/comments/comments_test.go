package comments

import (
	"bytes"
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/documenttest"
	"github.com/candor-go/candor/source"
)

// described finds every description and summary in the document.
func described(t *testing.T, app *candor.App) map[string]any {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&text))
	documenttest.Check(t, "comments", text.Bytes())
	documenttest.Stable(t, App)
	var doc any
	require.NoError(t, json.Unmarshal(text.Bytes(), &doc))
	found := map[string]any{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				if name, ok := v["name"].(string); ok && key == "description" {
					key = name
				} else if _, ok := inner.(string); !ok || key != "summary" && key != "description" {
					walk(at+" "+key, inner)
					continue
				}
				found[at+" "+key] = v[map[bool]string{true: "description", false: key}[key != "summary"]]
			}
		case []any:
			for _, inner := range v {
				walk(at, inner)
			}
		}
	}
	walk("", doc.(map[string]any)["paths"])
	walk("", doc.(map[string]any)["components"])
	return found
}

func TestDocumentSaysWhatCommentsSay(t *testing.T) {
	found := described(t, App())
	for at, want := range map[string]any{
		" /articles/{name} get summary":                       "Finds one article",
		" /articles/{name} get description":                   "It is the one with the stock.Article's name:\n\n  - exactly\n  - or nearly",
		" /articles/{name} get parameters name":               "Name is what the article is called.",
		" /articles/{name} get parameters lang":               "the language of the texts",
		" /articles/{name} get parameters days":               "A tag comes first",
		" /articles/{name} put summary":                       "Same",
		" /articles/{name} put description":                   "Other",
		" /articles get summary":                              "Lists the articles",
		" /articles get description":                          nil,
		" /count get description":                             "countOf counts things of a kind, which can take a while if there are many of them, and there is no way to tell beforehand.\nAsk rarely.",
		" /titled get summary":                                "Options come first",
		" /silent get summary":                                "Silent",
		" /literal get summary":                               nil,
		" schemas Article description":                        "Article is something to buy.",
		" schemas Article properties price description":       "in euros",
		" schemas Article properties level description":       "Level is how much is left.\nIt changes often.",
		" schemas Article properties other description":       "A tag comes first",
		" schemas PageOfArticle description":                  "Page is a part of a list.",
		" schemas PageOfArticle properties items description": "Items are those on the page.",
		" schemas PageOfArticle properties next description":  "0 on the last",
	} {
		assert.Equal(t, want, found[at], at)
	}
}

// Without sources nothing changes, and invalid Go is an error.
func TestSources(t *testing.T) {
	app := candor.New(candor.Config{Source: source.Of(fstest.MapFS{"a.go": {Data: []byte("package")}})})
	assert.ErrorContains(t, app.WriteOpenAPI(&bytes.Buffer{}), "Config.Source: a.go cannot be parsed")
	assert.NoError(t, candor.New(candor.Config{Source: source.Of()}).WriteOpenAPI(&bytes.Buffer{}))
}
