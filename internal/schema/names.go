package schema

import (
	"cmp"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/typeinfo"
)

// key identifies a component before it has a name: by its type, by the index of a union's variant or whole, and with Split
// by its use.
type key struct {
	goType  reflect.Type
	variant int
	use     Use
}

const whole = -1

// contender is a component that needs a name.
type contender struct {
	made   *component
	parsed typeName
	suffix string
	// level says how much of the import paths the name contains.
	level int
}

func (n *contender) name() string { return legal(n.parsed.atLevel(n.level) + n.suffix) }

// identity is equal for types that import paths cannot distinguish: types declared inside functions of one package.
func (n *contender) identity() string { return n.parsed.atLevel(n.parsed.levels()) + n.suffix }

// assignNames names all marked types. As long as names collide, they get more and more elements of their import paths. If
// import paths cannot distinguish them, they are numbered.
func (c *Components) assignNames() {
	if len(c.unnamed) == 0 {
		return
	}
	var contenders []*contender
	for _, t := range c.unnamed {
		contenders = append(contenders, c.contend(t)...)
	}
	c.unnamed = nil
	// In each round, colliding names go up one level.
	for c.qualify(contenders) {
	}
	// Unique names are assigned first, so that numbered names cannot take them.
	count := map[string]int{}
	for _, n := range contenders {
		count[n.name()]++
	}
	for _, alone := range []bool{true, false} {
		for _, n := range contenders {
			if (count[n.name()] == 1) == alone {
				n.made.name = c.free(n.name())
			}
		}
	}
}

// contend returns the components of a type, without names.
func (c *Components) contend(t *typeinfo.Type) []*contender {
	if t.Go.Name() == "" {
		return nil
	}
	parsed := parseTypeName(t.Go)
	var contenders []*contender
	add := func(variant int, use Use, suffix string) {
		made := &component{}
		c.entries[key{t.Go, variant, use}] = made
		contenders = append(contenders, &contender{made: made, parsed: parsed, suffix: suffix})
	}
	suffixes := c.suffixes(t)
	// Not in map order, so that names are the same in every run.
	for _, use := range []Use{0, In, Out, Closed} {
		suffix, ok := suffixes[use]
		if !ok {
			continue
		}
		add(whole, use, suffix)
		if t.Object == nil {
			continue
		}
		for i, variant := range t.Object.Cases {
			add(i, use, capital(variant.Label(t.Go))+suffix)
		}
	}
	return contenders
}

// suffixes returns the uses of a type that have a component, 0 for all uses, and the suffixes of their names.
func (c *Components) suffixes(t *typeinfo.Type) map[Use]string {
	uses := c.uses[t.Go]
	switch {
	case t.Enum != nil:
		return map[Use]string{0: ""} // without members, nothing differs
	case c.isSplit(t):
		all := map[Use]string{In: "Input", Out: "Output"}
		if uses&Closed != 0 {
			all[Closed] = "InputStrict"
		}
		return all
	case uses == Closed:
		return map[Use]string{Closed: ""}
	case uses&Closed != 0:
		return map[Use]string{0: "", Closed: "Strict"}
	}
	return map[Use]string{0: ""}
}

// find returns the component of a type for a use, nil for a type without a name.
func (c *Components) find(t *typeinfo.Type, variant int, use Use) *component {
	// A component for closed objects comes first, then the one for every use, then the one for this use. A type that
	// was marked only for another use has only that one.
	for _, wanted := range []Use{use & Closed, 0, use, In, Out} {
		if made, ok := c.entries[key{t.Go, variant, wanted}]; ok {
			return made
		}
	}
	return nil
}

// isSplit reports whether a type has a component for each use: it is used for requests and responses, and it or a type
// inside differs between them.
func (c *Components) isSplit(t *typeinfo.Type) bool {
	uses := c.uses[t.Go]
	return c.options.Split && uses&Out != 0 && uses != Out && c.differs(t, map[*typeinfo.Type]bool{})
}

func (c *Components) differs(t *typeinfo.Type, seen map[*typeinfo.Type]bool) bool {
	if seen[t] || c.overridden(t) {
		return false
	}
	seen[t] = true
	if t.Object != nil {
		objects := []*typeinfo.Object{t.Object}
		for _, variant := range t.Object.Cases {
			objects = append(objects, variant.Type.Object)
		}
		for _, o := range objects {
			for _, f := range o.Fields {
				if !f.Hidden && (f.ReadOnly || f.WriteOnly || isRequired(f, In) != isRequired(f, Out)) {
					return true
				}
			}
		}
	}
	for inner := range inside(t) {
		if c.differs(inner, seen) {
			return true
		}
	}
	return false
}

// qualify raises the level of all contenders with the same name, unless they have the same identity or the highest level.
// It reports whether any was raised.
func (c *Components) qualify(contenders []*contender) bool {
	rivals := map[string][]*contender{}
	for _, n := range contenders {
		rivals[n.name()] = append(rivals[n.name()], n)
	}
	raised := false
	// In any order, because groups do not affect each other.
	for name, group := range rivals {
		if !c.taken[name] && !differ(group) {
			continue
		}
		for _, n := range group {
			if n.level < n.parsed.levels() {
				n.level++
				raised = true
			}
		}
	}
	return raised
}

func differ(group []*contender) bool {
	for _, n := range group[1:] {
		if n.identity() != group[0].identity() {
			return true
		}
	}
	return false
}

// free returns an unused name, with a number if necessary.
func (c *Components) free(name string) string {
	unique := name
	for i := 2; c.taken[unique]; i++ {
		unique = fmt.Sprintf("%s%d", name, i)
	}
	c.taken[unique] = true
	return unique
}

// legal replaces characters that OpenAPI does not allow in component names.
func legal(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, name)
	return cmp.Or(name, "Type")
}

// typeName is a parsed name of a Go type: Page[shop.Item] has the name Page and the argument Item of package shop.
type typeName struct {
	path []string
	name string
	// of is the separator between the name and its arguments.
	of   string
	args []typeName
}

func parseTypeName(t reflect.Type) typeName {
	p := nameParser{rest: t.Name()}
	n := p.parse()
	n.path = elements(t.PkgPath())
	return n
}

// TypeLabel returns the component name of a type that does not collide with another: Page[shop.Item] is PageOfItem.
func TypeLabel(t reflect.Type) string { return parseTypeName(t).atLevel(0) }

// TypeArguments returns the arguments of a generic type in the same form, nil for any other type.
func TypeArguments(t reflect.Type) []string {
	var labels []string
	for _, arg := range parseTypeName(t).args {
		labels = append(labels, arg.atLevel(0))
	}
	return labels
}

// elements returns the elements of an import path as parts of a name, the last one first. A major version is joined to the
// element before it.
func elements(path string) []string {
	var words []string
	for element := range strings.SplitSeq(path, "/") {
		// In type arguments, a path may be escaped.
		if plain, err := url.PathUnescape(element); err == nil {
			element = plain
		}
		if isVersion(element) && len(words) > 0 {
			words[0] += capital(element)
			continue
		}
		if word := capital(element); word != "" {
			words = append([]string{word}, words...)
		}
	}
	return words
}

func isVersion(element string) bool {
	return len(element) > 1 && element[0] == 'v' && strings.Trim(element[1:], "0123456789") == ""
}

// capital converts text to one capitalized word of letters and digits: go-bar.v2 is GoBarV2.
func capital(text string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		first, size := utf8.DecodeRuneInString(word)
		b.WriteRune(unicode.ToUpper(first))
		b.WriteString(word[size:])
	}
	return b.String()
}

// levels returns the level at which a name contains all path elements.
func (n typeName) levels() int {
	most := 2 * len(n.path)
	for _, arg := range n.args {
		most = max(most, arg.levels())
	}
	return most
}

// atLevel returns the name at a level. Each odd level adds a path element of the arguments, each even one a path element
// of the type itself.
func (n typeName) atLevel(level int) string { return n.spell(level/2, (level+1)/2) }

func (n typeName) spell(own, inner int) string {
	var b strings.Builder
	own = min(own, len(n.path))
	for i := own - 1; i >= 0; i-- {
		b.WriteString(n.path[i])
	}
	if own > 0 {
		b.WriteString(capital(n.name))
	} else {
		b.WriteString(n.name)
	}
	for i, arg := range n.args {
		switch {
		case i == 0 && strings.HasSuffix(n.name, n.of): // PageOf[Book] is PageOfBook
		case i == 0:
			b.WriteString(n.of)
		default:
			b.WriteString("And")
		}
		b.WriteString(capital(arg.spell(inner, inner)))
	}
	return b.String()
}

// nameParser reads the arguments of a generic type as reflect writes them.
type nameParser struct{ rest string }

func (p *nameParser) skip(prefix string) bool {
	rest, found := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return found
}

// until reads text up to one of the stops, outside of brackets and quotes.
func (p *nameParser) until(stops string) string {
	depth, quoted := 0, false
	for i, r := range p.rest {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case depth == 0 && strings.ContainsRune(stops, r):
			taken := p.rest[:i]
			p.rest = p.rest[i:]
			return taken
		case strings.ContainsRune("[{(", r):
			depth++
		case strings.ContainsRune("]})", r):
			depth--
		}
	}
	taken := p.rest
	p.rest = ""
	return taken
}

func (p *nameParser) parse() typeName {
	switch {
	case p.skip("*"):
		return typeName{name: "Nullable", args: []typeName{p.parse()}}
	case p.skip("[]"):
		return typeName{name: "List", of: "Of", args: []typeName{p.parse()}}
	case p.skip("map["):
		k := p.parse()
		p.skip("]")
		return typeName{name: "Map", of: "Of", args: []typeName{k, p.parse()}}
	case p.skip("["):
		length := p.until("]")
		p.skip("]")
		return typeName{name: "Array" + length, of: "Of", args: []typeName{p.parse()}}
	case p.skip("interface {}"):
		return typeName{name: "Any"}
	case strings.HasPrefix(p.rest, "struct {"):
		p.until(",]")
		return typeName{name: "Struct"}
	}
	return p.parseNamed()
}

func (p *nameParser) parseNamed() typeName {
	full := p.until("[,]")
	// A type declared inside a function has a number after a middle dot.
	full, _, _ = strings.Cut(full, "·")
	dot := strings.LastIndexByte(full, '.')
	n := typeName{name: full[dot+1:], of: "Of"}
	if dot > 0 {
		n.path = elements(full[:dot])
	}
	for p.skip("[") || len(n.args) > 0 && p.skip(",") {
		n.args = append(n.args, p.parse())
		if p.skip("]") {
			break
		}
	}
	return n
}
