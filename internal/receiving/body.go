package receiving

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Body reads a body into a value.
type Body func(into reflect.Value, from *Response) error

// JSON reads a value of a described type as JSON.
func JSON(c *codec.Compiler, t *typeinfo.Type) (Body, error) {
	decoder, err := c.Decoder(t, nil)
	if err != nil {
		return nil, err
	}
	return func(into reflect.Value, from *Response) error {
		data, err := from.JSON()
		if err != nil {
			return err
		}
		return Decode(decoder, data, into)
	}, nil
}

// Decode decodes JSON from a server.
func Decode(decoder *codec.Decoder, data []byte, into reflect.Value) error {
	var faults fault.List
	decoder.Decode(data, into, codec.Options{}, &faults)
	if len(faults.Faults) == 0 {
		return nil
	}
	faults.Seal(0, "body")
	return notReturned(faults.Faults[0])
}

// notReturned returns the error for a response that breaks the rules of its route.
func notReturned(f fault.Fault) error {
	return fmt.Errorf("it is not what the route returns: %s at %v", fault.Message(f.Type, f.Ctx), f.Loc)
}

// Bytes reads a body as it is into a []byte.
func Bytes(into reflect.Value, from *Response) error {
	data, err := from.Data()
	if err == nil {
		into.SetBytes(data)
	}
	return err
}

// Text reads a body as it is into a string.
func Text(into reflect.Value, from *Response) error {
	data, err := from.Data()
	if err == nil {
		into.SetString(string(data))
	}
	return err
}

// Location reads the target of a redirect into a string.
func Location(into reflect.Value, from *Response) error {
	target := from.Header("Location")
	if target == "" {
		return errors.New("it has no Location")
	}
	into.SetString(target)
	return nil
}
