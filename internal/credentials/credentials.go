// Package credentials is about what clients prove their identity with: which fields of an input read credentials, how
// they are read from a request and written to one, how schemes describe them in a document, and how a 401 asks for them.
// It stands between internal/typeinfo, which describes the fields, and the root, which has their public types and the
// responses.
package credentials

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Kind is a kind of credentials: the name of its public type, "" for none.
type Kind string

// The kinds.
const (
	Bearer Kind = "Bearer"
	Basic  Kind = "Basic"
	APIKey Kind = "APIKey"
)

// KindOf returns the kind of a ready-made field, "" if it is not for credentials. All ready-made types are public types
// of the root or of the standard library, so that the name suffices.
func KindOf(f *typeinfo.Field) Kind {
	t := f.Type.Go
	if !f.Required {
		// An optional security field is a pointer.
		t = t.Elem()
	}
	switch kind := Kind(t.Name()); kind {
	case Bearer, Basic, APIKey:
		return kind
	}
	return ""
}

// Is reports whether a ready-made field reads credentials.
func Is(f *typeinfo.Field) bool { return KindOf(f) != "" }

// In reports whether an input reads credentials itself.
func In(in *typeinfo.Input) bool { return slices.ContainsFunc(in.Ready, Is) }

// Fields returns the fields of an input that read credentials.
func Fields(in *typeinfo.Input) []*typeinfo.Field {
	var found []*typeinfo.Field
	for _, f := range in.Ready {
		if Is(f) {
			found = append(found, f)
		}
	}
	return found
}

// Choice are fields with credentials of which a request needs one. The first field stands for all of them.
type Choice []*typeinfo.Field

// Choices returns the choices of an input.
func Choices(in *typeinfo.Input) []Choice {
	var all []Choice
	for _, f := range in.Ready {
		switch last := len(all) - 1; {
		case f.Choice == "":
		// The fields of a choice are adjacent, because they are in one struct.
		case last >= 0 && all[last][0].Choice == f.Choice:
			all[last] = append(all[last], f)
		default:
			all = append(all, Choice{f})
		}
	}
	return all
}

// MayRefuse reports whether a field may cause a request to be refused: because its credentials are missing, or an API
// key is not text.
func MayRefuse(f *typeinfo.Field) bool {
	return f.Required || f.Choice != "" || KindOf(f) == APIKey
}

// Word returns the scheme that precedes a field's credentials, and begins the challenge for them.
func Word(f *typeinfo.Field) string { return cmp.Or(f.Word, string(KindOf(f))) }

// hasOwnWord reports whether the field's tokens follow a word other than Bearer.
func hasOwnWord(f *typeinfo.Field) bool { return f.Word != "" && !strings.EqualFold(f.Word, "Bearer") }

// Check refuses tags that have no effect on the ready-made fields of an input.
func Check(in *typeinfo.Input) error {
	for _, f := range in.Ready {
		var problem, fix string
		err := checkRealm(f.Realm)
		switch hasTags := f.Source != typeinfo.NoSource || f.Scheme+f.Word+f.Realm != ""; {
		case !Is(f) && f.Choice != "":
			problem, fix = "it is not one of the credentials that a struct with `security:\"any\"` is made of", "give it a type such as *candor.Bearer, or move it out of the struct"
		case !Is(f) && hasTags:
			problem, fix = "its tag has no effect, as the value is not a credential and comes from the request itself", "drop the tag"
		case f.Word != "" && !mediatype.IsToken(f.Word):
			problem, fix = fmt.Sprintf("scheme:%q is not a name of an authentication scheme", f.Word), "use letters, digits and dashes"
		case err != nil:
			problem, fix, _ = strings.Cut(err.Error(), "; ")
		default:
			continue
		}
		return misuse(in, f, problem, fix)
	}
	return nil
}

// misuse returns the configuration error for a field of an input.
func misuse(in *typeinfo.Input, f *typeinfo.Field, problem, fix string) error {
	return &typeinfo.Error{Type: typeinfo.Name(in.Go), Field: f.Go, Problem: problem, Fix: fix}
}
