package candor_test

import (
	"testing"

	"github.com/candor-go/candor/internal/documenttest"
)

// validDocument lets others judge a document.
func validDocument(t *testing.T, data []byte) {
	t.Helper()
	documenttest.Valid(t, data)
}
