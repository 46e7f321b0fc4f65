package compat

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"
)

// change is a difference between two documents.
type change struct {
	// where is an operation as "METHOD /path", or "the document".
	where, what string
	breaks      bool
}

func (c change) String() string { return c.where + ": " + c.what }

// levels are where this package judges otherwise than oasdiff: generated clients are made
// of operation ids, programs act on the statuses of errors, who uses what is deprecated
// uses it still, another default is another request, and of two patterns nobody knows
// which one takes more.
var levels = map[string]checker.Level{
	"api-operation-id-removed":                            checker.ERR,
	"response-non-success-status-removed":                 checker.ERR,
	"api-removed-with-deprecation":                        checker.ERR,
	"api-path-removed-with-deprecation":                   checker.ERR,
	"response-required-property-removed-with-deprecation": checker.ERR,
	"request-parameter-default-value-changed":             checker.ERR,
	"request-property-default-value-changed":              checker.ERR,
	"request-body-default-value-changed":                  checker.ERR,
	"request-parameter-pattern-changed":                   checker.ERR,
	"request-property-pattern-changed":                    checker.ERR,
}

// compare lists all changes, those that break clients first.
func compare(old, today []byte) ([]change, error) {
	before, err := readTree(old)
	if err != nil {
		return nil, fmt.Errorf("the old document: %w", err)
	}
	after, err := readTree(today)
	if err != nil {
		return nil, fmt.Errorf("the new document: %w", err)
	}
	before.renameLike(after)
	found := ownChanges(before, after)
	insideOfParameters(before, after)
	before.normalize()
	after.normalize()
	others, err := diffed(before, after)
	if err != nil {
		return nil, err
	}
	found = append(found, others...)
	slices.SortStableFunc(found, func(a, b change) int {
		if a.breaks != b.breaks {
			if a.breaks {
				return -1
			}
			return 1
		}
		return strings.Compare(a.String(), b.String())
	})
	return slices.Compact(found), nil
}

// diffed are the changes that oasdiff finds.
func diffed(before, after *tree) ([]change, error) {
	old, err := before.load()
	if err != nil {
		return nil, fmt.Errorf("the old document: %w", err)
	}
	today, err := after.load()
	if err != nil {
		return nil, fmt.Errorf("the new document: %w", err)
	}
	d, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), &load.SpecInfo{Spec: old}, &load.SpecInfo{Spec: today})
	if err != nil {
		return nil, err
	}
	config := checker.NewConfig(checker.GetAllChecks(), checker.WithSeverityLevels(levels))
	words := checker.NewDefaultLocalizer()
	var found []change
	for _, c := range checker.CheckBackwardCompatibilityUntilLevel(config, d, sources, checker.INFO) {
		found = append(found, change{whereOf(c), inWords(c.GetUncolorizedText(words)), c.GetLevel() == checker.ERR && !isFalseAlarm(c)})
	}
	return found, nil
}

func whereOf(c checker.Change) string {
	if c.GetOperation() == "" || c.GetPath() == "" {
		return "the document"
	}
	return c.GetOperation() + " " + c.GetPath()
}

// load reads the tree as oasdiff wants it.
func (t *tree) load() (*openapi3.T, error) {
	text, err := json.Marshal(t.root)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
}
