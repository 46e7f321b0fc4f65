package candor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
)

// maxPatchOperations bounds a JSON patch: each operation may read the whole
// resource.
const maxPatchOperations = 100

// mergePatch and jsonPatch are the bodies of a PATCH. What the resource is
// afterwards has rules of its own, which no schema of a patch says.
type (
	mergePatch map[string]any
	jsonPatch  []patchOperation
)

// patchOperation is one operation of a JSON patch. Its value is read from the text
// of the patch, which tells null from nothing.
type patchOperation struct {
	Op   string `json:"op" validate:"oneof=add remove replace move copy test"`
	Path string `json:"path"`
	From string `json:"from,omitempty"`
}

// afterwards is the note of their schemas that values may be refused all the same.
const afterwards = "the resource after the patch must be valid for PUT"

// OpenAPISchema describes a merge patch.
func (mergePatch) OpenAPISchema() map[string]any {
	return map[string]any{
		"type": "object", "title": "Merge patch", "description": "RFC 7396: members to change; null removes one",
		"examples": []any{map[string]any{}}, "x-validate": afterwards,
	}
}

// OpenAPISchema describes a JSON patch.
func (jsonPatch) OpenAPISchema() map[string]any {
	text := map[string]any{"type": "string", "x-validate": afterwards}
	return map[string]any{
		"type": "array", "title": "JSON patch", "description": "RFC 6902: operations, one after the other", "maxItems": maxPatchOperations,
		"examples": []any{[]any{}}, "x-validate": afterwards,
		"items": map[string]any{
			"type": "object", "required": []any{"op", "path"}, "x-validate": afterwards,
			"properties": map[string]any{
				"op":   map[string]any{"type": "string", "enum": []any{"add", "remove", "replace", "move", "copy", "test"}},
				"path": text, "from": text, "value": map[string]any{},
			},
		},
	}
}

// changer changes a resource that is JSON.
type changer func(resource []byte) ([]byte, error)

// mergeOf is what a merge patch does.
func mergeOf(c *compiler, text []byte, options codec.Options) (changer, error) {
	if err := decodePatch[mergePatch](c, text, options, new(mergePatch)); err != nil {
		return nil, err
	}
	return func(resource []byte) ([]byte, error) {
		target, err := withDigits(resource)
		if err != nil {
			return nil, err
		}
		// Read anew each time, because merging puts parts of the patch into the resource.
		patch, err := withDigits(text)
		if err != nil {
			return nil, err
		}
		return json.Marshal(merged(target, patch))
	}, nil
}

// withDigits reads JSON whose numbers keep all their digits.
func withDigits(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

// merged is the algorithm of RFC 7396, section 2. The library of JSON patches has
// one too, which takes nulls out of lists.
func merged(target, patch any) any {
	members, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, value := range members {
		if value == nil {
			delete(object, name)
			continue
		}
		object[name] = merged(object[name], value)
	}
	return object
}

// patchOf is what a JSON patch does. Together its operations may copy that many
// bytes.
func patchOf(c *compiler, text []byte, options codec.Options, most int64) (changer, error) {
	var operations jsonPatch
	if err := decodePatch(c, text, options, &operations); err != nil {
		return nil, err
	}
	if len(operations) > maxPatchOperations {
		return nil, Invalid(fmt.Sprintf("at most %d operations", maxPatchOperations), "body")
	}
	if err := operations.check(text); err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil || len(patch) != len(operations) {
		return nil, Invalid("not a JSON patch", "body")
	}
	return func(resource []byte) ([]byte, error) { return applyPatch(resource, patch, operations, most) }, nil
}

// check finds what is wrong with operations, whatever the resource is.
func (p jsonPatch) check(text []byte) error {
	var members []map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil || len(members) != len(p) {
		return Invalid("not a JSON patch", "body")
	}
	var faults []error
	for i, o := range p {
		_, hasValue := members[i]["value"]
		faults = append(faults, o.check(i, hasValue))
	}
	return allInvalid(faults)
}

// check finds what is wrong with the i-th operation.
func (o patchOperation) check(i int, hasValue bool) error {
	var faults []error
	if !isPointer(o.Path) {
		faults = append(faults, Invalid("not a JSON pointer", "body", i, "path"))
	}
	switch o.Op {
	case "move", "copy":
		if !isPointer(o.From) {
			faults = append(faults, Invalid("not a JSON pointer", "body", i, "from"))
		}
	case "add", "replace", "test":
		if !hasValue {
			faults = append(faults, Invalid("needed by "+o.Op, "body", i, "value"))
		}
	}
	return errors.Join(faults...)
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

// decodePatch reads a patch as any body is read, with the same validation errors.
func decodePatch[T any](c *compiler, text []byte, options codec.Options, into *T) error {
	decoder, err := c.codec.Decoder(mustDescribe(reflect.TypeFor[T]()), nil)
	if err != nil {
		return err
	}
	var faults fault.List
	if !decoder.Decode(text, reflect.ValueOf(into).Elem(), options, &faults) {
		return errDecoded
	}
	if len(faults.Faults) == 0 {
		return nil
	}
	faults.Seal(0, "body")
	return refused(&invalidRequest{}, &faults, text, options.Echo)
}

// refusePanic makes a panic of the library an error of the patch: it reads what
// clients send.
func refusePanic(err *error) {
	if recover() != nil {
		*err = Invalid("cannot be applied", "body")
	}
}

// applyPatch applies all operations, or none.
func applyPatch(resource []byte, patch jsonpatch.Patch, operations jsonPatch, most int64) (_ []byte, err error) {
	defer refusePanic(&err)
	options := jsonpatch.NewApplyOptions()
	options.SupportNegativeIndices, options.AccumulatedCopySizeLimit, options.EscapeHTML = false, most, false
	patched, failure := patch.ApplyWithOptions(resource, options)
	if failure == nil {
		return patched, nil
	}
	if _, tooLarge := errors.AsType[*jsonpatch.AccumulatedCopySizeError](failure); tooLarge {
		return nil, errGrown
	}
	// The library does not say which operation it was.
	for i := range patch {
		next, err := patch[i:i+1].ApplyWithOptions(resource, options)
		if err != nil {
			return nil, operations[i].failed(i)
		}
		resource = next
	}
	return nil, Invalid("cannot be applied", "body")
}

// failed is the error of an operation that the resource does not allow.
func (o patchOperation) failed(i int) error {
	if o.Op == "test" {
		return errTest.With(fmt.Sprintf("the test of operation %d failed at %q", i, o.Path))
	}
	return Invalid(o.Op+" has a path that does not exist", "body", i, "path")
}
