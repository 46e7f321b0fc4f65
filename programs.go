package candor

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/lazy"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/typeinfo"
)

// programs are the compiler of an app with the plans it made so far: a route
// has one of each when it is registered, and again at every endpoint.
type programs struct {
	*compiler
	inputs    memo[inputKey, *inputPlan]
	responses memo[responseKey, *responsePlan]
}

// inputKey is what the plan of an input depends on. The wildcards have slashes
// between them; public is "" where they have no other names for clients.
type inputKey struct {
	input             reflect.Type
	patches           bool
	wildcards, public string
}

// responseKey is what the plan of a response depends on. The media types have line
// breaks between them.
type responseKey struct {
	output   reflect.Type
	status   int
	produces string
}

// compileInput makes the plan of an input for a method, and a path with these
// wildcards, which validation errors call by their public names. Plans are shared.
func (p *programs) compileInput(in *typeinfo.Input, method string, wildcards, public []string) (*inputPlan, error) {
	key := inputKey{in.Go, method == http.MethodPatch, strings.Join(wildcards, "/"), ""}
	if !slices.Equal(wildcards, public) {
		key.public = strings.Join(public, "/")
	}
	return p.inputs.get(key, func(inputKey) (*inputPlan, error) {
		made, err := p.makeInputPlan(in, wildcards, public)
		if err == nil && key.patches && made.body != nil {
			// The plan may still change here, since nobody shares it yet.
			made.body.listMergePatch(in)
		}
		return made, err
	})
}

// compileOffered makes the plan for responses that clients choose the media type
// of, if the app has several. Plans are shared.
func (p *programs) compileOffered(out *typeinfo.Output, status int, produces []string) (*responsePlan, error) {
	key := responseKey{out.Go, status, strings.Join(produces, "\n")}
	return p.responses.get(key, func(responseKey) (*responsePlan, error) {
		made, err := p.compileResponse(out, status, produces)
		// Who names JSON alone wants JSON alone.
		if err == nil && !slices.Equal(produces, []string{mediatype.JSON}) {
			// Here, since a plan that is shared must not change any more.
			made.offer(p.codecs)
			if out.Body != nil && made.negotiated {
				err = p.codecs.carried(out.Body.Type.Go, made.media)
			}
		}
		return made, err
	})
}

// standard are the programs under validator's own rules, shared by every app
// without rules or codecs of its own.
func standard() *programs {
	return madeStandard.Get(func() *programs { return &programs{compiler: newCompiler(check.Builtin(), codecSet{})} })
}

var madeStandard lazy.Value[*programs]

// newPrograms are those of an app with these additions.
func newPrograms(rules map[string]Rule, codecs map[string]Codec, schemas map[reflect.Type]map[string]any) (*programs, error) {
	if len(rules) == 0 && len(codecs) == 0 && len(schemas) == 0 {
		// Such apps share the plans of their types, which are compiled once for all of them.
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
	media, err := newCodecSet(codecs)
	if err != nil {
		return nil, err
	}
	p := &programs{compiler: newCompiler(set, media)}
	p.schemas, err = schemaOptions(rules, schemas)
	return p, err
}
