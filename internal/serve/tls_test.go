package serve_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/serve"
)

func TestServeOverTLS(t *testing.T) {
	for _, proto := range []string{"HTTP/2.0", "HTTP/1.1"} {
		t.Run(proto, func(t *testing.T) {
			// httptest has a certificate and a client that trusts it.
			lender := httptest.NewUnstartedServer(nil)
			lender.EnableHTTP2 = proto == "HTTP/2.0"
			lender.StartTLS()
			defer lender.Close()

			plain, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			l := tls.NewListener(plain, &tls.Config{Certificates: lender.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}})
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				done <- serve.Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					assert.NotNil(t, serve.Stopping(r.Context()))
					_, _ = io.WriteString(w, r.Proto)
				}), serve.Limits{}, serve.Hooks{}, serve.Protocols{})
			}()
			resp, err := lender.Client().Get("https://" + plain.Addr().String())
			require.NoError(t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, proto, string(body))
			stop()
			assert.NoError(t, <-done)
		})
	}
}
