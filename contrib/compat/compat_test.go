package compat_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/compat"
)

// recorded is a test that records its calls.
type recorded struct{ errors, log []string }

func (r *recorded) Helper() {}

func (r *recorded) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorded) Logf(format string, args ...any) {
	r.log = append(r.log, fmt.Sprintf(format, args...))
}

func appOf(r routes) *candor.App {
	app := candor.New(candor.Config{Title: "x", Version: "1"})
	r(app)
	return app
}

func check(r routes, file string, options ...compat.Option) *recorded {
	test := &recorded{}
	compat.Check(test, appOf(r), file, options...)
	return test
}

// A missing file is written, breaking changes fail, and compatible ones pass.
func TestCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "testdata", "openapi.json")
	assert.Equal(t, &recorded{log: []string{"compat: " + file + " is written; commit it with the code"}}, check(body[free](), file))
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(written), "{\n  \"components\": {\n"), "sorted, one member a line")

	assert.Equal(t, &recorded{}, check(body[free](), file), "nothing changed")
	assert.Equal(t, &recorded{log: []string{"compat: " + file + " is older than the app, which breaks no client; go test -update writes it"}}, check(body[withOpt](), file))
	const line = "POST /x: added the new required request property `m`"
	assert.Equal(t, []string{"compat: breaks clients: " + line}, check(body[with](), file).errors)
	assert.Empty(t, check(body[with](), file, compat.Allow(line)).errors)
	assert.Equal(t, []string{`compat: Allow("POST /y: no") allows nothing, since ` + file + ` and the app have no such difference; drop it`},
		check(body[with](), file, compat.Allow(line, "POST /y: no")).errors)
	still, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, written, still)
}

// The flag -update of go test writes the file.
func TestUpdate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "openapi.json")
	check(body[free](), file)
	require.NoError(t, flag.Set("update", "true"))
	defer func() { assert.NoError(t, flag.Set("update", "false")) }()
	assert.Empty(t, check(body[with](), file).errors)
	require.NoError(t, flag.Set("update", "false"))
	assert.Equal(t, &recorded{}, check(body[with](), file))
}

// A router with its own document has its own file: one for each version.
func TestDocument(t *testing.T) {
	versions := func(v1, v2 routes) *candor.App {
		app := candor.New(candor.Config{Title: "x", Version: "1"})
		for prefix, r := range map[string]routes{"/v1": v1, "/v2": v2} {
			inner := candor.New(candor.Config{Title: prefix, Version: "1"})
			r(inner)
			app.Mount(prefix, inner)
		}
		return app
	}
	dir := t.TempDir()
	for _, version := range []string{"v1", "v2"} {
		test := &recorded{}
		path := compat.Document("/" + version + "/openapi.json")
		compat.Check(test, versions(body[free](), body[free]()), filepath.Join(dir, version), path)
		require.Empty(t, test.errors)
		test = &recorded{}
		compat.Check(test, versions(body[free](), body[with]()), filepath.Join(dir, version), path)
		assert.Len(t, test.errors, map[string]int{"v1": 0, "v2": 1}[version])
	}
	test := &recorded{}
	compat.Check(test, versions(none, none), filepath.Join(dir, "v3"), compat.Document("/v3/openapi.json"))
	assert.Equal(t, []string{"compat: GET /v3/openapi.json: 404 Not Found; give Document the path of a document in JSON"}, test.errors)
}

// What cannot be compared fails.
func TestUnreadable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "openapi.json")
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	test := check(body[free](), file)
	require.Len(t, test.errors, 1)
	assert.Contains(t, test.errors[0], "the old document: unexpected EOF")
	test = check(body[free](), t.TempDir())
	require.Len(t, test.errors, 1)
	assert.Contains(t, test.errors[0], "is a directory")
}

// Methods without a member in OpenAPI 3.1 are compared as well, in its extensions and in the members of 3.2.
func TestMethods(t *testing.T) {
	const doc = `{"openapi":"%s","info":{"title":"x","version":"1"},"paths":{"/x":{"get":{"responses":{"200":{"description":"OK"}}}%s}}}`
	const op = `{"operationId":"%s","parameters":[{"in":"query","name":"q","required":%t,"schema":{"type":"string"}}],"responses":{"200":{"description":"OK"}}}`
	for _, row := range []struct{ version, member string }{
		{"3.1.0", `,"x-query":%s`},
		{"3.2.0", `,"query":%s`},
		{"3.1.0", `,"x-additionalOperations":{"PURGE":%s}`},
		{"3.2.0", `,"additionalOperations":{"PURGE":%s}`},
	} {
		method := "QUERY"
		if strings.Contains(row.member, "PURGE") {
			method = "PURGE"
		}
		document := func(required bool) []byte {
			return fmt.Appendf(nil, doc, row.version, fmt.Sprintf(row.member, fmt.Sprintf(op, "x", required)))
		}
		found, err := compat.Breaking(document(false), document(true))
		require.NoError(t, err)
		assert.Equal(t, []string{method + " /x: the `query` request parameter `q` became required"}, found, row.member)
		found, err = compat.Breaking(document(false), fmt.Appendf(nil, doc, row.version, ""))
		require.NoError(t, err)
		assert.Equal(t, []string{method + " /x: API removed without deprecation"}, found, row.member)
	}
}

// A document in 3.1 and the same one in 3.2 have no differences.
func TestVersionsOfTheDocument(t *testing.T) {
	app := appOf(all(body[catOrDog](), out[candor.JSONLines[tree]]()))
	var old, today strings.Builder
	require.NoError(t, app.WriteOpenAPI(&old))
	require.NoError(t, app.WriteOpenAPIAs(&today, candor.OpenAPI31))
	found, err := compat.Breaking([]byte(old.String()), []byte(today.String()))
	require.NoError(t, err)
	assert.Empty(t, found)
}

func ExampleCheck() {
	t := &recorded{} // a *testing.T
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "openapi.json")

	newApp := func(h func(context.Context, candor.None) (candor.None, error), path string) *candor.App {
		app := candor.New(candor.Config{})
		candor.Get(app, path, h)
		return app
	}
	nothing := func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil }
	compat.Check(t, newApp(nothing, "/items"), file) // writes the file, as it is missing
	compat.Check(t, newApp(nothing, "/things"), file)
	fmt.Println(t.errors[0])
	// Output: compat: breaks clients: GET /items: API path removed without deprecation
}

func ExampleChangelog() {
	write := func(app *candor.App) []byte {
		var document strings.Builder
		if err := app.WriteOpenAPI(&document); err != nil {
			panic(err)
		}
		return []byte(document.String())
	}
	old := write(appOf(all(body[free](), at("GET", "/y"))))
	today := write(appOf(all(body[with](), at("GET", "/y"), at("GET", "/z"))))
	if err := compat.Changelog(os.Stdout, old, today); err != nil {
		panic(err)
	}
	// Output:
	// ## Breaking changes
	//
	// ### POST /x
	//
	// - added the new required request property `m`
	//
	// ## Changes
	//
	// ### GET /z
	//
	// - endpoint added
}

func ExampleAllow() {
	t := &recorded{} // a *testing.T
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "openapi.json")
	newApp := func(r routes) *candor.App {
		app := candor.New(candor.Config{})
		r(app)
		return app
	}
	compat.Check(t, newApp(itemsWithoutName), file)

	app := newApp(itemsWithName)
	compat.Check(t, app, file, compat.Allow("POST /items: added the new required request property `name`"))
	fmt.Println(t.errors)
	// Output: []
}

type item struct {
	Name string `json:"name"`
}

func itemsWithoutName(app *candor.App) {
	candor.Post(app, "/items", func(context.Context, struct {
		Body struct{} `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("createItem"))
}

func itemsWithName(app *candor.App) {
	candor.Post(app, "/items", func(context.Context, struct {
		Body item `body:""`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("createItem"))
}

func ExampleBreaking() {
	old := []byte(`{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"get": {"responses": {"200": {"description": "OK"}}}}}}`)
	today := []byte(`{"openapi": "3.1.0", "info": {"title": "x", "version": "2"}, "paths": {}}`)
	fmt.Println(compat.Breaking(old, today))
	// Output: [GET /x: API path removed without deprecation] <nil>
}
