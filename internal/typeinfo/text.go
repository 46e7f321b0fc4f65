package typeinfo

import (
	"encoding"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/lazy"
)

// ReadsText and WritesText report whether a type has its own text form: the methods of package encoding. url.URL has none,
// and is treated as if it had.
func ReadsText(t reflect.Type) bool { return t == urlType || implementsAny(t, textReaders) }

// WritesText is like ReadsText, for writing.
func WritesText(t reflect.Type) bool { return t == urlType || implementsAny(t, textWriters) }

// CheckReadsText and CheckReadsJSON find a method that reads into a copy: the value that it is called on would stay
// empty. A type of no size has nothing to fill in.
func (t *Type) CheckReadsText() *Error { return t.checkReceiver(textReaders) }

// CheckReadsJSON is like CheckReadsText, for the methods of JSON.
func (t *Type) CheckReadsJSON() *Error { return t.checkReceiver(jsonReaders) }

func (t *Type) checkReceiver(readers []formMethod) *Error {
	for _, reader := range readers {
		if t.Go.Implements(reader.of) && t.Go.Size() > 0 {
			return &Error{
				Type: Name(t.Go), Problem: "its method " + reader.name + " has a value receiver, so what it reads is lost",
				Fix: "declare " + reader.name + " with a pointer receiver",
			}
		}
	}
	return nil
}

// ReadText reads the text of a value of such a type into what a pointer points to.
func (t *Type) ReadText(into any, text []byte) error {
	if u, ok := into.(*url.URL); ok {
		return readURL(u, string(text))
	}
	return into.(encoding.TextUnmarshaler).UnmarshalText(text)
}

// WriteText returns the text of a value of such a type, given a pointer to it. Some values, such as a zero date, have
// none.
func (t *Type) WriteText(from any) ([]byte, error) {
	if u, ok := from.(*url.URL); ok {
		return writeURL(u)
	}
	text, err := from.(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return nil, fmt.Errorf("MarshalText of %s: %w", t.Go, err)
	}
	if isDate := t.Format == "date" || t.Format == LocalDateTime; isDate && !beginsWithDate(string(text)) {
		return nil, fmt.Errorf("%q is not a date; leave an unset one out by omitzero or a pointer", text)
	}
	return text, nil
}

func beginsWithDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text[:min(len(text), len(time.DateOnly))])
	return err == nil
}

var urlType = reflect.TypeFor[url.URL]()

// absoluteURL matches a URI as in RFC 3986, which is what the format uri of JSON Schema means; it begins with a scheme.
// A scheme with nothing after it, which clients that check the format reject, does not match.
var absoluteURL = lazy.Regexp{Text: `^[A-Za-z][A-Za-z0-9+.-]*:(?:` + urlAuthority + `|` + urlPath + `)(?:\?` + urlRest + `)?(?:#` + urlRest + `)?$`}

const (
	urlPlain     = `[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}`
	urlSegment   = urlPlain + `|[:@]`
	urlAuthority = `//(?:(?:` + urlPlain + `|:)*@)?(?:\[[0-9A-Fa-f:.]+\]|(?:` + urlPlain + `)*)(?::[0-9]*)?(?:/(?:` + urlSegment + `|/)*)?`
	urlPath      = `/?(?:` + urlSegment + `)(?:` + urlSegment + `|/)*|/`
	urlRest      = `(?:` + urlSegment + `|[/?])*`
)

var errURL = errors.New("not a URL such as https://example.com/path")

func readURL(u *url.URL, text string) error {
	read, err := url.Parse(text)
	// Parse also accepts relative references, and characters that are not allowed in a URI.
	if err != nil || !absoluteURL.Get().MatchString(text) {
		return errURL
	}
	*u = *read
	return nil
}

// writeURL rejects URLs that the document does not allow, such as the zero value.
func writeURL(u *url.URL) ([]byte, error) {
	text := u.String()
	if !absoluteURL.Get().MatchString(text) {
		return nil, fmt.Errorf("%q is not an absolute URL; leave it out by a pointer, or use a string for a relative one", strings.ToValidUTF8(text, ""))
	}
	return []byte(text), nil
}
