package documenttest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// Golden fails the test if the documents of an app differ from those in testdata: version 3.1 is stored as NAME.json,
// and all formats as checksums in NAME.sums. CANDOR_GOLDEN=write rewrites them.
func Golden[Format ~uint8](t TB, name string, app interface {
	WriteOpenAPIAs(w io.Writer, format Format) error
},
) {
	t.Helper()
	var first []byte
	var sums strings.Builder
	for format := Format(0); ; format++ {
		var document bytes.Buffer
		if err := app.WriteOpenAPIAs(&document, format); err != nil {
			require.NotZero(t, format, "%v", err)
			break // after the last format
		}
		if format == 0 {
			first = document.Bytes()
		}
		fmt.Fprintf(&sums, "%d %x\n", format, sha256.Sum256(document.Bytes()))
	}
	kept(t, name+".json", string(first))
	kept(t, name+".sums", sums.String())
}

func kept(t TB, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("CANDOR_GOLDEN") == "write" {
		require.NoError(t, os.MkdirAll("testdata", 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	want, err := os.ReadFile(path) //nolint:gosec // the name comes from the test
	require.NoError(t, err)
	require.Equal(t, string(want), text, "%s; if the change is meant, run the test with CANDOR_GOLDEN=write", path)
}
