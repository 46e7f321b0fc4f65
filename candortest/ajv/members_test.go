package ajv

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest/internal/torture"
)

var update = flag.Bool("update", false, "write the table of the docs")

// trial is a member of a body, and the values to try.
type trial struct {
	path, member string
	// rough means that the document says it is wider than the rule.
	rough  bool
	values []string
	// both, none and server count the values that both allow, that neither allows, and that only the server refuses.
	both, none, server int
}

// texts are strings to try in every member. An example of one format, modified or not, is invalid in most others.
func texts(d document, r *rand.Rand) []string {
	all := []string{
		"", " ", "a", "A", "z9", "é", "日本", "\U0001f600", "\u00df", "\u01c5", "\u212a", "\u017f", "\u00ad", "\u2028", "0", "-0", "00", "1e5", "+1", ".5", "1.", "0x", "0X1f", "٣",
		"a\n", "\ta", "a@b", "a@b.de", "ü@bücher.de", "a@b_c.de", "\"a b\"@c.de", "a@[1.2.3.4]", "a@b.de.", "http://a", "http://ä.de/ö", "http://a.de/a b",
		"http://a.de/<x>", "HTTP://A", "a:b", "//a", "/a#%zz", "*", "http://[::1]:80", "mailto:a@b", "::ffff:1.2.3.4", "::ffff:102:304", "1.2.3.4", "01.2.3.4", "256.1.1.1",
		"fe80::1%eth0", "::", "1::2::3", "2024-02-30", "2023-02-29", "0000-01-01", "2024-2-1", "2024-01-01T24:00:00Z", "2016-12-31T23:59:60Z", "2024-01-01t00:00:00z",
		"2024-01-01 00:00:00Z", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00.123456789123Z", "12:30:00.5", "24:00", "1h30m", "-.5s", "1d", "9999999h", "urn:uuid:f47ac10b-58cc-4372-a567-0e02b2c3d479",
		"{f47ac10b-58cc-4372-a567-0e02b2c3d479}", "f47ac10b58cc4372a5670e02b2c3d479", "true", "TRUE", "t", "{}", "[", "null", "a_b.de", "-a", "a-", "a..b", "a.", "xn--a", "%", "%41", "%4",
	}
	for _, path := range []string{"/exactly", "/roughly", "/words"} {
		members := d.members(path)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			for _, example := range d.examples(members[name]) {
				all = append(all, example)
				for range 2 {
					all = append(all, changed(r, example))
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// changed inserts, removes or replaces one character.
func changed(r *rand.Rand, text string) string {
	const others = "aZ0é .-_:/%@\n\u00a0"
	runes := []rune(text)
	other := []rune(others)[r.IntN(len([]rune(others)))]
	at := r.IntN(len(runes) + 1)
	switch {
	case at == len(runes) || r.IntN(3) == 0:
		return string(slices.Insert(runes, at, other))
	case r.IntN(2) == 0:
		return string(slices.Delete(runes, at, at+1))
	}
	runes[at] = other
	return string(runes)
}

// members returns the schemas of a body's members.
func (d document) members(path string) map[string]any {
	schema := d.find(d.schemaOf(path))
	if ref, ok := schema["$ref"].(string); ok {
		schema = d.find(ref[1:])
	}
	return schema["properties"].(map[string]any)
}

func (d document) examples(schema any) []string {
	var all []string
	examples, _ := schema.(map[string]any)["examples"].([]any)
	for _, example := range examples {
		if text, ok := example.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// junk has JSON values for members that are not strings.
var junk = []string{
	`null`, `true`, `false`, `0`, `-0`, `1`, `-1`, `3`, `7`, `0.5`, `1.5`, `1e2`, `1.0`, `127`, `128`, `-129`, `255`, `256`, `32768`, `65535`, `65536`, `2147483648`,
	`4294967296`, `-2147483649`, `1e300`, `180.5`, `-90.00001`, `3.5`, `"x"`, `"1"`, `"0.5"`, `"true"`, `"-1"`, `""`, `[]`, `[1]`, `[1,1]`, `["a"]`, `["a","a"]`, `["a","b","c","d"]`, `[""]`,
	`[true]`, `[true,false]`, `[true,false,true]`, `[[]]`, `[[1],[2]]`, `[[-1]]`, `[null]`, `{}`, `{"a":1}`, `{"a":-1}`, `{"":1}`, `{"abcd":1}`, `{"a":1,"b":2,"c":3}`, `{"a":"x"}`, `{"a":"é"}`,
	`{"1":"x"}`, `{"01":"x"}`, `{"low":true}`, `{"kind":"cat","lives":1}`, `{"kind":"cat","lives":0}`, `{"kind":"cow"}`, `{"value":1}`, `{"value":100}`, `{"N":1}`, `"AAAA"`, `"AA"`, `"AAAAAAAAAAAA"`, `"aa-1"`, `"5m"`,
}

// tried are the operations, with the kind of their members.
var tried = map[string]string{
	"/exactly": "rule of text", "/roughly": "rule of text", "/rules": "rule",
	"/words": "text", "/numbers": "number", "/nulls": "or null", "/lists": "list or object",
}

// trials returns the trials of all members of these operations.
func trials(d document) []*trial {
	r := rand.New(rand.NewPCG(1, 1))
	var quoted []string
	for _, text := range texts(d, r) {
		quoted = append(quoted, quote(text))
	}
	var all []*trial
	for _, path := range slices.Sorted(maps.Keys(tried)) {
		members := d.members(path)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			schema := members[name].(map[string]any)
			t := &trial{path: path, member: name, rough: d.isRoughInside(schema, 0), values: junk}
			if path != "/numbers" && path != "/lists" {
				t.values = slices.Concat(junk, quoted)
			}
			all = append(all, t)
		}
	}
	return all
}

func quote(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	return strings.TrimSpace(b.String())
}

// isRoughInside reports whether any part of a schema is less exact.
func (d document) isRoughInside(value any, depth int) bool {
	switch v := value.(type) {
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return d.isRoughInside(item, depth) })
	case map[string]any:
		if says(v) || depth > 6 {
			return depth <= 6
		}
		if ref, ok := v["$ref"].(string); ok && d.isRoughInside(d.find(ref[1:]), depth+1) {
			return true
		}
		for _, keyword := range slices.Sorted(maps.Keys(v)) {
			if keyword != "default" && keyword != "examples" && d.isRoughInside(v[keyword], depth) {
				return true
			}
		}
	}
	return false
}

// with returns a body with another value for one member.
func with(t *testing.T, body, member, value string) string {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(body), &members))
	members[member] = json.RawMessage(value)
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(members))
	return strings.TrimSpace(b.String())
}

// The server and Ajv accept the same values for every member. Only a rule that the document merely notes may be
// narrower; the docs say how often it is.
func TestMembers(t *testing.T) {
	rec, d := record(t, 200)
	app := torture.New(candor.Config{})
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stop()) })
	all := trials(d)
	questions := make([]question, len(all))
	accepted := make([][]bool, len(all))
	for i, trial := range all {
		at := slices.IndexFunc(rec[trial.path], func(v verdict) bool { return v.accepted })
		require.GreaterOrEqual(t, at, 0, "no body of %s was accepted", trial.path)
		questions[i].Schema = d.schemaOf(trial.path)
		for _, value := range trial.values {
			body := with(t, rec[trial.path][at].body, trial.member, value)
			questions[i].Bodies = append(questions[i].Bodies, body)
			accepted[i] = append(accepted[i], send(t, app, trial, body))
		}
	}
	for i, allowed := range startAjv(t, d.text).values(t, questions) {
		all[i].count(t, accepted[i], allowed)
	}
	compareTable(t, all)
}

// send reports whether the server accepts a body.
func send(t *testing.T, app http.Handler, trial *trial, body string) bool {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, trial.path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	require.Contains(t, []int{http.StatusOK, http.StatusUnprocessableEntity}, w.Code, "%s %s: %s", trial.path, body, w.Body)
	return w.Code == http.StatusOK
}

func (trial *trial) count(t *testing.T, accepted, allowed []bool) {
	t.Helper()
	for i, value := range trial.values {
		switch {
		case accepted[i] && allowed[i]:
			trial.both++
		case accepted[i]:
			t.Errorf("%s of %s: the server accepts what the document refuses: %s", trial.member, trial.path, value)
		case !allowed[i]:
			trial.none++
		default:
			trial.server++
			assert.True(t, trial.rough, "%s of %s: the server refuses what the document allows: %s", trial.member, trial.path, value)
		}
	}
}

// table lists the members for which the server refuses more than the document.
func table(all []*trial) string {
	var b strings.Builder
	exact, values := 0, 0
	for _, trial := range all {
		if trial.server == 0 {
			exact++
			values += len(trial.values)
		}
	}
	fmt.Fprintf(&b, "%d of %d rules and types are judged alike, in all of %d values. Of the others:\n\n", exact, len(all), values)
	b.WriteString("| rule or type | | both allow | both refuse | the server alone refuses |\n|---|---|---|---|---|\n")
	for _, trial := range all {
		if trial.server > 0 {
			fmt.Fprintf(&b, "| `%s` | %s | %d | %d | %d |\n", trial.member, tried[trial.path], trial.both, trial.none, trial.server)
		}
	}
	return b.String()
}

const (
	page  = "../../docs/validation-ajv.md"
	begin = "<!-- written by go test -C candortest/ajv -update -->\n"
	end   = "<!-- end -->"
)

func compareTable(t *testing.T, all []*trial) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok, "%s has no table", page)
	was, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	is := "\n" + table(all) + "\n"
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+is+end+after), 0o644))
		return
	}
	assert.Equal(t, was, is, "go test -C candortest/ajv -update writes the table anew")
}
