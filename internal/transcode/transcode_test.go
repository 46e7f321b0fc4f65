package transcode_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/transcode"
)

// printed writes values as fmt prints them, and reads JSON.
var printed = transcode.Codec{
	Marshal: func(v any) ([]byte, error) {
		if v == nil {
			panic("nothing to print")
		}
		return fmt.Appendf(nil, "%v", v), nil
	},
	Unmarshal: json.Unmarshal,
	Carries: func(t reflect.Type) error {
		if t.Kind() == reflect.Map {
			return errors.New("maps have no order")
		}
		return nil
	},
}

func TestNewSet(t *testing.T) {
	tests := []struct{ name, want string }{
		{"text/printed", ""},
		{"Text/Printed", "not a media type"},
		{"text/printed; charset=utf-8", "not a media type"},
		{"text", "not a media type"},
		{"text/*", "not a media type"},
		{"application/json", "JSON is built in"},
		{"application/x+json", "JSON is built in"},
	}
	for _, tt := range tests {
		_, err := transcode.NewSet(map[string]transcode.Codec{tt.name: printed})
		if tt.want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, fmt.Sprintf("Config.Codecs[%q]: %s", tt.name, tt.want))
	}
	_, err := transcode.NewSet(map[string]transcode.Codec{"text/printed": {Marshal: printed.Marshal}})
	assert.ErrorContains(t, err, "it needs both Marshal and Unmarshal")
}

func TestSet(t *testing.T) {
	s, err := transcode.NewSet(map[string]transcode.Codec{"x/b": printed, "x/a": printed})
	require.NoError(t, err)
	assert.Equal(t, []string{"x/a", "x/b"}, s.Names())
	assert.Equal(t, []string{"application/json", "x/a", "x/b"}, s.After("application/json"))
	assert.True(t, s.Has("x/a"))
	assert.False(t, s.Has("application/json"))
	assert.Equal(t, []string{"application/json"}, transcode.Set{}.After("application/json"))

	media := s.After("application/json")
	assert.NoError(t, s.CheckCarries(reflect.TypeFor[int](), media))
	assert.ErrorContains(t, s.CheckCarries(reflect.TypeFor[map[string]int](), media), "the codec of x/a cannot carry map[string]int: maps have no order; ")
}

func TestConversions(t *testing.T) {
	s, err := transcode.NewSet(map[string]transcode.Codec{"x/a": printed})
	require.NoError(t, err)
	text, err := s.FromJSON("x/a", []byte(`[9007199254740993,1.5,true]`))
	require.NoError(t, err)
	assert.Equal(t, "[9007199254740993 1.5 true]", string(text), "no digit is lost")
	text, err = s.ToJSON("x/a", []byte(` {"b":1,"a":"<"} `))
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":"<","b":1}`, string(text))
	_, err = s.ToJSON("x/a", []byte("{"))
	require.Error(t, err)

	assert.Panics(t, func() { _, _ = s.FromJSON("x/a", []byte("null")) })
	_, err = s.TryFromJSON("x/a", []byte("null"))
	assert.ErrorContains(t, err, "nothing to print")
}
