// Package civil reads, writes and compares dates and times of day without a time zone. The root's types of the same
// fields convert to these; their comments say what is on the wire.
package civil

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Date is a day of the Gregorian calendar.
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

// Compare returns a negative number if d is before other, a positive number if it is after, and otherwise 0.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// String formats the date as it is on the wire.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Append appends the date to dst, unless its year does not have four digits.
func (d Date) Append(dst []byte) ([]byte, error) {
	if d.Year < 0 || d.Year > 9999 {
		return nil, fmt.Errorf("the year %d does not fit into a date", d.Year)
	}
	return append(dst, d.String()...), nil
}

// ParseDate reads "2006-01-02", of a day that exists.
func ParseDate(text []byte) (Date, error) {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return Date{}, errors.New("not a date such as 2006-01-02")
	}
	return DateOf(t), nil
}

// Clock is a time of day.
type Clock struct{ Hour, Minute, Second, Nanosecond int }

// ClockOf returns the time of day of t, in t's own time zone.
func ClockOf(t time.Time) Clock {
	hour, minute, second := t.Clock()
	return Clock{Hour: hour, Minute: minute, Second: second, Nanosecond: t.Nanosecond()}
}

// SinceMidnight returns the time between midnight and c, on a day without a change of clocks.
func (c Clock) SinceMidnight() time.Duration {
	return time.Duration(c.Hour)*time.Hour + time.Duration(c.Minute)*time.Minute +
		time.Duration(c.Second)*time.Second + time.Duration(c.Nanosecond)
}

// String formats the time as it is on the wire, without trailing zeros in the fraction.
func (c Clock) String() string {
	text := fmt.Sprintf("%02d:%02d:%02d", c.Hour, c.Minute, c.Second)
	if c.Nanosecond == 0 {
		return text
	}
	return text + strings.TrimRight(fmt.Sprintf(".%09d", c.Nanosecond), "0")
}

// Append appends the time to dst, unless no clock shows it.
func (c Clock) Append(dst []byte) ([]byte, error) {
	if !c.exists() {
		return nil, fmt.Errorf("%d:%d:%d.%09d is not on the clock", c.Hour, c.Minute, c.Second, c.Nanosecond)
	}
	return append(dst, c.String()...), nil
}

// exists reports whether a clock shows the time.
func (c Clock) exists() bool {
	isUpTo := func(n, most int) bool { return n >= 0 && n <= most }
	return isUpTo(c.Hour, 23) && isUpTo(c.Minute, 59) && isUpTo(c.Second, 59) && isUpTo(c.Nanosecond, 999_999_999)
}

// ParseClock reads "15:04:05", with up to nine fractional digits, or "15:04".
func ParseClock(text []byte) (Clock, error) {
	layout := "15:04:05"
	if len(text) == len("15:04") {
		layout = "15:04"
	}
	form, fraction, hasFraction := strings.Cut(string(text), ".")
	// Parse also accepts a fraction of any length, a comma before it, and an hour of one digit. The comparisons below
	// allow only one form of each length.
	read, err := time.Parse(layout, string(text))
	if err != nil || len(form) != len(layout) || hasFraction && (len(fraction) > 9 || layout == "15:04") {
		return Clock{}, errors.New("not a time of day such as 15:04:05")
	}
	return ClockOf(read), nil
}

// AppendBoth appends a date, a T and a time of day to dst, unless one of them does not exist.
func AppendBoth(dst []byte, d Date, c Clock) ([]byte, error) {
	dst, err := d.Append(dst)
	if err != nil {
		return nil, err
	}
	return c.Append(append(dst, 'T'))
}

// ParseBoth reads a date, a T and a time of day.
func ParseBoth(text []byte) (Date, Clock, error) {
	date, clock, found := bytes.Cut(text, []byte("T"))
	d, dateErr := ParseDate(date)
	c, clockErr := ParseClock(clock)
	if !found || dateErr != nil || clockErr != nil {
		return Date{}, Clock{}, errors.New("not a date and time such as 2006-01-02T15:04:05")
	}
	return d, c, nil
}
