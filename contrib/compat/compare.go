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

// levels override the levels of oasdiff: client generators use operation ids, programs react to error statuses, a
// deprecated operation is still used, a changed default changes requests, and it is unknown which of two patterns accepts
// more.
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

// compare returns all changes, breaking ones first.
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

// diffed returns the changes that oasdiff finds.
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

// load converts the tree to the type that oasdiff needs.
func (t *tree) load() (*openapi3.T, error) {
	text, err := json.Marshal(t.root)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
}
