package operation

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"github.com/candor-go/candor/internal/typeinfo"
)

// Parameters are the parameters of an operation, without duplicates, in the order in which they were found. Several of
// its functions may read the same one.
type Parameters struct {
	Fields []*typeinfo.Field
	// Readers lists the fields that read the same parameter but describe it differently; they are represented by one
	// field that combines them. It is nil for other fields.
	Readers map[*typeinfo.Field][]*typeinfo.Field
}

// Add adds a field that reads a parameter.
func (p *Parameters) Add(f *typeinfo.Field) {
	i := slices.IndexFunc(p.Fields, func(other *typeinfo.Field) bool { return SameParameter(other, f) })
	if i < 0 {
		p.Fields = append(p.Fields, f)
		return
	}
	before := p.Fields[i]
	readers := p.Readers[before]
	if readers == nil {
		readers = []*typeinfo.Field{before}
	}
	if slices.ContainsFunc(readers, func(other *typeinfo.Field) bool { return saysTheSame(other, f) }) {
		return
	}
	if p.Readers == nil {
		p.Readers = map[*typeinfo.Field][]*typeinfo.Field{}
	}
	// The combined field takes over the position, and the readers so far.
	delete(p.Readers, before)
	p.Fields[i] = together(before, f)
	// Clipped, because the slice may belong to an earlier list of readers.
	p.Readers[p.Fields[i]] = append(slices.Clip(readers), f)
}

// SameParameter reports whether two fields read the same parameter. Header names are case-insensitive (RFC 9110,
// section 5.1).
func SameParameter(a, b *typeinfo.Field) bool {
	if a.Source == typeinfo.Header && b.Source == typeinfo.Header {
		return http.CanonicalHeaderKey(a.Name) == http.CanonicalHeaderKey(b.Name)
	}
	return a.Source == b.Source && a.Name == b.Name
}

func saysTheSame(a, b *typeinfo.Field) bool {
	return a.Type.Go == b.Type.Go && a.Rules.String() == b.Rules.String() && sameAliases(a, b) && a.Separator == b.Separator && a.Nested == b.Nested && a.JSON == b.JSON &&
		a.Required == b.Required && a.Hidden == b.Hidden && a.Deprecated == b.Deprecated && a.Title == b.Title && a.Doc == b.Doc &&
		string(a.Default) == string(b.Default) && string(a.Example) == string(b.Example)
}

func sameAliases(a, b *typeinfo.Field) bool {
	return slices.EqualFunc(a.Aliases, b.Aliases, func(a, b *typeinfo.Field) bool { return a.Name == b.Name })
}

// together returns the description of a parameter with two readers. It is required if one requires it, and hidden if
// both hide it; everything else comes from the first reader that says it, with hidden readers last.
func together(a, b *typeinfo.Field) *typeinfo.Field {
	if a.Hidden && !b.Hidden {
		a, b = b, a
	}
	both := *a
	if b.Type.IsList() && !a.Type.IsList() {
		both.Type, both.Separator = b.Type, b.Separator // these decide how it is written
	}
	// A former name works only for readers that have it, not for the others.
	if both.Aliases = a.Aliases; a.Aliases == nil || b.Required && b.Aliases == nil {
		both.Aliases = b.Aliases
	}
	if a.Required && a.Aliases == nil {
		both.Aliases = nil
	}
	both.Required = a.Required || b.Required
	both.Deprecated = a.Deprecated || b.Deprecated && !b.Hidden
	both.Title = cmp.Or(a.Title, b.Title)
	if !b.Hidden {
		both.Doc = cmp.Or(a.Doc, b.Doc)
	}
	if a.Default == nil {
		both.Default = b.Default
	}
	if both.Required {
		both.Default = nil // one reader has none
	}
	if a.Example == nil {
		both.Example = b.Example
	}
	return &both
}

// Disagreement describes a conflict that the document cannot express: two encodings of one value, or two
// defaults. It is "" if the fields agree.
func Disagreement(readers []*typeinfo.Field) string {
	for _, f := range readers[1:] {
		first := readers[0]
		switch {
		case f.Nested != first.Nested:
			return several[first.Nested] + " for one, and " + several[f.Nested] + " for another"
		case f.JSON != first.JSON:
			return "it is JSON for one and plain text for another"
		case f.Separator != first.Separator && f.Type.IsList() && first.Type.IsList():
			if first.Separator == "" {
				first, f = f, first
			}
			return separation(first) + " for one, and " + separation(f) + " for another"
		case f.Default != nil && first.Default != nil && string(f.Default) != string(first.Default):
			return fmt.Sprintf("it is %s by default for one and %s for another", first.Default, f.Default)
		}
	}
	return ""
}

var several = map[bool]string{false: "it is sent as one string", true: "it is sent as several"}

// separation says how the elements of a list are separated.
func separation(f *typeinfo.Field) string {
	switch f.Separator {
	case ",":
		return "commas separate its elements"
	case "|":
		return "pipes separate its elements"
	case " ":
		return "spaces separate its elements"
	}
	return "each has a key of its own"
}
