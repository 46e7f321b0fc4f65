package fault_test

import (
	"encoding/json"
	"errors"
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

// TestSortBySource checks the order of the errors of a request; those about all of it come first.
func TestSortBySource(t *testing.T) {
	var list fault.List
	for _, source := range []string{"body", "cookie", "", "header", "query", "path"} {
		loc := []any{source}
		if source == "" {
			loc = []any{}
		}
		list.Add(&fault.Fault{Loc: loc})
	}
	list.SortBySource()
	var order []any
	for _, f := range list.Faults {
		order = append(order, f.Loc...)
	}
	assert.Equal(t, []any{"path", "query", "header", "cookie", "body"}, order)
	assert.Empty(t, list.Faults[0].Loc)
}

// TestTakeResponse checks that the error of a Validate method is the response only if nothing else is wrong.
func TestTakeResponse(t *testing.T) {
	response := errors.New("a response")
	isResponse := func(err error) bool { return errors.Is(err, response) }
	own, other := fault.Fault{Type: "own", Err: response}, fault.Fault{Type: "other", Err: errors.New("no response")}
	for name, c := range map[string]struct {
		found, left []fault.Fault
		err         error
	}{
		"nothing":       {},
		"a response":    {found: []fault.Fault{own, own}, left: []fault.Fault{}, err: response},
		"both":          {found: []fault.Fault{other, own}, left: []fault.Fault{other}},
		"no response":   {found: []fault.Fault{other}, left: []fault.Fault{other}},
		"without error": {found: []fault.Fault{{Type: "plain"}}, left: []fault.Fault{{Type: "plain"}}},
	} {
		list := fault.List{Faults: c.found}
		assert.Equal(t, c.err, list.TakeResponse(isResponse), name)
		assert.Equal(t, c.left, list.Faults, name)
	}
}

// TestComplete checks what a response lists beside the errors that were found.
func TestComplete(t *testing.T) {
	list := fault.List{Faults: []fault.Fault{{Type: fault.Missing}, {Type: fault.JSONInvalid}, {Type: fault.IntType, Input: "x"}}, Truncated: true}
	all := list.Complete(true)
	assert.Equal(t, []any{json.RawMessage("null"), json.RawMessage("{}"), "x", nil}, []any{all[0].Input, all[1].Input, all[2].Input, all[3].Input})
	assert.Equal(t, fault.Fault{Type: fault.TooMany, Loc: []any{}, Ctx: map[string]any{"listed": fault.Limit}}, all[3])

	list = fault.List{Faults: []fault.Fault{{Type: fault.Missing}}}
	assert.Equal(t, []fault.Fault{{Type: fault.Missing}}, list.Complete(false))
}
