package main

import (
	"testing"

	"github.com/candor-go/candor/contrib/compat"
)

func TestCompatible(t *testing.T) {
	compat.Check(t, newApp(), "testdata/openapi.json")
}
