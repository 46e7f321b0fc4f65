package candor

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/candor-go/candor/internal/typeinfo"
)

// parameters are the values that the functions of an endpoint read of a request,
// each once, in the order in which they were met.
type parameters struct {
	fields []*typeinfo.Field
	// readers are the fields that read a value of which several say different
	// things; the field in their place is what they say together.
	readers map[*typeinfo.Field][]*typeinfo.Field
}

// isSameParameter reports whether two fields read one value. Names of headers have
// no case (RFC 9110, section 5.1).
func isSameParameter(a, b *typeinfo.Field) bool {
	if a.Source == typeinfo.Header && b.Source == typeinfo.Header {
		return http.CanonicalHeaderKey(a.Name) == http.CanonicalHeaderKey(b.Name)
	}
	return a.Source == b.Source && a.Name == b.Name
}

// add notes one more reader.
func (p *parameters) add(f *typeinfo.Field) {
	i := slices.IndexFunc(p.fields, func(other *typeinfo.Field) bool { return isSameParameter(other, f) })
	if i < 0 {
		p.fields = append(p.fields, f)
		return
	}
	before := p.fields[i]
	readers := p.of(before)
	if slices.ContainsFunc(readers, func(other *typeinfo.Field) bool { return saysTheSame(other, f) }) {
		return
	}
	if p.readers == nil {
		p.readers = map[*typeinfo.Field][]*typeinfo.Field{}
	}
	delete(p.readers, before)
	p.fields[i] = together(before, f)
	p.readers[p.fields[i]] = append(slices.Clip(readers), f)
}

// of lists the readers of a value.
func (p *parameters) of(f *typeinfo.Field) []*typeinfo.Field {
	if readers := p.readers[f]; readers != nil {
		return readers
	}
	return []*typeinfo.Field{f}
}

func saysTheSame(a, b *typeinfo.Field) bool {
	return a.Type.Go == b.Type.Go && a.Rules.String() == b.Rules.String() && a.CSV == b.CSV && a.JSON == b.JSON &&
		a.Required == b.Required && a.Hidden == b.Hidden && a.Deprecated == b.Deprecated && a.Title == b.Title && a.Doc == b.Doc &&
		string(a.Default) == string(b.Default) && string(a.Example) == string(b.Example)
}

// together is what the document says of a value with two readers. It is needed
// where one needs it, and hidden where both hide it; what else there is to say is
// taken from the first that says it, a hidden reader last.
func together(a, b *typeinfo.Field) *typeinfo.Field {
	if a.Hidden && !b.Hidden {
		a, b = b, a
	}
	both := *a
	if b.Type.IsList() && !a.Type.IsList() {
		both.Type, both.CSV = b.Type, b.CSV // which decide how it is written
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
