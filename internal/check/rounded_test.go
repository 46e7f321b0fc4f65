package check_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/typeinfo"
)

func TestRoundedFloatsAreCheckedAsSent(t *testing.T) {
	t.Parallel()
	type sample struct {
		Least  float32  `json:"least" validate:"gte=0"`
		Most   float32  `json:"most" validate:"lte=0.1"`
		Equal  *float32 `json:"equal" validate:"eq=0.1|lt=-5"`
		Zero   float32  `json:"zero,omitzero" validate:"omitempty,gt=5"`
		Wide   float64  `json:"wide" validate:"gte=0"`
		NoRule float32  `json:"no_rule"`
	}
	described, err := typeinfo.Of(reflect.TypeFor[sample]())
	require.NoError(t, err)
	for name, row := range map[string]struct{ good, bad []float64 }{
		"least": {[]float64{0, 1e-60, 1}, []float64{-1e-60, -1}},
		"most":  {[]float64{0.1, 0, -1}, []float64{0.1000000001, 1}},
		"equal": {[]float64{0.1, -6}, []float64{0.1000000001, -5}},
		"zero":  {[]float64{0, 6}, []float64{1e-60, 5}},
	} {
		f := described.Object.Field(name)
		judge, err := check.Builtin().CompileRounded(f.Type, f.Rules)
		require.NoError(t, err)
		for _, sent := range row.good {
			assert.Nil(t, judge(sent), "%s %v", name, sent)
		}
		for _, sent := range row.bad {
			assert.NotNil(t, judge(sent), "%s %v", name, sent)
		}
	}
	for _, name := range []string{"wide", "no_rule"} {
		f := described.Object.Field(name)
		judge, err := check.Builtin().CompileRounded(f.Type, f.Rules)
		require.NoError(t, err)
		assert.Nil(t, judge, name)
	}
}
