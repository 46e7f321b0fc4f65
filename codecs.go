package candor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/panics"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Codec reads and writes a media type beside JSON; put it into Config.Codecs.
// Both functions are called concurrently.
//
// A codec turns bytes into plain data and back, and never sees a handler's
// types: bodies of every media type go through the same decoder, rules and
// faults, and responses have the members that their schema says. Plain data is
// nil, bool, string, numbers, []any and map[string]any. Marshal gets int64,
// uint64 or float64 as numbers; Unmarshal gets a *any to fill in, where []byte
// stands for base64 text and maps may have keys of any scalar type.
type Codec struct {
	Marshal   func(v any) ([]byte, error)
	Unmarshal func(data []byte, v any) error
	// Carries says why the media type cannot carry bodies of a type, such as a
	// table of lists; nil for a type that it can. It is asked when a route is
	// registered whose bodies could be written or read so, and an error panics there.
	// Where the function is nil, every type will do.
	Carries func(t reflect.Type) error
}

// carried finds a codec among the media types of a body that cannot carry its type.
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

// codecSet is the media types of an app beside JSON.
type codecSet struct {
	byName map[string]Codec
	// names are in alphabetical order.
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
	// Cloned, since requests read it, and the user may change the map of the Config.
	return codecSet{byName: maps.Clone(codecs), names: slices.Sorted(maps.Keys(codecs))}, nil
}

// offers are the media types in which a value can be written, the preferred
// one first.
func (s codecSet) offers() []string { return append([]string{mediatype.JSON}, s.names...) }

// unknownMediaError is for a media type that only another app may know.
type unknownMediaError struct{ name string }

func (e *unknownMediaError) Error() string {
	return fmt.Sprintf("nothing reads the media type %s into a struct; add it to Config.Codecs, or take the body as []byte, string or io.Reader", e.name)
}

// toJSON turns a body of another media type into JSON.
func (c Codec) toJSON(data []byte) ([]byte, error) {
	var value any
	if err := c.Unmarshal(data, &value); err != nil {
		return nil, err
	}
	return codec.AppendExact(nil, value)
}

// fromJSON turns a response into another media type.
func (c Codec) fromJSON(data []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	// A float64 would round large integers.
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return c.Marshal(plain(value))
}

// tryFromJSON is fromJSON for where a panic of the user's function would come too
// late.
func (c Codec) tryFromJSON(data []byte) (_ []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panics.Recovered(value)
		}
	}()
	return c.fromJSON(data)
}

// plain gives numbers the type that holds them exactly, where there is one.
func plain(value any) any {
	// The value was decoded just now and nobody else has it, so it is changed in place.
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = plain(v[name])
		}
	case json.Number:
		return plainNumber(v.String())
	}
	return value
}

func plainNumber(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n
	}
	// The text is a number of JSON, so an error only means that it is out of range.
	n, _ := strconv.ParseFloat(text, 64)
	return n
}
