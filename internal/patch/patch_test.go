package patch_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/patch"
)

// TestMerge has the examples of RFC 7396, appendix A.
func TestMerge(t *testing.T) {
	t.Parallel()
	for _, row := range [][3]string{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"n":12345678901234567890.10}`, `{}`, `{"n":12345678901234567890.10}`},
	} {
		change := patch.Merge.Change(nil, []byte(row[1]))
		for range 2 { // a change may be tried again
			got, err := change([]byte(row[0]))
			require.NoError(t, err)
			assert.JSONEq(t, row[2], string(got), row[1])
		}
	}
	_, err := patch.Merge.Change(nil, []byte(`{}`))([]byte(`{`))
	require.Error(t, err)
}

func operate(t *testing.T, resource, text string, most int64) ([]byte, error) {
	t.Helper()
	var operations patch.Operations
	require.NoError(t, json.Unmarshal([]byte(text), &operations))
	change, err := operations.Change([]byte(text), most)
	if err != nil {
		return nil, err
	}
	return change([]byte(resource))
}

func TestOperations(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ patch, want, wrong string }{
		"none":             {`[]`, `{"a":1,"l":["x"]}`, ``},
		"some":             {`[{"op":"add","path":"/b","value":null},{"op":"remove","path":"/l/0"}]`, `{"a":1,"l":[],"b":null}`, ``},
		"no value":         {`[{"op":"replace","path":"/a"}]`, ``, `Value error: needed by replace at [body 0 value]`},
		"no pointers":      {`[{"op":"move","path":"a","from":"/~2"}]`, ``, "Value error: not a JSON pointer at [body 0 path]\nValue error: not a JSON pointer at [body 0 from]"},
		"nothing there":    {`[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/x"}]`, ``, `Value error: remove has a path that does not exist at [body 1 path]`},
		"a test":           {`[{"op":"test","path":"/a","value":2}]`, ``, `the test of operation 0 failed at "/a"`},
		"a negative index": {`[{"op":"remove","path":"/l/-1"}]`, ``, `Value error: remove has a path that does not exist at [body 0 path]`},
		"a large copy":     {`[{"op":"copy","from":"","path":"/b"},{"op":"copy","from":"","path":"/c"}]`, ``, `the patch copies too much`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := operate(t, `{"a":1,"l":["x"]}`, row.patch, 30)
			if row.wrong != "" {
				require.EqualError(t, err, row.wrong)
				return
			}
			require.NoError(t, err)
			assert.JSONEq(t, row.want, string(got))
		})
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	takesName := func(member string) bool { return member == "name" }
	for name, row := range map[string]struct{ patched, want, wrong string }{
		"the rest as it was":   {`{"name":"b","id":1}`, `{"name":"b"}`, ``},
		"another id":           {`{"id":2,"name":"b"}`, ``, `Value error: cannot be changed at [body id]`},
		"no id":                {`{"name":"b"}`, ``, `Value error: cannot be taken away at [body id]`},
		"an unknown member":    {`{"id":1,"name":"b","x":null}`, ``, `Value error: cannot be changed at [body x]`},
		"no member of the two": {`{"x":1}`, ``, "Value error: cannot be changed at [body x]\nValue error: cannot be taken away at [body id]"},
		"no object":            {`["a"]`, `["a"]`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := patch.Keep(takesName, []byte(`{"id":1,"name":"a"}`), []byte(row.patched))
			if row.wrong != "" {
				require.EqualError(t, err, row.wrong)
				return
			}
			require.NoError(t, err)
			assert.JSONEq(t, row.want, string(got))
		})
	}
}
