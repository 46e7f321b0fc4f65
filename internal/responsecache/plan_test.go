package responsecache_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/responsecache"
	"github.com/candor-go/candor/internal/typeinfo"
)

func compile(t *testing.T, p responsecache.Plan) *responsecache.Plan {
	t.Helper()
	p.TTL, p.Path, p.Wildcards = time.Minute, "/items/{id}", []string{"id"}
	made, err := p.Compile(responsecache.New(nil, "space", slog.Default()))
	require.NoError(t, err)
	return made
}

func request(target string, lines ...string) responsecache.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(lines); i += 2 {
		r.Header.Add(lines[i], lines[i+1])
	}
	return responsecache.Request{Request: r, Captured: []string{"1"}, Accepted: "application/json"}
}

func TestKey(t *testing.T) {
	t.Parallel()
	plan := responsecache.Plan{Headers: []string{"X-Read", "Host"}, Cookies: []string{"read"}}
	shared := plan
	shared.Shared = true
	other := request("/items/1?a=b")
	other.Captured = []string{"2"}
	keyed := request("/items/1?a=b", "X-Key", "secret")
	keyed.APIKeys = []*typeinfo.Field{{Source: typeinfo.Header, Name: "X-Key"}}
	query := request("/items/1?a=b")
	query.Method, query.Body = "QUERY", []byte("{}")
	accepts := request("/items/1?a=b")
	accepts.Accepted = "application/cbor"
	for name, row := range map[string]struct {
		with             responsecache.Request
		differs, private bool
	}{
		"the same":               {with: request("/items/1?a=b")},
		"another query":          {with: request("/items/1?a=c"), differs: true},
		"another wildcard":       {with: other, differs: true},
		"another host":           {with: request("http://other.example/items/1?a=b"), differs: true},
		"a body":                 {with: query, differs: true},
		"another media type":     {with: accepts, differs: true},
		"a header that is read":  {with: request("/items/1?a=b", "X-Read", "1"), differs: true},
		"a header that is not":   {with: request("/items/1?a=b", "X-Other", "1")},
		"a cookie that is read":  {with: request("/items/1?a=b", "Cookie", "read=1"), differs: true},
		"a cookie that is not":   {with: request("/items/1?a=b", "Cookie", "other=1"), private: true},
		"credentials":            {with: request("/items/1?a=b", "Authorization", "Bearer a"), private: true},
		"an API key":             {with: keyed, private: true},
		"the body is only QUERY": {with: func() responsecache.Request { r := request("/items/1?a=b"); r.Body = []byte("{}"); return r }()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own, common := compile(t, plan), compile(t, shared)
			assert.Equal(t, row.differs || row.private, own.Key(request("/items/1?a=b")) != own.Key(row.with))
			assert.Equal(t, row.differs, common.Key(request("/items/1?a=b")) != common.Key(row.with), "shared")
		})
	}
}

func TestCompile(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"item:{none}", "item:{id"} {
		_, err := responsecache.Plan{Tags: []string{tag}, Path: "/items/{id}", Wildcards: []string{"id"}}.Compile(responsecache.New(nil, "", slog.Default()))
		require.ErrorContains(t, err, "which the path /items/{id} does not have")
	}
	h := http.Header{"Vary": {"Origin"}}
	compile(t, responsecache.Plan{Headers: []string{"X-Read"}, Cookies: []string{"a", "b"}, Control: "public"}).SetHeaders(h)
	assert.Equal(t, http.Header{"Vary": {"Origin", "X-Read, Cookie"}, "Cache-Control": {"public"}}, h)
}

// keeps reports whether a response is found after it was kept, and still after another item's tag was dropped.
func keeps(t *testing.T, shared bool, a *response.Response, before, after http.Header) bool {
	t.Helper()
	caches := responsecache.New(nil, "", slog.Default())
	plan, err := responsecache.Plan{TTL: time.Minute, Tags: []string{"item:{id}"}, Wildcards: []string{"id"}, Shared: shared}.Compile(caches)
	require.NoError(t, err)
	find := func() ([]string, *responsecache.Response) {
		versions, kept, err := plan.Find(t.Context(), "key", []string{"1"})
		require.NoError(t, err)
		return versions, kept
	}
	versions, _ := find()
	making, own := plan.Make("key", versions)
	require.True(t, own)
	require.NoError(t, plan.Keep(t.Context(), &making, a, before, after))
	making.Finish()
	require.NoError(t, caches.Invalidate(t.Context(), []string{"item:2"}))
	_, kept := find()
	if kept != nil {
		require.NoError(t, caches.Invalidate(t.Context(), []string{"item:1"}))
		_, dropped := find()
		require.Nil(t, dropped)
	}
	return kept != nil
}

func TestKeep(t *testing.T) {
	t.Parallel()
	ok := response.Outcome{Status: 200, ContentType: "text/plain"}
	for name, row := range map[string]struct {
		a             response.Response
		before, after http.Header
		want, shared  bool
	}{
		"a response":                  {a: response.Response{Outcome: ok}, want: true, shared: true},
		"an error":                    {a: response.Response{Outcome: response.Outcome{Status: 404}}},
		"a stream":                    {a: response.Response{Outcome: response.Outcome{Status: 200, Stream: func(http.ResponseWriter, *http.Request) error { return nil }}}},
		"a large one":                 {a: response.Response{Outcome: ok, Body: make([]byte, 1<<20+1)}},
		"a cookie":                    {a: response.Response{Outcome: ok, Header: []response.Line{{Name: "Set-Cookie", Value: "a=b"}}}},
		"a cookie of a function":      {a: response.Response{Outcome: ok}, after: http.Header{"Set-Cookie": {"a=b"}}},
		"no-store":                    {a: response.Response{Outcome: ok, Header: []response.Line{{Name: "Cache-Control", Value: "max-age=1, No-Store"}}}},
		"private":                     {a: response.Response{Outcome: ok}, after: http.Header{"Cache-Control": {"private"}}, want: true},
		"private, by the plan itself": {a: response.Response{Outcome: ok}, before: http.Header{"Cache-Control": {"private"}}, after: http.Header{"Cache-Control": {"private"}}, want: true, shared: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, row.want, keeps(t, false, &row.a, row.before, row.after))
			assert.Equal(t, row.shared, keeps(t, true, &row.a, row.before, row.after), "shared")
		})
	}
}
