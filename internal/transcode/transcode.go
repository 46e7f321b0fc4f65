// Package transcode converts between JSON and the other media types of an app, by the functions of its users. Values
// pass through JSON in both directions, so that members, rules and defaults are the same in every media type.
//
// It stands beside codec, which knows types; here values are plain data. Which media type a request or a response has is
// up to the callers.
package transcode

import (
	"fmt"
	"maps"
	"mime"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/digits"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/sorted"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Codec reads and writes a media type; candor.Codec says how.
type Codec struct {
	Marshal   func(v any) ([]byte, error)
	Unmarshal func(data []byte, v any) error
	// Carries may be nil.
	Carries func(t reflect.Type) error
}

// Set holds the media types of an app other than JSON. The zero value has none.
type Set struct {
	byName map[string]Codec
	// names is sorted alphabetically.
	names []string
}

// NewSet checks Config.Codecs.
func NewSet(codecs map[string]Codec) (Set, error) {
	for name, codec := range codecs {
		switch plain, params, err := mime.ParseMediaType(name); {
		case err != nil, plain != name, len(params) > 0, !strings.Contains(name, "/"), strings.Contains(name, "*"):
			return Set{}, fmt.Errorf("Config.Codecs[%q]: not a media type; write one in lower case and without parameters, such as \"application/cbor\"", name)
		case mediatype.IsJSON(name):
			return Set{}, fmt.Errorf("Config.Codecs[%q]: JSON is built in; drop it", name)
		case codec.Marshal == nil || codec.Unmarshal == nil:
			return Set{}, fmt.Errorf("Config.Codecs[%q]: it needs both Marshal and Unmarshal", name)
		}
	}
	// Cloned: requests read it, and the caller may change the map.
	return Set{byName: maps.Clone(codecs), names: sorted.Keys(codecs)}, nil
}

// Names returns the media types in alphabetical order. The slice must not be changed.
func (s Set) Names() []string { return s.names }

// Has reports whether the set has a codec for the media type.
func (s Set) Has(name string) bool {
	_, ok := s.byName[name]
	return ok
}

// After returns the media types in which something can be written that is also available in those of first, which are
// preferred.
func (s Set) After(first ...string) []string { return slices.Concat(first, s.names) }

// CheckCarries finds a codec among the media types of a body that cannot carry its type.
func (s Set) CheckCarries(t reflect.Type, media []string) error {
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

// ToJSON converts data of a media type that the set has.
func (s Set) ToJSON(name string, data []byte) ([]byte, error) {
	var value any
	if err := s.byName[name].Unmarshal(data, &value); err != nil {
		return nil, err
	}
	return codec.AppendExact(nil, value)
}

// FromJSON converts JSON to a media type that the set has.
func (s Set) FromJSON(name string, data []byte) ([]byte, error) {
	// A float64 would round large integers.
	var value any
	if err := digits.Unmarshal(data, &value); err != nil {
		return nil, err
	}
	// The value was decoded just now and nobody else has it, so it is changed in place.
	return s.byName[name].Marshal(digits.Replace(value, digits.Plain))
}

// TryFromJSON is FromJSON where a panic of the user's function can no longer be handled: it becomes an error.
func (s Set) TryFromJSON(name string, data []byte) (_ []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panics.Recovered(value)
		}
	}()
	return s.FromJSON(name, data)
}
