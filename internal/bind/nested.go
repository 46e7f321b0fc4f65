package bind

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// A value may be sent in several parts: filter[price][gte]=10 in a query, in OpenAPI's style deepObject, and
// address.street=Main or items[0].name=Pen in a form. Such a name is a path into the value.
//
// A type is compiled to a tree of nodes. The received texts are collected in a tree of branches, which exist only where
// there is a node, so its size is limited by what was sent: while collecting, an index is a name like any other. Then
// the nodes read their branches, in the order of the fields.

// maxNesting is the maximum number of steps in a name.
const maxNesting = 8

// Nested binds a value that is sent in several parts.
type Nested struct {
	root node
	// syntax is how names are written.
	syntax syntax
}

// syntax parses the path in a name, and formats it.
type syntax struct {
	// steps parses what follows the name of the whole value.
	steps func(path string) ([]string, bool)
	// member and index append a step to a path.
	member, index func(path, step string) string
}

// node is a value in the tree.
type node struct {
	field *typeinfo.Field
	// held is its type without wrappers.
	held *typeinfo.Type
	// param reads a value of one text, or a list of texts; nil for others.
	param *Param
	// isForm means that the node is a form, whose fields have their whole names; any other name is unknown.
	isForm bool
	// dropsEmpty means that an empty text counts as absent, as in forms.
	dropsEmpty bool
	// members are those of a struct; each is the node of the elements of a map or list.
	members []*node
	each    *node
	// absent fills in the defaults; may be nil.
	absent func(dst reflect.Value)
	// descends means that if the value is absent, its members are reported as missing rather than itself.
	descends bool
	verdicts
}

// verdicts are the checks of a value that is not a text.
type verdicts struct {
	check, keys check.Check
	cross       check.CrossCheck
	validates   bool
	// judges are the structs with a Validate method.
	judges []typeinfo.Validator
}

// Nested compiles the reader of a nested field.
func (c *Compiler) Nested(f *typeinfo.Field) (*Nested, error) {
	root, err := c.node(f, f.Source, nil)
	if err != nil {
		return nil, err
	}
	if err := c.checkExample(&Param{field: f}); err != nil {
		return nil, err
	}
	return &Nested{root: *root, syntax: syntaxOf(f.Source)}, nil
}

func syntaxOf(source typeinfo.Source) syntax {
	if source == typeinfo.Form {
		return syntax{steps: dotted, member: func(path, name string) string { return path + "." + name }, index: inBrackets}
	}
	return syntax{steps: bracketed, member: inBrackets}
}

func inBrackets(path, step string) string { return path + "[" + step + "]" }

// node compiles the node of a field; path has the enclosing structs.
func (c *Compiler) node(f *typeinfo.Field, source typeinfo.Source, path []*typeinfo.Type) (n *node, err error) {
	n = &node{field: f, held: bare(f.Type), isForm: source == typeinfo.Form, dropsEmpty: source == typeinfo.Form}
	switch {
	case f.JSON:
		return n, c.leaf(n, source)
	case n.held.Kind == typeinfo.Struct:
		err = c.structNode(n, source, path)
	case n.held.Kind == typeinfo.Map && n.held.Key.Kind == typeinfo.String && source == typeinfo.Query,
		f.IsNested() && source == typeinfo.Form:
		err = c.eachNode(n, source, path)
	default:
		return n, c.leaf(n, source)
	}
	if err != nil {
		return nil, err
	}
	if n.absent, err = c.fill(f); err != nil {
		return nil, err
	}
	n.descends = n.isForm && n.held.Kind == typeinfo.Struct && f.Required
	if c.Rules != nil {
		n.validates, n.judges = n.held.Validates, n.held.Object.Judges()
	}
	n.check, err = c.Rules.Compile(f.Type, f.Rules)
	return n, err
}

// fill makes what fills in an absent value.
func (c *Compiler) fill(f *typeinfo.Field) (func(dst reflect.Value), error) {
	if c.Fill == nil {
		return nil, nil
	}
	return c.Fill(f)
}

// leaf compiles a value that is read from texts.
func (c *Compiler) leaf(n *node, source typeinfo.Source) (err error) {
	f := *n.field
	f.Source, f.Nested = source, false
	if err := f.CheckHidden(); err != nil {
		return err
	}
	switch {
	case source == typeinfo.Form:
	case bare(f.Type).Kind == typeinfo.Bytes:
		return &typeinfo.Error{Problem: "bytes in a value with the option deep, where they would be plain text, though the document says base64", Fix: "make it a string"}
	case f.Separator != "" || f.JSON:
		return &typeinfo.Error{Problem: "an option of its own in a value with the option deep, for which OpenAPI has no words", Fix: "drop it: its elements are sent under one name"}
	}
	n.param, err = c.Param(&f)
	n.dropsEmpty = n.isForm && err == nil && !TakesEmpty(&f, n.param)
	return err
}

// structNode compiles the members of a struct.
func (c *Compiler) structNode(n *node, source typeinfo.Source, path []*typeinfo.Type) error {
	path, err := n.enter(path)
	if err != nil {
		return err
	}
	for _, f := range n.held.Object.Fields {
		// Members that only responses have are unknown names here.
		if f.ReadOnly {
			continue
		}
		if f.ThroughPointer {
			return inField(n.held.Go, f, &typeinfo.Error{Problem: "a pointer is embedded in a value that is sent as several", Fix: "embed the struct by value"})
		}
		member, err := c.node(f, source, path)
		if err == nil {
			member.cross, err = c.Rules.CompileCross(n.held.Go, f, n.held.Object.Fields...)
		}
		if err != nil {
			return inField(n.held.Go, f, err)
		}
		n.members = append(n.members, member)
	}
	return nil
}

// enter adds the node's type to the path, and finds types that contain themselves.
func (n *node) enter(path []*typeinfo.Type) ([]*typeinfo.Type, error) {
	if slices.Contains(path, n.held) || len(path) >= maxNesting {
		return nil, &typeinfo.Error{
			Problem: fmt.Sprintf("%s contains itself, or is more than %d levels deep, which no name can reach", typeinfo.Name(n.held.Go), maxNesting),
			Fix:     "read the whole value as JSON, by the option json",
		}
	}
	return append(slices.Clip(path), n.held), nil
}

// eachNode compiles the elements of a list or a map.
func (c *Compiler) eachNode(n *node, source typeinfo.Source, path []*typeinfo.Type) (err error) {
	element := &typeinfo.Field{Name: n.field.Name, Go: n.field.Go, Type: n.held.Elem, Source: source, Required: true}
	if rules := n.field.Rules; rules != nil {
		element.Rules = rules.Elem
	}
	if n.held.Kind == typeinfo.Map {
		if path, err = n.enter(path); err != nil {
			return err
		}
		if n.field.Rules != nil {
			n.keys, err = c.Rules.Compile(n.held.Key, n.field.Rules.Keys)
		}
	}
	if err == nil {
		n.each, err = c.node(element, source, path)
	}
	return err
}

// Branch is what was sent for a value or a part of it. The zero value means nothing.
type Branch struct {
	texts []string
	// beneath means that a name leads into a value that is a text.
	beneath bool
	members map[string]*Branch
	// names are the names of members in order of appearance, unknown the unknown ones.
	names, unknown []string
	// wrong is set for an unreadable text.
	wrong *fault.Fault
}

// Reads reports whether a name belongs to the value or a part of it.
func (n *Nested) Reads(name string) bool {
	steps, ok := n.path(name)
	return ok && n.root.reads(steps)
}

func (n *node) reads(steps []string) bool {
	// A name that leads into a text is accepted here, and reported later.
	if len(steps) == 0 || n.param != nil && !n.isForm {
		return n.param != nil || !n.isForm
	}
	inner := n.inner(steps)
	return inner != nil && inner.reads(steps[1:])
}

// inner returns the node of the first step, nil if there is none.
func (n *node) inner(steps []string) *node {
	inner := n.each
	if i := slices.IndexFunc(n.members, func(m *node) bool { return m.field.Name == steps[0] }); i >= 0 {
		inner = n.members[i]
	}
	switch {
	case inner == nil, n.isList() && !isIndex(steps[0]):
		return nil
	case n.isForm && (inner.param != nil) != (len(steps) == 1):
		return nil
	}
	return inner
}

func (n *node) isList() bool { return n.held.Kind == typeinfo.Slice || n.held.Kind == typeinfo.Array }

// path returns the part of a name after the name of the whole value.
func (n *Nested) path(name string) (steps []string, ok bool) {
	return n.syntax.path(name, n.root.field.Name)
}

func (s syntax) path(name, whole string) (steps []string, ok bool) {
	if whole == "" {
		return s.steps("." + name) // a whole form has no name
	}
	path, ok := strings.CutPrefix(name, whole)
	switch {
	case !ok:
		return nil, false
	case path == "":
		return nil, true
	}
	return s.steps(path)
}

// Location returns the location of a name, nil if it belongs to another value.
func (n *Nested) Location(name string) []any {
	steps, ok := n.path(name)
	if !ok {
		return nil
	}
	loc := n.location()
	for _, step := range steps {
		loc = append(loc, placeOf(step))
	}
	return loc
}

// location returns the location of the whole value.
func (n *Nested) location() []any {
	f := n.root.field
	if f.Name == "" {
		return []any{sourceOf(f)}
	}
	return []any{sourceOf(f), f.Name}
}

// IsNeeded reports whether a part of the value is required.
func (n *Nested) IsNeeded() bool { return n.root.isNeeded() }

func (n *node) isNeeded() bool {
	if !n.descends {
		return n.field.Required
	}
	return slices.ContainsFunc(n.members, (*node).isNeeded)
}

// IsThere reports whether anything was sent.
func (b *Branch) IsThere() bool { return b.hasValues() }

// sourceOf returns the first element of locations.
func sourceOf(f *typeinfo.Field) string {
	if f.Source == typeinfo.Form {
		return typeinfo.Body.String()
	}
	return f.Source.String()
}

// Take adds a text to what was sent, which is nil at first. It reports whether the name leads into the value; an
// unknown name is recorded.
func (n *Nested) Take(sent **Branch, name, text string, wrong *fault.Fault) bool {
	steps, ok := n.path(name)
	if !ok || len(steps) == 0 && n.root.isForm {
		return false
	}
	if *sent == nil {
		*sent = &Branch{}
	}
	n.root.take(*sent, steps, text, wrong)
	return true
}

func (n *node) take(b *Branch, steps []string, text string, wrong *fault.Fault) {
	switch {
	case len(steps) == 0 && wrong != nil:
		b.wrong = wrong
	case len(steps) == 0:
		n.keep(b, text)
	case n.param != nil:
		b.beneath = true
	default:
		inner := n.inner(steps)
		if inner == nil {
			if !slices.Contains(b.unknown, steps[0]) {
				b.unknown = append(b.unknown, steps[0])
			}
			return
		}
		inner.take(b.member(steps[0]), steps[1:], text, wrong)
	}
}

// keep adds a text of the value itself. An empty one may be what browsers send for an empty field.
func (n *node) keep(b *Branch, text string) {
	if text == "" && n.dropsEmpty {
		return
	}
	b.texts = append(b.texts, text)
	// For a scalar the last text counts, whatever the others were.
	if n.param != nil && n.param.list == nil {
		b.wrong = nil
	}
}

func (b *Branch) member(name string) *Branch {
	if b.members == nil {
		b.members = map[string]*Branch{}
	}
	if b.members[name] == nil {
		b.members[name] = &Branch{}
		b.names = append(b.names, name)
	}
	return b.members[name]
}

// isNothing reports whether nothing was sent that counts.
func (b *Branch) isNothing() bool {
	if b == nil {
		return true
	}
	if len(b.unknown) > 0 || b.hasValues() {
		return false
	}
	for _, inner := range b.members {
		if !inner.isNothing() {
			return false
		}
	}
	return true
}

// hasValues reports whether anything was sent that is read or rejected.
func (b *Branch) hasValues() bool {
	if b == nil {
		return false
	}
	if b.texts != nil || b.beneath || b.wrong != nil {
		return true
	}
	for _, inner := range b.members {
		if inner.hasValues() {
			return true
		}
	}
	return false
}

// Closed says which unknown names a form rejects: those of its fields, and those of members in its JSON, which a model
// that embeds candor.Strict does not decide.
type Closed struct{ Names, JSON bool }

// Bind sets the field of the input struct from what was sent. Validation errors have complete locations.
func (n *Nested) Bind(into reflect.Value, sent *Branch, echo bool, closed Closed, faults *fault.List) (valid bool) {
	return n.root.bind(into.FieldByIndex(n.root.field.Index), sent, n.sink(echo, closed, faults))
}

// IsStrict reports whether the value's type refuses unknown names.
func (n *Nested) IsStrict() bool { return n.root.held.Object != nil && n.root.held.Object.Strict }

// sink returns where validation errors of the whole value go.
func (n *Nested) sink(echo bool, closed Closed, faults *fault.List) sink {
	return sink{faults: faults, echo: echo, closed: closed, loc: n.location()}
}

func (n *node) bind(dst reflect.Value, sent *Branch, to sink) (valid bool) {
	to.echo = to.echo && !n.field.WriteOnly
	switch {
	case n.isForm && !sent.hasValues():
		// Unknown names alone do not make an optional form present.
		valid = n.refuseUnknown(sent, to)
		return n.bindAbsent(dst, to) && valid
	case sent.isNothing():
		return n.bindAbsent(dst, to)
	case sent.wrong != nil:
		return to.report(sent.wrong)
	case n.param != nil && sent.beneath:
		return to.report(fault.New(textType(n.held)))
	case n.param != nil:
		return n.bindTexts(dst, sent.texts, to)
	case len(sent.texts) > 0:
		return to.report(fault.New(n.wholeType()))
	}
	held := hold(n.field.Type, dst)
	valid = n.bindInner(held, sent, to)
	if n.isClosed(to) {
		valid = sent.reportUnknown(to) && valid
	}
	return valid && n.judge(held, sent, to)
}

func (b *Branch) reportUnknown(to sink) (valid bool) {
	valid = true
	for _, name := range b.unknown {
		valid = to.in(placeOf(name)).report(fault.New(fault.ExtraForbidden))
	}
	return valid
}

// refuseUnknown rejects unknown names in an absent value.
func (n *node) refuseUnknown(sent *Branch, to sink) (valid bool) {
	if sent == nil {
		return true
	}
	valid = !n.isClosed(to) || sent.reportUnknown(to)
	for _, name := range sent.names {
		// A text has no names in it.
		if inner := n.inner([]string{name, ""}); inner != nil && !inner.refuseUnknown(sent.members[name], to.in(placeOf(name))) {
			valid = false
		}
	}
	return valid
}

func (n *node) isClosed(to sink) bool {
	return to.closed.Names || n.held.Object != nil && n.held.Object.Strict
}

func (n *node) bindTexts(dst reflect.Value, texts []string, to sink) bool {
	if to.closed.JSON && n.param.closedJSON != nil && len(texts) > 0 {
		return n.param.bindJSON(dst, texts[len(texts)-1], n.param.closedJSON, to)
	}
	return n.param.bindTo(dst, texts, to)
}

// bindAbsent handles a value for which nothing was sent.
func (n *node) bindAbsent(dst reflect.Value, to sink) bool {
	switch {
	case n.param != nil:
		return n.param.bindAbsent(dst, to)
	case n.descends:
		// Its members report what is missing, with names that can be sent.
		return n.bindInner(hold(n.field.Type, dst), &Branch{}, to)
	case n.field.Required:
		return to.report(fault.New(fault.Missing))
	case n.absent != nil:
		n.absent(dst)
	}
	return true
}

func (n *node) bindInner(held reflect.Value, sent *Branch, to sink) (valid bool) {
	switch n.held.Kind {
	case typeinfo.Map:
		return n.bindMap(held, sent, to)
	case typeinfo.Slice, typeinfo.Array:
		return n.bindList(held, sent, to)
	}
	valid = true
	for _, m := range n.members {
		if !m.bind(held.FieldByIndex(m.field.Index), sent.members[m.field.Name], to.in(m.field.Name)) {
			valid = false
		}
		isThere := func(name string) bool { return !sent.members[name].isNothing() }
		if !m.field.Required && !isThere(m.field.Name) && slices.ContainsFunc(m.field.RequiredBy, isThere) {
			valid = to.in(m.field.Name).report(fault.New(fault.Missing))
		}
	}
	return valid
}

func (n *node) bindMap(held reflect.Value, sent *Branch, to sink) (valid bool) {
	made, valid := reflect.MakeMapWithSize(n.held.Go, len(sent.names)), true
	for _, name := range sent.names {
		key, value := reflect.New(n.held.Key.Go).Elem(), reflect.New(n.held.Elem.Go).Elem()
		at := to.in(placeOf(name))
		if f := n.readKey(key, name); f != nil {
			valid = at.in("[key]").report(f)
			continue
		}
		if !n.each.bind(value, sent.members[name], at) {
			valid = false
		}
		made.SetMapIndex(key, value)
	}
	held.Set(made)
	return valid
}

func (n *node) readKey(key reflect.Value, name string) *fault.Fault {
	if !utf8.ValidString(name) {
		return fault.New(fault.StringUnicode)
	}
	key.SetString(name)
	if n.keys == nil {
		return nil
	}
	return n.keys(key).Own()
}

// bindList makes as many elements as were sent, and none if their indices do not count from 0.
func (n *node) bindList(held reflect.Value, sent *Branch, to sink) (valid bool) {
	size := len(sent.names)
	for _, step := range sent.names {
		if i, isInt := placeOf(step).(int); !isInt || i >= size {
			return to.in(placeOf(step)).report(fault.With(fault.ValueError, "error", "indexes must count from 0 without gaps"))
		}
	}
	l := list{held: n.held}
	if f := l.resize(held, size); f != nil {
		return to.report(f)
	}
	valid = true
	for i := range size {
		if !n.each.bind(held.Index(i), sent.members[indexStep(i)], to.in(i)) {
			valid = false
		}
	}
	return valid
}

// A step into a list keeps its brackets, which no member name in a form has.

func indexStep(i int) string { return "[" + strconv.Itoa(i) + "]" }

// isIndex reports whether a step is an index in canonical form.
func isIndex(step string) bool {
	digits, ok := strings.CutPrefix(step, "[")
	digits, closed := strings.CutSuffix(digits, "]")
	if !ok || !closed || digits == "" || len(digits) > 1 && digits[0] == '0' {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

// placeOf returns a step as an element of a location: a number if it is an index.
func placeOf(step string) any {
	if isIndex(step) {
		if i, err := strconv.Atoi(step[1 : len(step)-1]); err == nil {
			return i
		}
	}
	return strings.ToValidUTF8(step, "\uFFFD")
}

// judge checks the rules of a value whose parts are all valid.
func (n *node) judge(held reflect.Value, sent *Branch, to sink) (valid bool) {
	if n.check != nil {
		if f := n.check(held); f != nil {
			return to.report(f.Own())
		}
	}
	valid = true
	for _, m := range n.members {
		if m.cross == nil {
			continue
		}
		if f := m.cross(held, held.FieldByIndex(m.field.Index), !sent.members[m.field.Name].isNothing()); f != nil {
			valid = to.in(m.field.Name).report(f)
		}
	}
	return valid && n.validate(held, to)
}

// validate calls the Validate methods, up to the first that returns an error.
func (n *node) validate(held reflect.Value, to sink) bool {
	if n.validates {
		return to.report(validate(held))
	}
	for _, v := range n.judges {
		at := held.FieldByIndex(v.Index)
		// Through a pointer, because reflection does not give access to values of unexported embedded structs.
		if err := typeinfo.Validate(reflect.NewAt(at.Type(), at.Addr().UnsafePointer()).Interface()); err != nil {
			return to.report(fault.Invalid(err))
		}
	}
	return true
}

// wholeType is the error type for a text where several parts are expected.
func (n *node) wholeType() string {
	switch n.held.Kind {
	case typeinfo.Map:
		return fault.DictType
	case typeinfo.Slice, typeinfo.Array:
		return fault.ListType
	}
	return fault.ModelType
}

// textType is the error type for several parts where a text is expected.
func textType(t *typeinfo.Type) string {
	switch t.Kind {
	case typeinfo.Bool:
		return fault.BoolType
	case typeinfo.Int, typeinfo.Uint:
		return fault.IntType
	case typeinfo.Float, typeinfo.Number:
		return fault.FloatType
	case typeinfo.Slice, typeinfo.Array:
		return fault.ListType
	}
	return fault.StringType
}

// bracketed parses [price][gte]. A bracket that is not closed is invalid.
func bracketed(path string) (steps []string, ok bool) {
	for path != "" {
		if path[0] != '[' || len(steps) > maxNesting {
			return nil, false
		}
		step, rest, closed := strings.Cut(path[1:], "]")
		if !closed || step == "" || strings.Contains(step, "[") {
			return nil, false
		}
		steps, path = append(steps, step), rest
	}
	return steps, true
}

// dotted parses .street and [0].name.
func dotted(path string) (steps []string, ok bool) {
	for path != "" {
		end := strings.IndexAny(path[1:], ".[") + 1
		if end == 0 {
			end = len(path)
		}
		step := path[:end]
		isMember := step[0] == '.' && len(step) > 1
		if isMember {
			step = step[1:]
		}
		if steps, path = append(steps, step), path[end:]; !isMember && !isIndex(step) || len(steps) > 2*maxNesting {
			return nil, false
		}
	}
	return steps, true
}
