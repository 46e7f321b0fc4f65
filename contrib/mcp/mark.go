package mcp

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/callsite"
)

// The extensions with which [Tool] and [NoTool] mark operations in the document.
const (
	toolExtension    = "x-mcp"
	excludeExtension = "x-mcp-exclude"
)

// toolName matches names that all clients accept: some allow no dot, and at most 64 characters.
var toolName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Hint tells clients what a tool does, if the method of the operation does not.
type Hint string

// The hints.
const (
	// ReadOnly means that the tool changes nothing, such as a search with POST.
	ReadOnly Hint = "readOnly"
	// Additive means that the tool only adds, and destroys nothing.
	Additive Hint = "additive"
	// Idempotent means that a second call with the same arguments has no further effect.
	Idempotent Hint = "idempotent"
)

// Tool makes an operation a tool with a name of up to 64 letters, digits, "_" and "-". The document has it as "x-mcp".
// An invalid name panics; two tools with the same name are an error when the app starts.
//
// Without hints a tool for GET, HEAD or QUERY is read-only, one for PUT or DELETE is idempotent, and all but the
// read-only ones may be destructive.
func Tool(name string, hints ...Hint) candor.RouteOption {
	site := callsite.Here()
	if err := checkName(name); err != nil {
		panic(fmt.Errorf("candor: mcp.Tool at %s: %w", site, err))
	}
	for _, hint := range hints {
		if !slices.Contains([]Hint{ReadOnly, Additive, Idempotent}, hint) {
			panic(fmt.Errorf("candor: mcp.Tool(%q) at %s: there is no hint %q; use ReadOnly, Additive or Idempotent", name, site, hint))
		}
	}
	return candor.Extension(toolExtension, mark{Name: name, Hints: hints})
}

// NoTool excludes operations from the tools, even if tags, Options.All or [Tool] include them. The document has it as
// "x-mcp-exclude".
func NoTool() candor.Option { return candor.Extension(excludeExtension, true) }

// mark is the extension that [Tool] adds to the document.
type mark struct {
	Name  string `json:"name"`
	Hints []Hint `json:"hints,omitempty"`
}

func (m *mark) has(hint Hint) bool { return m != nil && slices.Contains(m.Hints, hint) }

func checkName(name string) error {
	if !toolName.MatchString(name) {
		return fmt.Errorf("%q is not a name of a tool that all clients accept; use up to 64 letters, digits, \"_\" and \"-\"", name)
	}
	return nil
}
