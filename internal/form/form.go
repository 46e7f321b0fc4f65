// Package form reads forms, URL-encoded or multipart, into the form fields of an input. A [Plan] is compiled from the
// description of the fields; reading sorts a body by field, and filling in binds, validates and reports what was sent.
//
// It stands between formdata, which reads the parts of a multipart body and knows no fields, and body, which decides
// whether a body is a form. Values of one field are bound by bind, files are kept by spool.
package form

import (
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Compiler makes plans under the rules of one app.
type Compiler struct {
	// Bind compiles the fields that are not files.
	Bind *bind.Compiler
	// Upload is the type of a file; a field may also be a pointer to it, a slice of it, or a []byte. SetUpload sets an
	// addressable value of this type.
	Upload    reflect.Type
	SetUpload func(dst reflect.Value, f *File)
	// NoEmpty is a type in whose fields an empty text counts as absent.
	NoEmpty reflect.Type
}

// Plan reads a URL-encoded or multipart body into the form fields of an input.
type Plan struct {
	fields []field
	// strict rejects unknown names, also those in nested values, whose types need not be strict.
	strict bool
}

// field is one field of a form. takesEmpty means that an empty value is valid; otherwise it is what browsers send for
// an input left empty.
type field struct {
	// param binds a value of one name; nil for others.
	param *bind.Param
	// nested is set for a value made of several names.
	nested *bind.Nested
	// file is set for a file.
	file       *filePlan
	name       string
	index      []int
	takesEmpty bool
	isJSON     bool
	// isNeeded means that a form without the field is invalid.
	isNeeded bool
	// isList means that all values count, rather than only the last.
	isList bool
	// aliases are the indices of the fields for former names; isAlias means that this is one of those.
	aliases []int
	isAlias bool
	// cross checks the field together with others; nil without such rules.
	cross check.CrossCheck
	// requiredBy are the indices of the fields in whose presence this one is required.
	requiredBy []int
	// isSecret means that no error repeats the value.
	isSecret bool
}

// Compile makes the plan of an input with form fields.
func (c *Compiler) Compile(in *typeinfo.Input) (*Plan, error) {
	p := &Plan{strict: in.Form.Strict}
	for _, f := range in.Form.Fields {
		field, err := c.field(in, f)
		if err != nil {
			return nil, in.ErrorIn(f, err)
		}
		p.fields = append(p.fields, field)
	}
	return p, c.addAliases(p, in)
}

// Whole makes the plan of a form whose fields are those of one field's type, without a prefix.
func (c *Compiler) Whole(f *typeinfo.Field) (*Plan, error) {
	nested, err := c.Bind.Nested(f)
	if err != nil {
		return nil, err
	}
	return &Plan{fields: []field{{nested: nested, index: f.Index}}, strict: nested.IsStrict()}, nil
}

// addAliases appends the fields of former names, after all others.
func (c *Compiler) addAliases(p *Plan, in *typeinfo.Input) error {
	for i, f := range in.Form.Fields {
		for _, former := range f.Aliases {
			alias, err := c.field(in, former)
			if err != nil {
				return in.ErrorIn(f, err)
			}
			alias.isAlias, alias.cross = true, nil
			p.fields[i].aliases = append(p.fields[i].aliases, len(p.fields))
			p.fields = append(p.fields, alias)
		}
	}
	return nil
}

func (c *Compiler) field(in *typeinfo.Input, f *typeinfo.Field) (made field, err error) {
	made = field{name: f.Name, index: f.Index, isJSON: f.JSON, isList: f.Type.IsList() && !f.JSON, isSecret: f.WriteOnly, isNeeded: f.Required}
	for i, other := range in.Form.Fields {
		if slices.Contains(f.RequiredBy, other.Name) {
			made.requiredBy = append(made.requiredBy, i)
		}
	}
	if f.Source == typeinfo.File {
		made.file, err = c.file(f)
		return made, err
	}
	if f.Nested {
		if made.nested, err = c.Bind.Nested(f); err != nil {
			return made, err
		}
		made.isNeeded = made.nested.IsNeeded()
	} else {
		if made.param, err = c.Bind.Param(f); err != nil {
			return made, err
		}
		made.takesEmpty = f.Owner != c.NoEmpty && bind.TakesEmpty(f, made.param)
	}
	made.cross, err = c.Bind.Rules.CompileCross(in.Go, f, in.Form.Fields...)
	return made, err
}

// IsNeeded reports whether a request without a form is invalid.
func (p *Plan) IsNeeded() bool {
	return slices.ContainsFunc(p.fields, func(f field) bool { return f.isNeeded })
}

// HasFiles reports whether the form can be sent only as multipart.
func (p *Plan) HasFiles() bool {
	return slices.ContainsFunc(p.fields, func(f field) bool { return f.file != nil })
}

// Decode fills in the fields from a URL-encoded body. Locations are relative to the body, innermost element first, like
// those of JSON. It always reports that the values fit into the memory limit: they are not larger than their texts.
func (p *Plan) Decode(data []byte, into reflect.Value, o codec.Options, faults *fault.List) (fits bool) {
	p.Fill(into, p.readPairs(strings.TrimPrefix(string(data), mediatype.ByteOrderMark)), o, faults)
	return true
}

// Fill fills in the fields from what was sent, with the same locations as [Plan.Decode].
func (p *Plan) Fill(into reflect.Value, sent *Sent, o codec.Options, faults *fault.List) {
	var found fault.List
	p.bind(into, sent, o, &found)
	for i := range found.Faults {
		f := &found.Faults[i]
		// Cloned, since the location may be shared and Reverse changes it.
		f.Loc = slices.Clone(f.Loc[1:])
		slices.Reverse(f.Loc)
		faults.Add(f)
	}
	faults.Truncated = faults.Truncated || found.Truncated
}

// bind fills in the fields. Its validation errors have complete locations.
func (p *Plan) bind(into reflect.Value, sent *Sent, o codec.Options, faults *fault.List) {
	// Fields beyond the limit were only counted, so they would wrongly be reported as missing.
	if sent.isFull() {
		f := sent.tooMany()
		f.Loc = []any{"body"}
		faults.Add(f)
		return
	}
	for i := range p.fields {
		if p.fields[i].isAlias {
			continue
		}
		sentAs := p.sentAs(i, sent, faults)
		p.fields[sentAs].bind(into, sent, sentAs, p.strict, o, faults)
		// Rules across fields look up the field by its current name.
		sent.texts[i] = sent.texts[sentAs]
	}
	if p.strict || o.ForbidExtra {
		for _, name := range sent.unknown {
			faults.Add(&fault.Fault{Type: fault.ExtraForbidden, Loc: []any{"body", name}})
		}
	}
	p.require(sent, faults)
	// A rule across fields compares values, so each must be valid by itself first.
	if len(faults.Faults) == 0 {
		p.judge(into, sent, faults)
	}
}

// sentAs returns the field under whose name a value was sent. Two different values are a validation error of the former
// name.
func (p *Plan) sentAs(i int, sent *Sent, faults *fault.List) int {
	sentAs := i
	for _, alias := range p.fields[i].aliases {
		switch {
		case sent.isAbsent(alias):
		case sent.isAbsent(sentAs):
			sentAs = alias
		case !p.fields[i].param.SameTexts(sent.texts[sentAs], sent.texts[alias]):
			f := bind.Contradiction(p.fields[sentAs].name)
			f.Loc = []any{"body", p.fields[alias].name}
			faults.Add(f)
		}
	}
	return sentAs
}

func (f *field) bind(into reflect.Value, sent *Sent, i int, strict bool, o codec.Options, faults *fault.List) {
	o.Echo = o.Echo && !f.isSecret
	switch wrong := sent.wrong[i]; {
	// The value was not stored, so without this case the field would count as missing.
	case wrong != nil:
		wrong.Loc = []any{"body", f.name}
		faults.Add(wrong)
	case f.nested != nil:
		f.nested.Bind(into, sent.branches[i], o.Echo, bind.Closed{Names: strict || o.ForbidExtra, JSON: o.ForbidExtra}, faults)
	case f.file != nil:
		f.file.fill(into, f.name, sent.filesOf(i), faults)
	case o.ForbidExtra:
		f.param.BindClosed(into, sent.texts[i], o.Echo, faults)
	default:
		f.param.Bind(into, sent.texts[i], o.Echo, faults)
	}
}

// require reports fields that are missing but required by others.
func (p *Plan) require(sent *Sent, faults *fault.List) {
	for i := range p.fields {
		field := &p.fields[i]
		if len(field.requiredBy) > 0 && !sent.has(i) && slices.ContainsFunc(field.requiredBy, sent.has) {
			faults.Add(&fault.Fault{Type: fault.Missing, Loc: []any{"body", field.name}})
		}
	}
}

// judge checks the rules across fields.
func (p *Plan) judge(into reflect.Value, sent *Sent, faults *fault.List) {
	for i := range p.fields {
		field := &p.fields[i]
		if field.cross == nil {
			continue
		}
		if f := field.cross(into, into.FieldByIndex(field.index), sent.has(i)); f != nil {
			f.Loc = []any{"body", field.name}
			faults.Add(f)
		}
	}
}
