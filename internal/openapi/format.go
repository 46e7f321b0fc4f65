package openapi

import "github.com/candor-go/candor/internal/doctree"

// Format is one of the forms that a document comes in: a conversion of the tree
// of version 3.1, after everything was put into it, edits by hand included. So no
// form is written from operations beside it, and none can lose an edit.
type Format struct {
	MediaType string
	// Convert makes the tree of another document; nil keeps it.
	Convert func(*doctree.Value) *doctree.Value
	// YAML means that the tree is written as such, and not as JSON.
	YAML bool
}

// Of makes the form of a document, which is JSON in version 3.1.
func (f *Format) Of(document []byte) ([]byte, error) {
	if f.Convert == nil && !f.YAML {
		return document, nil
	}
	// A tree keeps the order of members, which a map would lose.
	tree, err := doctree.Parse(document)
	if err != nil {
		return nil, err
	}
	if f.Convert != nil {
		tree = f.Convert(tree)
	}
	if f.YAML {
		return tree.AppendYAML(nil), nil
	}
	return tree.AppendJSON(nil), nil
}
