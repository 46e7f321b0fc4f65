package openapi

import (
	"github.com/candor-go/candor/internal/doctree"
	"github.com/candor-go/candor/internal/schema"
)

// Format is a format of the document. It is converted from the finished document of version 3.1, including edits by hand,
// so no format can lose an edit.
type Format struct {
	MediaType string
	// Convert converts the document; nil keeps it.
	Convert func(*doctree.Value) *doctree.Value
	// YAML means that the document is written as YAML instead of JSON.
	YAML bool
}

// Of returns a document, given as JSON of version 3.1, in this format.
func (f *Format) Of(document *schema.Encoded) (*schema.Encoded, error) {
	if f.Convert == nil && !f.YAML {
		return document, nil
	}
	// A tree keeps the order of members, which a map would lose.
	tree, err := doctree.Parse(document.Bytes())
	if err != nil {
		return nil, err
	}
	if f.Convert != nil {
		tree = f.Convert(tree)
	}
	if f.YAML {
		return schema.Whole(tree.AppendYAML(nil)), nil
	}
	return schema.Whole(tree.AppendJSON(nil)), nil
}
