package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

func octets(body io.Reader) candor.TestOption {
	return candor.WithBody("application/octet-stream", body)
}

func TestUpload(t *testing.T) {
	dir := t.TempDir()
	client := candor.NewTestClient(t, newApp(dir))
	content := bytes.Repeat([]byte("0123456789abcde\n"), 100_000)
	sum := sha256.Sum256(content)

	var kept Kept
	client.Put("/files/big.txt", nil, octets(bytes.NewReader(content))).Status(201).JSON(&kept)
	assert.Equal(t, Kept{"big.txt", int64(len(content)), hex.EncodeToString(sum[:])}, kept)
	got := client.Get("/files/big.txt").Status(200)
	assert.Equal(t, sum, sha256.Sum256(got.Body))
	assert.Equal(t, `attachment; filename=big.txt`, got.Header.Get("Content-Disposition"))
	assert.Equal(t, "0123456789", client.Get("/files/big.txt", candor.WithHeader("Range", "bytes=16-25")).Status(206).Text())

	client.Put("/files/big.txt", nil, octets(strings.NewReader("another"))).Status(409)
	client.Put("/files/empty", nil, octets(strings.NewReader(""))).Status(201)
	assert.JSONEq(t, `[{"name":"big.txt","size":1600000},{"name":"empty","size":0}]`, client.Get("/files").Status(200).Text())
}

func TestUploadThatBreaksOff(t *testing.T) {
	dir := t.TempDir()
	client := candor.NewTestClient(t, newApp(dir))
	broken := io.MultiReader(strings.NewReader("the beginning"), iotest.ErrReader(errors.New("gone")))
	client.Put("/files/half", nil, octets(broken), candor.Unchecked())
	client.Get("/files/half").Status(404)
	assert.JSONEq(t, `[]`, client.Get("/files").Status(200).Text())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestNames(t *testing.T) {
	client := candor.NewTestClient(t, newApp(""))
	for _, name := range []string{".part-1", "..", "a%2Fb", "a%5Cb", "%00", strings.Repeat("a", 101)} {
		status := client.Put("/files/"+name, nil, octets(strings.NewReader("x")), candor.Unchecked()).Code
		assert.Contains(t, []int{404, 405, 422}, status, name)
	}
	assert.JSONEq(t, `[]`, client.Get("/files").Status(200).Text())
}

func TestPage(t *testing.T) {
	client := candor.NewTestClient(t, newApp(""))
	assert.Contains(t, client.Get("/").Status(200).Text(), "XMLHttpRequest")
}
