package mcp

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/callsite"
)

// The extensions of an operation in the document: what [Tool] and [NoTool] say.
const (
	toolExtension    = "x-mcp"
	excludeExtension = "x-mcp-exclude"
)

// toolName is what all clients take: some allow no dot, and 64 characters.
var toolName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Hint tells clients what a tool does, where the method of the operation does not
// say so.
type Hint string

// The hints.
const (
	// ReadOnly means that the tool changes nothing, such as a search by POST.
	ReadOnly Hint = "readOnly"
	// Additive means that it destroys nothing: it only adds.
	Additive Hint = "additive"
	// Idempotent means that a second call with the same arguments does nothing more.
	Idempotent Hint = "idempotent"
)

// Tool makes an operation a tool, with a name: up to 64 letters, digits, "_" and
// "-". It stands in the document as "x-mcp". A name that clients refuse panics; two
// tools of one name are an error when the app starts.
//
// Without hints a tool of GET, HEAD or QUERY is read-only, one of PUT or DELETE
// idempotent, and each but the read-only ones may destroy something.
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

// NoTool leaves operations out, whatever chose them: tags, Options.All or [Tool]. It
// stands in the document as "x-mcp-exclude".
func NoTool() candor.Option { return candor.Extension(excludeExtension, true) }

// mark is what [Tool] says, as it stands in the document.
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
