package documenttest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// builds is how often an app is built to find changes in its document. A dependency on the order of a map with two keys
// shows up nearly always.
const builds = 50

// Stable builds an app repeatedly, and fails the test if its document changes.
func Stable[App interface{ WriteOpenAPI(w io.Writer) error }](t TB, build func() App) {
	t.Helper()
	var first []byte
	for range builds {
		var document bytes.Buffer
		require.NoError(t, build().WriteOpenAPI(&document))
		if first == nil {
			first = document.Bytes()
		}
		require.Equal(t, string(first), document.String(), "the document of the same app has other bytes")
	}
}

// Described fails the test if an operation of a document has no description besides its id, which is derived from the
// name of a function.
func Described(t TB, document []byte) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct{ Summary, OperationID string }
	}
	require.NoError(t, json.Unmarshal(document, &doc))
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op := doc.Paths[path][method]
			name := strings.ReplaceAll(op.Summary, " ", "")
			if strings.HasSuffix(strings.ToLower(op.OperationID), strings.ToLower(name)) {
				t.Errorf("%s %s has the summary %q, which only repeats its id %q", method, path, op.Summary, op.OperationID)
			}
		}
	}
}
