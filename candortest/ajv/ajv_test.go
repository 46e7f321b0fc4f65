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

// Every run asks the same. From one seed rapid makes one sequence of requests,
// which therefore has to be long enough for every question of Conform.
func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.seed": "1", "rapid.checks": "2000"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// verdict is what the server says of a body; faults are the places of what is
// wrong with it.
type verdict struct {
	body     string
	accepted bool
	faults   [][]any
}

// recorder keeps the verdicts on JSON bodies, by the operations' paths, which follow
// the method where that is not POST.
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

// read takes the faults from a 422. It reports whether they are the body's.
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

// answerWatch sees an answer.
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

// document is that of the service, and where the schemas of its bodies are.
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

// schemaOf is the pointer to the schema of an operation's body, by a key of a
// recorder.
func (d document) schemaOf(key string) string {
	if !strings.Contains(key, " ") {
		key = "POST " + key
	}
	return d.operations()[key].pointer + "/requestBody/content/application~1json/schema"
}

// find follows a pointer, and then references.
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

// says reports whether a schema says of itself that it is wider than the rule,
// has a format, of which every validator has its own idea, or an encoding,
// which most do not look into, or is an integer without an end: that of 64 bits
// is no float64.
func says(schema map[string]any) bool {
	isEndless := schema["type"] == "integer" && schema["minimum"] != nil && schema["maximum"] == nil
	return schema["x-validate"] != nil || schema["format"] != nil || schema["contentEncoding"] != nil || isEndless
}

// isRough reports whether a schema on the way to a fault says so.
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

// record has Conform send its requests, allowed ones and broken ones.
func record(t *testing.T, cases int) (recorder, document) {
	t.Helper()
	rec := recorder{}
	app := torture.New(candor.Config{}, candor.Use(rec.watch))
	candortest.Conform(t, app, candortest.Cases(cases))
	require.NotEmpty(t, rec)
	return rec, documentOf(t, app)
}

const enough = 10_000

// Bodies that the document allows, and bodies that break a rule of it, are
// judged alike by the server and by Ajv. The server alone may refuse what the
// document says it is rough about.
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
