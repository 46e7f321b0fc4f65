package codec_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/codec"
)

func TestSameNumber(t *testing.T) {
	for _, same := range [][]string{
		{"1", "1.0", "10e-1", "0.1E+1", "1e0"},
		{"0", "-0", "0.0", "0e5", "-0.0e-5"},
		{"-12.5", "-125e-1", "-0.00125e4"},
		{"9007199254740993", "9007199254740993.0"},
		{"9007199254740992"},
		{"1e400", "10e399"},
		{"1e-400"},
	} {
		for _, a := range same {
			for _, b := range same {
				assert.True(t, codec.SameNumber(a, b), "%s and %s", a, b)
			}
			for _, other := range []string{"1.5", "-1", "12.5", "9007199254740994", "1e401"} {
				assert.False(t, codec.SameNumber(a, other), "%s and %s", a, other)
			}
		}
	}
}
