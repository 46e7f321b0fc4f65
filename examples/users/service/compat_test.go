package service

import (
	"testing"

	"github.com/candor-go/candor/contrib/compat"
)

// No change breaks the clients of the API: version 1 stays as it was while version 2
// grows beside it. After a change that is meant, go test -update writes the file.
func TestCompatible(t *testing.T) {
	compat.Check(t, appOn(":memory:", &letters{}), "testdata/openapi.json")
}
