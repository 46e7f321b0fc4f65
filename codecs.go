package candor

import (
	"reflect"

	"github.com/candor-go/candor/internal/transcode"
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

// codecSet returns the codecs of an app.
func codecSet(codecs map[string]Codec) (transcode.Set, error) {
	all := make(map[string]transcode.Codec, len(codecs))
	for name, codec := range codecs {
		all[name] = transcode.Codec(codec)
	}
	return transcode.NewSet(all)
}
