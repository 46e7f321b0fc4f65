package codec

import (
	"strconv"

	"github.com/candor-go/candor/internal/fault"
)

// AppendFaults writes validation errors as a JSON array of objects with type, loc, msg, input and ctx. message returns
// the message of an error, "" for the default.
func AppendFaults(dst []byte, faults []fault.Fault, message func(*fault.Fault) string) (_ []byte, err error) {
	dst = append(dst, '[')
	for i := range faults {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendFault(dst, &faults[i], message(&faults[i])); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendFault(dst []byte, f *fault.Fault, message string) (_ []byte, err error) {
	dst = append(dst, `{"type":`...)
	// The texts of a rule are encoded once, not for each of its faults.
	if f.Rule != nil {
		dst = append(dst, f.Rule.Texts().Type...)
	} else {
		dst = AppendString(dst, f.Type)
	}
	dst = append(dst, `,"loc":`...)
	if dst, err = appendLoc(dst, f.Loc); err != nil {
		return dst, err
	}
	dst = append(dst, `,"msg":`...)
	switch {
	case message != "":
		dst = AppendString(dst, message)
	case f.Rule != nil:
		dst = append(dst, f.Rule.Texts().Sentence...)
	default:
		dst = AppendString(dst, fault.Message(f.Type, f.Ctx))
	}
	if f.Input != nil {
		dst = append(dst, `,"input":`...)
		if dst, err = AppendAny(dst, f.Input); err != nil {
			return dst, err
		}
	}
	if f.Rule != nil {
		dst = append(append(dst, `,"ctx":`...), f.Rule.Texts().Facts...)
	} else if len(f.Ctx) > 0 {
		dst, err = AppendAny(append(dst, `,"ctx":`...), f.Ctx)
	}
	return append(dst, '}'), err
}

func appendLoc(dst []byte, loc []any) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, at := range loc {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch at := at.(type) {
		case string:
			dst = AppendString(dst, at)
		case int:
			dst = strconv.AppendInt(dst, int64(at), 10)
		default:
			// A user's error may have values of any type in its location.
			dst, err = AppendAny(dst, at)
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}
