package mediatype_test

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/mediatype"
)

func TestSharedLinesAreCopiedByAppend(t *testing.T) {
	for _, line := range []func() []string{
		func() []string { return mediatype.TypeLine("application/json") },
		func() []string { return mediatype.TypeLine("text/html") },
		func() []string { return mediatype.LengthLine(7) },
		func() []string { return mediatype.LengthLine(4096) },
	} {
		want := line()[0]
		h := http.Header{"Some": line()}
		h.Add("Some", "more")
		assert.Equal(t, []string{want}, line())
	}
	for _, n := range []int{0, 1, 1023, 1024, math.MaxInt} {
		assert.Equal(t, []string{strconv.Itoa(n)}, mediatype.LengthLine(n))
	}
}

func TestSharedLinesAllocateNothing(t *testing.T) {
	h := http.Header{"Content-Type": nil, "Content-Length": nil}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		h["Content-Type"], h["Content-Length"] = mediatype.TypeLine("application/json"), mediatype.LengthLine(512)
	}))
}

func TestFirst(t *testing.T) {
	h := http.Header{"A": {"1", "2"}, "B": {}}
	assert.Equal(t, "1", mediatype.First(h, "A"))
	assert.Empty(t, mediatype.First(h, "B"))
	assert.Empty(t, mediatype.First(h, "C"))
}

func TestTypeOf(t *testing.T) {
	assert.Empty(t, mediatype.TypeOf(http.Header{}))
	assert.Equal(t, "text/plain", mediatype.TypeOf(http.Header{"Content-Type": {"text/plain"}}))
	for _, lines := range [][]string{{"text/plain", "text/plain"}, {"", "text/plain"}, {"text/plain", ""}, {"text/plain; a=b", "c"}} {
		joined := mediatype.TypeOf(http.Header{"Content-Type": lines})
		_, _, ok := mediatype.Parse(joined)
		assert.False(t, ok, joined)
	}
}

func TestCheckHeader(t *testing.T) {
	for _, row := range []struct {
		name, value string
		valid       bool
	}{
		{"X-A", "text with\ttab and ü", true},
		{"X-A", "", true},
		{"", "x", false},
		{"X A", "x", false},
		{"X:A", "x", false},
		{"Ü", "x", false},
		{"X-A", "a\nb", false},
		{"X-A", "a\rb", false},
		{"X-A", "a\x00", false},
		{"X-A", "\x7f", false},
	} {
		assert.Equal(t, row.valid, mediatype.ValidHeader(row.name, []string{"ok", row.value}), "%q: %q", row.name, row.value)
		if !row.valid {
			assert.Error(t, mediatype.CheckHeader(row.name, []string{row.value}))
		}
	}
}

func TestIsEncoded(t *testing.T) {
	for name, tt := range map[string]struct {
		lines []string
		want  bool
	}{
		"none":               {nil, false},
		"empty":              {[]string{""}, false},
		"identity":           {[]string{"Identity"}, false},
		"gzip":               {[]string{"gzip"}, true},
		"both on a line":     {[]string{"identity, gzip"}, true},
		"on the second line": {[]string{"identity", "gzip"}, true},
		"empty and gzip":     {[]string{"", "br"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, mediatype.IsEncoded(http.Header{"Content-Encoding": tt.lines}))
		})
	}
}

func TestCheckResponse(t *testing.T) {
	for _, name := range []string{"Connection", "keep-alive", "Proxy-Connection", "TE", "Trailer", "transfer-encoding", "Upgrade"} {
		assert.True(t, mediatype.OfConnection(name), name)
		assert.Error(t, mediatype.CheckResponse(200, name, []string{"x"}), name)
	}
	assert.False(t, mediatype.OfConnection("Content-Length"))
	assert.NoError(t, mediatype.CheckResponse(200, "X-A", []string{"x"}))
	assert.Error(t, mediatype.CheckResponse(200, "X-A", []string{"x\n"}))
	assert.NoError(t, mediatype.CheckResponse(426, "Upgrade", []string{"websocket"}))
	assert.NoError(t, mediatype.CheckResponse(426, "Connection", []string{"Upgrade"}))
	assert.Error(t, mediatype.CheckResponse(426, "Upgrade", []string{"a\nb"}))
	assert.Error(t, mediatype.CheckResponse(426, "TE", []string{"x"}))
}

func TestIsToken(t *testing.T) {
	for c := range rune(256) {
		isLetter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		assert.Equal(t, isLetter || strings.ContainsRune("!#$%&'*+-.^_`|~", c), mediatype.IsToken("a"+string(c)), "%q", c)
	}
	assert.False(t, mediatype.IsToken(""))
}

func TestDateLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, pause := range []time.Duration{0, time.Millisecond, 998 * time.Millisecond, time.Millisecond, time.Second, time.Hour} {
			time.Sleep(pause)
			assert.Equal(t, []string{time.Now().UTC().Format(http.TimeFormat)}, mediatype.DateLine(), "after %s", pause)
		}
	})
}
