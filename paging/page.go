// Package paging has the parts of lists that are read page by page, from a
// cursor on: going on behind the last row costs the same on every page, and loses
// nothing when rows come and go meanwhile.
//
//	var cursors = paging.Plain[position]()
//
//	func listOrders(ctx context.Context, in struct {
//		paging.Query
//		Request *http.Request
//	}) (paging.Linked[Order], error) {
//		after, err := cursors.Position(in.After)
//		if err != nil {
//			return paging.Linked[Order]{}, err
//		}
//		found, err := orders(ctx, after, in.Fetch()) // WHERE (created, id) > ... ORDER BY created, id LIMIT ...
//		if err != nil {
//			return paging.Linked[Order]{}, err
//		}
//		return paging.Of(in.Query, in.Request, found, func(last Order) (paging.Cursor, error) {
//			return cursors.At(position{last.Created, last.ID})
//		})
//	}
package paging

import (
	"net/http"
	"net/url"
)

// Query is embedded by the inputs of lists. A list with other bounds has a Limit
// of its own beside After: a field of the input wins over one that is embedded.
type Query struct {
	After Cursor `query:"after,omitempty" validate:"max=2000" doc:"Where the page begins: next of the page before"`
	Limit int    `query:"limit" default:"20" validate:"gte=1,lte=100" doc:"The maximum number of items on a page"`
}

// Fetch is how many rows to ask for: one more than the page has, which tells
// whether there is a page after it.
func (q Query) Fetch() int { return q.Limit + 1 }

// Page is a page of a list, the body of a response: PageOfItem in the document,
// for items of type Item.
type Page[T any] struct {
	Items []T `json:"items"`
	// Next is absent on the last page.
	Next Cursor `json:"next,omitempty" doc:"Ask for the page after this one with it"`
}

// Linked is a page with the header Link (RFC 8288), which leads to the first page
// and to the next. Its targets are relative to the request, so they lead there
// behind any proxy.
type Linked[T any] struct {
	Link string  `header:"Link,omitempty" doc:"The first page and the page after this one"`
	Body Page[T] `body:""`
}

// Of makes the page of the rows that were found, of which there are more than
// q.Limit where a page comes after it; see [Query.Fetch]. cursor is that of the
// last row of the page. Without a request there is no Link. The links have the
// query of the request, so that filters stay.
func Of[T any](q Query, r *http.Request, found []T, cursor func(last T) (Cursor, error)) (Linked[T], error) {
	page := Linked[T]{Body: Page[T]{Items: found}}
	if found == nil {
		page.Body.Items = []T{} // an empty list, where nil may be null
	}
	// A limit that was not bound is no page of nothing.
	if limit := max(q.Limit, 1); len(found) > limit {
		next, err := cursor(found[limit-1])
		if err != nil {
			return Linked[T]{}, err
		}
		page.Body.Items, page.Body.Next = found[:limit:limit], next
	}
	if r != nil {
		page.Link = links(r, q.After, page.Body.Next)
	}
	return page, nil
}

// links leads to the first page, where this one is another, and to the next.
func links(r *http.Request, after, next Cursor) string {
	query, text := r.URL.Query(), ""
	if after != "" {
		query.Del("after")
		text = link(query, "first")
	}
	if next != "" {
		query.Set("after", string(next))
		if text != "" {
			text += ", "
		}
		text += link(query, "next")
	}
	return text
}

// link is one link. What a query may have is encoded, so nothing in it ends the target.
func link(query url.Values, relation string) string {
	return "<?" + query.Encode() + `>; rel="` + relation + `"`
}
