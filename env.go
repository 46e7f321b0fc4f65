package candor

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// FromEnv reads the settings of a program from environment variables, with lookup, usually os.LookupEnv. Fields have
// the same tags as in the input of a handler:
//
//	type Settings struct {
//		Database string        `env:"DATABASE_URL" validate:"url"`
//		Workers  int           `env:"WORKERS" default:"4" validate:"min=1,max=64"`
//		Origins  []string      `env:"ORIGINS,omitempty"`
//		Limits   struct {
//			PerMinute int `env:"LIMIT_PER_MINUTE" default:"100"`
//		} `env:""`
//	}
//
//	settings, err := candor.FromEnv[Settings](os.LookupEnv)
//
// In detail:
//
//   - A variable is required unless its field is a pointer, has a default or says omitempty. One that is set to an
//     empty value counts as absent, unless the field is a string.
//   - Elements of lists are separated by commas. The option json reads a variable as JSON.
//   - env:"-" leaves a field out.
//   - A Validate method of the struct is called last.
//
// The error lists every invalid variable with the reason, but never its value, one per line; it wraps a
// [*ValidationError]. An unsupported type or an invalid tag panics. foreignTags are the tag keys of other packages,
// like Config.ForeignTags.
func FromEnv[T any](lookup func(name string) (value string, ok bool), foreignTags ...string) (T, error) {
	var settings T
	in, err := typeinfo.ReadSettings(reflect.TypeFor[T]())
	if err != nil {
		panic(fmt.Errorf("candor: FromEnv at %s: %w", callsite.Here(), err))
	}
	for _, stray := range in.StrayKeys(map[*typeinfo.Type]bool{}) {
		if !slices.Contains(foreignTags, stray.Key) {
			panic(fmt.Errorf("candor: FromEnv at %s: %w; if the key is another program's, pass it to FromEnv", callsite.Here(), &stray.Error))
		}
	}
	plan, err := standard().compileInput(in, "", nil, nil)
	if err != nil {
		panic(fmt.Errorf("candor: FromEnv at %s: %w", callsite.Here(), err))
	}
	return settings, plan.bindSettings(reflect.ValueOf(&settings).Elem(), lookup)
}

// bindSettings fills in the fields from variables.
func (p *inputPlan) bindSettings(into reflect.Value, lookup func(string) (string, bool)) error {
	// A string may be empty. For any other type an empty variable is no value, and counts as absent.
	texts := map[string]bool{}
	for _, f := range p.desc.Params {
		texts[f.Name] = bind.HoldsText(f)
	}
	request := bind.Request{Env: func(name string) (string, bool) {
		value, ok := lookup(name)
		return value, ok && (value != "" || texts[name])
	}}
	var faults fault.List
	params := p.params.At(into)
	if bound := params == nil || params.Bind(&request, &faults); bound && p.validators.Validate(into, &faults) {
		return nil
	}
	return &settingsError{invalid(&faults, nil, false)}
}

// settingsError presents a [ValidationError] to operators.
type settingsError struct{ invalid *ValidationError }

func (e *settingsError) Unwrap() error { return e.invalid }

// Error returns one line for each validation error.
func (e *settingsError) Error() string {
	var b strings.Builder
	b.WriteString("settings are wrong")
	for _, f := range e.invalid.Faults {
		b.WriteString("\n\t")
		for _, at := range f.Loc {
			if at != typeinfo.Env.String() {
				fmt.Fprintf(&b, "%v: ", at)
			}
		}
		b.WriteString(defaultMessage(f))
	}
	return b.String()
}
