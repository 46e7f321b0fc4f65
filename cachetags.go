package candor

// CacheTags is an input that drops cached responses by their tags:
//
//	func rename(ctx context.Context, in struct {
//		ID   int    `path:"id"`
//		Name string `body:"name"`
//		Tags *candor.CacheTags
//	}) (Item, error) {
//		in.Tags.Invalidate("items", fmt.Sprintf("item:%d", in.ID))
//		...
//	}
//
// They are dropped once the handler and its providers are done, transactions
// committed, and before the response is written; also where the request failed.
// Outside of requests there is [App.Invalidate].
type CacheTags struct{ tags []string }

// Invalidate drops the responses that have one of the tags.
func (c *CacheTags) Invalidate(tags ...string) { c.tags = append(c.tags, tags...) }
