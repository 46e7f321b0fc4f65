package mcp

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/candor-go/candor/internal/mediatype"
)

// tool is an operation that can be called as a tool.
type tool struct {
	h        *handler
	op       *documented
	declared *sdk.Tool

	// For calls: the arguments by name, and the body.
	arguments map[string]*argument
	required  []string
	body      *body
	// headers and queries are names in the caller's request that are passed on.
	headers, queries []string

	// For results: the media type to ask for, how it becomes structured, and the names of the headers that are shown.
	accept string
	output *output
	shown  []string
	// succeeds means that a successful response is documented.
	succeeds bool
}

// tools creates the tools for the chosen operations.
func (h *handler) tools(doc *document) ([]*tool, error) {
	operations, err := doc.operations()
	if err != nil {
		return nil, err
	}
	plain := h.plain()
	var tools []*tool
	var errs []error
	names, used := map[string]*documented{}, map[string]bool{}
	for _, op := range operations {
		for _, tag := range op.tags() {
			used[tag] = true
		}
		if !h.chooses(op, plain) {
			continue
		}
		t, err := h.makeTool(doc, op)
		switch {
		case err == nil:
			tools = append(tools, t)
		case op.mark != nil:
			errs = append(errs, fmt.Errorf("mcp.Tool(%q) of %s: %w; drop it", op.mark.Name, op, err))
		default:
			h.options.Logger.Warn("an operation is no tool", "operation", op.String(), "reason", err.Error())
		}
	}
	for _, t := range tools {
		if err := t.takeName(names); err != nil {
			errs = append(errs, err)
		}
	}
	for _, tag := range h.options.Tags {
		if !used[tag] {
			errs = append(errs, fmt.Errorf("Options.Tags: no operation of the document has the tag %q; it has %s", tag, strings.Join(slices.Sorted(maps.Keys(used)), ", ")))
		}
	}
	if len(tools) == 0 && len(errs) == 0 && h.options.Server == nil {
		errs = append(errs, errors.New("no operation is a tool; choose some by mcp.Tool, Options.Tags or Options.All"))
	}
	return tools, errors.Join(errs...)
}

// plain returns the ids of operations without a description: those of HandleHTTP, including the endpoint itself.
func (h *handler) plain() map[string]bool {
	ids := map[string]bool{}
	for _, route := range h.app.Routes() {
		if route.OperationID != "" && !slices.ContainsFunc(route.Steps, func(step string) bool { return strings.Contains(step, "encode the response") }) {
			ids[route.OperationID] = true
		}
	}
	return ids
}

// chooses reports whether an operation becomes a tool.
func (h *handler) chooses(op *documented, plain map[string]bool) bool {
	switch {
	case op.excluded:
		return false
	case op.mark != nil:
		return true
	case plain[text(op.op, "operationId")] || op.op[mediatype.SocketExtension] != nil:
		return false
	}
	return h.options.All || slices.ContainsFunc(op.tags(), func(tag string) bool { return slices.Contains(h.options.Tags, tag) })
}

// makeTool compiles an operation.
func (h *handler) makeTool(doc *document, op *documented) (*tool, error) {
	t := &tool{h: h, op: op, arguments: map[string]*argument{}}
	if err := t.takeCredentials(doc); err != nil {
		return nil, err
	}
	input, err := t.takeInput(doc)
	if err != nil {
		return nil, err
	}
	t.declared = &sdk.Tool{InputSchema: input, Title: text(op.op, "summary"), Description: t.description(), Annotations: t.hints()}
	if schema := t.takeOutput(doc); schema != nil {
		t.declared.OutputSchema = schema
	}
	return t, nil
}

// description returns the documentation of the operation.
func (t *tool) description() string {
	var all []string
	if t.op.op["deprecated"] == true {
		all = append(all, "Deprecated.")
	}
	for _, s := range []string{text(t.op.op, "summary"), text(t.op.op, "description")} {
		if s != "" {
			all = append(all, s)
		}
	}
	return cmp.Or(strings.Join(all, "\n\n"), t.op.String())
}

// hints returns the given hints, by default those of the method (RFC 9110, section 9.2).
func (t *tool) hints() *sdk.ToolAnnotations {
	readOnly := slices.Contains([]string{"GET", "HEAD", "QUERY", "OPTIONS", "TRACE"}, t.op.method) || t.op.mark.has(ReadOnly)
	destructive := !readOnly && !t.op.mark.has(Additive)
	return &sdk.ToolAnnotations{
		Title: text(t.op.op, "summary"), ReadOnlyHint: readOnly, DestructiveHint: &destructive, OpenWorldHint: new(bool),
		IdempotentHint: readOnly || slices.Contains([]string{"PUT", "DELETE"}, t.op.method) || t.op.mark.has(Idempotent),
	}
}

var notInTool = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// takeName gives the tool its own name, or one made from the operation id: its letters, shortened and numbered if
// necessary.
func (t *tool) takeName(names map[string]*documented) error {
	if t.op.mark != nil {
		t.declared.Name = t.op.mark.Name
		if other := names[t.declared.Name]; other != nil {
			return fmt.Errorf("%s and %s are both the tool %q; rename one with mcp.Tool", other, t.op, t.declared.Name)
		}
		names[t.declared.Name] = t.op
		return nil
	}
	base := strings.Trim(notInTool.ReplaceAllString(cmp.Or(text(t.op.op, "operationId"), t.op.String()), "_"), "_")
	t.declared.Name = unique(base, 64, func(name string) bool { return names[name] != nil })
	names[t.declared.Name] = t.op
	return nil
}

// unique returns an unused name of at most limit bytes.
func unique(base string, limit int, taken func(string) bool) string {
	name := base[:min(len(base), limit)]
	for n := 2; taken(name); n++ {
		suffix := fmt.Sprintf("_%d", n)
		name = base[:min(len(base), limit-len(suffix))] + suffix
	}
	return name
}

// takeCredentials determines which headers and query parameters of the caller are credentials of the operation.
func (t *tool) takeCredentials(doc *document) error {
	t.headers = append([]string{"Authorization"}, t.h.options.Forward...)
	security, said := t.op.op["security"]
	if !said {
		security = doc.root["security"]
	}
	choices := list(security)
	cookies := 0
	for _, choice := range choices {
		schemes, _ := choice.(object)
		needsCookie := false
		for name := range schemes {
			scheme := doc.resolve(doc.at("#/components/securitySchemes/" + name))
			switch {
			case text(scheme, "type") != "apiKey":
			case text(scheme, "in") == "header":
				t.headers = append(t.headers, text(scheme, "name"))
			case text(scheme, "in") == "query":
				t.queries = append(t.queries, text(scheme, "name"))
			default:
				needsCookie = true
			}
		}
		if needsCookie {
			cookies++
		}
	}
	if len(choices) > 0 && cookies == len(choices) {
		return errors.New("its credentials are a cookie, and cookies are not sent on")
	}
	return nil
}
