// Package develop logs what helps while an API is developed: requests, the origin of errors, and responses that the
// document does not describe. It only writes to the log, and knows nothing about routes: its caller says which
// operation a request was for.
package develop

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
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/panics"
)

// Mode is an app under development. A nil one is an app that is not.
type Mode struct {
	log   *slog.Logger
	title string
	// announced is for the first log record, warned for operations and statuses that were reported as undocumented.
	announced sync.Once
	warned    lazy.Seen
	// statuses are those in the document, read once.
	statuses func() documentedStatuses
}

// New creates the mode of an app. The document, in version 3.2, is requested with the first request.
func New(log *slog.Logger, title string, document func() []byte) *Mode {
	return &Mode{log: log, title: title, statuses: sync.OnceValue(func() documentedStatuses { return readStatuses(document()) })}
}

// Announce logs that the app runs so: before anything else that it logs.
func (m *Mode) Announce() {
	if m == nil {
		return
	}
	m.announced.Do(func() {
		m.log.Warn("development mode is on: each request is logged, with its path; in production leave Config.Dev false", "app", m.title)
	})
}

// Operation is what served a request.
type Operation struct {
	*layer.Operation
	// Path is the path in the document, "" for an undocumented operation.
	Path string
	// Site is the call that registered it.
	Site string
	// Prefix is set for a mount: the pattern before the mounted part.
	Prefix string
}

// request is a request on its way through an app under development.
type request struct {
	// faults are the validation errors of the request.
	faults faultlog.Log
	// inside is the pattern in a mounted app, below the mount point.
	inside string
	// failedAt is the step that returned the error, and where its function is.
	failedAt, file string
	// failed means that the log has why it is an error of the server.
	failed bool
}

// key is the context key of the *request.
type key struct{}

// requestOf is nil for a request that no app under development serves.
func requestOf(ctx context.Context) *request {
	dev, _ := ctx.Value(key{}).(*request)
	return dev
}

// Serve serves a request, and logs it once it is over. It then calls find for the operation, which returns the zero
// value for a path without one.
func (m *Mode) Serve(w http.ResponseWriter, r *http.Request, next http.HandlerFunc, find func(*http.Request) Operation) {
	m.Announce()
	watched, outer, dev, start := layer.Watch(w), requestOf(r.Context()), &request{}, time.Now()
	ctx := context.WithValue(r.Context(), key{}, dev)
	sent := r.WithContext(faultlog.In(ctx, &dev.faults))
	whole := false
	// Deferred, so that a response that is aborted is logged too.
	defer func() {
		r.Pattern = sent.Pattern
		over := line{
			request: sent, dev: dev, duration: time.Since(start),
			status: statusOf(watched, whole), aborted: !whole && watched.Begun, operation: find(sent),
		}
		m.checkDocumented(&over)
		if outer != nil { // the app outside logs it
			outer.inside, outer.failed = over.route(), outer.failed || dev.failed
			return
		}
		m.log.LogAttrs(sent.Context(), over.operation.Level(over.status), "request", over.attrs()...)
	}()
	next(watched, sent)
	whole = true
}

// statusOf returns the status of a response; net/http sends 200 if the handler sent nothing.
func statusOf(w *layer.Writer, whole bool) int {
	switch {
	case w.Begun:
		return w.Status
	case whole:
		return http.StatusOK
	}
	return http.StatusInternalServerError
}

// line is the record of a request.
type line struct {
	request   *http.Request
	dev       *request
	duration  time.Duration
	status    int
	aborted   bool
	operation Operation
}

// route is the pattern, through all apps that are mounted in each other.
func (l line) route() string {
	if l.dev.inside == "" {
		return l.request.Pattern
	}
	return l.operation.Prefix + l.dev.inside
}

func (l line) attrs() []slog.Attr {
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

// invalidAttr lists validation errors by location and type. Their messages are custom or contain facts, so they may
// repeat input.
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

// InvalidMessage logs the validation errors of a WebSocket message, because the request is only over with the
// connection.
func (m *Mode) InvalidMessage(r *http.Request, faults []fault.Fault) {
	if m != nil {
		m.log.LogAttrs(r.Context(), slog.LevelInfo, "invalid message",
			slog.String("path", r.URL.Path), slog.String("route", r.Pattern), invalidAttr(faults))
	}
}

// undocumented is an operation with a status that the document does not have.
type undocumented struct {
	method, path string
	status       int
}

// checkDocumented warns once of each status that the document of the operation does not have.
func (m *Mode) checkDocumented(l *line) {
	// The log record of an unknown error says more, and a client that disconnected gets no status.
	if l.operation.Path == "" || l.aborted || l.dev.failed || l.status == mediatype.StatusClientClosed {
		return
	}
	op := undocumented{l.operation.Method, l.operation.Path, l.status}
	if m.statuses().has(op) {
		return
	}
	if !m.warned.IsNew(op) {
		return
	}
	m.log.WarnContext(l.request.Context(), "the document does not have this response", "method", op.method, "route", l.route(), "status", op.status,
		"at", panics.Relative(l.operation.Site), "fix", fmt.Sprintf("declare it with candor.Raises(err) or candor.Responds[T](%d)", op.status))
}

// documentedStatuses are the keys of the responses, by path and method. They are read from the written document, so
// edits by a hook count.
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

// responseKeys returns the statuses of an operation, and none for other members of a path, such as its parameters.
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

// Note records which step of a request returned its error, and where the step's function is. The first call counts,
// because an error passes through outer steps too.
func Note(ctx context.Context, step, file string) {
	if dev := requestOf(ctx); dev != nil && dev.failedAt == "" {
		dev.failedAt, dev.file = step, panics.Relative(file)
	}
}

// DeclaredAt returns the line where a function is declared, "" for a method value, which the compiler generates.
func DeclaredAt(pc uintptr) string {
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

// Attrs returns further log attributes for a failed request.
func (m *Mode) Attrs(r *http.Request, level slog.Level, panicked bool) []any {
	attrs := []any{"path", r.URL.Path}
	dev := requestOf(r.Context())
	if dev == nil {
		return attrs
	}
	dev.failed = dev.failed || level >= slog.LevelError
	if dev.failedAt != "" && !panicked { // whose stack says it better
		attrs = append(attrs, "step", dev.failedAt, "at", dev.file)
	}
	return attrs
}

// LogStack logs one record for each line: handlers of slog escape line breaks.
func (m *Mode) LogStack(ctx context.Context, level slog.Level, p *panics.Error) {
	for _, line := range p.Stack() {
		m.log.Log(ctx, level, "    "+line)
	}
}

// TaskAttrs returns log attributes that say where a background task is declared.
func (m *Mode) TaskAttrs(task func(context.Context) error) []any {
	if m == nil {
		return nil
	}
	return []any{"at", DeclaredAt(reflect.ValueOf(task).Pointer())}
}
