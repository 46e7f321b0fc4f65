package main

import "slices"

// samples are the values of all rounds, by workload and contender.
type samples map[[2]string][]float64

func (s samples) add(workload, contender string, value float64) {
	key := [2]string{workload, contender}
	s[key] = append(s[key], value)
}

// has tells whether there is any.
func (s samples) has(workload, contender string) bool {
	return len(s[[2]string{workload, contender}]) > 0
}

// sorted are the values in ascending order.
func (s samples) sorted(workload, contender string) []float64 {
	return slices.Sorted(slices.Values(s[[2]string{workload, contender}]))
}

func (s samples) median(workload, contender string) float64 {
	return median(s[[2]string{workload, contender}])
}

// median is the one in the middle, of an even number the larger.
func median(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// spread is the distance from the least to the most, as a share of the median.
func (s samples) spread(workload, contender string) float64 {
	values := s.sorted(workload, contender)
	return (values[len(values)-1] - values[0]) / s.median(workload, contender)
}
