package main

import (
	"testing"

	"github.com/candor-go/candor/candortest"
)

// Each form of errors is the one in the document.
func TestConform(t *testing.T) {
	for name, form := range map[string]form{"plain": {}, "dotted": {dotted: true}, "problems": {problems: true}} {
		t.Run(name, func(t *testing.T) { candortest.Conform(t, newApp(form)) })
	}
}
