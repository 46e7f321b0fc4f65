// Package documenttest validates OpenAPI documents in tests, with independent tools: kin-openapi, and the schemas of
// the OpenAPI Initiative with another validator of JSON Schema. It compares the document in version 3.0 with that in
// 3.1 by generated values, and validates the one in 3.2 with the schemas of its dialect.
package documenttest

import (
	"embed"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/openapi30"
	"github.com/candor-go/candor/internal/openapi32"
)

//go:embed testdata/*.json testdata/openapi-3.2/*.json
var published embed.FS

// TB is the part of [testing.TB] that this package uses.
type TB interface {
	require.TestingT
	Helper()
}

// Check validates a document in version 3.1 and its conversions to 3.0 and 3.2. If CANDOR_OPENAPI_DIR names a
// directory, it writes them there for linters, under the given name.
func Check(t TB, name string, document []byte) {
	t.Helper()
	Valid(t, document)
	tree, err := doctree.Parse(document)
	require.NoError(t, err)
	older, newer := openapi30.Convert(tree).AppendJSON(nil), openapi32.Convert(tree).AppendJSON(nil)
	Valid(t, older)
	Valid(t, newer)
	compare(t, document, older)
	require.Equal(t, string(document), string(tree.AppendJSON(nil)), "a conversion has changed the document that it was given")
	require.Equal(t, string(newer), string(openapi32.Convert(tree).AppendJSON(nil)), "two conversions of one document differ")
	if dir := os.Getenv("CANDOR_OPENAPI_DIR"); dir != "" {
		for suffix, data := range map[string][]byte{".json": document, "-3.0.json": older, "-3.2.json": newer} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name+suffix), data, 0o600))
		}
	}
}

// Valid validates a document of any version.
func Valid(t TB, document []byte) {
	t.Helper()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(document)
	require.NoError(t, err, "%s", document)
	version := doc.OpenAPI[:strings.LastIndexByte(doc.OpenAPI, '.')]
	// kin-openapi knows a third of the additions in 3.2, and rejects the others.
	if version != "3.2" {
		require.NoError(t, doc.Validate(loader.Context), "%s", document)
	}
	parsed := parse(t, string(document))
	require.NoError(t, metaSchema(t, version).Validate(parsed), "%s", document)
	if version != "3.0" {
		// The validator checks each schema with its own meta-schema.
		for name := range schemasOf(parsed) {
			compile(t, parsed, name, jsonschema.Draft2020)
		}
	}
}

// dialect are the schemas that validate the schemas in a document of version 3.2, by their URLs.
var dialect = map[string]string{
	"https://spec.openapis.org/oas/3.2/schema": "openapi-3.2", "https://spec.openapis.org/oas/3.2/schema-base": "openapi-3.2/base",
	"https://spec.openapis.org/oas/3.2/dialect": "openapi-3.2/dialect", "https://spec.openapis.org/oas/3.2/meta": "openapi-3.2/vocabulary",
}

// metaSchema returns the schema for documents of a version, such as "3.1".
func metaSchema(t TB, version string) *jsonschema.Schema {
	t.Helper()
	compiler, first := jsonschema.NewCompiler(), "file:///meta.json"
	resources := map[string]string{first: "openapi-" + version}
	if version == "3.2" {
		first, resources = "https://spec.openapis.org/oas/3.2/schema-base", dialect
	}
	for url, name := range resources {
		data, err := published.ReadFile("testdata/" + name + ".json")
		require.NoError(t, err)
		require.NoError(t, compiler.AddResource(url, parse(t, string(data))))
	}
	compiled, err := compiler.Compile(first)
	require.NoError(t, err)
	return compiled
}

func parse(t TB, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	return v
}

func schemasOf(document any) map[string]any {
	components, _ := document.(map[string]any)["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	return schemas
}

// compile compiles the schema of a component.
func compile(t TB, document any, name string, draft *jsonschema.Draft) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(draft)
	compiler.AssertFormat() // draft 4 does so by default
	require.NoError(t, compiler.AddResource("file:///document.json", document))
	compiled, err := compiler.Compile("file:///document.json#/components/schemas/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	require.NoError(t, err, "%s", name)
	return compiled
}

// samples is how many values are generated for each component.
const samples = 200

// compare looks for values that are valid in the newer document and invalid in the older one.
func compare(t TB, newer, older []byte) {
	t.Helper()
	first, second := parse(t, string(newer)), draft04(parse(t, string(older)))
	random := rand.New(rand.NewPCG(1, 2))
	for name, schema := range schemasOf(first) {
		judge, other := compile(t, first, name, jsonschema.Draft2020), compile(t, second, name, jsonschema.Draft4)
		values := maker{document: first, random: random}
		for range samples {
			v := values.value(schema, 0)
			if judge.Validate(v) == nil {
				require.NoError(t, other.Validate(v), "%s in 3.0 refuses %v", name, v)
			}
		}
	}
}

// draft04 converts the schemas of a 3.0 document to JSON Schema draft 4, which only differs in null.
func draft04(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if name, ok := v["type"].(string); ok && v["nullable"] == true {
			v["type"] = []any{name, "null"}
		}
		for key, inner := range v {
			v[key] = draft04(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = draft04(inner)
		}
	}
	return v
}
