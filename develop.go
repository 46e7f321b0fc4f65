package candor

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/faultlog"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/panics"
)

// developing is what Config.Dev adds to an app: everything in it ends in the log.
// It is nil in an app without.
type developing struct {
	log   *slog.Logger
	title string
	// announced is for the first record, warned for the operations and statuses that
	// were reported as undocumented.
	announced sync.Once
	warned    sync.Map
	// statuses are those in the document, read once.
	statuses func() documentedStatuses
}

func newDeveloping(a *App) *developing {
	d := &developing{log: a.errors.log, title: a.title()}
	d.statuses = sync.OnceValue(func() documentedStatuses {
		form, err := a.table.Load().document.form(OpenAPI32)
		if err != nil { // which the document itself reports
			return documentedStatuses{}
		}
		return readStatuses(form.data)
	})
	return d
}

// announce logs that the app runs so: before anything else that it logs.
func (d *developing) announce() {
	d.announced.Do(func() {
		d.log.Warn("development mode is on: each request is logged, with its path; in production leave Config.Dev false", "app", d.title)
	})
}

// devRequest is a request on its way through an app under development.
type devRequest struct {
	// faults are what it was refused for.
	faults faultlog.Log
	// inside is the pattern in a mounted app, below that of the mount.
	inside string
	// failedAt is the step that returned the error, and where its function is.
	failedAt, file string
	// failed means that the log has why it is an error of the server.
	failed bool
}

// devKey is the context key of the *devRequest.
type devKey struct{}

// devRequestOf is nil for a request that no app under development serves.
func devRequestOf(ctx context.Context) *devRequest {
	dev, _ := ctx.Value(devKey{}).(*devRequest)
	return dev
}

// serve serves a request, and logs it once it is over.
func (d *developing) serve(a *App, w http.ResponseWriter, r *http.Request) {
	d.announce()
	watched, outer, dev, start := layer.Watch(w), devRequestOf(r.Context()), &devRequest{}, time.Now()
	ctx := context.WithValue(r.Context(), devKey{}, dev)
	sent := r.WithContext(faultlog.In(ctx, &dev.faults))
	whole := false
	// Deferred, so that a response that is aborted is logged too.
	defer func() {
		r.Pattern = sent.Pattern
		line := devLine{request: sent, dev: dev, duration: time.Since(start), status: statusOf(watched, whole), aborted: !whole && watched.Begun}
		if t := a.table.Load(); t != nil { // else the app has configuration errors
			d.checkDocumented(t, &line)
		}
		if outer != nil { // the app outside logs it
			outer.inside, outer.failed = line.route(), outer.failed || dev.failed
			return
		}
		d.log.LogAttrs(sent.Context(), line.operation.Level(line.status), "request", line.attrs()...)
	}()
	a.serve(watched, sent)
	whole = true
}

// statusOf is the status of a response; net/http sends 200 where the handler sent
// nothing.
func statusOf(w *layer.Writer, whole bool) int {
	switch {
	case w.Begun:
		return w.Status
	case whole:
		return http.StatusOK
	}
	return http.StatusInternalServerError
}

// devLine is the record of a request.
type devLine struct {
	request  *http.Request
	dev      *devRequest
	duration time.Duration
	status   int
	aborted  bool
	// operation is nil for a path without a route.
	operation *layer.Operation
}

// route is the pattern, through all apps that are mounted in each other.
func (l devLine) route() string {
	if l.dev.inside == "" {
		return l.request.Pattern
	}
	return strings.TrimSuffix(l.request.Pattern, mountSuffix) + l.dev.inside
}

func (l devLine) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("method", l.request.Method), slog.String("path", l.request.URL.Path), slog.String("route", l.route()),
		slog.Int("status", l.status), slog.Duration("duration", l.duration),
	}
	if invalid := l.dev.faults.Faults(); len(invalid) > 0 {
		attrs = append(attrs, invalidAttr(invalid))
	}
	if l.aborted {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	return attrs
}

// invalidAttr lists validation errors by location and type. Their sentences are
// the user's or have facts in them, so they may repeat what was sent.
func invalidAttr(faults []fault.Fault) slog.Attr {
	var all []string
	for _, f := range faults {
		var location []string
		for _, element := range f.Loc {
			location = append(location, fmt.Sprint(element))
		}
		all = append(all, strings.Join(location, ".")+" "+string(f.Type))
	}
	return slog.String("invalid", strings.Join(all, ", "))
}

// logMessage logs the validation errors in a message of a WebSocket, whose
// request is over only with the connection.
func (d *developing) logMessage(r *http.Request, faults []fault.Fault) {
	if d != nil {
		d.log.LogAttrs(r.Context(), slog.LevelInfo, "invalid message",
			slog.String("path", r.URL.Path), slog.String("route", r.Pattern), invalidAttr(faults))
	}
}

// undocumented is an operation with a status that the document does not have.
type undocumented struct {
	method, path string
	status       int
}

// checkDocumented finds the operation of a request, and warns, once each, of a
// status that its document does not have.
func (d *developing) checkDocumented(t *table, l *devLine) {
	e, _ := t.match(l.request, nil)
	if e == nil {
		return
	}
	l.operation = &e.operation
	// The record of an unknown error says more, and the status of a client that
	// left reaches nobody.
	if l.aborted || l.dev.failed || l.status == mediatype.StatusClientClosed {
		return
	}
	op := undocumented{e.method, t.document.operations.pathOf(e), l.status}
	if op.path == "" || d.statuses().has(op) {
		return
	}
	if _, warned := d.warned.LoadOrStore(op, true); warned {
		return
	}
	d.log.WarnContext(l.request.Context(), "the document does not have this response", "method", op.method, "route", l.route(), "status", op.status,
		"at", e.route.site.String(), "fix", fmt.Sprintf("declare it with candor.Raises(err) or candor.Responds[T](%d)", op.status))
}

// documentedStatuses are the keys of the responses, by path and method. They are
// read from the written document, so that a hook that edits it counts.
type documentedStatuses map[string]map[string]map[string]bool

func (s documentedStatuses) has(op undocumented) bool {
	operation, ok := s[op.path][op.method]
	if !ok { // a hook took it out
		return true
	}
	code := strconv.Itoa(op.status)
	return operation[code] || operation[code[:1]+"XX"] || operation["default"]
}

// readStatuses reads them from a document of version 3.2, which has every method.
func readStatuses(document []byte) documentedStatuses {
	var d struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	_ = json.Unmarshal(document, &d) // it was written as JSON
	all := documentedStatuses{}
	for path, members := range d.Paths {
		all[path] = map[string]map[string]bool{}
		for member, data := range members {
			if member == "additionalOperations" {
				var more map[string]json.RawMessage
				_ = json.Unmarshal(data, &more)
				for method, data := range more {
					all[path][method] = responseKeys(data)
				}
				continue
			}
			all[path][strings.ToUpper(member)] = responseKeys(data)
		}
	}
	return all
}

// responseKeys are the statuses of an operation; what else a path has, such as
// its parameters, has none.
func responseKeys(operation json.RawMessage) map[string]bool {
	var o struct {
		Responses map[string]json.RawMessage `json:"responses"`
	}
	_ = json.Unmarshal(operation, &o) // a list is no operation
	keys := map[string]bool{}
	for status := range o.Responses {
		keys[status] = true
	}
	return keys
}

// noteFailures lets each step of an app under development tell which one an error
// came from.
func (e *endpoint) noteFailures(steps []step) {
	if e.dev == nil {
		return
	}
	for i := range steps {
		s, file := steps[i], e.fileOf(steps[i])
		note := func(x *exchange, err error) error {
			if dev := devRequestOf(x.scope.r.Context()); err != nil && dev != nil && dev.failedAt == "" {
				dev.failedAt, dev.file = s.name, file
			}
			return err
		}
		if s.run != nil {
			steps[i].run = func(x *exchange) error { return note(x, s.run(x)) }
		}
		if s.wrap != nil {
			steps[i].wrap = func(x *exchange, rest int) error { return note(x, s.wrap(x, rest)) }
		}
	}
}

// fileOf is where the function that a step runs is declared, or else registered.
func (e *endpoint) fileOf(s step) string {
	node := e.nodes[s.node]
	site := e.route.site
	if node.provider != nil {
		site = node.provider.site
	}
	if at := declaredAt(node.function.pc); at != "" && node.function != nothing {
		return at
	}
	return site.String()
}

// declaredAt is the line where a function is declared, "" for the value of a
// method, which the compiler makes.
func declaredAt(pc uintptr) string {
	f := runtime.FuncForPC(pc)
	if f == nil {
		return ""
	}
	file, line := f.FileLine(pc)
	if strings.HasPrefix(file, "<") {
		return ""
	}
	return panics.At(file, line)
}

// attrs tell more of the request that failed.
func (d *developing) attrs(r *http.Request, level slog.Level, panicked bool) []any {
	attrs := []any{"path", r.URL.Path}
	dev := devRequestOf(r.Context())
	if dev == nil {
		return attrs
	}
	dev.failed = dev.failed || level >= slog.LevelError
	if dev.failedAt != "" && !panicked { // whose stack says it better
		attrs = append(attrs, "step", dev.failedAt, "at", dev.file)
	}
	return attrs
}

// logStack logs one record for each line: handlers of slog escape line breaks.
func (d *developing) logStack(ctx context.Context, level slog.Level, p *panics.Error) {
	for _, line := range p.Stack() {
		d.log.Log(ctx, level, "    "+line)
	}
}

// taskAttrs tell where a background task is declared.
func (d *developing) taskAttrs(task func(context.Context) error) []any {
	if d == nil {
		return nil
	}
	return []any{"at", declaredAt(reflect.ValueOf(task).Pointer())}
}
