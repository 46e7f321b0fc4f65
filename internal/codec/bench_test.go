package codec_test

import (
	"encoding/json"
	"reflect"
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

func benchmarkDecode(b *testing.B, text string) {
	data := []byte(text)
	d, err := newCompiler().Decoder(describe(b, reflect.TypeFor[product]()), nil)
	require.NoError(b, err)
	b.Run("candor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var into product
			var faults fault.List
			d.Decode(data, reflect.ValueOf(&into).Elem(), codec.Options{}, &faults)
			if len(faults.Faults) > 0 {
				b.Fatal(lines(faults.Faults))
			}
		}
	})
	b.Run("encoding_json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var into product
			if err := json.Unmarshal(data, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json_v2", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var into product
			if err := jsonv2.Unmarshal(data, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecodeFavourable(b *testing.B) { benchmarkDecode(b, favourable) }
func BenchmarkDecodeAwkward(b *testing.B)    { benchmarkDecode(b, awkward) }

func BenchmarkDecodeAny(b *testing.B) {
	data := []byte(awkward)
	d, err := newCompiler().Decoder(describe(b, reflect.TypeFor[any]()), nil)
	require.NoError(b, err)
	b.Run("candor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var into any
			var faults fault.List
			d.Decode(data, reflect.ValueOf(&into).Elem(), codec.Options{}, &faults)
		}
	})
	b.Run("json_v2", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var into any
			_ = jsonv2.Unmarshal(data, &into)
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
