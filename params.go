package candor

import (
	"errors"
	"log/slog"
	"net/http"
	"reflect"

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
	choices    []credentials.Choice
	validators bind.Validators
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
func (s *requestScope) release() {
	if len(s.captured) > 0 {
		// The slice is reused, so the strings in it must not keep this request's memory alive.
		clear(s.captured)
		s.captured = s.captured[:0]
	}
	s.w, s.r, s.tasks, s.tags, s.exchange, s.raw = nil, nil, nil, nil, nil, rawBody{}
}

func (s *requestScope) someTasks() *Tasks {
	if s.tasks == nil {
		s.tasks = new(Tasks)
	}
	return s.tasks
}

func (s *requestScope) someTags() *CacheTags {
	if s.tags == nil {
		s.tags = &CacheTags{caches: s.metadata.caches}
	}
	return s.tags
}

func (s *requestScope) someExchange() *Exchange {
	if s.exchange == nil {
		s.exchange = s.newExchange(s)
	}
	return s.exchange
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
	p.validators = bind.ValidatorsOf(in)
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
	if valid && i.plan.body == nil && len(i.plan.validators) > 0 {
		valid = i.plan.validators.Validate(i.into, faults)
	}
	return valid, refusal
}

// bindValues binds the parameters.
func (i *inputSlot) bindValues(from *requestScope, faults *fault.List) (valid bool) {
	r := from.r
	return i.params.Bind(&bind.Request{Path: from.captured, RawQuery: r.URL.RawQuery, Header: r.Header, Host: r.Host, EchoInput: from.echo}, faults)
}
