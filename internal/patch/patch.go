// Package patch applies patches to JSON resources: merge patches (RFC 7396) and JSON patches (RFC 6902).
//
// Numbers in the result keep all their digits. The package knows neither requests nor routes: its callers decode a
// patch like any other body, into [Merge] or [Operations], which also provide their schemas.
package patch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/fault"
)

// Change applies a patch to a resource and returns the result. It may be called several times, because the resource may
// change between reading and writing.
type Change func(resource []byte) ([]byte, error)

// ErrTooLarge is the error of a patch that copies more bytes than allowed.
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

// add adds a validation error at a location in the body.
func (e *Invalid) add(message string, location ...any) {
	f := fault.With(fault.ValueError, "error", message)
	f.Loc = append([]any{"body"}, location...)
	*e = append(*e, *f)
}

// err returns e as an error, nil if there are none.
func (e Invalid) err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// invalid returns a single validation error.
func invalid(message string, location ...any) error {
	var e Invalid
	e.add(message, location...)
	return e
}

// Keep removes the members that the PUT does not accept, such as an id, from a patched resource. A patch that changes
// or removes one of them is invalid. A result that is not an object is returned as it is; the PUT rejects it.
func Keep(takes func(member string) bool, resource, patched []byte) ([]byte, error) {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(resource, &before) != nil || json.Unmarshal(patched, &after) != nil || after == nil {
		return patched, nil
	}
	var wrong Invalid
	for name, old := range before {
		if takes(name) {
			continue
		}
		switch now, ok := after[name]; {
		case !ok:
			wrong.add("cannot be taken away", name)
		case !sameText(old, now):
			wrong.add("cannot be changed", name)
		}
		delete(after, name)
	}
	for name := range after {
		if !takes(name) {
			wrong.add("cannot be changed", name) // it is new
		}
	}
	if err := wrong.err(); err != nil {
		slices.SortFunc(wrong, func(a, b fault.Fault) int { return strings.Compare(fmt.Sprint(a.Loc), fmt.Sprint(b.Loc)) })
		return nil, err
	}
	return asText(after)
}

// sameText reports whether two JSON texts have the same value.
func sameText(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	one, err := withDigits(a)
	other, otherErr := withDigits(b)
	return err == nil && otherErr == nil && same(one, other)
}

// withDigits decodes JSON without rounding numbers.
func withDigits(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(withoutMark(text)))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

// withoutMark removes a byte order mark at the beginning of text (RFC 8259, section 8.1).
func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// asText is the inverse of withDigits. It escapes only what JSON requires, since the length of the result is limited.
func asText(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}
