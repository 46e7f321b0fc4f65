package candortest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
	"github.com/candor-go/candor/internal/documenttest"
)

type level string

func (level) Enum() []level { return []level{"low", "high"} }

type grade int

func (grade) Enum() []grade { return []grade{1, 2, 3} }

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
	tree struct {
		Value    int     `json:"value" validate:"lt=100"`
		Children []*tree `json:"children,omitempty" validate:"max=2"`
	}
	closedPair struct {
		candor.Strict
		A int    `json:"a"`
		B string `json:"b,omitempty"`
	}
)

// kinds has every kind of value.
type kinds struct {
	Bool     bool                  `json:"bool"`
	Int      int                   `json:"int"`
	Int8     int8                  `json:"int8"`
	Int16    int16                 `json:"int16"`
	Int32    int32                 `json:"int32"`
	Int64    int64                 `json:"int64"`
	Uint     uint                  `json:"uint"`
	Uint8    uint8                 `json:"uint8"`
	Uint16   uint16                `json:"uint16"`
	Uint32   uint32                `json:"uint32"`
	Uint64   uint64                `json:"uint64"`
	Float32  float32               `json:"float32"`
	Float64  float64               `json:"float64"`
	String   string                `json:"string"`
	Bytes    []byte                `json:"bytes"`
	Time     time.Time             `json:"time"`
	Duration time.Duration         `json:"duration"`
	IP       netip.Addr            `json:"ip"`
	Big      *big.Int              `json:"big"`
	Raw      json.RawMessage       `json:"raw"`
	Any      any                   `json:"any"`
	Number   json.Number           `json:"number"`
	List     []int                 `json:"list"`
	Array    [2]bool               `json:"array"`
	Map      map[string]int        `json:"map"`
	IntMap   map[int8]string       `json:"int_map"`
	LevelMap map[level]bool        `json:"level_map"`
	Pointer  *string               `json:"pointer"`
	Optional candor.Optional[int]  `json:"optional"`
	Level    level                 `json:"level"`
	Grade    grade                 `json:"grade"`
	Pet      pet                   `json:"pet"`
	Pets     []*pet                `json:"pets,omitempty"`
	Tree     tree                  `json:"tree"`
	Closed   closedPair            `json:"closed"`
	Quoted   int                   `json:"quoted,string"`
	Default  bool                  `json:"default" default:"true"`
	Defaults []string              `json:"defaults" default:"[\"a\"]"`
	Nested   struct{ X *[]*int8 }  `json:"nested"`
	Deep     map[string][]*float64 `json:"deep,omitempty"`
}

// rules has the constraints, those of text by their names.
type rules struct {
	Min     string                  `json:"min" validate:"min=2"`
	Max     string                  `json:"max" validate:"max=3"`
	Len     string                  `json:"len" validate:"len=2"`
	Gt      int                     `json:"gt" validate:"gt=3"`
	Gte     int8                    `json:"gte" validate:"gte=3"`
	Lt      float64                 `json:"lt" validate:"lt=3.5"`
	Lte     uint                    `json:"lte" validate:"lte=3"`
	Between float32                 `json:"between" validate:"gt=0,lt=1"`
	Eq      int                     `json:"eq" validate:"eq=7"`
	Ne      int                     `json:"ne" validate:"ne=7"`
	EqText  string                  `json:"eq_text" validate:"eq=seven"`
	NeText  string                  `json:"ne_text" validate:"ne=seven"`
	OneOf   string                  `json:"one_of" validate:"oneof=a b 'c d'"`
	OneInt  int                     `json:"one_int" validate:"oneof=1 2 3"`
	NoneOf  string                  `json:"none_of" validate:"noneof=a b"`
	Folded  string                  `json:"folded" validate:"oneofci=Red Green"`
	Either  string                  `json:"either" validate:"hexcolor|rgb"`
	Port    int                     `json:"port" validate:"port"`
	Lat     float64                 `json:"lat" validate:"latitude"`
	Unique  []int                   `json:"unique" validate:"unique"`
	Items   []string                `json:"items" validate:"min=1,max=3,dive,min=1,max=2"`
	Three   []int                   `json:"three" validate:"len=3"`
	Names   map[string]int          `json:"names" validate:"max=2,dive,keys,min=1,max=3,endkeys,gte=0"`
	Pattern string                  `json:"pattern" pattern:"^[a-z]{2}-[0-9]+$"`
	Blank   string                  `json:"blank,omitempty" validate:"omitempty,min=3"`
	Maybe   *int                    `json:"maybe" validate:"gte=5"`
	Set     candor.Optional[string] `json:"set" validate:"max=2"`
	Encoded []byte                  `json:"encoded" validate:"min=3,max=6"`
}

// texts has the rules of text, each in a member that may be null.
type texts struct {
	F0  *string `json:"alpha_0" validate:"alpha"`
	F1  *string `json:"alphaspace_1" validate:"alphaspace"`
	F2  *string `json:"alphanum_2" validate:"alphanum"`
	F3  *string `json:"alphanumspace_3" validate:"alphanumspace"`
	F4  *string `json:"alphaunicode_4" validate:"alphaunicode"`
	F5  *string `json:"alphanumunicode_5" validate:"alphanumunicode"`
	F6  *string `json:"numeric_6" validate:"numeric"`
	F7  *string `json:"number_7" validate:"number"`
	F8  *string `json:"hexadecimal_8" validate:"hexadecimal"`
	F9  *string `json:"ascii_9" validate:"ascii"`
	F10 *string `json:"printascii_10" validate:"printascii"`
	F11 *string `json:"multibyte_11" validate:"multibyte"`
	F12 *string `json:"lowercase_12" validate:"lowercase"`
	F13 *string `json:"uppercase_13" validate:"uppercase"`
	F14 *string `json:"boolean_14" validate:"boolean"`
	F15 *string `json:"e164_15" validate:"e164"`
	F16 *string `json:"hexcolor_16" validate:"hexcolor"`
	F17 *string `json:"rgb_17" validate:"rgb"`
	F18 *string `json:"rgba_18" validate:"rgba"`
	F19 *string `json:"hsl_19" validate:"hsl"`
	F20 *string `json:"hsla_20" validate:"hsla"`
	F21 *string `json:"cmyk_21" validate:"cmyk"`
	F22 *string `json:"iscolor_22" validate:"iscolor"`
	F23 *string `json:"email_23" validate:"email"`
	F24 *string `json:"url_24" validate:"url"`
	F25 *string `json:"uri_25" validate:"uri"`
	F26 *string `json:"http_url_26" validate:"http_url"`
	F27 *string `json:"https_url_27" validate:"https_url"`
	F28 *string `json:"ip_28" validate:"ip"`
	F29 *string `json:"ipv4_29" validate:"ipv4"`
	F30 *string `json:"ipv6_30" validate:"ipv6"`
	F31 *string `json:"hostname_31" validate:"hostname"`
	F32 *string `json:"hostname_rfc1123_32" validate:"hostname_rfc1123"`
	F33 *string `json:"fqdn_33" validate:"fqdn"`
	F34 *string `json:"url_encoded_34" validate:"url_encoded"`
	F35 *string `json:"uuid_35" validate:"uuid"`
	F36 *string `json:"uuid3_36" validate:"uuid3"`
	F37 *string `json:"uuid4_37" validate:"uuid4"`
	F38 *string `json:"uuid5_38" validate:"uuid5"`
	F39 *string `json:"uuid_rfc4122_39" validate:"uuid_rfc4122"`
	F40 *string `json:"ulid_40" validate:"ulid"`
	F41 *string `json:"base32_41" validate:"base32"`
	F42 *string `json:"base64_42" validate:"base64"`
	F43 *string `json:"base64url_43" validate:"base64url"`
	F44 *string `json:"base64rawurl_44" validate:"base64rawurl"`
	F45 *string `json:"json_45" validate:"json"`
	F46 *string `json:"jwt_46" validate:"jwt"`
	F47 *string `json:"md5_47" validate:"md5"`
	F48 *string `json:"sha256_48" validate:"sha256"`
	F49 *string `json:"semver_49" validate:"semver"`
	F50 *string `json:"mongodb_50" validate:"mongodb"`
	F51 *string `json:"eth_addr_51" validate:"eth_addr"`
	F52 *string `json:"cve_52" validate:"cve"`
	F53 *string `json:"bic_53" validate:"bic"`
	F54 *string `json:"ein_54" validate:"ein"`
	F55 *string `json:"issn_55" validate:"issn"`
	F56 *string `json:"latitude_56" validate:"latitude"`
	F57 *string `json:"longitude_57" validate:"longitude"`
	F58 *string `json:"datetime_2006_01_02_58" validate:"datetime=2006-01-02"`
	F59 *string `json:"contains_x_59" validate:"contains=x"`
	F60 *string `json:"startswith_ab_60" validate:"startswith=ab"`
	F61 *string `json:"endswith_yz_61" validate:"endswith=yz"`
	F62 *string `json:"excludes_q_62" validate:"excludes=q"`
	F63 *string `json:"startsnotwith_ab_63" validate:"startsnotwith=ab"`
	F64 *string `json:"endsnotwith_yz_64" validate:"endsnotwith=yz"`
	F65 *string `json:"containsany_xyz_65" validate:"containsany=xyz"`
	F66 *string `json:"excludesall_xyz_66" validate:"excludesall=xyz"`
	F67 *string `json:"containsrune__67" validate:"containsrune=é"`
	F68 *string `json:"excludesrune__68" validate:"excludesrune=é"`
	F69 *string `json:"eq_ignore_case_b_69" validate:"eq_ignore_case=Ab"`
	F70 *string `json:"ne_ignore_case_b_70" validate:"ne_ignore_case=Ab"`
}

type parameters struct {
	ID     int8           `path:"id" validate:"gte=1"`
	Slug   string         `path:"slug" validate:"max=5"`
	Q      string         `query:"q,omitempty" validate:"min=1,max=5"`
	N      int            `query:"n" validate:"gte=0,lte=10"`
	X      *float64       `query:"x" validate:"gt=0"`
	On     bool           `query:"on" default:"true"`
	Tags   []string       `query:"tags" validate:"max=3,dive,min=1"`
	IDs    []int          `query:"ids,csv,omitempty" validate:"unique"`
	Level  level          `query:"level,omitempty"`
	Grade  *grade         `query:"grade"`
	When   time.Time      `query:"when,omitempty"`
	Wait   *time.Duration `query:"wait"`
	Token  string         `header:"X-Token" validate:"len=4"`
	Count  *uint8         `header:"X-Count"`
	Lists  []int          `header:"X-Lists,omitempty"`
	Theme  string         `cookie:"theme,omitempty" validate:"oneof=dark light"`
	Visits *int           `cookie:"visits" validate:"gte=0"`
	Filter *closedPair    `query:"filter,json"`
}

type formIn struct {
	Name  string   `form:"name" validate:"min=1,max=8"`
	Age   int      `form:"age" validate:"gte=0,lte=150"`
	Tags  []string `form:"tags,omitempty" validate:"max=2,dive,min=1"`
	Agree bool     `form:"agree" default:"false"`
}

// echo answers with what came.
func echo[T any](_ context.Context, in struct {
	Body T `body:""`
},
) (T, error) {
	return in.Body, nil
}

func torture(config candor.Config) *candor.App {
	app := candor.New(config)
	candor.Post(app, "/kinds", echo[kinds], candor.OperationID("kinds"))
	candor.Post(app, "/rules", echo[rules], candor.OperationID("rules"))
	candor.Post(app, "/texts", echo[texts], candor.OperationID("texts"))
	candor.Post(app, "/closed", echo[rules], candor.OperationID("closed"), candor.ForbidExtra())
	candor.Post(app, "/pets", echo[[]pet], candor.OperationID("pets"))
	candor.Put(app, "/trees", echo[tree], candor.OperationID("trees"))
	candor.Patch(app, "/maybe", echo[*tree], candor.OperationID("maybe"))
	candor.Get(app, "/p/{id}/{slug}", func(_ context.Context, in parameters) (map[string]any, error) {
		return map[string]any{"n": in.N}, nil
	}, candor.OperationID("parameters"))
	candor.Post(app, "/form", func(_ context.Context, in formIn) (candor.None, error) { return candor.None{}, nil }, candor.OperationID("form"))
	candor.Post(app, "/members", func(_ context.Context, in struct {
		A int    `body:"a" validate:"gte=1"`
		B *tree  `body:"b"`
		C string `body:"c,omitempty" validate:"max=2"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("members"))
	candor.Post(app, "/text", func(_ context.Context, in struct {
		Body string `body:""`
	},
	) (candor.Text, error) {
		return candor.Text(in.Body), nil
	}, candor.OperationID("text"))
	candor.Get(app, "/secret", func(_ context.Context, in struct{ Token candor.Bearer }) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("secret"))
	candor.Get(app, "/key", func(_ context.Context, in struct {
		Key candor.APIKey `header:"X-Key"`
		N   int           `query:"n"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	}, candor.OperationID("key"))
	return app
}

func TestTorture(t *testing.T) {
	candortest.Conform(t, torture(candor.Config{}), candortest.Cases(400))
}

// The document is good for others too, in both versions.
func TestDocumentOfTheTorture(t *testing.T) {
	for name, config := range map[string]candor.Config{"torture": {}, "torture-problems": {ProblemDetails: true}} {
		var document bytes.Buffer
		require.NoError(t, torture(config).WriteOpenAPI(&document))
		documenttest.Check(t, name, document.Bytes())
	}
}
