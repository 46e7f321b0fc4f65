package candor

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/pathtree"
)

// Webhook documents a request that the API sends to receivers that were registered in some other way. In describes the
// request, with the tags of inputs; Out is the expected response, [None] for 204.
//
//	candor.Webhook[OrderShipped, candor.None](app, http.MethodPost, "order-shipped")
//
// It neither serves nor sends anything. Allowed options are those that describe, such as [Summary], [Tags] and, for
// further responses, [Responds].
func Webhook[In, Out any](r Routes, method, name string, options ...RouteOption) {
	addWebhook(r, newWebhook(method, name, reflect.TypeFor[In](), reflect.TypeFor[Out]()), options)
}

func addWebhook(r Routes, w *webhook, options []RouteOption) {
	w.site = callsite.Here()
	if err := routerOf(r, w.configError).addWebhook(w, options); err != nil {
		panic(w.configError(err))
	}
}

// Callback documents a request that the API sends as a result of an operation, to a URL that the client provided. The
// URL contains runtime expressions in braces:
//
//	candor.Post(app, "/orders", order,
//		candor.Callback[OrderShipped, candor.None]("shipped", http.MethodPost, "{$request.body#/callback_url}"))
//
// In and Out are those of [Webhook]. A parameter or member that the operation does not read is a configuration error.
func Callback[In, Out any](name, method, url string, options ...RouteOption) RouteOption {
	return callback(name, method, url, reflect.TypeFor[In](), reflect.TypeFor[Out](), options)
}

func callback(name, method, url string, in, out reflect.Type, options []RouteOption) RouteOption {
	return onRoute(func(s *settings) (err error) {
		// Made for each use, because one option may be given to several routes.
		w := newWebhook(method, name, in, out)
		w.url = url
		if w.addresses, err = operation.ExpressionsIn(url); err == nil && url == "" {
			err = errors.New(`no URL; write one such as "{$request.body#/callback_url}"`)
		}
		if err == nil {
			err = w.describe(options)
		}
		if err != nil {
			return fmt.Errorf("Callback(%q): %w", name, err)
		}
		s.callbacks = append(s.callbacks, w)
		return nil
	})
}

func newWebhook(method, name string, in, out reflect.Type) *webhook {
	// Never called; only its types are used.
	return &webhook{name: name, method: method, handler: &function{in: in, out: out}}
}

// route returns the registration that the request would have if it were served.
func (w *webhook) route() (*route, error) {
	rt := &route{site: w.site, methods: []string{w.method}, path: w.name, set: w.set, handler: w.handler, describedOnly: true}
	return rt, rt.describe()
}

// describe reads the types and options.
func (w *webhook) describe(options []RouteOption) (err error) {
	if err := checkMethods([]string{w.method}); err != nil {
		return err
	}
	if !operation.IsName(w.name) {
		return fmt.Errorf("the name is %q; use letters, digits, dots, dashes and underscores", w.name)
	}
	if w.set, err = apply(options); err != nil {
		return err
	}
	set := w.set
	raises := func(r declaredBody) bool { return r.body == nil }
	switch {
	case set.deprecation != nil:
		return errors.New("the request is only documented, not served, so nobody would get the dates of Deprecated; write Deprecated()")
	case set.public:
		return errors.New("the request is only documented, not served; leave out Public")
	case len(set.middleware)+len(set.requirements) > 0:
		return errors.New("the request is only documented, not served; leave out Use, Require, Needs and Around")
	case slices.ContainsFunc(set.responses, raises):
		return errors.New("Raises is about errors of this API; document the receiver's responses with Responds")
	}
	rt, err := w.route()
	if err != nil {
		return err
	}
	if err := rt.checkEffects(set); err != nil {
		return err
	}
	for _, f := range rt.input.Ready {
		if !credentials.Is(f) {
			return fmt.Errorf("%s is a part of requests that are served; describe what is sent", f.Go)
		}
	}
	if deps := rt.input.Deps; len(deps) > 0 {
		return fmt.Errorf("%s comes from a provider, which an outgoing request does not have; drop the field", deps[0].Go)
	}
	return nil
}

// addWebhook adds a webhook to a router.
func (r *Router) addWebhook(w *webhook, options []RouteOption) error {
	if r.sealed.Load() {
		return errSealed
	}
	if err := w.describe(options); err != nil {
		return err
	}
	r.webhooks = append(r.webhooks, w)
	return nil
}

// webhooks adds the webhooks of a router to its documents.
func (b *builder) webhooks(r *Router, s scope) {
	for _, w := range r.webhooks {
		e, err := b.webhook(w, s.set.tags)
		if err != nil {
			b.errs = append(b.errs, w.configError(err))
			continue
		}
		e.set.deprecated = e.set.deprecated || s.set.deprecated
		for _, l := range s.documents {
			// A webhook of a router that is included twice is documented once.
			if known := slices.ContainsFunc(l.document.webhooks, func(other *endpoint) bool { return other.webhook == w }); !l.hidden && !e.set.hidden && !known {
				l.document.webhooks = append(l.document.webhooks, e)
			}
		}
	}
}

// callbacks compiles the callbacks of an endpoint.
func (b *builder) callbacks(e *endpoint) error {
	for _, w := range e.set.callbacks {
		for _, x := range w.addresses {
			if err := e.values().Check(x); err != nil {
				return fmt.Errorf("Callback(%q): %w", w.name, err)
			}
		}
		// A callback is part of its operation, and takes no tags from the routers.
		made, err := b.webhook(w, nil)
		if err != nil {
			return fmt.Errorf("Callback(%q): %w", w.name, err)
		}
		e.callbacks = append(e.callbacks, made)
	}
	return nil
}

// webhook compiles a request that is sent as if it were one that is served, which describes it.
func (b *builder) webhook(w *webhook, tags []string) (*endpoint, error) {
	// A webhook has no path; this one has no wildcards that an input would have to read.
	pattern, err := pathtree.Parse("/")
	if err != nil {
		return nil, err
	}
	rt, err := w.route()
	if err != nil {
		return nil, err
	}
	e := &endpoint{appShared: b.shared, route: rt, webhook: w, method: w.method, pattern: pattern, set: w.set.copy(), credentialPlan: noCredentials, readingPlan: &readingPlan{}}
	e.set.tags = appendNew(slices.Clone(tags), e.set.tags)
	alone := func(*endpoint) (before, after []step, err error) { return nil, nil, nil }
	if err := e.compile(b.app.programs, alone); err != nil {
		return nil, err
	}
	return e, errors.Join(b.checkCredentials(e), e.checkAnnotations(b.app.programs.compiler), b.keysOfRoute(rt, e.set))
}
