package candor_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/documenttest"
)

// specOf is the app's document, read back and held against the
// specification.
func specOf(t *testing.T, app *candor.App) jsontext.Value {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, app.WriteOpenAPI(&out))
	validDocument(t, out.Bytes())
	return out.Bytes()
}

// validDocument lets others judge a document.
func validDocument(t *testing.T, data []byte) {
	t.Helper()
	documenttest.Valid(t, data)
}

// at leads to a part of a document, nil where there is none.
func at(doc jsontext.Value, keys ...string) any {
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

// keysOf lists the members of a part of a document as they are written.
func keysOf(doc jsontext.Value, keys ...string) []string {
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
