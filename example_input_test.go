package candor_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/go-playground/validator/v10"

	"github.com/candor-go/candor"
)

// send sends a request to an app and prints the response.
func send(app *candor.App, method, target, body string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
}

type Stay struct {
	From candor.Date `json:"from"`
	To   candor.Date `json:"to"`
}

// Validate is called once every field is valid by itself.
func (s Stay) Validate() error {
	if s.To.Compare(s.From) <= 0 {
		return candor.Invalid("must be after from", "to")
	}
	return nil
}

func ExampleInvalid() {
	app := candor.New(candor.Config{})
	type BookStay struct {
		Body Stay `body:""`
	}

	candor.Post(app, "/stays", func(_ context.Context, in BookStay) (Stay, error) {
		return in.Body, nil
	})
	send(app, "POST", "/stays", `{"from":"2026-05-01","to":"2026-05-01"}`)
	// Output:
	// 422 {"detail":[{"type":"value_error","loc":["body","to"],"msg":"Value error: must be after from","ctx":{"error":"must be after from"}}]}
}

func ExampleRule() {
	even := candor.Rule{
		Func:    func(fl validator.FieldLevel) bool { return fl.Field().Int()%2 == 0 },
		Schema:  func(string) map[string]any { return map[string]any{"multipleOf": 2} },
		Message: "must be even",
	}
	app := candor.New(candor.Config{Rules: map[string]candor.Rule{"even": even}})
	type HalvePair struct {
		N int `path:"n" validate:"even"`
	}

	candor.Get(app, "/pairs/{n}", func(_ context.Context, in HalvePair) (int, error) {
		return in.N / 2, nil
	})
	send(app, "GET", "/pairs/8", "")
	send(app, "GET", "/pairs/7", "")
	// Output:
	// 200 4
	// 422 {"detail":[{"type":"value_error","loc":["path","n"],"msg":"Value error: must be even","ctx":{"error":"must be even"}}]}
}

func ExampleCodec() {
	app := candor.New(candor.Config{Codecs: map[string]candor.Codec{
		"application/cbor": {Marshal: cbor.Marshal, Unmarshal: cbor.Unmarshal},
	}})
	type BookStay struct {
		Body Stay `body:""`
	}

	candor.Post(app, "/stays", func(_ context.Context, in BookStay) (Stay, error) {
		return in.Body, nil
	})
	body, _ := cbor.Marshal(map[string]string{"from": "2026-05-01", "to": "2026-05-09"})
	r := httptest.NewRequest("POST", "/stays", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/cbor")
	r.Header.Set("Accept", "application/cbor, application/json;q=0.5")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	var answer map[string]string
	fmt.Println(w.Code, w.Header().Get("Content-Type"), cbor.Unmarshal(w.Body.Bytes(), &answer), answer)

	// Errors, too, are sent in the media type that the client accepts.
	r = httptest.NewRequest("GET", "/nowhere", nil)
	r.Header.Set("Accept", "application/cbor")
	w = httptest.NewRecorder()
	app.ServeHTTP(w, r)
	var problem map[string]string
	fmt.Println(w.Code, w.Header().Get("Content-Type"), cbor.Unmarshal(w.Body.Bytes(), &problem), problem)
	// Output:
	// 200 application/cbor <nil> map[from:2026-05-01 to:2026-05-09]
	// 404 application/cbor <nil> map[detail:Not Found]
}

func ExampleRawBody() {
	type CheckSignature struct {
		Raw       candor.RawBody
		Signature string `header:"X-Signature"`
	}

	// A signature covers the bytes of the body, so the guard checks the raw body.
	signed := func(_ context.Context, in CheckSignature) error {
		mac := hmac.New(sha256.New, []byte("a secret of both"))
		mac.Write(in.Raw)
		if !candor.SecretsEqual(in.Signature, hex.EncodeToString(mac.Sum(nil))) {
			return candor.Error(401, "wrong signature")
		}
		return nil
	}
	app := candor.New(candor.Config{})
	type TakeEvent struct {
		Raw  candor.RawBody
		Body map[string]string `body:""`
	}

	candor.Post(app, "/hooks", func(_ context.Context, in TakeEvent) (string, error) {
		return fmt.Sprint(len(in.Raw), " bytes, event ", in.Body["event"]), nil
	}, candor.Require(signed), candor.Raises(candor.Error(401, "wrong signature")))

	for _, signature := range []string{"538b7ccc864da3bcc333b7d304bb99dc25fc5b65a7aba48b6ae06979342fc268", "b1"} {
		r := httptest.NewRequest("POST", "/hooks", strings.NewReader(`{"event": "push"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Signature", signature)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 "17 bytes, event push"
	// 401 {"detail":"wrong signature"}
}

func ExampleForbidExtra() {
	app := candor.New(candor.Config{}, candor.ForbidExtra())
	type ListItems struct {
		Limit int `query:"limit" default:"10"`
	}

	candor.Get(app, "/items", func(_ context.Context, in ListItems) (int, error) {
		return in.Limit, nil
	})
	send(app, "GET", "/items?limit=5", "")
	send(app, "GET", "/items?limti=5", "")
	// Output:
	// 200 5
	// 422 {"detail":[{"type":"extra_forbidden","loc":["query","limti"],"msg":"Unknown field, not accepted here"}]}
}

func ExampleStrict() {
	type Settings struct {
		candor.Strict
		Theme string `json:"theme" default:"light"`
	}
	app := candor.New(candor.Config{})
	type ReplaceSettings struct {
		Body Settings `body:""`
	}

	candor.Put(app, "/settings", func(_ context.Context, in ReplaceSettings) (Settings, error) {
		return in.Body, nil
	})
	send(app, "PUT", "/settings", `{}`)
	send(app, "PUT", "/settings", `{"them":"dark"}`)
	// Output:
	// 200 {"theme":"light"}
	// 422 {"detail":[{"type":"extra_forbidden","loc":["body","them"],"msg":"Unknown field, not accepted here"}]}
}

func ExampleOptional() {
	type Patch struct {
		Name  candor.Optional[string] `json:"name"`
		Email candor.Optional[string] `json:"email"`
	}
	app := candor.New(candor.Config{})
	type ChangeMe struct {
		Body Patch `body:""`
	}

	candor.Patch(app, "/me", func(_ context.Context, in ChangeMe) (string, error) {
		name := in.Body.Name.Or("the old name")
		switch {
		case in.Body.Email.Null:
			return name + ", without an address", nil
		case in.Body.Email.Set:
			return name + ", " + in.Body.Email.Value, nil
		}
		return name, nil
	})
	send(app, "PATCH", "/me", `{"name":"Ada"}`)
	send(app, "PATCH", "/me", `{"email":null}`)
	// Output:
	// 200 "Ada"
	// 200 "the old name, without an address"
}

func ExampleSome() {
	type Patch struct {
		Name candor.Optional[string] `json:"name"`
	}
	value, ok := Patch{Name: candor.Some("Ada")}.Name.Get()
	fmt.Println(value, ok)
	// Output: Ada true
}

func ExampleNull() {
	nickname := candor.Null[string]()
	fmt.Println(nickname.Set, nickname.Null, nickname.Or("none"))
	// Output: true true none
}

func ExampleOneOf() {
	type Card struct {
		Number string `json:"number"`
	}
	type Transfer struct {
		IBAN string `json:"iban"`
	}
	type Payment struct {
		candor.OneOf `json:"method"`
		Card         *Card     `case:"card"`
		Transfer     *Transfer `case:"transfer"`
	}
	app := candor.New(candor.Config{})
	type Pay struct {
		Body Payment `body:""`
	}

	candor.Post(app, "/payments", func(_ context.Context, in Pay) (Payment, error) {
		return in.Body, nil
	})
	send(app, "POST", "/payments", `{"iban":"DE02120300000000202051","method":"transfer"}`)
	send(app, "POST", "/payments", `{"method":"card"}`)
	// Output:
	// 200 {"method":"transfer","iban":"DE02120300000000202051"}
	// 422 {"detail":[{"type":"missing","loc":["body","card","number"],"msg":"Field required"}]}
}

// The case "*" accepts every value that no other variant handles.
func ExampleOneOf_default() {
	type Card struct {
		Number string `json:"number"`
	}
	type Other struct {
		Method string `json:"method"`
	}
	type Payment struct {
		candor.OneOf `json:"method"`
		Card         *Card  `case:"card"`
		Other        *Other `case:"*"`
	}
	app := candor.New(candor.Config{})
	type Pay struct {
		Body Payment `body:""`
	}

	candor.Post(app, "/payments", func(_ context.Context, in Pay) (Payment, error) {
		return in.Body, nil
	})
	send(app, "POST", "/payments", `{"method":"shells","number":7}`)
	send(app, "POST", "/payments", `{"method":"card"}`)
	// Output:
	// 200 {"method":"shells"}
	// 422 {"detail":[{"type":"missing","loc":["body","card","number"],"msg":"Field required"}]}
}

func ExampleDate() {
	app := candor.New(candor.Config{})
	type ReadDue struct {
		Ordered candor.Date `query:"ordered"`
	}

	candor.Get(app, "/due", func(_ context.Context, in ReadDue) (candor.Date, error) {
		return in.Ordered.AddDays(14), nil
	})
	send(app, "GET", "/due?ordered=2026-02-20", "")
	send(app, "GET", "/due?ordered=2026-02-30", "")
	// Output:
	// 200 "2026-03-06"
	// 422 {"detail":[{"type":"date_parsing","loc":["query","ordered"],"msg":"Not a date such as 2006-01-02"}]}
}

func ExampleDateOf() {
	late := time.Date(2026, 2, 20, 23, 0, 0, 0, time.UTC)
	fmt.Println(candor.DateOf(late), candor.DateOf(late.In(time.FixedZone("east", 7200))))
	// Output: 2026-02-20 2026-02-21
}

func ExampleTimeOfDay() {
	type Shop struct {
		Opens  candor.TimeOfDay `json:"opens"`
		Closes candor.TimeOfDay `json:"closes"`
	}
	app := candor.New(candor.Config{})
	type AddHours struct {
		Body Shop `body:""`
	}

	candor.Post(app, "/hours", func(_ context.Context, in AddHours) (string, error) {
		return (in.Body.Closes.SinceMidnight() - in.Body.Opens.SinceMidnight()).String(), nil
	})
	send(app, "POST", "/hours", `{"opens":"08:30","closes":"20:00:00"}`)
	// Output:
	// 200 "11h30m0s"
}

func ExampleTimeOfDayOf() {
	fmt.Println(candor.TimeOfDayOf(time.Date(2026, 2, 20, 8, 30, 0, 5e8, time.UTC)))
	// Output: 08:30:00.5
}

type Colour string

// OpenAPISchema is the schema of a Colour in the document.
func (Colour) OpenAPISchema() map[string]any {
	return map[string]any{"type": "string", "pattern": "^#[0-9a-f]{6}$"}
}

type SeatTicket [2]byte

func (t SeatTicket) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", t[:]), nil }

func (t *SeatTicket) UnmarshalText(text []byte) error {
	if n, err := fmt.Sscanf(string(text), "%02x%02x", &t[0], &t[1]); n != 2 {
		return errors.Join(err, candor.Invalid("four hexadecimal digits are wanted"))
	}
	return nil
}

func ExampleConfig_schemas() {
	app := candor.New(candor.Config{Schemas: map[reflect.Type]map[string]any{
		reflect.TypeFor[SeatTicket](): {"type": "string", "minLength": 4, "maxLength": 4},
	}})
	type ReadSeat struct {
		SeatTicket SeatTicket `path:"ticket"`
		Colour     Colour     `query:"colour,omitempty"`
	}

	candor.Get(app, "/{ticket}", func(_ context.Context, in ReadSeat) (SeatTicket, error) {
		return in.SeatTicket, nil
	})
	send(app, "GET", "/00ff", "")
	var document bytes.Buffer
	_ = app.WriteOpenAPI(&document)
	fmt.Println(strings.Contains(document.String(), `"maxLength":4`))
	fmt.Println(strings.Contains(document.String(), `"pattern":"^#[0-9a-f]{6}$"`))
	// Output:
	// 200 "00ff"
	// true
	// true
}

// A body of type io.Reader reaches the handler unread, limited by MaxBody.
func ExamplePost_stream() {
	app := candor.New(candor.Config{})
	type AddVideo struct {
		Body io.Reader `body:"" media:"video/mp4"`
	}

	candor.Post(app, "/videos", func(_ context.Context, in AddVideo) (int64, error) {
		return io.Copy(io.Discard, in.Body)
	}, candor.MaxBody(10<<30), candor.Status(http.StatusCreated))
	r := httptest.NewRequest("POST", "/videos", strings.NewReader("frames"))
	r.Header.Set("Content-Type", "video/mp4")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 201 6
}

func ExampleLocalDateTime() {
	app := candor.New(candor.Config{})
	type SetAlarm struct {
		Rings candor.LocalDateTime `form:"rings"` // <input type="datetime-local" name="rings">
	}

	candor.Post(app, "/alarms", func(_ context.Context, in SetAlarm) (string, error) {
		return in.Rings.In(time.FixedZone("east", 7200)).UTC().Format(time.Kitchen), nil
	})
	sendForm := func(body string) {
		r := httptest.NewRequest("POST", "/alarms", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	sendForm("rings=2026-11-21T07:30")
	sendForm("rings=2026-11-21")
	// Output:
	// 200 "5:30AM"
	// 422 {"detail":[{"type":"datetime_parsing","loc":["body","rings"],"msg":"Not a date and time such as 2006-01-02T15:04:05","ctx":{"expected":"2006-01-02T15:04:05"}}]}
}

func ExampleLocalDateTimeOf() {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	fmt.Println(candor.LocalDateTimeOf(noon.In(time.FixedZone("east", 7200))))
	// Output: 2026-11-21T14:00:00
}
