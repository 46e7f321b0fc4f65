package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/internal/documenttest"
)

var forms = map[string]form{"plain": {}, "dotted": {dotted: true}, "problems": {problems: true}}

// Each form of errors is as documented.
func TestConform(t *testing.T) {
	for name, form := range forms {
		t.Run(name, func(t *testing.T) { candortest.Conform(t, newApp(form)) })
	}
}

// The documents change only on purpose.
func TestGoldenDocument(t *testing.T) {
	for name, form := range forms {
		t.Run(name, func(t *testing.T) { documenttest.Golden(t, name, newApp(form)) })
	}
}
