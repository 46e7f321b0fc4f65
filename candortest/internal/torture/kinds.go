package torture

import (
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/candor-go/candor"
)

type (
	level string
	grade int
	// shade is decoded by its own method, and declares its schema.
	shade string
	// even decodes its own JSON, and declares its schema.
	even int64
	// word is validated by a method that a tag names.
	word string
)

func (level) Enum() []level { return []level{"low", "high"} }

func (grade) Enum() []grade { return []grade{1, 2, 3} }

func (s shade) MarshalText() ([]byte, error) { return []byte(s), nil }

func (s *shade) UnmarshalText(text []byte) error {
	if *s = shade(text); *s != "light" && *s != "dark" {
		return candor.Invalid("must be light or dark")
	}
	return nil
}

func (shade) OpenAPISchema() map[string]any {
	return map[string]any{"type": "string", "enum": []any{"light", "dark"}}
}

func (e even) MarshalJSON() ([]byte, error) { return json.Marshal(int64(e)) }

func (e *even) UnmarshalJSON(text []byte) error {
	var n float64 // an integer may be written as 1e2
	if err := json.Unmarshal(text, &n); err != nil || math.Mod(n, 2) != 0 || math.Abs(n) > 1<<40 {
		return candor.Invalid("must be an even number")
	}
	*e = even(n)
	return nil
}

func (even) OpenAPISchema() map[string]any {
	return map[string]any{"type": []any{"integer", "null"}, "multipleOf": 2, "minimum": int64(-1 << 40), "maximum": int64(1 << 40)}
}

// Validate is what validateFn calls.
func (w word) Validate() bool { return !strings.Contains(string(w), " ") }

type (
	cat struct {
		Lives int `json:"lives" validate:"gte=1,lte=9"`
	}
	dog struct {
		Name string   `json:"name" validate:"min=1"`
		Toys []string `json:"toys,omitempty" validate:"max=3,dive,max=5"`
	}
	pet struct {
		candor.OneOf `json:"kind"`
		Cat          *cat `case:"cat"`
		Dog          *dog `case:"dog"`
	}
	// notice has a default variant, and its cases are the names of events.
	notice struct {
		candor.OneOf `json:"type" event:"name"`
		Started      *started `case:"started"`
		Done         *dog     `case:"done"`
		Other        *later   `case:"*"`
	}
	started struct {
		By string `json:"by" validate:"min=1"`
	}
	later struct {
		Type string `json:"type" validate:"max=9,excludes= "`
		Note *int   `json:"note,omitempty" validate:"gte=0"`
	}
	// guess has a default variant that ignores the discriminator.
	guess struct {
		candor.OneOf `json:"kind"`
		Cat          *cat  `case:"cat"`
		Rest         *rest `case:"*"`
	}
	rest struct {
		Free string `json:"free,omitempty" validate:"max=3"`
	}
	tree struct {
		Value    int     `json:"value" validate:"lt=100"`
		Children []*tree `json:"children,omitempty" validate:"max=2"`
	}
	closedPair struct {
		candor.Strict
		A int    `json:"a"`
		B string `json:"b,omitempty"`
	}
	// page is generic; its schema is named after the type argument.
	page[T any] struct {
		Items []T `json:"items" validate:"max=3"`
		Next  *T  `json:"next,omitempty"`
	}
	base struct {
		ID   int    `json:"id" validate:"gte=1"`
		Name string `json:"name" validate:"min=1,max=9" doc:"A name" example:"Ann"`
	}
	// embedding has the promoted members of others beside its own.
	embedding struct {
		base
		*Trail
		Own bool `json:"own" deprecated:"true"`
	}
	// Trail is embedded as a pointer, so it may be absent with all its members.
	Trail struct {
		Steps []string `json:"steps,omitempty" validate:"max=2"`
	}
	// span is validated as a whole.
	span struct {
		From int `json:"from"`
		To   int `json:"to"`
	}
)

// Validate checks what no keyword can express.
func (s span) Validate() error {
	if s.From > s.To {
		return errors.New("ends before it begins")
	}
	return nil
}

// numbers and their like.
type numbers struct {
	Bool    bool        `json:"bool"`
	Int     int         `json:"int"`
	Int8    int8        `json:"int8"`
	Int16   int16       `json:"int16"`
	Int32   int32       `json:"int32"`
	Int64   int64       `json:"int64"`
	Uint    uint        `json:"uint"`
	Uint8   uint8       `json:"uint8"`
	Uint16  uint16      `json:"uint16"`
	Uint32  uint32      `json:"uint32"`
	Uint64  uint64      `json:"uint64"`
	Uintptr uintptr     `json:"uintptr"`
	Float32 float32     `json:"float32"`
	Float64 float64     `json:"float64"`
	Number  json.Number `json:"number"`
	Big     *big.Int    `json:"big"`
	Wide    *big.Float  `json:"wide"`
	Quoted  int         `json:"quoted,string"`
	Truth   bool        `json:"truth,string"`
	Half    float64     `json:"half,string"`
	Grade   grade       `json:"grade"`
	Even    even        `json:"even"`
}

// words has types that are strings in JSON.
type words struct {
	String   string               `json:"string"`
	Bytes    []byte               `json:"bytes"`
	Time     time.Time            `json:"time"`
	Duration time.Duration        `json:"duration"`
	Date     candor.Date          `json:"date"`
	Clock    candor.TimeOfDay     `json:"clock"`
	Local    candor.LocalDateTime `json:"local"`
	UUID     uuid.UUID            `json:"uuid"`
	Decimal  decimal.Decimal      `json:"decimal"`
	Addr     netip.Addr           `json:"addr" example:"192.0.2.1"`
	IP       net.IP               `json:"ip" example:"2001:db8::1"`
	Prefix   netip.Prefix         `json:"prefix" example:"10.0.0.0/8"`
	AddrPort netip.AddrPort       `json:"addr_port" example:"192.0.2.1:80"`
	URL      url.URL              `json:"url" example:"https://example.com/a?b=c"`
	Rat      *big.Rat             `json:"rat" example:"1/3"`
	Level    level                `json:"level"`
	Shade    shade                `json:"shade"`
	Word     word                 `json:"word,omitempty" validate:"validateFn" example:"one"`
}

// nulls has nullable members of every kind.
type nulls struct {
	Pointer  *string                 `json:"pointer"`
	Optional candor.Optional[int]    `json:"optional"`
	List     candor.Optional[[]bool] `json:"list" validate:"max=2"`
	Text     sql.NullString          `json:"text"`
	Int16    sql.NullInt16           `json:"int16"`
	Int32    sql.NullInt32           `json:"int32"`
	Int64    sql.NullInt64           `json:"int64" validate:"gte=0"`
	Byte     sql.NullByte            `json:"byte"`
	Float    sql.NullFloat64         `json:"float"`
	Bool     sql.NullBool            `json:"bool"`
	Time     sql.NullTime            `json:"time"`
	Any      sql.Null[uint8]         `json:"any"`
	Raw      json.RawMessage         `json:"raw"`
	Value    jsontext.Value          `json:"value"`
	Free     any                     `json:"free"`
	NotNull  any                     `json:"not_null" validate:"required"`
	Pet      *pet                    `json:"pet"`
	Tree     *tree                   `json:"tree"`
}

// lists has types that contain others.
type lists struct {
	List     []int                          `json:"list"`
	Array    [2]bool                        `json:"array"`
	Map      map[string]int                 `json:"map"`
	IntMap   map[int8]string                `json:"int_map"`
	UintMap  map[uint16]string              `json:"uint_map,omitempty"`
	LevelMap map[level]bool                 `json:"level_map"`
	GradeMap map[grade]bool                 `json:"grade_map,omitempty"`
	UUIDMap  map[uuid.UUID]int              `json:"uuid_map,omitempty"`
	Deep     map[string][]*float64          `json:"deep,omitempty"`
	Nested   struct{ X *[]*int8 }           `json:"nested"`
	Pet      pet                            `json:"pet"`
	Pets     []*pet                         `json:"pets,omitempty"`
	PetMap   map[string]pet                 `json:"pet_map,omitempty" validate:"max=1"`
	Tree     tree                           `json:"tree"`
	Closed   closedPair                     `json:"closed"`
	Page     page[base]                     `json:"page"`
	Both     embedding                      `json:"both"`
	Span     *span                          `json:"span"`
	Default  bool                           `json:"default" default:"true"`
	Defaults []string                       `json:"defaults" default:"[\"a\"]"`
	Inner    struct{ N int }                `json:"inner" default:"{\"N\":7}"`
	Hidden   int                            `json:"-"`
	Last     candor.Optional[page[[]level]] `json:"last"`
}
