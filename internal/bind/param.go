package bind

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Param binds one parameter, or one value of a form.
type Param struct {
	field *typeinfo.Field
	// source is the first element of locations, name the second.
	source, name string
	// absent makes the default; nil without.
	absent func(dst reflect.Value)
	// json reads a parameter written as JSON; nil for others. closedJSON refuses
	// unknown members; nil where nothing can ask for it.
	json, closedJSON func(dst reflect.Value, text string, faults *fault.List)
	// single reads a scalar, or each element of a list.
	single value
	// list is set for a slice or an array.
	list *list
	// aliases read the former names.
	aliases []*Param
	// nested is set for a value that is sent as several.
	nested *Nested
}

// value reads and judges one text.
type value struct {
	typ *typeinfo.Type
	// escaped means that the text comes percent-encoded.
	escaped bool
	// plus means that a + is sent percent-encoded, since a bare one is a space.
	plus bool
	// set and check are for what typ holds; check is nil without rules.
	set   Scalar
	check check.Check
	// quick is a short way to the verdict of check.
	quick check.Quick
	// sent judges a float32 before it is rounded; nil for others.
	sent func(float64) *fault.Fault
	// validates means that what typ holds has a Validate method, wrapper that typ
	// has one around it.
	validates, wrapper bool
}

// list is how the texts of a parameter become a slice or an array.
type list struct {
	// held is the slice or array inside pointers and Optional.
	held *typeinfo.Type
	// split cuts one text into elements; nil where each is a text of its own.
	split func(into []string, text string) []string
	// check judges the whole list; nil without rules. validates means that its type
	// has a Validate method.
	check     check.Check
	validates bool
}

// sink is where faults go, and whether they show what was sent.
type sink struct {
	faults *fault.List
	echo   bool
	// closed refuses names in a nested value that nothing reads.
	closed bool
	// loc is the location of a value in a nested one; nil for a value by itself, whose
	// source and name it is.
	loc []any
}

// in is the sink of a value inside.
func (to sink) in(step any) sink {
	to.loc = append(slices.Clip(to.loc), step)
	return to
}

// report reports whether there is no fault; it adds the one there is, with its
// location: the value of the sink, or one at inside it.
func (to sink) report(f *fault.Fault, at ...any) bool {
	if f == nil {
		return true
	}
	// Copied, since a location that left the sink would put all that the sink leads to on the
	// heap: the request.
	loc := make([]any, 0, len(to.loc)+len(at))
	loc = append(append(loc, to.loc...), at...)
	// A Validate method may return faults with locations, which begin at this value.
	located := fault.Of(f.Err)
	for _, inner := range located {
		// Clipped, so that each of them gets memory of its own.
		inner.Loc = append(slices.Clip(loc), inner.Loc...)
		if inner.Input == nil {
			inner.Input = f.Input
		}
		to.faults.Add(&inner)
	}
	if len(located) == 0 {
		f.Loc = loc
		to.faults.Add(f)
	}
	return false
}

// Bind fills the field of the input struct from the texts sent for it, in
// their order; none means that it is absent. Texts of a query are as sent,
// because a list is split on commas before the commas inside its elements are
// decoded; texts of other sources are decoded.
//
// It reports whether there was no fault. Faults have complete locations; echo
// puts the texts into them.
func (p *Param) Bind(into reflect.Value, texts []string, echo bool, faults *fault.List) (valid bool) {
	return p.bind(into.FieldByIndex(p.field.Index), texts, echo, faults)
}

// BindClosed is Bind for a form that refuses what no field reads, and so members
// of its JSON that none has.
func (p *Param) BindClosed(into reflect.Value, texts []string, echo bool, faults *fault.List) (valid bool) {
	if p.closedJSON == nil || len(texts) == 0 {
		return p.Bind(into, texts, echo, faults)
	}
	to := sink{faults: faults, echo: echo}
	return p.bindJSON(into.FieldByIndex(p.field.Index), texts[len(texts)-1], p.closedJSON, to)
}

// bind is Bind for the field itself.
func (p *Param) bind(dst reflect.Value, texts []string, echo bool, faults *fault.List) (valid bool) {
	return p.bindTo(dst, texts, sink{faults: faults, echo: echo})
}

func (p *Param) bindTo(dst reflect.Value, texts []string, to sink) (valid bool) {
	switch {
	case len(texts) == 0:
		return p.bindAbsent(dst, to)
	case p.json != nil:
		return p.bindJSON(dst, texts[len(texts)-1], p.json, to)
	case p.list != nil:
		return p.bindList(dst, texts, to)
	}
	f := p.single.read(dst, texts[len(texts)-1], to.echo)
	return p.report(f, to)
}

// TakesEmpty reports whether an empty text is a value of a field of a form. Where it
// can be none, it is what browsers send for an input that was left empty. A field
// that must be there keeps the fault of a text that breaks its rules.
func TakesEmpty(f *typeinfo.Field, p *Param) bool {
	return HoldsText(f) && (f.Required || p.TakesEmpty())
}

// HoldsText reports whether a field, or its elements, are made of any text.
func HoldsText(f *typeinfo.Field) bool {
	t := f.Type
	// The empty text is no JSON, so a field that is written as JSON never holds it.
	for !f.JSON {
		switch t.Kind {
		case typeinfo.String, typeinfo.Bytes:
			return true
		case typeinfo.Pointer, typeinfo.Optional, typeinfo.Slice, typeinfo.Array:
			t = t.Elem
		default:
			return false
		}
	}
	return false
}

// TakesEmpty reports whether an empty text is a value of the parameter, or of an
// element of its list: whether it can be read and keeps the rules.
func (p *Param) TakesEmpty() bool {
	if p.list != nil && p.list.split == nil {
		// Each text is one element, and the list as a whole is not asked.
		return p.single.read(reflect.New(p.single.typ.Go).Elem(), "", false) == nil
	}
	var none fault.List
	return p.bind(reflect.New(p.field.Type.Go).Elem(), []string{""}, false, &none)
}

func (p *Param) bindAbsent(dst reflect.Value, to sink) bool {
	if p.absent != nil {
		p.absent(dst)
		return true
	}
	if p.field.Required {
		return p.report(fault.New(fault.Missing), to)
	}
	return true
}

func (p *Param) bindJSON(dst reflect.Value, text string, read func(reflect.Value, string, *fault.List), to sink) bool {
	text, f := p.single.decode(text)
	if f == nil && strings.TrimSpace(text) == "" {
		f = fault.With(fault.JSONInvalid, "error", "nothing there")
	}
	if f != nil {
		return p.report(f, to)
	}
	// A list of its own shows faults that the full one would leave out.
	var inner fault.List
	read(dst, text, &inner)
	atTheValue(inner.Faults)
	loc := p.location(to)
	for _, step := range slices.Backward(loc[1:]) {
		inner.Under(0, step)
	}
	inner.Seal(0, loc[0])
	for i := range inner.Faults {
		if to.echo {
			inner.Faults[i].Input = text
		}
		to.faults.Add(&inner.Faults[i])
	}
	to.faults.Truncated = to.faults.Truncated || inner.Truncated
	return len(inner.Faults) == 0
}

// atTheValue locates a text that is no JSON at the parameter. An offset in what
// was decoded leads nowhere in what was sent.
func atTheValue(faults []fault.Fault) {
	if len(faults) == 1 && faults[0].Type == fault.JSONInvalid && len(faults[0].Loc) == 1 {
		faults[0].Loc = nil
	}
}

func (p *Param) bindList(dst reflect.Value, texts []string, to sink) bool {
	if p.list.split != nil {
		texts = p.list.splitAll(texts)
	}
	held := hold(p.field.Type, dst)
	if f := p.list.resize(held, len(texts)); f != nil {
		return p.reportList(f, texts, to)
	}
	valid := true
	for i, text := range texts {
		if f := p.single.read(held.Index(i), text, to.echo); f != nil {
			valid = p.report(f, to, i)
		}
	}
	if !valid {
		return false
	}
	// The list is judged only if all its elements are valid.
	return p.reportList(p.list.judge(held), texts, to)
}

// judge is what is wrong with the list as a whole.
func (l *list) judge(held reflect.Value) *fault.Fault {
	if l.check != nil {
		if f := l.check(held); f != nil {
			// A copy, since it gets a location.
			return f.Own()
		}
	}
	if l.validates {
		return validate(held)
	}
	return nil
}

// validate calls the Validate method of a value.
func validate(v reflect.Value) *fault.Fault {
	if err := typeinfo.Validate(v.Addr().Interface()); err != nil {
		return fault.Invalid(err)
	}
	return nil
}

// reportList is report for a fault of the list as a whole.
func (p *Param) reportList(f *fault.Fault, texts []string, to sink) bool {
	if f != nil && to.echo {
		f.Input = slices.Clone(texts)
	}
	return p.report(f, to)
}

// report is that of the sink, at the parameter.
func (p *Param) report(f *fault.Fault, to sink, at ...any) bool {
	if f == nil {
		return true
	}
	to.loc = p.location(to)
	return to.report(f, at...)
}

// location is where the parameter is.
func (p *Param) location(to sink) []any {
	if to.loc != nil {
		return to.loc
	}
	return []any{p.source, p.name}
}

func (l *list) splitAll(texts []string) []string {
	var elements []string
	for _, text := range texts {
		elements = l.split(elements, text)
	}
	return elements
}

// resize makes a slice of n elements; an array must have as many.
func (l *list) resize(held reflect.Value, n int) *fault.Fault {
	switch {
	case l.held.Kind == typeinfo.Slice:
		held.Set(reflect.MakeSlice(l.held.Go, n, n))
	case n < l.held.Len:
		return &fault.Fault{Type: fault.TooShort, Ctx: map[string]any{"min_length": l.held.Len, "actual_length": n}}
	case n > l.held.Len:
		return &fault.Fault{Type: fault.TooLong, Ctx: map[string]any{"max_length": l.held.Len, "actual_length": n}}
	}
	return nil
}

// splitOnCommas takes an empty text as a list without elements, for which there
// is no other notation.
func splitOnCommas(into []string, text string) []string {
	if text == "" {
		return into
	}
	return appendElements(into, text, ",")
}

func appendElements(into []string, text, separator string) []string {
	into = slices.Grow(into, strings.Count(text, separator)+1)
	for element := range strings.SplitSeq(text, separator) {
		into = append(into, element)
	}
	return into
}

// written are the separators that cannot stand in a query as they are, in the ways
// in which they do.
var written = map[string]*strings.Replacer{
	"|": strings.NewReplacer("%7C", "|", "%7c", "|"),
	" ": strings.NewReplacer("+", " ", "%20", " "),
}

// splitOn is splitOnCommas for a pipe or a space. OpenAPI has no escape for one
// inside of an element, so all of them separate.
func splitOn(separator string) func(into []string, text string) []string {
	plain := written[separator]
	return func(into []string, text string) []string {
		if text == "" {
			return into
		}
		if strings.ContainsAny(text, "%+") { // most lists are sent as they are, and a Replacer takes memory in any case
			text = plain.Replace(text)
		}
		return appendElements(into, text, separator)
	}
}

// SplitHeader appends the elements of a list of RFC 9110, section 5.6.1: white
// space around elements and empty elements do not count, and a comma inside of a
// quoted string (section 5.6.4) is part of the element. A quotation mark that
// nothing closes stands for itself.
func SplitHeader(into []string, text string) []string {
	start, quotes := 0, true
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == ',':
			if element := strings.Trim(text[start:i], " \t"); element != "" {
				into = append(into, element)
			}
			start = i + 1
		case text[i] == '"' && quotes:
			length := quotedLength(text[i:])
			i += max(0, length-1)
			// What follows a mark without an end is not searched again, which would
			// take a time that grows with the square of the length.
			quotes = length > 0
		}
	}
	return into
}

// quotedLength is the length of the quoted string at the beginning of text, 0
// for one that has no end.
func quotedLength(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// read sets dst, which is of the whole type, from one text.
func (v *value) read(dst reflect.Value, text string, echo bool) *fault.Fault {
	text, f := v.decode(text)
	if f == nil {
		f = v.fill(hold(v.typ, dst), text)
	}
	if f == nil && v.wrapper {
		f = validate(dst)
	}
	// A client that did not escape the + of an offset would never guess why.
	if f != nil && f.Type == fault.DatetimeParsing && v.lostPlus(text) {
		f.Ctx = map[string]any{"error": "a + must be sent as %2B, else it is a space"}
	}
	if f != nil && echo {
		f.Input = text
	}
	return f
}

// lostPlus reports whether a text is a time whose offset came without its sign.
func (v *value) lostPlus(text string) bool {
	held := bare(v.typ)
	return v.plus && held.Kind == typeinfo.Time && strings.Contains(text, " ") &&
		v.set(reflect.New(held.Go).Elem(), strings.Replace(text, " ", "+", 1)) == nil
}

func (v *value) fill(held reflect.Value, text string) *fault.Fault {
	if f := v.set(held, text); f != nil {
		return f
	}
	if f := v.judge(held, text); f != nil || !v.validates {
		return f
	}
	return validate(held)
}

// judge is the rule that a value breaks.
func (v *value) judge(held reflect.Value, text string) *fault.Fault {
	if v.check == nil {
		return nil
	}
	if v.sent != nil {
		// The text was read as a number before, so it is one.
		exact, _ := strconv.ParseFloat(text, 64)
		if f := v.sent(exact); f != nil {
			return f.Own()
		}
	}
	// A copy, since it gets a location and what was sent.
	return v.check(held).Own()
}

// decode undoes the encoding of a query. Text without escapes is not copied.
func (v *value) decode(text string) (string, *fault.Fault) {
	if !v.escaped {
		return text, nil
	}
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text, fault.With(fault.ValueError, "error", "malformed percent-encoding")
	}
	return plain, nil
}
