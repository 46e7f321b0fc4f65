package ajv

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/candortest/internal/combination"
	"github.com/candor-go/candor/candortest/internal/torture"
)

// exchange is a complete request and the server's response.
type exchange struct {
	method, template, path, rawQuery string
	header                           http.Header
	body                             string
	status                           int
	faults                           []located
}

// located is a validation error in a response.
type located struct {
	Type string `json:"type"`
	Loc  []any  `json:"loc"`
}

// journal records exchanges.
type journal struct {
	mutex sync.Mutex
	all   []*exchange
}

func (j *journal) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		e := &exchange{
			method: r.Method, template: r.Pattern, path: r.URL.EscapedPath(), rawQuery: r.URL.RawQuery,
			header: r.Header.Clone(), body: string(body),
		}
		answer := &answerWatch{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		var said struct {
			Detail []located `json:"detail"`
			Errors []located `json:"errors"`
		}
		_ = json.Unmarshal(answer.body.Bytes(), &said) // other forms have no validation errors
		e.status, e.faults = answer.status, append(said.Detail, said.Errors...)
		j.mutex.Lock()
		j.all = append(j.all, e)
		j.mutex.Unlock()
	})
}

func (e *exchange) String() string {
	return fmt.Sprintf("%s %s?%s %v\n%s\n-> %d %v", e.method, e.path, e.rawQuery, e.header, e.body, e.status, e.faults)
}

// part is a parameter or the body of a request: its schema, and the values it may be decoded to, none if it is
// missing. For a form, the pointer leads to its media type, and the only reading is the body itself.
type part struct {
	in, name string
	judge
	readings []string
	missing  bool
}

// judge is the schema that a value is validated with. The content type is set for a form.
type judge struct{ pointer, contentType string }

// operation is an operation of the document.
type operation struct {
	pointer    string
	at         map[string]any
	parameters []parameter
}

type parameter struct {
	in, name, pointer string
	style             string
	required, isJSON  bool
	explode           bool
	schema            map[string]any
}

func (d document) resolve(pointer string) (string, map[string]any) {
	at := d.find(pointer)
	for range 10 {
		ref, ok := at["$ref"].(string)
		if !ok {
			break
		}
		pointer = ref[1:]
		at = d.find(pointer)
	}
	return pointer, at
}

func token(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "~", "~0"), "/", "~1")
}

// operations returns the operations of the document by method and path.
func (d document) operations() map[string]*operation {
	all := map[string]*operation{}
	for path := range d.root["paths"].(map[string]any) {
		pointer := "/paths/" + token(path)
		for field, at := range d.find(pointer) {
			if field == "x-additionalOperations" {
				for method := range at.(map[string]any) {
					all[method+" "+path] = d.operation(pointer + "/" + field + "/" + token(method))
				}
				continue
			}
			all[strings.ToUpper(strings.TrimPrefix(field, "x-"))+" "+path] = d.operation(pointer + "/" + field)
		}
	}
	return all
}

func (d document) operation(pointer string) *operation {
	o := &operation{pointer: pointer, at: d.find(pointer)}
	list, _ := o.at["parameters"].([]any)
	for i, p := range list {
		o.parameters = append(o.parameters, d.parameter(fmt.Sprint(o.pointer, "/parameters/", i), p.(map[string]any)))
	}
	return o
}

func (d document) parameter(pointer string, p map[string]any) parameter {
	made := parameter{in: p["in"].(string), name: p["name"].(string), pointer: pointer + "/schema"}
	made.style, _ = p["style"].(string)
	made.required, _ = p["required"].(bool)
	made.explode = made.in == "query"
	if explode, ok := p["explode"].(bool); ok {
		made.explode = explode
	}
	if p["content"] != nil {
		made.isJSON, made.pointer = true, pointer+"/content/application~1json/schema"
	}
	made.pointer, made.schema = d.resolve(made.pointer)
	return made
}

// texts returns the values of the parameter in a request.
func (p parameter) texts(e *exchange) []string {
	switch p.in {
	case "path":
		at := slices.Index(strings.Split(e.template, "/"), "{"+p.name+"}")
		if at < 0 {
			return nil
		}
		text, _ := url.PathUnescape(strings.Split(e.path, "/")[at])
		return []string{text}
	case "query":
		return p.queryTexts(e.rawQuery)
	case "header":
		return e.header.Values(p.name)
	}
	r := http.Request{Header: e.header}
	var all []string
	for _, cookie := range r.CookiesNamed(p.name) {
		all = append(all, cookie.Value)
	}
	return all
}

// separators are between the elements of a list, percent-encoded where a query cannot contain them (OpenAPI 3.1,
// section 4.8.12.3).
var separators = map[string]*regexp.Regexp{
	"": regexp.MustCompile(","), "form": regexp.MustCompile(","),
	"pipeDelimited": regexp.MustCompile(`\||%7[Cc]`), "spaceDelimited": regexp.MustCompile(`\+|%20`),
}

// queryTexts returns the values of a name. Commas between the elements of a list are literal, those inside of an
// element are percent-encoded (RFC 6570, section 3.2.1).
func (p parameter) queryTexts(query string) (all []string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, text, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); pair == "" || err != nil || plain != p.name {
			continue
		}
		elements := []string{text}
		if !p.explode {
			elements = separators[p.style].Split(text, -1)
		}
		for _, element := range elements {
			if plain, err := url.QueryUnescape(element); err == nil {
				all = append(all, plain)
			}
		}
	}
	return all
}

var plain = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$`)

// read returns the JSON values that a string may mean. The document does not define the notation of numbers and
// booleans, so ok is false for unusual ones.
func (d document) read(schema map[string]any, text string) (readings []string, ok bool) {
	readings = []string{quote(text)}
	switch {
	case text == "true", text == "false":
		readings = append(readings, text)
	case plain.MatchString(text) && text != "-0" && !d.isAbout(schema, 0, "boolean"):
		readings = append(readings, text)
	case d.isAbout(schema, 0, "integer", "number", "boolean"):
		return readings, false
	}
	return readings, true
}

// isAbout reports whether a schema has one of the types.
func (d document) isAbout(schema map[string]any, depth int, types ...string) bool {
	if ref, ok := schema["$ref"].(string); ok {
		schema = d.find(ref[1:])
	}
	for _, choice := range []string{"anyOf", "oneOf", "allOf"} {
		parts, _ := schema[choice].([]any)
		if depth < 5 && slices.ContainsFunc(parts, func(p any) bool { return d.isAbout(p.(map[string]any), depth+1, types...) }) {
			return true
		}
	}
	return slices.ContainsFunc(types, func(name string) bool { return strings.Contains(fmt.Sprint(schema["type"]), name) })
}

// isInexactIn reports whether JavaScript cannot represent a number exactly.
func isInexactIn(text string) bool {
	n, err := strconv.ParseFloat(text, 64)
	return err == nil && (n >= 1<<53 || n <= -1<<53)
}

// parts splits a request into its parameters and body; ok is false if the document does not define how to decode it.
func (d document) parts(o *operation, e *exchange) (all []part, ok bool) {
	for _, p := range o.parameters {
		texts := p.texts(e)
		one := part{in: p.in, name: p.name, judge: judge{pointer: p.pointer}}
		if p.style == "deepObject" {
			object, isThere, usual := d.readDeep(p, e.rawQuery)
			if !usual {
				return nil, false
			}
			if one.readings, one.missing = []string{object}, !isThere; isThere || p.required {
				all = append(all, one)
			}
			continue
		}
		switch {
		case len(texts) == 0 && p.required:
			one.missing = true
		case len(texts) == 0:
			continue
		case p.isJSON:
			one.readings = []string{texts[len(texts)-1]}
		case d.isList(p.schema):
			list, usual := d.readList(p, texts)
			if !usual {
				return nil, false
			}
			one.readings = list
		default:
			readings, usual := d.read(p.schema, texts[len(texts)-1])
			if !usual || len(texts) > 1 {
				return nil, false
			}
			one.readings = readings
		}
		all = append(all, one)
	}
	return d.withBody(o, e, all)
}

func (d document) isList(schema map[string]any) bool {
	for _, choice := range []string{"anyOf", "oneOf"} {
		parts, _ := schema[choice].([]any)
		if slices.ContainsFunc(parts, func(p any) bool { return d.isList(p.(map[string]any)) }) {
			return true
		}
	}
	return strings.Contains(fmt.Sprint(schema["type"]), "array")
}

// readList decodes all elements as strings, and also as the values that they look like.
func (d document) readList(p parameter, texts []string) ([]string, bool) {
	if !p.explode && p.in != "query" {
		texts = strings.Split(strings.Join(texts, ","), ",")
	}
	var asTexts, asValues []string
	for _, text := range texts {
		if p.in == "header" {
			text = strings.Trim(text, " \t")
		}
		items, _ := p.schema["items"].(map[string]any)
		readings, usual := d.read(items, text)
		if !usual || text == "" || isInexactIn(text) {
			return nil, false
		}
		asTexts, asValues = append(asTexts, readings[0]), append(asValues, readings[len(readings)-1])
	}
	return []string{"[" + strings.Join(asTexts, ",") + "]", "[" + strings.Join(asValues, ",") + "]"}, true
}

func (d document) withBody(o *operation, e *exchange, all []part) ([]part, bool) {
	if o.at["requestBody"] == nil {
		return all, true
	}
	_, body := d.resolve(o.pointer + "/requestBody")
	if e.body == "" {
		isRequired, _ := body["required"].(bool)
		if isRequired {
			all = append(all, part{in: "body", missing: true})
		}
		return all, true
	}
	pointer, media := o.body(e)
	switch {
	case pointer == "":
		return nil, false
	case isForm(media):
		contentType, form := e.header.Get("Content-Type"), base64.StdEncoding.EncodeToString([]byte(e.body))
		return append(all, part{in: "body", judge: judge{pointer, contentType}, readings: []string{form}}), true
	case media == "text/plain":
		return append(all, part{in: "body", judge: judge{pointer: pointer + "/schema"}, readings: []string{quote(e.body)}}), utf8.ValidString(e.body)
	case media == "application/json", strings.HasSuffix(media, "+json"):
		return append(all, part{in: "body", judge: judge{pointer: pointer + "/schema"}, readings: []string{e.body}}), true
	case d.find(pointer + "/schema")["format"] == "binary": // any bytes are valid
		return append(all, part{in: "body", judge: judge{pointer: pointer + "/schema"}, readings: []string{`""`}}), true
	}
	return nil, false
}

// body returns the pointer to the media type of a request's body, "" if the operation does not have it.
func (o *operation) body(e *exchange) (pointer, media string) {
	body, _ := o.at["requestBody"].(map[string]any)
	content, _ := body["content"].(map[string]any)
	media, _, _ = mime.ParseMediaType(e.header.Get("Content-Type"))
	if content[media] == nil {
		return "", media
	}
	return o.pointer + "/requestBody/content/" + token(media), media
}

func isForm(media string) bool {
	return media == "application/x-www-form-urlencoded" || media == "multipart/form-data"
}

// verdicts collects the parts of all requests, to validate them at once.
type verdicts map[judge]map[string]*bool // by value

func (v verdicts) want(p part) {
	for _, reading := range p.readings {
		if v[p.judge] == nil {
			v[p.judge] = map[string]*bool{}
		}
		v[p.judge][reading] = nil
	}
}

func (v verdicts) ask(t *testing.T, a *ajv) {
	t.Helper()
	for by, values := range v {
		q := question{Schema: by.pointer, Bodies: slices.Collect(maps.Keys(values))}
		if by.contentType != "" {
			q.Schema, q.Form, q.ContentType = "", by.pointer, by.contentType
		}
		for i, allowed := range a.ask(t, q) {
			values[q.Bodies[i]] = allowed
		}
	}
}

// isOpen reports whether the document leaves open how to decode a part.
func (v verdicts) isOpen(p part) bool {
	return slices.ContainsFunc(p.readings, func(reading string) bool { return v[p.judge][reading] == nil })
}

func (v verdicts) allows(p part) bool {
	return !p.missing && slices.ContainsFunc(p.readings, func(reading string) bool { return *v[p.judge][reading] })
}

// isExcused reports whether no schema can describe a validation
// error, or the document says that it is less exact there.
func (d document) isExcused(o *operation, e *exchange, f located) bool {
	if slices.Contains([]string{"value_error", "int_parsing_size", "finite_number"}, f.Type) || len(f.Loc) == 0 {
		return true
	}
	if f.Loc[0] == "body" {
		pointer, _ := o.body(e)
		return d.isRough(d.find(pointer+"/schema"), f.Loc[1:])
	}
	for _, p := range o.parameters {
		if len(f.Loc) > 1 && p.in == f.Loc[0] && strings.EqualFold(p.name, fmt.Sprint(f.Loc[1])) {
			return d.isRough(p.schema, f.Loc[2:])
		}
	}
	return false
}

// services are the apps to test.
var services = map[string]func(options ...candor.Option) *candor.App{
	"torture":     func(o ...candor.Option) *candor.App { return torture.New(candor.Config{}, o...) },
	"combination": func(o ...candor.Option) *candor.App { return combination.New(candor.Config{}, o...) },
}

// wanted returns how many accepted and how many refused requests each operation should have (CANDOR_AJV), and how
// many are sent to it per round; the requests of a round are kept in memory. Without CANDOR_AJV there is little more
// than one round.
func wanted(t *testing.T) (n, cases int) {
	t.Helper()
	text := os.Getenv("CANDOR_AJV")
	if text == "" {
		return 1, 60
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n, min(2*n, 400)
}

// The server and Ajv agree on complete requests, both on parameters and on bodies: valid ones, invalid ones, and
// those with edge values.
func TestRequests(t *testing.T) {
	for name, service := range services {
		t.Run(name, func(t *testing.T) {
			n, cases := wanted(t)
			d := documentOf(t, service())
			operations, a, tallies := d.operations(), startAjv(t, d.text), tallies{}
			const patience = 4 // not every request can be compared, and some operations rarely refuse any
			for round := range patience * max(2*n/cases, 1) {
				require.NoError(t, flag.Set("rapid.seed", strconv.Itoa(round+1)))
				j := &journal{}
				app := service(candor.Use(j.watch))
				candortest.Conform(quiet{t}, app, candortest.Cases(cases), candortest.Skip(tallies.done(operations, n)...))
				if round == 0 {
					j.direct(app, d, operations)
					j.directForms(app, d, operations)
				}
				j.judge(t, d, operations, a, tallies)
				done := tallies.done(operations, n)
				if len(done) == len(tallies) {
					break
				}
				if round%5 == 4 {
					t.Logf("after %d rounds %d operations have enough; %s", round+1, len(done), tallies)
				}
			}
			tallies.report(t, n)
		})
	}
}

// quiet discards the log, since Conform logs a table in each round.
type quiet struct{ *testing.T }

func (quiet) Logf(string, ...any) {}

// tally counts the requests of one operation: accepted by both, refused by both, and refused only by the server.
type tally struct{ accepted, refused, narrower int }

// isDone reports whether there are enough requests. Some operations accept none, and some refuse none.
func (c *tally) isDone(n int) bool {
	return (c.accepted == 0 || c.accepted >= n) && (c.refused == 0 || c.refused >= n)
}

// tallies has the tallies of the operations, by method and path.
type tallies map[string]*tally

func (all tallies) of(key string) *tally {
	if all[key] == nil {
		all[key] = &tally{}
	}
	return all[key]
}

// done returns the ids of the operations that need no more requests.
func (all tallies) done(operations map[string]*operation, n int) []string {
	var ids []string
	for key, c := range all {
		if c.isDone(n) {
			ids = append(ids, operations[key].at["operationId"].(string))
		}
	}
	return ids
}

func (all tallies) sum() (sum tally) {
	for _, c := range all {
		sum.accepted, sum.refused, sum.narrower = sum.accepted+c.accepted, sum.refused+c.refused, sum.narrower+c.narrower
	}
	return sum
}

func (all tallies) String() string {
	sum := all.sum()
	return fmt.Sprintf("%d operations: %d requests accepted by both, %d refused by both, %d refused by the server alone", len(all), sum.accepted, sum.refused, sum.narrower)
}

// report logs the sums, and the operations that have fewer requests than wanted.
func (all tallies) report(t *testing.T, n int) {
	t.Helper()
	var few []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if c := all[key]; c.accepted < n || c.refused < n {
			few = append(few, fmt.Sprintf("%s: %d accepted, %d refused, %d by the server alone", key, c.accepted, c.refused, c.narrower))
		}
	}
	sum := all.sum()
	t.Log(all)
	t.Logf("%d of them have fewer than %d of either kind:\n%s", len(few), n, strings.Join(few, "\n"))
	assert.Greater(t, sum.accepted, 1000)
	assert.Greater(t, sum.refused, 1000)
}

func (j *journal) judge(t *testing.T, d document, operations map[string]*operation, a *ajv, tallies tallies) {
	t.Helper()
	v := verdicts{}
	parts := make([][]part, len(j.all))
	for i, e := range j.all {
		o := operations[e.method+" "+e.template]
		if o == nil {
			continue
		}
		tallies.of(e.method + " " + e.template)
		parts[i], _ = d.parts(o, e)
		for _, p := range parts[i] {
			v.want(p)
		}
	}
	v.ask(t, a)
	for i, e := range j.all {
		if len(parts[i]) > 0 && !slices.ContainsFunc(parts[i], v.isOpen) {
			o, c := operations[e.method+" "+e.template], tallies.of(e.method+" "+e.template)
			d.compare(t, o, e, slices.DeleteFunc(parts[i], v.allows), c)
		}
	}
	j.all = nil // frees the memory: the app is referenced until the test ends
}

// compare compares the server's response to a request with the parts that Ajv refuses.
func (d document) compare(t *testing.T, o *operation, e *exchange, refused []part, c *tally) {
	t.Helper()
	switch {
	case e.status < 400 && len(refused) == 0:
		c.accepted++
	case e.status < 400:
		t.Errorf("the server accepts what the document refuses at %s %s: %s", refused[0].in, refused[0].name, e)
	case e.status != http.StatusUnprocessableEntity && e.status != http.StatusBadRequest: // the input was not validated
	case len(refused) > 0:
		c.refused++
	case len(e.faults) > 0:
		c.narrower++
		excused := slices.ContainsFunc(e.faults, func(f located) bool { return d.isExcused(o, e, f) })
		assert.True(t, excused, "the server refuses what the document allows: %s", e)
	}
}

// direct sends accepted requests in which one value is replaced by an edge value, on which implementations differ.
func (j *journal) direct(app http.Handler, d document, operations map[string]*operation) {
	accepted := map[string]*exchange{}
	for _, e := range j.all {
		key := e.method + " " + e.template
		best := accepted[key]
		isJSON := e.body == "" || e.header.Get("Content-Type") == "application/json"
		if e.status < 400 && isJSON && (best == nil || len(e.rawQuery)+len(e.body)+len(e.header) > len(best.rawQuery)+len(best.body)+len(best.header)) && len(e.body) < 2000 {
			accepted[key] = e
		}
	}
	for _, key := range slices.Sorted(maps.Keys(accepted)) {
		o, base := operations[key], accepted[key]
		if o == nil {
			continue
		}
		for _, p := range o.parameters {
			if strings.EqualFold(p.name, "host") {
				continue
			}
			for _, text := range d.edges(p.schema) {
				if changed, ok := base.withParameter(p, text); ok {
					changed.send(app)
				}
			}
		}
		var members map[string]json.RawMessage
		if json.Unmarshal([]byte(base.body), &members) != nil {
			continue
		}
		_, schema := d.resolve(o.pointer + "/requestBody/content/application~1json/schema")
		for _, name := range slices.Sorted(maps.Keys(members)) {
			properties, _ := schema["properties"].(map[string]any)
			property, _ := properties[name].(map[string]any)
			for _, text := range d.edges(property) {
				values := []string{quote(text)}
				if json.Valid([]byte(text)) {
					values = append(values, text)
				}
				for _, value := range values {
					base.withMember(members, name, value).send(app)
				}
			}
		}
	}
}

func (e *exchange) withMember(members map[string]json.RawMessage, name, value string) *exchange {
	changed := *e
	all := maps.Clone(members)
	all[name] = json.RawMessage(value)
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(all)
	changed.body = strings.TrimSpace(b.String())
	return &changed
}

// withParameter sets a parameter; ok is false if the value cannot be sent there.
func (e *exchange) withParameter(p parameter, text string) (*exchange, bool) {
	changed := *e
	changed.header = e.header.Clone()
	isField := !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) && strings.TrimSpace(text) == text
	switch p.in {
	case "path":
		segments, at := strings.Split(e.path, "/"), slices.Index(strings.Split(e.template, "/"), "{"+p.name+"}")
		if at < 0 || text == "" || text == "." || text == ".." {
			return nil, false
		}
		segments[at] = url.PathEscape(text)
		changed.path = strings.Join(segments, "/")
	case "query":
		pairs := slices.DeleteFunc(strings.Split(e.rawQuery, "&"), func(pair string) bool {
			name, _, _ := strings.Cut(pair, "=")
			return name == "" || name == url.QueryEscape(p.name)
		})
		changed.rawQuery = strings.Join(append(pairs, url.QueryEscape(p.name)+"="+url.QueryEscape(text)), "&")
	case "header":
		if !isField {
			return nil, false
		}
		changed.header.Set(p.name, text)
	case "cookie":
		if !isField || strings.ContainsAny(text, "\"; ,\\") {
			return nil, false
		}
		var lines []string
		for _, cookie := range (&http.Request{Header: e.header}).Cookies() {
			if cookie.Name != p.name {
				lines = append(lines, cookie.Name+"="+cookie.Value)
			}
		}
		changed.header.Set("Cookie", strings.Join(append(lines, p.name+"="+text), "; "))
	}
	return &changed, true
}

func (e *exchange) send(app http.Handler) {
	target := e.path
	if e.rawQuery != "" {
		target += "?" + e.rawQuery
	}
	r := httptest.NewRequest(e.method, "http://testserver"+target, strings.NewReader(e.body))
	if e.body == "" {
		r = httptest.NewRequest(e.method, "http://testserver"+target, http.NoBody)
	}
	maps.Copy(r.Header, e.header)
	app.ServeHTTP(httptest.NewRecorder(), r)
}

// always are values to try everywhere, on which implementations of types and patterns differ.
var always = []string{
	"", " ", "a", "A", "ab", "abc", "abcde", "abcdef", "é", "e\u0301", "\U0001f600", "\U0001f600\U0001f600", "\u00a0", "\u2028", "\ufeff", "\v", "a\u00a0b", "a\u2028c", "a\rc", "a\nc", "a\vc", "a\U0001f600c", "abc\n", "A1", "A\u0661", "K9", "\u212a9",
	"0", "1", "-1", "2", "3", "-3", "-4", "5", "6", "9", "10", "50", "51", "100", "101", "127", "128", "-128", "-129", "150", "151", "255", "256", "2147483647", "2147483648",
	"9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
	"0.5", "1.5", "-0.5", "0.1", "340282346638528859811704183484516925440", "true", "false", "null", "[]", "{}", "[1]", "[1,1]", `{"a":1}`, "%", "%41", "100%25", "%zz", "a+b", "a,b", "small", "Small", "large", "extra large", "light", "dark",
	"2024-02-29", "2023-02-29", "2024-02-29T12:00:00Z", strings.Repeat("1234567890ns", 20) + "!", // expensive for a backtracking matcher
	"12:30:00", "1h30m", "00000000-0000-4000-8000-000000000000", "192.0.2.1", "::1", "a@example.com",
}

// edges returns the edge values of a schema.
func (d document) edges(schema map[string]any) []string {
	all := slices.Clone(always)
	if ref, ok := schema["$ref"].(string); ok {
		schema = d.find(ref[1:])
	}
	for _, name := range []string{"minLength", "maxLength", "minItems", "maxItems"} {
		n, ok := schema[name].(float64)
		for _, size := range []int{int(n) - 1, int(n), int(n) + 1} {
			if ok && size >= 0 && size < 200 {
				all = append(all, strings.Repeat("a", size), strings.Repeat("\U0001f600", size), strings.Repeat("e\u0301", size/2))
			}
		}
	}
	for _, name := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
		if x, ok := schema[name].(float64); ok {
			for _, y := range []float64{x - 1, x, x + 1, x + 0.5, x - 0.5} {
				all = append(all, strconv.FormatFloat(y, 'f', -1, 64))
			}
		}
	}
	values, _ := schema["enum"].([]any)
	for _, value := range values {
		text := fmt.Sprint(value)
		all = append(all, text, strings.ToUpper(text), text+" ", " "+text, text+"x")
	}
	slices.Sort(all)
	return slices.Compact(all)
}
