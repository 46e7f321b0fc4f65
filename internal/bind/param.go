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
	// absent sets the default; may be nil.
	absent func(dst reflect.Value)
	// json reads a parameter written as JSON; nil for others. closedJSON rejects unknown members; nil if that is never
	// needed.
	json, closedJSON func(dst reflect.Value, text string, faults *fault.List)
	// single reads a scalar, or each element of a list.
	single value
	// list is set for a slice or an array.
	list *list
	// aliases read the former names.
	aliases []*Param
	// nested is set for a value that is sent in several parts.
	nested *Nested
}

// value reads and checks one text.
type value struct {
	typ *typeinfo.Type
	// escaped means that the text comes percent-encoded.
	escaped bool
	// plus means that a + must be percent-encoded, since a bare one is a space.
	plus bool
	// set and check apply to the type inside of wrappers; check is nil without rules.
	set   Scalar
	check check.Check
	// quick is a faster form of check.
	quick check.Quick
	// sent checks a float32 before it is rounded; nil for others.
	sent func(float64) *fault.Fault
	// validates means that the inner type has a Validate method, wrapper that the outer type has one.
	validates, wrapper bool
}

// list is how the texts of a parameter become a slice or an array.
type list struct {
	// held is the slice or array inside pointers and Optional.
	held *typeinfo.Type
	// split splits one text into elements; nil if each text is an element.
	split func(into []string, text string) []string
	// check checks the whole list; nil without rules. validates means that its type has a Validate method.
	check     check.Check
	validates bool
}

// sink is where validation errors go, and whether they include the input.
type sink struct {
	faults *fault.List
	echo   bool
	// closed rejects unknown names in a nested value.
	closed Closed
	// loc is the location of a part of a nested value; nil for a parameter, whose location is its source and name.
	loc []any
}

// in returns the sink for an inner value.
func (to sink) in(step any) sink {
	to.loc = append(slices.Clip(to.loc), step)
	return to
}

// report adds a validation error, if there is one, at the location of the sink or at a location inside. It reports
// whether there was none.
func (to sink) report(f *fault.Fault, at ...any) bool {
	if f == nil {
		return true
	}
	// Copied: if the location escaped, everything the sink refers to, including the request, would be on the heap.
	loc := make([]any, 0, len(to.loc)+len(at))
	loc = append(append(loc, to.loc...), at...)
	// A Validate method may return errors with locations relative to this value.
	located := fault.Of(f.Err)
	for _, inner := range located {
		// Clipped, so that each error gets its own memory.
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

// Bind sets the field of the input struct from its texts, in order; no texts mean that it is absent. Texts of a query
// are still encoded, because a list is split at commas before escaped commas in its elements are decoded; texts of
// other sources are decoded.
//
// It reports whether there was no validation error. Validation errors have complete locations; echo includes the texts
// in them.
func (p *Param) Bind(into reflect.Value, texts []string, echo bool, faults *fault.List) (valid bool) {
	return p.bind(into.FieldByIndex(p.field.Index), texts, echo, faults)
}

// BindClosed is Bind for a form that rejects unknown names, and thus unknown members in its JSON.
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

// TakesEmpty reports whether an empty text is a value of a form field. If not, it is what browsers send for an empty
// field. For a required field the empty text is validated like any other.
func TakesEmpty(f *typeinfo.Field, p *Param) bool {
	return HoldsText(f) && (f.Required || p.TakesEmpty())
}

// HoldsText reports whether a field, or its elements, may be any text.
func HoldsText(f *typeinfo.Field) bool {
	t := f.Type
	// An empty text is not JSON, so a field that is written as JSON never holds it.
	for !f.JSON {
		switch t.Kind {
		case typeinfo.String, typeinfo.Bytes:
			return true
		case typeinfo.Pointer, typeinfo.Optional, typeinfo.Nullable, typeinfo.Slice, typeinfo.Array:
			t = t.Elem
		default:
			return false
		}
	}
	return false
}

// TakesEmpty reports whether an empty text is a valid value of the parameter, or of an element of its list.
func (p *Param) TakesEmpty() bool {
	if p.list != nil && p.list.split == nil {
		// Each text is one element; rules of the whole list are not considered.
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
	// A separate list, because a full one would drop validation errors.
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

// atTheValue sets the location of text that is not JSON to the parameter. An offset in the decoded text means nothing
// for what was sent.
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
	// The list is checked only if all its elements are valid.
	return p.reportList(p.list.judge(held), texts, to)
}

// judge returns what is wrong with the list as a whole.
func (l *list) judge(held reflect.Value) *fault.Fault {
	if l.check != nil {
		if f := l.check(held); f != nil {
			// A copy, because it gets a location.
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

// location returns the location of the parameter.
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

// resize makes a slice of n elements; an array must have exactly as many.
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

// splitOnCommas returns no elements for an empty text, because an empty list has no other notation.
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

// written holds, for separators that are invalid in a query, how they are escaped.
var written = map[string]*strings.Replacer{
	"|": strings.NewReplacer("%7C", "|", "%7c", "|"),
	" ": strings.NewReplacer("+", " ", "%20", " "),
}

// splitOn is splitOnCommas for a pipe or a space. OpenAPI has no escape for one inside an element, so all of them
// separate.
func splitOn(separator string) func(into []string, text string) []string {
	plain := written[separator]
	return func(into []string, text string) []string {
		if text == "" {
			return into
		}
		if strings.ContainsAny(text, "%+") { // most lists are sent unescaped, and a Replacer always allocates
			text = plain.Replace(text)
		}
		return appendElements(into, text, separator)
	}
}

// SplitHeader appends the elements of a list (RFC 9110, section 5.6.1): white space around elements and empty elements
// are dropped, and a comma inside a quoted string (section 5.6.4) is part of the element. A quotation mark that is not
// closed stands for itself.
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
			// After an unclosed quotation mark the rest is not searched again, which would take quadratic time.
			quotes = length > 0
		}
	}
	return into
}

// quotedLength returns the length of the quoted string at the beginning of text, 0 if it is not closed.
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

// read sets dst, which has the outer type, from one text.
func (v *value) read(dst reflect.Value, text string, echo bool) *fault.Fault {
	text, f := v.decode(text)
	if f == nil {
		f = v.fill(hold(v.typ, dst), text)
	}
	if f == nil && v.wrapper {
		f = validate(dst)
	}
	// Without a hint, a client that did not escape the + of an offset would never guess why.
	if f != nil && f.Type == fault.DatetimeParsing && v.lostPlus(text) {
		f.Ctx = map[string]any{"error": "a + must be sent as %2B, else it is a space"}
	}
	if f != nil && echo {
		f.Input = text
	}
	return f
}

// lostPlus reports whether a text is a time whose + was decoded as a space.
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

// judge returns the rule that a value violates.
func (v *value) judge(held reflect.Value, text string) *fault.Fault {
	if v.check == nil {
		return nil
	}
	if v.sent != nil {
		// Cannot fail: the text has been read as a number before.
		exact, _ := strconv.ParseFloat(text, 64)
		if f := v.sent(exact); f != nil {
			return f.Own()
		}
	}
	// A copy, because it gets a location and the input.
	return v.check(held).Own()
}

// decode decodes a query value. Text without escapes is not copied.
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
