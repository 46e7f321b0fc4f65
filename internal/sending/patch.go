package sending

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Patch sends the body of a PATCH, which is one of two fields: a merge patch or the operations of a JSON patch.
func Patch(c *codec.Compiler, mergeAt, operationsAt int) (Body, error) {
	value, err := typeinfo.Of(reflect.TypeFor[any]())
	if err != nil {
		return nil, err
	}
	encoder, err := c.Encoder(value, nil)
	return func(from reflect.Value, to *Draft) error {
		merge, operations := from.Field(mergeAt), from.Field(operationsAt)
		if merge.IsNil() == operations.IsNil() {
			return errors.New("set one of Merge and JSON")
		}
		media, first := mediatype.MergePatch, byte('{')
		if merge.IsNil() {
			merge, media, first = operations, mediatype.JSONPatch, '['
		}
		data, err := encoder.Append(nil, merge, false, nil)
		if err != nil {
			return fmt.Errorf("the body: %w", err)
		}
		if data[0] != first {
			return fmt.Errorf("the body: %s is not %s; Merge is an object, JSON a list", typeinfo.Name(merge.Elem().Type()), media)
		}
		to.SetBody(media, data)
		return nil
	}, err
}
