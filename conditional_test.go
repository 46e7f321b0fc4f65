package candor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

func TestConditionalGET(t *testing.T) {
	config, _ := recorded()
	app := candor.New(config, candor.Use(candor.ConditionalGET()))
	candor.Get(app, "/whole", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })
	candor.Get(app, "/bad", failing(errors.New("no")))
	candor.Post(app, "/whole", failing(nil))
	plain := func(path string, h http.HandlerFunc) { candor.HandleHTTP(app, []string{"GET"}, path, h) }
	const then = "Sat, 01 Aug 2026 10:00:00 GMT"
	plain("/own", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"v,1"`)
		w.Header().Set("Last-Modified", then)
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("hello"))
	})
	plain("/parts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		_, _ = w.Write([]byte("a"))
		_, _ = w.Write([]byte("b"))
	})
	plain("/empty", func(http.ResponseWriter, *http.Request) {})
	plain("/flushed", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() })
	c := candor.NewTestClient(t, app)

	first := c.Get("/whole").Status(200)
	tag := first.Header.Get("ETag")
	require.Regexp(t, `^"[\w-]{22}"$`, tag)
	assert.Equal(t, tag, c.Head("/whole").Status(200).Header.Get("ETag"))

	tests := []struct {
		path, name, value string
		want              int
	}{
		{"/whole", "If-None-Match", tag, 304},
		{"/whole", "If-None-Match", "W/" + tag, 304},
		{"/whole", "If-None-Match", `"x", ` + tag, 304},
		{"/whole", "If-None-Match", "*", 304},
		{"/whole", "If-None-Match", `"x"`, 200},
		{"/whole", "If-None-Match", strings.Trim(tag, `"`), 200},
		{"/whole", "If-Match", tag, 200},
		{"/whole", "If-Match", "*", 200},
		{"/whole", "If-Match", `"x"`, 412},
		{"/whole", "If-Match", "W/" + tag, 412},
		{"/whole", "If-Modified-Since", then, 200},
		{"/own", "If-None-Match", `"a", "v,1"`, 304},
		{"/own", "If-None-Match", `"v", "1"`, 200},
		{"/own", "If-Modified-Since", then, 304},
		{"/own", "If-Modified-Since", "Fri, 31 Jul 2026 10:00:00 GMT", 200},
		{"/own", "If-Unmodified-Since", "Fri, 31 Jul 2026 10:00:00 GMT", 412},
		{"/own", "If-Unmodified-Since", then, 200},
		{"/bad", "If-None-Match", "*", 500},
		{"/parts", "If-None-Match", "*", 200},
		{"/empty", "If-None-Match", "*", 200},
		{"/flushed", "If-None-Match", "*", 200},
	}
	for _, tc := range tests {
		for _, method := range []string{"GET", "HEAD"} {
			options := []candor.TestOption{candor.WithHeader(tc.name, tc.value)}
			if tc.path != "/whole" {
				options = append(options, candor.Unchecked()) // the plain ones declare no body
			}
			got := c.Do(method, tc.path, nil, options...).Status(tc.want)
			switch tc.want {
			case 304:
				assert.Empty(t, got.Body)
				assert.Empty(t, got.Header.Get("Content-Type"), tc.path)
				assert.NotEmpty(t, got.Header.Get("ETag"))
			case 412:
				assert.Empty(t, got.Header.Get("ETag"))
				if method == "GET" {
					assert.Contains(t, got.Text(), "not in the state")
				}
			case 200:
				want := map[string]string{"/whole": "hello", "/own": "hello", "/parts": "ab"}[tc.path]
				if method == "GET" {
					assert.Equal(t, want, got.Text(), "%s %s: %s", tc.path, tc.name, tc.value)
				}
			}
		}
	}
	assert.Empty(t, c.Get("/parts", candor.Unchecked()).Header.Get("ETag"))
	c.Post("/whole", nil, candor.WithHeader("If-None-Match", "*")).Status(204)
}

func TestCheckETag(t *testing.T) {
	tests := []struct {
		method, name, value, etag string
		want                      int
	}{
		{"GET", "", "", `"a"`, 0},
		{"GET", "If-None-Match", `"a"`, `"a"`, 304},
		{"HEAD", "If-None-Match", `W/"a"`, `"a"`, 304},
		{"GET", "If-None-Match", `"b"`, `"a"`, 0},
		{"PUT", "If-None-Match", `"a"`, `"a"`, 412},
		{"PUT", "If-None-Match", `*`, `"a"`, 412},
		{"PUT", "If-None-Match", `*`, ``, 0},
		{"PUT", "If-Match", `"a"`, `"a"`, 0},
		{"PUT", "If-Match", `"b", "a"`, `"a"`, 0},
		{"PUT", "If-Match", `"b"`, `"a"`, 412},
		{"PUT", "If-Match", `*`, `"a"`, 0},
		{"PUT", "If-Match", `*`, ``, 412},
		{"PUT", "If-Match", `W/"a"`, `W/"a"`, 412},
		{"PUT", "If-Match", ``, `"a"`, 412},
	}
	for _, tc := range tests {
		r := httptest.NewRequest(tc.method, "/", nil)
		if tc.name != "" {
			r.Header.Set(tc.name, tc.value)
		}
		err := candor.CheckETag(r, tc.etag)
		var known *candor.HTTPError
		if errors.As(err, &known) {
			assert.Equal(t, tc.want, known.Status(), "%+v", tc)
			assert.Equal(t, tc.want == 412, errors.Is(err, candor.ErrPreconditionFailed))
			continue
		}
		assert.Zero(t, tc.want, "%+v", tc)
	}
}

// FuzzETagLists compares with a list that is cut at every comma, which is right
// where no tag holds one.
func FuzzETagLists(f *testing.F) {
	for _, list := range []string{`"a"`, `W/"a", "b"`, `*`, `,,"a"`, `"a`, `a`, `"a" "b"`, ``} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		if strings.Count(list, `"`)%2 != 0 || strings.ContainsFunc(list, func(r rune) bool { return r < ' ' || r > '~' }) {
			return
		}
		tags := strings.Split(list, ",")
		for i, tag := range tags {
			if strings.Count(tag, `"`) != 0 && (strings.Count(tag, `"`) != 2 || !strings.HasSuffix(strings.TrimSpace(tag), `"`)) {
				return // a comma inside of a tag, or something between two
			}
			tags[i] = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("If-None-Match", list)
		want := slices.Contains(tags, `"a"`) || slices.Contains(tags, "*") && !strings.Contains(list, "W/*")
		assert.Equal(t, want, candor.CheckETag(r, `"a"`) != nil, "%q", list)
	})
}

func ExampleConditionalGET() {
	app := candor.New(candor.Config{}, candor.Use(candor.ConditionalGET()))
	candor.Get(app, "/", func(context.Context, candor.None) (candor.Text, error) { return "hello", nil })

	showHeader(app, "GET", "/", "ETag")
	showHeader(app, "GET", "/", "ETag", `If-None-Match: "LPJNul-wow4m6Dsqxbning"`)
	// Output:
	// 200 ETag: "LPJNul-wow4m6Dsqxbning"
	// 304 ETag: "LPJNul-wow4m6Dsqxbning"
}

func ExampleCheckETag() {
	version := 3
	app := candor.New(candor.Config{})
	candor.Put(app, "/note", func(_ context.Context, in struct {
		Request *http.Request
		Body    struct {
			Text string `json:"text"`
		} `body:""`
	},
	) (string, error) {
		if err := candor.CheckETag(in.Request, fmt.Sprintf(`"v%d"`, version)); err != nil {
			return "", err
		}
		version++
		return "saved", nil
	}, candor.Raises(candor.ErrPreconditionFailed))

	show(app, "PUT", "/note", `{"text":"mine"}`, `If-Match: "v3"`)
	show(app, "PUT", "/note", `{"text":"another's"}`, `If-Match: "v3"`)
	// Output:
	// 200 "saved"
	// 412 {"detail":"the resource is not in the state that the request asks for"}
}
