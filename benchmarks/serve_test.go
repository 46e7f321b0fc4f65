package benchmarks_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/benchmarks"
)

// BenchmarkServe has a sub-benchmark for each workload and contender.
func BenchmarkServe(b *testing.B) { measureAll(b, benchmarks.Workloads()) }

// BenchmarkServeUnusual is the same with unusual inputs and responses.
func BenchmarkServeUnusual(b *testing.B) { measureAll(b, benchmarks.MoreWorkloads()) }

func measureAll(b *testing.B, workloads []benchmarks.Workload) {
	for _, w := range workloads {
		b.Run(w.Name, func(b *testing.B) {
			for _, c := range benchmarks.Installed() {
				b.Run(c.Name(), func(b *testing.B) { measure(b, c, w) })
			}
		})
	}
}

func measure(b *testing.B, c benchmarks.Contender, w benchmarks.Workload) {
	drive, err := c.Drive(b.Context(), w)
	require.NoError(b, err)
	_, err = drive(len(w.Requests))
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	cost, err := drive(b.N)
	require.NoError(b, err)
	b.ReportMetric(float64(cost.Time)/float64(b.N), "cpu-ns/op")
	require.Equal(b, w.Status, cost.Status, c.Name())
}
