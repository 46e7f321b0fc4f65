package benchmarks_test

import (
	"testing"

	"github.com/candor-go/candor/benchmarks"
)

// BenchmarkServe has a sub-benchmark for each workload and contender. cmd/table
// runs them one by one.
func BenchmarkServe(b *testing.B) {
	for _, w := range workloads() {
		b.Run(w.name, func(b *testing.B) {
			for _, c := range benchmarks.Contenders() {
				b.Run(c.Name(), func(b *testing.B) { measure(b, c, w) })
			}
		})
	}
}

func measure(b *testing.B, c benchmarks.Contender, w workload) {
	caller := newCaller(c, w)
	caller.call()
	b.ReportAllocs()
	before := cpuTime()
	for b.Loop() {
		caller.call()
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
	if caller.writer.status != w.status {
		b.Fatalf("%s answers %d", c.Name(), caller.writer.status)
	}
}
