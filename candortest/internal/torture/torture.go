// Package torture is an app that uses every tag, type and
// rule, to compare the document and the server on all of them.
package torture

import (
	"cmp"
	"io"
	"log/slog"
	"strconv"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-playground/validator/v10"

	"github.com/candor-go/candor"
)

// CBOR is the app's other media type.
var CBOR = candor.Codec{Marshal: cbor.Marshal, Unmarshal: cbor.Unmarshal}

// New returns the app. config adds to its own configuration.
func New(config candor.Config, options ...candor.Option) *candor.App {
	config.Codecs = map[string]candor.Codec{"application/cbor": CBOR}
	config.Rules = map[string]candor.Rule{"multiple_of": multiple}
	config.Logger = cmp.Or(config.Logger, slog.New(slog.NewTextHandler(io.Discard, nil)))
	scopes := map[string]string{"read": "Read"}
	config.SecuritySchemes = map[string]candor.SecurityScheme{
		"password": candor.OAuth2Password("/login", scopes),
		"code":     candor.OAuth2Code("/authorize", "/login", scopes),
		"machine":  candor.OAuth2ClientCredentials("/login", scopes),
		"openid":   candor.OpenIDConnect("https://example.com/.well-known/openid-configuration"),
		"jwt":      candor.BearerTokens("JWT"),
		"Device":   candor.SecurityScheme{}.WithDescription("The key of a device"),
	}
	app := candor.New(config, options...)
	addInputs(app)
	addAnswers(app)
	addSecured(app)
	addKeys(app)
	addPages(app)
	addPatches(app)
	addNeighbours(app)
	return app
}

// multiple is a custom rule.
var multiple = candor.Rule{
	Func: func(fl validator.FieldLevel) bool {
		n, err := strconv.ParseInt(fl.Param(), 10, 64)
		return err == nil && n > 0 && fl.Field().Int()%n == 0
	},
	Schema: func(param string) map[string]any {
		n, _ := strconv.Atoi(param)
		return map[string]any{"multipleOf": n}
	},
}
