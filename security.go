package candor

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Bearer is the token of an Authorization header with the scheme Bearer (RFC 6750). As a field of an input it needs no
// tag. A request without a token gets a 401 with WWW-Authenticate: Bearer before its body is read, and the document
// says so. A *Bearer is optional, and nil without a token.
//
// With `security:"name"` the field belongs to a scheme of Config.SecuritySchemes, such as OAuth2, whose tokens come the
// same way.
//
// With `scheme:"Token"` the scheme is that word instead of Bearer, also in the challenge; `realm:"..."` names the
// protected area.
//
// To accept one of several credentials, use a struct of pointers to security types with the tag `security:"any"`: a
// request with none of them gets a 401.
type Bearer string

// Basic is the user name and password of an Authorization header with the scheme Basic (RFC 7617). A request without
// them gets a 401, with a WWW-Authenticate header that has the realm of the field's realm tag. A *Basic is optional.
type Basic struct {
	Username string
	// Password is as it was sent; compare it with [SecretsEqual].
	Password string
}

// APIKey is a key sent where the field's tag says: `header:"X-API-Key"`, `query:"api_key"` or `cookie:"session"`. A
// request without it gets a 401 with WWW-Authenticate: APIKey, or the word of the field's scheme tag; an empty key
// counts as absent. A *APIKey is optional. `security:"name"` sets the name of its scheme in the document, which
// Config.SecuritySchemes may describe. If several keys are sent, the last one counts, or the first of several cookies.
// A key that is not valid UTF-8 gets a 401, too.
type APIKey string

// RequiredScopes is an input with the scopes that its operation requires, set by the option [Scopes] on the route, its
// routers and its providers. A provider or guard takes it as a field, together with the credentials or what was made
// from them, and checks the scopes.
type RequiredScopes []string

// SecretsEqual compares a secret with what a client sent. The time it takes depends only on the length of the latter.
func SecretsEqual(secret, sent string) bool {
	a, b := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(sent))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// credential fills in what read returns, for fields of type T and *T.
func credential[T any](f *typeinfo.Field, read func(*http.Request) (T, bool)) makeFiller {
	if f.Type.Go.Kind() == reflect.Pointer {
		return func(field any) filler { return optionalCredential(field.(**T), read) }
	}
	return func(field any) filler { return requiredCredential(field.(*T), f, read) }
}

func optionalCredential[T any](field **T, read func(*http.Request) (T, bool)) filler {
	return func(from *requestScope) error {
		if value, ok := read(from.r); ok {
			*field = &value
		}
		return nil
	}
}

func requiredCredential[T any](field *T, f *typeinfo.Field, read func(*http.Request) (T, bool)) filler {
	return func(from *requestScope) (err error) {
		var ok bool
		if *field, ok = read(from.r); !ok {
			err = from.metadata.refusal(f)
		}
		return err
	}
}

// choicePlan requires one of several credentials.
type choicePlan []*typeinfo.Field

// at returns a filler that refuses a request with none of the credentials, after all were read.
func (c choicePlan) at(input reflect.Value) filler {
	var found []reflect.Value
	for _, f := range c {
		found = append(found, input.FieldByIndex(f.Index))
	}
	isThere := func(v reflect.Value) bool { return !v.IsNil() }
	return func(from *requestScope) error {
		if slices.ContainsFunc(found, isThere) {
			return nil
		}
		return from.metadata.refusal(c[0])
	}
}

// choicesOf returns the choices of an input, each with its credentials.
func choicesOf(in *typeinfo.Input) []choicePlan {
	var all []choicePlan
	for _, f := range in.Ready {
		switch last := len(all) - 1; {
		case f.Choice == "":
		// The fields of a choice are adjacent, because they are in one struct.
		case last >= 0 && all[last][0].Choice == f.Choice:
			all[last] = append(all[last], f)
		default:
			all = append(all, choicePlan{f})
		}
	}
	return all
}

// securityTypes are the types of fields that read credentials.
var securityTypes = map[reflect.Type]bool{
	reflect.TypeFor[Bearer](): true, reflect.TypeFor[*Bearer](): true,
	reflect.TypeFor[Basic](): true, reflect.TypeFor[*Basic](): true,
	reflect.TypeFor[APIKey](): true, reflect.TypeFor[*APIKey](): true,
}

// isSecurity reports whether a field reads credentials.
func isSecurity(f *typeinfo.Field) bool { return securityTypes[f.Type.Go] }

// hasSecurity reports whether an input reads credentials itself.
func hasSecurity(in *typeinfo.Input) bool {
	return slices.ContainsFunc(in.Ready, isSecurity)
}

// securityFields returns the fields of an input that read credentials.
func securityFields(in *typeinfo.Input) []*typeinfo.Field {
	var found []*typeinfo.Field
	for _, f := range in.Ready {
		if isSecurity(f) {
			found = append(found, f)
		}
	}
	return found
}

// mayRefuse reports whether a field may cause a request to be refused: because its credentials are missing, or an API
// key is not text.
func mayRefuse(f *typeinfo.Field) bool {
	return f.Required || f.Choice != "" || indirectName(f) == "APIKey"
}

func makeBearer(f *typeinfo.Field) (makeFiller, error) {
	if err := onlySource(f, typeinfo.Security); err != nil {
		return nil, err
	}
	word := challengeWord(f)
	if strings.EqualFold(word, "Basic") {
		return nil, &typeinfo.Error{Type: f.Type.Go.String(), Field: f.Go, Problem: "Basic is not a scheme of tokens", Fix: "give the field the type candor.Basic"}
	}
	read := credential(f, func(r *http.Request) (Bearer, bool) {
		token, ok := mediatype.Credentials(lastLine(r.Header["Authorization"]), word)
		return Bearer(token), ok
	})
	return textOnly(f, "token", read, func(token Bearer) bool { return utf8.ValidString(string(token)) }), nil
}

func makeBasic(f *typeinfo.Field) (makeFiller, error) {
	if f.Word != "" {
		return nil, &typeinfo.Error{Type: f.Type.Go.String(), Field: f.Go, Problem: "its scheme tag has no effect, as candor.Basic is the scheme Basic", Fix: "drop the tag"}
	}
	return textOnly(f, "user name or password", credential(f, readBasic), func(b Basic) bool {
		return utf8.ValidString(b.Username) && utf8.ValidString(b.Password)
	}), onlySource(f, typeinfo.Security)
}

// checkReady refuses tags that have no effect on a ready-made field.
func checkReady(in *typeinfo.Input) error {
	for _, f := range in.Ready {
		var problem, fix string
		err := checkRealm(f.Realm)
		switch hasTags := f.Source != typeinfo.NoSource || f.Scheme+f.Word+f.Realm != ""; {
		case !isSecurity(f) && f.Choice != "":
			problem, fix = "it is not one of the credentials that a struct with `security:\"any\"` is made of", "give it a type such as *candor.Bearer, or move it out of the struct"
		case !isSecurity(f) && hasTags:
			problem, fix = "its tag has no effect, as the value is not a credential and comes from the request itself", "drop the tag"
		case f.Word != "" && !mediatype.IsToken(f.Word):
			problem, fix = fmt.Sprintf("scheme:%q is not a name of an authentication scheme", f.Word), "use letters, digits and dashes"
		case err != nil:
			problem, fix, _ = strings.Cut(err.Error(), "; ")
		default:
			continue
		}
		return &typeinfo.Error{Type: typeinfo.Name(in.Go), Field: f.Go, Problem: problem, Fix: fix}
	}
	return nil
}

// onlySource refuses tags that have no effect on a security type.
func onlySource(f *typeinfo.Field, allowed typeinfo.Source) error {
	if f.Source == typeinfo.NoSource || f.Source == allowed {
		return nil
	}
	return &typeinfo.Error{
		Type: f.Type.Go.String(), Field: f.Go, Problem: fmt.Sprintf("a %s tag on a value of the Authorization header", f.Source),
		Fix: "drop the tag",
	}
}

// readBasic reads a user name, which ends at the first colon, and a password.
func readBasic(r *http.Request) (Basic, bool) {
	encoded, ok := mediatype.Credentials(lastLine(r.Header["Authorization"]), "Basic")
	if !ok {
		return Basic{}, false
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Basic{}, false
	}
	// A password may contain colons, a user name may not (RFC 7617, section 2).
	user, password, found := strings.Cut(string(decoded), ":")
	return Basic{Username: user, Password: password}, found
}

func makeAPIKey(f *typeinfo.Field) (makeFiller, error) {
	switch {
	case f.Source != typeinfo.Header && f.Source != typeinfo.Query && f.Source != typeinfo.Cookie:
		return nil, &typeinfo.Error{
			Type: f.Type.Go.String(), Field: f.Go, Problem: "nothing says where the key is sent",
			Fix: "add `header:\"X-API-Key\"`, `query:\"api_key\"` or `cookie:\"session\"`",
		}
	case f.Name == "":
		return nil, &typeinfo.Error{Type: f.Type.Go.String(), Field: f.Go, Problem: "its " + f.Source.String() + " tag has no name", Fix: "name it"}
	}
	read := credential(f, func(r *http.Request) (APIKey, bool) {
		key := apiKeyOf(r, f)
		return APIKey(key), key != ""
	})
	return textOnly(f, f.Source.String()+" "+f.Name, read, func(key APIKey) bool { return utf8.ValidString(string(key)) }), nil
}

// textOnly refuses a credential that is not text: it is neither valid nor absent.
func textOnly[T any](f *typeinfo.Field, what string, read makeFiller, isText func(T) bool) makeFiller {
	return func(field any) filler {
		fill := read(field)
		// One of the casts succeeds: the field is a pointer to a value, or to a pointer if the credential is optional.
		required, _ := field.(*T)
		optional, _ := field.(**T)
		return func(from *requestScope) error {
			if err := fill(from); err != nil {
				return err
			}
			value := required
			if optional != nil {
				value = *optional
			}
			if value != nil && !isText(*value) {
				return from.metadata.refusal(f).With("The " + what + " is not valid UTF-8")
			}
			return nil
		}
	}
}

// apiKeyOf returns the API key that a field reads, "" for fields of other credentials.
func apiKeyOf(r *http.Request, f *typeinfo.Field) string {
	switch f.Source {
	case typeinfo.Header:
		return lastHeader(r, f.Name)
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

// lastHeader returns the last line of a header: the one that counts for a single value.
func lastHeader(r *http.Request, name string) string {
	return lastLine(r.Header.Values(name))
}

// lastLine returns the last of the lines of a header, and "" if there are none.
func lastLine(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// credentialsOf joins the credentials of a request to an operation that reads these API keys.
func credentialsOf(r *http.Request, fields []*typeinfo.Field) string {
	all := lastLine(r.Header["Authorization"])
	for _, f := range fields {
		if key := apiKeyOf(r, f); key != "" {
			all += "\n" + f.Name + "=" + key
		}
	}
	return all
}
