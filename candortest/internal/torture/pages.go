package torture

import (
	"context"
	"net/http"

	"github.com/candor-go/candor"
	pages "github.com/candor-go/candor/paging"
)

// addPages registers lists of five items, with plain and with signed cursors.
func addPages(app *candor.App) {
	addList(app, "/pages", pages.Plain[int]())
	addList(app, "/pages/signed", pages.Signed[int]([]byte("the secret of this service")))
}

func addList(app *candor.App, path string, cursors *pages.Cursors[int]) {
	candor.Get(app, path, func(_ context.Context, in struct {
		pages.Query
		Request *http.Request
	},
	) (pages.Linked[reading], error) {
		after, err := cursors.Position(in.After)
		if err != nil {
			return pages.Linked[reading]{}, err
		}
		var found []reading
		for n := min(max(after, 0), 5) + 1; n <= 5 && len(found) < in.Fetch(); n++ {
			found = append(found, reading{N: n})
		}
		return pages.Of(in.Query, in.Request, found, func(last reading) (pages.Cursor, error) { return cursors.At(last.N) })
	}, candor.OperationID(path))
}
