package mediatype_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/mediatype"
)

func TestStatus(t *testing.T) {
	for _, row := range []struct {
		status           int
		key              string
		isRange, hasBody bool
	}{
		{101, "101", false, false},
		{200, "200", false, true},
		{204, "204", false, false},
		{205, "205", false, false},
		{304, "304", false, false},
		{404, "404", false, true},
		{mediatype.StatusDefault, "default", true, true},
		{mediatype.Status2XX, "2XX", true, true},
		{mediatype.Status5XX, "5XX", true, true},
	} {
		assert.Equal(t, row.key, mediatype.StatusKey(row.status))
		assert.Equal(t, row.isRange, mediatype.IsRange(row.status), row.key)
		assert.Equal(t, row.hasBody, mediatype.BodyAllowed(row.status), row.key)
	}
}
