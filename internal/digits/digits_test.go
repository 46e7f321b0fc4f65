package digits_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/digits"
)

func TestDigits(t *testing.T) {
	t.Parallel()
	var value any
	require.NoError(t, digits.Unmarshal([]byte(`{"a":[1,-9223372036854775808,18446744073709551615,1.5,1e400,"7",null]}`), &value))
	list := value.(map[string]any)["a"].([]any)
	assert.Equal(t, json.Number("18446744073709551615"), list[2])
	want := []any{int64(1), int64(math.MinInt64), uint64(math.MaxUint64), 1.5, math.Inf(1), "7", nil}
	assert.Equal(t, map[string]any{"a": want}, digits.Replace(value, digits.Plain))
	require.ErrorContains(t, digits.Unmarshal([]byte(`{"a":1} {}`), &value), "after top-level value")
}
