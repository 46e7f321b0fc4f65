package candor

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// checkAnnotations finds examples that their schema rejects, and links and callbacks that refer to values no operation
// has.
func (e *endpoint) checkAnnotations(c *compiler) error {
	for i := range e.set.annotations.Examples {
		x := &e.set.annotations.Examples[i]
		check := e.checkResponseExample
		if x.Status == 0 {
			check = e.checkRequestExample
		}
		if err := check(c, x); err != nil {
			return fmt.Errorf("%s: %w", x, err)
		}
	}
	for _, l := range e.set.annotations.Links {
		if _, ok := e.responseTo(l.Status); !ok {
			return fmt.Errorf("Links(%d): the operation has no such response; declare it with Responds", l.Status)
		}
		if err := l.Starts(e.values()); err != nil {
			return err
		}
	}
	return nil
}

// checkParameters finds parameters that several functions read in conflicting ways, and required ones that all readers
// hide from the document.
func (e *endpoint) checkParameters(c *compiler) error {
	for _, f := range e.params.Fields {
		if err := f.CheckHidden(); err != nil {
			return fmt.Errorf("the %s parameter %q of %s: %w", f.Source, f.Name, strings.Join(e.readersOf(f), " and "), err)
		}
		readers := e.params.Readers[f]
		if readers == nil {
			continue
		}
		why := operation.Disagreement(readers)
		if why == "" {
			why = schema.New(c.schemas).Contradiction(readers)
		}
		if why != "" {
			return fmt.Errorf("no value of the %s parameter %q satisfies all that read it, %s: %s; make them agree, or read it once in a provider",
				f.Source, f.Name, strings.Join(e.readersOf(f), " and "), why)
		}
	}
	return nil
}

// readersOf names the fields that read a parameter, with the registrations of the guards and providers they belong to.
func (e *endpoint) readersOf(f *typeinfo.Field) []string {
	var names []string
	for _, p := range e.nodes {
		for _, reader := range p.desc.Params {
			readsAlias := slices.ContainsFunc(reader.Aliases, func(alias *typeinfo.Field) bool { return operation.SameParameter(alias, f) })
			if !operation.SameParameter(reader, f) && !readsAlias {
				continue
			}
			name := (&typeinfo.Error{Type: typeinfo.Name(p.desc.Go), Field: reader.Go}).Where()
			if p.provider != nil {
				name += fmt.Sprintf(" (registered at %s)", p.provider.Site)
			}
			names = append(names, name)
		}
	}
	return names
}

// responseTo returns the body that responses with the status have.
func (e *endpoint) responseTo(status int) (*typeinfo.Field, bool) {
	if e.response != nil && slices.Contains(e.response.statuses, status) {
		return e.response.desc.Body, true
	}
	for _, r := range e.set.responses {
		if r.status == status {
			if r.body == nil {
				return nil, true
			}
			return r.body.Body, true
		}
	}
	return nil, false
}

func (e *endpoint) checkRequestExample(_ *compiler, x *operation.StatusExample) error {
	in := e.route.input
	if in == nil || e.body == nil || in.Body != nil && isRaw(in.Body.Type.Go) {
		return errors.New("the operation reads no such body; leave the example out")
	}
	if in.Body != nil && reflect.TypeOf(x.Given) != in.Body.Type.Go {
		return fmt.Errorf("it is a %T, but the body a %s; give a value of that type", x.Given, typeinfo.Name(in.Body.Type.Go))
	}
	if in.Form != nil {
		return nil // not JSON on the wire
	}
	var faults fault.List
	e.body.plan.DecodeJSON(x.Value, reflect.New(in.Go).Elem(), codec.Options{ForbidExtra: e.set.forbidExtra}, &faults)
	return refusedExample(faults)
}

func (e *endpoint) checkResponseExample(c *compiler, x *operation.StatusExample) error {
	f, ok := e.responseTo(x.Status)
	switch {
	case !ok:
		return errors.New("the operation has no such response; declare it with Responds")
	case f == nil || bodyKindOf(f).compile == nil || isReadyResponse(f.Type.Go):
		return errors.New("this response has no JSON body of one of your types; leave the example out")
	case reflect.TypeOf(x.Given) != f.Type.Go:
		return fmt.Errorf("it is a %T, but the body a %s; give a value of that type", x.Given, typeinfo.Name(f.Type.Go))
	}
	encoder, err := c.codec.Encoder(f.Type, f.Rules)
	if err != nil {
		return err
	}
	var faults fault.List
	// Encoders need an addressable value.
	value := reflect.New(f.Type.Go).Elem()
	value.Set(reflect.ValueOf(x.Given))
	if _, err := encoder.Append(nil, value, true, &faults); err != nil {
		return err
	}
	faults.Seal(0, "body")
	return refusedExample(faults)
}

// refusedExample returns the first validation error of an example.
func refusedExample(faults fault.List) error {
	for _, f := range faults.Faults {
		return fmt.Errorf("the value breaks a rule of its type, at %v: %s", f.Loc, fault.Message(f.Type, f.Ctx))
	}
	return nil
}

// checkRaw finds raw body fields whose bytes are never available as a whole.
func (e *endpoint) checkRaw() error {
	handler := e.route.input
	switch {
	case e.body != nil && e.body.pass != nil && e.readsRaw():
		return errors.New("candor.RawBody together with a body that the handler reads itself, whose bytes nobody else has; take the body as a []byte, or drop the RawBody")
	case takesRaw(handler) && e.body == nil:
		return errors.New("the handler takes candor.RawBody, but no body; take the bytes themselves: a []byte with the tag `body:\"\"`")
	case e.set.cache != nil && len(e.afterReading) > 0:
		return errors.New("a cached response with a guard that takes candor.RawBody, which a response from the cache would skip; drop the option Cache")
	}
	return nil
}
