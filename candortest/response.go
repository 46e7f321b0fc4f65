package candortest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/faultlog"
)

// response is what a server would have sent.
type response struct {
	status  int
	header  http.Header
	body    bytes.Buffer
	aborted any
	pending http.Header
	// sniffed is how much of the body existed when the header was sent, from which net/http detects the media type; -1
	// if it was not needed.
	sniffed int
	// log has the validation errors of the request, whatever the format of the body.
	log faultlog.Log
	// stop ends a stream; left means that it was ended, so its end may be missing.
	stop   context.CancelFunc
	silent *time.Timer
	left   bool
}

// String returns the response as it would be on the wire.
func (a *response) String() string {
	if a.aborted != nil {
		return fmt.Sprintf("nothing: %v", a.aborted)
	}
	return fmt.Sprintf("%d %s\nContent-Type: %s\n\n%s", a.status, http.StatusText(a.status), a.header.Get("Content-Type"), truncate(a.body.Bytes()))
}

// Header implements http.ResponseWriter.
func (a *response) Header() http.Header { return a.pending }

// WriteHeader implements http.ResponseWriter.
func (a *response) WriteHeader(status int) {
	// Informational responses come before the final one, and only one final response counts.
	if status >= 200 && a.status == 0 {
		// Cloned, because changes that the handler makes from now on are not sent.
		a.status, a.header = status, a.pending.Clone()
		if isStream(a.header.Get("Content-Type")) {
			a.silent = time.AfterFunc(silence, a.stop)
		}
	}
}

// Write implements http.ResponseWriter.
func (a *response) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.silent != nil {
		a.silent.Reset(silence)
		if a.body.Len() > enough {
			a.stop()
		}
	}
	return a.body.Write(p)
}

// Flush implements http.Flusher.
func (a *response) Flush() {
	a.WriteHeader(http.StatusOK)
	a.sniff()
}

// sniff sets the media type that net/http would detect.
func (a *response) sniff() {
	const most = 2048 // what net/http gathers
	if a.sniffed >= 0 || a.header == nil {
		return
	}
	a.sniffed = min(a.body.Len(), most)
	_, hasType := a.header["Content-Type"]
	if !hasType && a.header.Get("Content-Encoding") == "" && a.sniffed > 0 {
		a.header.Set("Content-Type", http.DetectContentType(a.body.Bytes()[:a.sniffed]))
	}
}

const (
	// patience is how long a stream may take.
	patience = 100 * time.Millisecond
	// silence is how long a stream may pause after it has begun, and enough how many bytes of it are read.
	silence = 2 * time.Millisecond
	enough  = 16 << 10
)

func (e *explorer) send(o *operation, r *request) (a *response) {
	ctx, cancel := context.WithCancel(context.Background())
	if o.streams {
		ctx, cancel = context.WithTimeout(context.Background(), patience)
	}
	defer cancel()
	a = &response{pending: http.Header{}, stop: cancel, sniffed: -1}
	built, err := r.build(faultlog.In(ctx, &a.log))
	if err != nil {
		a.aborted = err
		return a
	}
	defer func() {
		a.left = ctx.Err() != nil
		if a.aborted = recover(); a.aborted == nil {
			// A handler that writes nothing responds with 200.
			a.WriteHeader(http.StatusOK)
			a.sniff()
		} else if a.left {
			a.aborted = nil // by whom it was left
		}
		if a.silent != nil {
			a.silent.Stop()
		}
	}()
	e.app.ServeHTTP(a, built)
	return a
}

// build makes the http.Request as a server would.
func (r *request) build(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if r.hasBody {
		body = bytes.NewReader(r.body)
	}
	built, err := http.NewRequestWithContext(ctx, r.method, "http://testserver"+r.target(), body)
	if err != nil {
		return nil, err
	}
	// A server never passes on a nil body.
	if built.Body == nil {
		built.Body = http.NoBody
	}
	built.Header = r.header.Clone()
	if len(r.cookies) > 0 {
		built.Header.Set("Cookie", strings.Join(r.cookies, "; "))
	}
	if r.host != "" {
		built.Host = r.host
	}
	built.RequestURI, built.RemoteAddr = built.URL.RequestURI(), "192.0.2.1:1234"
	return built, nil
}

// judge returns what is wrong with a response, "" if nothing.
func (e *explorer) judge(p *probe, r *request, a *response) string {
	isClientError := a.status >= 400 && a.status < 500
	switch {
	case a.aborted != nil:
		return "the response was aborted"
	case p.kind == methodKind:
		return e.judgeMethod(p, a)
	// The request ended before the response, which no client would have seen.
	case a.status == 499:
		return ""
	case p.kind == validKind:
		if about := e.judgeValid(p, a); about != "" {
			return about
		}
		if about := judgeAccept(p.operation, r, a); about != "" {
			return about
		}
	case p.kind == anonymousKind && a.status != http.StatusUnauthorized:
		return fmt.Sprintf("the document asks for credentials, and without them the status was %d, not 401", a.status)
	case a.status < 500 && !isClientError:
		return fmt.Sprintf("the document refuses this request, the app responded with %d", a.status)
	}
	return e.judgeResponse(p.operation, a)
}

func (e *explorer) judgeMethod(p *probe, a *response) string {
	if a.status != http.StatusMethodNotAllowed {
		return fmt.Sprintf("the document has no such method, the app responded with %d, not 405", a.status)
	}
	allowed := strings.FieldsFunc(strings.Join(a.header.Values("Allow"), ","), func(r rune) bool { return r == ',' || r == ' ' })
	for _, o := range e.doc.operations {
		if o.path == p.operation.path && !slices.Contains(allowed, o.method) {
			return "the header Allow of a 405 leaves out " + o.method
		}
	}
	return ""
}

// judgeValid checks the response to a valid request.
func (e *explorer) judgeValid(p *probe, a *response) string {
	disagree := fmt.Sprintf("the document allows this request, the app responded with %d", a.status)
	switch a.status {
	case http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		return disagree
	}
	// A schema may be wider than the rules, and code may refuse anything.
	if faults := a.faults(); a.status >= 400 && len(faults) > 0 && !e.excused(p.operation, faults) {
		return disagree
	}
	return ""
}

// judgeAccept compares the media type of a success with the one asked for.
func judgeAccept(o *operation, r *request, a *response) string {
	wanted, got := r.header.Get("Accept"), mediaOf(a.header)
	if a.status/100 == 2 && got != "" && slices.Contains(o.offers, wanted) && !strings.Contains(wanted, "*") && got != wanted {
		return fmt.Sprintf("the document offers %s, which was asked for, the app responded with %s", wanted, got)
	}
	return ""
}

func mediaOf(h http.Header) string {
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return media
}

// reportedFault is a validation error of a refused request. Its tag is the violated rule, "" if that is not known.
type reportedFault struct {
	Type string `json:"type"`
	Loc  []any  `json:"loc"`
	tag  string
}

// faults returns the validation errors of the request, from the app's log if possible, otherwise from the 422.
func (a *response) faults() []reportedFault {
	var all []reportedFault
	for _, f := range a.log.Faults() {
		all = append(all, reportedFault{Type: f.Type, Loc: f.Loc, tag: f.Tag})
	}
	// The log knows more than the body. Without a log entry only the body of a 422 is left.
	if all != nil || a.status != http.StatusUnprocessableEntity {
		return all
	}
	var said struct {
		Detail json.RawMessage `json:"detail"`
		Errors []reportedFault `json:"errors"`
	}
	if json.Unmarshal(a.body.Bytes(), &said) == nil && said.Errors == nil {
		_ = json.Unmarshal(said.Detail, &said.Errors) // a form of its own has none
	}
	return said.Errors
}

// excused reports whether no schema could have predicted any of the validation errors.
func (e *explorer) excused(o *operation, faults []reportedFault) bool {
	return !slices.ContainsFunc(faults, func(f reportedFault) bool { return !f.isOfCode() && !e.isInexact(o, f.Loc) })
}

// isOfCode reports whether the validation error comes from code, not from a rule: from a Validate method,
// candor.Invalid, or an error type of the handler.
func (f reportedFault) isOfCode() bool {
	return f.Type == fault.ValueError && f.tag == "" || f.Type == fault.TooMany || !fault.IsKnown(f.Type)
}

// isInexact reports whether the schema at a location is wider than the app's rules.
func (e *explorer) isInexact(o *operation, loc []any) bool {
	if len(loc) == 0 {
		return false
	}
	if loc[0] == "body" {
		return slices.ContainsFunc(o.bodies, func(b *body) bool { return e.doc.inexactAt(b.schema, b.inside(loc), 0) })
	}
	for _, p := range o.parameters {
		// Header names are case-insensitive.
		if len(loc) > 1 && p.in == loc[0] && strings.EqualFold(p.name, fmt.Sprint(loc[1])) {
			return e.doc.inexactAt(p.schema, loc[2:], 0)
		}
	}
	return false
}

// inexactAt follows a location. If the schema ends earlier, its last part counts.
func (d *document) inexactAt(n node, loc []any, depth int) bool {
	// A schema may contain itself.
	if depth > 50 {
		return false
	}
	f := d.facts(n)
	isUnion := n.has("discriminator") && len(loc) > 0 // then the location names the case
	for _, choice := range f.choices {
		for _, alternative := range choice {
			if d.inexactAt(alternative, loc, depth+1) || isUnion && d.inexactAt(alternative, loc[1:], depth+1) {
				return true
			}
		}
	}
	if len(loc) == 2 && loc[1] == keyMark && f.naming.at != nil {
		return d.inexactAt(f.naming, nil, depth+1)
	}
	if len(loc) > 0 {
		if memberAt := f.memberAt(loc[0]); memberAt.at != nil {
			return d.inexactAt(memberAt, loc[1:], depth+1)
		}
	}
	return f.inexact
}

// keyMark in a location stands for the name of a member.
const keyMark = "[key]"

// memberAt is the schema of a member or an element.
func (f *facts) memberAt(at any) node {
	name, isName := at.(string)
	if !isName {
		return f.items
	}
	if member, ok := f.members[name]; ok {
		return member
	}
	return f.others
}

// judgeResponse compares a response with the documented ones.
func (e *explorer) judgeResponse(o *operation, a *response) string {
	declared := e.declared(o, a.status)
	if declared.at == nil {
		return fmt.Sprintf("the status %d is not declared; declared are %s", a.status, strings.Join(slices.Sorted(maps.Keys(o.responses.at)), ", "))
	}
	if a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "" && len(o.security) > 0 {
		return "a 401 has no header WWW-Authenticate"
	}
	headers := e.doc.child(declared, "headers")
	for _, name := range slices.Sorted(maps.Keys(headers.at)) {
		if about := e.judgeHeader(e.doc.child(headers, name), name, a); about != "" {
			return about
		}
	}
	return e.judgeBody(o, e.doc.child(declared, "content"), a)
}

func (e *explorer) judgeHeader(header node, name string, a *response) string {
	lines := a.header.Values(name)
	if len(lines) == 0 {
		if header.flag("required") {
			return fmt.Sprintf("status %d promises the header %s, which is missing", a.status, name)
		}
		return ""
	}
	schema := e.doc.child(header, "schema")
	f := e.doc.facts(schema)
	// In a header, strings and lists are not written as JSON.
	if f.allows("string") || f.allows("array") {
		return ""
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(lines[0]))
	if err != nil || e.doc.refuses(schema, value) != nil {
		return fmt.Sprintf("the header %s of status %d breaks its schema: %q", name, a.status, lines[0])
	}
	return ""
}

// declared returns the documented response of a status: its own, its range's, or the default.
func (e *explorer) declared(o *operation, status int) node {
	for _, name := range []string{strconv.Itoa(status), fmt.Sprintf("%dXX", status/100), "default"} {
		// A 500 must be documented explicitly.
		if o.responses.has(name) && (name != "default" || status != http.StatusInternalServerError) {
			return e.doc.child(o.responses, name)
		}
	}
	return node{}
}

func (e *explorer) judgeBody(o *operation, content node, a *response) string {
	if len(content.at) == 0 {
		if a.body.Len() > 0 {
			return fmt.Sprintf("status %d promises no body, and has one", a.status)
		}
		return ""
	}
	if o.method == http.MethodHead || a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		return ""
	}
	media := mediaOf(a.header)
	kind, _, _ := strings.Cut(media, "/")
	names := []string{media, kind + "/*", "*/*"}
	at := slices.IndexFunc(names, content.has)
	if at < 0 {
		return fmt.Sprintf("the document has no media type %q for status %d", media, a.status)
	}
	about := e.judgeContent(media, e.doc.child(content, names[at]), a)
	if about == "" {
		return ""
	}
	return fmt.Sprintf("the body of status %d %s", a.status, about)
}

// judgeContent checks the body against the schema of its media type.
func (e *explorer) judgeContent(media string, declared node, a *response) string {
	schema := e.doc.child(declared, "schema")
	codec, hasCodec := e.set.codecs[media]
	switch {
	case isStream(media):
		return e.judgeStream(media, declared, a)
	case isJSON(media):
		return e.judgeJSON(schema, a.body.Bytes())
	case hasCodec:
		var value any
		if err := codec.Unmarshal(a.body.Bytes(), &value); err != nil {
			return "is no " + media
		}
		return e.judgeJSON(schema, []byte(encode(jsonOf(value))))
	}
	return ""
}

func (e *explorer) judgeJSON(schema node, text []byte) string {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return "is no JSON"
	}
	if err := e.doc.refuses(schema, value); err != nil {
		return "breaks its schema: " + reason(err)
	}
	return ""
}

// reason returns the first cause of a rejection.
func reason(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "- ")
}
