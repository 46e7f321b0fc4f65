package candor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// addLinks adds the links of an operation to its responses. Links to operations that are not in this document are left
// out.
func (b *apiBuilder) addLinks(op *operation.Operation, e *endpoint) {
	for _, l := range e.set.links {
		r, target := op.Responses.To(l.status), b.index.withID(l.OperationID)
		if r != nil && target != nil {
			r.Links = append(r.Links, publicLink(l.Link, e, target))
		}
	}
}

// publicLink converts a link to the wildcard names of the document.
func publicLink(l Link, from, to *endpoint) operation.Link {
	public := operation.Link{
		Name: l.Name, OperationID: l.OperationID, Description: l.Description,
		Parameters: map[string]string{}, RequestBody: from.publicExpression(l.RequestBody),
	}
	for name, value := range l.Parameters {
		source, plain, qualified := strings.Cut(name, ".")
		switch {
		// Only the names of wildcards differ between route and document.
		case qualified && source == typeinfo.Path.String():
			name = source + "." + to.publicName(plain)
		case !qualified:
			name = to.publicName(name)
		}
		public.Parameters[name] = from.publicExpression(value)
	}
	return public
}

// publicExpression converts a runtime expression about a request to the wildcard names of the document.
func (e *endpoint) publicExpression(text string) string {
	if name, ok := strings.CutPrefix(text, "$request.path."); ok {
		return "$request.path." + e.publicName(name)
	}
	return text
}

// publicURL returns the URL of a callback with the wildcard names of the document.
func (e *endpoint) publicURL(callback *webhook) string {
	url := callback.url
	for _, x := range callback.addresses {
		url = strings.ReplaceAll(url, "{"+x.Text+"}", "{"+e.publicExpression(x.Text)+"}")
	}
	return url
}

// reaches returns why a link cannot lead to an operation.
func (l Link) reaches(target *endpoint) error {
	if target == nil {
		return fmt.Errorf("the link %q refers to the operation %q, which no document has; write the id of one", l.Name, l.OperationID)
	}
	for _, name := range sorted.Keys(l.Parameters) {
		// A parameter may be qualified by its source, to distinguish it from another of the same name.
		isMeant := func(f *typeinfo.Field) bool { return f.Name == name || f.Source.String()+"."+f.Name == name }
		if !slices.ContainsFunc(target.params.fields, isMeant) {
			return fmt.Errorf("the link %q: the operation %q has no parameter %q; name one that it has", l.Name, l.OperationID, name)
		}
	}
	return nil
}

// checkLinks finds links that lead nowhere in any of the documents.
func checkLinks(documents []*operationIndex) []error {
	checked := map[*endpoint]bool{}
	var configErrs []error
	for _, x := range documents {
		for _, e := range x.operations {
			// An endpoint may be in several documents; its error is reported once.
			if len(e.set.links) == 0 || checked[e] {
				continue
			}
			for _, l := range e.set.links {
				if err := l.reaches(targetIn(documents, l.OperationID)); err != nil {
					configErrs = append(configErrs, e.route.configError(err))
				}
			}
			checked[e] = true
		}
	}
	return configErrs
}

// targetIn returns the operation with an id. A link may lead to an operation in another document of the app, and the
// last document with that id counts.
func targetIn(documents []*operationIndex, id string) *endpoint {
	for _, x := range slices.Backward(documents) {
		if e := x.withID(id); e != nil {
			return e
		}
	}
	return nil
}
