package typeinfo

import (
	"errors"
	"slices"
)

// Keys turns the tag keys that nothing reads, although they look meaningful, into configuration errors. Each type is
// checked once, for its first user.
type Keys struct {
	// seen are the types that have been checked.
	seen map[*Type]bool
	// foreign are keys that other programs read.
	foreign []string
	// reported are the messages reported so far.
	reported map[string]bool
}

// NewKeys returns the checker for an app that allows the foreign keys.
func NewKeys(foreign []string) *Keys {
	return &Keys{seen: map[*Type]bool{}, foreign: foreign, reported: map[string]bool{}}
}

// Tagged is a description whose types may have stray keys: a [Type], [Input] or [Output].
type Tagged interface {
	StrayKeys(seen map[*Type]bool) []*StrayKey
}

// Check returns the errors of stray keys, except for those that are foreign.
func (k *Keys) Check(t Tagged) error {
	var configErrs []error
	for _, stray := range t.StrayKeys(k.seen) {
		// Several types may lead to the same message, which is reported once.
		if text := stray.Error.Error(); !slices.Contains(k.foreign, stray.Key) && !k.reported[text] {
			k.reported[text] = true
			configErrs = append(configErrs, errors.New(text+"; if the key is another program's, name it in Config.ForeignTags"))
		}
	}
	return errors.Join(configErrs...)
}
