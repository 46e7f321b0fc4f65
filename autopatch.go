package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/autopatch"
	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/patch"
	"github.com/candor-go/candor/internal/sending"
	"github.com/candor-go/candor/internal/typeinfo"
)

// A PATCH made by AutoPatch has no handler. Each request becomes two: the GET, whose body is patched, and the PUT,
// which receives the result. Both run every step they would run for a client, so a guard of either also protects the
// PATCH. Middleware that wraps all three routes runs once, for the PATCH; middleware of the PUT alone also applies to
// the PATCH; a GET with middleware of its own runs with all of its middleware.

// AutoPatch registers a PATCH for a resource that has a GET and a PUT. It reads the resource with the GET, applies the
// body, a merge patch (RFC 7396, application/merge-patch+json) or a JSON patch (RFC 6902, application/json-patch+json),
// and writes the result with the PUT, whose response it returns:
//
//	get := candor.Get(app, "/items/{id}", readItem)
//	put := candor.Put(app, "/items/{id}", replaceItem)
//	candor.AutoPatch(get, put)
//
// In detail:
//
//   - Guards, parameters and credentials of both routes apply; the two run one after the other. If the GET does not
//     succeed, its response is returned. The GET does not read from the cache.
//   - In functions of the GET and the PUT, [RouteInfo], [RequiredScopes] and the method of the request are those of their
//     own route: a guard that decides by the operation's id asks for the permission to read, and for the one to replace.
//     Middleware of the PATCH sees the PATCH.
//   - If the GET responds with an ETag, If-Match is compared with it (412 on a mismatch), and the PUT receives the tag
//     as its If-Match: declare ErrPreconditionFailed there and use [CheckETag]. If the resource changes between GET and
//     PUT, the patch of a client that sent no If-Match is tried again, three times in all, before it gets a 409.
//     Without an ETag such a change goes unnoticed.
//   - Members of the GET's body that the PUT does not accept, such as an id, are left out; a patch that changes one is
//     a 422 with its location. Validation errors of the PUT have locations in the patched resource.
//   - A JSON patch has at most 100 operations, and its copies together are limited to the size of a body ([MaxBody]). A
//     failed "test" is a 409; a pointer to a value that does not exist is a 422 at ["body", index, "path"].
//
// Both routes must have the same path on the same router; the GET returns JSON, the PUT takes a JSON object and does
// not stream. Anything else is a configuration error. The options apply to the PATCH alone; tags, middleware and the
// body limit are inherited from the PUT.
//
// The returned route is for typed calls with a [PatchInput].
func AutoPatch[GetIn, T, PutIn, Out any](get *Route[GetIn, T], put *Route[PutIn, Out], options ...RouteOption) *Route[PatchInput[GetIn], Out] {
	rt := &route{site: callsite.Here(), methods: []string{http.MethodPatch}}
	if get == nil || put == nil {
		panic(rt.configError(errors.New("AutoPatch: a route is nil; pass what Get and Put returned")))
	}
	autoPatch(rt, get.route, put.route, options)
	return &Route[PatchInput[GetIn], Out]{route: rt}
}

// PatchInput is the input for typed calls of an [AutoPatch] route: set exactly one of Merge and JSON.
//
//	patch := candor.AutoPatch(get, put)
//	patch.Call(ctx, client, candor.PatchInput[ReadItem]{Input: ReadItem{ID: 3}, Merge: map[string]any{"price": 2}})
//
// Inputs that only the PUT reads, such as If-Match, are sent with [Client.With].
type PatchInput[In any] struct {
	// Input is the input of the GET; it holds the path values.
	Input In
	// Merge is a merge patch (RFC 7396), written as an object: a map, whose nil values remove members, or a struct.
	Merge any
	// JSON is a JSON patch (RFC 6902), written as a list.
	JSON any
}

func autoPatch(rt, get, put *route, options []RouteOption) {
	rt.path, rt.plain = put.path, &patchRoute{get, put, planPatch, patchBody}
	if err := checkPatch(get, put); err != nil {
		panic(rt.configError(fmt.Errorf("AutoPatch: %w", err)))
	}
	put.owner.register(rt, append([]RouteOption{onRoute(func(s *settings) error {
		s.tags, s.middleware, s.maxBody = put.set.tags, put.set.middleware, put.set.maxBody
		s.deprecated, s.hidden = put.set.deprecated, put.set.hidden
		return nil
	})}, options...))
}

// checkPatch says why a PATCH cannot be made from two routes.
func checkPatch(get, put *route) error {
	switch {
	case !slices.Contains(get.methods, http.MethodGet):
		return fmt.Errorf("%s is not a GET; pass the route that reads the resource first", get.call())
	case !slices.Contains(put.methods, http.MethodPut):
		return fmt.Errorf("%s is not a PUT; pass the route that replaces the resource second", put.call())
	case get.path != put.path || get.owner != put.owner:
		return fmt.Errorf("%s and %s have different paths or routers; pass two routes of one resource", get.call(), put.call())
	case get.output == nil || get.output.Body == nil || !isJSONKind(get.output.Body):
		return fmt.Errorf("%s returns no JSON that could be patched; return a struct", get.call())
	case putMembers(put) == nil:
		return fmt.Errorf("%s takes no JSON object; give it a struct with the tag body", put.call())
	case put.output == nil || put.upgrade != nil || planResponse(put.output).kind.streams:
		return fmt.Errorf("%s sends its response while it is made; return a value", put.call())
	}
	return nil
}

func isJSONKind(f *typeinfo.Field) bool {
	kind := bodyKindOf(f)
	return kind.media == mediatype.JSON && kind.whole
}

// putMembers returns the JSON object that a PUT accepts, nil for none.
func putMembers(put *route) *typeinfo.Object {
	switch in := put.input; {
	case in == nil:
		return nil
	case in.Body != nil:
		return in.Body.Type.Object
	default:
		return in.Members
	}
}

// patchRoute is the handler of a PATCH until its app is sealed.
type patchRoute struct {
	get, put *route
	// plan makes the handler, and body describes its body. Only AutoPatch refers to them, so that programs without
	// one do not link what patches need.
	plan func(patch, get, put *endpoint) http.Handler
	body func() *operation.Body
}

// ServeHTTP implements http.Handler. It is never reached: requests come after sealing, which replaces it.
func (p *patchRoute) ServeHTTP(w http.ResponseWriter, r *http.Request) { WriteError(w, r, errNotFound) }

// asPatch returns what the route is made of if it was made by AutoPatch, and so has no guards of its own.
func (rt *route) asPatch() (*patchRoute, bool) {
	p, ok := rt.plain.(*patchRoute)
	return p, ok
}

func (rt *route) isPatch() bool {
	_, ok := rt.asPatch()
	return ok
}

// callInput is the input of a typed call, and where it is in the value that the
// call is given: of an AutoPatch that is the input of the GET, a field of a
// [PatchInput].
func (rt *route) callInput() (in *typeinfo.Input, index []int) {
	if p, ok := rt.asPatch(); ok {
		return p.get.input, patchInputAt
	}
	return rt.input, nil
}

// patchPlan serves a PATCH once its GET and PUT endpoints are known.
type patchPlan struct {
	patch, get, put *endpoint
	resource        autopatch.Resource
}

// planPatch also documents the PATCH by its GET and its PUT.
func planPatch(patch, get, put *endpoint) http.Handler {
	p := &patchPlan{patch: patch, get: get, put: put}
	p.resource = autopatch.Resource{Get: p.runGet, Put: p.runPut, Takes: p.takes, MaxBody: put.maxBody}
	p.document()
	return p
}

// Errors that a PATCH itself responds with.
var (
	errPatchMedia = Error(http.StatusUnsupportedMediaType, "the body must be "+mediatype.MergePatch+" or "+mediatype.JSONPatch).WithHeader("Accept-Patch", autopatch.Accepted)
	errTest       = Error(http.StatusConflict, "a test operation of the patch failed")
	errPatched    = Error(http.StatusConflict, "the resource changes too often to be patched; try again")
	errGrown      = Error(http.StatusRequestEntityTooLarge, "the patch copies too much")
)

// document copies to the PATCH what the document says about the GET and the PUT.
func (p *patchPlan) document() {
	e := p.patch
	e.set = e.set.copy()
	credentials := *e.credentialPlan
	e.credentialPlan = &credentials
	for _, from := range []*endpoint{p.get, p.put} {
		for _, n := range from.nodes {
			for _, f := range n.desc.Params {
				e.params.Add(p.documented(f))
			}
		}
		e.security = appendNew(e.security, from.security)
		e.scoped = appendNew(e.scoped, from.scoped)
		e.choices = append(e.choices, from.choices...)
		e.set.scopes = appendNew(slices.Clip(e.set.scopes), from.set.scopes)
		e.raisedTypes = appendNew(e.raisedTypes, from.raisedTypes)
		isOther := func(r declaredBody) bool { return from == p.get && r.status < http.StatusBadRequest }
		e.set.responses = overlay(e.set.responses, slices.DeleteFunc(slices.Clone(from.set.responses), isOther))
		// The PATCH negotiates only media types that both routes have.
		e.raised = append(e.raised, slices.DeleteFunc(from.frameworkResponses(), func(own ownResponse) bool {
			return own.status == http.StatusUnsupportedMediaType || from == p.get && own.status == http.StatusNotAcceptable
		})...)
		e.declared = append(e.declared, slices.DeleteFunc(slices.Clone(from.declared), isOther)...)
		e.added = append(e.added, from.added...)
	}
	e.set.public = p.get.set.public && p.put.set.public
	e.response = p.put.response
	e.raises(http.StatusUnsupportedMediaType, "The body is not a patch of these media types", errPatchMedia, errCompressed)
	e.raises(http.StatusConflict, "A test of the patch failed, or the resource changes too often", errTest, errPatched)
	e.raises(http.StatusRequestEntityTooLarge, "The patch is too large, or copies too much", errTooLarge, errGrown)
	e.raises(http.StatusUnprocessableEntity, "Unprocessable request: validation errors")
	e.raises(http.StatusPreconditionFailed, "The resource is not the one that If-Match names", ErrPreconditionFailed)
}

// documented returns a parameter as clients of the PATCH see it: if the GET has an ETag, the If-Match that the PUT
// requires is optional, because the PATCH fills it in.
func (p *patchPlan) documented(f *typeinfo.Field) *typeinfo.Field {
	isTag := func(h *typeinfo.Field) bool { return http.CanonicalHeaderKey(h.Name) == "Etag" }
	if f.Source != typeinfo.Header || http.CanonicalHeaderKey(f.Name) != "If-Match" || !slices.ContainsFunc(p.get.route.output.Headers, isTag) {
		return f
	}
	optional := *f
	optional.Required = false
	return &optional
}

// patchBody describes the body of a PATCH.
func patchBody() *operation.Body {
	return &operation.Body{Required: true, Contents: []operation.Content{
		{Media: operation.Media{Type: mediatype.MergePatch}, Values: []operation.Value{{Kind: operation.JSON, Use: operation.In, Type: mustDescribe(reflect.TypeFor[patch.Merge]())}}},
		{Media: operation.Media{Type: mediatype.JSONPatch}, Values: []operation.Value{{Kind: operation.JSON, Use: operation.In, Type: mustDescribe(reflect.TypeFor[patch.Operations]())}}},
	}}
}

// ServeHTTP implements http.Handler.
func (p *patchPlan) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := p.serve(w, r); err != nil {
		p.patch.errors.write(w, r, patchError(err))
	}
}

func (p *patchPlan) serve(w http.ResponseWriter, r *http.Request) error {
	if mediatype.IsEncoded(r.Header) {
		return errCompressed
	}
	media := autopatch.MediaType(r.Header)
	if media == "" {
		return errPatchMedia
	}
	fresh := r.WithContext(context.WithValue(r.Context(), freshKey{}, true))
	return p.resource.Patch(w, fresh, func() (patch.Change, error) { return p.readPatch(w, r, media) })
}

// runGet includes the middleware of a GET that has any, because that may be what guards it.
func (p *patchPlan) runGet(w http.ResponseWriter, r *http.Request) {
	if len(p.get.route.set.middleware) > 0 {
		p.get.serve(w, r, routedOf(r).captured, false)
		return
	}
	p.get.runInside(w, r)
}

func (p *patchPlan) runPut(w http.ResponseWriter, r *http.Request) { p.put.runInside(w, r) }

// runInside serves a request that another endpoint was matched to, without middleware.
func (e *endpoint) runInside(w http.ResponseWriter, r *http.Request) {
	captured := routedOf(r).captured
	e.run(w, e.lead(r, captured), captured, false)
}

// takes reports whether the PUT takes a member. Read-only members are not taken; members of a union are left to its
// variants.
func (p *patchPlan) takes(member string) bool {
	object := putMembers(p.put.route)
	return len(object.Cases) > 0 || slices.ContainsFunc(object.Members(), func(f *typeinfo.Field) bool { return f.Name == member && !f.ReadOnly })
}

// readPatch reads the body and returns the change it describes.
func (p *patchPlan) readPatch(w http.ResponseWriter, r *http.Request, media string) (patch.Change, error) {
	in := body.Incoming{W: w, R: r, Limit: p.patch.maxBody}
	if r.ContentLength > in.Limit {
		return nil, errTooLarge
	}
	text, err := in.ReadAll()
	if err != nil {
		return nil, bodyError(err)
	}
	if media == mediatype.MergePatch {
		var merge patch.Merge
		err := p.decode(text, &merge, in.Limit)
		return merge.Change(text), err
	}
	var operations patch.Operations
	if err := p.decode(text, &operations, in.Limit); err != nil {
		return nil, err
	}
	return operations.Change(text, in.Limit)
}

// decode reads a patch as any body is read, with the same validation errors.
func (p *patchPlan) decode(text []byte, into any, limit int64) error {
	value, options := reflect.ValueOf(into).Elem(), p.patch.decode.ForBody(limit)
	decoder, err := p.patch.programs.compiler.codec.Decoder(mustDescribe(value.Type()), nil)
	if err != nil {
		return err
	}
	var faults fault.List
	if !decoder.Decode(text, value, options, &faults) {
		return errDecoded
	}
	if len(faults.Faults) == 0 {
		return nil
	}
	faults.Seal(0, "body")
	return refused(&invalidRequest{}, &faults, text, options.Echo)
}

// patchError is the response to a patch that cannot be applied.
func patchError(err error) error {
	switch {
	case errors.Is(err, autopatch.ErrPrecondition):
		return ErrPreconditionFailed
	case errors.Is(err, autopatch.ErrChanged):
		return errPatched
	case errors.Is(err, autopatch.ErrTooLarge), errors.Is(err, patch.ErrTooLarge):
		return errGrown
	}
	if test, ok := errors.AsType[*patch.TestError](err); ok {
		return errTest.With(test.Error())
	}
	wrong, ok := errors.AsType[patch.Invalid](err)
	if !ok {
		return err
	}
	var faults fault.List
	for i := range wrong {
		faults.Add(&wrong[i])
	}
	return invalid(&faults, nil, false)
}

// compileCall makes the plan of the input of a typed call.
func (c *compiler) compileCall(rt *route) (*sendPlan, error) {
	in, at := rt.callInput()
	p, err := c.compileSending(in)
	if err != nil || !rt.isPatch() {
		return p, err
	}
	p.at = at
	p.body, err = sending.Patch(c.codec, patchMergeAt, patchJSONAt)
	return p, err
}

// Indexes of the fields of a PatchInput, which are the same for all types.
var patchInputAt, patchMergeAt, patchJSONAt = []int{0}, 1, 2
