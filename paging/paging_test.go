package paging_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/paging"
)

type book struct {
	ID   int    `json:"id"`
	Year int    `json:"year"`
	Name string `json:"name"`
}

// position is where a list of books, ordered by year, continues.
type position struct {
	Year, ID int
	Author   string `json:",omitempty"`
}

type lists struct {
	books   []book
	cursors *paging.Cursors[position]
}

type listing struct {
	paging.Query
	Author  string `query:"author,omitempty"`
	Request *http.Request
}

func (l *lists) list(_ context.Context, in listing) (paging.Linked[book], error) {
	after, err := l.cursors.Position(in.After)
	if err != nil {
		return paging.Linked[book]{}, err
	}
	var found []book
	for _, b := range l.books {
		if cmp.Or(cmp.Compare(b.Year, after.Year), cmp.Compare(b.ID, after.ID)) > 0 && len(found) < in.Fetch() {
			found = append(found, b)
		}
	}
	return paging.Of(in.Query, in.Request, found, func(last book) (paging.Cursor, error) {
		return l.cursors.At(position{Year: last.Year, ID: last.ID, Author: in.Author})
	})
}

func newLibrary(n int, cursors *paging.Cursors[position]) (*candor.App, *candor.Route[listing, paging.Linked[book]]) {
	l := &lists{cursors: cursors}
	for i := range n {
		l.books = append(l.books, book{i + 1, 1900 + i%7, fmt.Sprintf("book %d", i)})
	}
	slices.SortFunc(l.books, func(a, b book) int { return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.ID, b.ID)) })
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	return app, candor.Get(app, "/books", l.list)
}

var secret = []byte("0123456789abcdef")

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w
}

// Pages list every book once and in order, for any number of books.
func TestPages(t *testing.T) {
	for _, n := range []int{0, 1, 6, 7, 8, 20, 21} {
		for name, cursors := range map[string]*paging.Cursors[position]{"plain": paging.Plain[position](), "signed": paging.Signed[position](secret)} {
			t.Run(fmt.Sprint(n, " ", name), func(t *testing.T) {
				app, _ := newLibrary(n, cursors)
				c := candor.NewTestClient(t, app)
				var all []book
				target := "/books?limit=7&author=%3Cann%3E"
				for pages := 1; ; pages++ {
					var page paging.Page[book]
					got := c.Get(target).Status(200).JSON(&page)
					all = append(all, page.Items...)
					require.NotNil(t, page.Items)
					if page.Next == "" {
						assert.NotContains(t, got.Header.Get("Link"), "next")
						assert.Equal(t, max((n+6)/7, 1), pages)
						break
					}
					assert.Len(t, page.Items, 7)
					target = follow(t, target, got.Header.Get("Link"), "next")
					assert.Contains(t, target, "author=%3Cann%3E&limit=7")
				}
				assert.Len(t, all, n)
				assert.True(t, slices.IsSortedFunc(all, func(a, b book) int { return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.ID, b.ID)) }))
				if n > 7 {
					first := follow(t, target, c.Get(target).Header.Get("Link"), "first")
					assert.Equal(t, "/books?author=%3Cann%3E&limit=7", first)
				}
			})
		}
	}
}

// follow finds a link and resolves it.
func follow(t *testing.T, base, header, relation string) string {
	t.Helper()
	for link := range strings.SplitSeq(header, ", ") {
		target, rest, found := strings.Cut(strings.TrimPrefix(link, "<"), ">")
		require.True(t, found, header)
		if rest != fmt.Sprintf("; rel=%q", relation) {
			continue
		}
		from, err := url.Parse(base)
		require.NoError(t, err)
		to, err := from.Parse(target)
		require.NoError(t, err)
		return to.String()
	}
	require.Fail(t, "no such link", "%s in %q", relation, header)
	return ""
}

// cursor encodes a text like a plain cursor.
func cursor(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestCursorsThatAreNone(t *testing.T) {
	good, err := paging.Plain[position]().At(position{Year: 1903, ID: 4})
	require.NoError(t, err)
	signed, err := paging.Signed[position](secret).At(position{Year: 1903, ID: 4})
	require.NoError(t, err)
	foreign, err := paging.Signed[book](secret).At(book{Year: 1903, ID: 4})
	require.NoError(t, err)
	stolen, err := paging.Signed[position]([]byte("another secret of one")).At(position{Year: 1903, ID: 4})
	require.NoError(t, err)
	plain, _ := newLibrary(20, paging.Plain[position]())
	safe, _ := newLibrary(20, paging.Signed[position](secret))
	for name, row := range map[string]struct {
		app    *candor.App
		cursor string
		want   int
	}{
		"plain":                   {plain, string(good), 200},
		"signed":                  {safe, string(signed), 200},
		"empty":                   {plain, "", 200},
		"no base64":               {plain, "!", 422},
		"padding":                 {plain, "e30=", 422},
		"bits after the end":      {plain, "e31", 422},
		"no JSON":                 {plain, cursor("{"), 422},
		"another type":            {plain, cursor(`{"Year":"x"}`), 422},
		"an unknown member":       {plain, cursor(`{"Page":1}`), 422},
		"more than one":           {plain, cursor(`{} {}`), 422},
		"cut short":               {plain, string(good[:len(good)-3]), 422},
		"a signed one for plain":  {plain, string(signed), 422},
		"a plain one for signed":  {safe, string(good), 422},
		"too short for signed":    {safe, "e30", 422},
		"of another key":          {safe, string(stolen), 422},
		"of another list":         {safe, string(foreign), 422},
		"changed":                 {safe, string(signed[:22]) + cursor(`{"Year":1,"ID":1}`), 422},
		"changed in its last bit": {safe, string(signed[:len(signed)-1]) + "A", 422},
	} {
		t.Run(name, func(t *testing.T) {
			w := get(row.app, "/books?after="+row.cursor)
			assert.Equal(t, row.want, w.Code, w.Body)
			if row.want == 422 {
				assert.JSONEq(t, `{"detail":[{"type":"value_error","loc":["query","after"],"msg":"Value error: not a cursor of this list","ctx":{"error":"not a cursor of this list"}}]}`, w.Body.String())
			}
		})
	}
	w := get(plain, "/books?after="+strings.Repeat("e", 2001))
	assert.Contains(t, w.Body.String(), "string_too_long")
	_, err = paging.Plain[position]().Position("!", "header", "X-After")
	var invalid *candor.ValidationError
	require.ErrorAs(t, err, &invalid)
	assert.Equal(t, []any{"header", "X-After"}, invalid.Faults[0].Loc)
}

// A new key signs cursors while those of the old key are still accepted.
func TestKeysOfCursorsChange(t *testing.T) {
	old, later := []byte("an old secret of ours"), []byte("a later secret of ours")
	before, err := paging.Signed[position](old).At(position{ID: 1})
	require.NoError(t, err)
	both := paging.Signed[position](later, old)
	after, err := both.At(position{ID: 2})
	require.NoError(t, err)
	for want, c := range []paging.Cursor{"", before, after} {
		got, err := both.Position(c)
		require.NoError(t, err)
		assert.Equal(t, want, got.ID)
	}
	_, err = paging.Signed[position](later).Position(before)
	assert.Error(t, err)
}

func TestMistakes(t *testing.T) {
	for want, misuse := range map[string]func(){
		"no key; pass a secret":                  func() { paging.Signed[int]() },
		"a key of 15 bytes can be guessed; pass": func() { paging.Signed[int](secret, secret[:15]) },
	} {
		func() {
			defer func() {
				err, _ := recover().(error)
				assert.ErrorContains(t, err, want)
				assert.ErrorContains(t, err, "paging_test.go:")
			}()
			misuse()
		}()
	}
	_, err := paging.Plain[float64]().At(math.NaN())
	assert.ErrorContains(t, err, "no cursor")
	_, err = paging.Of(paging.Query{Limit: 1}, nil, []float64{1, 2}, func(float64) (paging.Cursor, error) { return paging.Plain[float64]().At(math.Inf(1)) })
	assert.Error(t, err)
}

func TestTheDocument(t *testing.T) {
	app, _ := newLibrary(3, paging.Plain[position]())
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name string }
			Responses  map[string]struct {
				Headers map[string]any
				Content map[string]struct{ Schema map[string]any }
			}
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any
				Required   []string
			}
		}
	}
	var text strings.Builder
	require.NoError(t, app.WriteOpenAPI(&text))
	require.NoError(t, json.Unmarshal([]byte(text.String()), &document))
	op := document.Paths["/books"]["get"]
	assert.Len(t, op.Parameters, 3)
	assert.Contains(t, op.Responses["200"].Headers, "Link")
	assert.Equal(t, map[string]any{"$ref": "#/components/schemas/PageOfBook"}, op.Responses["200"].Content["application/json"].Schema)
	assert.Equal(t, []string{"items"}, document.Components.Schemas["PageOfBook"].Required)
	assert.Contains(t, document.Components.Schemas["PageOfBook"].Properties, "next")
}

func TestConform(t *testing.T) {
	app, _ := newLibrary(30, paging.Signed[position](secret))
	candortest.Conform(t, app)
}

// A typed call can use the cursor of its last response.
func TestTypedCalls(t *testing.T) {
	app, route := newLibrary(10, paging.Plain[position]())
	in, total := listing{Query: paging.Query{Limit: 4}}, 0
	for range 3 {
		page, err := route.Call(t.Context(), candor.InProcess(app), in)
		require.NoError(t, err)
		total += len(page.Body.Items)
		in.After = page.Body.Next
	}
	assert.Equal(t, 10, total)
	assert.Empty(t, in.After)
}

// Accepted cursors survive a round trip: plain ones as the same position, signed ones as the same text.
func FuzzCursors(f *testing.F) {
	for _, seed := range []string{"", "e30", "!", "e31", cursor(`{"Year":1903,"ID":4}`), cursor(`{"Year":1903,"ID":4,"Author":"x"}`), cursor(`{"ID":1,"Year":2}`), cursor("null")} {
		f.Add(seed)
	}
	plain, signed := paging.Plain[position](), paging.Signed[position](secret)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := plain.Position(paging.Cursor(text))
		if err == nil {
			again, err := plain.At(p)
			require.NoError(t, err)
			q, err := plain.Position(again)
			require.NoError(t, err)
			assert.Equal(t, p, q)
		}
		p, err = signed.Position(paging.Cursor(text))
		if err == nil && text != "" {
			again, err := signed.At(p)
			require.NoError(t, err)
			assert.Equal(t, text, string(again), "only what was signed is taken")
		}
	})
}

func ExampleOf() {
	cursors := paging.Plain[int]()
	app := candor.New(candor.Config{})
	candor.Get(app, "/numbers", func(_ context.Context, in struct {
		paging.Query
		Request *http.Request
	},
	) (paging.Linked[int], error) {
		after, err := cursors.Position(in.After)
		if err != nil {
			return paging.Linked[int]{}, err
		}
		var found []int
		for n := after + 1; n <= 5 && len(found) < in.Fetch(); n++ {
			found = append(found, n)
		}
		return paging.Of(in.Query, in.Request, found, func(last int) (paging.Cursor, error) { return cursors.At(last) })
	})
	for _, target := range []string{"/numbers?limit=3", "/numbers?limit=3&after=Mw"} {
		w := get(app, target)
		fmt.Println(w.Body, w.Header().Get("Link"))
	}
	// Output:
	// {"items":[1,2,3],"next":"Mw"} <?after=Mw&limit=3>; rel="next"
	// {"items":[4,5]} <?limit=3>; rel="first"
}
