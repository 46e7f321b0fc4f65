package operationindex_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/operationindex"
	"github.com/candor-go/candor/internal/pathtree"
)

func served(t *testing.T, method, path, id, function string) operationindex.Request {
	pattern, err := pathtree.Parse(path)
	require.NoError(t, err)
	return operationindex.Request{
		Method: method, Pattern: pattern, Documented: pattern, Site: callsite.Here(), ID: id, Function: operationindex.Function{ID: function},
	}
}

func sent(t *testing.T, kind operationindex.Kind, name, id string) operationindex.Request {
	r := served(t, "POST", "/", id, "")
	r.Kind, r.Name = kind, name
	return r
}

func TestIDs(t *testing.T) {
	for _, test := range []struct {
		means    string
		requests []operationindex.Request
		want     string
	}{
		{"the function's", []operationindex.Request{served(t, "GET", "/items", "", "list")}, "list"},
		{"the shortest path has the short one", []operationindex.Request{served(t, "GET", "/v2/items", "", "list"), served(t, "GET", "/items", "", "list")}, "list_v2_items_get list"},
		{"no function", []operationindex.Request{served(t, "GET", "/items/{id}", "", ""), served(t, "GET", "/", "", "")}, "get_items_id get"},
		{"the same words", []operationindex.Request{served(t, "GET", "/a/b", "", ""), served(t, "GET", "/a-b", "", "")}, "get_a_b_2 get_a_b"},
		{"explicit ones first", []operationindex.Request{served(t, "GET", "/a", "", "list"), served(t, "GET", "/b", "list", "other")}, "list_a_get list"},
		{"callbacks and webhooks", []operationindex.Request{
			served(t, "POST", "/orders", "", "order"), sent(t, operationindex.Callback, "shipped", ""),
			sent(t, operationindex.Webhook, "sold-out", ""), sent(t, operationindex.Webhook, "late", "tooLate"),
		}, "order order_shipped sold_out tooLate"},
	} {
		x, conflicts := operationindex.New(test.requests, nil)
		assert.Empty(t, conflicts, test.means)
		assert.Equal(t, test.want, strings.Join(x.IDs, " "), test.means)
		for at, id := range x.IDs {
			assert.Equal(t, at, x.At[id], test.means)
		}
	}
}

// Ids do not change if routes are registered in another order.
func TestIDsInAnyOrder(t *testing.T) {
	requests := []operationindex.Request{
		served(t, "GET", "/items", "", "list"), served(t, "GET", "/v2/items", "", "list"), served(t, "GET", "/a-b", "", ""), served(t, "GET", "/a/b", "", ""),
		served(t, "PUT", "/items", "list_2", ""), served(t, "GET", "/list", "", "list_2"),
	}
	requests[1].Function.PC = 1 // another function of the same name
	ids := func(of []operationindex.Request) map[string]string {
		x, conflicts := operationindex.New(of, nil)
		require.Empty(t, conflicts)
		found := map[string]string{}
		for i, r := range of {
			found[r.Method+r.Pattern.String()] = x.IDs[i]
		}
		return found
	}
	want := ids(requests)
	for range len(requests) {
		requests = append(requests[1:], requests[0])
		assert.Equal(t, want, ids(requests))
	}
	slices.Reverse(requests)
	assert.Equal(t, want, ids(requests))
}

// Only one of the operations of a registration gets the id of the function, and the explicit one.
func TestOperationsOfOneRegistration(t *testing.T) {
	for explicit, want := range map[string]string{"": "list list_b_get", "all": "all all_b_get"} {
		first, second := served(t, "GET", "/a", explicit, "list"), served(t, "GET", "/b", explicit, "list")
		second.Site = first.Site
		x, conflicts := operationindex.New([]operationindex.Request{first, second}, nil)
		assert.Empty(t, conflicts)
		assert.Equal(t, want, strings.Join(x.IDs, " "))
	}
	a, b := served(t, "GET", "/a", "", "list"), served(t, "GET", "/b", "", "list")
	b.Function.In = reflect.TypeFor[int]()
	x, _ := operationindex.New([]operationindex.Request{a, b}, nil)
	assert.Equal(t, "list_a_get list_b_get", strings.Join(x.IDs, " "), "functions of one name")
}

func TestPaths(t *testing.T) {
	first, second := served(t, "GET", "/files/{path...}", "", ""), served(t, "PUT", "/files/{name...}", "", "")
	second.Documented = first.Documented
	x, conflicts := operationindex.New([]operationindex.Request{first, second, sent(t, operationindex.Webhook, "hook", "")}, nil)
	assert.Empty(t, conflicts)
	assert.Equal(t, []string{"/files/{path}", "/files/{path}", ""}, x.Paths)
}

func TestRename(t *testing.T) {
	requests := []operationindex.Request{served(t, "GET", "/a", "", "a"), served(t, "GET", "/b", "kept", "b"), served(t, "GET", "/c", "", "c")}
	x, conflicts := operationindex.New(requests, func(at int, id string) string {
		return map[string]string{"a": "renamed", "kept": "lost"}[id]
	})
	assert.Empty(t, conflicts)
	assert.Equal(t, []string{"renamed", "kept", "c"}, x.IDs)
	assert.NotContains(t, x.At, "a")
}

func TestConflicts(t *testing.T) {
	for want, test := range map[string]struct {
		at       int
		requests []operationindex.Request
		rename   func(int, string) string
	}{
		`the operation id "list" belongs to GET /a, registered at `: {1, []operationindex.Request{served(t, "GET", "/a", "list", ""), served(t, "GET", "/b", "list", "")}, nil},
		`would have GET /a/{x} twice: as /a/{x...}, and as /a/{x}, registered at `: {
			1, []operationindex.Request{served(t, "GET", "/a/{x}", "", ""), served(t, "GET", "/a/{x...}", "", "")}, nil,
		},
		`there is another webhook of this name and the method POST`: {1, []operationindex.Request{sent(t, operationindex.Webhook, "a", ""), sent(t, operationindex.Webhook, "a", "b")}, nil},
		`the operation id "taken" belongs to GET /a`:                {0, []operationindex.Request{served(t, "GET", "/a", "taken", ""), sent(t, operationindex.Callback, "a", "taken")}, nil},
		`Config.OperationID gives GET /b the id "x", which GET /a`:  {1, []operationindex.Request{served(t, "GET", "/a", "", ""), served(t, "GET", "/b", "", "")}, func(int, string) string { return "x" }},
	} {
		_, conflicts := operationindex.New(test.requests, test.rename)
		require.Len(t, conflicts, 1, want)
		assert.ErrorContains(t, conflicts[0].Err, want)
		assert.Equal(t, test.at, conflicts[0].At, want)
	}
}
