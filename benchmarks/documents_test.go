package benchmarks_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/benchmarks"
)

// Both documents have the thousand operations.
func TestDocuments(t *testing.T) {
	for _, d := range benchmarks.Documents() {
		text, err := d.Build()
		require.NoError(t, err, d.Name)
		var read struct{ Paths map[string]map[string]any }
		require.NoError(t, json.Unmarshal(text, &read), d.Name)
		count := 0
		for _, item := range read.Paths {
			count += len(item)
		}
		assert.Equal(t, 1000, count, d.Name)
	}
}

// BenchmarkDocument counts the processor's time, which other work on the machine
// disturbs less.
func BenchmarkDocument(b *testing.B) {
	for _, d := range benchmarks.Documents() {
		b.Run(d.Name, func(b *testing.B) {
			b.ReportAllocs()
			before := benchmarks.CPUTime()
			for b.Loop() {
				if _, err := d.Build(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(benchmarks.CPUTime()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}
