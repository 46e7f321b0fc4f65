package codec_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// filter is an input with a parameter that is JSON.
type filter struct {
	Sizes []struct{} `query:"sizes,json"`
}

func TestTextsOfParameters(t *testing.T) {
	t.Parallel()
	in, err := typeinfo.ReadInput(reflect.TypeFor[filter](), isNone)
	require.NoError(t, err)
	c := codec.NewCompiler(check.Builtin())
	read, err := c.Texts(codec.Options{})(in.Params[0])
	require.NoError(t, err)
	write, err := c.TextWriter(in.Params[0])
	require.NoError(t, err)

	var got filter
	var faults fault.List
	read(reflect.ValueOf(&got).Elem().Field(0), "[{}, {}]", &faults)
	require.Empty(t, faults.Faults)
	text, err := write(reflect.ValueOf(got.Sizes))
	require.NoError(t, err)
	assert.Equal(t, "[{},{}]", text)

	read(reflect.ValueOf(&got).Elem().Field(0), "[{}", &faults)
	assert.Len(t, faults.Faults, 1)
}

func TestMemoryOfBodies(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 4<<20+512<<10, codec.Options{}.ForBody(1<<20).Memory)
	assert.Equal(t, codec.Options{}.ForBody(1<<28).Memory, codec.Options{}.ForBody(1<<40).Memory, "also where an int has 32 bits")
	type large struct {
		A, B, C, D int64 `json:",omitempty"`
	}
	in, err := typeinfo.ReadInput(reflect.TypeFor[struct {
		Sizes []large `query:"sizes,json"`
	}](), isNone)
	require.NoError(t, err)
	read, err := codec.NewCompiler(check.Builtin()).Texts(codec.Options{})(in.Params[0])
	require.NoError(t, err)
	var sizes []large
	var faults fault.List
	read(reflect.ValueOf(&sizes).Elem(), "["+strings.Repeat("{},", 200_000)+"{}]", &faults)
	require.Len(t, faults.Faults, 1)
	assert.Equal(t, map[string]any{"error": "takes too much memory when decoded"}, faults.Faults[0].Ctx)
}

// isNone says that no type is filled in by other means than JSON.
func isNone(reflect.Type) bool { return false }
