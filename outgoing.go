package candor

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// announcement is a request that the API sends, by its types. It is documented
// as one that is read, and nothing of it is served.
type announcement struct {
	outgoing
	route *route
}

// Callback documents a request that the API sends on account of an operation,
// to a URL that the client named in it. It holds runtime expressions in braces:
//
//	candor.Post(app, "/orders", order,
//		candor.Callback[OrderShipped, candor.None]("shipped", http.MethodPost, "{$request.body#/callback_url}"))
//
// In and Out are those of [Webhook]. A parameter or member that the operation
// does not read is a mistake.
func Callback[In, Out any](name, method, url string, options ...RouteOption) RouteOption {
	return onRoute(func(s *settings) (err error) {
		o := newAnnouncement[In, Out](method, name)
		o.url = url
		if o.addresses, err = expressionsIn(url); err == nil && url == "" {
			err = errors.New(`no URL; write one such as "{$request.body#/callback_url}"`)
		}
		if err == nil {
			err = o.describe(options)
		}
		if err != nil {
			return fmt.Errorf("Callback(%q): %w", name, err)
		}
		s.callbacks = append(s.callbacks, o)
		return nil
	})
}

func newAnnouncement[In, Out any](method, name string) *announcement {
	nobody := func(context.Context, In) (out Out, err error) { return out, nil }
	return &announcement{
		outgoing: outgoing{name: name},
		route:    &route{methods: []string{method}, path: name, handler: erase(nobody), describedOnly: true},
	}
}

func (o *announcement) sends() *outgoing { return &o.outgoing }

// configError is one of a webhook; those of callbacks are their route's.
func (o *announcement) configError(err error) error {
	return fmt.Errorf("candor: Webhook(%q) at %s: %w", o.name, o.route.site, err)
}

// describe reads the types and options.
func (o *announcement) describe(options []RouteOption) (err error) {
	if err := checkMethods(o.route.methods); err != nil {
		return err
	}
	if !componentName.MatchString(o.name) {
		return fmt.Errorf("the name is %q; use letters, digits, dots, dashes and underscores", o.name)
	}
	if o.route.set, err = apply(options); err != nil {
		return err
	}
	set := o.route.set
	raises := func(r declaredBody) bool { return r.body == nil }
	switch {
	case set.public:
		return errors.New("the request is documented and nothing of it served; leave out Public")
	case len(set.middleware)+len(set.requirements) > 0:
		return errors.New("the request is documented and nothing of it served; leave out Use, Require, Needs and Around")
	case slices.ContainsFunc(set.responses, raises):
		return errors.New("Raises is about errors of this API; say with Responds what the receiver may answer")
	}
	if err := o.route.describe(); err != nil {
		return err
	}
	if err := o.route.checkEffects(set); err != nil {
		return err
	}
	for _, f := range o.route.input.Ready {
		if !isSecurity(f) {
			return fmt.Errorf("%s is a part of requests that are served; describe what is sent", f.Go)
		}
	}
	if deps := o.route.input.Deps; len(deps) > 0 {
		return fmt.Errorf("%s comes from a provider, which no request that is sent has; take the field out", deps[0].Go)
	}
	return nil
}
