package candor

import (
	"cmp"
	"errors"
	"strings"
)

// OAuth2PasswordForm is the form with which OAuth2 clients request a token for a user name and a password (RFC 6749,
// section 4.3.2). Embed it in an input, use it as the input, or as a field:
//
//	func login(ctx context.Context, in candor.OAuth2PasswordForm) (Token, error)
//	type Login struct {
//		Form candor.OAuth2PasswordForm `form:""`
//		DB   *sql.DB                   `dep:""`
//	}
//
//	func login(ctx context.Context, in Login) (Token, error)
//
// A parameter without a value counts as absent (RFC 6749, section 3.2), so an empty user name or password is missing.
//
// Compare the password in constant time: with a password hash, or with [SecretsEqual].
type OAuth2PasswordForm struct {
	// GrantType is "password", or "" if the client left it out.
	GrantType string `form:"grant_type,omitempty" validate:"oneof=password" example:"password"`
	Username  string `form:"username" validate:"min=1"`
	Password  string `form:"password" validate:"min=1"`
	// Scope holds the requested scopes, separated by spaces.
	Scope string `form:"scope,omitempty"`
	// ClientID and ClientSecret identify the client rather than the user.
	ClientID     string `form:"client_id,omitempty"`
	ClientSecret string `form:"client_secret,omitempty"`
}

// Scopes returns the requested scopes.
func (f OAuth2PasswordForm) Scopes() []string { return strings.Fields(f.Scope) }

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
