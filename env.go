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

// FromEnv reads the settings of a program from variables, usually those of the
// process: lookup is os.LookupEnv then. The same tags say what is allowed as in
// the input of a handler:
//
//		type Settings struct {
//			Database string        `env:"DATABASE_URL" validate:"url"`
//			Workers  int           `env:"WORKERS" default:"4" validate:"min=1,max=64"`
//			Origins  []string      `env:"ORIGINS,omitempty"`
//			Limits   struct {
//				PerMinute int `env:"LIMIT_PER_MINUTE" default:"100"`
//			} `env:""`
//		}
//
//		settings, err := candor.FromEnv[Settings](os.LookupEnv)
//
//	  - A variable is required unless its field is a pointer, has a default or says
//	    omitempty. One that is set to nothing counts as absent, unless its field is
//	    a text.
//	  - Lists have commas between their elements. The option json reads JSON.
//	  - env:"-" leaves a field out.
//	  - A Validate method on the struct is asked last.
//
// The error names every variable that is wrong, each with its reason and never
// with its value, in one message of several lines; it wraps a [*ValidationError].
// A type or a tag that cannot be read panics.
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

// bindSettings fills in settings.
func (p *inputPlan) bindSettings(into reflect.Value, lookup func(string) (string, bool)) error {
	// A text may be empty. Of any other type, nothing is no value at all, and is
	// taken for a variable that is not set.
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
	if bound := params == nil || params.Bind(&request, &faults); bound && p.judge(into, &faults) {
		return nil
	}
	return &settingsError{invalid(&faults, nil, false)}
}

// settingsError is a [ValidationError] as operators read it.
type settingsError struct{ invalid *ValidationError }

func (e *settingsError) Unwrap() error { return e.invalid }

// Error has a line for each validation error.
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
