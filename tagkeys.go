package candor

import (
	"errors"
	"slices"

	"github.com/candor-go/candor/internal/typeinfo"
)

// tagKeys collects the tag keys that nothing reads although they look meaningful. Each type is checked once, for its
// first user.
type tagKeys struct {
	// foreign are the keys in Config.ForeignTags.
	foreign []string
	types   map[*typeinfo.Type]bool
	// reported are the configuration errors reported so far.
	reported map[string]bool
}

func newTagKeys(foreign []string) *tagKeys {
	return &tagKeys{foreign: foreign, types: map[*typeinfo.Type]bool{}, reported: map[string]bool{}}
}

// judge turns stray keys into configuration errors, except for those that the app allows.
func (k *tagKeys) judge(found []*typeinfo.StrayKey) error {
	var configErrs []error
	for _, stray := range found {
		// Several types may lead to the same message, which is reported once.
		if text := stray.Error.Error(); !slices.Contains(k.foreign, stray.Key) && !k.reported[text] {
			k.reported[text] = true
			configErrs = append(configErrs, errors.New(text+"; if the key is another program's, name it in Config.ForeignTags"))
		}
	}
	return errors.Join(configErrs...)
}

// input checks the types that a function takes.
func (k *tagKeys) input(in *typeinfo.Input) error {
	found := in.StrayKeys(k.types)
	if in.Body != nil && isLines(in.Body.Type.Go) {
		// JSONLines is a function type, so the types of its items are found only here.
		found = append(found, linesOf(in.Body.Type.Go).item.StrayKeys(k.types)...)
	}
	return k.judge(found)
}

// output checks the types of a response.
func (k *tagKeys) output(out *typeinfo.Output) error {
	found := out.StrayKeys(k.types)
	if out.Body != nil {
		found = append(found, bodyKindOf(out.Body).value.Of().StrayKeys(k.types)...)
	}
	return k.judge(found)
}

// route checks the types of a handler and of the responses its options declare.
func (k *tagKeys) route(rt *route, set *settings) error {
	var configErrs []error
	if rt.input != nil {
		configErrs = append(configErrs, k.input(rt.input), k.output(rt.output))
	}
	if rt.upgrade != nil {
		for _, t := range rt.upgrade.messages() {
			configErrs = append(configErrs, k.judge(t.StrayKeys(k.types)))
		}
	}
	return errors.Join(append(configErrs, k.declared(set))...)
}

// declared checks the types of responses that options declare.
func (k *tagKeys) declared(set *settings) error {
	var configErrs []error
	for _, r := range set.responses {
		if r.body != nil {
			configErrs = append(configErrs, k.output(r.body))
		}
	}
	return errors.Join(configErrs...)
}
