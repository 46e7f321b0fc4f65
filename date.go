package candor

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
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
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// In returns midnight at the beginning of the day in a time zone or, if a change of clocks skips it, what [time.Date]
// chooses.
func (d Date) In(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// AddDays returns the date that many days later.
func (d Date) AddDays(days int) Date { return DateOf(d.In(time.UTC).AddDate(0, 0, days)) }

// Compare returns a negative number if d is before other, a positive number if it is after, and otherwise 0.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// String formats the date as it is on the wire.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText implements encoding.TextMarshaler. It refuses days that do not exist, and years that do not have four
// digits.
func (d Date) MarshalText() ([]byte, error) {
	if d.Year < 0 || d.Year > 9999 {
		return nil, fmt.Errorf("the year %d does not fit into a date", d.Year)
	}
	return []byte(d.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. It accepts only "2006-01-02", and only days that exist.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return errors.New("not a date such as 2006-01-02")
	}
	*d = DateOf(t)
	return nil
}

// TimeOfDay is a time on the clock, without a date or a time zone. On the wire it is text such as "15:04:05", with up
// to nine fractional digits after the seconds; "15:04" is read as well. The zero value is midnight.
type TimeOfDay struct {
	Hour, Minute, Second, Nanosecond int
}

// TimeOfDayOf returns the clock time of t, in t's own time zone.
func TimeOfDayOf(t time.Time) TimeOfDay {
	hour, minute, second := t.Clock()
	return TimeOfDay{Hour: hour, Minute: minute, Second: second, Nanosecond: t.Nanosecond()}
}

// On returns the time at which the clock shows t on a date, in a time zone.
func (t TimeOfDay) On(d Date, zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, t.Hour, t.Minute, t.Second, t.Nanosecond, zone)
}

// SinceMidnight returns the time between midnight and t, on a day without a change of clocks.
func (t TimeOfDay) SinceMidnight() time.Duration {
	return time.Duration(t.Hour)*time.Hour + time.Duration(t.Minute)*time.Minute +
		time.Duration(t.Second)*time.Second + time.Duration(t.Nanosecond)
}

// Compare returns a negative number if t is before other, a positive number if it is after, and otherwise 0.
func (t TimeOfDay) Compare(other TimeOfDay) int {
	return cmp.Compare(t.SinceMidnight(), other.SinceMidnight())
}

// String formats the time as it is on the wire, without trailing zeros in the fraction.
func (t TimeOfDay) String() string {
	text := fmt.Sprintf("%02d:%02d:%02d", t.Hour, t.Minute, t.Second)
	if t.Nanosecond == 0 {
		return text
	}
	return text + strings.TrimRight(fmt.Sprintf(".%09d", t.Nanosecond), "0")
}

// MarshalText implements encoding.TextMarshaler. It refuses a time that no clock shows.
func (t TimeOfDay) MarshalText() ([]byte, error) {
	if !t.isOnClock() {
		return nil, fmt.Errorf("%d:%d:%d.%09d is not on the clock", t.Hour, t.Minute, t.Second, t.Nanosecond)
	}
	return []byte(t.String()), nil
}

func (t TimeOfDay) isOnClock() bool {
	isUpTo := func(n, most int) bool { return n >= 0 && n <= most }
	return isUpTo(t.Hour, 23) && isUpTo(t.Minute, 59) && isUpTo(t.Second, 59) && isUpTo(t.Nanosecond, 999_999_999)
}

// UnmarshalText implements encoding.TextUnmarshaler. It reads two digits for each part, and a fraction after a point.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	layout := "15:04:05"
	if len(text) == len("15:04") {
		layout = "15:04"
	}
	form, fraction, hasFraction := strings.Cut(string(text), ".")
	// Parse also accepts a fraction of any length, a comma before it, and an hour of one digit. The comparisons below
	// allow only one form of each length.
	read, err := time.Parse(layout, string(text))
	if err != nil || len(form) != len(layout) || hasFraction && (len(fraction) > 9 || layout == "15:04") {
		return errors.New("not a time of day such as 15:04:05")
	}
	*t = TimeOfDayOf(read)
	return nil
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
	return cmp.Or(l.Date.Compare(other.Date), l.Time.Compare(other.Time))
}

// String formats the date and time as they are on the wire.
func (l LocalDateTime) String() string { return l.Date.String() + "T" + l.Time.String() }

// MarshalText implements encoding.TextMarshaler. It refuses a date or time that does not exist.
func (l LocalDateTime) MarshalText() ([]byte, error) {
	date, err := l.Date.MarshalText()
	if err != nil {
		return nil, err
	}
	clock, err := l.Time.MarshalText()
	if err != nil {
		return nil, err
	}
	return append(append(date, 'T'), clock...), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. It reads a [Date], a T and a [TimeOfDay].
func (l *LocalDateTime) UnmarshalText(text []byte) error {
	date, clock, found := bytes.Cut(text, []byte("T"))
	var read LocalDateTime
	if !found || read.Date.UnmarshalText(date) != nil || read.Time.UnmarshalText(clock) != nil {
		return errors.New("not a date and time such as 2006-01-02T15:04:05")
	}
	*l = read
	return nil
}
