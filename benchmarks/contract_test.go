package benchmarks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/benchmarks"
)

// fields are all names that a 422 may contain.
var fields = []string{"currency", "id", "q", "limit", "name", "email", "price", "quantity", "category", "tags"}

// change returns benchmarks.OneItem with one member replaced.
func change(member, value string) string {
	return regexp.MustCompile(`"`+member+`":("[^"]*"|\[[^]]*\]|[^,}]*)`).ReplaceAllString(benchmarks.OneItem, `"`+member+`":`+value)
}

func long(n int) string { return strings.Repeat("x", n) }

// TestContract shows that all contenders implement the same service.
func TestContract(t *testing.T) {
	answers := []struct {
		what, method, target, body string
		want                       string
	}{
		{"a greeting", "GET", "/", "", `{"message":"Hello, World"}`},
		{"parameters", "GET", "/items/42?q=keyboard&limit=10", "", `{"id":42,"q":"keyboard","limit":10}`},
		{"parameters out of order, encoded", "GET", "/items/1?limit=100&q=a%20%26+b", "", `{"id":1,"q":"a & b","limit":100}`},
		{"parameters left out", "GET", "/items/7", "", `{"id":7,"q":"","limit":20}`},
		{"a parameter that just fits", "GET", "/items/7?limit=1&q=" + long(50), "", `{"id":7,"q":"` + long(50) + `","limit":1}`},
		{"an item", "POST", "/items", benchmarks.OneItem, benchmarks.OneItem},
		{
			"an item of another order and shape", "POST", "/items", `{ "tags": [ ], "category": "toys", "quantity": 1, "price": 0, "email": "a@b.example", "name": "\u00e9" }`,
			`{"name":"é","email":"a@b.example","price":0,"quantity":1,"category":"toys","tags":[]}`,
		},
		{"a batch", "POST", "/items/batch", "[" + benchmarks.OneItem + "," + benchmarks.OneItem + "]", `{"count":2}`},
		{"a large batch", "POST", "/items/batch", benchmarks.Batch(benchmarks.OneItem), fmt.Sprintf(`{"count":%d}`, benchmarks.BatchSize(benchmarks.OneItem))},
	}
	refusals := []struct {
		what, method, target, body string
		// names are exactly the fields in the response.
		names []string
	}{
		{"an id below 1", "GET", "/items/0", "", []string{"id"}},
		{"an id that is no number", "GET", "/items/x", "", nil},
		{"a limit over 100", "GET", "/items/1?limit=101", "", []string{"limit"}},
		{"a limit of 0", "GET", "/items/1?limit=0", "", []string{"limit"}},
		{"a limit that is no number", "GET", "/items/1?limit=ten", "", nil},
		{"a long q", "GET", "/items/1?q=" + long(51), "", []string{"q"}},
		{"two bad parameters", "GET", "/items/1?limit=0&q=" + long(51), "", []string{"limit", "q"}},
		{"no name", "POST", "/items", change("name", `""`), []string{"name"}},
		{"a long name", "POST", "/items", change("name", `"`+long(51)+`"`), []string{"name"}},
		{"no email", "POST", "/items", change("email", `"nobody"`), []string{"email"}},
		{"a low price", "POST", "/items", change("price", "-0.5"), []string{"price"}},
		{"a high price", "POST", "/items", change("price", "100000.5"), []string{"price"}},
		{"a high quantity", "POST", "/items", change("quantity", "1001"), []string{"quantity"}},
		{"an unknown category", "POST", "/items", change("category", `"cars"`), []string{"category"}},
		{"many tags", "POST", "/items", change("tags", `["a","b","c","d","e","f"]`), []string{"tags"}},
		{"an empty tag", "POST", "/items", change("tags", `["a",""]`), []string{"tags"}},
		{"four faults", "POST", "/items", benchmarks.FourFaults, []string{"name", "price", "quantity", "category"}},
		{"a fault in a batch", "POST", "/items/batch", "[" + benchmarks.OneItem + "," + change("price", "-1") + "]", []string{"price"}},
		{"a name that is a number", "POST", "/items", change("name", "5"), nil},
		{"a quantity that is a string", "POST", "/items", change("quantity", `"5"`), nil},
		{"no JSON", "POST", "/items", `{"name":`, nil},
		{"a batch that is no list", "POST", "/items/batch", benchmarks.OneItem, nil},
	}
	for _, c := range benchmarks.Installed() {
		url := serve(t, c, benchmarks.Items)
		for _, row := range answers {
			t.Run(c.Name()+"/"+row.what, func(t *testing.T) {
				status, contentType, answer := send(t, row.method, url+row.target, row.body)
				assert.Equal(t, 200, status)
				assert.Contains(t, contentType, "application/json")
				var want any
				require.NoError(t, json.Unmarshal([]byte(row.want), &want))
				assert.Equal(t, want, answer)
			})
		}
		for _, row := range refusals {
			t.Run(c.Name()+"/"+row.what, func(t *testing.T) {
				status, contentType, answer := send(t, row.method, url+row.target, row.body)
				if row.names != nil {
					assert.Equal(t, 422, status)
				}
				assert.Contains(t, []int{400, 422}, status)
				assert.Contains(t, contentType, "json")
				if row.names != nil {
					assert.ElementsMatch(t, row.names, named(answer))
				}
			})
		}
		t.Run(c.Name()+"/the stock", func(t *testing.T) {
			status, _, answer := send(t, "GET", url+"/items", "")
			assert.Equal(t, 200, status)
			text, err := json.Marshal(answer)
			require.NoError(t, err)
			assert.InDelta(t, 15_000, len(text), 1500)
			require.Len(t, answer, 100)
			assert.Equal(t, map[string]any{
				"name": "Mechanical keyboard", "email": "sales@shop.example.com", "price": 198.5, "quantity": 100.0,
				"category": "electronics", "tags": []any{"keyboards", "wireless"},
			}, answer.([]any)[99])
		})
	}
}

// TestUnusual shows that all contenders give the same responses to unusual inputs.
func TestUnusual(t *testing.T) {
	requests := map[string]benchmarks.Request{}
	for _, w := range benchmarks.MoreWorkloads() {
		requests[w.Name] = w.Requests[0]
	}
	order := requests["nested"]
	for _, c := range benchmarks.Installed() {
		url := serve(t, c, benchmarks.Items)
		t.Run(c.Name(), func(t *testing.T) {
			for _, name := range []string{"W3u", "nested", "nested u"} {
				_, _, answer := send(t, "POST", url+requests[name].Target, requests[name].Body)
				text, err := json.Marshal(answer)
				require.NoError(t, err)
				assert.JSONEq(t, requests[name].Body, string(text), name)
			}
			_, _, odd := send(t, "GET", url+"/oddities", "")
			require.Len(t, odd, 100)
			assert.Equal(t, map[string]any{
				"name": "Größe \"XL\" <neu> & \\ клавиатура\n無線 😀", "email": "sales@shop.example.com", "price": 198.5, "quantity": 100.0,
				"category": "electronics", "tags": []any{"tab\there", "«ёлка»"},
			}, odd.([]any)[99])
			_, _, count := send(t, "POST", url+"/stock", requests["map"].Body)
			assert.Equal(t, map[string]any{"count": 1000.0}, count)
			status, _, _ := send(t, "POST", url+"/stock", `{"a":1,"b":"2"}`)
			assert.Contains(t, []int{400, 422}, status)

			form := newRequest(t, "POST", url+"/upload", requests["upload"].Body)
			form.Header.Set("Content-Type", "multipart/form-data; boundary=boundary")
			_, uploaded := do(t, form)
			assert.JSONEq(t, `{"title":"minutes","name":"minutes.txt","size":255984}`, uploaded)

			for name, body := range map[string]string{
				"currency": strings.Replace(order.Body, "EUR", "XYZ", 1),
				"email":    strings.Replace(order.Body, "ann@", "ann", 1),
				"quantity": strings.Replace(order.Body, `"quantity":10`, `"quantity":0`, 1),
				"id":       strings.Replace(order.Body, "000042", long(41), 1),
			} {
				status, _, refused := send(t, "POST", url+"/orders", body)
				assert.Equal(t, 422, status)
				assert.Equal(t, []string{name}, named(refused))
			}
		})
	}
}

// TestMe shows that all contenders authenticate the same accounts.
func TestMe(t *testing.T) {
	rows := []struct {
		what, authorization string
		status              int
		// want is a part of the response.
		want string
	}{
		{"an editor", "Bearer a-token-of-ann", 200, `"name":"ann","roles":["reader","editor"]`},
		{"the scheme in another case", "bEARER a-token-of-ann", 200, `"name":"ann"`},
		{"no editor", "Bearer a-token-of-bob", 403, "the account may not do this"},
		{"an unknown token", "Bearer a-token", 401, "the token is unknown"},
		{"another scheme", "Basic a-token-of-ann", 401, ""},
		{"an empty token", "Bearer ", 401, ""},
		{"no header", "", 401, ""},
	}
	for _, c := range benchmarks.Installed() {
		url := serve(t, c, benchmarks.Items)
		for _, row := range rows {
			t.Run(c.Name()+"/"+row.what, func(t *testing.T) {
				r := newRequest(t, http.MethodGet, url+"/me", "")
				if row.authorization != "" {
					r.Header.Set("Authorization", row.authorization)
				}
				answer, body := do(t, r)
				assert.Equal(t, row.status, answer.StatusCode)
				assert.Contains(t, body, row.want)
				assert.Contains(t, answer.Header.Get("Content-Type"), "json")
				assert.Equal(t, row.status == 401, strings.HasPrefix(answer.Header.Get("WWW-Authenticate"), "Bearer"))
			})
		}
	}
}

// TestHub shows that all contenders have the same routes.
func TestHub(t *testing.T) {
	routes := benchmarks.HubRoutes()
	assert.InDelta(t, 200, len(routes), 50)
	for _, c := range benchmarks.Installed() {
		url := serve(t, c, benchmarks.Hub)
		for _, r := range routes {
			target, values := r.Target()
			_, body := do(t, newRequest(t, r.Method, url+target, ""))
			var got benchmarks.Hit
			require.NoError(t, json.Unmarshal([]byte(body), &got), "%s %s", c.Name(), r)
			assert.Equal(t, benchmarks.Hit{Route: r.String(), Values: values}, got, c.Name())
		}
		answer, _ := do(t, newRequest(t, http.MethodGet, url+"/repos/a/b/c/d/e/f", ""))
		assert.Equal(t, http.StatusNotFound, answer.StatusCode, c.Name())
	}
}

// named returns the fields in the locations of a 422: the values of "loc" or "location".
func named(answer any) (names []string) {
	switch v := answer.(type) {
	case []any:
		for _, element := range v {
			names = append(names, named(element)...)
		}
	case map[string]any:
		for name, value := range v {
			if name == "loc" || name == "location" {
				return fieldIn(fmt.Sprint(value))
			}
			names = append(names, named(value)...)
		}
	}
	return names
}

// fieldIn returns the fields that a location contains.
func fieldIn(location string) []string {
	for _, field := range fields {
		if regexp.MustCompile(`\b` + field + `\b`).MatchString(location) {
			return []string{field}
		}
	}
	return nil
}

// TestWorkloads checks the sizes of the measured requests, and that responses are the same with and without a socket.
func TestWorkloads(t *testing.T) {
	assert.InDelta(t, 200, len(benchmarks.OneItem), 20)
	for _, w := range append(benchmarks.Workloads(), benchmarks.MoreWorkloads()...) {
		if strings.HasPrefix(w.Name, "W7") {
			assert.InDelta(t, 1_000_000, len(w.Requests[0].Body), 1000, w.Name)
		}
	}
	for _, c := range benchmarks.Installed() {
		urls := map[benchmarks.Service]string{benchmarks.Items: serve(t, c, benchmarks.Items), benchmarks.Hub: serve(t, c, benchmarks.Hub)}
		for _, w := range append(benchmarks.Workloads(), benchmarks.MoreWorkloads()...) {
			drive, err := c.Drive(t.Context(), w)
			require.NoError(t, err)
			for range 2 {
				cost, err := drive(len(w.Requests))
				require.NoError(t, err)
				assert.Equal(t, w.Status, cost.Status, "%s %s", c.Name(), w.Name)
				assert.Positive(t, cost.Time, "%s %s", c.Name(), w.Name)
			}
			load, err := benchmarks.SendLoad(t.Context(), urls[w.Service], w, 2, time.Millisecond)
			require.NoError(t, err, "%s %s", c.Name(), w.Name)
			assert.GreaterOrEqual(t, load.Requests, 2, "%s %s", c.Name(), w.Name)
		}
	}
}

// serve starts a contender's service and returns its URL.
func serve(t testing.TB, c benchmarks.Contender, s benchmarks.Service) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- c.Serve(ctx, s, l) }()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-served, c.Name())
		_ = l.Close()
	})
	return "http://" + l.Addr().String()
}

func newRequest(t testing.TB, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func do(t testing.TB, r *http.Request) (answer *http.Response, body string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(text)
}

// send sends a request and decodes the response.
func send(t testing.TB, method, url, body string) (status int, contentType string, value any) {
	t.Helper()
	answer, text := do(t, newRequest(t, method, url, body))
	_ = json.Unmarshal([]byte(text), &value)
	return answer.StatusCode, answer.Header.Get("Content-Type"), value
}
