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

// tree is a decoded resource that operations modify. It is written here because JSON patch libraries differ from the
// RFCs: they accept "/01" as the first element (RFC 6901, section 4), treat 1 and 1.0 as different, and let a test for
// null succeed where there is no value (RFC 6902, section 4.6).
type tree struct {
	root any
	// most is how many bytes may still be copied.
	most int64
}

// Reasons why an operation cannot be applied.
var (
	errNowhere  = errors.New("the path does not exist")
	errNoSource = errors.New("the value to take does not exist")
	errDiffers  = errors.New("the value is another")
)

// steps splits a JSON pointer into member names and indexes.
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

// get returns the value at a pointer.
func (t *tree) get(pointer string) (value any, err error) {
	value = t.root
	for _, step := range steps(pointer) {
		if value, err = child(value, step); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// child returns a member of an object or an element of a list.
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

// index parses an index less than the bound: digits without leading zeros.
func index(step string, below int) (int, bool) {
	i, err := strconv.Atoi(step)
	return i, err == nil && 0 <= i && i < below && strconv.Itoa(i) == step
}

// edit changes the object or list that holds the value at a pointer, which must not be the root. A list that grows or
// shrinks is reallocated, so change returns the new holder.
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

// put replaces an existing member or element.
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

// insert adds a member, or adds an element before the one at the index.
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

// take removes an existing member or element.
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

// remove removes the value at a pointer. The root cannot be removed, since nothing would remain.
func (t *tree) remove(pointer string) error {
	if pointer == "" {
		return errNowhere
	}
	return t.edit(pointer, take)
}

// move moves a value. It fails if the target is inside the value itself.
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

// copy copies a value by encoding it, since the length of its text counts towards the limit.
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
		return ErrTooLarge // can only fail if the copies are nested too deeply
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

// same compares two values as RFC 6902, section 4.6, requires: the order of members does not matter, and numbers are
// equal if their values are.
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
