package badrequest_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/badrequest"
	"github.com/candor-go/candor/internal/typeinfo"
)

func TestParameters(t *testing.T) {
	parameters := []*typeinfo.Field{
		{Source: typeinfo.Path, Name: "id"}, {Source: typeinfo.Query, Name: "q"}, {Source: typeinfo.Header, Name: "X-Note"}, {Source: typeinfo.Cookie, Name: "session"},
	}
	all := badrequest.All()
	first := all[0].For("GET", parameters)
	assert.Empty(t, first.Header, "the first one sends nothing")
	assert.Empty(t, first.URL.RawQuery)

	second := all[1].For("GET", parameters)
	assert.Equal(t, "q=x", second.URL.RawQuery)
	assert.Equal(t, "x", second.Header.Get("X-Note"))
	assert.Equal(t, "session=x", second.Header.Get("Cookie"))
	assert.Equal(t, "q=%FF", all[2].For("GET", parameters).URL.RawQuery, "no text in UTF-8")
}

func TestBodies(t *testing.T) {
	for mediaType, want := range map[string][]string{
		"application/json":                  {"{}", "[]", "{"},
		"application/x-www-form-urlencoded": {"=", "=", "="},
		"multipart/form-data":               {"--x--\r\n", "--x--\r\n", "--x--\r\n"},
	} {
		assert.Contains(t, badrequest.MediaTypes(), mediaType)
		for i, bad := range badrequest.All() {
			r := bad.For("POST", nil)
			bad.AddBody(r, mediaType)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			assert.Equal(t, want[i], string(body), mediaType)
			assert.Equal(t, int64(len(body)), r.ContentLength)
			assert.Contains(t, r.Header.Get("Content-Type"), mediaType)
		}
	}
}
