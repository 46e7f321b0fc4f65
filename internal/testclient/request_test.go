package testclient_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/testclient"
)

func newJar(t *testing.T) *cookiejar.Jar {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	jar.SetCookies(&url.URL{Scheme: "http", Host: "testserver"}, []*http.Cookie{{Name: "kept", Value: "1"}})
	return jar
}

func TestRequest(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name                           string
		set                            func(d *testclient.Draft)
		uri, media, cookie, host, body string
		length                         int64
	}{
		{name: "nothing", set: func(*testclient.Draft) {}, uri: "/x?a=1", cookie: "kept=1", host: "testserver"},
		{
			name: "a query, cookies and a host", uri: "/x?a=1&b=%26", cookie: `kept=1; c="a b"`, host: "example.com",
			set: func(d *testclient.Draft) {
				d.Query.Add("b", "&")
				d.Cookies = append(d.Cookies, bind.Cookie{Name: "c", Value: "a b"})
				d.Header.Set("Host", "example.com")
			},
		},
		{
			name: "JSON", set: func(d *testclient.Draft) { assert.NoError(t, d.SetJSON(map[string]int{"a": 1})) },
			uri: "/x?a=1", media: "application/json", cookie: "kept=1", host: "testserver", body: `{"a":1}`, length: 7,
		},
		{
			name: "a form", set: func(d *testclient.Draft) { d.AddForm(url.Values{"b": {"1", "2"}}) },
			uri: "/x?a=1", media: "application/x-www-form-urlencoded", cookie: "kept=1", host: "testserver", body: "b=1&b=2", length: 7,
		},
		{
			name: "a reader", set: func(d *testclient.Draft) { d.Media, d.Body = "text/plain", io.LimitReader(strings.NewReader("abc"), 2) },
			uri: "/x?a=1", media: "text/plain", cookie: "kept=1", host: "testserver", body: "ab", length: -1,
		},
	} {
		draft := testclient.NewDraft()
		row.set(&draft)
		r, err := draft.Request(http.MethodPost, "/x?a=1", newJar(t))
		require.NoError(t, err, row.name)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err, row.name)
		assert.Equal(t, []any{row.uri, row.media, row.cookie, row.host, row.body, row.length},
			[]any{r.RequestURI, r.Header.Get("Content-Type"), r.Header.Get("Cookie"), r.Host, string(body), r.ContentLength}, row.name)
		assert.NotContains(t, r.Header, "Host", row.name)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	draft := testclient.NewDraft()
	draft.AddForm(url.Values{"b": {"2"}, "a": {"1"}})
	draft.Files = append(draft.Files, testclient.File{Field: "f", Name: "x.txt", Content: []byte("abc")})
	r, err := draft.Request(http.MethodPost, "/", newJar(t))
	require.NoError(t, err)
	parts, err := r.MultipartReader()
	require.NoError(t, err)
	var got []string
	for part, err := parts.NextPart(); err == nil; part, err = parts.NextPart() {
		content, err := io.ReadAll(part)
		require.NoError(t, err)
		got = append(got, part.FormName()+" "+part.FileName()+" "+string(content))
	}
	assert.Equal(t, []string{"a  1", "b  2", "f x.txt abc"}, got)
}

func TestWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]func(d *testclient.Draft){
		`WithHeader("Content-Length", ...): the client writes`: func(d *testclient.Draft) { d.Header.Set("Content-Length", "1") },
		`WithCookie("c", ...): a cookie takes no semicolons`:   func(d *testclient.Draft) { d.Cookies = []bind.Cookie{{Name: "c", Value: ";"}} },
	} {
		draft := testclient.NewDraft()
		set(&draft)
		_, err := draft.Request(http.MethodGet, "/", newJar(t))
		assert.ErrorContains(t, err, want)
	}
	draft := testclient.NewDraft()
	assert.ErrorContains(t, draft.SetJSON(json.RawMessage("{")), "the body cannot be encoded")
	_, err := draft.Request(http.MethodGet, "/%", newJar(t))
	assert.Error(t, err)
}
