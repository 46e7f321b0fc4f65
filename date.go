package candor

import (
	"cmp"
	"time"

	"github.com/candor-go/candor/internal/civil"
)

// Date is a day of the Gregorian calendar, without a time or a time zone. In parameters and bodies it is text such as
// "2006-01-02" (full-date of RFC 3339). The zero value is not a valid day: a response that contains it, or a day that
// does not exist, is an error. Leave it out with omitzero or a pointer.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day on which t falls, in t's own time zone.
func DateOf(t time.Time) Date { return Date(civil.DateOf(t)) }

// In returns midnight at the beginning of the day in a time zone or, if a change of clocks skips it, what [time.Date]
// chooses.
func (d Date) In(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// AddDays returns the date that many days later.
func (d Date) AddDays(days int) Date { return DateOf(d.In(time.UTC).AddDate(0, 0, days)) }

// Compare returns a negative number if d is before other, a positive number if it is after, and otherwise 0.
func (d Date) Compare(other Date) int { return civil.Date(d).Compare(civil.Date(other)) }

// String formats the date as it is on the wire.
func (d Date) String() string { return civil.Date(d).String() }

// MarshalText implements encoding.TextMarshaler. It refuses days that do not exist, and years that do not have four
// digits.
func (d Date) MarshalText() ([]byte, error) { return civil.Date(d).Append(nil) }

// UnmarshalText implements encoding.TextUnmarshaler. It accepts only "2006-01-02", and only days that exist.
func (d *Date) UnmarshalText(text []byte) error {
	read, err := civil.ParseDate(text)
	if err == nil {
		*d = Date(read)
	}
	return err
}

// TimeOfDay is a time on the clock, without a date or a time zone. On the wire it is text such as "15:04:05", with up
// to nine fractional digits after the seconds; "15:04" is read as well. The zero value is midnight.
type TimeOfDay struct {
	Hour, Minute, Second, Nanosecond int
}

// TimeOfDayOf returns the clock time of t, in t's own time zone.
func TimeOfDayOf(t time.Time) TimeOfDay { return TimeOfDay(civil.ClockOf(t)) }

// On returns the time at which the clock shows t on a date, in a time zone.
func (t TimeOfDay) On(d Date, zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, t.Hour, t.Minute, t.Second, t.Nanosecond, zone)
}

// SinceMidnight returns the time between midnight and t, on a day without a change of clocks.
func (t TimeOfDay) SinceMidnight() time.Duration { return civil.Clock(t).SinceMidnight() }

// Compare returns a negative number if t is before other, a positive number if it is after, and otherwise 0.
func (t TimeOfDay) Compare(other TimeOfDay) int {
	return cmp.Compare(t.SinceMidnight(), other.SinceMidnight())
}

// String formats the time as it is on the wire, without trailing zeros in the fraction.
func (t TimeOfDay) String() string { return civil.Clock(t).String() }

// MarshalText implements encoding.TextMarshaler. It refuses a time that no clock shows.
func (t TimeOfDay) MarshalText() ([]byte, error) { return civil.Clock(t).Append(nil) }

// UnmarshalText implements encoding.TextUnmarshaler. It reads two digits for each part, and a fraction after a point.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	read, err := civil.ParseClock(text)
	if err == nil {
		*t = TimeOfDay(read)
	}
	return err
}

// LocalDateTime is a date and a time of day without a time zone, as an <input type="datetime-local"> sends it. On the
// wire it is text such as "2006-01-02T15:04:05", with up to nine fractional digits after the seconds;
// "2006-01-02T15:04" is read as well. The zero value is not a valid day, like that of [Date]. For an instant, which has
// an offset, use [time.Time].
type LocalDateTime struct {
	Date Date
	Time TimeOfDay
}

// LocalDateTimeOf returns the date and clock time of t, in t's own time zone.
func LocalDateTimeOf(t time.Time) LocalDateTime {
	return LocalDateTime{Date: DateOf(t), Time: TimeOfDayOf(t)}
}

// In returns the instant at which calendar and clock show l in a time zone or, if a change of clocks skips it, what
// [time.Date] chooses.
func (l LocalDateTime) In(zone *time.Location) time.Time { return l.Time.On(l.Date, zone) }

// Compare returns a negative number if l is before other, a positive number if it is after, and otherwise 0.
func (l LocalDateTime) Compare(other LocalDateTime) int {
	if order := l.Date.Compare(other.Date); order != 0 {
		return order
	}
	return l.Time.Compare(other.Time)
}

// String formats the date and time as they are on the wire.
func (l LocalDateTime) String() string { return l.Date.String() + "T" + l.Time.String() }

// MarshalText implements encoding.TextMarshaler. It refuses a date or time that does not exist.
func (l LocalDateTime) MarshalText() ([]byte, error) {
	return civil.AppendBoth(nil, civil.Date(l.Date), civil.Clock(l.Time))
}

// UnmarshalText implements encoding.TextUnmarshaler. It reads a [Date], a T and a [TimeOfDay].
func (l *LocalDateTime) UnmarshalText(text []byte) error {
	date, clock, err := civil.ParseBoth(text)
	if err == nil {
		*l = LocalDateTime{Date: Date(date), Time: TimeOfDay(clock)}
	}
	return err
}
