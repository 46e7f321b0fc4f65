package candor

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/responsecache"
	"github.com/candor-go/candor/internal/typeinfo"
)

// inputPlan binds a request to an input struct. It is compiled for the wildcards of one path.
type inputPlan struct {
	desc   *typeinfo.Input
	params *bind.Plan
	body   *bodyPlan
	ready  []readyPlan
	// dropsTags means that the input has a CacheTags field.
	dropsTags bool
	// choices are sets of credentials of which one is required.
	choices []credentials.Choice
	judges  []judge
}

// readyPlan fills a field of a ready-made type from the request.
type readyPlan struct {
	index []int
	// credentials reads the value of a security field, and is nil for others.
	credentials *credentials.Reader
}

// requestScope is what inputs are filled from: the request and its route.
type requestScope struct {
	w        http.ResponseWriter
	r        *http.Request
	captured []string
	echo     bool
	metadata *metadata
	// tasks are made when the first input asks for them; so are the cache tags that the request invalidates.
	tasks *Tasks
	tags  *CacheTags
	// exchange is nil if no input asks for it; newExchange makes it.
	exchange    *Exchange
	newExchange func(*requestScope) *Exchange
	// raw is the body, if a function takes its bytes.
	raw rawBody
}

// release drops all references to the request.
func (a *requestScope) release() {
	if len(a.captured) > 0 {
		// The slice is reused, so the strings in it must not keep this request's memory alive.
		clear(a.captured)
		a.captured = a.captured[:0]
	}
	a.w, a.r, a.tasks, a.tags, a.exchange, a.raw = nil, nil, nil, nil, nil, rawBody{}
}

func (a *requestScope) someTasks() *Tasks {
	if a.tasks == nil {
		a.tasks = new(Tasks)
	}
	return a.tasks
}

func (a *requestScope) someTags() *CacheTags {
	if a.tags == nil {
		a.tags = &CacheTags{caches: a.metadata.caches}
	}
	return a.tags
}

func (a *requestScope) someExchange() *Exchange {
	if a.exchange == nil {
		a.exchange = a.newExchange(a)
	}
	return a.exchange
}

// metadata is what functions can learn about the endpoint that runs them.
type metadata struct {
	info   func() RouteInfo
	scopes RequiredScopes
	// refusals are the responses to missing credentials, by field or by the first field of a choice.
	refusals map[*typeinfo.Field]*HTTPError
	caches   *responsecache.Caches
	root     RootPath
	log      *slog.Logger
}

// refusal returns the response to missing credentials.
func (p *metadata) refusal(f *typeinfo.Field) *HTTPError {
	if refusal := p.refusals[f]; refusal != nil {
		return refusal
	}
	return unauthenticated(credentials.Word(f))
}

// filler fills a field of a ready-made type. An error refuses the request before its body is read.
type filler func(from *requestScope) error

// fillerOf returns the filler of a field of a type that is available in every request; field is a pointer to it. It is
// nil for other types, and credentials.
func fillerOf(field any) filler {
	switch to := field.(type) {
	case **http.Request:
		return func(from *requestScope) error { *to = from.r; return nil }
	case *ResponseHeader:
		return func(from *requestScope) error { *to = ResponseHeader(from.w.Header()); return nil }
	case **slog.Logger:
		return func(from *requestScope) error { *to = from.metadata.log; return nil }
	case *RouteInfo:
		return func(from *requestScope) error { *to = from.metadata.info(); return nil }
	case *RequiredScopes:
		return func(from *requestScope) error { *to = from.metadata.scopes; return nil }
	case *RootPath:
		return func(from *requestScope) error { *to = from.metadata.root; return nil }
	case **Tasks:
		return func(from *requestScope) error { *to = from.someTasks(); return nil }
	case **CacheTags:
		return func(from *requestScope) error { *to = from.someTags(); return nil }
	case *RawBody:
		return func(from *requestScope) error { *to = from.raw.data; return nil }
	case **Exchange:
		return func(from *requestScope) error { *to = from.someExchange(); return nil }
	}
	return nil
}

// isReady reports whether a ready-made input is a T.
func isReady[T any](f *typeinfo.Field) bool { return f.Type.Go == reflect.TypeFor[T]() }

// isReadyInput reports whether fields of a type need no tag.
func isReadyInput(t reflect.Type) bool {
	// A nil pointer to the type is enough to recognise it.
	field := reflect.Zero(reflect.PointerTo(t)).Interface()
	return fillerOf(field) != nil || isCredential(field) || isUnread(t)
}

// inputs caches the description of every input type. It depends on the type alone, so routes share it.
var inputs lazy.Memo[*typeinfo.Input]

// describeInput describes an input struct. The description is shared and must not be changed.
func describeInput(t reflect.Type) (*typeinfo.Input, error) {
	return inputs.Get(lazy.MemoKey{Type: t}, func() (*typeinfo.Input, error) { return readInput(t) })
}

// readInput reads the tags of an input struct.
func readInput(t reflect.Type) (*typeinfo.Input, error) {
	in, err := typeinfo.ReadInput(t, isReadyInput)
	if err != nil {
		return nil, err
	}
	for _, f := range in.Ready {
		if isUnread(f.Type.Go) {
			// ReadInput takes such a type for ready-made, but only a body tag can fill it.
			return nil, &typeinfo.Error{Type: typeinfo.Name(t), Field: f.Go, Problem: unreadName(f.Type.Go) + " without a source", Fix: "write `body:\"\"` for the body as it comes, unread"}
		}
	}
	if in.Body != nil && isRawBody(in.Body) {
		return nil, &typeinfo.Error{Type: typeinfo.Name(t), Field: in.Body.Go, Problem: "candor.RawBody comes in addition to a body and is not one", Fix: "make it a []byte, or drop the tag and add the field with the body"}
	}
	return in, errors.Join(credentials.Check(in), checkUploads(in), checkLazy(in))
}

func (c *compiler) makeInputPlan(in *typeinfo.Input, wildcards, public []string) (*inputPlan, error) {
	p := &inputPlan{desc: in, choices: credentials.Choices(in)}
	for _, f := range in.Ready {
		ready := readyPlan{index: f.Index}
		if credentials.Is(f) {
			var err error
			if ready.credentials, err = credentials.NewReader(in, f); err != nil {
				return nil, err
			}
		}
		p.ready = append(p.ready, ready)
		p.dropsTags = p.dropsTags || f.Type.Go == reflect.TypeFor[*CacheTags]()
	}
	var err error
	if p.params, err = c.bind.PlanAs(in, wildcards, public); err != nil {
		return nil, err
	}
	if p.body, err = c.compileBody(in); err != nil {
		return nil, err
	}
	for _, v := range in.Validators {
		p.judges = append(p.judges, makeJudge(in.Go, v))
	}
	return p, nil
}

// readsMore reports whether there is anything to read besides the body.
func readsMore(in *typeinfo.Input) bool {
	return len(in.Ready) > 0 || len(in.Params) > 0 || len(in.Validators) > 0
}

// inputSlot is an input together with the functions that fill it.
type inputSlot struct {
	plan   *inputPlan
	into   reflect.Value
	ready  []filler
	params *bind.Target
	// raw are the fields that receive the bytes of the body once it was read.
	raw []*RawBody
}

// at prepares the plan for one input value.
func (p *inputPlan) at(into reflect.Value) *inputSlot {
	slot := &inputSlot{plan: p, into: into, params: p.params.At(into)}
	for _, f := range p.desc.Ready {
		if isRawBody(f) {
			slot.raw = append(slot.raw, into.FieldByIndex(f.Index).Addr().Interface().(*RawBody))
		}
	}
	for _, ready := range p.ready {
		field := into.FieldByIndex(ready.index).Addr().Interface()
		fill := fillerOf(field)
		if ready.credentials != nil {
			fill = credentialFiller(field, ready.credentials)
		}
		slot.ready = append(slot.ready, fill)
	}
	// These come after the fillers of the fields, whose results they check.
	for _, choice := range p.choices {
		slot.ready = append(slot.ready, choiceFiller(choice, into))
	}
	return slot
}

// bindParams fills in everything but the body. It reports whether there was no validation error; the error is the
// refusal of a ready-made input, such as missing credentials.
func (i *inputSlot) bindParams(from *requestScope, faults *fault.List) (valid bool, refusal error) {
	for _, fill := range i.ready {
		if err := fill(from); err != nil && refusal == nil {
			refusal = err
		}
	}
	valid = i.params == nil || i.bindValues(from, faults)
	// If there is a body, Validate methods wait until it has been decoded.
	if valid && i.plan.body == nil && len(i.plan.judges) > 0 {
		valid = i.plan.judge(i.into, faults)
	}
	return valid, refusal
}

// bindValues binds the parameters.
func (i *inputSlot) bindValues(from *requestScope, faults *fault.List) (valid bool) {
	r := from.r
	return i.params.Bind(&bind.Request{Path: from.captured, RawQuery: r.URL.RawQuery, Header: r.Header, Host: r.Host, EchoInput: from.echo}, faults)
}

// judge is a Validate method of an input, of a struct embedded in it, or of a parameter model.
type judge struct {
	index  []int
	goType reflect.Type
	// model is the first element of locations; "" if the errors have complete locations.
	model string
}

func makeJudge(in reflect.Type, v typeinfo.InputValidator) judge {
	j := judge{index: v.Index, goType: in, model: v.Model.String()}
	if v.Model == typeinfo.Form {
		// A form is sent in the body, so its locations begin with "body".
		j.model = typeinfo.Body.String()
	}
	if len(v.Index) > 0 {
		j.goType = in.FieldByIndex(v.Index).Type
	}
	return j
}

// judge calls the Validate methods of an input whose values are all valid, until one returns an error. It reports
// whether none did.
func (p *inputPlan) judge(into reflect.Value, faults *fault.List) bool {
	for i := range p.judges {
		if err := p.judges[i].validate(into); err != nil {
			p.judges[i].report(err, faults)
			return false
		}
	}
	return true
}

// validate calls the method on the outer struct: reflection does not give access to the values of unexported embedded
// structs.
func (j *judge) validate(into reflect.Value) error {
	at := into
	if len(j.index) > 0 {
		at = into.FieldByIndex(j.index)
	}
	return typeinfo.Validate(reflect.NewAt(j.goType, at.Addr().UnsafePointer()).Interface())
}

func (j *judge) report(err error, faults *fault.List) {
	found := fault.Of(err)
	if len(found) == 0 {
		// Any other error is a validation error of the value as a whole.
		found = []fault.Fault{*fault.Invalid(err)}
	}
	for _, f := range found {
		if j.model != "" {
			f.Loc = append([]any{j.model}, f.Loc...)
		} else if f.Loc == nil {
			// Encoded as an empty array; nil would be null.
			f.Loc = []any{}
		}
		faults.Add(&f)
	}
}

// readsQuery reports whether the input reads the query key; readsCookie does the same for cookies.
func (p *inputPlan) readsQuery(name string) bool {
	return p.params.Reads(name) || p.readsReady(typeinfo.Query, name)
}

func (p *inputPlan) readsCookie(name string) bool {
	return p.params.ReadsCookie(name) || p.readsReady(typeinfo.Cookie, name)
}

func (p *inputPlan) readsReady(source typeinfo.Source, name string) bool {
	return slices.ContainsFunc(p.desc.Ready, func(f *typeinfo.Field) bool { return f.Source == source && f.Name == name })
}

// closed refuses query keys and cookies that no input of an endpoint reads: its handler's, its guards' and its
// providers'.
type closed struct {
	inputs         []*inputPlan
	query, cookies bool
}

func (c *closed) refuse(r *http.Request, faults *fault.List) {
	// Any one plan finds the names that were sent; together they know which are allowed.
	plan := c.inputs[0].params
	if c.query {
		plan.Extra(r.URL.RawQuery, func(name string) bool {
			return slices.ContainsFunc(c.inputs, func(p *inputPlan) bool { return p.readsQuery(name) })
		}, c.locate, faults)
	}
	if c.cookies {
		plan.ExtraCookies(r.Header, func(name string) bool {
			return slices.ContainsFunc(c.inputs, func(p *inputPlan) bool { return p.readsCookie(name) })
		}, faults)
	}
}

// locate returns the location of an unknown name inside of a value made of several names, nil elsewhere.
func (c *closed) locate(name string) []any {
	for _, p := range c.inputs {
		if loc := p.params.Location(name); loc != nil {
			return loc
		}
	}
	return nil
}

// parameters are the parameters of an endpoint's functions, without duplicates, in the order in which they were found.
type parameters struct {
	fields []*typeinfo.Field
	// readers lists the fields that read the same parameter but describe it differently; they are represented by one
	// field that combines them.
	readers map[*typeinfo.Field][]*typeinfo.Field
}

// isSameParameter reports whether two fields read the same parameter. Header names are case-insensitive (RFC 9110,
// section 5.1).
func isSameParameter(a, b *typeinfo.Field) bool {
	if a.Source == typeinfo.Header && b.Source == typeinfo.Header {
		return http.CanonicalHeaderKey(a.Name) == http.CanonicalHeaderKey(b.Name)
	}
	return a.Source == b.Source && a.Name == b.Name
}

// add adds a reader.
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
	// The combined field takes over the position, and the readers so far.
	delete(p.readers, before)
	p.fields[i] = together(before, f)
	// Clipped, because the slice may belong to an earlier list of readers.
	p.readers[p.fields[i]] = append(slices.Clip(readers), f)
}

// of lists the readers of a parameter.
func (p *parameters) of(f *typeinfo.Field) []*typeinfo.Field {
	if readers := p.readers[f]; readers != nil {
		return readers
	}
	return []*typeinfo.Field{f}
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
