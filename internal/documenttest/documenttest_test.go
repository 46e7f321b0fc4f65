package documenttest_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/documenttest"
)

// The documents of all examples are valid in all versions, the same on every run, and describe each operation. Examples
// with their own modules take time to build, so they are only tested if the documents are collected for linters.
func TestDocumentsOfTheExamples(t *testing.T) {
	mains, err := filepath.Glob("../../examples/*/main.go")
	require.NoError(t, err)
	require.NotEmpty(t, mains)
	t.Setenv("SECRET", "a secret for tests")
	t.Setenv("ADMIN_KEY", "a key for tests, too")
	for _, main := range mains {
		dir := filepath.Dir(main)
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && os.Getenv("CANDOR_OPENAPI_DIR") == "" {
			continue
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "example")
			build := exec.Command("go", "build", "-o", program, ".")
			build.Dir = dir
			said, err := build.CombinedOutput()
			require.NoError(t, err, "%s", said)
			run := func() written {
				document, err := exec.Command(program, "-openapi").Output()
				require.NoError(t, err)
				return document
			}
			documenttest.Stable(t, run)
			document := run()
			documenttest.Check(t, "example-"+filepath.Base(dir), document)
			documenttest.Described(t, document)
		})
	}
}

// written is a document written by a program.
type written []byte

func (w written) WriteOpenAPI(to io.Writer) error {
	_, err := to.Write(w)
	return err
}

// unstable writes a different document each time.
type unstable struct{ times *int }

func (u unstable) WriteOpenAPI(to io.Writer) error {
	*u.times++
	_, err := fmt.Fprint(to, *u.times)
	return err
}

func TestDocumentsThatChange(t *testing.T) {
	f := &failing{}
	times := 0
	assert.Panics(t, func() { documenttest.Stable(f, func() unstable { return unstable{&times} }) })
	assert.Equal(t, 2, times)
	assert.Contains(t, strings.Join(f.said, "\n"), "other bytes")
}

func TestOperationsWithoutDescription(t *testing.T) {
	f := &failing{}
	documenttest.Described(f, []byte(`{"paths":{"/a":{"get":{"summary":"List","operationId":"usersList"},"put":{}},"/b":{"get":{"summary":"Lists users","operationId":"usersList"}}}}`))
	assert.Equal(t, []string{"get", "/a", "List", "usersList", "put", "/a", "", ""}, f.said)
}

// failing records failures.
type failing struct{ said []string }

func (f *failing) Helper() {}

func (f *failing) Errorf(format string, args ...any) {
	for _, arg := range args {
		if text, ok := arg.(string); ok {
			f.said = append(f.said, text)
		}
	}
}

func (f *failing) FailNow() { panic(f) }

func judged(document string) (said string) {
	f := &failing{}
	defer func() {
		if recover() != nil {
			said = strings.Join(f.said, "\n")
		}
	}()
	documenttest.Valid(f, []byte(document))
	return ""
}

// One of the validators finds each error.
func TestWrongDocuments(t *testing.T) {
	const head = `{"openapi":"3.1.0","info":{"title":"T","version":"1"},`
	assert.Empty(t, judged(head+`"paths":{}}`))
	for name, rest := range map[string]string{
		"nothing to describe":      `"x":1}`,
		"a path without its slash": `"paths":{"a":{}}}`,
		"no description":           `"paths":{"/a":{"get":{"responses":{"200":{}}}}}}`,
		"no such type":             `"paths":{},"components":{"schemas":{"S":{"type":"text"}}}}`,
		"an unknown field":         `"paths":{},"tags":[{"name":"a","nickname":"b"}]}`,
		"a pattern that is none":   `"paths":{},"components":{"schemas":{"S":{"pattern":"("}}}}`,
	} {
		assert.NotEmpty(t, judged(head+rest), name)
	}
	older := strings.Replace(head, "3.1.0", "3.0.3", 1)
	assert.Empty(t, judged(older+`"paths":{}}`))
	assert.NotEmpty(t, judged(older+`"paths":{},"components":{"schemas":{"S":{"type":["string","null"]}}}}`))
	assert.NotEmpty(t, judged(older+`"paths":{},"webhooks":{}}`))

	newer := strings.Replace(head, "3.1.0", "3.2.0", 1)
	content := func(media string) string {
		return newer + `"paths":{"/a":{"get":{"responses":{"200":{"description":"","content":{"application/jsonl":` + media + `}}}}}}}`
	}
	assert.Empty(t, judged(content(`{"itemSchema":{"type":"integer"}}`)))
	for name, document := range map[string]string{
		"a schema of items that is none":    content(`{"itemSchema":{"type":"text"}}`),
		"an unknown field":                  content(`{"itemsSchema":{}}`),
		"a mapping that is none":            content(`{"itemSchema":{"discriminator":{"propertyName":"a","defaultMapping":1}}}`),
		"data and a value":                  content(`{"examples":{"a":{"value":1,"dataValue":1}}}`),
		"a method that has a field":         newer + `"paths":{"/a":{"additionalOperations":{"GET":{"responses":{"200":{"description":""}}}}}}}`,
		"a style that cookies have not":     newer + `"paths":{"/a":{"parameters":[{"name":"a","in":"cookie","style":"simple","schema":{}}]}}}`,
		"a flow without where to ask first": newer + `"paths":{},"components":{"securitySchemes":{"a":{"type":"oauth2","flows":{"deviceAuthorization":{"tokenUrl":"/","scopes":{}}}}}}}`,
	} {
		assert.NotEmpty(t, judged(document), name)
	}
}

func TestDocumentsAreLeftForLinters(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CANDOR_OPENAPI_DIR", dir)
	documenttest.Check(t, "empty", []byte(`{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{}}`))
	for name, version := range map[string]string{"empty.json": "3.1.0", "empty-3.0.json": "3.0.3", "empty-3.2.json": "3.2.0"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Contains(t, string(data), `"openapi":"`+version+`"`)
	}
}
