package mcp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
)

// judge validates results against the schemas of their tools, with a validator that neither Candor nor the SDK uses.
type judge map[string]*jsonschema.Schema

func judgeOf(t *testing.T, session *sdk.ClientSession) judge {
	t.Helper()
	j := judge{}
	for tool, err := range session.Tools(t.Context(), nil) {
		require.NoError(t, err)
		compile(t, tool.Name+"/in", tool.InputSchema)
		if tool.OutputSchema != nil {
			j[tool.Name] = compile(t, tool.Name+"/out", tool.OutputSchema)
		}
	}
	return j
}

func compile(t *testing.T, name string, schema any) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(schema)
	require.NoError(t, err)
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("tool:///"+name, parsed))
	compiled, err := compiler.Compile("tool:///" + name)
	require.NoError(t, err, "%s", text)
	return compiled
}

// check validates a result. If its tool has a schema, it is structured, unless it is an error.
func (j judge) check(t *testing.T, name string, result *sdk.CallToolResult) {
	t.Helper()
	if schema := j[name]; schema != nil && !result.IsError {
		require.NotNil(t, result.StructuredContent, name)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(structured(t, result)))
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(value), name)
	}
}

// Each row is a call of a tool and its result.
func TestCalls(t *testing.T) {
	s := serve(t, mcp.Options{})
	session := s.connect(headers{"Authorization": "Bearer token-of-ann"}, nil)
	j := judgeOf(t, session)
	require.NotEmpty(t, j)
	file := `{"filename":"ü\".txt","content":"` + base64.StdEncoding.EncodeToString([]byte("hello")) + `"}`
	const notValid = "The arguments are not valid:\n- "
	for _, row := range []struct{ name, tool, arguments, says, structured string }{
		{
			"parameters of path, query and header, and the headers of an envelope", "readItem", `{"item_id":7,"fields":["a","b"],"X-Lang":"de"}`,
			"{\"id\":7,\"about\":\"dea+b\"}\nETag: \"v1\"", `{"id":7,"about":"dea+b"}`,
		},
		{"null stands for nothing", "readItem", `{"item_id":7,"fields":null,"X-Lang":null}`, "{\"id\":7,\"about\":\"en\"}\nETag: \"v1\"", ""},
		{"a number as a text", "readItem", `{"item_id":"7"}`, "{\"id\":7,\"about\":\"en\"}\nETag: \"v1\"", ""},
		{"one value for a list", "readItem", `{"item_id":7,"fields":"a"}`, "{\"id\":7,\"about\":\"ena\"}\nETag: \"v1\"", ""},
		{
			"all that is wrong at once", "readItem", `{"item_id":0,"X-Lang":"fr","fields":["a","b","c","d"]}`,
			"!" + notValid + "item_id: Must be greater than or equal to 1 (greater_than_equal)\n- fields: Must have at most 3 items, has 4 (too_long)\n- X-Lang: Must be one of 'en' or 'de' (enum)", "",
		},
		{
			"arguments that there are not, and missing ones", "readItem", `{"id":7,"fields":{"a":1}}`,
			"!" + notValid + "fields: Expected a single value, and no object\n- id: Unknown argument; there are X-Lang, fields, item_id\n- item_id: Field required (missing)", "",
		},
		{"a cookie is no argument", "readItem", `{"item_id":7,"seen":"x"}`, "!" + notValid + "seen: Unknown argument; there are X-Lang, fields, item_id", ""},
		{"a missing parameter of the query", "twice", `{"id":1}`, "!" + notValid + "query_id: Field required (missing)", ""},
		{"an empty segment", "twice", `{"id":"","query_id":1}`, "!" + notValid + "id: Must be neither empty nor \".\" or \"..\", since it is a segment of a path", ""},
		{"a name that is there twice, and one that no client takes", "twice", `{"id":1,"query_id":2,"body":"b","filter_name":"f"}`, `{"body":"b","odd":"f","path":1,"query":2}`, ""},
		{"errors are in the words of the arguments", "twice", `{"id":0,"query_id":1,"filter_name":"long"}`, "!" + notValid + "id: Must be greater than or equal to 1 (greater_than_equal)\n- query_id: Must be greater than or equal to 2 (greater_than_equal)\n- filter_name: Must have at most 3 characters (string_too_long)", ""},
		{"another error", "readItem", `{"item_id":1001}`, `!404 Not Found: {"detail":"no such item"}`, ""},
		{"no arguments", "readItem", `null`, "!" + notValid + "item_id: Field required (missing)", ""},
		{"a body", "createItem", `{"body":{"name":"Lamp","price":1.50}}`, `{"id":1,"name":"Lamp","price":1.5,"size":null}`, `{"id":1,"name":"Lamp","price":1.5,"size":null}`},
		{"a body as a text", "createItem", `{"body":"{\"name\":\"Lamp\",\"price\":1}"}`, `{"id":1,"name":"Lamp","price":1,"size":null}`, ""},
		{"a text that is no JSON", "createItem", `{"body":"Lamp"}`, "!" + notValid + "body: Expected an object (model_attributes_type)", ""},
		{"no body", "createItem", `{"dry_run":"maybe"}`, "!" + notValid + "dry_run: Not a boolean (bool_parsing)\n- body: Field required (missing)", ""},
		{"places in a body", "createItem", `{"body":{"name":"","tags":["a",""],"size":{"width":0,"height":1}}}`, "!" + notValid + "body.name: Must have at least 1 character (string_too_short)\n- body.price: Field required (missing)\n- body.tags[1]: Must have at least 1 character (string_too_short)\n- body.size.width: Must be greater than or equal to 1 (greater_than_equal)", ""},
		{"lists in the query, by commas and in a header", "lists", `{"ids":[1,2],"codes":["a","b"],"X-Names":["x","y"]}`, `["1","2","a","b","x","y"]`, `{"result":["1","2","a","b","x","y"]}`},
		{"a list as a text", "lists", `{"ids":"[1,2]"}`, `["1","2"]`, `{"result":["1","2"]}`},
		{"a list in a list", "lists", `{"ids":[[1]]}`, "!" + notValid + "ids[0]: Expected a single value", ""},
		{"null in a list", "lists", `{"ids":[1,null]}`, "!" + notValid + "ids[1]: Must not be null", ""},
		{"a header that HTTP cannot carry", "lists", `{"ids":[],"X-Names":["a\nb"]}`, "!" + notValid + `X-Names: `, ""},
		{"a type that contains itself", "growTree", `{"body":{"name":"a","kids":[{"name":"b"}]}}`, `{"name":"parent","kids":[{"name":"a","kids":[{"name":"b"}]}]}`, `{"name":"parent","kids":[{"name":"a","kids":[{"name":"b"}]}]}`},
		{"the same as a text", "growTree", `{"body":"{\"name\":\"a\"}"}`, `{"name":"parent","kids":[{"name":"a"}]}`, ""},
		{"a place in it", "growTree", `{"body":{"name":"a","kids":[{"name":""}]}}`, "!" + notValid + "body.kids[0].name: Must have at least 1 character (string_too_short)", ""},
		{"a union", "feedPet", `{"body":{"kind":"cat","lives":3}}`, `{"kind":"cat","lives":3}`, `{"result":{"kind":"cat","lives":3}}`},
		{"a variant that there is not", "feedPet", `{"body":{"kind":"cow"}}`, "!" + notValid + "body: Unknown 'kind'", ""},
		{"all digits of large numbers", "double", `{"body":[9007199254740993]}`, `[9007199254740993]`, ""},
		{"items", "average", `{"body":[{"celsius":1},{"celsius":2}]}`, `{"celsius":1.5}`, `{"celsius":1.5}`},
		{"no items", "average", `{"body":[]}`, `{"celsius":0}`, ""},
		{"items are counted from zero", "average", `{"body":[{"celsius":100},{"celsius":1}]}`, "!" + notValid + "body[0].celsius: Must be less than or equal to 60 (less_than_equal)", ""},
		{"items that are no list", "average", `{"body":{"celsius":1}}`, "!" + notValid + "body: Expected a list", ""},
		{"a stream", "stream", `{"n":2}`, `{"items":[{"celsius":0},{"celsius":1}]}`, `{"items":[{"celsius":0},{"celsius":1}]}`},
		{"an empty stream", "stream", `{"n":0}`, `{"items":[]}`, `{"items":[]}`},
		{"events", "petEvents", `{}`, `{"items":[{"event":"cat","id":"1","data":{"kind":"cat","lives":9}},{"event":"dog","data":{"kind":"dog","breed":"pug"}}]}`, `{"items":[{"event":"cat","id":"1","data":{"kind":"cat","lives":9}},{"event":"dog","data":{"kind":"dog","breed":"pug"}}]}`},
		{"a stream that fails", "petEvents", `{"fail":true}`, `!The stream failed after 2 items: {"detail":"the pets are tired"}`, ""},
		{"files and texts in a form", "upload", `{"body":{"file":` + file + `,"more":[` + file + `],"title":"abc","tags":["x","y"]}}`, `{"bytes":5,"more":1,"name":"ü\".txt","tags":["x","y"],"title":"abc"}`, ""},
		{"a file that is none", "upload", `{"body":{"file":"hello","title":"abc"}}`, "!" + notValid + `body.file: Expected a file: an object with "filename" and "content" in base64`, ""},
		{"one that is no base64", "upload", `{"body":{"file":{"content":"?"},"more":[{"filename":"x"}],"title":"abc"}}`, "!" + notValid + "body.file.content: Expected base64\n- body.more[0].content: Field required (missing)", ""},
		{"a member that files have not", "upload", `{"body":{"file":{"content":"","size":1},"title":"abc"}}`, "!" + notValid + `body.file.size: A file has "filename", "content" and "content_type" only`, ""},
		{"a text in a form", "upload", `{"body":{"file":` + file + `,"title":"a"}}`, "!" + notValid + "body.title: Must have at least 2 characters (string_too_short)", ""},
		{"a form", "form", `{"body":{"name":"ann","ages":[1,2],"agree":true}}`, `{"ages":[1,2],"agree":true,"name":"ann"}`, ""},
		{"what is wrong in a form", "form", `{"body":{"name":"a","ages":[-1]}}`, "!" + notValid + "body.name: Must have at least 2 characters (string_too_short)\n- body.ages[0]: Must be greater than or equal to 0 (greater_than_equal)", ""},
		{"an object in a form", "form", `{"body":{"name":"ann","ages":[[1]]}}`, "!" + notValid + "body.ages[0]: Expected a single value", ""},
		{"bytes", "echoBytes", `{"body":{"content":"/wA="}}`, "application/octet-stream \xff\x00", ""},
		{"a picture", "picture", `{}`, "image/png \x89PNG\r\n", ""},
		{"a text", "plainText", `{}`, `plain "text"`, ""},
		{"a redirect is not followed", "moved", `{}`, "307 Temporary Redirect\nLocation: /text", ""},
		{"nothing", "deleteItem", `{"item_id":1}`, "204 No Content", ""},
		{"too much", "large", `{"bytes":300000}`, "!The response is larger than 262144 bytes, which is more than a tool returns; ask for less, by the arguments bytes.", ""},
		{"who calls", "me", `{}`, "ann", ""},
		{"the method QUERY", "ask", `{"body":["a"]}`, `["a"]`, `{"result":["a"]}`},
		{"what is wrong with it", "ask", `{"body":[]}`, "!" + notValid + "body: Must have at least 1 item", ""},
		{"a method of its own", "deleteThings", `{}`, "204 No Content", ""},
		{"an object in the query, and lists with other separators", "filter", `{"filter":{"author":"Li","price":{"from":10}},"ids":[1,2],"words":["sea","land"]}`, `{"author":"Li","from":10,"ids":[1,2],"words":["sea","land"]}`, ""},
		{"places in it", "filter", `{"filter":{"author":"longer","price":{"from":-1}},"ids":["x"],"words":["a","b","c"]}`, "!" + notValid + "filter.author: Must have at most 5 characters (string_too_long)\n- filter.price.from: Must be greater than or equal to 0 (greater_than_equal)\n- ids[0]: Not an integer (int_parsing)\n- words: Must have at most 2 items, has 3 (too_long)", ""},
		{"a name of its own", "find_things", `{"body":{"words":["ab"]}}`, `{"found":1}`, `{"found":1}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			result := call(t, session, row.tool, row.arguments)
			j.check(t, row.tool, result)
			says, isError := strings.CutPrefix(row.says, "!")
			text := said(result)
			assert.Equal(t, isError, result.IsError, text)
			if isError {
				assert.True(t, strings.HasPrefix(text, says), "%q", text)
				return
			}
			assert.Equal(t, says, text)
			if row.structured != "" {
				assert.JSONEq(t, row.structured, structured(t, result))
			}
		})
	}
}

// The tools of an app, as clients see them.
func TestTools(t *testing.T) {
	session := serve(t, mcp.Options{}).connect(nil, nil)
	info := session.InitializeResult()
	assert.Equal(t, "Everything", info.ServerInfo.Name)
	assert.Equal(t, "1.2.3", info.ServerInfo.Version)
	assert.Equal(t, "One tool of every kind.", info.Instructions)
	found := map[string]string{}
	for tool, err := range session.Tools(t.Context(), nil) {
		require.NoError(t, err)
		input, ok := tool.InputSchema.(map[string]any)
		require.True(t, ok)
		properties, _ := input["properties"].(map[string]any)
		var is []string
		for hint, yes := range map[string]bool{"reads": tool.Annotations.ReadOnlyHint, "destroys": *tool.Annotations.DestructiveHint, "idempotent": tool.Annotations.IdempotentHint} {
			if yes {
				is = append(is, hint)
			}
		}
		assert.False(t, *tool.Annotations.OpenWorldHint)
		slices.Sort(is)
		found[tool.Name] = strings.Join(slices.Sorted(maps.Keys(properties)), " ") + " | " + strings.Join(is, " ")
	}
	const reads, destroys = "idempotent reads", "destroys"
	assert.Equal(t, map[string]string{
		"readItem": "X-Lang fields item_id | " + reads, "createItem": "body dry_run | " + destroys, "replaceItem": "body item_id | destroys idempotent",
		"deleteItem": "item_id | destroys idempotent", "lists": "X-Names codes ids | " + reads, "growTree": "body | " + destroys, "feedPet": "body | " + destroys,
		"double": "body | " + destroys, "average": "body | " + destroys, "stream": "n | " + reads, "petEvents": "fail | " + reads, "get_endless": " | " + reads,
		"upload": "body | " + destroys, "form": "body | " + destroys, "echoBytes": "body | " + destroys, "picture": " | " + reads, "plainText": " | " + reads, "moved": " | " + reads,
		"large": "bytes | " + reads, "me": " | " + reads, "get_seen": " | " + reads, "get_wait": " | " + reads, "find_things": "body | " + reads,
		"ask": "body | " + reads, "deleteThings": " | " + destroys, "filter": "filter ids words | " + reads,
		"twice": "body filter_name id query_id | " + reads,
	}, found)
}

// Only selected operations are tools.
func TestChosen(t *testing.T) {
	names := func(options mcp.Options) []string {
		s := &service{t: t, saw: &seen{about: map[string]string{}}}
		app := newApp(s.saw, candor.Config{})
		candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, options))
		s.url = start(t, app)
		var found []string
		for tool, err := range s.connect(nil, nil).Tools(t.Context(), nil) {
			require.NoError(t, err)
			found = append(found, tool.Name)
		}
		return found
	}
	assert.Equal(t, []string{"find_things"}, names(mcp.Options{}), "by Tool")
	assert.Equal(t, []string{"createItem", "deleteItem", "find_things", "readItem", "replaceItem"}, names(mcp.Options{Tags: []string{"items"}}), "by tag")
	all := names(mcp.Options{All: true})
	assert.NotContains(t, all, "get_secret", "NoTool wins")
	assert.NotContains(t, all, "post_mcp", "nothing is known of plain handlers")
	assert.Contains(t, all, "get_seen")
}

// Schemas are self-contained: they have references only for recursive types, and no keywords of OpenAPI.
func TestSchemasStandAlone(t *testing.T) {
	for tool, err := range serve(t, mcp.Options{}).connect(nil, nil).Tools(t.Context(), nil) {
		require.NoError(t, err)
		for _, schema := range []any{tool.InputSchema, tool.OutputSchema} {
			text, err := json.Marshal(schema)
			require.NoError(t, err)
			assert.NotContains(t, string(text), "components")
			assert.NotContains(t, string(text), "discriminator")
			assert.NotContains(t, string(text), `"x-`)
			assert.NotContains(t, strings.ReplaceAll(string(text), "#/$defs/Node", ""), "$ref\":\"#", tool.Name)
			if o, ok := schema.(map[string]any); ok {
				assert.Equal(t, "object", o["type"])
			}
		}
	}
}

// Each item of a stream is a progress notification.
func TestProgress(t *testing.T) {
	told := make(chan *sdk.ProgressNotificationParams, 10)
	session := serve(t, mcp.Options{}).connect(nil, &sdk.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, req *sdk.ProgressNotificationClientRequest) { told <- req.Params },
	})
	params := &sdk.CallToolParams{Name: "stream", Arguments: map[string]any{"n": 3}}
	params.SetProgressToken("it")
	result, err := session.CallTool(t.Context(), params)
	require.NoError(t, err)
	assert.False(t, result.IsError)
	for i, message := range []string{`{"celsius":0}`, `{"celsius":1}`, `{"celsius":2}`} {
		p := <-told
		assert.Equal(t, "it", p.ProgressToken)
		assert.InDelta(t, i+1, p.Progress, 0)
		assert.Equal(t, message, p.Message)
	}
}

// A stream is truncated at its limits, and the result says so.
func TestStreamsAreTruncated(t *testing.T) {
	session := serve(t, mcp.Options{MaxItems: 3}).connect(nil, nil)
	result := call(t, session, "stream", `{"n":4}`)
	assert.JSONEq(t, `{"items":[{"celsius":0},{"celsius":1},{"celsius":2}],"more":true}`, structured(t, result))
	assert.JSONEq(t, `{"items":[{"celsius":0},{"celsius":1},{"celsius":2}]}`, structured(t, call(t, session, "stream", `{"n":3}`)))
	session = serve(t, mcp.Options{MaxResponse: 40}).connect(nil, nil)
	assert.JSONEq(t, `{"items":[{"celsius":0},{"celsius":1},{"celsius":2}],"more":true}`, structured(t, call(t, session, "stream", `{"n":40}`)))
}

// Large files are accepted, up to the limit of a request.
func TestLargeRequests(t *testing.T) {
	s := serve(t, mcp.Options{})
	session := s.connect(nil, nil)
	content := base64.StdEncoding.EncodeToString(make([]byte, 1_500_000))
	result := call(t, session, "upload", `{"body":{"title":"large","file":{"filename":"a","content":"`+content+`"}}}`)
	assert.JSONEq(t, `{"bytes":1500000,"more":0,"name":"a","tags":[],"title":"large"}`, structured(t, result))
	result = call(t, session, "createItem", `{"body":{"price":1,"name":"`+strings.Repeat("x", 2<<20)+`"}}`)
	assert.True(t, result.IsError)
	assert.Equal(t, `body: 413 Request Entity Too Large: {"detail":"the body is too large"}`, said(result))
	status, text := s.post(t, nil, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":"`+strings.Repeat("x", 5<<20)+`"}}`)
	assert.Equal(t, http.StatusRequestEntityTooLarge, status, text)
}

// The documents are resources, with the same access control as for other clients.
func TestDocuments(t *testing.T) {
	guarded := candor.New(candor.Config{Docs: candor.Docs{Options: []candor.Option{candor.Require(func(ctx context.Context, in login) error { _, err := user(ctx, in); return err })}}})
	candor.Get(guarded, "/hello", plainText)
	candor.HandleHTTP(guarded, []string{http.MethodPost}, "/mcp", mcp.Of(guarded, mcp.Options{All: true, Documents: []string{"/openapi.json", "/openapi.yaml"}}))
	s := &service{t: t, url: start(t, guarded)}
	session := s.connect(headers{"Authorization": "Bearer token-of-ann"}, nil)
	var found []string
	for resource, err := range session.Resources(t.Context(), nil) {
		require.NoError(t, err)
		found = append(found, resource.URI+" "+resource.MIMEType)
		read, err := session.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: resource.URI})
		require.NoError(t, err)
		assert.Contains(t, read.Contents[0].Text, "/hello")
	}
	assert.Equal(t, []string{"openapi:///openapi.json application/json", "openapi:///openapi.yaml application/yaml"}, found)
	_, err := s.connect(nil, nil).ReadResource(t.Context(), &sdk.ReadResourceParams{URI: "openapi:///openapi.json"})
	require.ErrorContains(t, err, "401")
}

// The server can be extended, for example with prompts.
func TestServer(t *testing.T) {
	session := serve(t, mcp.Options{Server: func(server *sdk.Server) {
		server.AddPrompt(&sdk.Prompt{Name: "tidy"}, func(context.Context, *sdk.GetPromptRequest) (*sdk.GetPromptResult, error) {
			return &sdk.GetPromptResult{Description: "Tidy up"}, nil
		})
	}}).connect(nil, nil)
	prompt, err := session.GetPrompt(t.Context(), &sdk.GetPromptParams{Name: "tidy"})
	require.NoError(t, err)
	assert.Equal(t, "Tidy up", prompt.Description)
}
