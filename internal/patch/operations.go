package patch

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

// maxOperations bounds a JSON patch: each operation may read the whole resource.
const maxOperations = 100

// Operations are a JSON patch, done one after the other.
type Operations []Operation

// Operation is one operation of a JSON patch. Its value is read from the text of the
// patch, which tells null from nothing.
type Operation struct {
	Op   string `json:"op" validate:"oneof=add remove replace move copy test"`
	Path string `json:"path"`
	From string `json:"from,omitempty"`
}

// TestError is a test operation that failed.
type TestError struct {
	Index int
	Path  string
}

// Error says which operation it was.
func (e *TestError) Error() string {
	return fmt.Sprintf("the test of operation %d failed at %q", e.Index, e.Path)
}

// Change is what operations with this text do. Together they may copy that many
// bytes.
func (p Operations) Change(text []byte, most int64) (Change, error) {
	if len(p) > maxOperations {
		return nil, invalid(fmt.Sprintf("at most %d operations", maxOperations))
	}
	if err := p.check(text); err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil || len(patch) != len(p) {
		return nil, invalid("not a JSON patch")
	}
	return func(resource []byte) ([]byte, error) { return p.apply(resource, patch, most) }, nil
}

// check finds what is wrong with operations, whatever the resource is.
func (p Operations) check(text []byte) error {
	var members []map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil || len(members) != len(p) {
		return invalid("not a JSON patch")
	}
	var wrong Invalid
	for i, o := range p {
		_, hasValue := members[i]["value"]
		o.check(i, hasValue, &wrong)
	}
	return wrong.err()
}

// check finds what is wrong with the i-th operation.
func (o Operation) check(i int, hasValue bool, wrong *Invalid) {
	if !isPointer(o.Path) {
		wrong.add("not a JSON pointer", i, "path")
	}
	switch o.Op {
	case "move", "copy":
		if !isPointer(o.From) {
			wrong.add("not a JSON pointer", i, "from")
		}
	case "add", "replace", "test":
		if !hasValue {
			wrong.add("needed by "+o.Op, i, "value")
		}
	}
}

// isPointer reports whether a text is a JSON pointer (RFC 6901, section 3).
func isPointer(text string) bool {
	if text != "" && text[0] != '/' {
		return false
	}
	for _, rest := range strings.Split(text, "~")[1:] {
		if rest == "" || rest[0] != '0' && rest[0] != '1' {
			return false
		}
	}
	return true
}

// apply applies all operations, or none.
func (p Operations) apply(resource []byte, patch jsonpatch.Patch, most int64) (_ []byte, err error) {
	defer refusePanic(&err)
	options := jsonpatch.NewApplyOptions()
	options.SupportNegativeIndices, options.AccumulatedCopySizeLimit, options.EscapeHTML = false, most, false
	patched, failure := patch.ApplyWithOptions(resource, options)
	if failure == nil {
		return patched, nil
	}
	if _, tooLarge := errors.AsType[*jsonpatch.AccumulatedCopySizeError](failure); tooLarge {
		return nil, ErrTooLarge
	}
	// The library does not say which operation it was, so they are done again one by one.
	for i := range patch {
		next, err := patch[i:i+1].ApplyWithOptions(resource, options)
		if err != nil {
			return nil, p[i].failed(i)
		}
		resource = next
	}
	return nil, invalid("cannot be applied")
}

// refusePanic makes a panic of the library an error of the patch: it reads what
// clients send.
func refusePanic(err *error) {
	if recover() != nil {
		*err = invalid("cannot be applied")
	}
}

// failed is the error of an operation that the resource does not allow.
func (o Operation) failed(i int) error {
	if o.Op == "test" {
		return &TestError{Index: i, Path: o.Path}
	}
	return invalid(o.Op+" has a path that does not exist", i, "path")
}
