// Package patch changes resources as patches say: merge patches (RFC 7396) and
// JSON patches (RFC 6902).
//
// A resource and a patch are JSON, and the result is JSON whose numbers have all
// their digits. The package knows neither requests nor routes: who calls it has
// read the patch as any body, into [Merge] or [Operations], which describe
// themselves for a document.
package patch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/candor-go/candor/internal/fault"
)

// Change makes of a resource the one that it becomes. It may be called several
// times, since a resource may change between its reading and its writing.
type Change func(resource []byte) ([]byte, error)

// ErrTooLarge is the error of a patch that copies more than it may.
var ErrTooLarge = errors.New("the patch copies too much")

// Invalid are the validation errors of a patch, located in the body.
type Invalid []fault.Fault

// Error lists the reasons.
func (e Invalid) Error() string {
	reasons := make([]error, len(e))
	for i := range e {
		reasons[i] = fmt.Errorf("%s at %v", fault.Message(e[i].Type, e[i].Ctx), e[i].Loc)
	}
	return errors.Join(reasons...).Error()
}

// CandorFaults implements fault.Located.
func (e Invalid) CandorFaults() []fault.Fault { return e }

// add notes a validation error at a place in the body.
func (e *Invalid) add(message string, location ...any) {
	f := fault.With(fault.ValueError, "error", message)
	f.Loc = append([]any{"body"}, location...)
	*e = append(*e, *f)
}

// err is the error that these are, nil for none.
func (e Invalid) err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// invalid is one validation error.
func invalid(message string, location ...any) error {
	var e Invalid
	e.add(message, location...)
	return e
}

// Keep leaves out of a patched resource the members that whoever writes it does
// not take, such as an id. A patch that changed one of them, or took it away, is
// invalid. What is no object stays as it is: whoever writes it says that.
func Keep(takes func(member string) bool, resource, patched []byte) ([]byte, error) {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(resource, &before) != nil || json.Unmarshal(patched, &after) != nil || after == nil {
		return patched, nil
	}
	var wrong Invalid
	kept := maps.Clone(after)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if takes(name) {
			continue
		}
		if old, ok := before[name]; !ok || !sameText(old, after[name]) {
			wrong.add("cannot be changed", name)
		}
		delete(kept, name)
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[name]; !ok && !takes(name) {
			wrong.add("cannot be taken away", name)
		}
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return asText(kept)
}

// sameText reports whether two texts are the same JSON.
func sameText(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	one, err := withDigits(a)
	other, otherErr := withDigits(b)
	return err == nil && otherErr == nil && same(one, other)
}

// withDigits reads JSON whose numbers keep all their digits.
func withDigits(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(withoutMark(text)))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

// withoutMark is a text without the byte order mark that it may begin with (RFC
// 8259, section 8.1).
func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// asText is the inverse of withDigits. It escapes no more than JSON asks for,
// since the length of the result is limited.
func asText(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}
