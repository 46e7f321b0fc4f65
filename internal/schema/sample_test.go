package schema_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

type sampledNode struct {
	Name     string         `json:"name"`
	Children []*sampledNode `json:"children"`
	Parent   *sampledNode   `json:"parent,omitempty"`
}

// A sample is a typical value that satisfies the rules, or there is none.
func TestSample(t *testing.T) {
	type level string
	for _, row := range []struct {
		name  string
		value any
		want  string
	}{
		{"a number", 0, `1`},
		{"a text", "", `"text"`},
		{"a boolean", false, `true`},
		{"a list", []int{}, `[1]`},
		{"bytes", []byte{}, `"AAAA"`},
		{"a time", time.Time{}, `"2026-01-31T12:00:00Z"`},
		{"members in their order", struct {
			B string `json:"b"`
			A int    `json:"a,omitempty"`
		}{}, `{"b":"text","a":1}`},
		{"an example, a default and a listed value", struct {
			E float64 `json:"e" example:"19.5"`
			D int     `json:"d" default:"7"`
			L level   `json:"l" validate:"oneof=low high"`
		}{}, `{"e":19.5,"d":7,"l":"low"}`},
		{"rules", struct {
			Short string  `json:"short" validate:"max=2"`
			Long  string  `json:"long" validate:"min=6"`
			Mail  string  `json:"mail" validate:"email"`
			Above float64 `json:"above" validate:"gt=10"`
			Inner int64   `json:"below" validate:"lt=-3"`
			Two   []int   `json:"two" validate:"min=2"`
		}{}, `{"short":"te","long":"texttt","mail":"ann@example.com","above":11,"below":-4,"two":[1,1]}`},
		{"a type that holds itself", sampledNode{}, `{"name":"text","children":[]}`},
		{"a rule that no keyword says", struct {
			A string `json:"a" validate:"isbn"`
		}{}, ``},
		{"nothing simple", struct {
			P string `json:"p" pattern:"^[0-9]{3}$"`
		}{}, ``},
	} {
		t.Run(row.name, func(t *testing.T) {
			described, err := typeinfo.Of(reflect.TypeOf(row.value))
			require.NoError(t, err)
			c := schema.New(schema.Options{})
			c.Mark(described, schema.Out)
			assert.Equal(t, row.want, string(c.Sample(c.Value(described, nil, schema.Out), schema.Out)))
		})
	}
}
