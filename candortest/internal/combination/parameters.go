package combination

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/candor-go/candor"
)

type (
	size  string
	grade int
	// shade is decoded by its own method.
	shade struct{ name string }
)

func (size) Enum() []size { return []size{"small", "large", "extra large"} }

func (grade) Enum() []grade { return []grade{-1, 0, 3} }

func (s shade) MarshalText() ([]byte, error) { return []byte(s.name), nil }

func (s *shade) UnmarshalText(text []byte) error {
	if s.name = string(text); s.name != "light" && s.name != "dark" {
		return candor.Invalid("must be light or dark")
	}
	return nil
}

func (shade) OpenAPISchema() map[string]any {
	return map[string]any{"type": "string", "enum": []any{"light", "dark"}}
}

// The four sources of a parameter, each with a type as it is, optional, nullable, and in a list.
type (
	inPath[T any] struct {
		Must T `path:"must"`
	}
	inQuery[T any] struct {
		Must  T                  `query:"must"`
		May   T                  `query:"may,omitempty"`
		Null  *T                 `query:"null"`
		Patch candor.Optional[T] `query:"patch"`
		List  []T                `query:"list,omitempty" validate:"max=3"`
		CSV   []T                `query:"csv,csv,omitempty" validate:"unique"`
	}
	inHeader[T any] struct {
		Must  T                  `header:"X-Must"`
		May   T                  `header:"X-May,omitempty"`
		Null  *T                 `header:"X-Null"`
		Patch candor.Optional[T] `header:"X-Patch"`
		List  []T                `header:"X-List,omitempty" validate:"max=3"`
	}
	inCookie[T any] struct {
		Must  T                  `cookie:"must"`
		May   T                  `cookie:"may,omitempty"`
		Null  *T                 `cookie:"null"`
		Patch candor.Optional[T] `cookie:"patch"`
	}
	// asJSON is a value in a parameter that contains JSON.
	asJSON[T any] struct {
		Must T            `query:"must,json"`
		Null *T           `query:"null,json"`
		Map  map[string]T `query:"map,json" validate:"max=2"`
	}
)

// everywhere registers a type in all sources.
func everywhere[T any](app *candor.App, name string) {
	candor.Get(app, at("parameters", name, "path", "{must}"), taken[inPath[T]], id("path", name))
	candor.Get(app, at("parameters", name, "query"), taken[inQuery[T]], id("query", name))
	candor.Get(app, at("parameters", name, "header"), taken[inHeader[T]], id("header", name))
	candor.Get(app, at("parameters", name, "cookie"), taken[inCookie[T]], id("cookie", name))
	candor.Get(app, at("parameters", name, "json"), taken[asJSON[T]], id("json", name))
}

func addParameters(app *candor.App) {
	everywhere[string](app, "string")
	everywhere[bool](app, "bool")
	everywhere[int8](app, "int8")
	everywhere[int64](app, "int64")
	everywhere[uint64](app, "uint64")
	everywhere[float32](app, "float32")
	everywhere[float64](app, "float64")
	everywhere[size](app, "size")
	everywhere[grade](app, "grade")
	everywhere[shade](app, "shade")
	everywhere[time.Time](app, "time")
	everywhere[time.Duration](app, "duration")
	everywhere[candor.Date](app, "date")
	everywhere[candor.TimeOfDay](app, "clock")
	everywhere[uuid.UUID](app, "uuid")
	everywhere[netip.Addr](app, "addr")
	addRules(app)
	addDefaults(app)
}

// The rules, in each source of strings and numbers.
type (
	ruledQuery struct {
		Short  string  `query:"short" validate:"min=2,max=4"`
		Code   string  `query:"code" pattern:"^\\S+$"`
		Dotted string  `query:"dotted" pattern:"^a.c$"`
		One    string  `query:"one" validate:"oneof=a b 'c d'"`
		Mail   string  `query:"mail" validate:"email" example:"a@example.com"`
		Low    int     `query:"low" validate:"gte=-3,lt=3"`
		High   uint64  `query:"high" validate:"gt=9007199254740991"`
		Ratio  float64 `query:"ratio" validate:"gt=0,lte=1"`
	}
	ruledHeader struct {
		Short string  `header:"X-Short" validate:"min=2,max=4"`
		Code  string  `header:"X-Code" pattern:"^[A-Z]\\d+$"`
		One   string  `header:"X-One" validate:"oneof=a b"`
		Low   int     `header:"X-Low" validate:"gte=-3,lt=3"`
		Ratio float64 `header:"X-Ratio" validate:"gt=0,lte=1"`
	}
	ruledCookie struct {
		Short string `cookie:"short" validate:"min=2,max=4"`
		Code  string `cookie:"code" pattern:"^[A-Z]\\d+$"`
		One   string `cookie:"one" validate:"oneof=a b"`
		Low   int    `cookie:"low" validate:"gte=-3,lt=3"`
	}
	ruledPath struct {
		Short string `path:"short" validate:"min=2,max=4"`
		Code  string `path:"code" pattern:"^[^\\s/]+$"`
		Low   int    `path:"low" validate:"gte=-3,lt=3"`
	}
)

func addRules(app *candor.App) {
	candor.Get(app, "/rules/query", taken[ruledQuery], id("rules", "query"))
	candor.Get(app, "/rules/header", taken[ruledHeader], id("rules", "header"))
	candor.Get(app, "/rules/cookie", taken[ruledCookie], id("rules", "cookie"))
	candor.Get(app, "/rules/path/{short}/{code}/{low}", taken[ruledPath], id("rules", "path"))
	candor.Get(app, "/rules/all/{short}/{code}/{low}", taken[struct {
		ruledPath
		Query  ruledQuery  `query:""`
		Header ruledHeader `header:""`
		Cookie ruledCookie `cookie:""`
	}], id("rules", "all"))
	candor.Get(app, "/rules/strict", taken[struct {
		Query  ruledQuery  `query:""`
		Cookie ruledCookie `cookie:""`
	}], id("rules", "strict"), candor.ForbidExtra())
}

// defaulted has defaults in every source, with rules that they follow.
type defaulted struct {
	Int    int         `query:"int" default:"3" validate:"gte=1,lte=5"`
	Text   string      `query:"text" default:"a b" validate:"max=5"`
	List   []int       `query:"list" default:"[1,2]" validate:"max=3"`
	Size   size        `header:"X-Size" default:"large"`
	Day    candor.Date `header:"X-Day" default:"2024-02-29"`
	Ratio  float64     `cookie:"ratio" default:"0.5"`
	Agreed bool        `cookie:"agreed" default:"true"`
	Null   *grade      `query:"null" default:"3"`
}

// shown has the values of defaulted after defaults are set.
type shown struct {
	Int   int         `json:"int" validate:"gte=1,lte=5"`
	Text  string      `json:"text" validate:"max=5"`
	List  []int       `json:"list" validate:"max=3"`
	Size  size        `json:"size"`
	Day   candor.Date `json:"day"`
	Ratio float64     `json:"ratio"`
	Null  *grade      `json:"null"`
}

func addDefaults(app *candor.App) {
	candor.Get(app, "/defaults", func(_ context.Context, in defaulted) (shown, error) {
		return shown{in.Int, in.Text, in.List, in.Size, in.Day, in.Ratio, in.Null}, nil
	}, id("defaults"))
}
