package credentials

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Value is what a client has sent. A token or key is the Password. It has the fields of the public type for the scheme
// Basic, so that one converts to the other.
type Value struct{ Username, Password string }

// Reader reads the credentials that a field asks for.
type Reader struct {
	// Field is the field.
	Field *typeinfo.Field
	kind  Kind
	// word is the scheme that precedes the credentials in an Authorization header.
	word string
}

// NewReader compiles the reader of a field with credentials, and refuses tags that do not suit its kind.
func NewReader(in *typeinfo.Input, f *typeinfo.Field) (*Reader, error) {
	r := &Reader{Field: f, kind: KindOf(f), word: Word(f)}
	problem, fix := "", "drop the tag"
	switch isKey := r.kind == APIKey; {
	case isKey && f.Source != typeinfo.Header && f.Source != typeinfo.Query && f.Source != typeinfo.Cookie:
		problem, fix = "nothing says where the key is sent", "add `header:\"X-API-Key\"`, `query:\"api_key\"` or `cookie:\"session\"`"
	case isKey && f.Name == "":
		problem, fix = "its "+f.Source.String()+" tag has no name", "name it"
	case r.kind == Basic && f.Word != "":
		problem = "its scheme tag has no effect, as candor.Basic is the scheme Basic"
	case !isKey && f.Source != typeinfo.NoSource && f.Source != typeinfo.Security:
		problem = fmt.Sprintf("a %s tag on a value of the Authorization header", f.Source)
	case r.kind == Bearer && strings.EqualFold(r.word, "Basic"):
		problem, fix = "Basic is not a scheme of tokens", "give the field the type candor.Basic"
	default:
		return r, nil
	}
	return nil, misuse(in, f, problem, fix)
}

// Read reads the credentials of a request. ok is false if there are none.
func (r *Reader) Read(from *http.Request) (v Value, ok bool) {
	if r.kind == APIKey {
		v.Password = Key(from, r.Field)
		return v, v.Password != ""
	}
	v.Password, ok = mediatype.Credentials(Authorization(from), r.word)
	if !ok || r.kind == Bearer {
		return v, ok
	}
	return readPair(v.Password)
}

// readPair reads a user name, which ends at the first colon, and a password.
func readPair(encoded string) (v Value, ok bool) {
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return v, false
	}
	// A password may contain colons, a user name may not (RFC 7617, section 2).
	v.Username, v.Password, ok = strings.Cut(string(decoded), ":")
	return v, ok
}

// Check says what is wrong with credentials that are not text, "" for those that are: they are neither valid nor absent.
func (r *Reader) Check(v Value) string {
	if utf8.ValidString(v.Username) && utf8.ValidString(v.Password) {
		return ""
	}
	what := "token"
	switch r.kind {
	case Basic:
		what = "user name or password"
	case APIKey:
		what = r.Field.Source.String() + " " + r.Field.Name
	}
	return "The " + what + " is not valid UTF-8"
}

// Key returns the API key that a field reads, "" for fields of other credentials.
func Key(r *http.Request, f *typeinfo.Field) string {
	switch f.Source {
	case typeinfo.Header:
		return lastLine(r.Header.Values(f.Name))
	case typeinfo.Query:
		text, _ := bind.QueryText(r.URL.RawQuery, f.Name)
		return text
	case typeinfo.Cookie:
		if texts := bind.CookieTexts(r.Header, f.Name); len(texts) > 0 {
			return texts[0]
		}
	}
	return ""
}

// Authorization returns the line of the Authorization header that counts.
func Authorization(r *http.Request) string { return lastLine(r.Header["Authorization"]) }

// lastLine returns the line of a header that counts for a single value, and "" if there are none.
func lastLine(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// Joined joins the credentials of a request to an operation that reads these API keys.
func Joined(r *http.Request, fields []*typeinfo.Field) string {
	all := Authorization(r)
	for _, f := range fields {
		if key := Key(r, f); key != "" {
			all += "\n" + f.Name + "=" + key
		}
	}
	return all
}
