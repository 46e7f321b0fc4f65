package main

import "slices"

// samples are the values of all rounds, by workload and contender.
type samples map[[2]string][]float64

func (s samples) add(workload, contender string, value float64) {
	key := [2]string{workload, contender}
	s[key] = append(s[key], value)
}

// has reports whether there are values.
func (s samples) has(workload, contender string) bool {
	return len(s[[2]string{workload, contender}]) > 0
}

// sorted returns the values in ascending order.
func (s samples) sorted(workload, contender string) []float64 {
	return slices.Sorted(slices.Values(s[[2]string{workload, contender}]))
}

func (s samples) median(workload, contender string) float64 {
	return median(s[[2]string{workload, contender}])
}

// median returns the middle value, or the larger of the two middle values.
func median(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// spread returns the difference between the largest and the smallest value, as a share of the median.
func (s samples) spread(workload, contender string) float64 {
	values := s.sorted(workload, contender)
	return (values[len(values)-1] - values[0]) / s.median(workload, contender)
}
