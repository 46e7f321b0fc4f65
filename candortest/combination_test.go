package candortest_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/candortest/internal/combination"
)

// conformCases lowers the number of cases, because there are so many operations, unless CANDOR_CONFORM is set.
func conformCases() []candortest.Option {
	options := []candortest.Option{candortest.Codec("application/cbor", combination.CBOR)}
	if os.Getenv("CANDOR_CONFORM") == "" {
		options = append(options, candortest.Cases(80))
	}
	return options
}

func TestConformOfCombinations(t *testing.T) {
	t.Parallel()
	got := logged(func(tb *loggingTB) { candortest.Conform(tb, combination.New(candor.Config{}), conformCases()...) })
	assert.Empty(t, got.errors)
	assert.Greater(t, strings.Count(got.logs[0], "\n"), 200, "operations")
}

func TestConformOfMountedCombinations(t *testing.T) {
	t.Parallel()
	candortest.Conform(t, combination.Mounted(candor.Config{}), conformCases()...)
}

// tape records some requests of each operation.
type tape struct {
	mutex sync.Mutex
	kept  map[string][]taped
}

type taped struct {
	method, target string
	header         http.Header
	body           []byte
}

func (r *tape) watch(next http.Handler) http.Handler {
	most := 12
	if os.Getenv("CANDOR_CONFORM") != "" {
		most = 100
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.mutex.Lock()
		if key := req.Method + " " + req.Pattern; len(r.kept[key]) < most {
			r.kept[key] = append(r.kept[key], taped{req.Method, req.URL.RequestURI(), req.Header.Clone(), body})
		}
		r.mutex.Unlock()
		next.ServeHTTP(w, req)
	})
}

// taping runs Conform and returns some of its requests.
func taping(t *testing.T, app func(candor.Option) *candor.App) []taped {
	t.Helper()
	r := &tape{kept: map[string][]taped{}}
	candortest.Conform(t, app(candor.Use(r.watch)), candortest.Cases(80), candortest.Codec("application/cbor", combination.CBOR))
	var all []taped
	for _, requests := range r.kept {
		all = append(all, requests...)
	}
	return all
}

// send repeats a request.
func (r taped) send(c *candor.TestClient, prefix string) *candor.TestResponse {
	var options []candor.TestOption
	for name, lines := range r.header {
		for _, line := range lines {
			options = append(options, candor.WithHeader(name, line))
		}
	}
	if len(r.body) > 0 {
		options = append(options, candor.WithBody(r.header.Get("Content-Type"), bytes.NewReader(r.body)))
	}
	return c.Do(r.method, prefix+r.target, nil, options...)
}

// The test client accepts the requests of Conform, although it reads the document with other code.
func TestTheTestClientOfCombinations(t *testing.T) {
	t.Parallel()
	all := taping(t, func(o candor.Option) *candor.App { return combination.New(candor.Config{}, o) })
	assert.Greater(t, len(all), 2500)
	c := candor.NewTestClient(t, combination.New(candor.Config{}))
	for _, r := range all {
		r.send(c, "")
	}
}

// A mounted app responds as it does on its own.
func TestMountedCombinations(t *testing.T) {
	t.Parallel()
	alone, outer := combination.Mounted(candor.Config{}), combination.New(candor.Config{})
	c := candor.NewTestClient(t, outer, candor.Unchecked())
	direct := candor.NewTestClient(t, alone, candor.Unchecked())
	for _, r := range taping(t, func(o candor.Option) *candor.App { return combination.Mounted(candor.Config{}, o) }) {
		want, got := r.send(direct, ""), r.send(c, "/mounted")
		assert.Equal(t, want.Code, got.Code, "%s %s", r.method, r.target)
		assert.Equal(t, want.Text(), got.Text(), "%s %s", r.method, r.target)
		assert.Equal(t, want.Header.Get("Content-Type"), got.Header.Get("Content-Type"))
	}
}
