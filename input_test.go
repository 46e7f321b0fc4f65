package candor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// asked is a request and its expected result.
type asked struct {
	target  string
	want    string
	options []candor.TestOption
}

// gets sends GET requests and compares the results.
func gets(t *testing.T, c *candor.TestClient, rows ...asked) {
	t.Helper()
	for _, row := range rows {
		assert.Equal(t, row.want, apptest.Outcome(c.Get(row.target, row.options...)), row.target)
	}
}

// posts sends JSON bodies and compares the results.
func posts(t *testing.T, c *candor.TestClient, target string, rows ...[2]string) {
	t.Helper()
	for _, row := range rows {
		assert.Equal(t, row[1], apptest.Outcome(c.Post(target, row[0])), row[0])
	}
}
