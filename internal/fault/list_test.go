package fault_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/fault"
)

// TestSortBy sorts every list of up to five validation errors with three ranks: each error is a rank and an index, to
// show that the sort is stable.
func TestSortBy(t *testing.T) {
	for size := range 6 {
		for number := range int(math.Pow(3, float64(size))) {
			faults := make([]fault.Fault, size)
			want := make([][]int, size)
			for i := range faults {
				faults[i].Loc = []any{number % 3, i}
				want[i] = []int{number % 3, i}
				number /= 3
			}
			fault.SortBy(faults, func(f *fault.Fault) int { return f.Loc[0].(int) })
			slices.SortFunc(want, slices.Compare)
			for i, f := range faults {
				assert.Equal(t, []any{want[i][0], want[i][1]}, f.Loc)
			}
		}
	}
}

func TestOwn(t *testing.T) {
	shared := fault.New(fault.Missing)
	own := shared.Own()
	own.Loc = append(own.Loc, "name")
	assert.Equal(t, fault.New(fault.Missing), shared)
	assert.Nil(t, (*fault.Fault)(nil).Own())
}
