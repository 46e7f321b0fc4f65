package civil_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/civil"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for day := time.Date(1999, 12, 1, 23, 0, 0, 0, time.UTC); day.Year() < 2001; day = day.AddDate(0, 0, 1) {
		text := day.Format(time.DateOnly)
		got, err := civil.ParseDate([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, civil.DateOf(day), got)
		assert.Equal(t, text, got.String())
		assert.Negative(t, got.Compare(civil.DateOf(day.AddDate(0, 0, 1))))
	}
	for _, text := range []string{"", "2006-1-2", "2006-02-30", "0000-00-00", "2006-01-02T00:00:00Z"} {
		_, err := civil.ParseDate([]byte(text))
		assert.Error(t, err, text)
	}
}

func TestParseClock(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]civil.Clock{
		"15:04": {Hour: 15, Minute: 4}, "15:04:05": {15, 4, 5, 0}, "23:59:59.000000001": {23, 59, 59, 1}, "07:08:09.50": {7, 8, 9, 500_000_000},
	} {
		got, err := civil.ParseClock([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, want, got)
		again, err := civil.ParseClock([]byte(got.String()))
		require.NoError(t, err)
		assert.Equal(t, want, again)
	}
	for _, text := range []string{"", "5:04", "15:4", "24:00", "15:04:60", "15:04:05,5", "15:04.5", "15:04:05.1234567890", "15:04:05Z"} {
		_, err := civil.ParseClock([]byte(text))
		assert.Error(t, err, text)
	}
}

func TestAppendBoth(t *testing.T) {
	t.Parallel()
	text, err := civil.AppendBoth([]byte("at "), civil.Date{Year: 2024, Month: 2, Day: 29}, civil.Clock{Hour: 1})
	require.NoError(t, err)
	assert.Equal(t, "at 2024-02-29T01:00:00", string(text))
	date, clock, err := civil.ParseBoth(text[3:])
	require.NoError(t, err)
	assert.Equal(t, civil.Date{Year: 2024, Month: 2, Day: 29}, date)
	assert.Equal(t, time.Hour, clock.SinceMidnight())

	_, err = civil.AppendBoth(nil, civil.Date{Year: 10_000, Month: 1, Day: 1}, civil.Clock{})
	require.ErrorContains(t, err, "10000")
	_, err = civil.AppendBoth(nil, civil.Date{}, civil.Clock{Minute: 60})
	require.ErrorContains(t, err, "0:60:0.000000000 is not on the clock")
	for _, text := range []string{"2024-02-29", "2024-02-30T15:04", "2024-02-29T24:00", "T", strings.ToLower("2024-02-29T15:04")} {
		_, _, err := civil.ParseBoth([]byte(text))
		assert.Error(t, err, text)
	}
}
