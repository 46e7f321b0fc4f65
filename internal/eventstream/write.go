package eventstream

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	errEmpty      = errors.New("an event needs data, a name, a comment, an id or a retry")
	errNameBreaks = errors.New("the name of an event must not have line breaks")
	errIDBreaks   = errors.New("the id of an event must not have line breaks or NUL")
	errRetry      = errors.New("the retry of an event must not be negative")
	errUTF8       = errors.New("an event stream is UTF-8, and a part of the event is not")
)

// Append appends an event to dst: comment, name, data, id, retry, blank line. Line breaks in data and comment (CR, LF
// and CRLF) start a new line of the same field, so clients read each of them as LF. It is an error if the event is
// empty or if a client would read it as a different one; dst is then returned unchanged.
func Append(dst []byte, e *Event) ([]byte, error) {
	if err := e.check(); err != nil {
		return dst, err
	}
	if e.Comment != "" {
		dst = appendLines(dst, ": ", e.Comment)
	}
	if e.Name != "" {
		dst = appendLine(dst, "event: ", e.Name)
	}
	switch {
	case e.HasData && e.OneLine:
		dst = appendLine(dst, "data: ", e.Data)
	case e.HasData:
		dst = appendLines(dst, "data: ", e.Data)
	}
	if e.ID != "" {
		dst = appendLine(dst, "id: ", e.ID)
	}
	if e.Retry > 0 {
		dst = appendRetry(dst, e.Retry)
	}
	return append(dst, '\n'), nil
}

func (e *Event) check() error {
	switch {
	case e.OneLine && e.HasData && e.Name == "" && e.ID == "" && e.Comment == "" && e.Retry == 0:
		return nil // almost every event is such a one, and always valid
	case !e.HasData && e.Name == "" && e.Comment == "" && e.ID == "" && e.Retry == 0:
		return errEmpty
	case strings.ContainsAny(e.Name, "\r\n"):
		return errNameBreaks
	// A client would ignore an id with NUL.
	case strings.ContainsAny(e.ID, "\r\n\x00"):
		return errIDBreaks
	case e.Retry < 0:
		return errRetry
	case !utf8.ValidString(e.Name), !utf8.ValidString(e.ID), !utf8.ValidString(e.Comment), e.HasData && !e.OneLine && !utf8.Valid(e.Data):
		return errUTF8
	}
	return nil
}

func appendRetry(dst []byte, retry time.Duration) []byte {
	milliseconds := retry.Milliseconds()
	if time.Duration(milliseconds)*time.Millisecond < retry {
		milliseconds++ // with a retry of 0 the client would reconnect at once
	}
	dst = append(dst, "retry: "...)
	dst = strconv.AppendInt(dst, milliseconds, 10)
	return append(dst, '\n')
}

func appendLine[S string | []byte](dst []byte, field string, line S) []byte {
	dst = append(dst, field...)
	dst = append(dst, line...)
	return append(dst, '\n')
}

// appendLines writes a field for each line of a text. A trailing line break becomes an empty last line.
func appendLines[S string | []byte](dst []byte, field string, text S) []byte {
	for {
		end, next := lineEnd(text)
		if end < 0 {
			return appendLine(dst, field, text)
		}
		dst = appendLine(dst, field, text[:end])
		text = text[next:]
	}
}

// lineEnd returns the end of the first line of a text and the start of the next one; end is -1 for the last line.
func lineEnd[S string | []byte](text S) (end, next int) {
	end = indexBreak(text)
	if end < 0 {
		return -1, 0
	}
	if text[end] == '\r' && end+1 < len(text) && text[end+1] == '\n' {
		return end, end + 2
	}
	return end, end + 1
}

// indexBreak searches for each of the two bytes separately, which is several times faster than a loop for both.
func indexBreak[S string | []byte](text S) int {
	lf := indexByte(text, '\n')
	// Only a CR before the LF matters.
	if lf >= 0 {
		text = text[:lf]
	}
	if cr := indexByte(text, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

func indexByte[S string | []byte](text S, c byte) int {
	switch text := any(text).(type) {
	case string:
		return strings.IndexByte(text, c)
	case []byte:
		return bytes.IndexByte(text, c)
	}
	return -1
}
