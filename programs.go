package candor

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/transcode"
	"github.com/candor-go/candor/internal/typeinfo"
)

// programs is the compiler of an app with a cache of the plans it has made: a route needs the same ones when it is
// registered and again at every endpoint.
type programs struct {
	compiler  *compiler
	inputs    lazy.Memo[*inputPlan]
	responses lazy.Memo[*responsePlan]
}

// compileInput makes the plan of an input for a method and the wildcards of a path; validation errors use their public
// names. Plans are shared.
func (p *programs) compileInput(in *typeinfo.Input, method string, wildcards, public []string) (*inputPlan, error) {
	patches := method == http.MethodPatch
	// Wildcards are separated by slashes, which none contains.
	variant := strings.Join(wildcards, "/")
	if !slices.Equal(wildcards, public) {
		variant += "//" + strings.Join(public, "/")
	}
	if patches {
		variant = "PATCH " + variant
	}
	return p.inputs.Get(lazy.MemoKey{Type: in.Go, Variant: variant}, func() (*inputPlan, error) {
		made, err := p.compiler.makeInputPlan(in, wildcards, public)
		if err == nil && patches && made.body != nil {
			// The plan may still be changed: nobody shares it yet.
			made.body.listMergePatch(in)
		}
		return made, err
	})
}

// compileOffered makes the plan of a response whose media type the client chooses, if the app has several. Plans are
// shared.
func (p *programs) compileOffered(out *typeinfo.Output, status int, produces []string) (*responsePlan, error) {
	variant := strconv.Itoa(status) + strings.Join(produces, "\n")
	return p.responses.Get(lazy.MemoKey{Type: out.Go, Variant: variant}, func() (*responsePlan, error) {
		made, err := p.compiler.compileResponse(out, status, produces)
		// A route that names only JSON excludes the codecs.
		if err == nil && !slices.Equal(produces, []string{mediatype.JSON}) {
			// Called here, because a shared plan must not be changed later.
			made.offer(p.compiler.codecs)
			if out.Body != nil && made.negotiated {
				err = p.compiler.codecs.CheckCarries(out.Body.Type.Go, made.media)
			}
		}
		return made, err
	})
}

// standard returns the compiler for apps without rules, schemas or codecs of their own, which share it.
func standard() *programs {
	return madeStandard.Get(func() *programs { return &programs{compiler: newCompiler(check.Builtin(), transcode.Set{})} })
}

var madeStandard lazy.Value[*programs]

// newPrograms returns the compiler of an app with these additions.
func newPrograms(rules map[string]Rule, codecs map[string]Codec, schemas map[reflect.Type]map[string]any) (*programs, error) {
	if len(rules) == 0 && len(codecs) == 0 && len(schemas) == 0 {
		// Such apps share the plans of their types, so each is compiled once.
		return standard(), nil
	}
	set := check.Builtin()
	if len(rules) > 0 {
		custom := make(map[string]check.Custom, len(rules))
		for name, rule := range rules {
			custom[name] = check.Custom{Func: rule.Func, Message: rule.Message}
		}
		var err error
		if set, err = check.NewSet(custom); err != nil {
			return nil, fmt.Errorf("Config.Rules: %w", err)
		}
	}
	media, err := codecSet(codecs)
	if err != nil {
		return nil, err
	}
	p := &programs{compiler: newCompiler(set, media)}
	p.compiler.schemas, err = schemaOptions(rules, schemas)
	return p, err
}
