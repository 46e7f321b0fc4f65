package contract_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/contract"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/faultlog"
	"github.com/candor-go/candor/internal/mediatype"
)

const document = `{
	"openapi": "3.2.0", "info": {"title": "Items", "version": "1"},
	"paths": {
		"/items/{id}": {"post": {
			"operationId": "change",
			"parameters": [
				{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
				{"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 3}}
			],
			"requestBody": {"required": true, "content": {
				"application/json": {"schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
				"application/jsonl": {"$ref": "#/components/mediaTypes/numbers"}
			}},
			"responses": {
				"200": {"description": "", "headers": {"X-Count": {"required": true, "schema": {"type": "integer"}},
						"Set-Cookie": {"style": "simple", "explode": true, "schema": {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"minLength": 2}}}}},
					"content": {"application/json": {"schema": {"type": "string"}}}},
				"204": {"description": ""},
				"default": {"description": "", "content": {"application/json": {}}}
			}
		}},
		"/ticks": {"get": {
			"operationId": "ticks",
			"responses": {"200": {"description": "", "content": {"text/event-stream": {"itemSchema": {"anyOf": [
				{"properties": {"event": {"enum": ["tick"]}, "data": {"contentSchema": {"type": "integer"}}}}
			]}}}}}
		}},
		"/chat": {"get": {
			"operationId": "chat",
			"responses": {"101": {"description": ""}},
			"x-websocket": {"receives": {"type": "integer"}, "sends": {"type": "string"}}
		}}
	},
	"components": {"mediaTypes": {"numbers": {"itemSchema": {"type": "integer"}}}}
}`

// recordingTB records failures.
type recordingTB struct {
	failures []string
	cleanups []func()
}

func (*recordingTB) Helper()             {}
func (tb *recordingTB) Cleanup(f func()) { tb.cleanups = append(tb.cleanups, f) }
func (tb *recordingTB) Errorf(format string, args ...any) {
	tb.failures = append(tb.failures, fmt.Sprintf(format, args...))
}

// find knows the routes of the document, and one that is not documented.
func find(r *http.Request) (path, method string, captured []string, ok bool) {
	if id, isItem := strings.CutPrefix(r.URL.Path, "/items/"); isItem {
		return "/items/{id}", r.Method, []string{id}, true
	}
	return r.URL.Path, r.Method, nil, r.URL.Path != "/nowhere"
}

// exchange checks a request and its response.
func exchange(t *testing.T, method, target, contentType, body string, got contract.Response, noted ...fault.Fault) []string {
	t.Helper()
	judge, err := contract.New([]byte(document), find)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	require.NoError(t, err)
	if body == "" {
		r.Body = http.NoBody
	}
	r.Header.Set("Content-Type", contentType)
	tb, log := &recordingTB{}, &faultlog.Log{}
	log.Note(noted)
	sent, read := contract.Keep(r)
	expected := judge.Of(tb, sent, log)
	if expected == nil {
		return nil
	}
	_, err = io.ReadAll(r.Body)
	require.NoError(t, err)
	got.Expected = func() bool { return false }
	expected.CheckResponse(sent, &got)
	expected.CheckRequest(sent, read, &got)
	for _, cleanup := range tb.cleanups {
		cleanup()
	}
	return tb.failures
}

// withCookies is the header of a response as documented that sets cookies.
func withCookies(lines ...string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "X-Count": {"3"}, "Set-Cookie": lines}
}

func TestExchanges(t *testing.T) {
	ok := http.Header{"Content-Type": {"application/json"}, "X-Count": {"3"}}
	json := http.Header{"Content-Type": {"application/json"}}
	const post, named = "/items/1", `{"name":"x"}`
	missing := fault.Fault{Type: fault.Missing, Loc: []any{"body", "name"}}
	for _, row := range []struct {
		about, target, contentType, body string
		got                              contract.Response
		noted                            []fault.Fault
		want                             string // of the only failure; empty for none
	}{
		{about: "as documented", got: contract.Response{Code: 200, Header: ok, Body: []byte(`"a"`)}},
		{about: "a status of the default", got: contract.Response{Code: 418, Header: json, Body: []byte(`{}`)}},
		{about: "no route of the document", target: "/other", got: contract.Response{Code: 200}},
		{about: "no route", target: "/nowhere", got: contract.Response{Code: 404}},
		{about: "a 500 is never documented by the default", got: contract.Response{Code: 500}, want: "status 500, which the test did not expect"},
		{about: "a body that breaks its schema", got: contract.Response{Code: 200, Header: ok, Body: []byte(`1`)}, want: "the body of status 200"},
		{about: "no JSON", got: contract.Response{Code: 200, Header: ok, Body: []byte(`"`)}, want: "JSON (RFC 8259), every name once"},
		{about: "a body where none is", got: contract.Response{Code: 204, Body: []byte(`1`)}, want: "no body"},
		{about: "another media type", got: contract.Response{Code: 200, Header: http.Header{"Content-Type": {"text/html"}, "X-Count": {"1"}}}, want: "the media type of status 200"},
		{about: "a header is missing", got: contract.Response{Code: 200, Header: json, Body: []byte(`"a"`)}, want: "the header X-Count of status 200"},
		{about: "a header breaks its schema", got: contract.Response{Code: 200, Header: http.Header{"Content-Type": {"application/json"}, "X-Count": {"x"}}, Body: []byte(`"a"`)}, want: "the header X-Count of status 200"},
		{about: "cookies", got: contract.Response{Code: 200, Header: withCookies("n=1; Path=/", "s=\"a b\"", "other=x"), Body: []byte(`"a"`)}},
		{about: "a cookie breaks its schema", got: contract.Response{Code: 200, Header: withCookies("n=x; Path=/"), Body: []byte(`"a"`)}, want: "the header Set-Cookie of status 200.n"},
		{about: "another cookie breaks its schema", got: contract.Response{Code: 200, Header: withCookies("n=1", "s=a"), Body: []byte(`"a"`)}, want: "the header Set-Cookie of status 200.s"},
		{about: "a parameter that should be refused", target: "/items/1?q=long", got: contract.Response{Code: 204}, want: "query q"},
		{about: "a segment that should be refused", target: "/items/x", got: contract.Response{Code: 204}, want: "path id"},
		{about: "a body that should be refused", body: `{}`, got: contract.Response{Code: 204}, want: "body"},
		{about: "a media type that should be refused", contentType: "text/csv", got: contract.Response{Code: 204}, want: "application/json or application/jsonl"},
		{about: "refused as documented", body: `{}`, got: contract.Response{Code: 422, Header: json, Body: []byte(`{}`)}, noted: []fault.Fault{missing}},
		{about: "refused although allowed", got: contract.Response{Code: 422, Header: json, Body: []byte(`{}`)}, noted: []fault.Fault{missing}, want: "no required that refuses this"},
		{about: "the response lists it", got: contract.Response{Code: 422, Header: json, Body: []byte(`{"detail":[{"type":"missing","loc":["body","name"]}]}`)}, want: "no required that refuses this"},
		{about: "a rule that no schema has", got: contract.Response{Code: 422, Header: json, Body: []byte(`{}`)}, noted: []fault.Fault{{Type: "value_error", Loc: []any{"body", "name"}}}},
		{about: "an item that is invalid", contentType: "application/jsonl", body: "1\n\"x\"\n", got: contract.Response{Code: 422, Header: json, Body: []byte(`{}`)}, noted: []fault.Fault{{Type: "int_type", Loc: []any{"body", 2}}}},
		{about: "an item that is valid", contentType: "application/jsonl", body: "1\n2\n", got: contract.Response{Code: 422, Header: json, Body: []byte(`{}`)}, noted: []fault.Fault{{Type: "int_type", Loc: []any{"body", 2}}}, want: "no type that refuses this"},
	} {
		t.Run(row.about, func(t *testing.T) {
			if row.target == "" {
				row.target = post
			}
			if row.contentType == "" {
				row.contentType = "application/json"
			}
			if row.body == "" {
				row.body = named
			}
			failures := exchange(t, http.MethodPost, row.target, row.contentType, row.body, row.got, row.noted...)
			if row.want == "" {
				assert.Empty(t, failures)
				return
			}
			require.Len(t, failures, 1)
			assert.Contains(t, failures[0], row.want)
		})
	}
}

func TestItemsAreJudgedOneByOne(t *testing.T) {
	judge, err := contract.New([]byte(document), find)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/ticks", http.NoBody)
	require.NoError(t, err)
	tb := &recordingTB{}
	items := judge.Of(tb, r, nil).CheckHead(r, &contract.Response{Code: 200, Header: http.Header{"Content-Type": {mediatype.Events}}})
	require.NotNil(t, items)
	for _, row := range []struct {
		item mediatype.Item
		want string
	}{
		{mediatype.Item{Name: "tick", Data: []byte("1")}, ""},
		{mediatype.Item{Name: "tick", Data: []byte(`"x"`)}, "the data of event 2, named \"tick\""},
		{mediatype.Item{Name: "tock", Data: []byte("1")}, "the name of event 3"},
		{mediatype.Item{Name: mediatype.GapEvent, Data: []byte("null")}, ""},
	} {
		tb.failures = nil
		items.Check(row.item)
		if row.want == "" {
			assert.Empty(t, tb.failures)
			continue
		}
		require.Len(t, tb.failures, 1)
		assert.Contains(t, tb.failures[0], row.want)
	}
}

func TestMessages(t *testing.T) {
	judge, err := contract.New([]byte(document), find)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "/chat", http.NoBody)
	require.NoError(t, err)
	tb := &recordingTB{}
	expected := judge.Of(tb, r, nil)
	expected.CheckSent(1, false, []byte(`"hello"`))
	expected.CheckReceived([]byte("1"), nil)
	// Rejected as documented, and the reply lists the validation error.
	expected.CheckReceived([]byte(`"x"`), []fault.Fault{{Type: "int_type", Loc: []any{"message"}}})
	expected.CheckSent(2, false, []byte(`{"detail":[{"type":"int_type","loc":["message"]}]}`))
	assert.Empty(t, tb.failures)

	expected.CheckSent(3, false, []byte(`{"detail":[{"type":"int_type","loc":["message"]}]}`)) // one report is enough
	expected.CheckSent(4, true, []byte(`"hello"`))
	expected.CheckReceived([]byte(`"x"`), nil)
	expected.CheckReceived([]byte("1"), []fault.Fault{{Type: "int_type", Loc: []any{"message"}}})
	require.Len(t, tb.failures, 4)
	for i, want := range []string{"message 3 from the app", "a text message", "the app accepted", "the app refused"} {
		assert.Contains(t, tb.failures[i], want)
	}
}

func TestDocumentsThatCannotBeRead(t *testing.T) {
	for _, text := range []string{`{`, strings.Replace(document, `"receives": {"type": "integer"}`, `"receives": {"$ref": "#/components/schemas/None"}`, 1)} {
		_, err := contract.New([]byte(text), find)
		assert.Error(t, err)
	}
	judge, err := contract.New([]byte(strings.Replace(document, `"maxLength": 3`, `"pattern": "(?<=a)b"`, 1)), find)
	require.NoError(t, err)
	require.Len(t, judge.Unread(), 1)
	assert.Equal(t, "(?<=a)b", judge.Unread()[0].Pattern)
}
