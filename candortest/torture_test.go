package candortest_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/candortest/internal/combination"
	"github.com/candor-go/candor/candortest/internal/torture"
	"github.com/candor-go/candor/internal/documenttest"
)

func TestTorture(t *testing.T) {
	candortest.Conform(t, torture.New(candor.Config{}), candortest.Codec("application/cbor", torture.CBOR))
}

func FuzzTorture(f *testing.F) {
	candortest.Fuzz(f, torture.New(candor.Config{}), candortest.Codec("application/cbor", torture.CBOR))
}

// Other validators accept the document of the combinations too.
func TestDocumentOfTheCombinations(t *testing.T) {
	var document bytes.Buffer
	require.NoError(t, combination.New(candor.Config{}).WriteOpenAPI(&document))
	documenttest.Check(t, "combinations", document.Bytes())
}

// Other validators accept the document as well, in all versions.
func TestDocumentOfTheTorture(t *testing.T) {
	for name, config := range map[string]candor.Config{"torture": {}, "torture-problems": {ProblemDetails: true}} {
		var document bytes.Buffer
		require.NoError(t, torture.New(config).WriteOpenAPI(&document))
		documenttest.Check(t, name, document.Bytes())
	}
	documenttest.Stable(t, func() *candor.App { return torture.New(candor.Config{}) })
}
