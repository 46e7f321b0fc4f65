package benchmarks_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/benchmarks"
)

// TestStart starts large services with few groups: their documents have all operations.
func TestStart(t *testing.T) {
	documents := 0
	for _, c := range benchmarks.Installed() {
		made, err := c.Start(t.Context(), 25)
		require.NoError(t, err, c.Name())
		assert.Positive(t, made.Time, c.Name())
		if made.Document == nil {
			continue
		}
		documents++
		var read struct{ Paths map[string]map[string]any }
		require.NoError(t, json.Unmarshal(made.Document, &read), c.Name())
		count := 0
		for _, item := range read.Paths {
			count += len(item)
		}
		assert.Equal(t, 100, count, c.Name())
	}
	assert.GreaterOrEqual(t, documents, 2)
}

// BenchmarkDocument registers a thousand operations and writes their document. It measures processor time, which is
// less affected by other work on the machine.
func BenchmarkDocument(b *testing.B) {
	for _, c := range []benchmarks.Contender{benchmarks.Candor(), benchmarks.Huma()} {
		b.Run(c.Name(), func(b *testing.B) {
			b.ReportAllocs()
			var took float64
			for b.Loop() {
				made, err := c.Start(b.Context(), 250)
				require.NoError(b, err)
				took += float64(made.Time)
			}
			b.ReportMetric(took/float64(b.N), "cpu-ns/op")
		})
	}
}
