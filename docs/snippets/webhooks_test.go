package snippets_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/candor-go/candor"
)

// WebhookSecrets are shared with the senders.
type WebhookSecrets struct{ GitHub, Stripe string }

var ErrSignature = candor.Error(401, "The signature is not that of the body")

type CheckGitHub struct {
	Raw       candor.RawBody
	Signature string          `header:"X-Hub-Signature-256"`
	Secrets   *WebhookSecrets `dep:""`
}

// GitHub signs the body: X-Hub-Signature-256 is "sha256=" and the HMAC in
// hexadecimal digits.
func fromGitHub(_ context.Context, in CheckGitHub) error {
	if !candor.SecretsEqual(in.Signature, "sha256="+sign(in.Secrets.GitHub, in.Raw)) {
		return ErrSignature
	}
	return nil
}

type CheckStripe struct {
	Raw       candor.RawBody
	Signature string          `header:"Stripe-Signature"`
	Secrets   *WebhookSecrets `dep:""`
}

// Stripe signs a time, a dot and the body: Stripe-Signature is
// t=1492774577,v1=..., with several v1 while a secret is replaced.
func fromStripe(_ context.Context, in CheckStripe) error {
	var sent string
	var signatures []string
	for part := range strings.SplitSeq(in.Signature, ",") {
		switch key, value, _ := strings.Cut(strings.TrimSpace(part), "="); key {
		case "t":
			sent = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	seconds, err := strconv.ParseInt(sent, 10, 64)
	// An old request may be a replay.
	if age := time.Since(time.Unix(seconds, 0)); err != nil || age.Abs() > 5*time.Minute {
		return ErrSignature
	}
	want := sign(in.Secrets.Stripe, append([]byte(sent+"."), in.Raw...))
	for _, signature := range signatures {
		if candor.SecretsEqual(signature, want) {
			return nil
		}
	}
	return ErrSignature
}

func sign(secret string, message []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(message)
	return hex.EncodeToString(mac.Sum(nil))
}

type PushEvent struct {
	Ref string `json:"ref"`
}

type Push struct {
	Body PushEvent `body:""`
}

func onPush(_ context.Context, in Push) (candor.None, error) {
	fmt.Println("push to", in.Body.Ref)
	return candor.None{}, nil
}

type PaymentEvent struct {
	Type string `json:"type"`
}

type Payment struct {
	Body PaymentEvent `body:""`
}

func onPayment(_ context.Context, in Payment) (candor.None, error) {
	fmt.Println("payment:", in.Body.Type)
	return candor.None{}, nil
}

func webhooks(app *candor.App) {
	candor.Post(app, "/hooks/github", onPush, candor.Require(fromGitHub), candor.Raises(ErrSignature))
	candor.Post(app, "/hooks/stripe", onPayment, candor.Require(fromStripe), candor.Raises(ErrSignature))
}

func Example_webhooks() {
	app := candor.New(candor.Config{})
	candor.ProvideValue(app, &WebhookSecrets{GitHub: "It's a Secret to Everybody", Stripe: "whsec_test"})
	webhooks(app)

	deliver := func(path, header, signature, body string) {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(header, signature)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body)))
	}
	push := `{"ref": "refs/heads/main"}`
	deliver("/hooks/github", "X-Hub-Signature-256", "sha256="+sign("It's a Secret to Everybody", []byte(push)), push)
	deliver("/hooks/github", "X-Hub-Signature-256", "sha256="+sign("guessed", []byte(push)), push)

	now, old := fmt.Sprint(time.Now().Unix()), "1492774577"
	paid := `{"type": "charge.succeeded"}`
	deliver("/hooks/stripe", "Stripe-Signature", "t="+now+",v1=00,v1="+sign("whsec_test", []byte(now+"."+paid)), paid)
	deliver("/hooks/stripe", "Stripe-Signature", "t="+old+",v1="+sign("whsec_test", []byte(old+"."+paid)), paid)
	// Output:
	// push to refs/heads/main
	// 204
	// 401 {"detail":"The signature is not that of the body"}
	// payment: charge.succeeded
	// 204
	// 401 {"detail":"The signature is not that of the body"}
}
