package candor_test

import (
	"testing"

	"github.com/candor-go/candor/internal/documenttest"
)

// validDocument checks a document with independent validators.
func validDocument(t *testing.T, data []byte) {
	t.Helper()
	documenttest.Valid(t, data)
}
