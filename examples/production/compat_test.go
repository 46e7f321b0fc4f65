package main

import (
	"path/filepath"
	"testing"

	"github.com/candor-go/candor/contrib/compat"
)

// The additions to the users API break no client of either version.
func TestCompatible(t *testing.T) {
	compat.Check(t, appOn(t, filepath.Join(t.TempDir(), "users.db")), "testdata/openapi.json")
}
