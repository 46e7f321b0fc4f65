package bind

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/candor-go/candor/internal/typeinfo"
)

// NestedTexts is the inverse of [Nested]: it makes the names and texts of a value that is sent in several parts.
type NestedTexts struct {
	root   sentNode
	syntax syntax
}

// sentNode is a value in the tree, like a node.
type sentNode struct {
	field *typeinfo.Field
	held  *typeinfo.Type
	// texts makes the texts of a text or a list of texts; nil for others.
	texts *Texts
	// takesEmpty means that an empty text is a value.
	takesEmpty bool
	members    []*sentNode
	each       *sentNode
}

// NestedTexts compiles the function for a nested field.
func (c *Compiler) NestedTexts(f *typeinfo.Field) (*NestedTexts, error) {
	// Types that cannot be sent were found when the reader was compiled; it also stops recursion.
	compiled, err := c.Nested(f)
	if err != nil {
		return nil, err
	}
	root, err := c.sentNode(&compiled.root)
	if err != nil {
		return nil, err
	}
	return &NestedTexts{root: *root, syntax: compiled.syntax}, nil
}

func (c *Compiler) sentNode(n *node) (s *sentNode, err error) {
	s = &sentNode{field: n.field, held: n.held}
	if n.param != nil {
		s.texts, err = c.Texts(n.param.field)
		s.takesEmpty = !n.isForm || HoldsText(n.param.field)
		return s, err
	}
	for _, m := range n.members {
		member, err := c.sentNode(m)
		if err != nil {
			return nil, err
		}
		s.members = append(s.members, member)
	}
	if n.each != nil {
		s.each, err = c.sentNode(n.each)
	}
	return s, err
}

// Each calls put with each name and its texts, for the field of an addressable struct.
func (t *NestedTexts) Each(from reflect.Value, put func(name string, texts []string) error) error {
	w := &nestedWriter{syntax: t.syntax, put: put}
	return w.field(&t.root, from, t.root.field.Name)
}

// nestedWriter writes one value.
type nestedWriter struct {
	syntax
	put func(name string, texts []string) error
	// n counts the names written.
	n int
}

var errNothing = errors.New("it has no values, so it would not be sent")

// field writes a field of an addressable struct.
func (w *nestedWriter) field(n *sentNode, from reflect.Value, path string) error {
	if n.texts == nil && IsAbsent(n.field, from) {
		if n.field.Required {
			return errNothing
		}
		return nil
	}
	return w.value(n, from, path)
}

func (w *nestedWriter) value(n *sentNode, from reflect.Value, path string) error {
	if n.texts != nil {
		return w.text(n, from, path)
	}
	held, present := heldIn(n.field.Type, fieldOf(from, n.field))
	if !present {
		return errNoNull
	}
	before := w.n
	if err := w.inner(n, held, path); err != nil {
		return err
	}
	// A struct that is not a pointer is always present at the server, with its members' defaults.
	arrives := n.held.Kind == typeinfo.Struct && !n.field.Type.Wraps() && (w.index != nil || !n.field.Required)
	isEmptyMap := n.held.Kind != typeinfo.Struct && !n.field.Type.Wraps() && !n.field.Required && n.field.Default == nil
	if w.n == before && !arrives && !isEmptyMap {
		return errNothing
	}
	return nil
}

// inner writes what is in a value.
func (w *nestedWriter) inner(n *sentNode, held reflect.Value, path string) error {
	switch n.held.Kind {
	case typeinfo.Map:
		return w.entries(n, held, path)
	case typeinfo.Slice, typeinfo.Array:
		return w.elements(n, held, path)
	}
	for _, m := range n.members {
		if err := w.field(m, held, w.member(path, m.field.Name)); err != nil {
			return fmt.Errorf("%s: %w", m.field.Go, err)
		}
	}
	return nil
}

func (w *nestedWriter) text(n *sentNode, from reflect.Value, path string) error {
	texts, err := n.texts.Of(from)
	if n.texts.field.Separator != "" {
		texts, err = n.texts.Joined(from)
	}
	switch {
	case errors.Is(err, errEmptyList):
		return errNothing
	case err != nil:
		return err
	case slices.Contains(texts, "") && !n.takesEmpty:
		return errors.New("an empty string is left out of a form")
	case len(texts) == 0:
		return nil
	}
	w.n++
	return w.put(path, texts)
}

// entries writes a map in the order of its keys.
func (w *nestedWriter) entries(n *sentNode, held reflect.Value, path string) error {
	keys := held.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	for _, key := range keys {
		name := key.String()
		if name == "" || strings.ContainsAny(name, "[]") {
			return fmt.Errorf("the key %q cannot be written between brackets", name)
		}
		// A map element is not addressable.
		value := reflect.New(n.held.Elem.Go).Elem()
		value.Set(held.MapIndex(key))
		before := w.n
		if err := w.value(n.each, value, w.member(path, name)); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if w.n == before {
			return fmt.Errorf("%q: %w", name, errNothing)
		}
	}
	return nil
}

func (w *nestedWriter) elements(n *sentNode, held reflect.Value, path string) error {
	for i := range held.Len() {
		before := w.n
		if err := w.value(n.each, held.Index(i), path+indexStep(i)); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
		if w.n == before {
			return fmt.Errorf("element %d: %w", i, errNothing)
		}
	}
	return nil
}
