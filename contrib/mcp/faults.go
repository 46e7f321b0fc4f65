package mcp

import (
	"encoding/json"
	"fmt"
	"strings"
)

// fault is a validation error in a response of the app.
type fault struct {
	Type string `json:"type"`
	Loc  []any  `json:"loc"`
	Msg  string `json:"msg"`
}

// wrong returns the validation errors of a response in terms of the arguments; none if the body has another format, which
// is then shown unchanged.
func (t *tool) wrong(body []byte) []string {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil
	}
	// By default the member is detail; in problem details it is errors.
	for _, member := range []string{"detail", "errors"} {
		var faults []fault
		if json.Unmarshal(members[member], &faults) != nil || len(faults) == 0 {
			continue
		}
		wrong := make([]string, len(faults))
		for i, f := range faults {
			wrong[i] = fmt.Sprintf("%s: %s (%s)", t.path(f.Loc), f.Msg, f.Type)
		}
		return wrong
	}
	return nil
}

// path converts a location to a path in the arguments: the member name in the first line of the body is body[0].name.
func (t *tool) path(loc []any) string {
	if len(loc) == 0 {
		return "arguments"
	}
	source, _ := loc[0].(string)
	path, rest := source, loc[1:]
	if source != "body" && len(rest) > 0 {
		path, rest = t.argumentOf(source, fmt.Sprint(rest[0])), rest[1:]
	}
	for i, step := range rest {
		n, isPosition := step.(float64)
		switch {
		case !isPosition:
			path += "." + fmt.Sprint(step)
		case i == 0 && source == "body" && t.body != nil && t.body.kind == bodyItems:
			// Lines and events are numbered from one.
			path += fmt.Sprintf("[%d]", int(n)-1)
		default:
			path += fmt.Sprintf("[%d]", int(n))
		}
	}
	return path
}

// argumentOf returns the name of the argument for a parameter.
func (t *tool) argumentOf(in, wire string) string {
	for _, a := range t.arguments {
		if a.in == in && (a.wire == wire || in == "header" && strings.EqualFold(a.wire, wire)) {
			return a.name
		}
	}
	return in + "." + wire
}
