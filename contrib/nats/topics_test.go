package candornats

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPlaces(t *testing.T) {
	for _, p := range []position{{}, {birth: 1764492442000, seq: 7}, {birth: 1764492442000, seq: 1<<64 - 1, start: true}, {birth: -1 << 63}} {
		got, ok := parsePosition(p.String())
		assert.True(t, ok, p)
		assert.Equal(t, p, got)
	}
	id := position{birth: 1764492442000, seq: 7}.String()
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = parsePosition(id) }))
}

// FuzzParsePlace compares the result with package fmt.
func FuzzParsePlace(f *testing.F) {
	for _, id := range []string{"19ad0-m7", "19ad0-s7", "-1-m1", "", "-", "a-", "a-m", "a-x1", "0a-m1", "a-m01", "A-m1", "+a-m1", "a-m-1", "a-m1 ", "a-é1", "fffffffffffffffff-m1"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		var want position
		var kind rune
		n, err := fmt.Sscanf(id, "%x-%c%d", &want.birth, &kind, &want.seq)
		want.start = kind == 's'
		fits := n == 3 && err == nil && want.String() == id
		got, ok := parsePosition(id)
		assert.Equal(t, fits, ok)
		if ok {
			assert.Equal(t, want, got)
		}
	})
}
