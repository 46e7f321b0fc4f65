package candortest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// request is a generated request, before it becomes an http.Request.
type request struct {
	method, path string
	query        []string
	header       http.Header
	cookies      []string
	host         string
	body         []byte
	hasBody      bool
}

func (r *request) target() string {
	if len(r.query) == 0 {
		return r.path
	}
	return r.path + "?" + strings.Join(r.query, "&")
}

// String returns the request as it would be on the wire.
func (r *request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.method, r.target())
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		for _, line := range r.header[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, line)
		}
	}
	if len(r.cookies) > 0 {
		fmt.Fprintf(&b, "Cookie: %s\n", strings.Join(r.cookies, "; "))
	}
	if r.hasBody {
		fmt.Fprintf(&b, "\n%s\n", truncate(r.body))
	}
	return b.String()
}

func truncate(body []byte) string {
	const most = 2000
	if len(body) > most {
		return fmt.Sprintf("%q... (%d bytes)", body[:most], len(body))
	}
	return string(body)
}

// drafter generates a request for a probe.
type drafter struct {
	generator
	set   *settings
	probe *probe
	r     *request
	// bound are path parameters that identify an existing resource.
	bound map[string]string
}

// draft generates a request of the probe's kind; nil if the result turns out to be of another kind: valid instead of
// invalid, or the reverse.
func (e *explorer) draft(t *rapid.T, p *probe) *request {
	d := &drafter{
		generator: generator{t: t, doc: e.doc, known: p.known}, set: e.set, probe: p,
		r: &request{method: p.operation.method, path: p.operation.path, header: http.Header{}},
	}
	for _, line := range e.set.header {
		d.r.header.Add(line[0], line[1])
	}
	// Sometimes no known value is used, so that resources that do not exist are requested as well.
	if !d.seldom(6) {
		d.bound = d.generator.bound(p.operation.steps)
	}
	for _, parameter := range p.operation.parameters {
		if !d.parameter(parameter) {
			return nil
		}
	}
	if p.kind == methodKind {
		d.r.method = p.method
	} else if !d.body() {
		return nil
	}
	if p.kind != anonymousKind {
		d.credentials()
	}
	d.accept()
	// Another operation would receive the request.
	if p.operation.shadowed(d.r.path) {
		return nil
	}
	return d.r
}

// accept chooses a media type to ask for, if there is a choice.
func (d *drafter) accept() {
	switch offers := d.probe.operation.offers; {
	case d.probe.kind == acceptKind:
		d.r.header.Set("Accept", "application/vnd.candortest")
	case len(offers) > 1 && d.r.header.Get("Accept") == "" && d.seldom(2):
		d.r.header.Set("Accept", pick(&d.generator, offers))
	}
}

// reserved headers are not parameters (OpenAPI 3.1, section 4.8.12.2).
var reserved = []string{"accept", "content-type", "authorization"}

func (d *drafter) parameter(p *parameter) bool {
	// The document may list it, but it is ignored.
	if p.in == "header" && slices.Contains(reserved, strings.ToLower(p.name)) {
		return true
	}
	isAim := d.probe.parameter == p
	switch {
	case isAim && d.probe.kind == missingKind:
		return true
	case !isAim && len(d.set.values[p.name]) > 0:
		d.put(p, []string{pick(&d.generator, d.set.values[p.name])})
		return true
	case !isAim && d.putKnown(p):
		return true
	case !isAim && !p.required && !rapid.Bool().Draw(d.t, "present"):
		return true
	}
	var a *aim
	if isAim {
		a = d.probe.aim
	}
	d.how = p.form()
	value := d.whole(p.schema, a)
	if !d.isWanted(p.schema, value, a) {
		return false
	}
	if p.deep {
		return d.putDeep(p, value)
	}
	texts, ok := p.texts(value, d.how)
	// An empty list is not sent, so it cannot violate a rule.
	if !ok || isAim && len(texts) == 0 || slices.ContainsFunc(texts, func(text string) bool { return d.how != asJSON && !d.canCarry(text) }) {
		return false
	}
	d.put(p, texts)
	return true
}

// putKnown uses a known value, if there is one.
func (d *drafter) putKnown(p *parameter) bool {
	text := d.bound[p.name]
	switch {
	case p.in != "path" && isShared(p.name) && len(d.known.named[plainName(p.name)]) > 0 && d.seldom(2):
		text = d.shared(plainName(p.name))
	case p.in != "path":
		return false
	}
	if d.asValue(p.schema, text) == nil {
		return false
	}
	d.put(p, []string{text})
	return true
}

// isWanted reports whether a value is as intended: valid, or violating the aim.
func (d *drafter) isWanted(n node, value any, a *aim) bool {
	if _, ok := value.(nothing); ok {
		return false
	}
	return (d.doc.refuses(n, value) != nil) == (a != nil)
}

func (p *parameter) form() form {
	switch {
	case p.isJSON:
		return asJSON
	case p.in == "path":
		return asSegment
	case p.in == "header", p.in == "cookie":
		return asField
	}
	return asText
}

// texts encodes a value as text. An empty list is the same as none, and elements of a list in one text must not contain
// the separator.
func (p *parameter) texts(value any, how form) ([]string, bool) {
	values, isList := value.([]any)
	switch {
	case how == asJSON:
		return []string{ascii(encode(value))}, true
	case !isList:
		return []string{text(value)}, true
	case len(values) == 0:
		return nil, !p.required
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = text(v)
		if p.separator != "" && !p.carries(texts[i]) {
			return nil, false
		}
	}
	return texts, true
}

// carries reports whether a text can be one element of a list in one text. In a query a comma in it is escaped, while
// pipes and spaces always separate.
func (p *parameter) carries(text string) bool {
	between := ", \t"
	if p.in == "query" {
		between = strings.TrimPrefix(p.separator, ",")
	}
	return text != "" && !strings.ContainsAny(text, between)
}

// putDeep adds an object to the query member by member. An empty object, and a null member, cannot be encoded.
func (d *drafter) putDeep(p *parameter, value any) bool {
	members, isObject := value.(map[string]any)
	if !isObject {
		d.put(p, []string{text(value)})
		return true
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if name == "" || strings.ContainsAny(name, "[]") || !d.canCarry(name) {
			return false
		}
		member := &parameter{name: p.name + "[" + name + "]", in: p.in, deep: true}
		switch inner := members[name].(type) {
		case nil:
			return false
		case map[string]any:
			if !d.putDeep(member, inner) {
				return false
			}
		default:
			texts, ok := member.texts(inner, d.how)
			if !ok || len(texts) == 0 || slices.ContainsFunc(texts, func(text string) bool { return !d.canCarry(text) }) {
				return false
			}
			d.put(member, texts)
		}
	}
	return len(members) > 0
}

// ascii escapes what is not ASCII, which headers need.
func ascii(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return b.String()
}

func text(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	return encode(value)
}

// put adds a parameter to the request.
func (d *drafter) put(p *parameter, texts []string) {
	if len(texts) == 0 {
		return
	}
	switch p.in {
	case "path":
		d.r.path = strings.ReplaceAll(d.r.path, "{"+p.name+"}", url.PathEscape(strings.Join(texts, ",")))
	case "query":
		d.r.query = append(d.r.query, p.pairs(texts)...)
	case "header":
		d.putHeader(p, texts)
	case "cookie":
		if p.separator != "" {
			texts = []string{strings.Join(texts, p.separator)}
		}
		for _, text := range texts {
			d.r.cookies = append(d.r.cookies, p.name+"="+text)
		}
	}
}

// pairs returns name=text pairs for a query. Separators of elements are not escaped, unlike the same characters in
// elements.
func (p *parameter) pairs(texts []string) []string {
	pairs := make([]string, len(texts))
	for i, text := range texts {
		pairs[i] = url.QueryEscape(text)
	}
	if p.separator != "" && len(pairs) > 1 {
		// Not escaped: an escaped comma would be part of an element.
		between := strings.NewReplacer("|", "%7C", " ", "%20").Replace(p.separator)
		pairs = []string{strings.Join(pairs, between)}
	}
	for i := range pairs {
		pairs[i] = url.QueryEscape(p.name) + "=" + pairs[i]
	}
	return pairs
}

func (d *drafter) putHeader(p *parameter, texts []string) {
	if strings.EqualFold(p.name, "host") {
		d.r.host = texts[0]
		return
	}
	d.r.header.Set(p.name, strings.Join(texts, ","))
}

// body generates the body. It reports whether the request is as intended.
func (d *drafter) body() bool {
	o, p := d.probe.operation, d.probe
	isAim := p.parameter == nil && p.aim != nil
	switch {
	case !o.hasBody || p.kind == emptyKind:
		return true
	case len(o.bodies) == 0:
		// Its body cannot be encoded, so only a request without one is possible.
		return !o.needsBody && p.kind == validKind
	case !isAim && !o.needsBody && p.kind == validKind && !rapid.Bool().Draw(d.t, "present"):
		return true
	}
	b := p.body
	if b == nil {
		b = pick(&d.generator, o.bodies)
	}
	var a *aim
	if isAim {
		a = p.aim
	}
	d.r.hasBody = true
	d.r.header.Set("Content-Type", b.contentType())
	if !d.write(b, a) {
		return false
	}
	d.retype()
	return true
}

func (d *drafter) write(b *body, a *aim) bool {
	switch {
	case b.isStructured():
		return d.jsonBody(b, a)
	case b.isForm():
		return d.formBody(b, a)
	case b.notation == linesNotation:
		return d.lines(b)
	}
	d.how = asText
	value := d.whole(b.schema, a)
	d.r.body = []byte(text(value))
	// An empty body would count as none.
	return d.isWanted(b.schema, value, a) && len(d.r.body) > 0
}

// lines writes a few lines. A handler may accept lines that break rules, so only valid ones are sent.
func (d *drafter) lines(b *body) bool {
	d.how = asJSON
	for range rapid.IntRange(1, 3).Draw(d.t, "lines") {
		value := d.whole(b.schema, nil)
		if !d.isWanted(b.schema, value, nil) {
			return false
		}
		d.r.body = append(d.r.body, encode(value)+"\n"...)
	}
	return true
}

func (d *drafter) jsonBody(b *body, a *aim) bool {
	d.how = asJSON
	value := d.whole(b.schema, a)
	if !d.isWanted(b.schema, value, a) {
		return false
	}
	if b.notation == codecNotation {
		written, err := d.set.codecs[b.media].Marshal(plain(value))
		d.r.body = written
		return err == nil
	}
	d.r.body = []byte(encode(value))
	if d.probe.kind == malformedKind {
		d.r.body = d.malformed(d.r.body)
	}
	return true
}

// malformed makes invalid JSON from valid JSON.
func (d *drafter) malformed(body []byte) []byte {
	return []byte(pick(&d.generator, []string{"{", string(body) + "]", string(body) + " " + string(body), string(body[:len(body)-1]) + ",}", "nul"}))
}

// retype changes the media type of the body, if the probe is about that.
func (d *drafter) retype() {
	if d.probe.kind == mediaKind {
		d.r.header.Set("Content-Type", d.probe.media)
	}
}

// otherMedia returns media types that an operation does not accept. Form types are left out if it accepts the other
// one: no document says which are equivalent.
func (o *operation) otherMedia() []string {
	all := []string{
		"application/vnd.candortest", "text/x-candortest; charset=utf-8", "text/plain", "application/xml", "application/octet-stream",
		"text/csv", "application/x-www-form-urlencoded", "multipart/form-data; boundary=candortest-boundary",
	}
	return slices.DeleteFunc(all, func(media string) bool {
		bare, _, _ := strings.Cut(media, ";")
		kind, _, _ := strings.Cut(bare, "/")
		return slices.Contains(o.media, bare) || slices.Contains(o.media, kind+"/*") || slices.Contains(o.media, "*/*")
	})
}

func (d *drafter) formBody(b *body, a *aim) bool {
	d.how = asText
	f := d.doc.facts(b.schema)
	var value any
	if a.reached() {
		value = d.broken(f, 0, a)
	} else {
		value = d.object(f, 0, a)
	}
	object, ok := value.(map[string]any)
	d.setFields(f, object, a)
	if !ok || !d.isWanted(b.schema, value, a) || a.isBlank(f, object) || d.hasBlanks(f, object) {
		return false
	}
	if !d.joinLists(b, object) {
		return false
	}
	if b.notation == multipartNotation {
		d.multipart(b, f, object)
	} else {
		d.urlencoded(b, object)
	}
	return len(d.r.body) > 0
}

// hasBlanks reports whether a list contains an empty text that its schema allows only because it is inexact: in a form such
// an element counts as absent.
func (d *drafter) hasBlanks(f *facts, object map[string]any) bool {
	for name, value := range object {
		elements, isList := value.([]any)
		if isList && slices.Contains(elements, any("")) && d.doc.facts(d.doc.facts(f.members[name]).items).inexact {
			return true
		}
	}
	return false
}

// joinLists joins the elements of lists that are sent as one text. It reports whether that is possible.
func (d *drafter) joinLists(b *body, object map[string]any) bool {
	for name, value := range object {
		how := d.doc.child(b.encoding, name)
		elements, isList := value.([]any)
		if !isList || !how.has("explode") || how.flag("explode") {
			continue
		}
		texts, ok := (&parameter{in: "form", separator: ","}).texts(elements, asText)
		if !ok {
			return false
		}
		object[name] = strings.Join(texts, ",")
	}
	return true
}

// setFields sets the Values of an option in a form.
func (d *drafter) setFields(f *facts, object map[string]any, a *aim) {
	for _, name := range f.names {
		isAim := a != nil && (a.name == name || a.into(name) != nil)
		if texts := d.set.values[name]; len(texts) > 0 && object != nil && !isAim {
			if value := d.asValue(f.members[name], pick(&d.generator, texts)); value != nil {
				object[name] = value
			}
		}
	}
}

// isBlank reports whether a form value is violated only by being empty, or by an empty element, which is the same as leaving
// it out.
func (a *aim) isBlank(f *facts, object map[string]any) bool {
	if a == nil || len(a.steps) == 0 {
		return false
	}
	name := a.steps[0]
	elements, isList := object[name].([]any)
	switch isOptional := !f.required[name]; {
	case isList && slices.Contains(elements, any("")):
		// An empty element of a required list of texts is a text.
		return isOptional || a.rule != ruleMin+"Length"
	case isList:
		return isOptional && len(elements) == 0
	default:
		return isOptional && len(a.steps) == 1 && object[name] == ""
	}
}

func (d *drafter) urlencoded(b *body, object map[string]any) {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		how := d.doc.child(b.encoding, name)
		p := &parameter{name: name, in: "query", isJSON: how.text("contentType") == "application/json"}
		written := asText
		if p.isJSON {
			written = asJSON
		}
		texts, _ := p.texts(object[name], written)
		pairs = append(pairs, p.pairs(texts)...)
	}
	d.r.body = []byte(strings.Join(pairs, "&"))
}

func (d *drafter) multipart(b *body, f *facts, object map[string]any) {
	var written bytes.Buffer
	w := multipart.NewWriter(&written)
	// Fixed, so that a request can be repeated byte by byte.
	_ = w.SetBoundary("candortest-boundary")
	for _, name := range slices.Sorted(maps.Keys(object)) {
		media := d.doc.child(b.encoding, name).text("contentType")
		values, isList := object[name].([]any)
		if !isList || isJSON(media) {
			values = []any{object[name]}
		}
		for _, value := range values {
			d.part(w, f.members[name], name, media, value)
		}
	}
	_ = w.Close()
	d.r.body = written.Bytes()
	d.r.header.Set("Content-Type", w.FormDataContentType())
}

// beginnings are the first bytes of files by media type, by which most programs recognize a type.
var beginnings = []struct{ media, bytes string }{
	{"image/png", "\x89PNG\r\n\x1a\n"},
	{"image/jpeg", "\xff\xd8\xff"},
	{"image/gif", "GIF89a"},
	{"image/webp", "RIFF\x00\x00\x00\x00WEBPVP8 "},
	{"video/mp4", "\x00\x00\x00\x18ftypmp42"},
	{"audio/mpeg", "ID3\x03"},
	{"application/pdf", "%PDF-1.7\n"},
	{"application/zip", "PK\x03\x04"},
	{"application/gzip", "\x1f\x8b\x08"},
	{"text/plain", "text "},
}

// fileOf returns the beginning of a file of one of the media types, "" if none is known.
func fileOf(media string) string {
	for wanted := range strings.SplitSeq(media, ",") {
		for _, b := range beginnings {
			prefix, isRange := strings.CutSuffix(strings.TrimSpace(wanted), "*")
			if b.media == prefix || isRange && strings.HasPrefix(b.media, prefix) {
				return b.bytes
			}
		}
	}
	return ""
}

// part writes a value. A JSON part may have a media type or not, as scripts and browsers do.
func (d *drafter) part(w *multipart.Writer, member node, name, media string, value any) {
	f := d.doc.facts(member)
	isFile := f.format == "binary" || f.items.at != nil && d.doc.facts(f.items).format == "binary"
	var part io.Writer
	content := text(value)
	switch {
	case isFile:
		part, _ = w.CreateFormFile(name, "file.bin")
		content = fileOf(media) + content
	case isJSON(media) && d.seldom(2):
		part, _ = w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {mime.FormatMediaType("form-data", map[string]string{"name": name})}, "Content-Type": {media},
		})
	default:
		part, _ = w.CreateFormField(name)
	}
	if isJSON(media) {
		content = encode(value)
	}
	if part != nil {
		_, _ = io.WriteString(part, content)
	}
}

// credentials sends the first alternative whose credentials were given, otherwise the first.
func (d *drafter) credentials() {
	all := d.probe.operation.security
	if len(all) == 0 {
		return
	}
	chosen := all[0]
	for _, alternative := range all {
		if d.hasAll(alternative) {
			chosen = alternative
			break
		}
	}
	schemes := d.doc.node("/components/securitySchemes", d.doc.find("/components/securitySchemes"))
	for _, name := range slices.Sorted(maps.Keys(chosen)) {
		d.credential(d.doc.child(schemes, name), d.set.credentials[name])
	}
}

func (d *drafter) hasAll(alternative map[string]any) bool {
	for name := range alternative {
		if d.set.credentials[name] == "" {
			return false
		}
	}
	return len(alternative) > 0
}

func (d *drafter) credential(scheme node, value string) {
	switch kind := scheme.text("type"); {
	case kind == "apiKey":
		if value == "" {
			value = "made-up"
		}
		d.put(&parameter{name: scheme.text("name"), in: scheme.text("in")}, []string{value})
	case strings.EqualFold(scheme.text("scheme"), "basic"):
		if value == "" {
			value = "made:up"
		}
		d.r.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(value)))
	default:
		word := "Bearer"
		if scheme.text("type") == "http" && !strings.EqualFold(scheme.text("scheme"), word) {
			word = scheme.text("scheme")
		}
		if value == "" {
			value = "made-up"
		}
		d.r.header.Set("Authorization", word+" "+value)
	}
}

// shadowed reports whether a path matches another template than the one it was made from.
func (o *operation) shadowed(path string) bool {
	return slices.ContainsFunc(o.rivals, func(template string) bool { return matches(template, path) })
}

// rivalsOf returns the templates that match a path of the operation with higher precedence: where they first differ,
// they have a literal and this one a parameter.
func (d *document) rivalsOf(o *operation) []string {
	var all []string
	for _, other := range d.operations {
		if other.path != o.path && overlap(other.path, o.path) && precedes(other.path, o.path) && !slices.Contains(all, other.path) {
			all = append(all, other.path)
		}
	}
	return all
}

func isWildcard(segment string) bool { return strings.Contains(segment, "{") }

func matches(template, path string) bool {
	wanted, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(wanted) != len(got) {
		return false
	}
	for i := range wanted {
		if !isWildcard(wanted[i]) && wanted[i] != got[i] {
			return false
		}
	}
	return true
}

func precedes(a, b string) bool {
	left, right := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(left), len(right)) {
		if isWildcard(left[i]) != isWildcard(right[i]) {
			return !isWildcard(left[i])
		}
	}
	return false
}
