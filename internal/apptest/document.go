package apptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/documenttest"
)

// Document returns the document of the app, which must be valid.
func Document(t *testing.T, app *candor.App) jsontext.Value {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&out))
	documenttest.Valid(t, out.Bytes())
	return out.Bytes()
}

// Member returns a part of a document, nil if it is missing.
func Member(doc jsontext.Value, keys ...string) any {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return err
	}
	for _, key := range keys {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	return v
}

// MemberNames returns the member names of a part of a document in their order.
func MemberNames(doc jsontext.Value, keys ...string) []string {
	for _, key := range keys {
		var members map[string]json.RawMessage
		if json.Unmarshal(doc, &members) != nil {
			return nil
		}
		doc = jsontext.Value(members[key])
	}
	d := jsontext.NewDecoder(bytes.NewReader(doc))
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	var names []string
	for d.PeekKind() == '"' {
		name, _ := d.ReadToken()
		names = append(names, name.String())
		if d.SkipValue() != nil {
			return nil
		}
	}
	return names
}

// DocumentMember returns a part of the document that a client fetches: strings are members, numbers are elements; nil
// if it is missing.
func DocumentMember(t *testing.T, c *candor.TestClient, keys ...any) any {
	t.Helper()
	var v any
	c.Get("/openapi.json").Status(http.StatusOK).JSON(&v)
	for _, key := range keys {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[fmt.Sprint(key)]
		case []any:
			i, ok := key.(int)
			if !ok || i >= len(inner) {
				return nil
			}
			v = inner[i]
		default:
			return nil
		}
	}
	return v
}
