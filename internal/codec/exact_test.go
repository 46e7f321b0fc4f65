package codec_test

import (
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// ExactInner is exported because it is embedded by a pointer.
type ExactInner struct {
	Deep string `json:"deep"`
}

// exactRefusing rejects every decoded value.
type exactRefusing struct {
	Name string `json:"name" validate:"min=3"`
	Low  int    `json:"low" validate:"ltfield=High"`
	High int    `json:"high,omitempty" default:"7"`
	*ExactInner
}

func (exactRefusing) Validate() error { return assert.AnError }

// A client of an API does not validate, and sends its values as they are.
func TestClientSide(t *testing.T) {
	described, err := typeinfo.Of(reflect.TypeFor[exactRefusing]())
	require.NoError(t, err)
	other := codec.NewCompiler(nil)
	encoder, err := other.Encoder(described, nil)
	require.NoError(t, err)
	sent, err := encoder.Append(nil, reflect.ValueOf(exactRefusing{Name: "x", Low: 9}), false, nil)
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"x","low":9,"high":0}`, string(sent), "a zero beside a default is written")

	decoder, err := other.Decoder(described, nil)
	require.NoError(t, err)
	var faults fault.List
	var got exactRefusing
	decoder.Decode([]byte(`{"name":"x","low":9}`), reflect.ValueOf(&got).Elem(), codec.Options{}, &faults)
	assert.Empty(t, faults.Faults)
	assert.Equal(t, exactRefusing{Name: "x", Low: 9}, got, "what is absent is zero")
	decoder.Decode([]byte(`{"low":9}`), reflect.ValueOf(&got).Elem(), codec.Options{}, &faults)
	assert.Len(t, faults.Faults, 1, "but what is always written must be there")
}

func TestClientSideRejectsLossyValues(t *testing.T) {
	const broken = "a\xffb"
	for name, value := range map[string]any{
		"a text":               struct{ S string }{broken},
		"the name of a map":    map[string]int{broken: 1},
		"a text in any":        struct{ V any }{broken},
		"a name in any":        struct{ V any }{map[string]any{broken: 1}},
		"a struct in any":      struct{ V any }{struct{ S string }{broken}},
		"a number that is not": struct{ F float64 }{math.NaN()},
	} {
		described, err := typeinfo.Of(reflect.TypeOf(value))
		require.NoError(t, err)
		encoder, err := codec.NewCompiler(nil).Encoder(described, nil)
		require.NoError(t, err)
		_, err = encoder.Append(nil, reflect.ValueOf(value), false, nil)
		assert.Error(t, err, name)
	}
}

func TestObjectEncoder(t *testing.T) {
	type input struct {
		ID   int     `path:"id"`
		Name string  `body:"name"`
		Note *string `body:"note,omitempty"`
	}
	in, err := typeinfo.ReadInput(reflect.TypeFor[input](), func(reflect.Type) bool { return false })
	require.NoError(t, err)
	encoder, err := codec.NewCompiler(nil).ObjectEncoder(in.Members, in.Go)
	require.NoError(t, err)
	sent, err := encoder.Append(nil, reflect.ValueOf(input{ID: 1, Name: "x"}), false, nil)
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"x"}`, string(sent))
}

// Messages between processes of one app are only checked for their form.
func TestUnjudged(t *testing.T) {
	type message struct {
		Strict
		Level Level          `json:"level" validate:"required"`
		By    map[Level]int  `json:"by"`
		Next  any            `json:"next" validate:"required"`
		Count int            `json:"count,omitempty" default:"3"`
		Pet   *Pet           `json:"pet"`
		Sizes map[string]int `json:"sizes"`
	}
	rows := []struct {
		text string
		want message
	}{
		{`{}`, message{}},
		{`{"level":"unlisted","by":{"unlisted":1}}`, message{Level: "unlisted", By: map[Level]int{"unlisted": 1}}},
		{`{"next":null,"unknown":[1]}`, message{}},
	}
	described, err := typeinfo.Of(reflect.TypeFor[message]())
	require.NoError(t, err)
	decoder, err := codec.Unjudged().Decoder(described, nil)
	require.NoError(t, err)
	for _, row := range rows {
		var got message
		var faults fault.List
		decoder.Decode([]byte(row.text), reflect.ValueOf(&got).Elem(), codec.Options{}, &faults)
		assert.Empty(t, faults.Faults, row.text)
		assert.Equal(t, row.want, got, row.text)
	}
}
