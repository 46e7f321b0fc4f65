package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// The test client compares each line and each event with the document.
func TestStreamsKeepTheirItemSchema(t *testing.T) {
	c := candor.NewTestClient(t, newApp())
	for job, err := range candor.ReadLines[Job](c.Stream("GET", "/jobs", nil)) {
		require.NoError(t, err)
		assert.Equal(t, 7, job.ID)
	}
	var names []string
	for event, err := range candor.ReadEvents[json.RawMessage](c.Stream("GET", "/jobs/1/changes", nil)) {
		require.NoError(t, err)
		names = append(names, event.Name)
	}
	assert.Equal(t, []string{"started", "progress", "archived"}, names)
}
