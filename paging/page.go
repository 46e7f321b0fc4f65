// Package paging helps to serve lists page by page with cursors: continuing after the last row costs the same on every
// page, and skips nothing when rows are added or removed in between.
//
//	var cursors = paging.Plain[position]()
//
//	type ListOrders struct {
//		paging.Query
//		Request *http.Request
//	}
//
//	func listOrders(ctx context.Context, in ListOrders) (paging.Linked[Order], error) {
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

// Query is embedded in the inputs of lists. For other bounds, declare a Limit in the input itself: its fields win over
// embedded ones.
type Query struct {
	After Cursor `query:"after,omitempty" validate:"max=2000" doc:"Where the page begins: next of the page before"`
	Limit int    `query:"limit" default:"20" validate:"gte=1,lte=100" doc:"The maximum number of items on a page"`
}

// Fetch returns how many rows to query: one more than the page has, which shows whether there is a next page.
func (q Query) Fetch() int { return q.Limit + 1 }

// Page is a page of a list, the body of a response. Its schema is named PageOfItem for items of type Item.
type Page[T any] struct {
	Items []T `json:"items"`
	// Next is absent on the last page.
	Next Cursor `json:"next,omitempty" doc:"Ask for the page after this one with it"`
}

// Linked is a page with a Link header (RFC 8288), which leads to the first page and to the next. Its targets are
// relative to the request, so they work behind any proxy.
type Linked[T any] struct {
	Link string  `header:"Link,omitempty" doc:"The first page and the page after this one"`
	Body Page[T] `body:""`
}

// Of makes a page of the rows that were found, which are more than q.Limit if there is a next page; see [Query.Fetch].
// cursor returns the cursor of the last row of the page. If r is nil, there is no Link header. The links keep the query
// of the request, so that filters stay.
func Of[T any](q Query, r *http.Request, found []T, cursor func(last T) (Cursor, error)) (Linked[T], error) {
	page := Linked[T]{Body: Page[T]{Items: found}}
	if found == nil {
		page.Body.Items = []T{} // encoded as an empty list rather than null
	}
	// A limit that was never bound must not make the page empty.
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

// links returns links to the first page, unless this is the first, and to the next.
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

// link returns one link. The query is encoded, so nothing in it can end the target.
func link(query url.Values, relation string) string {
	return "<?" + query.Encode() + `>; rel="` + relation + `"`
}
