package candor

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Deprecated marks operations as deprecated in the document. They are still served.
//
// Optional dates say since when, and until when:
//
//	candor.Deprecated(since)         // Deprecation: @1767225600 (RFC 9745)
//	candor.Deprecated(since, sunset) // and Sunset: Thu, 31 Dec 2026 ... (RFC 8594)
//
// Every response of the operation then has these headers, which the document describes, and the app logs which clients
// still call it: their address and User-Agent, never credentials, once an hour for each client and operation. After the
// sunset the operation is still served until you remove it. Dates of a route win over those of its router or app. A
// sunset before the first date, and a third date, panic.
func Deprecated(dates ...time.Time) Option {
	return everywhere(func(s *settings) error {
		s.deprecated = true
		if len(dates) == 0 {
			return nil
		}
		if err := checkDeprecation(dates); err != nil {
			return err
		}
		s.deprecation = &deprecation{since: dates[0]}
		if len(dates) > 1 {
			s.deprecation.sunset = dates[1]
		}
		return nil
	})
}

func checkDeprecation(dates []time.Time) error {
	switch {
	case len(dates) > 2:
		return fmt.Errorf("Deprecated with %d dates; give the day of the deprecation, and the one of the sunset", len(dates))
	case dates[0].IsZero():
		return errors.New("Deprecated since the zero time; give a date, or none")
	case len(dates) == 2 && dates[1].IsZero():
		return errors.New("Deprecated with a sunset at the zero time; give a date, or leave it out")
	case len(dates) == 2 && dates[1].Before(dates[0]):
		return errors.New("Deprecated with a sunset before the deprecation; RFC 9745 forbids that, so give the earlier date first")
	}
	return nil
}

// deprecation says since when an operation is deprecated and when it is to be removed; sunset is zero if that is not
// known.
type deprecation struct{ since, sunset time.Time }

// or returns d or, if it is nil, the value of the outer scope.
func (d *deprecation) or(outer *deprecation) *deprecation { return cmp.Or(d, outer) }
