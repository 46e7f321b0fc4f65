package mcp_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
)

// direct calls an endpoint without a connection.
type direct struct{ app *candor.App }

func newDirect(t testing.TB) direct {
	t.Helper()
	app := newApp(&seen{about: map[string]string{}}, candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true, Logger: slog.New(slog.DiscardHandler)}))
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stop()) })
	return direct{app}
}

// call calls a tool and returns its result.
func (d direct) call(tool string, arguments []byte) (status int, says string, isError bool, err error) {
	message := fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, tool, arguments)
	r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(string(message)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	w := httptest.NewRecorder()
	d.app.ServeHTTP(w, r)
	_, data, _ := strings.Cut(w.Body.String(), "data: ")
	var reply struct {
		Result struct {
			IsError bool `json:"isError"`
			Content []struct {
				Text string `json:"text"`
			} `json:"content"`
		} `json:"result"`
		Error json.RawMessage `json:"error"`
	}
	if err = json.Unmarshal([]byte(data), &reply); err == nil && reply.Error != nil {
		err = fmt.Errorf("%s", reply.Error)
	}
	for _, content := range reply.Result.Content {
		says += content.Text
	}
	return w.Code, says, reply.Result.IsError, err
}

// valid are valid arguments of the tools.
var valid = map[string]string{
	"readItem":    `{"item_id":7,"fields":["a"],"X-Lang":"de"}`,
	"createItem":  `{"dry_run":true,"body":{"name":"Lamp","price":1,"tags":["a"],"size":{"width":1,"height":2},"notes":{"a":"b"}}}`,
	"replaceItem": `{"item_id":7,"body":{"name":"Lamp","price":1}}`,
	"deleteItem":  `{"item_id":7}`,
	"lists":       `{"ids":[1,2],"codes":["a"],"X-Names":["x"]}`,
	"growTree":    `{"body":{"name":"a","kids":[{"name":"b"}]}}`,
	"feedPet":     `{"body":{"kind":"cat","lives":3}}`,
	"double":      `{"body":[1,2]}`,
	"average":     `{"body":[{"celsius":1}]}`,
	"stream":      `{"n":2}`,
	"upload":      `{"body":{"file":{"filename":"a","content":"aGVsbG8="},"title":"abc","tags":["x"]}}`,
	"form":        `{"body":{"name":"ann","ages":[1],"agree":true}}`,
	"echoBytes":   `{"body":{"content":"aGVsbG8="}}`,
	"find_things": `{"body":{"words":["ab"]}}`,
	"twice":       `{"id":1,"query_id":2,"body":"b","filter_name":"f"}`,
	"large":       `{"bytes":3}`,
	"ask":         `{"body":["a"]}`,
	"filter":      `{"filter":{"author":"Li","price":{"from":10}},"ids":[1,2],"words":["sea"]}`,
}

// strange are values that are invalid for nearly every argument.
var strange = []any{
	nil, true, false, 0, -1, 1e300, 1.5, json.Number("9223372036854775808"), "", " ", "\x00", "\n", "a/b", "..", "%2F", "🦊", "null", "[]", "{}", `{"a":`, "true",
	strings.Repeat("x", 3000),
	[]any{},
	[]any{nil},
	[]any{[]any{}},
	map[string]any{},
	map[string]any{"": nil},
	map[string]any{"a": map[string]any{}},
	[]any{1, "a", nil},
}

// breaker makes arguments invalid: it changes one argument, or a part of it.
type breaker struct{ *rand.Rand }

func (b breaker) pick(n int) int { return b.IntN(n) }

// broken returns arguments with one changed, and its name.
func (b breaker) broken(arguments map[string]any) (map[string]any, string) {
	names := slices.Sorted(maps.Keys(arguments))
	name := names[b.pick(len(names))]
	switch b.pick(6) {
	case 0:
		delete(arguments, name)
	case 1:
		name = "unknown"
		arguments[name] = strange[b.pick(len(strange))]
	default:
		arguments[name] = b.change(arguments[name])
	}
	return arguments, name
}

// change replaces a value, or one inside it.
func (b breaker) change(value any) any {
	switch inside := value.(type) {
	case map[string]any:
		if len(inside) > 0 && b.pick(3) > 0 {
			inside, _ = b.broken(inside)
			return inside
		}
	case []any:
		if len(inside) > 0 && b.pick(3) > 0 {
			i := b.pick(len(inside))
			inside[i] = b.change(inside[i])
			return inside
		}
	}
	return strange[b.pick(len(strange))]
}

var statusOf5xx = regexp.MustCompile(`\b5\d\d [A-Z][a-z]+`)

// With invalid arguments, no call causes a server error, and every error names the argument. CANDOR_MCP_CALLS sets the
// number of calls.
func TestBrokenArguments(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("CANDOR_MCP_CALLS"))
	if err != nil {
		count = 1000
	}
	d, b := newDirect(t), breaker{rand.New(rand.NewPCG(1, 2))}
	tools := slices.Sorted(maps.Keys(valid))
	refused := 0
	for range count {
		tool := tools[b.pick(len(tools))]
		var arguments map[string]any
		require.NoError(t, json.Unmarshal([]byte(valid[tool]), &arguments))
		arguments, name := b.broken(arguments)
		text, err := json.Marshal(arguments)
		require.NoError(t, err)
		status, says, isError, err := d.call(tool, text)
		require.NoError(t, err, "%s %s", tool, text)
		require.Equal(t, http.StatusOK, status)
		if !isError {
			continue
		}
		refused++
		require.False(t, statusOf5xx.MatchString(says), "%s %s: %s", tool, text, says)
		require.Contains(t, says, name, "%s %s", tool, text)
	}
	t.Logf("%d of %d calls were refused", refused, count)
	assert.Greater(t, refused, count/2)
}

// The arguments that the invalid ones are made of are valid.
func TestValidArguments(t *testing.T) {
	d := newDirect(t)
	for tool, arguments := range valid {
		_, says, isError, err := d.call(tool, []byte(arguments))
		require.NoError(t, err)
		assert.False(t, isError, "%s: %s", tool, says)
	}
}

// Arguments may be any JSON.
func FuzzArguments(f *testing.F) {
	for tool, arguments := range valid {
		f.Add(tool, arguments)
		f.Add(tool, `{"body":[`+arguments+"]}")
	}
	f.Add("readItem", `[]`)
	f.Add("readItem", `"x"`)
	d := newDirect(f)
	f.Fuzz(func(t *testing.T, tool, arguments string) {
		if valid[tool] == "" || !json.Valid([]byte(arguments)) {
			return
		}
		status, says, _, err := d.call(tool, []byte(arguments))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.False(t, statusOf5xx.MatchString(says), says)
	})
}
