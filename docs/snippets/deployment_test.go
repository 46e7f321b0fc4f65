package snippets_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// certificate reloads a certificate when its file has changed, so that a
// renewal needs no restart.
func certificate(certFile, keyFile string) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	var (
		mu   sync.Mutex
		read time.Time
		cert *tls.Certificate
	)
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		mu.Lock()
		defer mu.Unlock()
		info, err := os.Stat(certFile)
		if err != nil {
			return cert, err
		}
		if cert != nil && info.ModTime().Equal(read) {
			return cert, nil
		}
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return cert, err
		}
		cert, read = &pair, info.ModTime()
		return cert, nil
	}
}

func overHTTPS() *candor.App {
	app := candor.New(candor.Config{TLS: &tls.Config{GetCertificate: certificate("tls.crt", "tls.key")}})
	return app
}

func TestCertificatesAreReadAgain(t *testing.T) {
	assert.NoError(t, overHTTPS().Check())
	directory := t.TempDir()
	certFile, keyFile := filepath.Join(directory, "tls.crt"), filepath.Join(directory, "tls.key")
	current := certificate(certFile, keyFile)
	_, err := current(nil)
	assert.ErrorIs(t, err, os.ErrNotExist)
	for serial := range int64(3) {
		writeCertificate(t, certFile, keyFile, serial)
		for range 2 {
			got, err := current(nil)
			require.NoError(t, err)
			assert.Equal(t, serial, got.Leaf.SerialNumber.Int64())
		}
	}
}

// writeCertificate writes a new certificate; the serial number also is the age
// of its file in hours.
func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	require.NoError(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: certificate}, keyFile: {Type: "PRIVATE KEY", Bytes: key}} {
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
	made := time.Now().Add(-time.Duration(serial) * time.Hour)
	require.NoError(t, os.Chtimes(certFile, made, made))
}
