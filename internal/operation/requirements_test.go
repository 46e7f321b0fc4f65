package operation_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/operation"
)

func TestAlternatives(t *testing.T) {
	tests := []struct {
		name  string
		needs operation.Needs
		want  string
	}{
		{"required together", operation.Needs{Required: []string{"b", "a", "b"}}, "a+b"},
		{"optional", operation.Needs{Optional: []string{"a"}}, "a|"},
		{"optional besides required", operation.Needs{Required: []string{"r"}, Optional: []string{"a", "r"}}, "a+r|r"},
		{"a choice", operation.Needs{Choices: [][]string{{"a", "b"}}}, "a|b"},
		{"two choices", operation.Needs{Choices: [][]string{{"a", "b"}, {"b", "c"}}}, "a+c|b"},
		{"a choice that is required anyway", operation.Needs{Required: []string{"a"}, Choices: [][]string{{"a", "b"}}}, "a"},
		{"scopes", operation.Needs{Required: []string{"a"}, Scopes: map[string][]string{"a": {"read"}}}, "a(read)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var ways []string
			for _, way := range tt.needs.Alternatives() {
				var uses []string
				for _, use := range way {
					text := use.Scheme
					if len(use.Scopes) > 0 {
						text += "(" + strings.Join(use.Scopes, " ") + ")"
					}
					uses = append(uses, text)
				}
				ways = append(ways, strings.Join(uses, "+"))
			}
			assert.Equal(t, tt.want, strings.Join(ways, "|"))
		})
	}
}
