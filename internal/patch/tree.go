package patch

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/codec"
)

// tree is a resource as plain data, on which operations work. Libraries for JSON
// patches take "/01" for the first element, find 1 and 1.0 to differ, and a test
// for null to hold where nothing is: RFC 6901, section 4, and RFC 6902, section
// 4.6, say otherwise.
type tree struct {
	root any
	// most is how many bytes may still be copied.
	most int64
}

// The reasons why an operation cannot be done.
var (
	errNowhere  = errors.New("the path does not exist")
	errNoSource = errors.New("the value to take does not exist")
	errDiffers  = errors.New("the value is another")
)

// steps are the names and indexes of a JSON pointer.
func steps(pointer string) []string {
	if pointer == "" {
		return nil
	}
	all := strings.Split(pointer[1:], "/")
	for i, step := range all {
		all[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return all
}

// get is the value at a pointer.
func (t *tree) get(pointer string) (value any, err error) {
	value = t.root
	for _, step := range steps(pointer) {
		if value, err = child(value, step); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// child is a member of an object or an element of a list.
func child(of any, step string) (any, error) {
	switch of := of.(type) {
	case map[string]any:
		if value, ok := of[step]; ok {
			return value, nil
		}
	case []any:
		if i, ok := index(step, len(of)); ok {
			return of[i], nil
		}
	}
	return nil, errNowhere
}

// index reads an index below a bound: digits, of which none of several is a
// leading zero.
func index(step string, below int) (int, bool) {
	i, err := strconv.Atoi(step)
	return i, err == nil && 0 <= i && i < below && strconv.Itoa(i) == step
}

// edit changes what holds the value at a pointer, which is not the root. A list
// that grows or shrinks is another one, so change returns what there is to hold.
func (t *tree) edit(pointer string, change func(holder any, step string) (any, error)) (err error) {
	t.root, err = edited(t.root, steps(pointer), change)
	return err
}

func edited(holder any, path []string, change func(holder any, step string) (any, error)) (any, error) {
	if len(path) == 1 {
		return change(holder, path[0])
	}
	below, err := child(holder, path[0])
	if err != nil {
		return holder, err
	}
	if below, err = edited(below, path[1:], change); err != nil {
		return holder, err
	}
	return put(holder, path[0], below)
}

// put replaces a member or an element that is there.
func put(holder any, step string, value any) (any, error) {
	if _, err := child(holder, step); err != nil {
		return holder, err
	}
	switch holder := holder.(type) {
	case map[string]any:
		holder[step] = value
	case []any:
		i, _ := index(step, len(holder))
		holder[i] = value
	}
	return holder, nil
}

// insert adds a member, or an element before the one that has the index now.
func insert(holder any, step string, value any) (any, error) {
	switch holder := holder.(type) {
	case map[string]any:
		holder[step] = value
		return holder, nil
	case []any:
		if step == "-" {
			return append(holder, value), nil
		}
		if i, ok := index(step, len(holder)+1); ok {
			return slices.Insert(holder, i, value), nil
		}
	}
	return holder, errNowhere
}

// take removes a member or an element that is there.
func take(holder any, step string) (any, error) {
	if _, err := child(holder, step); err != nil {
		return holder, err
	}
	switch list := holder.(type) {
	case map[string]any:
		delete(list, step)
	case []any:
		i, _ := index(step, len(list))
		return slices.Delete(list, i, i+1), nil
	}
	return holder, nil
}

func (t *tree) add(pointer string, value any) error {
	if pointer == "" {
		t.root = value
		return nil
	}
	return t.edit(pointer, func(holder any, step string) (any, error) { return insert(holder, step, value) })
}

func (t *tree) replace(pointer string, value any) error {
	if pointer == "" {
		t.root = value
		return nil
	}
	return t.edit(pointer, func(holder any, step string) (any, error) { return put(holder, step, value) })
}

// remove leaves the root, without which there is no resource.
func (t *tree) remove(pointer string) error {
	if pointer == "" {
		return errNowhere
	}
	return t.edit(pointer, take)
}

// move refuses to put a value into itself.
func (t *tree) move(from, to string) error {
	value, err := t.get(from)
	switch {
	case err != nil:
		return errNoSource
	case from == to:
		return nil
	case strings.HasPrefix(to, from+"/"):
		return errNowhere
	}
	if err := t.remove(from); err != nil {
		return errNoSource
	}
	return t.add(to, value)
}

// copy copies by way of the text, whose length counts.
func (t *tree) copy(from, to string) error {
	value, err := t.get(from)
	if err != nil {
		return errNoSource
	}
	text, err := asText(value)
	if err != nil {
		return err
	}
	if t.most -= int64(len(text)); t.most < 0 {
		return ErrTooLarge
	}
	again, err := withDigits(text)
	if err != nil {
		return ErrTooLarge // the only way is that the copies nest too deeply
	}
	return t.add(to, again)
}

func (t *tree) test(pointer string, value any) error {
	found, err := t.get(pointer)
	if err == nil && !same(found, value) {
		err = errDiffers
	}
	return err
}

// same compares as RFC 6902, section 4.6, does: the order of members says nothing,
// and numbers are equal where their values are.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, same)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case json.Number:
		b, ok := b.(json.Number)
		return ok && codec.SameNumber(string(a), string(b))
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}
