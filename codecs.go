package candor

import (
	"fmt"
	"maps"
	"mime"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/digits"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Codec reads and writes a media type other than JSON; register it in Config.Codecs. Both functions must be safe for
// concurrent use.
//
// A codec converts between bytes and plain data, and never sees a handler's types: bodies of every media type pass
// through the same decoder and validation, and responses have the members that their schema says. Plain data is nil,
// bool, string, numbers, []any and map[string]any. Marshal gets int64, uint64 or float64 as numbers; Unmarshal gets a
// *any to fill in, where []byte stands for base64 text and maps may have keys of any scalar type.
type Codec struct {
	Marshal   func(v any) ([]byte, error)
	Unmarshal func(data []byte, v any) error
	// Carries says why the media type cannot carry values of a type, such as a table of lists; it returns nil if it
	// can. It is called when a route is registered whose bodies could have this media type; an error panics there. If
	// Carries is nil, the media type carries every type.
	Carries func(t reflect.Type) error
}

// carried finds a codec among a body's media types that cannot carry its type.
func (s codecSet) carried(t reflect.Type, media []string) error {
	for _, name := range media {
		codec, ok := s.byName[name]
		if !ok || codec.Carries == nil {
			continue
		}
		if err := codec.Carries(t); err != nil {
			return fmt.Errorf("the codec of %s cannot carry %s: %w; write Produces(\"application/json\") where it is a response, and the tag media:\"application/json\" where it is a body that is read", name, typeinfo.Name(t), err)
		}
	}
	return nil
}

// codecSet holds the media types of an app other than JSON.
type codecSet struct {
	byName map[string]Codec
	// names is sorted alphabetically.
	names []string
}

func newCodecSet(codecs map[string]Codec) (codecSet, error) {
	for name, codec := range codecs {
		switch plain, params, err := mime.ParseMediaType(name); {
		case err != nil, plain != name, len(params) > 0, !strings.Contains(name, "/"), strings.Contains(name, "*"):
			return codecSet{}, fmt.Errorf("Config.Codecs[%q]: not a media type; write one in lower case and without parameters, such as \"application/cbor\"", name)
		case mediatype.IsJSON(name):
			return codecSet{}, fmt.Errorf("Config.Codecs[%q]: JSON is built in; drop it", name)
		case codec.Marshal == nil || codec.Unmarshal == nil:
			return codecSet{}, fmt.Errorf("Config.Codecs[%q]: it needs both Marshal and Unmarshal", name)
		}
	}
	// Cloned: requests read it, and the user may change the map in Config.
	return codecSet{byName: maps.Clone(codecs), names: sorted.Keys(codecs)}, nil
}

// offers returns the media types in which a value can be written, the preferred one first.
func (s codecSet) offers() []string { return append([]string{mediatype.JSON}, s.names...) }

// others returns what reads bodies of these media types.
func (s codecSet) others() (all []body.Other) {
	for _, name := range s.names {
		all = append(all, body.Other{Media: name, ToJSON: s.byName[name].toJSON})
	}
	return all
}

// toJSON converts a body of another media type to JSON.
func (c Codec) toJSON(data []byte) ([]byte, error) {
	var value any
	if err := c.Unmarshal(data, &value); err != nil {
		return nil, err
	}
	return codec.AppendExact(nil, value)
}

// fromJSON converts a JSON response to another media type.
func (c Codec) fromJSON(data []byte) ([]byte, error) {
	// A float64 would round large integers.
	var value any
	if err := digits.Unmarshal(data, &value); err != nil {
		return nil, err
	}
	// The value was decoded just now and nobody else has it, so it is changed in place.
	return c.Marshal(digits.Replace(value, digits.Plain))
}

// tryFromJSON is fromJSON where a panic of the user's function can no longer be handled.
func (c Codec) tryFromJSON(data []byte) (_ []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panics.Recovered(value)
		}
	}()
	return c.fromJSON(data)
}
