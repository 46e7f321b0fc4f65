package codec_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
)

type product struct {
	Name     string   `json:"name" validate:"min=1,max=50"`
	Email    string   `json:"email" validate:"max=100"`
	Price    float64  `json:"price" validate:"gte=0"`
	Quantity int      `json:"quantity" validate:"gte=1,lte=1000"`
	InStock  bool     `json:"in_stock"`
	Tags     []string `json:"tags" validate:"max=5,dive,min=1,max=20"`
}

const (
	favourable = `{"name":"Wireless mechanical keyboard with numeric pad","email":"purchasing@warehouse.example.com","price":129.95,"quantity":25,"in_stock":true,"tags":["electronics","keyboards","wireless"]}`
	awkward    = `{
  "tags": ["électronique", "clav\u0069ers", "sans fil"],
  "in_stock": true,
  "quantity": 25,
  "price": 129.95,
  "email": "purchasing@warehouse.example.com",
  "name": "Clavier mécanique \"sans fil\" avec pavé numérique"
}`
)

// unfavourable are texts that are slow to decode, each for another reason.
var unfavourable = []struct {
	name, text string
	into       reflect.Type
}{
	{"favourable", favourable, reflect.TypeFor[product]()},
	{"awkward", awkward, reflect.TypeFor[product]()},
	{"reversed", `{"tags":["electronics","keyboards","wireless"],"in_stock":true,"quantity":25,"price":129.95,"email":"purchasing@warehouse.example.com","name":"Wireless mechanical keyboard with numeric pad"}`, reflect.TypeFor[product]()},
	{"indented", "{\n    \"name\": \"Wireless mechanical keyboard with numeric pad\",\n    \"email\": \"purchasing@warehouse.example.com\",\n    \"price\": 129.95,\n    \"quantity\": 25,\n    \"in_stock\": true,\n    \"tags\": [\n        \"electronics\",\n        \"keyboards\",\n        \"wireless\"\n    ]\n}", reflect.TypeFor[product]()},
	{"absent", `{"name":"Wireless mechanical keyboard","quantity":25,"tags":["electronics"]}`, reflect.TypeFor[sparse]()},
	{"escapes", `["Gr\u00f6\u00dfe \"XL\"","\u65e5\u672c\u8a9e","tab\there, line\nthere","\ud83d\ude00","C:\\Program Files\\keyboard"]`, reflect.TypeFor[[]string]()},
	{"wide", `["клавиатура беспроводная","無線キーボード、日本語配列","électronique à café","แป้นพิมพ์ไร้สาย","😀👍"]`, reflect.TypeFor[[]string]()},
	{"long", `"` + strings.Repeat(`пожалуйста, \"ring twice\"\n`, 60) + strings.Repeat("a long line of text ", 100) + `"`, reflect.TypeFor[string]()},
	{"floats", `[1.2995e2,1.9e-1,41835e-2,0.00025,-12.5,1E6]`, reflect.TypeFor[[]float64]()},
	{"map", thousand(), reflect.TypeFor[map[string]int]()},
	{"any", awkward, reflect.TypeFor[any]()},
}

// sparse is a product with mostly optional members.
type sparse struct {
	Name     string   `json:"name"`
	Email    string   `json:"email,omitempty"`
	Price    float64  `json:"price,omitempty"`
	Quantity int      `json:"quantity"`
	InStock  bool     `json:"in_stock,omitempty"`
	Maker    string   `json:"maker,omitempty"`
	Tags     []string `json:"tags"`
}

// thousand returns an object with a thousand numbers.
func thousand() string {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, `,"article-%04d":%d`, i, i*7)
	}
	return "{" + b.String()[1:] + "}"
}

func BenchmarkDecode(b *testing.B) {
	for _, row := range unfavourable {
		b.Run(row.name, func(b *testing.B) { benchmarkDecode(b, []byte(row.text), row.into) })
	}
}

func benchmarkDecode(b *testing.B, data []byte, goType reflect.Type) {
	d, err := newCompiler().Decoder(describe(b, goType), nil)
	require.NoError(b, err)
	b.Run("candor", func(b *testing.B) {
		// Requests reuse a list as well.
		var faults fault.List
		b.ReportAllocs()
		for b.Loop() {
			into := reflect.New(goType)
			d.Decode(data, into.Elem(), codec.Options{}, &faults)
			if len(faults.Faults) > 0 {
				b.Fatal(lines(faults.Faults))
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal(data, reflect.New(goType).Interface()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json_v2", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := jsonv2.Unmarshal(data, reflect.New(goType).Interface()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncodeList(b *testing.B) {
	benchmarkEncode(b, product{Name: "Wireless mechanical keyboard", Email: "purchasing@warehouse.example.com", Price: 129.95, Quantity: 25, InStock: true, Tags: []string{"electronics", "wireless"}})
}

func BenchmarkEncodeAwkward(b *testing.B) {
	benchmarkEncode(b, product{Name: "Clavier mécanique \"sans fil\"\tavec pavé numérique", Email: "purchasing@warehouse.example.com", Price: 129.95, Quantity: 25, Tags: []string{"électronique", "claviers\n"}})
}

func benchmarkEncode(b *testing.B, one product) {
	all := make([]product, 100)
	for i := range all {
		all[i] = one
	}
	e, err := newCompiler().Encoder(describe(b, reflect.TypeFor[[]product]()), nil)
	require.NoError(b, err)
	v := reflect.ValueOf(&all).Elem()
	var buffer []byte
	for _, checks := range []bool{false, true} {
		b.Run(map[bool]string{false: "candor", true: "candor_checked"}[checks], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var faults fault.List
				buffer, _ = e.Append(buffer[:0], v, checks, &faults)
			}
		})
	}
	b.Run("encoding_json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = json.Marshal(all)
		}
	})
	b.Run("json_v2", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = jsonv2.Marshal(all)
		}
	})
}
