package codec_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

func TestRequiredRejectsNull(t *testing.T) {
	type holder struct {
		Any  any   `json:"any" validate:"required"`
		Many []any `json:"many" validate:"dive,required"`
	}
	typ, err := typeinfo.Of(reflect.TypeFor[holder]())
	require.NoError(t, err)
	decoder, err := codec.NewCompiler(check.Builtin()).Decoder(typ, nil)
	require.NoError(t, err)
	for _, row := range []struct {
		body string
		locs [][]any
	}{
		{`{"any":0,"many":[1,"x"]}`, nil},
		{`{"any":null,"many":[1,null]}`, [][]any{{"body", "any"}, {"body", "many", 1}}},
	} {
		var into holder
		var faults fault.List
		decoder.Decode([]byte(row.body), reflect.ValueOf(&into).Elem(), codec.Options{}, &faults)
		faults.Seal(0, "body")
		var locs [][]any
		for _, f := range faults.Faults {
			assert.Equal(t, fault.Missing, f.Type)
			locs = append(locs, f.Loc)
		}
		assert.Equal(t, row.locs, locs, row.body)
	}
}
