package candor

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/operation"
)

// Some options affect only some kinds of routes. It is a configuration error if such an option has no effect: for a
// route, when the route is registered; for a router, when no route below it is of such a kind.

// effect says which routes an option affects.
type effect struct {
	option string
	isSet  func(*settings) bool
	on     func(*route) bool
	// kinds describes in words the routes for which on returns true.
	kinds string
	// reaches means that the option of a router also affects the webhooks below it.
	reaches bool
}

// effects lists the options that do not affect every route.
func effects() []effect { return madeEffects.Get(makeEffects) }

var madeEffects lazy.Value[[]effect]

func makeEffects() []effect {
	return []effect{
		{option: "Heartbeat", isSet: func(s *settings) bool { return s.heartbeat != 0 }, on: (*route).pings, kinds: "event streams and WebSockets"},
		{option: "MessageLimit", isSet: func(s *settings) bool { return s.messageLimit != 0 }, on: (*route).receivesItems, kinds: "WebSockets and bodies of JSONLines"},
		{option: "ReplyToInvalidMessages", isSet: func(s *settings) bool { return s.replyToInvalid }, on: (*route).isSocket, kinds: "WebSockets"},
		{option: "Origins", isSet: func(s *settings) bool { return s.origins != nil }, on: (*route).isSocket, kinds: "WebSockets; middleware.CORS is about other routes"},
		{option: "Subprotocols", isSet: func(s *settings) bool { return s.subprotocols != nil }, on: (*route).isSocket, kinds: "WebSockets"},
		{option: "Produces", isSet: func(s *settings) bool { return len(s.produces) > 0 }, on: (*route).responds, kinds: "responses of a type; a plain handler sets Content-Type, and Responds documents it"},
		{option: "ForbidExtra", isSet: func(s *settings) bool { return s.forbidExtra }, on: (*route).isTyped, kinds: "inputs with tags; a plain handler reads requests itself"},
		{option: "StrictContentType", isSet: func(s *settings) bool { return s.looseType != nil }, on: (*route).readsJSON, kinds: "bodies of JSON"},
		{option: "MaxBody", isSet: func(s *settings) bool { return s.maxBody != 0 }, on: (*route).readsBody, kinds: "inputs with a body; a plain handler has http.MaxBytesReader"},
		{option: "LimitMultipart", isSet: func(s *settings) bool { return s.multipart != MultipartLimits{} }, on: (*route).readsForm, kinds: "inputs with form or file fields"},
		{option: "Cache", isSet: func(s *settings) bool { return s.cache != nil }, on: (*route).canCache, kinds: "complete responses to GET, not streams, files, sockets, plain handlers and other methods"},
		{option: "Timeout", isSet: func(s *settings) bool { return s.timeout != nil }, on: (*route).isServed, kinds: "requests that are served"},
		{option: "Callback", isSet: func(s *settings) bool { return len(s.callbacks) > 0 }, on: (*route).isOperation, kinds: "operations that are served"},
		{option: "Links", isSet: func(s *settings) bool { return len(s.annotations.Links) > 0 }, on: (*route).isOperation, kinds: "operations that are served"},
		{option: "Alias", isSet: func(s *settings) bool { return len(s.aliases) > 0 }, on: (*route).isOperation, kinds: "operations that are served; mount a handler twice"},
		{option: "Status", isSet: func(s *settings) bool { return s.status != 0 }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "Summary", isSet: func(s *settings) bool { return s.summary != "" }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "Description", isSet: func(s *settings) bool { return s.description != "" }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "OperationID", isSet: func(s *settings) bool { return s.operationID != "" }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "EditOperation", isSet: func(s *settings) bool { return len(s.edits) > 0 }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "Extension", isSet: func(s *settings) bool { return len(s.annotations.Extensions) > 0 }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "ExternalDocs", isSet: func(s *settings) bool { return s.annotations.ExternalDocs != operation.ExternalDocs{} }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "Server", isSet: func(s *settings) bool { return len(s.annotations.Servers) > 0 }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "Responds or Raises", isSet: func(s *settings) bool { return len(s.responses) > 0 }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "RespondsHeader", isSet: func(s *settings) bool { return len(s.headers) > 0 }, on: (*route).isDocumented, kinds: documentedKinds},
		{option: "Deprecated", isSet: func(s *settings) bool { return s.deprecated }, on: (*route).isDocumented, kinds: documentedKinds, reaches: true},
		{option: "Hidden", isSet: func(s *settings) bool { return s.hidden }, on: (*route).isDocumented, kinds: documentedKinds, reaches: true},
	}
}

const documentedKinds = "operations of the document, among which mounts, front ends and pages are not"

func (rt *route) isServed() bool     { return !rt.describedOnly }
func (rt *route) isDocumented() bool { return rt.mounted == nil && rt.docs == "" }
func (rt *route) isOperation() bool  { return rt.isDocumented() && rt.isServed() }
func (rt *route) isTyped() bool      { return rt.handler != nil }
func (rt *route) isSocket() bool     { return rt.upgrade != nil }
func (rt *route) responds() bool     { return rt.isTyped() && !rt.isSocket() }

// pings reports whether the server sends something while a connection is idle.
func (rt *route) pings() bool {
	return rt.isSocket() || rt.isServed() && rt.output != nil && rt.output.Body != nil && bodyKindOf(rt.output.Body).media == mediatype.Events
}

// receivesItems reports whether a client sends a sequence of items.
func (rt *route) receivesItems() bool {
	return rt.isSocket() || rt.isServed() && rt.input != nil && rt.input.Body != nil && isLines(rt.input.Body.Type.Go)
}

func (rt *route) readsBody() bool {
	in := rt.input
	return rt.isServed() && in != nil && (in.Body != nil || in.Members != nil || in.Form != nil)
}

func (rt *route) readsForm() bool { return rt.readsBody() && rt.input.Form != nil }

// readsJSON reports whether the body is decoded from JSON: only such a body may come without a Content-Type.
func (rt *route) readsJSON() bool {
	return rt.readsBody() && (rt.input.Members != nil || rt.input.Body != nil && !isRaw(rt.input.Body.Type.Go))
}

// canCache reports whether responses of the route can be cached.
func (rt *route) canCache() bool {
	if rt.output == nil || rt.isSocket() || !slices.Contains(rt.methods, http.MethodGet) && !slices.Contains(rt.methods, mediatype.MethodQuery) {
		return false
	}
	kind := planResponse(rt.output).kind
	return kind.media != "" && !kind.streams && kind.additional == nil
}

// checkEffects finds options of a route, and of its aliases, that have no effect.
func (rt *route) checkEffects(set *settings) error {
	if set == noSettings {
		return nil
	}
	for _, e := range effects() {
		// An alias may have options of its own, which affect the same route.
		said := e.isSet(set) || slices.ContainsFunc(set.aliases, func(a alias) bool { return e.isSet(a.own) })
		if said && !e.on(rt) {
			return fmt.Errorf("%s has no effect here; it is for %s", e.option, e.kinds)
		}
	}
	return nil
}
