package candor_test

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

func TestDateText(t *testing.T) {
	for text, want := range map[string]candor.Date{
		"2006-01-02": {2006, time.January, 2},
		"2024-02-29": {2024, time.February, 29},
		"0001-12-31": {1, time.December, 31},
	} {
		var got candor.Date
		require.NoError(t, got.UnmarshalText([]byte(text)), text)
		assert.Equal(t, want, got)
		assert.Equal(t, text, got.String())
	}
	for _, text := range []string{"", "2006-1-2", "2006-02-30", "2023-02-29", "06-01-02", "2006-01-02T00:00:00Z", " 2006-01-02", "20060102", "0000-00-00", "+006-01-02"} {
		var got candor.Date
		assert.Error(t, got.UnmarshalText([]byte(text)), text)
	}
	_, err := json.Marshal(candor.Date{Year: 10000, Month: 1, Day: 1})
	assert.Error(t, err)
}

func TestDateArithmetic(t *testing.T) {
	d := candor.Date{2024, time.February, 28}
	assert.Equal(t, candor.Date{2024, time.March, 1}, d.AddDays(2))
	assert.Equal(t, candor.Date{2023, time.December, 31}, d.AddDays(-59))
	assert.Negative(t, d.Compare(d.AddDays(1)))
	assert.Positive(t, d.Compare(d.AddDays(-40)))
	assert.Zero(t, d.Compare(d))
	zone := time.FixedZone("east", 3*3600)
	assert.Equal(t, d, candor.DateOf(d.In(zone)))
}

func TestTimeOfDayText(t *testing.T) {
	for text, want := range map[string]candor.TimeOfDay{
		"15:04:05":           {15, 4, 5, 0},
		"00:00:00":           {},
		"23:59:59.999999999": {23, 59, 59, 999999999},
		"07:08:09.5":         {7, 8, 9, 500000000},
	} {
		var got candor.TimeOfDay
		require.NoError(t, got.UnmarshalText([]byte(text)), text)
		assert.Equal(t, want, got)
		assert.Equal(t, text, got.String())
	}
	var short candor.TimeOfDay
	require.NoError(t, short.UnmarshalText([]byte("15:04")))
	assert.Equal(t, candor.TimeOfDay{Hour: 15, Minute: 4}, short)
	for _, wrong := range []candor.TimeOfDay{{Hour: 24}, {Minute: -1}, {Second: 60}, {Nanosecond: 1e9}} {
		_, err := wrong.MarshalText()
		assert.Error(t, err)
	}
	assert.Negative(t, short.Compare(candor.TimeOfDay{15, 4, 0, 1}))
	assert.Equal(t, time.Date(2024, 2, 29, 15, 4, 0, 0, time.UTC), short.On(candor.Date{2024, 2, 29}, time.UTC))
}

func TestLocalDateTimeText(t *testing.T) {
	for text, want := range map[string]string{
		"2024-02-29T15:04":           "2024-02-29T15:04:00",
		"2024-02-29T15:04:05":        "2024-02-29T15:04:05",
		"0001-12-31T23:59:59.999":    "0001-12-31T23:59:59.999",
		"2006-01-02T00:00:00.000001": "2006-01-02T00:00:00.000001",
	} {
		var got candor.LocalDateTime
		require.NoError(t, got.UnmarshalText([]byte(text)), text)
		assert.Equal(t, want, got.String())
		written, err := got.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(written))
	}
	for _, text := range []string{"", "2024-02-29", "15:04", "2024-02-30T15:04", "2024-02-29 15:04", "2024-02-29T24:00", "2024-02-29T15:04Z", "2024-02-29T15:04:05+01:00", "T"} {
		var got candor.LocalDateTime
		assert.Error(t, got.UnmarshalText([]byte(text)), text)
		assert.Zero(t, got)
	}
	_, err := candor.LocalDateTime{Date: candor.Date{2024, 2, 29}, Time: candor.TimeOfDay{Hour: 24}}.MarshalText()
	assert.Error(t, err)

	zone := time.FixedZone("east", 3*3600)
	at := time.Date(2024, 2, 29, 15, 4, 5, 6, zone)
	local := candor.LocalDateTimeOf(at)
	assert.Equal(t, at, local.In(zone))
	assert.Zero(t, local.Compare(candor.LocalDateTimeOf(at)))
	assert.Negative(t, local.Compare(candor.LocalDateTimeOf(at.Add(time.Nanosecond))))
	assert.Positive(t, local.Compare(candor.LocalDateTimeOf(at.AddDate(0, 0, -1).Add(time.Hour))))
}

func TestLocalDateTimes(t *testing.T) {
	c := apptest.Echoing[struct {
		At   candor.LocalDateTime   `query:"at" default:"2026-11-21T13:00"`
		Ends *candor.LocalDateTime  `header:"X-Ends"`
		Due  []candor.LocalDateTime `cookie:"due,omitempty"`
	}](t, "/")
	gets(t, c,
		asked{target: "/", want: `200 {"At":"2026-11-21T13:00:00","Ends":null,"Due":null}`},
		asked{
			target: "/?at=2024-02-29T15:04:05.5", options: []candor.TestOption{candor.WithHeader("X-Ends", "2024-03-01T00:00"), candor.WithCookie("due", "2024-01-01T00:00,2025-01-01T00:00")},
			want: `200 {"At":"2024-02-29T15:04:05.5","Ends":"2024-03-01T00:00:00","Due":["2024-01-01T00:00:00","2025-01-01T00:00:00"]}`,
		},
		asked{target: "/?at=2024-02-29T15:04:05Z", want: `datetime_parsing ["query","at"] {"expected":"2006-01-02T15:04:05"}`},
		asked{target: "/?at=2024-02-30T15:04", want: `datetime_parsing ["query","at"] {"expected":"2006-01-02T15:04:05"}`},
	)
	assert.Equal(t, "date-time-local", apptest.DocumentMember(t, c, "paths", "/", "get", "parameters", 0, "schema", "format"))

	body := apptest.Echoing[struct {
		Body struct {
			At candor.LocalDateTime `json:"at"`
		} `body:""`
	}](t, "/")
	posts(t, body, "/",
		[2]string{`{"at":"2024-02-29T15:04"}`, `200 {"Body":{"at":"2024-02-29T15:04:00"}}`},
		[2]string{`{"at":"soon"}`, `datetime_parsing ["body","at"] {"expected":"2006-01-02T15:04:05"}`},
		[2]string{`{"at":5}`, `string_type ["body","at"]`},
	)
}

// onClock is the pattern of a TimeOfDay's schema.
var onClock = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?$`)

func FuzzTimeOfDay(f *testing.F) {
	for _, text := range []string{"15:04:05", "15:04", "15:04:05.5", "15:04:05,5", "5:04:05", "15:04.5", "24:00:00", "15:04:60", "15:04:05.", "15:04:05.1234567890"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got candor.TimeOfDay
		err := got.UnmarshalText([]byte(text))
		require.Equal(t, onClock.MatchString(text), err == nil, text)
		if err == nil {
			var again candor.TimeOfDay
			require.NoError(t, again.UnmarshalText([]byte(got.String())))
			require.Equal(t, got, again)
		}
	})
}
