package fault_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/fault"
)

// After the number one, a word is in the singular.
func TestSingularAndPlural(t *testing.T) {
	for _, row := range []struct {
		typ  string
		ctx  map[string]any
		want string
	}{
		{fault.StringTooShort, map[string]any{"min_length": 1}, "Must have at least 1 character"},
		{fault.StringTooShort, map[string]any{"min_length": int64(1)}, "Must have at least 1 character"},
		{fault.StringTooShort, map[string]any{"min_length": 2}, "Must have at least 2 characters"},
		{fault.StringTooShort, map[string]any{"min_length": 11}, "Must have at least 11 characters"},
		{fault.StringTooLong, map[string]any{"max_length": 1}, "Must have at most 1 character"},
		{fault.StringTooLong, map[string]any{"max_length": 0}, "Must have at most 0 characters"},
		{fault.TooShort, map[string]any{"min_length": 1, "actual_length": 0}, "Must have at least 1 item, has 0"},
		{fault.TooShort, map[string]any{"min_length": 2, "actual_length": 1}, "Must have at least 2 items, has 1"},
		{fault.TooLong, map[string]any{"max_length": 1, "actual_length": 2}, "Must have at most 1 item, has 2"},
		{fault.TooLong, map[string]any{"max_length": 3, "actual_length": 4}, "Must have at most 3 items, has 4"},
	} {
		assert.Equal(t, row.want, fault.Message(row.typ, row.ctx))
	}
}
