package credentials

import (
	"encoding/base64"
	"errors"
	"reflect"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Send writes the value of a field with credentials to a request, from which a [Reader] reads an equal one. Nothing is
// written for a nil pointer, and for an empty token or key.
func Send(f *typeinfo.Field, field reflect.Value, to *bind.Sent) error {
	v := reflect.Indirect(field)
	if !v.IsValid() {
		return nil
	}
	kind := KindOf(f)
	if kind == Basic {
		return sendPair(v.Convert(reflect.TypeFor[Value]()).Interface().(Value), to)
	}
	switch text := v.String(); {
	case text == "":
		return nil
	case kind == Bearer && strings.TrimSpace(text) != text:
		return errors.New("the server would read the token without the white space at its ends")
	case kind == Bearer:
		return to.SetHeader("Authorization", Word(f)+" "+text)
	case f.Source == typeinfo.Header:
		return to.SetHeader(f.Name, text)
	case f.Source == typeinfo.Query:
		return to.AddQuery(f.Name, text)
	default:
		return to.AddCookie(f.Name, text)
	}
}

func sendPair(v Value, to *bind.Sent) error {
	if strings.Contains(v.Username, ":") {
		return errors.New("a user name with a colon cannot be sent (RFC 7617, section 2)")
	}
	return to.SetHeader("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(v.Username+":"+v.Password)))
}
