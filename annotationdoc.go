package candor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// rangeText describes the answers of a status without a name of its own.
func rangeText(status int) string {
	if status == StatusDefault {
		return "Any other answer"
	}
	return "Status " + mediatype.StatusKey(status)
}

// responseTo is the response that is documented for a status, nil without. kin
// would look for that of its range, too.
func responseTo(all *openapi3.Responses, status int) *openapi3.ResponseRef {
	return all.Value(mediatype.StatusKey(status))
}

// annotate adds what the options of an operation say beside its types.
func (d *documenter) annotate(op *openapi3.Operation, o *operation) {
	set := o.endpoint.set
	op.ExternalDocs = externalDocs(set.externalDocs)
	for _, s := range set.servers {
		if op.Servers == nil {
			op.Servers = &openapi3.Servers{}
		}
		*op.Servers = append(*op.Servers, server(s))
	}
	for name, data := range set.extensions {
		if op.Extensions == nil {
			op.Extensions = map[string]any{}
		}
		op.Extensions[name] = data
	}
	for _, x := range set.examples {
		if content := contentFor(op, x.status); content != nil {
			addExample(content, x)
		}
	}
	for _, l := range set.links {
		r := responseTo(op.Responses, l.status)
		if target := d.ids[l.OperationID]; target != nil && r != nil {
			addLink(r.Value, publicLink(l.Link, o.endpoint, target.endpoint))
		}
	}
	for _, c := range o.callbacks {
		d.callback(op, o.endpoint, c)
	}
}

// contentFor is the body of the request, or of the answers of a status.
func contentFor(op *openapi3.Operation, status int) openapi3.Content {
	if status != 0 {
		if r := responseTo(op.Responses, status); r != nil {
			return r.Value.Content
		}
		return nil
	}
	if op.RequestBody == nil {
		return nil
	}
	return op.RequestBody.Value.Content
}

// addExample shows a value in the media types that it can be seen in.
func addExample(content openapi3.Content, x namedExample) {
	for mediaType, media := range content {
		if !mediatype.IsJSON(mediaType) && !strings.HasPrefix(mediaType, "application/x-www-form-urlencoded") && !strings.HasPrefix(mediaType, mediatype.Multipart) {
			continue
		}
		if media.Examples == nil {
			media.Examples = openapi3.Examples{}
		}
		media.Examples[x.name] = &openapi3.ExampleRef{Value: &openapi3.Example{Summary: x.summary, Value: x.data}}
	}
}

// publicLink is a link with the names that wildcards have in the document.
func publicLink(l Link, from, to *endpoint) Link {
	parameters := map[string]string{}
	for name, value := range l.Parameters {
		source, plain, qualified := strings.Cut(name, ".")
		switch {
		case qualified && source == openapi3.ParameterInPath:
			name = source + "." + to.publicName(plain)
		case !qualified:
			name = to.publicName(name)
		}
		parameters[name] = from.publicExpression(value)
	}
	l.Parameters, l.RequestBody = parameters, from.publicExpression(l.RequestBody)
	return l
}

// publicExpression is a runtime expression about a request with the names that
// wildcards have in the document.
func (e *endpoint) publicExpression(text string) string {
	if name, ok := strings.CutPrefix(text, "$request.path."); ok {
		return "$request.path." + e.publicName(name)
	}
	return text
}

func addLink(r *openapi3.Response, l Link) {
	made := &openapi3.Link{OperationID: l.OperationID, Description: l.Description}
	for name, value := range l.Parameters {
		if made.Parameters == nil {
			made.Parameters = map[string]any{}
		}
		made.Parameters[name] = value
	}
	if l.RequestBody != "" {
		made.RequestBody = l.RequestBody
	}
	if r.Links == nil {
		r.Links = openapi3.Links{}
	}
	r.Links[l.Name] = &openapi3.LinkRef{Value: made}
}

// callback documents a request that an operation leads to. Several of one name
// stand together.
func (d *documenter) callback(op *openapi3.Operation, from *endpoint, c *operation) {
	out := c.endpoint.outgoing
	if op.Callbacks == nil {
		op.Callbacks = openapi3.Callbacks{}
	}
	if op.Callbacks[out.name] == nil {
		op.Callbacks[out.name] = &openapi3.CallbackRef{Value: openapi3.NewCallback()}
	}
	all := op.Callbacks[out.name].Value
	url := out.url
	for _, x := range out.addresses {
		url = strings.ReplaceAll(url, "{"+x.text+"}", "{"+from.publicExpression(x.text)+"}")
	}
	if all.Value(url) == nil {
		all.Set(url, &openapi3.PathItem{})
	}
	all.Value(url).SetOperation(c.endpoint.method, d.operation(c))
}

// webhooks documents the requests that the API sends.
func (d *documenter) webhooks(hooks []*operation) {
	for _, h := range hooks {
		name := h.endpoint.outgoing.name
		if d.doc.Webhooks == nil {
			d.doc.Webhooks = map[string]*openapi3.PathItem{}
		}
		if d.doc.Webhooks[name] == nil {
			d.doc.Webhooks[name] = &openapi3.PathItem{}
		}
		d.doc.Webhooks[name].SetOperation(h.endpoint.method, d.operation(h))
	}
}

// reaches reports why a link cannot lead to an operation.
func (l Link) reaches(target *operation) error {
	if target == nil {
		return fmt.Errorf("the link %q leads to the operation %q, which no document has; write the id of one", l.Name, l.OperationID)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Parameters)) {
		isMeant := func(f *typeinfo.Field) bool { return f.Name == name || f.Source.String()+"."+f.Name == name }
		if !slices.ContainsFunc(target.endpoint.params.fields, isMeant) {
			return fmt.Errorf("the link %q: the operation %q has no parameter %q; name one that it has", l.Name, l.OperationID, name)
		}
	}
	return nil
}

// checkLinks finds links that lead nowhere in any of the documents.
func checkLinks(outlines []*outline) []error {
	hasLinks := func(op *operation) bool { return len(op.endpoint.set.links) > 0 }
	if !slices.ContainsFunc(outlines, func(o *outline) bool { return slices.ContainsFunc(o.operations, hasLinks) }) {
		return nil
	}
	known, checked := map[string]*operation{}, map[*endpoint]bool{}
	for _, o := range outlines {
		maps.Copy(known, o.ids)
	}
	var mistakes []error
	for _, o := range outlines {
		for _, op := range o.operations {
			for _, l := range op.endpoint.set.links {
				if err := l.reaches(known[l.OperationID]); err != nil && !checked[op.endpoint] {
					mistakes = append(mistakes, op.endpoint.route.mistake(err))
				}
			}
			checked[op.endpoint] = true
		}
	}
	return mistakes
}
