package doctree_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/candor-go/candor/internal/doctree"
)

// tricky are documents whose YAML is easily misread.
var tricky = []string{
	`{}`, `[]`, `""`, `null`, `true`, `-1.5e300`, `{"a":{},"b":[]}`, `[[],[[1,[2]]],{"a":[{"b":1,"c":2}]}]`,
	`{"200":"x","yes":"no","on":1,"null":null,"~":"~","y":"Y","":"","<<":"<<","=":"="}`,
	`["1","1.0","1e3","0x1F","012","12:30","2026-11-21","true","True","NULL",".inf",".nan","- a","? a","-","--- a"]`,
	`["a: b","a:b","a #b","#a","a:","*a","&a","!a","%a","@a","` + "`a" + `","{a}","[a]","'a'","a\"b","|","> a",": a"," a","a ","a\\b","/a/{b}","$ref"]`,
	`{"a":"one\ntwo","b":"one\ntwo\n","c":"one\n\ntwo","d":"\none","e":"one\n\n","f":" one\ntwo","g":"one\n  two\n three ","h":"a\r\nb","i":"\n","j":"one\n\ttwo","k":"\tone\ntwo","l":"# a\n- b: c\n"}`,
	`["\u0000","\u007f","\u0085","\u2028","\ufeff","\ud83d\ude00","é","\t","a\tb"]`,
	`["one\ntwo",["one\ntwo",["one\ntwo"]]]`, `"one\ntwo"`, `"--- one\n... two"`,
	`{"` + strings.Repeat("k", 1100) + `":{"a":1},"` + strings.Repeat("l", 1100) + `":"x"}`,
	`{"deep":{"list":[{"a":1,"b":[1,2]},[3,{"c":4}],"x"]}}`,
}

// sameAsJSON holds both forms of a document against their text.
func sameAsJSON(t *testing.T, text string) {
	t.Helper()
	var want any
	require.NoError(t, json.Unmarshal([]byte(text), &want))
	v, err := doctree.Parse([]byte(text))
	require.NoError(t, err)

	var got any
	require.NoError(t, json.Unmarshal(v.AppendJSON(nil), &got))
	assert.Equal(t, want, got)

	written := v.AppendYAML(nil)
	got = nil
	require.NoError(t, yaml.Unmarshal(written, &got), "%s", written)
	read, err := json.Marshal(got)
	require.NoError(t, err, "%s", written)
	plain, err := json.Marshal(want)
	require.NoError(t, err)
	assert.JSONEq(t, string(plain), string(read), "%s", written)
}

func TestDocumentsAreTheSameInBothForms(t *testing.T) {
	for _, text := range tricky {
		sameAsJSON(t, text)
	}
}

func TestYAMLReadsWell(t *testing.T) {
	v, err := doctree.Parse([]byte(`{"openapi":"3.1.0","paths":{"/items/{id}":{"get":{"tags":["a","b"],"description":"One.\n\nTwo.","responses":{"200":{"description":"It's OK"}},"x":[{"a":1,"b":{}}]}}}}`))
	require.NoError(t, err)
	assert.Equal(t, strings.Join([]string{
		`openapi: "3.1.0"`,
		`paths:`,
		`  /items/{id}:`,
		`    get:`,
		`      tags:`,
		`        - a`,
		`        - b`,
		`      description: |-`,
		`        One.`,
		``,
		`        Two.`,
		`      responses:`,
		`        "200":`,
		`          description: It's OK`,
		`      x:`,
		`        - a: 1`,
		`          b: {}`,
		``,
	}, "\n"), string(v.AppendYAML(nil)))
}

func TestInvalidDocuments(t *testing.T) {
	for _, text := range []string{``, `{`, `[1`, `{"a"}`, `{"a":1}}`, `1 2`, `{"a":1,"a":2}`} {
		_, err := doctree.Parse([]byte(text))
		assert.Error(t, err, text)
	}
}

func TestMembers(t *testing.T) {
	v := doctree.Object(doctree.Member{Name: "a", Value: doctree.Number("1")})
	v.Set("b", doctree.Null())
	v.Set("a", doctree.Array(doctree.Bool(true), doctree.String("x")))
	assert.JSONEq(t, `{"a":[true,"x"],"b":null}`, string(v.AppendJSON(nil)))
	assert.Equal(t, "a", v.Members[0].Name)
	assert.True(t, v.Get("b").IsNull())
	assert.Nil(t, v.Get("c"))
	assert.Nil(t, v.Get("c").Get("d"))
	assert.Equal(t, `"�"`, string(doctree.String("\xff").AppendJSON(nil)))
}

func FuzzForms(f *testing.F) {
	for _, text := range tricky {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := doctree.Parse([]byte(text)); err != nil {
			return
		}
		var v any
		if json.Unmarshal([]byte(text), &v) != nil { // a number out of range
			return
		}
		sameAsJSON(t, text)
	})
}
