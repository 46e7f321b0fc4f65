package patch_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/patch"
)

// TestMerge checks the examples of RFC 7396, appendix A.
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
	require.NoError(t, json.Unmarshal(bytes.TrimPrefix([]byte(text), []byte("\ufeff")), &operations))
	change, err := operations.Change([]byte(text), most)
	if err != nil {
		return nil, err
	}
	return change([]byte(resource))
}

func TestOperations(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ patch, want, wrong string }{
		"none":              {`[]`, `{"a":1,"l":["x"]}`, ``},
		"some":              {`[{"op":"add","path":"/b","value":null},{"op":"remove","path":"/l/0"}]`, `{"a":1,"l":[],"b":null}`, ``},
		"no from":           {`[{"op":"copy","path":"/b"},{"op":"move","path":"/b"}]`, ``, "Value error: needed by copy at [body 0 from]\nValue error: needed by move at [body 1 from]"},
		"the whole as from": {`[{"op":"copy","from":"","path":"/b"}]`, `{"a":1,"b":{"a":1,"l":["x"]},"l":["x"]}`, ``},
		"no value":          {`[{"op":"replace","path":"/a"}]`, ``, `Value error: needed by replace at [body 0 value]`},
		"no pointers":       {`[{"op":"move","path":"a","from":"/~2"}]`, ``, "Value error: not a JSON pointer at [body 0 path]\nValue error: not a JSON pointer at [body 0 from]"},
		"nothing there":     {`[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/x"}]`, ``, `Value error: remove has a path that does not exist at [body 1 path]`},
		"a test":            {`[{"op":"test","path":"/a","value":2}]`, ``, `the test of operation 0 failed at "/a"`},
		"a negative index":  {`[{"op":"remove","path":"/l/-1"}]`, ``, `Value error: remove has a path that does not exist at [body 0 path]`},
		"a large copy":      {`[{"op":"copy","from":"","path":"/b"},{"op":"copy","from":"","path":"/c"}]`, ``, `the patch copies too much`},
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

// TestOperationsAsTheRFCsHaveThem covers cases that JSON patch libraries often get wrong.
func TestOperationsAsTheRFCsHaveThem(t *testing.T) {
	t.Parallel()
	const resource = `{"n":1,"x":null,"l":[1,2],"o":{"00":1,"a/b":{"m~n":2}},"big":9007199254740993}`
	const nowhere, noSource, differs = "path that does not exist at [body 0 path]", "from that does not exist at [body 0 from]", "the test of operation 0 failed"
	for name, row := range map[string]struct{ patch, want, wrong string }{
		"equal numbers":                {`[{"op":"test","path":"/n","value":1.0},{"op":"test","path":"/n","value":10e-1}]`, resource, ``},
		"equal numbers below":          {`[{"op":"test","path":"/l","value":[1.0,0.2e1]}]`, resource, ``},
		"other numbers":                {`[{"op":"test","path":"/n","value":-1}]`, ``, differs},
		"numbers of many digits":       {`[{"op":"test","path":"/big","value":9007199254740992}]`, ``, differs},
		"a number and a text":          {`[{"op":"test","path":"/n","value":"1"}]`, ``, differs},
		"a number and a list":          {`[{"op":"test","path":"/n","value":[1]}]`, ``, differs},
		"null":                         {`[{"op":"test","path":"/x","value":null}]`, resource, ``},
		"null, and nothing":            {`[{"op":"test","path":"/y","value":null}]`, ``, differs},
		"null, and nothing in a list":  {`[{"op":"test","path":"/l/5","value":null}]`, ``, differs},
		"the whole":                    {`[{"op":"test","path":"","value":` + resource + `}]`, resource, ``},
		"a leading zero":               {`[{"op":"add","path":"/l/00","value":0}]`, ``, nowhere},
		"a leading zero to remove":     {`[{"op":"remove","path":"/l/01"}]`, ``, nowhere},
		"a leading zero to replace":    {`[{"op":"replace","path":"/l/01","value":0}]`, ``, nowhere},
		"a leading zero to test":       {`[{"op":"test","path":"/l/00","value":1}]`, ``, differs},
		"a leading zero on the way":    {`[{"op":"add","path":"/l","value":[[]]},{"op":"add","path":"/l/00/0","value":1}]`, ``, "path that does not exist at [body 1 path]"},
		"a plus sign":                  {`[{"op":"remove","path":"/l/+1"}]`, ``, nowhere},
		"no digit":                     {`[{"op":"remove","path":"/l/one"}]`, ``, nowhere},
		"the end, to replace":          {`[{"op":"replace","path":"/l/-","value":3}]`, ``, nowhere},
		"the end":                      {`[{"op":"add","path":"/l/-","value":3},{"op":"add","path":"/l/3","value":4},{"op":"test","path":"/l","value":[1,2,3,4]},{"op":"remove","path":"/l/2"},{"op":"remove","path":"/l/2"}]`, resource, ``},
		"beyond the end":               {`[{"op":"add","path":"/l/3","value":3}]`, ``, nowhere},
		"a name of digits":             {`[{"op":"replace","path":"/o/00","value":2},{"op":"test","path":"/o/00","value":2},{"op":"replace","path":"/o/00","value":1}]`, resource, ``},
		"escaped names":                {`[{"op":"test","path":"/o/a~1b/m~0n","value":2}]`, resource, ``},
		"a member of a number":         {`[{"op":"add","path":"/n/a","value":2}]`, ``, nowhere},
		"another root":                 {`[{"op":"add","path":"","value":{}},{"op":"add","path":"/a","value":"<"}]`, `{"a":"<"}`, ``},
		"no root":                      {`[{"op":"remove","path":""}]`, ``, nowhere},
		"a move into itself":           {`[{"op":"move","from":"/o","path":"/o/a"}]`, ``, nowhere},
		"a move to where it is":        {`[{"op":"move","from":"/o","path":"/o"}]`, resource, ``},
		"a move to a longer name":      {`[{"op":"move","from":"/o","path":"/ob"},{"op":"move","from":"/ob","path":"/o"}]`, resource, ``},
		"a move of nothing":            {`[{"op":"move","from":"/q","path":"/o"}]`, ``, noSource},
		"a copy of nothing":            {`[{"op":"copy","from":"/l/2","path":"/o"}]`, ``, noSource},
		"a copy is a value of its own": {`[{"op":"copy","from":"/l","path":"/c"},{"op":"remove","path":"/c/0"},{"op":"test","path":"/l","value":[1,2]},{"op":"remove","path":"/c"}]`, resource, ``},
		"a byte order mark":            {"\ufeff[]", resource, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := operate(t, resource, row.patch, 1<<20)
			if row.wrong != "" {
				require.ErrorContains(t, err, row.wrong)
				return
			}
			require.NoError(t, err)
			assert.JSONEq(t, row.want, string(got))
		})
	}
}

// TestPatchesAreNoLongerThanTheirTexts makes sure that the limit of a body does not reject a patch that fits into it.
func TestPatchesAreNoLongerThanTheirTexts(t *testing.T) {
	t.Parallel()
	const resource = `{"a":"<&>","id":1}`
	merged, err := patch.Merge.Change(nil, []byte("\ufeff{}"))([]byte(resource))
	require.NoError(t, err)
	assert.Len(t, merged, len(resource))
	assert.JSONEq(t, resource, string(merged))
	operated, err := operate(t, resource, `[]`, 0)
	require.NoError(t, err)
	assert.Len(t, operated, len(resource))
	assert.JSONEq(t, resource, string(operated))
	kept, err := patch.Keep(func(member string) bool { return member == "a" }, operated, []byte(`{"a":"<&>","id":1.0}`))
	require.NoError(t, err)
	assert.Len(t, kept, len(`{"a":"<&>"}`))
	assert.JSONEq(t, `{"a":"<&>"}`, string(kept))
}

func TestKeep(t *testing.T) {
	t.Parallel()
	takesName := func(member string) bool { return member == "name" }
	for name, row := range map[string]struct{ patched, want, wrong string }{
		"the rest as it was":   {`{"name":"b","id":1}`, `{"name":"b"}`, ``},
		"another id":           {`{"id":2,"name":"b"}`, ``, `Value error: cannot be changed at [body id]`},
		"no id":                {`{"name":"b"}`, ``, `Value error: cannot be taken away at [body id]`},
		"an unknown member":    {`{"id":1,"name":"b","x":null}`, ``, `Value error: cannot be changed at [body x]`},
		"no member of the two": {`{"x":1}`, ``, "Value error: cannot be taken away at [body id]\nValue error: cannot be changed at [body x]"},
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
