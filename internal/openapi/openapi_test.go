package openapi_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/documenttest"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/openapi"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

type book struct {
	Title string `json:"title" validate:"min=1" doc:"On the cover"`
	Pages int64  `json:"pages,omitempty"`
}

type problem struct {
	Detail string `json:"detail"`
}

type shelf struct {
	ID    int64  `path:"id" validate:"gte=1" doc:"The number of the shelf"`
	Trace string `header:"X-Trace,omitempty" hidden:"true"`
	Body  book   `body:""`
}

func typeOf[T any](t *testing.T) *typeinfo.Type {
	t.Helper()
	described, err := typeinfo.Of(reflect.TypeFor[T]())
	require.NoError(t, err)
	return described
}

// value is a response of JSON.
func value[T any](t *testing.T) operation.Value {
	t.Helper()
	return operation.Value{Kind: operation.JSON, Use: operation.Out, Type: typeOf[T](t)}
}

func content(mediaType string, values ...operation.Value) []operation.Content {
	return []operation.Content{{Media: operation.Media{Type: mediaType}, Values: values}}
}

// library is an API that no app has.
func library(t *testing.T) *operation.API {
	t.Helper()
	in, err := typeinfo.ReadInput(reflect.TypeFor[shelf](), func(reflect.Type) bool { return false })
	require.NoError(t, err)
	created := &operation.Response{
		Status: http.StatusCreated, Description: "Created", Content: content(mediatype.JSON, value[book](t)),
		Headers: []operation.Header{{Name: "Location", Description: "Where the book is", Required: true, Format: "uri-reference"}},
		Links:   []operation.Link{{Name: "read", OperationID: "readBooks", Parameters: map[string]string{"id": "$request.path.id"}}},
	}
	failed := &operation.Response{Status: 4000, Description: "Refused", Content: content(mediatype.JSON, value[problem](t), value[book](t))}
	var parameters []*operation.Parameter
	for _, f := range in.Params {
		parameters = append(parameters, &operation.Parameter{Name: f.Name, Field: f})
	}
	bearer := [][]operation.SchemeUse{{{Scheme: "token", Scopes: []string{}}}}
	return &operation.API{
		Info:    operation.Info{Title: "Library", Version: "1", Servers: []operation.Server{{URL: "/v1"}}},
		Schemes: map[string]operation.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}},
		Operations: []*operation.Operation{
			{
				ID: "addBook", Method: http.MethodPost, Path: "/shelves/{id}/books", Summary: "Add a book", Parameters: parameters, Security: bearer,
				Body: &operation.Body{
					Required: true, Field: in.Body, Value: operation.Value{Kind: operation.JSON, Use: operation.In, Field: in.Body},
					Media: []operation.Media{{Type: mediatype.JSON, Examples: []operation.Example{{Name: "short", Value: json.RawMessage(`{"title":"A"}`)}}}},
				},
				Responses: &operation.Responses{All: []*operation.Response{created, failed}},
			},
			{
				ID: "readBooks", Method: http.MethodGet, Path: "/shelves/{id}/books", Parameters: parameters[:1], Security: [][]operation.SchemeUse{},
				Responses: &operation.Responses{All: []*operation.Response{{Status: http.StatusOK, Description: "OK", Content: content(mediatype.Lines,
					operation.Value{Kind: operation.Items, Use: operation.Out, Sequence: mediatype.Lines, Type: typeOf[book](t)})}}},
			},
		},
	}
}

const libraryDocument = `{
"openapi":"3.1.0","info":{"title":"Library","version":"1"},"servers":[{"url":"/v1"}],
"paths":{"/shelves/{id}/books":{
	"post":{"summary":"Add a book","operationId":"addBook",
		"parameters":[{"name":"id","in":"path","description":"The number of the shelf","required":true,"schema":{"type":"integer","description":"The number of the shelf","format":"int64","minimum":1}}],
		"requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/book"},"examples":{"short":{"value":{"title":"A"}}}}}},
		"responses":{
			"201":{"description":"Created",
				"headers":{"Location":{"description":"Where the book is","required":true,"schema":{"type":"string","format":"uri-reference"}}},
				"content":{"application/json":{"schema":{"$ref":"#/components/schemas/book"}}},
				"links":{"read":{"operationId":"readBooks","parameters":{"id":"$request.path.id"}}}},
			"4XX":{"description":"Refused","content":{"application/json":{"schema":{"anyOf":[{"$ref":"#/components/schemas/problem"},{"$ref":"#/components/schemas/book"}]}}}}},
		"security":[{"token":[]}]},
	"get":{"operationId":"readBooks",
		"parameters":[{"name":"id","in":"path","description":"The number of the shelf","required":true,"schema":{"type":"integer","description":"The number of the shelf","format":"int64","minimum":1}}],
		"responses":{"200":{"description":"OK","content":{"application/jsonl":{
			"schema":{"type":"string","description":"JSON Lines: one value of the content's items a line","contentMediaType":"application/jsonl",
				"contentSchema":{"type":"array","items":{"$ref":"#/components/schemas/book"}}},
			"example":"{\"title\":\"text\",\"pages\":1}\n","x-itemSchema":{"allOf":[{"$ref":"#/components/schemas/book"}]}}}}},
		"security":[]}}},
"components":{"schemas":{
	"book":{"type":"object","required":["title"],"properties":{"title":{"type":"string","description":"On the cover","minLength":1},"pages":{"type":"integer","format":"int64"}}},
	"problem":{"type":"object","required":["detail"],"properties":{"detail":{"type":"string"}}}},
	"securitySchemes":{"token":{"type":"http","scheme":"bearer"}}}}`

// TestWrite: a document needs operations, but no app.
func TestWrite(t *testing.T) {
	document, err := openapi.Write(library(t), openapi.Options{})
	require.NoError(t, err)
	assert.JSONEq(t, libraryDocument, document.String())
	documenttest.Valid(t, document.Bytes())
}

// TestEditsChangeTheirOperationOnly: shared parts are written separately for an operation that is edited.
func TestEditsChangeTheirOperationOnly(t *testing.T) {
	api := library(t)
	shorten := func(op *openapi3.Operation) { op.Parameters[0].Value.Description = "edited" }
	descriptions := func(o openapi.Options) [2]string {
		document, err := openapi.Write(api, o)
		require.NoError(t, err)
		var doc openapi3.T
		require.NoError(t, doc.UnmarshalJSON(document.Bytes()))
		item := doc.Paths.Value("/shelves/{id}/books")
		return [2]string{item.Post.Parameters[0].Value.Description, item.Get.Parameters[0].Value.Description}
	}
	edits := map[*operation.Operation][]openapi.Edit{api.Operations[1]: {shorten}}
	assert.Equal(t, [2]string{"The number of the shelf", "edited"}, descriptions(openapi.Options{Edits: edits}))
	assert.Equal(t, [2]string{"edited", "The number of the shelf"}, descriptions(openapi.Options{
		EditDocument: func(doc *openapi3.T) { shorten(doc.Paths.Value("/shelves/{id}/books").Post) },
	}))
}

// TestKindsOfValues: each kind of unencoded value has its schema, also as a message.
func TestKindsOfValues(t *testing.T) {
	for kind, want := range map[operation.Kind][2]string{
		operation.Text:  {`{"type":"string"}`, `{"type":"string","contentMediaType":"text/plain"}`},
		operation.Bytes: {`{"type":"string","format":"binary"}`, `{"type":"string","format":"binary"}`},
		operation.Frame: {
			`{"anyOf":[{"type":"string","contentMediaType":"text/plain"},{"type":"string","format":"binary"}]}`,
			`{"anyOf":[{"type":"string","contentMediaType":"text/plain"},{"type":"string","format":"binary"}]}`,
		},
		operation.Any:   {`{}`, `{}`},
		operation.Parts: {`{"type":"object"}`, `{"type":"object"}`},
	} {
		v := operation.Value{Kind: kind}
		document, err := openapi.Write(&operation.API{Operations: []*operation.Operation{{
			ID: "it", Method: http.MethodGet, Path: "/",
			Responses: &operation.Responses{All: []*operation.Response{{Status: 200, Description: "OK", Content: content("x/y", v)}}},
			Socket:    &operation.Socket{Receives: v, Sends: v, Invalid: []operation.Value{value[problem](t)}},
		}}}, openapi.Options{})
		require.NoError(t, err)
		var doc struct {
			Paths map[string]map[string]struct {
				Responses map[string]struct {
					Content map[string]struct{ Schema json.RawMessage }
				}
				Socket struct{ Receives, AnswersInvalid json.RawMessage } `json:"x-websocket"`
			}
		}
		require.NoError(t, json.Unmarshal(document.Bytes(), &doc))
		op := doc.Paths["/"]["get"]
		assert.JSONEq(t, want[0], string(op.Responses["200"].Content["x/y"].Schema), "%d", kind)
		assert.JSONEq(t, want[1], string(op.Socket.Receives), "%d", kind)
		assert.JSONEq(t, `{"$ref":"#/components/schemas/problem"}`, string(op.Socket.AnswersInvalid))
	}
}

func TestFormats(t *testing.T) {
	const document = `{"openapi":"3.1.0","paths":{}}`
	renamed := func(*doctree.Value) *doctree.Value {
		tree, err := doctree.Parse([]byte(`{"asyncapi":"3.0.0"}`))
		require.NoError(t, err)
		return tree
	}
	for name, row := range map[string]struct {
		format openapi.Format
		want   string
	}{
		"as it is":  {openapi.Format{}, document},
		"converted": {openapi.Format{Convert: renamed}, `{"asyncapi":"3.0.0"}`},
		"as YAML":   {openapi.Format{YAML: true}, "openapi: \"3.1.0\"\npaths: {}\n"},
		"both":      {openapi.Format{Convert: renamed, YAML: true}, "asyncapi: \"3.0.0\"\n"},
	} {
		got, err := row.format.Of(schema.Whole([]byte(document)))
		require.NoError(t, err)
		assert.Equal(t, row.want, got.String(), name)
	}
	_, err := (&openapi.Format{YAML: true}).Of(schema.Whole([]byte("{")))
	assert.Error(t, err)
}
