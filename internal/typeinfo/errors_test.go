package typeinfo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/typeinfo"
)

// configErrors lists the possible errors in a type, with the message that its author reads.
var configErrors = []struct {
	read func(reflect.Type) error
	typ  reflect.Type
	want string
}{
	// Values.
	{
		of, reflect.TypeFor[chan int](),
		"chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	// Read-only and write-only members, and members that require others.
	{
		of, object(field[int]("A", `json:"a" readonly:"true" writeonly:"true"`)),
		"field A of struct{...}: it is readonly and writeonly, so it would be in no request and no response; keep one, or leave the field out by `json:\"-\"`",
	},
	{
		of, object(field[int]("A", `json:"a" readonly:"yes"`)),
		"field A of struct{...}: readonly:\"yes\" is neither true nor false; write `readonly:\"true\"`",
	},
	{
		of, object(field[int]("A", `json:"a" readonly:"true" validate:"required"`)),
		"field A of struct{...}: validate:\"required\" contradicts readonly, which makes the value optional; drop one of the two; required means present, and zero values such as 0, false and \"\" are present",
	},
	{
		input, object(field[string]("Q", `query:"q" writeonly:"true"`)),
		"field Q of struct{...}: it is readonly or writeonly, which members of bodies are, but its source is query; drop the tag, or put it on a member of the body's type",
	},
	{
		input, object(field[string]("Q", `body:"q" readonly:"true"`)),
		"field Q of struct{...}: its readonly tag is in an input, where nothing could set the value; drop the field",
	},
	{
		input, object(field[string]("Q", `form:"q" readonly:"true"`)),
		"field Q of struct{...}: its readonly tag is in an input, where nothing could set the value; drop the field",
	},
	{
		of, object(field[*int]("A", `json:"a" requires:"c"`), field[*int]("B", `json:"b"`)),
		"field A of struct{...}: requires:\"c\": nothing with the name \"c\" can be sent together with it; write one of b",
	},
	{
		of, object(field[*int]("A", `json:"a" requires:"a"`)),
		"field A of struct{...}: requires:\"a\": nothing with the name \"a\" can be sent together with it; drop it",
	},
	{
		of, object(field[*int]("A", `json:"a" requires:"b,"`), field[*int]("B", `json:"b"`)),
		"field A of struct{...}: requires:\"b,\" names no field; write the names on the wire, with commas between them: `requires:\"other\"`",
	},
	{
		of, object(field[*int]("A", `json:"a" requires:"b,b"`), field[*int]("B", `json:"b"`)),
		"field A of struct{...}: requires:\"b,b\": \"b\" is listed twice; name it once",
	},
	{
		of, object(field[int]("A", `json:"a" requires:"b"`), field[*int]("B", `json:"b"`)),
		"field A of struct{...}: its requires tag is on a value that is always present; drop the tag and make the others required, or make this one optional",
	},
	{
		of, object(field[*int]("A", `json:"a" requires:"b"`), field[int]("B", `json:"b"`)),
		"field A of struct{...}: requires:\"b\": \"b\" is always required; drop it, or make it optional",
	},
	{
		of, object(field[*int]("A", `json:"a" requires:"b"`), field[*int]("B", `json:"b" readonly:"true"`)),
		"field A of struct{...}: requires:\"b\": \"b\" is readonly, so no request has it; drop it",
	},
	{
		of, object(field[*int]("A", `json:"a" readonly:"true" requires:"b"`), field[*int]("B", `json:"b"`)),
		"field A of struct{...}: its requires tag is on a readonly member, which no request has; drop the tag",
	},
	{
		of, object(field[*int]("A", `json:"a" requires:"b"`), field[*int]("B", `json:"b" writeonly:"true"`)),
		"field A of struct{...}: requires:\"b\": \"b\" is writeonly, so no response has it together with this one; make this one writeonly, too, or write the rule as a method Validate",
	},
	{
		input, object(field[*int]("A", `query:"a" requires:"b"`), field[*int]("B", `header:"b"`)),
		"field A of struct{...}: requires:\"b\": nothing with the name \"b\" can be sent together with it; drop it",
	},
	{
		input, object(field[*[]int]("A", `body:"" requires:"b"`)),
		"field A of struct{...}: its requires tag has no effect on a whole body; put it on a member",
	},
	{
		response, object(field[*string]("A", `header:"X-A" requires:"X-B"`), field[*string]("B", `header:"X-B"`)),
		"field A of struct{...}: its requires tag has no effect on a header or cookie of a response; drop the tag",
	},
	{
		response, object(field[int]("A", `header:"X-A" writeonly:"true"`)),
		"field A of struct{...}: it is readonly or writeonly, which members of bodies are, but its source is header; drop the tag, or put it on a member of the body's type",
	},
	{
		of, object(field[string]("A", `json:"a" patternmsg:"must be short"`)),
		"field A of struct{...}: its patternmsg tag has no effect without a pattern; add a pattern tag, or drop it",
	},
	{
		of, object(field[string]("A", `json:"a" pattern:"^a" patternmsg:" "`)),
		"field A of struct{...}: its patternmsg tag is empty; write what the value must look like, or drop the tag",
	},
	{
		of, reflect.TypeFor[complex64](),
		"complex64: a value of kind complex64 has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, reflect.TypeFor[func()](),
		"func(): a value of kind func has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, object(field[chan int]("C", `json:"c"`)),
		"field C of struct{...}: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, reflect.TypeFor[reader](),
		"typeinfo_test.reader: an interface with methods cannot be read or documented; use a struct that embeds candor.OneOf for a choice of types, or any for every JSON value",
	},
	{
		of, object(field[io.Reader]("R", "")),
		"field R of struct{...}: io.Reader: an interface with methods cannot be read or documented; use a struct that embeds candor.OneOf for a choice of types, or any for every JSON value",
	},
	{
		of, reflect.TypeFor[**int](),
		"**int: two ways to be null, one inside the other; use *int",
	},
	{
		of, reflect.TypeFor[*optional[int]](),
		"*typeinfo_test.optional[int]: two ways to be null, one inside the other; use typeinfo_test.optional[int]",
	},
	{
		of, reflect.TypeFor[optional[*int]](),
		"typeinfo_test.optional[*int]: two ways to be null, one inside the other; use *int",
	},
	{
		of, object(field[***page[inner]]("P", "")),
		"field P of struct{...}: **typeinfo_test.page[typeinfo_test.inner]: two ways to be null, one inside the other; use *typeinfo_test.page[typeinfo_test.inner]",
	},
	{
		of, reflect.TypeFor[map[bool]int](),
		"map[bool]int: the names of a JSON object cannot be made of bool; use a string, an integer or a type with MarshalText and UnmarshalText as the key",
	},
	{
		of, reflect.TypeFor[map[any]int](),
		"map[any]int: the names of a JSON object cannot be made of any; use a string, an integer or a type with MarshalText and UnmarshalText as the key",
	},
	{
		of, reflect.TypeFor[map[inner]int](),
		"map[typeinfo_test.inner]int: the names of a JSON object cannot be made of typeinfo_test.inner; use a string, an integer or a type with MarshalText and UnmarshalText as the key",
	},
	{
		of, reflect.TypeFor[map[string]chan int](),
		"chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, object(field[map[float64]int]("M", `json:"m"`)),
		"field M of struct{...}: map[float64]int: the names of a JSON object cannot be made of float64; use a string, an integer or a type with MarshalText and UnmarshalText as the key",
	},
	{
		of, reflect.TypeFor[[]struct{ A struct{ B chan int } }](),
		"field A.B of struct{...}: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, reflect.TypeFor[page[broken]](),
		"typeinfo_test.broken.C: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, reflect.TypeFor[page[chan int]](),
		"typeinfo_test.page[chan int].Items: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, object(field[page[broken]]("P", "")),
		"typeinfo_test.broken.C: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, reflect.TypeFor[page[struct{ C chan int }]](),
		"field Items.C of typeinfo_test.page[struct{...}]: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, reflect.TypeFor[page[func()]](),
		"typeinfo_test.page[func()].Items: func(): a value of kind func has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	// Enums.
	{
		of, reflect.TypeFor[noValues](),
		"typeinfo_test.noValues: its method Enum lists no value; return the possible values",
	},
	{
		of, object(field[[]noValues]("E", "")),
		"field E of struct{...}: typeinfo_test.noValues: its method Enum lists no value; return the possible values",
	},
	{
		of, reflect.TypeFor[twiceListed](),
		"typeinfo_test.twiceListed: its method Enum lists 1 twice; list each value once",
	},
	{
		of, reflect.TypeFor[listedFloats](),
		"typeinfo_test.listedFloats: only strings, integers and types that implement encoding.TextMarshaler can list their values by Enum; drop the method Enum or change the type",
	},
	{
		of, reflect.TypeFor[unwritable](),
		"typeinfo_test.unwritable: value 0 of its method Enum cannot be written as JSON: no text; list only values that can be written",
	},
	// Syntax of tags.
	{
		of, object(field[int]("A", `json`)),
		`field A of struct{...}: its tag cannot be read from "json" on; write key:"value" pairs with a space between them`,
	},
	{
		of, object(field[int]("A", `json:a`)),
		`field A of struct{...}: its tag cannot be read from "json:a" on; write key:"value" pairs with a space between them`,
	},
	{
		of, object(field[int]("A", `json:"a",validate:"min=1"`)),
		`field A of struct{...}: its tag cannot be read from "json:\"a\",validate:\"min=1\"" on; write key:"value" pairs with a space between them`,
	},
	{
		of, object(field[int]("A", `json:"a" json:"b"`)),
		"field A of struct{...}: its tag has the key json twice; keep one",
	},
	{
		input, object(field[int]("A", `query:"a" validate:"min=1`)),
		`field A of struct{...}: its tag cannot be read from "validate:\"min=1" on; write key:"value" pairs with a space between them`,
	},
	// Members.
	{
		of, object(field[int]("a", `json:"a"`)),
		"field a of struct{...}: an unexported field cannot be read or written, but it has a json tag; export it or drop the tag",
	},
	{
		of, object(field[int]("a", `query:"a"`)),
		"field a of struct{...}: an unexported field cannot be filled in, but it has a query tag; export it or drop the tag",
	},
	{
		of, object(field[int]("A", `json:"it's"`)),
		`field A of struct{...}: "it's" cannot be the name of a member; use letters, digits and signs other than quotes, backslashes and commas`,
	},
	{
		of, object(field[int]("A", `json:"a\"b"`)),
		`field A of struct{...}: "a\"b" cannot be the name of a member; use letters, digits and signs other than quotes, backslashes and commas`,
	},
	{
		of, object(field[int]("A", `json:"a,omitemtpy"`)),
		`field A of struct{...}: unknown option "omitemtpy" in its json tag; the options are omitempty, omitzero, string`,
	},
	{
		of, object(field[int]("A", `json:"a,required"`)),
		`field A of struct{...}: unknown option "required" in its json tag; drop the option, as a value is required unless the tag says omitempty`,
	},
	{
		of, object(field[string]("A", `json:"a,string"`)),
		"field A of struct{...}: the json option string is for numbers and booleans, this is string; drop it",
	},
	{
		of, object(field[int]("A", `query:"a"`)),
		"field A of struct{...}: a query tag inside a body, whose members are named by json tags; write `json:\"a\"`, or move the field to the struct that is the input or the response itself",
	},
	{
		of, object(field[inner]("Body", `body:""`)),
		"field Body of struct{...}: a body tag inside a body, whose members are named by json tags; write `json:\"body\"`, or move the field to the struct that is the input or the response itself",
	},
	{
		of, object(field[int]("Code", `status:"200"`)),
		"field Code of struct{...}: a status tag inside a body, whose members are named by json tags; write `json:\"code\"`, or move the field to the struct that is the input or the response itself",
	},
	{
		of, object(field[*inner]("DB", `dep:"fresh"`)),
		"field DB of struct{...}: a dep tag inside a body, whose members are named by json tags; write `json:\"db\"`, or move the field to the struct that is the input or the response itself",
	},
	{
		of, object(field[int]("A", `query:"a" header:"b" json:"a"`)),
		"field A of struct{...}: two sources, query and header; keep one, as a value has one source",
	},
	{
		of, object(field[int]("A", `media:"text/plain"`)),
		"field A of struct{...}: its media tag has no effect, as a media type belongs to a whole body or a file; drop the tag, or write `body:\"\"`",
	},
	{
		of, object(field[int]("A", `realm:"x"`)),
		"field A of struct{...}: its realm tag has no effect, as a realm belongs to credentials; drop the tag",
	},
	{
		of, object(field[int]("A", `deprecated:""`)),
		"field A of struct{...}: deprecated:\"\" is neither true nor false; write `deprecated:\"true\"`",
	},
	{
		of, object(field[int]("A", `hidden:"yes"`)),
		"field A of struct{...}: hidden:\"yes\" is neither true nor false; write `hidden:\"true\"`",
	},
	{
		of, object(field[string]("A", `pattern:"["`)),
		"field A of struct{...}: pattern:\"[\" is not a regular expression: missing closing ]: `[`; write it in the syntax of the package regexp",
	},
	// Embedding.
	{
		of, reflect.TypeFor[struct {
			time.Time
			Name string
		}](),
		"field Time of struct{...}: embedding it makes the whole struct read and write itself as Time alone, so the other fields are lost; turn the embedding into a field with a name and a json tag",
	},
	{
		of, reflect.TypeFor[struct {
			time.Time `json:"at"`
			Name      string
		}](),
		"field Time of struct{...}: embedding it makes the whole struct read and write itself as Time alone, so the other fields are lost; turn the embedding into a field with a name and a json tag",
	},
	{
		of, reflect.TypeFor[struct {
			*ownJSON
			Name string
		}](),
		"field ownJSON of struct{...}: embedding it makes the whole struct read and write itself as ownJSON alone, so the other fields are lost; turn the embedding into a field with a name and a json tag",
	},
	{
		of, reflect.TypeFor[struct {
			ownText
			Name string
		}](),
		"field ownText of struct{...}: embedding it makes the whole struct read and write itself as ownText alone, so the other fields are lost; turn the embedding into a field with a name and a json tag",
	},
	{
		of, reflect.TypeFor[struct {
			json.Marshaler
			Name string
		}](),
		"field Marshaler of struct{...}: embedding it makes the whole struct read and write itself as Marshaler alone, so the other fields are lost; turn the embedding into a field with a name and a json tag",
	},
	{
		of, reflect.TypeFor[struct {
			optional[int]
			Name string
		}](),
		"field optional of struct{...}: it is embedded, but its JSON is not an object whose members could be merged into the others; give it a json tag with a name",
	},
	{
		of, reflect.TypeFor[struct {
			pet
			Name string
		}](),
		"field pet of struct{...}: it is embedded, but its JSON is not an object whose members could be merged into the others; give it a json tag with a name",
	},
	{
		of, reflect.TypeFor[struct{ *inner }](),
		"field inner of struct{...}: an embedded pointer to an unexported struct cannot be filled in; embed the struct by value or export its type",
	},
	{
		of, reflect.TypeFor[struct {
			Base `json:",omitempty"`
		}](),
		`field Base of struct{...}: the json option "omitempty" has no effect on an embedded struct without a name; drop the tag, or give it a name`,
	},
	{
		of, reflect.TypeFor[struct {
			Base `json:",omitempty"`
		}](),
		`field Base of struct{...}: the json option "omitempty" has no effect on an embedded struct without a name; drop the tag, or give it a name`,
	},
	{
		of, reflect.TypeFor[struct {
			Base `validate:"required"`
		}](),
		"field Base of struct{...}: its validate tag has no effect on an embedded struct; drop the tag",
	},
	{
		of, reflect.TypeFor[struct {
			Base `query:""`
		}](),
		"field Base of struct{...}: a query tag inside a body, whose members are named by json tags; drop the tag, or move the field to the input struct",
	},
	{
		of, reflect.TypeFor[struct {
			ownText
			ownJSON
		}](),
		"field ownJSON of struct{...}: embedding it makes the whole struct read and write itself as ownJSON alone, so the other fields are lost; turn the embedding into a field with a name and a json tag",
	},
	{
		of, object(embedded[Base](), embedded[Other]()),
		"field Other.Name of struct{...}: it and Base.Name both have the JSON name \"name\"; give one of them another json name, or leave one out with `json:\"-\"`",
	},
	{
		of, object(field[int]("A", `json:"x"`), field[int]("B", `json:"x"`)),
		"field B of struct{...}: it and A both have the JSON name \"x\"; give one of them another json name, or leave one out with `json:\"-\"`",
	},
	{
		of, reflect.TypeFor[struct{ S Strict }](),
		"field S of struct{...}: it means something only where it is embedded by value; embed typeinfo_test.Strict itself, without a field name and without a pointer",
	},
	{
		of, reflect.TypeFor[struct{ *Strict }](),
		"field Strict of struct{...}: it means something only where it is embedded by value; embed typeinfo_test.Strict itself, without a field name and without a pointer",
	},
	// Unions.
	{
		of, reflect.TypeFor[struct {
			OneOf
			Cat *cat `case:"cat"`
		}](),
		"field OneOf of struct{...}: a union without the name of its discriminator; name the member that selects the variant, and nothing else: candor.OneOf `json:\"kind\"`",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"-"`
			Cat   *cat `case:"cat"`
		}](),
		"field OneOf of struct{...}: a union without the name of its discriminator; name the member that selects the variant, and nothing else: candor.OneOf `json:\"kind\"`",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"kind,omitempty"`
			Cat   *cat `case:"cat"`
		}](),
		"field OneOf of struct{...}: a union without the name of its discriminator; name the member that selects the variant, and nothing else: candor.OneOf `json:\"kind\"`",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"kind"`
		}](),
		"field OneOf of struct{...}: a union without variants; add a pointer field for each: Cat *Cat `case:\"cat\"`",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"kind"`
			Cat   cat `case:"cat"`
		}](),
		"field Cat of struct{...}: every field of a union is an exported pointer to a struct with a case tag, and this one is not; write it as Cat *Cat `case:\"cat\"`",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"kind"`
			Cat   *cat
		}](),
		"field Cat of struct{...}: every field of a union is an exported pointer to a struct with a case tag, and this one is not; write it as Cat *Cat `case:\"cat\"`",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"kind"`
			Cat   *cat `case:"cat" json:"cat"`
		}](),
		"field Cat of struct{...}: its json tag has no effect on a variant of a union; drop the tag",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf    `json:"kind"`
			Cat, Dog *cat `case:"cat"`
		}](),
		`field Dog of struct{...}: the case "cat" is listed twice; give each variant a case of its own`,
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"kind"`
			Other *cat `case:"*"`
		}](),
		"field OneOf of struct{...}: a union without variants; add a pointer field for each: Cat *Cat `case:\"cat\"`",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"lives"`
			Cat   *cat `case:"cat"`
			Other *struct {
				Lives int `json:"lives"`
			} `case:"*"`
		}](),
		"field Other of struct{...}: the discriminator is a string, but Lives of the default variant is not; make it a string, or leave it out of the variant",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"kind" event:"name"`
			Cat   *cat      `case:"cat"`
			Other *struct{} `case:"*"`
		}](),
		"field Other of struct{...}: the discriminator names the events, and the default variant does not have it; give struct {} a member with the name: Name string `json:\"kind\"`",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"kind"`
			At    *time.Time `case:"at"`
		}](),
		"field At of struct{...}: a variant is a struct written as its fields, time.Time has a form of its own; wrap it in a struct",
	},
	{
		of, reflect.TypeFor[struct {
			OneOf `json:"kind"`
			Bad   *broken `case:"bad"`
		}](),
		"typeinfo_test.broken.C: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		of, reflect.TypeFor[struct {
			*OneOf `json:"kind"`
			Cat    *cat `case:"cat"`
		}](),
		"field OneOf of struct{...}: it means something only where it is embedded by value; embed typeinfo_test.OneOf itself, without a field name and without a pointer",
	},
	{
		of, reflect.TypeFor[struct {
			One OneOf `json:"kind"`
			Cat *cat  `case:"cat"`
		}](),
		"field One of struct{...}: it means something only where it is embedded by value; embed typeinfo_test.OneOf itself, without a field name and without a pointer",
	},
	// Presence.
	{
		of, object(field[*int]("A", `json:"a" validate:"required"`)),
		`field A of struct{...}: validate:"required" contradicts a pointer, which makes the value optional; drop one of the two; required means present, and zero values such as 0, false and "" are present`,
	},
	{
		of, object(field[optional[int]]("A", `json:"a" validate:"required"`)),
		`field A of struct{...}: validate:"required" contradicts candor.Optional, which makes the value optional; drop one of the two; required means present, and zero values such as 0, false and "" are present`,
	},
	{
		of, object(field[int]("A", `json:"a" validate:"required" default:"1"`)),
		`field A of struct{...}: validate:"required" contradicts a default, which makes the value optional; drop one of the two; required means present, and zero values such as 0, false and "" are present`,
	},
	{
		of, object(field[int]("A", `json:"a,omitempty" validate:"min=1,required"`)),
		`field A of struct{...}: validate:"required" contradicts omitempty, which makes the value optional; drop one of the two; required means present, and zero values such as 0, false and "" are present`,
	},
	{
		of, object(field[int]("A", `json:"a,omitzero" validate:"required"`)),
		`field A of struct{...}: validate:"required" contradicts omitzero, which makes the value optional; drop one of the two; required means present, and zero values such as 0, false and "" are present`,
	},
	{
		of, object(field[int]("A", `json:"a" validate:"required,omitempty"`)),
		`field A of struct{...}: validate:"required,omitempty": required and omitempty contradict each other; drop one`,
	},
	{
		of, object(field[[]int]("A", `json:"a" validate:"omitempty,required,dive,min=1"`)),
		`field A of struct{...}: validate:"omitempty,required,dive,min=1": required and omitempty contradict each other; drop one`,
	},
	// Rules.
	{
		of, object(field[int]("A", `validate:"min=1, max=2"`)),
		`field A of struct{...}: validate:"min=1, max=2": " max=2" is not a rule; write name or name=parameter, with commas and no spaces in between`,
	},
	{
		of, object(field[int]("A", `validate:"min=1,,max=2"`)),
		`field A of struct{...}: validate:"min=1,,max=2": "" is not a rule; write name or name=parameter, with commas and no spaces in between`,
	},
	{
		of, object(field[int]("A", `validate:"=1"`)),
		`field A of struct{...}: validate:"=1": "=1" is not a rule; write name or name=parameter, with commas and no spaces in between`,
	},
	{
		of, object(field[int]("A", `validate:"min=1,omitempty"`)),
		`field A of struct{...}: validate:"min=1,omitempty": omitempty comes after other rules; put it first`,
	},
	{
		of, object(field[int]("A", `validate:"required=true"`)),
		`field A of struct{...}: validate:"required=true": required takes no parameter; write required alone`,
	},
	{
		of, object(field[[]int]("A", `validate:"dive=1"`)),
		`field A of struct{...}: validate:"dive=1": dive takes no parameter; write dive alone`,
	},
	{
		of, object(field[int]("A", `validate:"dive,min=1"`)),
		`field A of struct{...}: validate:"dive,min=1": dive goes into lists and maps, this is int; drop it, a nested struct is checked without it`,
	},
	{
		of, object(field[inner]("A", `validate:"dive"`)),
		`field A of struct{...}: validate:"dive": dive goes into lists and maps, this is typeinfo_test.inner; drop it, a nested struct is checked without it`,
	},
	{
		of, object(field[[]int]("A", `validate:"dive,keys,min=1,endkeys"`)),
		`field A of struct{...}: validate:"dive,keys,min=1,endkeys": keys is for maps, this is []int; drop keys and endkeys`,
	},
	{
		of, object(field[[]int]("A", `validate:"keys,min=1,endkeys"`)),
		`field A of struct{...}: validate:"keys,min=1,endkeys": keys without dive in front; write dive,keys, the rules of the keys, endkeys`,
	},
	{
		of, object(field[map[string]int]("A", `validate:"dive,keys,min=1"`)),
		`field A of struct{...}: validate:"dive,keys,min=1": keys without endkeys; write dive,keys, the rules of the keys, endkeys`,
	},
	{
		of, object(field[[]string]("A", `validate:"required,dive,required,max=3"`)),
		`field A of struct{...}: validate:"required,dive,required,max=3": required after dive has no effect, as an element is always present and never null; write min=1 where an empty or zero one is refused, or drop it`,
	},
	{
		of, object(field[map[string][]int]("A", `validate:"dive,dive,required"`)),
		`field A of struct{...}: validate:"dive,dive,required": required after dive has no effect, as an element is always present and never null; write min=1 where an empty or zero one is refused, or drop it`,
	},
	{
		of, object(field[map[string]any]("A", `validate:"dive,keys,required,endkeys,required"`)),
		`field A of struct{...}: validate:"dive,keys,required,endkeys,required": required after keys has no effect, as a key is always present and never null; write min=1 where an empty or zero one is refused, or drop it`,
	},
	{
		of, object(field[struct{ a, b int }]("A", "")),
		"field A of struct{...}: struct{...}: none of its fields is exported, so every value of it would be {}; export them, or give the type the methods MarshalJSON and UnmarshalJSON",
	},
	{
		of, reflect.TypeFor[[]sealed](),
		"typeinfo_test.sealed: none of its fields is exported, so every value of it would be {}; export them, or give the type the methods MarshalJSON and UnmarshalJSON",
	},
	{
		of, object(field[[]*inner]("A", `validate:"dive,required"`)),
		`field A of struct{...}: validate:"dive,required": required on elements that may be null; use typeinfo_test.inner as the element`,
	},
	{
		of, object(field[[]optional[int]]("A", `validate:"dive,required"`)),
		`field A of struct{...}: validate:"dive,required": required on elements that may be null; use int as the element`,
	},
	{
		of, reflect.TypeFor[struct {
			A, B string `validate:"eqfield=B|email"`
		}](),
		`field A of struct{...}: validate:"eqfield=B|email": eqfield cannot be one of several alternatives; write a Validate method`,
	},
	{
		of, object(field[string]("A", `validate:"required|email"`)),
		`field A of struct{...}: validate:"required|email": required cannot be one of several alternatives; write a Validate method`,
	},
	{
		of, object(field[string]("A", `validate:"|email"`)),
		`field A of struct{...}: validate:"|email": "" is not a rule; write name or name=parameter, with commas and no spaces in between`,
	},
	{
		of, object(field[map[string][]int]("A", `validate:"dive,dive,dive,min=1"`)),
		`field A of struct{...}: validate:"dive,dive,dive,min=1": dive goes into lists and maps, this is int; drop it, a nested struct is checked without it`,
	},
	// Defaults and examples.
	{
		of, object(field[int]("A", `default:"x"`)),
		`field A of struct{...}: default:"x" is not a number; write one as JSON has it, such as 5 or -0.5`,
	},
	{
		of, object(field[int]("A", `default:" 1"`)),
		`field A of struct{...}: default:" 1" is not a number; write one as JSON has it, such as 5 or -0.5`,
	},
	{
		of, object(field[int]("A", `default:"null"`)),
		`field A of struct{...}: default:"null" is not a number; write one as JSON has it, such as 5 or -0.5`,
	},
	{
		of, object(field[*float64]("A", `default:"+1"`)),
		`field A of struct{...}: default:"+1" is not a number; write one as JSON has it, such as 5 or -0.5`,
	},
	{
		of, object(field[bool]("A", `default:"yes"`)),
		`field A of struct{...}: default:"yes" is neither true nor false; write one of them`,
	},
	{
		of, object(field[[]int]("A", `default:"1,2"`)),
		`field A of struct{...}: default:"1,2" is not valid JSON; write []int as JSON, such as [1,2]`,
	},
	{
		of, object(field[map[string]int]("A", `default:"{\"a\":1,\"a\":2}"`)),
		`field A of struct{...}: default:"{\"a\":1,\"a\":2}" is not valid JSON; write map[string]int as JSON, such as {"a":1}`,
	},
	{
		of, object(field[inner]("A", `example:"x"`)),
		`field A of struct{...}: example:"x" is not valid JSON; write typeinfo_test.inner as JSON, such as {"a":1}`,
	},
	{
		of, object(field[string]("A", `default:"\xff"`)),
		`field A of struct{...}: default:"\xff" is not valid UTF-8; write UTF-8`,
	},
	// Inputs.
	{
		input, reflect.TypeFor[sealed](),
		"typeinfo_test.sealed: none of its fields is exported, so nothing can be filled in; export them and add tags that say where the values come from, or drop them",
	},
	{
		input, reflect.TypeFor[struct{ sealed }](),
		"struct{...}: none of its fields is exported, so nothing can be filled in; export them and add tags that say where the values come from, or drop them",
	},
	{
		input, object(field[sealed]("A", `query:""`)),
		"field A of struct{...}: typeinfo_test.sealed: none of its fields is exported, so nothing can be filled in; export them and add tags that say where the values come from, or drop them",
	},
	{
		input, reflect.TypeFor[int](),
		"int: an input must be a struct, taken by value; write func(ctx context.Context, in Input) with a struct for Input, or candor.None for no input",
	},
	{
		input, reflect.TypeFor[*inner](),
		"*typeinfo_test.inner: an input must be a struct, taken by value; write func(ctx context.Context, in Input) with a struct for Input, or candor.None for no input",
	},
	{
		input, object(field[string]("Q", "")),
		"field Q of struct{...}: no source, so it is unknown where its value comes from; add a tag such as `path:\"q\"`, `query:\"q\"`, `header:\"Q\"`, `cookie:\"q\"`, `body:\"\"` or `dep:\"\"`",
	},
	{
		input, object(field[*inner]("Q", "")),
		"field Q of struct{...}: no source, so it is unknown where its value comes from; add the tag `dep:\"\"` for the value of a provider, or `body:\"\"` for the whole body",
	},
	{
		input, object(field[fmt.Stringer]("Q", "")),
		"field Q of struct{...}: no source, so it is unknown where its value comes from; add the tag `dep:\"\"` for the value of a provider, or `body:\"\"` for the whole body",
	},
	{
		input, object(field[func()]("Q", "")),
		"field Q of struct{...}: no source, so it is unknown where its value comes from; add the tag `dep:\"\"` for the value of a provider, or `body:\"\"` for the whole body",
	},
	{
		input, object(field[[]inner]("Q", "")),
		"field Q of struct{...}: no source, so it is unknown where its value comes from; add the tag `body:\"\"` for the whole body, `body:\"q\"` for one member of it, or `dep:\"\"` for the value of a provider",
	},
	{
		input, object(field[map[string]int]("Q", "")),
		"field Q of struct{...}: no source, so it is unknown where its value comes from; add the tag `body:\"\"` for the whole body, `body:\"q\"` for one member of it, or `dep:\"\"` for the value of a provider",
	},
	{
		input, object(reflect.StructField{Name: "Q", Type: object(field[string]("A", `form:"a"`))}),
		"field Q of struct{...}: no source, so it is unknown where its value comes from; its fields have form tags: add the tag `form:\"\"`",
	},
	{
		input, object(field[context.Context]("Q", "")),
		"field Q of struct{...}: a context is the first argument of the function; drop the field",
	},
	{
		input, object(field[http.ResponseWriter]("Q", "")),
		"field Q of struct{...}: a handler returns its response and writes none; return a value, and take a candor.ResponseHeader for headers; candor.HandleHTTP serves a handler that writes by itself",
	},
	{
		input, object(field[**known]("Q", "")),
		"field Q of struct{...}: it needs no source, but not as a pointer; write *typeinfo_test.known",
	},
	{
		input, object(field[string]("Q", `json:"q"`)),
		"field Q of struct{...}: no source: a json tag names members inside a body only; write `body:\"q\"` for one member of a JSON body, or collect the members in one field with `body:\"\"`",
	},
	{
		input, object(field[string]("Q", `json:",omitempty"`)),
		"field Q of struct{...}: no source: a json tag names members inside a body only; write `body:\"q\"` for one member of a JSON body, or collect the members in one field with `body:\"\"`",
	},
	{
		input, object(field[string]("Q", `json:"-"`)),
		"field Q of struct{...}: no source, so it is unknown where its value comes from; add a tag such as `path:\"q\"`, `query:\"q\"`, `header:\"Q\"`, `cookie:\"q\"`, `body:\"\"` or `dep:\"\"`",
	},
	{
		input, object(field[string]("Q", `query:"q" header:"X-Q" cookie:"q"`)),
		"field Q of struct{...}: two sources, query and header; keep one, as a value has one source",
	},
	{
		input, object(field[string]("q", `query:"q"`)),
		"field q of struct{...}: an unexported field cannot be filled in, but it has a query tag; export it or drop the tag",
	},
	{
		input, object(field[string]("Q", `query:""`)),
		"field Q of struct{...}: its query tag has no name; write `query:\"q\"`",
	},
	{
		input, object(field[string]("Q", `query:"q,required"`)),
		`field Q of struct{...}: unknown option "required" in its query tag; drop the option, as a value is required unless the tag says omitempty`,
	},
	{
		input, object(field[string]("Q", `query:"q,string"`)),
		`field Q of struct{...}: unknown option "string" in its query tag; the options are omitempty, omitzero, csv, pipe, space, deep, json`,
	},
	{
		input, object(field[string]("Q", `query:"q,csv"`)),
		"field Q of struct{...}: the option csv is for lists, this is string; drop it or make the field a slice",
	},
	{
		input, object(field[[]int]("Q", `query:"q,csv,json"`)),
		"field Q of struct{...}: the options csv and json contradict each other; keep one",
	},
	{
		input, object(field[chan int]("Q", `query:"q"`)),
		"field Q of struct{...}: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		input, object(field[**int]("Q", `query:"q"`)),
		"field Q of struct{...}: **int: two ways to be null, one inside the other; use *int",
	},
	{
		input, object(field[int]("ID", `path:"id,omitempty"`)),
		"field ID of struct{...}: unknown option \"omitempty\" in its path tag; write `path:\"id\"`",
	},
	{
		input, object(field[*int]("ID", `path:"id"`)),
		"field ID of struct{...}: a path value is never optional, it is part of the path; drop the pointer, the default or omitempty",
	},
	{
		input, object(field[int]("ID", `path:"id" default:"1"`)),
		"field ID of struct{...}: a path value is never optional, it is part of the path; drop the pointer, the default or omitempty",
	},
	{
		input, object(field[string]("H", `header:"X Token"`)),
		`field H of struct{...}: "X Token" cannot be the name of a header; use letters, digits and hyphens`,
	},
	{
		input, object(field[string]("C", `cookie:"a;b"`)),
		`field C of struct{...}: "a;b" cannot be the name of a cookie; use letters, digits and hyphens`,
	},
	{
		input, object(field[int]("Code", `status:"200"`)),
		"field Code of struct{...}: a status belongs to a response; drop it from the input",
	},
	{
		input, object(field[string]("T", `security:"oauth"`)),
		"field T of struct{...}: a security tag on a field of type string; give the field a security type such as candor.Bearer",
	},
	{
		input, object(field[known]("T", `security:""`)),
		"field T of struct{...}: its security tag has no name; name a scheme of Config.SecuritySchemes: `security:\"name\"`",
	},
	{
		input, object(field[known]("T", `header:"X-Key,omitempty"`)),
		`field T of struct{...}: the option "omitempty" means nothing for typeinfo_test.known; drop it; a pointer makes a security field optional`,
	},
	{
		input, object(field[known]("T", `header:"X-Key" validate:"min=1"`)),
		"field T of struct{...}: its validate tag has no effect on a field of type typeinfo_test.known; drop the tag",
	},
	{
		input, object(field[known]("t", "")),
		"field t of struct{...}: an unexported field cannot be filled in; export the field",
	},
	{
		input, object(field[*inner]("DB", `dep:"main"`)),
		"field DB of struct{...}: dep:\"main\" has no meaning, as providers are found by the type of the field; write `dep:\"\"`, or `dep:\"fresh\"` for a run of its own",
	},
	{
		input, object(field[*inner]("DB", `dep:"" default:"1"`)),
		"field DB of struct{...}: its default tag has no effect on a dependency; drop the tag",
	},
	{
		input, object(field[*inner]("db", `dep:""`)),
		"field db of struct{...}: an unexported field cannot be filled in, but it has a dep tag; export it or drop the tag",
	},
	{
		input, reflect.TypeFor[struct{ *Base }](),
		"field Base of struct{...}: a pointer is embedded in an input; embed the struct by value",
	},
	{
		input, reflect.TypeFor[struct{ time.Time }](),
		"field Time of struct{...}: it is embedded without a source and has no fields to fill in; give it a name and a tag such as `query:\"...\"`",
	},
	{
		input, reflect.TypeFor[struct{ Level }](),
		"field Level of struct{...}: it is embedded without a source and has no fields to fill in; give it a name and a tag such as `query:\"...\"`",
	},
	{
		input, reflect.TypeFor[struct {
			Base `default:"1"`
		}](),
		"field Base of struct{...}: its default tag has no effect on an embedded struct; drop the tag",
	},
	{
		input, object(field[Strict]("S", "")),
		"field S of struct{...}: it means something only where it is embedded by value; embed typeinfo_test.Strict itself, without a field name and without a pointer",
	},
	{
		input, object(field[*model]("M", `query:""`)),
		"field M of struct{...}: a pointer to a parameter model; use the struct by value, and make its fields optional instead",
	},
	{
		input, object(field[model]("M", `path:""`)),
		"field M of struct{...}: a parameter model of path values; embed the struct instead, and tag its fields",
	},
	{
		input, object(field[model]("M", `query:",omitempty"`)),
		`field M of struct{...}: the option "omitempty" has no effect on a parameter model; put it into the tags of the model's fields`,
	},
	{
		input, object(field[model]("M", `query:"" validate:"required"`)),
		"field M of struct{...}: its validate tag has no effect on a parameter model; drop the tag",
	},
	{
		input, object(field[model]("M", `header:""`)),
		"typeinfo_test.model.Page: it belongs to a model of header values but has no header tag; add `header:\"page\"`",
	},
	{
		input, object(field[strictModel]("M", `header:""`)),
		"field M of struct{...}: candor.Strict in a model of headers, which would refuse what clients and proxies add; drop candor.Strict",
	},
	{
		input, object(field[Base]("M", `query:""`)),
		"typeinfo_test.Base.ID: it belongs to a model of query values but has no query tag; add `query:\"id\"`",
	},
	{
		input, object(field[time.Time]("At", `query:""`)),
		"field At of struct{...}: its query tag has no name; write `query:\"at\"`",
	},
	{
		input, object(field[string]("F", `file:""`)),
		"field F of struct{...}: its file tag has no name; write `file:\"f\"`",
	},
	{
		input, object(field[known2]("F", `file:"f" default:"x"`)),
		`field F of struct{...}: default:"x" is a value for typeinfo_test.known2, which has no JSON of this kind; drop the tag`,
	},
	{
		input, object(field[inner]("Body", `body:"" media:"video"`)),
		"field Body of struct{...}: media:\"video\" is not a media type; write one such as `media:\"video/mp4\"`",
	},
	{
		input, object(field[inner]("A", `body:"a" media:"text/plain"`)),
		"field A of struct{...}: its media tag has no effect, as a media type belongs to a whole body or a file; drop the tag, or write `body:\"\"`",
	},
	{
		input, reflect.TypeFor[struct {
			A, B inner `body:""`
		}](),
		"field B of struct{...}: a second whole body in addition to A; name the members: `body:\"item\"`, `body:\"user\"`",
	},
	{
		input, reflect.TypeFor[struct {
			A inner `body:""`
			B int   `body:"b"`
		}](),
		"field B of struct{...}: a member of the body in addition to A, which takes the whole body; name both as members, or keep the whole body only",
	},
	{
		input, reflect.TypeFor[struct {
			A inner `body:""`
			B int   `form:"b"`
		}](),
		"field B of struct{...}: a form value in addition to A, which takes the whole body; make it one or the other; a request has one body",
	},
	{
		input, reflect.TypeFor[struct {
			A inner  `body:"a"`
			B known2 `file:"b"`
		}](),
		"field B of struct{...}: a form value in addition to the JSON member A; make it one or the other; a request has one body",
	},
	{
		input, object(field[inner]("A", `body:"a'b"`)),
		`field A of struct{...}: "a'b" cannot be the name of a member; use letters, digits and signs other than quotes, backslashes and commas`,
	},
	{
		input, object(field[known]("A", `body:"a"`)),
		"field A of struct{...}: typeinfo_test.known cannot be a member of a body, it is a body of its own kind; write `body:\"\"`",
	},
	{
		input, reflect.TypeFor[struct {
			A, B int `query:"a"`
		}](),
		`field B of struct{...}: it and A both read the query value "a"; keep one of them`,
	},
	{
		input, reflect.TypeFor[struct {
			A string `header:"x-a"`
			B string `header:"X-A"`
		}](),
		`field B of struct{...}: it and A both read the header value "X-A"; keep one of them`,
	},
	{
		input, reflect.TypeFor[struct {
			A inner `body:"a"`
			B inner `body:"a"`
		}](),
		`field B of struct{...}: it and A both read the body value "a"; keep one of them`,
	},
	{
		input, reflect.TypeFor[struct {
			A string `form:"a"`
			B known2 `file:"a"`
		}](),
		`field B of struct{...}: it and A both read the file value "a"; keep one of them`,
	},
	{
		input, object(field[int]("ItemID", "")),
		"field ItemID of struct{...}: no source, so it is unknown where its value comes from; add a tag such as `path:\"item_id\"`, `query:\"item_id\"`, `header:\"Item-Id\"`, `cookie:\"item_id\"`, `body:\"\"` or `dep:\"\"`",
	},
	{
		input, object(field[int]("HTTPPort", `query:""`)),
		"field HTTPPort of struct{...}: its query tag has no name; write `query:\"http_port\"`",
	},
	{
		input, object(field[inner]("N", "")),
		"field N of struct{...}: no source, so it is unknown where its value comes from; add the tag `body:\"\"` for the whole body, `body:\"n\"` for one member of it, or `dep:\"\"` for the value of a provider",
	},
	{
		input, reflect.TypeFor[struct {
			N struct {
				A int `json:"a" default:"x"`
			} `body:""`
		}](),
		`field N.A of struct{...}: default:"x" is not a number; write one as JSON has it, such as 5 or -0.5`,
	},
	// Responses.
	{
		response, reflect.TypeFor[chan int](),
		"chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		response, object(field[string]("Q", `query:"q"`)),
		"field Q of struct{...}: a query tag inside a body, whose members are named by json tags; write `json:\"q\"`, or move the field to the struct that is the input or the response itself",
	},
	{
		response, reflect.TypeFor[*envelope](),
		"*typeinfo_test.envelope: a pointer to an envelope; return typeinfo_test.envelope by value",
	},
	{
		response, reflect.TypeFor[struct {
			Code int `status:"200"`
			Name string
		}](),
		"field Name of struct{...}: a response is either a plain value or an envelope, and this field has no tag of an envelope while Code is one; give every field one of `status:\"200\"`, `header:\"X\"`, `cookie:\"x\"`, `body:\"\"` and no json name, or give every field a json name",
	},
	{
		response, reflect.TypeFor[struct {
			Code int    `status:"200"`
			Name string `json:"name"`
		}](),
		"field Name of struct{...}: a response is either a plain value or an envelope, and this field has no tag of an envelope while Code is one; give every field one of `status:\"200\"`, `header:\"X\"`, `cookie:\"x\"`, `body:\"\"` and no json name, or give every field a json name",
	},
	{
		response, reflect.TypeFor[struct {
			envelope
			Name string
		}](),
		"field Name of struct{...}: a response is either a plain value or an envelope, and this field has no tag of an envelope while envelope.Code is one; give every field one of `status:\"200\"`, `header:\"X\"`, `cookie:\"x\"`, `body:\"\"` and no json name, or give every field a json name",
	},
	{
		response, reflect.TypeFor[struct {
			Tag  string `header:"ETag" json:"-"`
			Name string `json:"name"`
		}](),
		"field Name of struct{...}: a response is either a plain value or an envelope, and this field has no tag of an envelope while Tag is one; give every field one of `status:\"200\"`, `header:\"X\"`, `cookie:\"x\"`, `body:\"\"` and no json name, or give every field a json name",
	},
	{
		response, object(field[string]("Code", `status:"200"`)),
		"field Code of struct{...}: a status of type string; make it an int",
	},
	{
		response, object(field[int]("Code", `status:"199"`)),
		"field Code of struct{...}: status:\"199\"; list the status codes the response may have, from 200 to 599: `status:\"200,201\"`",
	},
	{
		response, object(field[int]("Code", `status:""`)),
		"field Code of struct{...}: status:\"\"; list the status codes the response may have, from 200 to 599: `status:\"200,201\"`",
	},
	{
		response, object(field[int]("Code", `status:"200,200"`)),
		"field Code of struct{...}: the status 200 is listed twice; list each once",
	},
	{
		response, object(field[int]("Code", `status:"200" default:"200"`)),
		"field Code of struct{...}: its default tag has no effect on a status; drop the tag",
	},
	{
		response, reflect.TypeFor[struct {
			A, B int `status:"200"`
		}](),
		"field B of struct{...}: a second status; a response has one",
	},
	{
		response, reflect.TypeFor[struct {
			A, B inner `body:""`
		}](),
		"field B of struct{...}: a second body; a response has one; put both into one struct",
	},
	{
		response, object(field[inner]("A", `body:"a"`)),
		"field A of struct{...}: body:\"a\" names a member; a response's body is one value; write `body:\"\"`",
	},
	{
		response, object(field[string]("A", `header:""`)),
		"field A of struct{...}: its header tag has no name; write `header:\"A\"`",
	},
	{
		response, object(field[string]("a", `header:"X-A"`)),
		"field a of struct{...}: an unexported field cannot be filled in, but it has a header tag; export it or drop the tag",
	},
	{
		response, reflect.TypeFor[struct {
			A string `header:"X-A"`
			B string `header:"x-a"`
		}](),
		`field B of struct{...}: it and A both write the header "x-a"; keep one of them`,
	},
	{
		response, object(field[string]("A", `cookie:"a,csv"`)),
		`field A of struct{...}: unknown option "csv" in its cookie tag; the options are omitempty, omitzero`,
	},
	{
		response, object(field[broken]("A", `body:""`)),
		"typeinfo_test.broken.C: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		response, object(field[chan int]("A", `header:"X-A"`)),
		"field A of struct{...}: chan int: a value of kind chan has no JSON form; leave the field out with `json:\"-\"` or give it a type that JSON can represent",
	},
	{
		response, reflect.TypeFor[struct {
			Code int   `status:"204,304"`
			Body inner `body:""`
		}](),
		"field Body of struct{...}: a body, while no listed status has one; drop it, or list a status other than 204 and 304",
	},
}

func TestConfigErrors(t *testing.T) {
	for _, row := range configErrors {
		err := row.read(row.typ)
		var configError *typeinfo.Error
		if assert.ErrorAs(t, err, &configError, "%s", row.typ) {
			assert.Equal(t, row.want, err.Error())
			assert.NotEmpty(t, configError.Fix, "%s says what to write instead", err)
		}
	}
}

// sealed has only unexported fields.
type sealed struct{ cents, _ int } //nolint:unused // it is seen by reflection alone
