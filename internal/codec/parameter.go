package codec

import (
	"reflect"

	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// leastText is the default body limit; a JSON text in a parameter or a form may always take the memory that belongs to
// it.
const leastText = 1 << 20

// Texts returns what makes the functions that read fields written as JSON, in parameters and forms, and check their
// rules.
func (c *Compiler) Texts(o Options) func(f *typeinfo.Field) (func(dst reflect.Value, text string, faults *fault.List), error) {
	return func(f *typeinfo.Field) (func(dst reflect.Value, text string, faults *fault.List), error) {
		decoder, err := c.Decoder(f.Type, f.Rules)
		if err != nil {
			return nil, err
		}
		return func(dst reflect.Value, text string, faults *fault.List) {
			if !decoder.Decode([]byte(text), dst, o.ForBody(max(leastText, int64(len(text)))), faults) {
				faults.Add(fault.With(fault.ValueError, "error", "takes too much memory when decoded"))
			}
		}, nil
	}
}

// TextWriter makes the function that writes a field as JSON, the inverse of those that Texts makes.
func (c *Compiler) TextWriter(f *typeinfo.Field) (func(v reflect.Value) (string, error), error) {
	encoder, err := c.Encoder(f.Type, nil)
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) (string, error) {
		text, err := encoder.Append(nil, v, false, nil)
		return string(text), err
	}, nil
}
