package candor

import (
	"cmp"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"reflect"

	"github.com/candor-go/candor/internal/formdata"
)

// partError is the response to a part that could not be read, or to a body without
// parts. The reader of a part does not say why the body ended; the one of all parts
// knows.
func partError(parts *formdata.Reader, err error) error {
	if errors.Is(err, errSpool) || errors.As(err, new(*HTTPError)) {
		// These say already which response they are.
		return err
	}
	err = parts.Failure(err)
	if malformed, ok := errors.AsType[formdata.Malformed](err); ok {
		return Error(http.StatusBadRequest, string(malformed))
	}
	// The body failed, too large or too slow, and the parser saw only that it ended.
	return bodyError(err)
}

// partsBody hands the parts of a body on unread.
func partsBody(index []int) passBody {
	return func(into reflect.Value, body io.Reader, in incoming) error {
		// The field stays nil, and a request without a body has no boundary to check.
		if body == http.NoBody {
			return nil
		}
		boundary, err := formdata.Boundary(in.r.Header.Get("Content-Type"))
		if err != nil {
			return partError(nil, err)
		}
		into.FieldByIndex(index).Set(reflect.ValueOf(multipart.NewReader(body, boundary)))
		return nil
	}
}

// MultipartLimits bound multipart forms, beside [MaxBody], which limits their
// size. A field that is zero means its default. They do not hold for a
// *multipart.Reader, whose parts the handler counts.
type MultipartLimits struct {
	// Parts is how many parts a form may have, 100. A form with more is a
	// validation error of type "too_long" at ["body"], like one with more Files:
	// by default, as many as Parts.
	Parts, Files int
	// Text is the length of one text in bytes, JSON included. By default it is the
	// limit of bodies that are held in memory, 1 MiB, which holds for all texts of
	// a form together in any case. Over either the response is 413.
	Text int64
}

const defaultMaxParts = 100

// check finds a limit that is none.
func (l MultipartLimits) check() error {
	if l.Parts < 0 || l.Files < 0 || l.Text < 0 {
		return errors.New("a limit of multipart forms is negative; write a positive number, or 0 for the default")
	}
	return nil
}

// or fills in what l leaves open.
func (l MultipartLimits) or(outer MultipartLimits) MultipartLimits {
	return MultipartLimits{Parts: cmp.Or(l.Parts, outer.Parts), Files: cmp.Or(l.Files, outer.Files), Text: cmp.Or(l.Text, outer.Text)}
}

// withDefaults are the limits of a form whose texts may have so many bytes.
func (l MultipartLimits) withDefaults(texts int64) MultipartLimits {
	l.Parts = cmp.Or(l.Parts, defaultMaxParts)
	l.Files = cmp.Or(l.Files, l.Parts)
	l.Text = cmp.Or(l.Text, texts)
	return l
}
