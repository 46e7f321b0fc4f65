package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/fault"
)

type located []fault.Fault

func (located) Error() string                 { return "located" }
func (l located) CandorFaults() []fault.Fault { return l }

// convertible converts to a Located error by its method As.
type convertible []fault.Fault

func (convertible) Error() string { return "convertible" }

func (c convertible) As(target any) bool {
	to, ok := target.(*fault.Located)
	if ok {
		*to = located(c)
	}
	return ok
}

func TestOf(t *testing.T) {
	one, two := fault.Fault{Type: "one"}, fault.Fault{Type: "two"}
	rows := []struct {
		name string
		err  error
		want []fault.Fault
	}{
		{"nothing", nil, nil},
		{"an error without faults", errors.New("no"), nil},
		{"an error with faults", located{one, two}, []fault.Fault{one, two}},
		{"one that turns into it", convertible{one}, []fault.Fault{one}},
		{"wrapped", fmt.Errorf("in the order: %w", located{one}), []fault.Fault{one}},
		{"joined", errors.Join(located{one}, errors.New("no"), convertible{two}), []fault.Fault{one, two}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { assert.Equal(t, row.want, fault.Of(row.err)) })
	}
}
