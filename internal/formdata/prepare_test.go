package formdata_test

import (
	"net/textproto"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/formdata"
)

func TestPrepare(t *testing.T) {
	t.Parallel()
	given := textproto.MIMEHeader{"X-A": {"1"}, "Content-Disposition": {"form-data"}, "Content-Type": {"text/html"}}
	file := formdata.SentFile{Field: "f", Name: "a.txt", Header: given, Size: 1}
	require.NoError(t, file.Prepare("text/plain"))
	assert.Equal(t, textproto.MIMEHeader{"X-A": {"1"}, "Content-Type": {"text/plain"}}, file.Header)
	assert.Equal(t, []string{"form-data"}, given["Content-Disposition"], "the header of another request")
	require.NoError(t, file.Prepare(""))
	assert.Equal(t, "application/octet-stream", file.Header.Get("Content-Type"))
	for want, file := range map[string]formdata.SentFile{
		`the file name "../a" would not arrive`: {Name: "../a"},
		`would not arrive as it is`:             {Name: "\xff"},
		"without a name and content":            {},
		`its header "A b" cannot be sent`:       {Name: "a", Header: textproto.MIMEHeader{"A b": {"1"}}},
	} {
		assert.ErrorContains(t, file.Prepare(""), want)
	}
}
