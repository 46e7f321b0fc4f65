package mediatype_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/mediatype"
)

func TestNegotiate(t *testing.T) {
	offers := []string{"application/json", "application/cbor"}
	for accept, want := range map[string]string{
		"":                                      "application/json",
		"*/*":                                   "application/json",
		"application/cbor":                      "application/cbor",
		"application/*;q=0.5, application/cbor": "application/cbor",
		"application/json;q=0, */*":             "application/cbor",
		"application/json;q=NaN":                "application/json", // malformed, so any offer is acceptable
		"text/html":                             "",
		"text/html, */*;q=0.1":                  "application/json",
	} {
		chosen, ok := mediatype.Negotiate([]string{accept}, offers)
		assert.Equal(t, want, chosen, accept)
		assert.Equal(t, want != "", ok, accept)
	}
}
