package candortest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
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

// textRules are rules of text without a parameter and some with one.
var textRules = []string{
	"alpha", "alphaspace", "alphanum", "alphanumspace", "alphaunicode", "alphanumunicode", "numeric", "number", "hexadecimal",
	"ascii", "printascii", "multibyte", "lowercase", "uppercase", "boolean", "e164", "hexcolor", "rgb", "rgba", "hsl", "hsla",
	"cmyk", "iscolor", "email", "url", "uri", "http_url", "https_url", "ip", "ipv4", "ipv6", "hostname", "hostname_rfc1123", "fqdn",
	"url_encoded", "uuid", "uuid3", "uuid4", "uuid5", "uuid_rfc4122", "ulid", "base32", "base64", "base64url", "base64rawurl",
	"json", "jwt", "md5", "sha256", "semver", "mongodb", "eth_addr", "cve", "bic", "ein", "issn", "latitude", "longitude",
	"datetime=2006-01-02", "contains=x", "startswith=ab", "endswith=yz", "excludes=q", "startsnotwith=ab", "endsnotwith=yz",
	"containsany=xyz", "excludesall=xyz", "containsrune=é", "excludesrune=é", "eq_ignore_case=Ab", "ne_ignore_case=Ab",
}

// textType is a struct with a member for each of the rules.
func textType() reflect.Type {
	var fields []reflect.StructField
	for i, rule := range textRules {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[*string](),
			Tag: reflect.StructTag(fmt.Sprintf(`json:%q validate:%q`, fmt.Sprintf("%02d_%s", i, rule), rule)),
		})
	}
	return reflect.StructOf(fields)
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
