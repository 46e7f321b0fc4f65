package check_test

import (
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/typeinfo"
)

// digits returns a decimal in units of 10^-places.
func digits(text string, places int) *big.Int {
	whole, fraction, _ := strings.Cut(text, ".")
	n, _ := new(big.Int).SetString(whole+fraction+strings.Repeat("0", places-len(fraction)), 10)
	return n
}

// FuzzMultipleOf compares the rule with integer division of the decimal digits.
func FuzzMultipleOf(f *testing.F) {
	for _, x := range []float64{0, 0.3, 0.35, -19.99, 1e22, 1e300, 5e-324, 1 << 53, 2.5, 4503599627370497.5} {
		for _, step := range []float64{0.1, 0.01, 1, 3, 2.5, 1e-9, 1e20} {
			f.Add(x, step)
		}
	}
	f.Fuzz(func(t *testing.T, x, step float64) {
		if step <= 0 || math.IsInf(step, 0) || math.IsNaN(step) || math.IsInf(x, 0) || math.IsNaN(x) {
			return
		}
		text, stepText := strconv.FormatFloat(x, 'f', -1, 64), strconv.FormatFloat(step, 'f', -1, 64)
		float, err := typeinfo.Of(reflect.TypeFor[float64]())
		require.NoError(t, err)
		keeps, err := check.Builtin().Compile(float, &typeinfo.Rules{Self: []typeinfo.Rule{{Name: "multipleOf", Param: stepText, HasParam: true}}})
		require.NoError(t, err)
		places := len(text) + len(stepText)
		rest := new(big.Int).Rem(digits(text, places), digits(stepText, places))
		require.Equal(t, rest.Sign() == 0, keeps(reflect.ValueOf(x)) == nil, "%s in steps of %s", text, stepText)
	})
}
