package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

func readings(t *testing.T, answer *candor.TestResponse) (all []Reading) {
	t.Helper()
	for line := range strings.Lines(answer.Status(200).Text()) {
		var reading Reading
		require.NoError(t, json.Unmarshal([]byte(line), &reading))
		all = append(all, reading)
	}
	return all
}

func TestExport(t *testing.T) {
	client := candor.NewTestClient(t, newApp(store{rows: 1234}))
	all := readings(t, client.Get("/readings"))
	require.Len(t, all, 1234)
	for i, reading := range all {
		assert.EqualValues(t, i+1, reading.ID)
	}
	assert.JSONEq(t, `{"id":1207,"station":7,"at":"2026-01-01T00:20:07Z","celsius":20.9}`,
		client.Get("/readings?station=7&after=1200&limit=3").Status(200).Text())
	assert.Equal(t, all[100:103], readings(t, client.Get("/readings?after=100&limit=3")))
	assert.Empty(t, client.Get("/readings?after=9999").Status(200).Text())
	client.Get("/readings?station=100").Status(422)
}

func TestTableStays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "readings.db")
	for _, rows := range []int{3, 5} {
		client := candor.NewTestClient(t, newApp(store{file, rows}))
		assert.Len(t, readings(t, client.Get("/readings")), 3, "a table that is there is not filled again")
	}
}

func TestNoTable(t *testing.T) {
	app := newApp(store{filepath.Join(t.TempDir(), "none", "readings.db"), 1})
	_, err := app.Start(t.Context())
	assert.Error(t, err, "nothing is served without a database")
}
