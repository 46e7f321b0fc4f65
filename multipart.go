package candor

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"reflect"

	"github.com/candor-go/candor/internal/formdata"
	"github.com/candor-go/candor/internal/spool"
)

// partError returns the response for a part that could not be read, or for a body without parts. The error of a part
// does not say why the body ended; the reader of all parts knows.
func partError(parts *formdata.Reader, err error) error {
	if errors.Is(err, spool.ErrFailed) || errors.As(err, new(*HTTPError)) {
		// These already say what the response is.
		return err
	}
	err = parts.Failure(err)
	if malformed, ok := errors.AsType[formdata.Malformed](err); ok {
		return Error(http.StatusBadRequest, string(malformed))
	}
	// The body was too large or too slow, but the parser only saw that it ended.
	return bodyError(err)
}

// errCutParts is the response if a handler returns the error of parts that end too early.
var errCutParts = Error(http.StatusBadRequest, string(formdata.CutShort))

// partsBody passes the parts of a body to the handler unread.
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
		into.FieldByIndex(index).Set(reflect.ValueOf(formdata.NewParts(body, boundary, errCutParts)))
		return nil
	}
}

// MultipartLimits limits multipart forms, in addition to [MaxBody], which limits their total size. A zero field means
// the default. They do not apply to a *multipart.Reader, whose parts the handler reads itself.
type MultipartLimits struct {
	// Parts is how many parts a form may have, 100 by default, and Files how many of them may be files, by default as
	// many as Parts. A form with more is a validation error of type "too_long" at ["body"].
	Parts, Files int
	// Text is the largest length of one text part (JSON included) in bytes. The default is the limit of bodies that are
	// held in memory, 1 MiB, which in any case limits all texts of a form together. Exceeding either is a 413.
	Text int64
}

const defaultMaxParts = 100

// check reports an invalid limit.
func (l MultipartLimits) check() error {
	if l.Parts < 0 || l.Files < 0 || l.Text < 0 {
		return errors.New("a limit of multipart forms is negative; write a positive number, or 0 for the default")
	}
	return nil
}

// or fills in the zero fields of l from outer.
func (l MultipartLimits) or(outer MultipartLimits) MultipartLimits {
	return MultipartLimits{Parts: cmp.Or(l.Parts, outer.Parts), Files: cmp.Or(l.Files, outer.Files), Text: cmp.Or(l.Text, outer.Text)}
}

// withDefaults returns the limits for a form whose texts together may have that many bytes.
func (l MultipartLimits) withDefaults(texts int64) MultipartLimits {
	l.Parts = cmp.Or(l.Parts, defaultMaxParts)
	l.Files = cmp.Or(l.Files, l.Parts)
	l.Text = cmp.Or(l.Text, texts)
	return l
}
