package scoped_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/scoped"
)

var (
	errRest  = errors.New("the rest failed")
	errOwn   = errors.New("the provider failed")
	errCheck = errors.New("conflict")
)

func TestAttempts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most int
		// runs are the results of the runs of the rest that the provider asks for.
		runs []error
		// final means that the request cannot run again.
		final bool
		err   error
		// want is how many of them run, and result what the request ends with.
		want   int
		result string
	}{
		"once":                                   {runs: []error{nil}, want: 1},
		"an error passes through":                {runs: []error{errRest}, want: 1, result: "the rest failed"},
		"an error of the provider counts":        {runs: []error{errRest}, err: errOwn, want: 1, result: "the provider failed"},
		"also after success":                     {runs: []error{nil}, err: errOwn, want: 1, result: "the provider failed"},
		"never":                                  {want: 0, result: "returned nil without calling use"},
		"never, with an error":                   {err: errOwn, want: 0, result: "the provider failed"},
		"twice without the option":               {runs: []error{nil, nil}, want: 1, result: "more than once"},
		"twice with it, and the last run counts": {most: 3, runs: []error{errCheck, nil}, want: 2},
		"the last of all":                        {most: 2, runs: []error{errCheck, errRest}, want: 2, result: "the rest failed"},
		"too often keeps the last error":         {most: 2, runs: []error{errCheck, errRest, nil}, want: 2, result: "the rest failed"},
		"too often after a success":              {most: 2, runs: []error{errCheck, nil, nil}, want: 2, result: "cannot run again"},
		"a request that cannot run again":        {most: 2, runs: []error{errCheck, nil}, final: true, want: 1, result: "conflict"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := scoped.Attempts{Most: c.most}
			ran := 0
			for _, result := range c.runs {
				if a.Next() {
					a.Err, a.Final = result, c.final
					ran++
				}
			}
			assert.Equal(t, c.want, ran)
			if err := a.Result(c.err); c.result == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, c.result)
			}
		})
	}
}
