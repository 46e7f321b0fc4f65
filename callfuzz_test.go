package candor_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// callTrip has parameters from all sources, and strings of every kind.
type callTrip struct {
	ID    string                  `path:"id"`
	N     int8                    `path:"n"`
	Rest  string                  `path:"rest"`
	QS    string                  `query:"s"`
	QOdd  string                  `query:"o=&d,omitempty" default:"x"`
	QInt  int64                   `query:"i"`
	QUint uint8                   `query:"u,omitempty" default:"3"`
	QF32  float32                 `query:"f"`
	QF64  float64                 `query:"g,omitempty"`
	QBool bool                    `query:"b" default:"true"`
	QTime time.Time               `query:"t"`
	QDur  time.Duration           `query:"d,omitempty"`
	QIP   *netip.Addr             `query:"ip"`
	QPtr  *string                 `query:"ptr"`
	QOpt  candor.Optional[string] `query:"opt"`
	QList []string                `query:"list,omitempty"`
	QInts []int                   `query:"ints"`
	QCSV  []string                `query:"csv,csv"`
	QPair [2]string               `query:"pair,csv"`
	QRaw  []byte                  `query:"raw"`
	QJSON callTripItem            `query:"json,json"`
	HS    string                  `header:"X-S"`
	HPtr  *string                 `header:"X-Ptr"`
	HInt  int                     `header:"X-Int,omitempty" default:"7"`
	HList []string                `header:"X-List"`
	HCSV  []float64               `header:"X-Csv,csv,omitempty"`
	CS    string                  `cookie:"s"`
	COpt  candor.Optional[int]    `cookie:"opt"`
	CList []string                `cookie:"list"`
	Token *candor.Bearer
	Key   *candor.APIKey `header:"X-Key"`
	Query *candor.APIKey `query:"key"`
}

type callTripItem struct {
	S     string                  `json:"s"`
	N     uint64                  `json:"n,omitempty" default:"5"`
	F     float32                 `json:"f"`
	B     bool                    `json:"b" default:"true"`
	Quote int64                   `json:"quote,string"`
	Ptr   *string                 `json:"ptr"`
	Maybe *string                 `json:"maybe,omitempty"`
	Opt   candor.Optional[string] `json:"opt"`
	List  []string                `json:"list,omitempty"`
	Must  []int8                  `json:"must"`
	Names map[string]bool         `json:"names"`
	Raw   []byte                  `json:"raw"`
	At    time.Time               `json:"at"`
	For   time.Duration           `json:"for"`
	Inner struct {
		D string `json:"d" default:"deep"`
	} `json:"inner"`
}

type (
	callTripWhole struct {
		callTrip
		Body callTripItem `body:""`
	}
	callTripMembers struct {
		callTrip
		One  callTripItem            `body:"one"`
		Two  string                  `body:"two,omitempty" default:"2"`
		Opt  candor.Optional[string] `body:"opt"`
		List []string                `body:"list,omitempty"`
	}
	callTripForm struct {
		callTrip
		S    string                  `form:"s"`
		N    int                     `form:"n,omitempty" default:"9"`
		Opt  candor.Optional[string] `form:"opt"`
		List []string                `form:"list"`
		CSV  []string                `form:"csv,csv"`
		JSON callTripItem            `form:"json,json"`
	}
	callTripParts struct {
		callTrip
		S    string   `form:"s"`
		N    *int     `form:"n"`
		CSV  []string `form:"csv,csv"`
		File []byte   `file:"file"`
	}
	callTripText struct {
		callTrip
		Body string `body:""`
	}
	callTripBytes struct {
		callTrip
		Body []byte `body:""`
	}
)

// callDraw makes values from fuzz data; after its end it reads zeros.
type callDraw struct{ data []byte }

func (d *callDraw) take(n int) []byte {
	taken := make([]byte, n)
	d.data = d.data[copy(taken, d.data):]
	return taken
}

func (d *callDraw) n(below int) int { return int(d.take(1)[0]) % below }
func (d *callDraw) int() int64      { return int64(binary.LittleEndian.Uint64(d.take(8))) }
func (d *callDraw) small() int64 {
	return []int64{0, 1, -1, 7, math.MaxInt64, math.MinInt64, d.int()}[d.n(7)]
}

// float returns a number that JSON can represent and that fits a float32, with rare exceptions.
func (d *callDraw) float() float64 {
	f := math.Float64frombits(uint64(d.int()))
	if narrow := float64(float32(f)); (math.IsNaN(narrow) || math.IsInf(narrow, 0)) && d.n(250) != 249 {
		return 0.1
	}
	return f
}

func (d *callDraw) time() time.Time { return time.Unix(d.int()%(1<<35), d.int()%1e9).UTC() }
func (d *callDraw) bytes() []byte   { return d.take(d.n(12)) }
func (d *callDraw) list() []string  { return callMany(d, d.text) }
func (d *callDraw) optional() candor.Optional[string] {
	return []candor.Optional[string]{{}, candor.Null[string](), candor.Some(d.text())}[d.n(3)]
}

// set is never null, which only JSON can express.
func (d *callDraw) set() candor.Optional[string] {
	return []candor.Optional[string]{{}, candor.Some(d.text())}[d.n(2)]
}

// callTexts are strings that must survive the round trip.
var callTexts = []string{
	"", "a", " ", "a b", ",", ";", "=", "&", "%", "+", "/", `"`, `\`, "a,b; c=d&e%20+f/g\"h\"", "é", "日本", "\u2028", "\x00", "\n",
	"\t", ".", "..", "/a//", "%2F", "null", "0", "\xff", " a", "a ", "[1]", "{}", "?#",
}

func (d *callDraw) text() string { return d.fit(utf8.ValidString) }

// fit returns a string that can be sent, with rare exceptions: if one value is rejected, the others are not tested.
func (d *callDraw) fit(fits func(string) bool) string {
	if text := d.anyText(); fits(text) || d.n(250) == 249 {
		return text
	}
	return "x"
}

func (d *callDraw) segment() string {
	return d.fit(func(s string) bool { return s != "" && s != "." && s != ".." && utf8.ValidString(s) })
}

func (d *callDraw) header() string {
	return d.fit(func(s string) bool {
		return utf8.ValidString(s) && !strings.ContainsAny(s, "\x00\n\x7f") && strings.TrimSpace(s) == s
	})
}

func (d *callDraw) headerElement() string {
	return d.fit(func(s string) bool {
		return s != "" && utf8.ValidString(s) && !strings.ContainsAny(s, ",\x00\n\x7f") && strings.TrimSpace(s) == s
	})
}

func (d *callDraw) cookie() string {
	return d.fit(func(s string) bool { return strings.Trim(s, "ab0123456789,=&%+/ []{}.?#") == "" })
}

func (d *callDraw) cookieElement() string {
	return d.fit(func(s string) bool { return s != "" && strings.Trim(s, "ab0123456789=&%+/ []{}.?#") == "" })
}

func (d *callDraw) formElement() string {
	return d.fit(func(s string) bool { return s != "" && utf8.ValidString(s) && !strings.Contains(s, ",") })
}

func (d *callDraw) anyText() string {
	if i := d.n(len(callTexts) + 4); i < len(callTexts) {
		return callTexts[i]
	}
	return string(d.bytes())
}

func callMany[T any](d *callDraw, one func() T) []T {
	var all []T
	for range d.n(4) {
		all = append(all, one())
	}
	return all
}

func callMaybe[T any](d *callDraw, value T) *T {
	if d.n(2) == 0 {
		return nil
	}
	return &value
}

func (d *callDraw) trip() callTrip {
	in := callTrip{
		ID: d.segment(), N: int8(d.small()), Rest: d.segment(), QS: d.text(), QOdd: d.text(), QInt: d.small(), QUint: uint8(d.small()),
		QF32: float32(d.float()), QF64: d.float(), QBool: d.n(2) == 1, QTime: d.time(), QDur: time.Duration(d.small()),
		QPtr: callMaybe(d, d.text()), QOpt: d.set(), QList: d.list(), QInts: append(callMany(d, func() int { return int(d.small()) }), 1),
		QCSV: d.list(), QPair: [2]string{d.text(), d.text()}, QRaw: d.bytes(), QJSON: d.item(),
		HS: d.header(), HPtr: callMaybe(d, d.header()), HInt: int(d.small()), HList: callMany(d, d.headerElement), HCSV: callMany(d, d.float),
		CS: d.cookie(), CList: callMany(d, d.cookieElement),
	}
	if d.n(2) == 1 {
		addr := netip.AddrFrom16([16]byte(d.take(16)))
		in.QIP, in.COpt = &addr, candor.Some(int(d.small()))
	}
	if d.n(2) == 1 {
		in.Token, in.Key, in.Query = (*candor.Bearer)(callMaybe(d, d.header())), (*candor.APIKey)(callMaybe(d, d.header())), (*candor.APIKey)(callMaybe(d, d.text()))
	}
	return in
}

func (d *callDraw) item() callTripItem {
	item := callTripItem{
		S: d.text(), N: uint64(d.small()), F: float32(d.float()), B: d.n(2) == 1, Quote: d.small(), Ptr: callMaybe(d, d.text()),
		Maybe: callMaybe(d, d.text()), Opt: d.optional(), List: d.list(), Must: callMany(d, func() int8 { return int8(d.small()) }),
		Names: map[string]bool{}, Raw: d.bytes(), At: d.time(), For: time.Duration(d.small()),
	}
	for _, name := range d.list() {
		item.Names[name] = true
	}
	item.Inner.D = d.text()
	return item
}

// callKnown normalizes what the wire format does not preserve: whether a list is nil or empty, and whether an empty
// key was set.
func callKnown(in callTrip) callTrip {
	in.QList, in.QInts, in.QCSV, in.HList, in.HCSV, in.CList = callList(in.QList), callList(in.QInts), callList(in.QCSV), callList(in.HList), callList(in.HCSV), callList(in.CList)
	in.QRaw, in.QJSON = callList(in.QRaw), callKnownItem(in.QJSON)
	in.Token, in.Key, in.Query = callKey(in.Token), callKey(in.Key), callKey(in.Query)
	return in
}

func callKnownItem(item callTripItem) callTripItem {
	item.List, item.Must, item.Raw = callList(item.List), callList(item.Must), callList(item.Raw)
	return item
}

func callList[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func callKey[T ~string](key *T) *T {
	if key != nil && *key == "" {
		return nil
	}
	return key
}

// callTripFunc sends an input, and reports whether it arrived.
type callTripFunc func(t *testing.T, client candor.Client, d *callDraw) (arrived bool)

// callTripper sends inputs of one type and compares them with what arrives.
func callTripper[In any](app *candor.App, path string, draw func(*callDraw) In, known func(In) In) callTripFunc {
	var got *In
	route := candor.Post(app, path+"/{id}/{n}/{rest...}", func(_ context.Context, in In) (candor.None, error) {
		got = &in
		return candor.None{}, nil
	})
	return func(t *testing.T, client candor.Client, d *callDraw) (arrived bool) {
		in := draw(d)
		got = nil
		_, err := route.Call(t.Context(), client, in)
		var refused *candor.HTTPError
		var invalid *candor.ValidationError
		var strange *candor.ResponseError
		if errors.As(err, &refused) || errors.As(err, &invalid) || errors.As(err, &strange) {
			t.Fatalf("what was sent did not bind: %v\n%+v", err, in)
		}
		if err != nil {
			require.Nil(t, got, "it was refused and yet sent: %v", err)
			return false
		}
		require.Equal(t, known(in), known(*got))
		return true
	}
}

// callTrips has one function for each kind of body.
func callTrips(app *candor.App) []callTripFunc {
	return []callTripFunc{
		callTripper(app, "/whole", func(d *callDraw) callTripWhole { return callTripWhole{d.trip(), d.item()} },
			func(in callTripWhole) callTripWhole {
				return callTripWhole{callKnown(in.callTrip), callKnownItem(in.Body)}
			}),
		callTripper(app, "/members", func(d *callDraw) callTripMembers {
			return callTripMembers{d.trip(), d.item(), d.text(), d.optional(), d.list()}
		}, func(in callTripMembers) callTripMembers {
			in.callTrip, in.One, in.List = callKnown(in.callTrip), callKnownItem(in.One), callList(in.List)
			return in
		}),
		callTripper(app, "/form", func(d *callDraw) callTripForm {
			return callTripForm{d.trip(), d.text(), int(d.small()), d.set(), append(d.list(), ""), callMany(d, d.formElement), d.item()}
		}, func(in callTripForm) callTripForm {
			in.callTrip, in.JSON, in.List, in.CSV = callKnown(in.callTrip), callKnownItem(in.JSON), callList(in.List), callList(in.CSV)
			return in
		}),
		callTripper(app, "/parts", func(d *callDraw) callTripParts {
			return callTripParts{d.trip(), d.text(), callMaybe(d, int(d.small())), callMany(d, d.formElement), d.bytes()}
		}, func(in callTripParts) callTripParts {
			in.callTrip, in.CSV, in.File = callKnown(in.callTrip), callList(in.CSV), callList(in.File)
			return in
		}),
		callTripper(app, "/text", func(d *callDraw) callTripText { return callTripText{d.trip(), d.segment()} }, func(in callTripText) callTripText {
			in.callTrip = callKnown(in.callTrip)
			return in
		}),
		callTripper(app, "/bytes", func(d *callDraw) callTripBytes { return callTripBytes{d.trip(), append(d.bytes(), 0)} }, func(in callTripBytes) callTripBytes {
			in.callTrip, in.Body = callKnown(in.callTrip), callList(in.Body)
			return in
		}),
	}
}

// FuzzCall checks that the server decodes an input equal to the one that Call sent; an input that cannot be sent
// unchanged is rejected before.
func FuzzCall(f *testing.F) {
	app := candor.New(candor.Config{})
	trips := callTrips(app)
	clients := []candor.Client{callServer(f, app), candor.InProcess(app)}
	for i := range trips {
		for j := range byte(2) {
			// A valid request, which fuzzing then changes in part.
			f.Add(byte(i), j, []byte("\x01\x01\x02\x01\x01\x01\x03\x02\x01"+string(make([]byte, 60))))
			for n := range callTexts {
				f.Add(byte(i), j, bytes.Repeat([]byte{byte(n)}, 400))
			}
		}
	}
	f.Fuzz(func(t *testing.T, kind, way byte, data []byte) {
		trips[int(kind)%len(trips)](t, clients[int(way)%len(clients)], &callDraw{data})
	})
}

// Most inputs that the fuzz test makes can be sent; otherwise it would test nothing.
func TestCallTrips(t *testing.T) {
	app := candor.New(candor.Config{})
	trips := callTrips(app)
	clients := []candor.Client{callServer(t, app), candor.InProcess(app)}
	random := rand.NewChaCha8([32]byte{})
	const rounds = 600
	arrived := 0
	for i := range rounds {
		data := make([]byte, 2000)
		_, _ = random.Read(data)
		if trips[i%len(trips)](t, clients[i/len(trips)%len(clients)], &callDraw{data}) {
			arrived++
		}
	}
	assert.Greater(t, arrived, rounds/2)
}
