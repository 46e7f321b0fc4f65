package typeinfo_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/typeinfo"
)

// keysOf returns the stray keys of a body whose only field has the tag.
func keysOf(t *testing.T, tag string) []*typeinfo.StrayKey {
	t.Helper()
	described, err := typeinfo.Of(object(field[string]("A", tag)))
	require.NoError(t, err, tag)
	return described.StrayKeys(map[*typeinfo.Type]bool{})
}

// A similar key counts as a misspelling: two letters may differ in a long key, one in a short one, and case does not
// matter.
func TestKeysThatAreNearlyOurs(t *testing.T) {
	for key, meant := range map[string]string{
		"defualt": "default", "deafult": "default", "defaults": "default", "Default": "default",
		"valdate": "validate", "validte": "validate", "validator": "validate", "vlaidate": "validate",
		"qeury": "query", "qery": "query", "queri": "query", "josn": "json", "jsno": "json", "JSON": "json",
		"haeder": "header", "headr": "header", "cokie": "cookie", "pathh": "path", "paht": "path", "from": "form", "fiel": "file",
		"bdoy": "body", "docs": "doc", "Doc": "doc", "exmaple": "example", "examples": "example", "patern": "pattern",
		"tilte": "title", "hiden": "hidden", "depreciated": "deprecated", "meida": "media", "satus": "status", "secuirty": "security",
	} {
		strays := keysOf(t, `json:"a" `+key+`:"x"`)
		if assert.Len(t, strays, 1, key) {
			assert.Equal(t, key, strays[0].Key)
			assert.EqualError(t, &strays[0].Error, "field A of struct{...}: its tag "+key+" is nearly "+meant+", but it is not read; write `"+meant+":\"...\"`")
		}
	}
}

// Keys that other frameworks use for binding, validation or documentation.
func TestKeysOfOtherFrameworks(t *testing.T) {
	for key, advice := range map[string]string{
		"binding": "`validate:", "uri": "`path:", "param": "`path:", "params": "`path:", "reqHeader": "`header:", "formData": "`form:",
		"required": "drop it", "enum": "oneof", "minimum": "gte=", "exclusiveMaximum": "lt=", "minLength": "min=", "maxItems": "max=",
		"description": "`doc:", "format": "a rule such as", "readOnly": "readonly:", "nullable": "pointer", "valid": "`validate:",
		"swaggertype": "OpenAPISchema", "swaggerignore": "`hidden:", "uniqueItems": "unique", "multipleOf": "multipleOf=",
	} {
		strays := keysOf(t, `json:"a" `+key+`:"x"`)
		if assert.Len(t, strays, 1, key) {
			assert.Contains(t, strays[0].Problem, "its tag "+key+" belongs to another framework")
			assert.Contains(t, strays[0].Fix, advice)
		}
	}
}

// Keys of other trades say nothing about requests and answers.
func TestKeysOfOtherLibraries(t *testing.T) {
	for _, key := range []string{
		"db", "sql", "gorm", "xorm", "orm", "bun", "pg", "bson", "dynamodbav", "firestore", "spanner", "bigquery",
		"yaml", "toml", "xml", "csv", "cbor", "msgpack", "avro", "protobuf", "parquet", "ini", "hcl", "plist", "codec",
		"mapstructure", "koanf", "url", "schema", "jsonschema", "graphql", "faker", "copier", "reader", "table", "state", "stats",
		"envDefault", "split_words", "index", "column", "label", "field", "filter", "cache", "class", "match", "depth", "mask", "log",
		"x", "v", "p", "bo", "j",
	} {
		assert.Empty(t, keysOf(t, `json:"a" `+key+`:"x"`), key)
	}
}

// Every kind of struct is asked, and every type that it consists of; a field that
// is in nobody's sight is not.
func TestWhereKeysAreChecked(t *testing.T) {
	inner := object(field[string]("A", `json:"a" defualt:"x"`))
	of := func(t reflect.Type, name string) reflect.StructField {
		return reflect.StructField{Name: name, Type: t, Tag: `json:"b"`}
	}
	type blank struct {
		_ struct{} `additionalProperties:"false"`
		A int      `json:"a"`
	}
	type unseen struct {
		a int `defualt:"1"` //nolint:unused // nobody sees it
		B int `json:"-" binding:"required"`
	}
	type Embedded struct {
		A int `json:"a" defualt:"1"`
	}
	type embedding struct{ Embedded }
	type recursive struct {
		A    int        `json:"a" defualt:"1"`
		Next *recursive `json:"next"`
	}
	for name, c := range map[string]struct {
		of    reflect.Type
		count int
	}{
		"a member":            {inner, 1},
		"in a struct":         {object(of(inner, "B")), 1},
		"in a list":           {object(of(reflect.SliceOf(inner), "B")), 1},
		"in a map":            {object(of(reflect.MapOf(reflect.TypeFor[string](), inner), "B")), 1},
		"behind a pointer":    {object(of(reflect.PointerTo(inner), "B")), 1},
		"an embedded struct":  {reflect.TypeFor[embedding](), 1},
		"contains itself":     {reflect.TypeFor[recursive](), 1},
		"of a blank field":    {reflect.TypeFor[blank](), 1},
		"of a field left out": {reflect.TypeFor[unseen](), 0},
	} {
		described, err := typeinfo.Of(c.of)
		require.NoError(t, err, name)
		assert.Len(t, described.StrayKeys(map[*typeinfo.Type]bool{}), c.count, name)
	}
}
