package ajv

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/candortest/internal/torture"
)

// Every run sends the same requests. From one seed rapid makes one sequence, which has to be long enough for all
// requests of Conform.
func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.seed": "1", "rapid.checks": "2000"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// verdict is the server's verdict on a body; faults are the locations of the validation errors.
type verdict struct {
	body     string
	accepted bool
	faults   [][]any
}

// recorder has the verdicts on JSON bodies, by the paths of
// the operations, with the method in front if it is not POST.
type recorder map[string][]verdict

func (rec recorder) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "application/json" {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := &answerWatch{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		if err != nil || len(body) == 0 {
			return
		}
		if v := (verdict{body: string(body), accepted: answer.status/100 == 2}); v.accepted || v.read(answer) {
			key := strings.TrimPrefix(r.Method+" "+r.Pattern, "POST ")
			rec[key] = append(rec[key], v)
		}
	})
}

// read parses the validation errors of a 422. It reports whether they all belong to the body.
func (v *verdict) read(a *answerWatch) bool {
	var said struct {
		Detail []struct {
			Loc []any `json:"loc"`
		} `json:"detail"`
	}
	if a.status != http.StatusUnprocessableEntity || json.Unmarshal(a.body.Bytes(), &said) != nil {
		return false
	}
	for _, fault := range said.Detail {
		if fault.Loc[0] != "body" {
			return false
		}
		v.faults = append(v.faults, fault.Loc[1:])
	}
	return len(v.faults) > 0
}

// answerWatch records a response.
type answerWatch struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answerWatch) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answerWatch) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.body.Write(p)
	return a.ResponseWriter.Write(p)
}

func (a *answerWatch) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// document is the OpenAPI document of the app.
type document struct {
	text json.RawMessage
	root map[string]any
}

func documentOf(t *testing.T, app *candor.App) document {
	t.Helper()
	var d document
	var text bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&text))
	d.text = text.Bytes()
	require.NoError(t, json.Unmarshal(d.text, &d.root))
	return d
}

// schemaOf returns the pointer to the schema of an operation's body, for a key of a recorder.
func (d document) schemaOf(key string) string {
	if !strings.Contains(key, " ") {
		key = "POST " + key
	}
	return d.operations()[key].pointer + "/requestBody/content/application~1json/schema"
}

// find resolves a JSON pointer.
func (d document) find(pointer string) map[string]any {
	var at any = d.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		switch within := at.(type) {
		case []any:
			n, _ := strconv.Atoi(token)
			at = within[n]
		case map[string]any:
			at = within[strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")]
		}
	}
	schema, _ := at.(map[string]any)
	return schema
}

// says reports whether a schema is less exact than the server: it is marked as wider than the rule; it has a format,
// which validators define differently, or an encoding, which most ignore; or it is an integer without a maximum,
// since a 64-bit limit is not exact as a float64.
func says(schema map[string]any) bool {
	isEndless := schema["type"] == "integer" && schema["minimum"] != nil && schema["maximum"] == nil
	return schema["x-validate"] != nil || schema["format"] != nil || schema["contentEncoding"] != nil || isEndless
}

// isRough reports whether a schema on the way to a validation error is less exact.
func (d document) isRough(schema map[string]any, loc []any) bool {
	if schema == nil {
		return false
	}
	if says(schema) {
		return true
	}
	if ref, ok := schema["$ref"].(string); ok {
		return d.isRough(d.find(ref[1:]), loc)
	}
	for _, choice := range []string{"anyOf", "oneOf", "allOf"} {
		parts, _ := schema[choice].([]any)
		if slices.ContainsFunc(parts, func(part any) bool { return d.isRough(part.(map[string]any), loc) }) {
			return true
		}
	}
	if len(loc) == 0 {
		return false
	}
	below := []any{schema["items"]}
	if name, ok := loc[0].(string); ok {
		members, _ := schema["properties"].(map[string]any)
		below = []any{members[name], schema["additionalProperties"], schema["propertyNames"]}
	}
	return slices.ContainsFunc(below, func(next any) bool {
		part, _ := next.(map[string]any)
		return d.isRough(part, loc[1:])
	})
}

// record lets Conform send valid and invalid requests.
func record(t *testing.T, cases int) (recorder, document) {
	t.Helper()
	rec := recorder{}
	app := torture.New(candor.Config{}, candor.Use(rec.watch))
	candortest.Conform(t, app, candortest.Cases(cases))
	require.NotEmpty(t, rec)
	return rec, documentOf(t, app)
}

const enough = 10_000

// The server and Ajv agree on bodies that the document allows and on bodies that break one of its rules. Only where
// the document says that it is less exact, the server may refuse more.
func TestBodies(t *testing.T) {
	rec, d := record(t, 2500)
	paths := slices.Sorted(maps.Keys(rec))
	questions := make([]question, len(paths))
	for i, path := range paths {
		questions[i].Schema = d.schemaOf(path)
		for _, v := range rec[path] {
			questions[i].Bodies = append(questions[i].Bodies, v.body)
		}
	}
	allowed := startAjv(t, d.text).values(t, questions)
	var accepted, refused, rougher int
	for i, path := range paths {
		for j, v := range rec[path] {
			switch {
			case v.accepted:
				accepted++
				assert.True(t, allowed[i][j], "the server accepts at %s what the document refuses: %s", path, v.body)
			case allowed[i][j]:
				rougher++
				excused := slices.ContainsFunc(v.faults, func(loc []any) bool { return d.isRough(d.find(questions[i].Schema), loc) })
				assert.True(t, excused, "the server refuses at %s what the document allows: %s", path, v.body)
			default:
				refused++
			}
		}
	}
	t.Logf("%d accepted by both, %d refused by both, %d refused by the server alone", accepted, refused, rougher)
	assert.Greater(t, accepted, enough)
	assert.Greater(t, refused+rougher, enough)
}
