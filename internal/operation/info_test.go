package operation_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/operation"
)

func TestCheckInfo(t *testing.T) {
	region := map[string]operation.ServerVariable{"region": {Default: "eu"}}
	for want, info := range map[string]operation.Info{
		"": {Servers: []operation.Server{{URL: "https://{region}.example.com", Variables: region}}, Tags: []operation.Tag{{Name: "a", Parent: "b"}, {Name: "b"}}},
		`the server "{a}" has the variable "a", which has no default`: {Servers: []operation.Server{{URL: "{a}"}}},
		`the server "/" has no {region}`:                              {Servers: []operation.Server{{URL: "/", Variables: region}}},
		`the default "x" of the variable "a" is not one of its values`: {Servers: []operation.Server{
			{URL: "{a}", Variables: map[string]operation.ServerVariable{"a": {Default: "x", Enum: []string{"y"}}}},
		}},
		"a tag without a name":             {Tags: []operation.Tag{{}}},
		`the tag "a" is described twice`:   {Tags: []operation.Tag{{Name: "a"}, {Name: "a"}}},
		`the tag "a" is a part of "b"`:     {Tags: []operation.Tag{{Name: "a", Parent: "b"}}},
		`the tag "a" is a part of itself`:  {Tags: []operation.Tag{{Name: "a", Parent: "b"}, {Name: "b", Parent: "a"}}},
		"ExternalDocs without a URL":       {ExternalDocs: operation.ExternalDocs{Description: "more"}},
		`documentation of the tag "a" has`: {Tags: []operation.Tag{{Name: "a", ExternalDocs: operation.ExternalDocs{Description: "more"}}}},
	} {
		err := info.Check()
		if want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, want)
	}
}

func TestInheritedInfo(t *testing.T) {
	outer := operation.Info{Title: "outer", Version: "1", Tags: []operation.Tag{{Name: "a"}}, Servers: []operation.Server{{URL: "/a"}}}
	inner := operation.Info{Title: "inner", Tags: []operation.Tag{}}
	inner.Inherit(&outer)
	assert.Equal(t, "inner", inner.Title)
	assert.Equal(t, "1", inner.Version)
	assert.Empty(t, inner.Tags, "an empty list says that there are none")
	assert.Equal(t, outer.Servers, inner.Servers)
}

// Fields that are added later are inherited, too.
func TestEveryFieldIsInherited(t *testing.T) {
	holdsInheritance[operation.Info](t, (*operation.Info).Inherit)
	holdsInheritance[operation.Annotations](t, (*operation.Annotations).Inherit)
}

func holdsInheritance[T any](t *testing.T, inherit func(inner, outer *T)) {
	for i := range reflect.TypeFor[T]().NumField() {
		name := reflect.TypeFor[T]().Field(i).Name
		var set, empty T
		fill(reflect.ValueOf(&set).Elem().Field(i))
		inherited := empty
		inherit(&inherited, &set)
		assert.Equal(t, set, inherited, "%s of the outer scope is lost", name)
		inherited = set
		inherit(&inherited, &empty)
		assert.Equal(t, set, inherited, "%s of the inner scope is lost", name)
	}
}

// fill sets a value that is not the zero value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Struct:
		fill(v.Field(0))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x"), reflect.New(v.Type().Elem()).Elem())
	}
}

func TestServeAt(t *testing.T) {
	info := operation.Info{Servers: []operation.Server{{URL: "/v1"}, {URL: "/v2"}, {URL: "/v2", Description: "again"}}}
	info.ServeAt([]string{"", "/{tenant}/api", "/v1"})
	assert.Equal(t, []operation.Server{
		{URL: "/{tenant}/api", Variables: map[string]operation.ServerVariable{"tenant": {Default: "tenant"}}}, {URL: "/v1"}, {URL: "/v2"},
	}, info.Servers)
}

func TestNamesOfSchemes(t *testing.T) {
	api := &operation.API{
		Info:    operation.Info{Servers: []operation.Server{{URL: "https://example.com/{v}", Variables: map[string]operation.ServerVariable{"v": {Default: "v1"}}}}},
		Schemes: map[string]operation.SecurityScheme{},
	}
	key := func(name string) *operation.SecurityScheme {
		return &operation.SecurityScheme{Type: "apiKey", In: "header", Name: name}
	}
	assert.Equal(t, "Key", api.Use("Key", false, key("X-A")))
	assert.Equal(t, "Key2", api.Use("Key", false, key("X-B")))
	assert.Equal(t, "Key", api.Use("Key", false, key("X-A")), "the same credentials")
	assert.Equal(t, "Key", api.Use("Key", true, key("X-C")), "a fixed name stands for what has it")
	assert.Len(t, api.Schemes, 2)

	for at, want := range map[string]string{"/token": "/v1/token", "token": "/v1/token", "https://auth.example.com/token": "https://auth.example.com/token", "": ""} {
		scheme := &operation.SecurityScheme{Type: "oauth2", Flows: []operation.Flow{{TokenURL: at}}}
		api.Use("OAuth2"+at, true, scheme)
		assert.Equal(t, want, api.Schemes["OAuth2"+at].Flows[0].TokenURL)
		assert.Equal(t, at, scheme.Flows[0].TokenURL, "the scheme itself stays as it is")
	}
}

func TestAnnotations(t *testing.T) {
	outer := operation.Annotations{
		Extensions: map[string]json.RawMessage{"x-a": json.RawMessage("1"), "x-b": json.RawMessage("1")},
		Servers:    []operation.Server{{URL: "/a"}}, Links: []operation.StatusLink{{Status: 200}},
		ExternalDocs: operation.ExternalDocs{URL: "/docs"},
	}
	inner := operation.Annotations{Links: []operation.StatusLink{{Status: 201}}}
	inner.Extend("x-b", json.RawMessage("2"))
	inner.Inherit(&outer)
	assert.Equal(t, map[string]json.RawMessage{"x-a": json.RawMessage("1"), "x-b": json.RawMessage("2")}, inner.Extensions)
	assert.Equal(t, "1", string(outer.Extensions["x-b"]), "the outer map is shared")
	assert.Equal(t, []operation.StatusLink{{Status: 200}, {Status: 201}}, inner.Links)
	assert.Equal(t, outer.Servers, inner.Servers)
	assert.Equal(t, outer.ExternalDocs, inner.ExternalDocs)

	x := &operation.StatusExample{Status: 404, Example: operation.Example{Name: "gone"}}
	require.NoError(t, inner.CheckExample(x))
	inner.Examples = append(inner.Examples, *x)
	assert.ErrorContains(t, inner.CheckExample(x), `ResponseExample(404, "gone") is listed twice`)
	assert.ErrorContains(t, inner.CheckExample(&operation.StatusExample{Example: operation.Example{Name: "a b"}}), `RequestExample("a b"); the name consists of`)
}

func TestLinks(t *testing.T) {
	for want, link := range map[string]operation.Link{
		"":                               {Name: "a", OperationID: "b", Parameters: map[string]string{"id": "$response.body#/id"}},
		`the name of a link is "a b"`:    {Name: "a b"},
		`the link "a" has no target`:     {Name: "a"},
		`"$request.id" is not a runtime`: {Name: "a", OperationID: "b", RequestBody: "$request.id"},
	} {
		err := link.Check()
		if want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, want)
	}
	link := operation.Link{Name: "a", Parameters: map[string]string{"item": "$request.path.id", "path.item": "$url"}, RequestBody: "$request.path.id"}
	public := link.Public(operation.Wildcards{Own: []string{"id"}, Documented: []string{"number"}}, operation.Wildcards{Own: []string{"item"}, Documented: []string{"id"}})
	assert.Equal(t, operation.Link{Name: "a", Parameters: map[string]string{"id": "$request.path.number", "path.id": "$url"}, RequestBody: "$request.path.number"}, public)
	assert.ErrorContains(t, link.Reaches(nil), `has no parameter "item"`)
	assert.ErrorContains(t, link.Starts(operation.Values{}), `reads no path "id"`)
}
