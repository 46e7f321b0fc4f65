package bind

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Plan compiles the parameters of an input struct for a pattern with these
// wildcards, in the order in which [Request.Path] has them. The error names
// the field and is a [*typeinfo.Error].
func (c *Compiler) Plan(in *typeinfo.Input, wildcards []string) (*Plan, error) {
	return c.PlanAs(in, wildcards, wildcards)
}

// PlanAs is Plan for a pattern whose wildcards have other names in the document: locations use those, in the same
// order.
func (c *Compiler) PlanAs(in *typeinfo.Input, wildcards, public []string) (*Plan, error) {
	p := &Plan{}
	for _, f := range in.Params {
		if err := checkNames(in.Params, f); err != nil {
			return nil, inField(in.Go, f, err)
		}
		param, err := c.Param(f)
		if err != nil {
			return nil, inField(in.Go, f, err)
		}
		if err := p.add(param, wildcards, public); err != nil {
			return nil, inField(in.Go, f, err)
		}
	}
	if err := c.addCross(p, in); err != nil {
		return nil, err
	}
	return p, nil
}

// checkNames finds a name that would be part of a nested value of the same source.
func checkNames(fields []*typeinfo.Field, f *typeinfo.Field) error {
	for _, other := range fields {
		if _, leads := syntaxOf(f.Source).path(other.Name, f.Name); f.Nested && leads && other != f && other.Source == f.Source {
			return &typeinfo.Error{Problem: fmt.Sprintf("%s is named %q, which is part of this value", other.Go, other.Name), Fix: "rename one of them"}
		}
	}
	return nil
}

// inField adds to an error which field of an input it is about. An unknown rule can still be found with errors.As:
// another app may know it.
func inField(in reflect.Type, f *typeinfo.Field, err error) error {
	e := &typeinfo.Error{Type: typeinfo.Name(in), Field: f.Go, Problem: err.Error()}
	if errors.As(err, new(*check.UnknownTagError)) {
		return fmt.Errorf("%s: %w", e.Where(), err)
	}
	var inner *typeinfo.Error
	if !errors.As(err, &inner) {
		e.Problem, e.Fix, _ = strings.Cut(err.Error(), "; ")
		return e
	}
	if inner.Field != "" {
		return inner // it already says where it is
	}
	e.Problem, e.Fix = inner.Problem, inner.Fix
	if inner.Type != "" {
		e.Problem = inner.Type + ": " + inner.Problem
	}
	return e
}

// add adds a parameter to the list of its source.
func (p *Plan) add(param *Param, wildcards, public []string) error {
	name := param.field.Name
	switch param.field.Source {
	case typeinfo.Path:
		position := slices.Index(wildcards, name)
		if position < 0 {
			return notInPattern(name, wildcards)
		}
		// Validation errors use the wildcard's name in the document.
		param.name = public[position]
		p.path = append(p.path, pathParam{Param: param, position: position})
	case typeinfo.Query:
		p.query = append(p.query, param)
	case typeinfo.Header:
		key := http.CanonicalHeaderKey(name)
		// net/http keeps the host in a field of the request, not in the header map.
		if key == "Host" {
			key = ""
		}
		p.headers = append(p.headers, headerParam{Param: param, key: key})
	case typeinfo.Cookie:
		p.cookies = append(p.cookies, param)
	case typeinfo.Env:
		p.env = append(p.env, param)
	default:
		return fmt.Errorf("a %s value is not a parameter; use path, query, header or cookie", param.field.Source)
	}
	return nil
}

func notInPattern(name string, wildcards []string) error {
	e := &typeinfo.Error{
		Problem: fmt.Sprintf("the path has no {%s}", name),
		Fix:     fmt.Sprintf("put {%s} into the path", name),
	}
	if len(wildcards) > 0 {
		e.Fix += fmt.Sprintf(", or name one it has in the tag: %s", strings.Join(wildcards, ", "))
	}
	return e
}

// inOrder returns the parameters in the order of binding.
func (p *Plan) inOrder() []*Param {
	var all []*Param
	for _, path := range p.path {
		all = append(all, path.Param)
	}
	all = append(all, p.query...)
	for _, header := range p.headers {
		all = append(all, header.Param)
	}
	return append(append(all, p.cookies...), p.env...)
}

// addCross compiles the rules that look at several fields.
func (c *Compiler) addCross(p *Plan, in *typeinfo.Input) error {
	for nth, param := range p.inOrder() {
		check, err := c.Rules.CompileCross(in.Go, param.field, in.Params...)
		if err != nil {
			return inField(in.Go, param.field, err)
		}
		if check != nil {
			p.cross = append(p.cross, crossRule{Param: param, nth: nth, check: check})
		}
	}
	c.addNeeds(p)
	return nil
}

// addNeeds compiles requires tags, in the order of binding.
func (c *Compiler) addNeeds(p *Plan) {
	if c.Rules == nil {
		return // the client side checks no rules
	}
	all := p.inOrder()
	for nth, param := range all {
		for _, name := range param.field.RequiredBy {
			isOther := func(other *Param) bool {
				return other.field.Source == param.field.Source && other.field.Name == name
			}
			p.needs = append(p.needs, need{Param: param, nth: nth, other: slices.IndexFunc(all, isOther)})
		}
	}
}

// Param compiles one parameter, or one value of a form. Rules across fields
// are left to the Plan, or to the reader of the form. An error of the type is a
// [*typeinfo.Error] that names no field.
func (c *Compiler) Param(f *typeinfo.Field) (*Param, error) {
	p := &Param{field: f, name: f.Name, source: f.Source.String(), single: value{
		escaped: f.Source == typeinfo.Query, plus: f.Source == typeinfo.Query || f.Source == typeinfo.Form,
	}}
	if f.Source == typeinfo.Form {
		p.source = typeinfo.Body.String()
	}
	if f.Nested {
		var err error
		p.nested, err = c.Nested(f)
		return p, err
	}
	if err := c.compileRead(p); err != nil {
		return nil, err
	}
	// Other readers may document a parameter that this one hides, so parameters are checked with all their readers
	// elsewhere.
	if f.Source == typeinfo.Form {
		if err := f.CheckHidden(); err != nil {
			return nil, err
		}
	}
	var err error
	if p.aliases, err = c.aliases(f); err != nil {
		return nil, err
	}
	if err := c.checkExample(p); err != nil || f.Default == nil {
		return p, err
	}
	p.absent, err = c.Defaults(f)
	return p, err
}

// aliases compiles the readers of former names.
func (c *Compiler) aliases(f *typeinfo.Field) (all []*Param, err error) {
	for _, former := range f.Aliases {
		alias, err := c.Param(former)
		if err != nil {
			return nil, err
		}
		all = append(all, alias)
	}
	return all, nil
}

// checkExample finds an example that the field would reject.
func (c *Compiler) checkExample(p *Param) error {
	switch {
	case p.field.Example == nil || c.Example == nil:
		return nil
	case !p.field.JSON && bare(p.field.Type).Kind == typeinfo.Bytes:
		return p.checkBytes()
	}
	return c.Example(p.field)
}

// checkBytes is checkExample for a []byte, whose text differs from its JSON: the example is read as in a request.
func (p *Param) checkBytes() error {
	var text string
	if err := json.Unmarshal(p.field.Example, &text); err != nil {
		return err
	}
	single := p.single
	single.escaped = false // as it stands in a tag
	switch f := single.read(reflect.New(p.field.Type.Go).Elem(), text, false); {
	case f == nil:
		return nil
	case f.Tag == "": // rejected by a Validate method
		return fmt.Errorf("example %s does not fit %s (%s); change the example", p.field.Example, p.field.Type.Go, cmp.Or(f.Msg, fault.Message(f.Type, f.Ctx)))
	default:
		return fmt.Errorf("example %s breaks %s; change the example or the rule", p.field.Example, f.Tag)
	}
}

// compileRead chooses how the texts of a parameter are converted to its value.
func (c *Compiler) compileRead(p *Param) (err error) {
	if p.field.JSON {
		if p.json, err = c.JSON(p.field); err == nil && c.ClosedJSON != nil && p.field.Source == typeinfo.Form {
			p.closedJSON, err = c.ClosedJSON(p.field)
		}
		return err
	}
	switch held := bare(p.field.Type); held.Kind {
	case typeinfo.Slice, typeinfo.Array:
		return c.compileList(p, held)
	}
	return c.compileValue(&p.single, p.field, p.field.Type, p.field.Rules)
}

// orAsJSON adds to the error for a type without a text form that the field may be read as JSON, or as an object with
// names of its own, if its tag has an option for that.
func orAsJSON(err error, f *typeinfo.Field) error {
	var e *typeinfo.Error
	if !errors.As(err, &e) || !f.Source.HasOption("json") {
		return err
	}
	// A copy, because the error is shared.
	advised := *e
	if f.Source.HasOption("deep") && typeinfo.IsDeep(f.Type) {
		advised.Fix = fmt.Sprintf("read its members as %s[member]=...: `%s:\"%s,deep\"`", f.Name, f.Source, f.Name)
	}
	advised.Fix += fmt.Sprintf(", or read it as JSON: `%s:\"%s,json\"`", f.Source, f.Name)
	return &advised
}

// compileValue compiles one text of a parameter.
func (c *Compiler) compileValue(v *value, f *typeinfo.Field, t *typeinfo.Type, rules *typeinfo.Rules) (err error) {
	v.typ = t
	if v.set, err = CompileScalar(bare(t)); err != nil {
		if bare(t).CheckReadsText() != nil {
			return err // JSON would be read by the same method
		}
		return orAsJSON(err, f)
	}
	if v.check, err = c.Rules.Compile(t, rules); err != nil {
		return err
	}
	// Without rules nothing is checked, not even Validate methods.
	v.validates, v.wrapper = c.Rules != nil && bare(t).Validates, c.Rules != nil && t.Wraps() && t.Validates
	v.quick = c.Rules.Quick(t, rules)
	v.sent, err = c.Rules.CompileRounded(t, rules)
	return err
}

func (c *Compiler) compileList(p *Param, held *typeinfo.Type) (err error) {
	if p.field.Source == typeinfo.Path {
		return errors.New("a list in a path, where each segment is one value; use a string and split it, or move the list to the query")
	}
	p.list = &list{held: held, split: splitOf(p.field)}
	if held.Validates && c.Rules != nil {
		p.list.validates = true
	}
	if p.list.check, err = c.Rules.Compile(p.field.Type, p.field.Rules); err != nil {
		return err
	}
	var elements *typeinfo.Rules
	if p.field.Rules != nil {
		elements = p.field.Rules.Elem
	}
	return c.compileValue(&p.single, p.field, held.Elem, elements)
}

// splitOf returns how one text is split into elements; nil if it is not. Several lines of a header and one line with
// commas mean the same (RFC 9110, section 5.3), repeated cookies are not a list anywhere else, and an environment
// variable has one text.
func splitOf(f *typeinfo.Field) func(into []string, text string) []string {
	switch {
	case f.Source == typeinfo.Header:
		return SplitHeader
	case f.Source == typeinfo.Cookie || f.Source == typeinfo.Env || f.Separator == ",":
		return splitOnCommas
	case f.Separator != "":
		return splitOn(f.Separator)
	}
	return nil
}
