package torture

import (
	"time"

	"github.com/candor-go/candor"
)

// rules has rules of values that are not strings, and of required strings.
type rules struct {
	Min      string                  `json:"min" validate:"min=2"`
	Max      string                  `json:"max" validate:"max=3"`
	Len      string                  `json:"len" validate:"len=2"`
	Gt       int                     `json:"gt" validate:"gt=3"`
	Gte      int8                    `json:"gte" validate:"gte=3"`
	Lt       float64                 `json:"lt" validate:"lt=3.5"`
	Lte      uint                    `json:"lte" validate:"lte=3"`
	Between  float32                 `json:"between" validate:"gt=0,lt=1"`
	Eq       int                     `json:"eq" validate:"eq=7"`
	Ne       int                     `json:"ne" validate:"ne=7"`
	EqTrue   bool                    `json:"eq_true" validate:"eq=true"`
	OneInt   int                     `json:"one_int" validate:"oneof=1 2 3"`
	NoneInt  int                     `json:"none_int" validate:"noneof=1 2 3"`
	Port     int                     `json:"port" validate:"port"`
	Lat      float64                 `json:"lat" validate:"latitude"`
	Long     *float32                `json:"long" validate:"longitude"`
	Unique   []int                   `json:"unique" validate:"unique"`
	Texts    []string                `json:"texts" validate:"min=1,max=3,unique,dive,min=1,max=4"`
	Three    []bool                  `json:"three" validate:"len=3"`
	Names    map[string]int          `json:"names" validate:"max=2,dive,keys,min=1,max=3,endkeys,gte=0"`
	Coded    map[string]string       `json:"coded" validate:"max=2,dive,keys,alpha,endkeys,alphanum"`
	Grid     [][]int                 `json:"grid" validate:"max=2,dive,max=2,dive,gte=0"`
	Pattern  string                  `json:"pattern" pattern:"^[a-z]{2}-[0-9]+$"`
	Blank    string                  `json:"blank,omitempty" validate:"omitempty,min=3"`
	Zero     int                     `json:"zero,omitzero" validate:"omitzero,gte=5"`
	Maybe    *int                    `json:"maybe" validate:"omitnil,gte=5"`
	Set      candor.Optional[string] `json:"set" validate:"max=2"`
	Encoded  []byte                  `json:"encoded" validate:"min=3,max=6"`
	Wait     *time.Duration          `json:"wait" validate:"gte=1s,lte=1h" example:"5m"`
	Currency *int                    `json:"currency" validate:"iso4217_numeric" example:"978"`
	Luhn     *int                    `json:"luhn" validate:"luhn_checksum" example:"18"`
	Country  *int                    `json:"country" validate:"iso3166_1_alpha_numeric" example:"276"`
	Multiple int                     `json:"multiple" validate:"multiple_of=3,gte=0,lte=30"`
	Dozens   *int                    `json:"dozens" validate:"multipleOf=12" example:"24"`
	Halves   *float64                `json:"halves" validate:"multipleOf=0.5,gte=-1000,lte=1000" example:"1.5"`
	Fives    *uint8                  `json:"fives" validate:"multipleOf=5,gte=5" example:"15"`
	Worded   *string                 `json:"worded" pattern:"^[a-z]+$" patternmsg:"Must be small letters" example:"ab"`
	Past     *time.Time              `json:"past" validate:"lt" example:"2001-01-01T00:00:00Z"`
}

// across has rules that depend on other members. The document only notes them.
type across struct {
	Kind  string  `json:"kind" validate:"oneof=card cash"`
	Here  string  `json:"here" validate:"min=1,max=2"`
	Other *string `json:"other,omitempty" validate:"max=2"`
	Third *string `json:"third,omitempty" validate:"max=2"`
	Inner struct {
		N    int    `json:"n" validate:"gte=0,lte=9"`
		Text string `json:"text" validate:"max=2"`
	} `json:"inner"`

	Low          *int    `json:"low,omitempty" validate:"gte=0,lte=9"`
	Eq           *int    `json:"eq,omitempty" validate:"eqfield=Low"`
	Ne           *int    `json:"ne,omitempty" validate:"nefield=Low"`
	Gt           *int    `json:"gt,omitempty" validate:"gtfield=Low"`
	Gte          *int    `json:"gte,omitempty" validate:"gtefield=Low"`
	Lt           *int    `json:"lt,omitempty" validate:"ltfield=Low"`
	Lte          *int    `json:"lte,omitempty" validate:"ltefield=Low"`
	EqCS         *int    `json:"eqcs,omitempty" validate:"eqcsfield=Inner.N"`
	NeCS         *int    `json:"necs,omitempty" validate:"necsfield=Inner.N"`
	GtCS         *int    `json:"gtcs,omitempty" validate:"gtcsfield=Inner.N"`
	GteCS        *int    `json:"gtecs,omitempty" validate:"gtecsfield=Inner.N"`
	LtCS         *int    `json:"ltcs,omitempty" validate:"ltcsfield=Inner.N"`
	LteCS        *int    `json:"ltecs,omitempty" validate:"ltecsfield=Inner.N"`
	Contains     *string `json:"contains,omitempty" validate:"fieldcontains=Kind" example:"cardcash"`
	Excludes     *string `json:"excludes,omitempty" validate:"fieldexcludes=Kind"`
	Postcode     *string `json:"postcode,omitempty" validate:"postcode_iso3166_alpha2_field=Land" example:"80331"`
	Land         *string `json:"land,omitempty" validate:"oneof=DE"`
	If           *string `json:"if,omitempty" validate:"required_if=Kind card"`
	Unless       *string `json:"unless,omitempty" validate:"required_unless=Kind cash"`
	With         *string `json:"with,omitempty" validate:"required_with=Other Third"`
	WithAll      *string `json:"with_all,omitempty" validate:"required_with_all=Other Third"`
	Without      *string `json:"without,omitempty" validate:"required_without=Here"`
	WithoutAll   *string `json:"without_all,omitempty" validate:"required_without_all=Here Third"`
	NoIf         *string `json:"no_if,omitempty" validate:"excluded_if=Kind card"`
	NoUnless     *string `json:"no_unless,omitempty" validate:"excluded_unless=Kind cash"`
	NoWith       *string `json:"no_with,omitempty" validate:"excluded_with=Other"`
	NoWithAll    *string `json:"no_with_all,omitempty" validate:"excluded_with_all=Other Third"`
	NoWithout    *string `json:"no_without,omitempty" validate:"excluded_without=Here"`
	NoWithoutAll *string `json:"no_without_all,omitempty" validate:"excluded_without_all=Here Third"`
	Skip         *string `json:"skip,omitempty" validate:"skip_unless=Kind card"`
}

type (
	// account has readonly and writeonly members, and members that depend on others.
	account struct {
		ID       int                     `json:"id" readonly:"true"`
		Name     string                  `json:"name" validate:"min=1,max=8"`
		Password string                  `json:"password" writeonly:"true" validate:"min=3"`
		Hint     *string                 `json:"hint" writeonly:"true" validate:"max=4"`
		Card     candor.Optional[string] `json:"card" requires:"holder,expires"`
		Holder   candor.Optional[string] `json:"holder" validate:"max=4"`
		Expires  candor.Optional[int8]   `json:"expires" requires:"holder"`
		Keys     []accountKey            `json:"keys,omitempty" validate:"max=2"`
		Level    level                   `json:"level,omitempty" readonly:"true"`
	}
	accountKey struct {
		Made   time.Time `json:"made" readonly:"true"`
		Secret string    `json:"secret" writeonly:"true" validate:"min=1"`
		Label  string    `json:"label,omitempty"`
	}
	// closedAccount rejects the members that it would otherwise ignore.
	closedAccount struct {
		candor.Strict
		ID     int    `json:"id" readonly:"true"`
		Name   string `json:"name"`
		Secret string `json:"secret" writeonly:"true"`
	}
)
