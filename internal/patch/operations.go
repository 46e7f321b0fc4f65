package patch

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxOperations limits a JSON patch, because each operation may read the whole resource.
const maxOperations = 100

// Operations are a JSON patch. They are applied in order.
type Operations []Operation

// Operation is one operation of a JSON patch. Its value is read from the text of the patch instead, where null differs
// from a missing value.
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

// Error names the operation.
func (e *TestError) Error() string {
	return fmt.Sprintf("the test of operation %d failed at %q", e.Index, e.Path)
}

// Change returns the change that the operations describe. Together they may copy at most that many bytes.
func (p Operations) Change(text []byte, most int64) (Change, error) {
	if len(p) > maxOperations {
		return nil, invalid(fmt.Sprintf("at most %d operations", maxOperations))
	}
	values, err := p.values(text)
	if err != nil {
		return nil, err
	}
	return func(resource []byte) ([]byte, error) { return p.apply(resource, values, most) }, nil
}

// values returns the value of each operation, nil if it has none. It reports every error that does not depend on the
// resource.
func (p Operations) values(text []byte) ([]json.RawMessage, error) {
	var members []map[string]json.RawMessage
	if err := json.Unmarshal(withoutMark(text), &members); err != nil || len(members) != len(p) {
		return nil, invalid("not a JSON patch")
	}
	var wrong Invalid
	values := make([]json.RawMessage, len(p))
	for i, o := range p {
		values[i] = members[i]["value"]
		o.check(i, members[i], &wrong)
	}
	return values, wrong.err()
}

// needs returns the member that an operation has beside op and path, "" for none.
func (o Operation) needs() string {
	switch o.Op {
	case "move", "copy":
		return "from"
	case "add", "replace", "test":
		return "value"
	}
	return ""
}

// check validates the i-th operation, which was sent with these members.
func (o Operation) check(i int, sent map[string]json.RawMessage, wrong *Invalid) {
	if !isPointer(o.Path) {
		wrong.add("not a JSON pointer", i, "path")
	}
	// A from that is absent is not the empty pointer, which is the whole resource.
	if name := o.needs(); name != "" && sent[name] == nil {
		wrong.add("needed by "+o.Op, i, name)
	} else if name == "from" && !isPointer(o.From) {
		wrong.add("not a JSON pointer", i, name)
	}
}

// isPointer reports whether text is a JSON pointer (RFC 6901, section 3).
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

// apply applies all operations or none.
func (p Operations) apply(resource []byte, values []json.RawMessage, most int64) ([]byte, error) {
	root, err := withDigits(resource)
	if err != nil {
		return nil, err
	}
	t := &tree{root: root, most: most}
	for i, o := range p {
		if err := o.apply(t, values[i]); err != nil {
			return nil, o.failed(i, err)
		}
	}
	return asText(t.root)
}

// apply applies one operation to the tree.
func (o Operation) apply(t *tree, text json.RawMessage) (err error) {
	var value any
	if text != nil {
		// Decoded for every call, because later operations may change the value.
		if value, err = withDigits(text); err != nil {
			return err
		}
	}
	switch o.Op {
	case "add":
		return t.add(o.Path, value)
	case "remove":
		return t.remove(o.Path)
	case "replace":
		return t.replace(o.Path, value)
	case "move":
		return t.move(o.From, o.Path)
	case "copy":
		return t.copy(o.From, o.Path)
	}
	return t.test(o.Path, value)
}

// failed returns the error for an operation that cannot be applied to the resource.
func (o Operation) failed(i int, err error) error {
	switch {
	case errors.Is(err, errDiffers), o.Op == "test" && errors.Is(err, errNowhere):
		return &TestError{Index: i, Path: o.Path}
	case errors.Is(err, errNoSource):
		return invalid(o.Op+" has a from that does not exist", i, "from")
	case errors.Is(err, errNowhere):
		return invalid(o.Op+" has a path that does not exist", i, "path")
	}
	return err
}
