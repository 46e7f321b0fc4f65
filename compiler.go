package candor

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/transcode"
)

// compiler compiles types under the rules of one app: it makes the functions that bind, decode, check and encode.
type compiler struct {
	rules  *check.Set
	codec  *codec.Compiler
	bind   *bind.Compiler
	body   *body.Compiler
	codecs transcode.Set
	// schemas holds what the app adds to its schemas.
	schemas schema.Options
	clients lazy.Value[*compiler]
}

func newCompiler(rules *check.Set, codecs transcode.Set) *compiler {
	c := &compiler{rules: rules, codec: codec.NewCompiler(rules), codecs: codecs}
	c.bind = &bind.Compiler{
		Rules: rules, Defaults: c.codec.Default, Fill: c.codec.Filler, Example: c.codec.CheckExample, WriteJSON: c.codec.TextWriter,
		JSON: c.codec.Texts(codec.Options{}), ClosedJSON: c.codec.Texts(codec.Options{ForbidExtra: true}),
	}
	forms := &form.Compiler{Bind: c.bind, Upload: uploadType, SetUpload: setUpload, NoEmpty: reflect.TypeFor[OAuth2PasswordForm]()}
	c.body = &body.Compiler{Rules: rules, Codec: c.codec, Form: forms, Others: codecs}
	return c
}

// otherSide returns the compiler for clients, which encode what this one's functions decode and the reverse. It checks
// no rules: that is left to the server.
func (c *compiler) otherSide() *compiler {
	return c.clients.Get(func() *compiler { return newCompiler(nil, c.codecs) })
}

// schemaOptions returns what the user adds to schemas.
func schemaOptions(rules map[string]Rule, schemas map[reflect.Type]map[string]any) (schema.Options, error) {
	o := schema.Options{Rules: map[string]schema.Rule{}}
	for t, keywords := range schemas {
		if t == nil {
			return o, errors.New("Config.Schemas has a nil type; write reflect.TypeFor[T]()")
		}
		if err := o.Describe(t, keywords); err != nil {
			return o, fmt.Errorf("Config.Schemas[%s]: %w", t, err)
		}
	}
	for name, rule := range rules {
		if rule.Schema != nil {
			o.Rules[name] = schema.KeywordRule(rule.Schema)
		}
	}
	return o, nil
}
