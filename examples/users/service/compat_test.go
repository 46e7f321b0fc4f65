package service

import (
	"testing"

	"github.com/candor-go/candor/contrib/compat"
)

// No change breaks clients of the API: version 1 stays as it is, and version 2
// is added next to it. After an intended change, go test -update writes the
// file.
func TestCompatible(t *testing.T) {
	compat.Check(t, appOn(":memory:", &letters{}), "testdata/openapi.json")
}
