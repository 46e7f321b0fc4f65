package mcp

import (
	"encoding/json"
	"fmt"
	"strings"
)

// fault is a validation error as the app writes it.
type fault struct {
	Type string `json:"type"`
	Loc  []any  `json:"loc"`
	Msg  string `json:"msg"`
}

// wrong are the validation errors of a response, in terms of the arguments. A body of
// another form has none: it is shown as it is.
func (t *tool) wrong(body []byte) []string {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil
	}
	// Detail is the member by default, errors that of problem details.
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

// path is a location in terms of the arguments: body[0].name for what the app calls the
// member name in the first line of the body.
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
			// Lines and events are counted from one.
			path += fmt.Sprintf("[%d]", int(n)-1)
		default:
			path += fmt.Sprintf("[%d]", int(n))
		}
	}
	return path
}

// argumentOf is the name of the argument that a parameter is.
func (t *tool) argumentOf(in, wire string) string {
	for _, a := range t.arguments {
		if a.in == in && (a.wire == wire || in == "header" && strings.EqualFold(a.wire, wire)) {
			return a.name
		}
	}
	return in + "." + wire
}
