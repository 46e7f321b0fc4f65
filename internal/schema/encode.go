package schema

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/candor-go/candor/internal/lazy"
)

// Order is the order in which a document is written. What it does not list comes last, by name.
type Order struct {
	// Paths are the paths in the order of registration; Methods are the methods of each path, in lower case.
	Paths   []string
	Methods map[string][]string
	// Schemas are the components in the order of their first use; Properties are the members of each object schema.
	Schemas    []string
	Properties map[*openapi3.Schema][]string
}

// Encode writes a document as JSON on one line. Keywords are in the order of the specification, named entries in the
// given order or otherwise sorted, so equal documents have equal bytes.
//
// It calls kin's own methods for the members of a value, but never for the JSON of a value that contains others, which
// would encode each level once more.
//
// Parts that several operations share are encoded once.
func Encode(doc *openapi3.T, order Order) (*Encoded, error) {
	e := encoder{
		order: order, written: map[any]span{},
		out: make([]byte, 0, textPerPath*len(order.Paths)), copies: make([]insertion, 0, copiesPerPath*len(order.Paths)),
	}
	e.value(doc)
	return newEncoded(fitting(e.out), fitting(e.copies)), e.err
}

// textPerPath is the approximate size of what a path does not share with others, and copiesPerPath the number of parts
// that it shares.
const textPerPath, copiesPerPath = 180, 5

// fitting returns a list that is kept as long as an app. It is copied if much of its memory is unused.
func fitting[E any](list []E) []E {
	if unused := cap(list) - len(list); unused < len(list)/8 {
		return list
	}
	return slices.Clone(list)
}

type encoder struct {
	out   []byte
	order Order
	err   error
	// written has the positions of shared parts in the output, and copies are those to insert, in order.
	written map[any]span
	copies  []insertion
}

// once encodes a shared value. If it is already in the output, it notes that it is to be copied here.
func (e *encoder) once(shared any) {
	if part, ok := e.written[shared]; ok {
		e.copies = append(e.copies, insertion{len(e.out), part})
		return
	}
	from, copies := len(e.out), len(e.copies)
	e.value(shared)
	// A part into which others are to be copied is not whole in the output. Only a user's edit makes such a part.
	if len(e.copies) == copies {
		e.written[shared] = span{from, len(e.out)}
	}
}

// marshaler is implemented by the types of kin-openapi. It returns their members, as a value or in a map.
type marshaler interface{ MarshalYAML() (any, error) }

func (e *encoder) value(v any) {
	switch v := v.(type) {
	case nil:
		e.raw("null")
	case string:
		e.text(v)
	case json.RawMessage:
		e.verbatim(v)
	case map[string]any:
		e.object(v, nil)
	case *openapi3.SchemaRef:
		e.schemaRef(v)
	case *openapi3.Schema:
		e.schema(v)
	case openapi3.BoolSchema:
		e.schemaOrBool(v)
	case *openapi3.Components:
		e.components(v)
	case *openapi3.Paths:
		e.paths(v)
	case *openapi3.Operation:
		e.operation(v)
	case *openapi3.Responses:
		e.responses(v)
	case openapi3.Content:
		e.content(v)
	default:
		e.other(v)
	}
}

func (e *encoder) other(v any) {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if r.IsNil() {
			e.raw("null")
			return
		}
	}
	switch v := v.(type) {
	case marshaler:
		inner, err := v.MarshalYAML()
		e.fail(err)
		if members, ok := inner.(map[string]any); ok {
			e.object(members, memberOrder()[deref(r.Type())])
			return
		}
		e.value(inner)
		return
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		e.fail(err)
		e.text(string(text))
		return
	}
	e.plain(r)
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// plain encodes a value without methods of its own.
func (e *encoder) plain(r reflect.Value) {
	switch {
	case r.Kind() == reflect.Map && r.Type().Key().Kind() == reflect.String:
		e.open('{')
		keys := r.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		for _, key := range keys {
			e.name(key.String())
			e.value(r.MapIndex(key).Interface())
		}
		e.close('}')
	case r.Kind() == reflect.Slice && r.Type().Elem().Kind() != reflect.Uint8:
		e.open('[')
		for i := range r.Len() {
			e.comma()
			e.value(r.Index(i).Interface())
		}
		e.close(']')
	case r.Kind() == reflect.Pointer:
		e.value(r.Elem().Interface())
	default:
		// A scalar, or bytes, which are base64 in JSON.
		text, err := json.Marshal(r.Interface())
		e.fail(err)
		e.out = append(e.out, text...)
	}
}

// object encodes the members in the order of first, the others by name.
func (e *encoder) object(members map[string]any, first []string) {
	e.open('{')
	for _, name := range inOrder(members, first) {
		e.name(name)
		e.value(members[name])
	}
	e.close('}')
}

// inOrder lists the keys of m, each once: those in first, then the others. first may contain duplicates.
func inOrder[V any](m map[string]V, first []string) []string {
	names := make([]string, 0, len(m))
	listed := make(map[string]bool, len(m))
	for _, name := range first {
		if _, ok := m[name]; ok && !listed[name] {
			names = append(names, name)
			listed[name] = true
		}
	}
	// Usually all names are listed, and nothing has to be sorted.
	if len(names) == len(m) {
		return names
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !listed[name] {
			names = append(names, name)
		}
	}
	return names
}

func (e *encoder) schemaRef(ref *openapi3.SchemaRef) {
	switch {
	case ref == nil || ref.Ref == "" && ref.Value == nil:
		e.raw("null")
	case ref.Ref == "":
		e.schema(ref.Value)
	default:
		// The reference with its siblings, but not the schema it refers to.
		members, err := ref.MarshalYAML()
		e.fail(err)
		if members, ok := members.(map[string]any); ok {
			e.object(members, schemaOrder)
		}
	}
}

// schemaOrBool is a schema or a boolean schema.
func (e *encoder) schemaOrBool(s openapi3.BoolSchema) {
	if s.Has != nil {
		e.value(*s.Has)
		return
	}
	e.schemaRef(s.Schema)
}

// schemaField is a field of kin's Schema and its keyword.
type schemaField struct {
	index   int
	keyword string
}

// schemaFields returns the fields in the order in which they are written. They are read from the tags of kin-openapi, so
// that no keyword is forgotten.
func schemaFields() []schemaField { return madeSchemaFields.Get(makeSchemaFields) }

var madeSchemaFields lazy.Value[[]schemaField]

func makeSchemaFields() []schemaField {
	var fields []schemaField
	t := reflect.TypeFor[openapi3.Schema]()
	for i := range t.NumField() {
		keyword, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if keyword != "-" && keyword != "" {
			fields = append(fields, schemaField{i, keyword})
		}
	}
	sort.SliceStable(fields, func(i, j int) bool { return rank(fields[i].keyword) < rank(fields[j].keyword) })
	return fields
}

// rank returns the index of a keyword; keywords of newer versions of kin-openapi come last.
func rank(keyword string) int {
	if i := slices.Index(schemaOrder, keyword); i >= 0 {
		return i
	}
	return len(schemaOrder)
}

func (e *encoder) schema(s *openapi3.Schema) {
	if s == nil {
		e.raw("null")
		return
	}
	if s.Always != nil {
		e.raw(fmt.Sprint(*s.Always))
		return
	}
	e.open('{')
	r := reflect.ValueOf(s).Elem()
	for _, field := range schemaFields() {
		v := r.Field(field.index)
		if isAbsent(v) {
			continue
		}
		e.name(field.keyword)
		if field.keyword == "properties" {
			e.properties(s)
			continue
		}
		e.value(v.Interface())
	}
	for _, name := range slices.Sorted(maps.Keys(s.Extensions)) {
		e.name(name)
		e.value(s.Extensions[name])
	}
	e.close('}')
}

func isAbsent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

func (e *encoder) properties(s *openapi3.Schema) {
	e.open('{')
	for _, name := range inOrder(s.Properties, e.order.Properties[s]) {
		e.name(name)
		e.schemaRef(s.Properties[name])
	}
	e.close('}')
}

func (e *encoder) components(c *openapi3.Components) {
	if c == nil {
		e.raw("null")
		return
	}
	members, err := c.MarshalYAML()
	e.fail(err)
	all, ok := members.(map[string]any)
	if !ok {
		return
	}
	e.open('{')
	for _, name := range inOrder(all, memberOrder()[reflect.TypeFor[openapi3.Components]()]) {
		e.name(name)
		if name != "schemas" {
			e.value(all[name])
			continue
		}
		e.open('{')
		for _, name := range inOrder(c.Schemas, e.order.Schemas) {
			e.name(name)
			e.schemaRef(c.Schemas[name])
		}
		e.close('}')
	}
	e.close('}')
}

func (e *encoder) paths(p *openapi3.Paths) {
	if p == nil {
		e.raw("{}")
		return
	}
	e.open('{')
	// The usual case needs no map of all paths.
	if len(p.Extensions) == 0 && e.areAllPaths(p) {
		for _, path := range e.order.Paths {
			e.name(path)
			e.pathItem(p.Value(path), e.order.Methods[path])
		}
		e.close('}')
		return
	}
	members := maps.Clone(p.Extensions)
	if members == nil {
		members = map[string]any{}
	}
	for path, item := range p.Map() {
		members[path] = item
	}
	for _, path := range inOrder(members, e.order.Paths) {
		e.name(path)
		if item, ok := members[path].(*openapi3.PathItem); ok && item != nil {
			e.pathItem(item, e.order.Methods[path])
			continue
		}
		e.value(members[path])
	}
	e.close('}')
}

// areAllPaths reports whether the order lists every path of the document exactly once.
func (e *encoder) areAllPaths(p *openapi3.Paths) bool {
	if len(e.order.Paths) != p.Len() {
		return false
	}
	seen := make(map[string]bool, len(e.order.Paths))
	for _, path := range e.order.Paths {
		if p.Value(path) == nil || seen[path] {
			return false
		}
		seen[path] = true
	}
	return true
}

// The following are so frequent that they are written without the maps of kin-openapi.

func (e *encoder) responses(all *openapi3.Responses) {
	if all == nil || len(all.Extensions) > 0 {
		// Extensions are in the same map as the statuses, as in kin-openapi.
		e.other(all)
		return
	}
	e.open('{')
	byStatus := all.Map()
	for _, status := range slices.Sorted(maps.Keys(byStatus)) {
		e.name(status)
		if ref := byStatus[status]; ref != nil && ref.Ref == "" && ref.Value != nil {
			e.response(ref.Value)
		} else {
			e.value(ref)
		}
	}
	e.close('}')
}

func (e *encoder) response(r *openapi3.Response) {
	if len(r.Extensions) > 0 {
		e.other(r)
		return
	}
	e.open('{')
	if r.Description != nil {
		e.name("description")
		e.text(*r.Description)
	}
	if len(r.Headers) > 0 {
		e.name("headers")
		e.value(r.Headers)
	}
	if len(r.Content) > 0 {
		e.name("content")
		e.content(r.Content)
	}
	if len(r.Links) > 0 {
		e.name("links")
		e.value(r.Links)
	}
	e.close('}')
}

func (e *encoder) content(byType openapi3.Content) {
	e.open('{')
	for _, mediaType := range slices.Sorted(maps.Keys(byType)) {
		e.name(mediaType)
		media := byType[mediaType]
		// Nearly every media type has only a schema.
		if media == nil || !reflect.DeepEqual(*media, openapi3.MediaType{Schema: media.Schema}) { //nolint:govet // errors do not matter here
			e.value(media)
			continue
		}
		e.open('{')
		if media.Schema != nil {
			e.name("schema")
			e.schemaRef(media.Schema)
		}
		e.close('}')
	}
	e.close('}')
}

// operation writes an operation, with its members in memberOrder.
func (e *encoder) operation(op *openapi3.Operation) {
	if op == nil || len(op.Extensions) > 0 {
		e.other(op)
		return
	}
	e.open('{')
	e.given("tags", op.Tags, len(op.Tags) > 0)
	e.givenText("summary", op.Summary)
	e.givenText("description", op.Description)
	e.given("externalDocs", op.ExternalDocs, op.ExternalDocs != nil)
	e.givenText("operationId", op.OperationID)
	if len(op.Parameters) > 0 {
		e.name("parameters")
		e.open('[')
		for i, p := range op.Parameters {
			// Not by comma: a copy leaves no byte behind.
			if i > 0 {
				e.raw(",")
			}
			// Operations share parameters, bodies and lists of responses by pointer.
			e.once(p)
		}
		e.close(']')
	}
	if op.RequestBody != nil {
		e.name("requestBody")
		e.once(op.RequestBody)
	}
	if op.Responses != nil {
		e.name("responses")
		e.once(op.Responses)
	}
	e.given("callbacks", op.Callbacks, len(op.Callbacks) > 0)
	e.given("deprecated", true, op.Deprecated)
	e.given("security", op.Security, op.Security != nil)
	e.given("servers", op.Servers, op.Servers != nil)
	e.close('}')
}

// given encodes a member if there is true.
func (e *encoder) given(name string, value any, there bool) {
	if there {
		e.name(name)
		e.value(value)
	}
}

func (e *encoder) givenText(name, text string) {
	if text != "" {
		e.name(name)
		e.text(text)
	}
}

// methodOrder is the default order of methods.
var methodOrder = strings.Fields("get put post delete options head patch trace query connect")

// operationOf returns the operation of a path for a method in lower case.
func operationOf(item *openapi3.PathItem, method string) *openapi3.Operation {
	switch method {
	case "get":
		return item.Get
	case "put":
		return item.Put
	case "post":
		return item.Post
	case "delete":
		return item.Delete
	case "options":
		return item.Options
	case "head":
		return item.Head
	case "patch":
		return item.Patch
	case "trace":
		return item.Trace
	case "query":
		return item.Query
	case "connect":
		return item.Connect
	}
	return nil
}

// operations encodes a path that has only operations.
func (e *encoder) operations(item *openapi3.PathItem, methods []string) {
	e.open('{')
	for i, method := range methods {
		if op := operationOf(item, method); op != nil && !slices.Contains(methods[:i], method) {
			e.name(method)
			e.operation(op)
		}
	}
	for _, method := range methodOrder {
		if op := operationOf(item, method); op != nil && !slices.Contains(methods, method) {
			e.name(method)
			e.operation(op)
		}
	}
	e.close('}')
}

func (e *encoder) pathItem(item *openapi3.PathItem, methods []string) {
	// Nearly every path has only operations.
	if item.Ref == "" && item.Summary == "" && item.Description == "" &&
		len(item.Extensions)+len(item.Servers)+len(item.Parameters)+len(item.AdditionalOperations) == 0 {
		e.operations(item, methods)
		return
	}
	members, err := item.MarshalYAML()
	e.fail(err)
	if members, ok := members.(map[string]any); ok {
		order := append([]string{"$ref", "summary", "description", "servers", "parameters"}, methods...)
		e.object(members, append(order, memberOrder()[reflect.TypeFor[openapi3.PathItem]()]...))
		return
	}
	e.value(members)
}

func (e *encoder) fail(err error) {
	if err != nil && e.err == nil {
		e.err = err
	}
}

func (e *encoder) raw(text string) { e.out = append(e.out, text...) }

// verbatim copies JSON without the white space around its tokens.
func (e *encoder) verbatim(text json.RawMessage) {
	// A copy, since Compact works in place.
	value := jsontext.Value(slices.Clone(text))
	if err := value.Compact(); err != nil {
		e.fail(err)
		return
	}
	e.out = append(e.out, value...)
}

func (e *encoder) text(s string) {
	if isPlain(s) {
		e.out = append(append(append(e.out, '"'), s...), '"')
		return
	}
	out, err := jsontext.AppendQuote(e.out, s)
	e.fail(err)
	e.out = out
}

// isPlain reports whether a text needs no escaping in JSON.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func (e *encoder) open(bracket byte)  { e.out = append(e.out, bracket) }
func (e *encoder) close(bracket byte) { e.out = append(e.out, bracket) }

// comma comes before everything but the first element of its kind.
func (e *encoder) comma() {
	// Only right after a bracket is the bracket the last byte: a string ends with its quote.
	if last := e.out[len(e.out)-1]; last != '{' && last != '[' {
		e.out = append(e.out, ',')
	}
}

func (e *encoder) name(name string) {
	e.comma()
	e.text(name)
	e.out = append(e.out, ':')
}

// schemaOrder is the most readable order of keywords: what it is, what it must be, what is inside, and annotations at
// the end.
var schemaOrder = strings.Fields(`$schema $id $anchor $dynamicAnchor $ref $dynamicRef $comment
	title description deprecated readOnly writeOnly type nullable format contentEncoding contentMediaType contentSchema
	const enum minimum exclusiveMinimum maximum exclusiveMaximum multipleOf minLength maxLength pattern
	minItems maxItems uniqueItems items prefixItems contains minContains maxContains unevaluatedItems
	required minProperties maxProperties properties patternProperties propertyNames additionalProperties
	unevaluatedProperties dependentRequired dependentSchemas
	allOf anyOf oneOf not if then else discriminator $defs default example examples xml externalDocs`)

// memberOrder is the order of the specification for everything but schemas.
func memberOrder() map[reflect.Type][]string { return madeMemberOrder.Get(makeMemberOrder) }

var madeMemberOrder lazy.Value[map[reflect.Type][]string]

func makeMemberOrder() map[reflect.Type][]string {
	return map[reflect.Type][]string{
		reflect.TypeFor[openapi3.T](): strings.Fields(
			"openapi info jsonSchemaDialect servers paths webhooks components security tags externalDocs"),
		reflect.TypeFor[openapi3.Info]():           strings.Fields("title summary description termsOfService contact license version"),
		reflect.TypeFor[openapi3.Contact]():        strings.Fields("name url email"),
		reflect.TypeFor[openapi3.License]():        strings.Fields("name identifier url"),
		reflect.TypeFor[openapi3.Server]():         strings.Fields("url description variables"),
		reflect.TypeFor[openapi3.ServerVariable](): strings.Fields("enum default description"),
		reflect.TypeFor[openapi3.Components](): strings.Fields(
			"schemas responses parameters examples requestBodies headers securitySchemes links callbacks pathItems"),
		reflect.TypeFor[openapi3.PathItem](): strings.Fields(
			"$ref summary description servers parameters get put post delete options head patch trace query additionalOperations"),
		reflect.TypeFor[openapi3.Operation](): strings.Fields(
			"tags summary description externalDocs operationId parameters requestBody responses callbacks deprecated security servers"),
		reflect.TypeFor[openapi3.ExternalDocs](): strings.Fields("description url"),
		reflect.TypeFor[openapi3.Parameter](): strings.Fields(
			"name in description required deprecated allowEmptyValue style explode allowReserved schema example examples content"),
		reflect.TypeFor[openapi3.ParameterRef](): strings.Fields(
			"$ref name in description required deprecated allowEmptyValue style explode allowReserved schema example examples content"),
		reflect.TypeFor[openapi3.Header](): strings.Fields(
			"description required deprecated style explode allowReserved schema example examples content"),
		reflect.TypeFor[openapi3.HeaderRef](): strings.Fields(
			"$ref description required deprecated style explode allowReserved schema example examples content"),
		reflect.TypeFor[openapi3.RequestBody]():    strings.Fields("description content required"),
		reflect.TypeFor[openapi3.RequestBodyRef](): strings.Fields("$ref description content required"),
		reflect.TypeFor[openapi3.MediaType]():      strings.Fields("schema itemSchema x-itemSchema example examples encoding"),
		reflect.TypeFor[openapi3.Encoding]():       strings.Fields("contentType headers style explode allowReserved"),
		reflect.TypeFor[openapi3.Response]():       strings.Fields("description headers content links"),
		reflect.TypeFor[openapi3.ResponseRef]():    strings.Fields("$ref description headers content links"),
		reflect.TypeFor[openapi3.Example]():        strings.Fields("summary description value externalValue"),
		reflect.TypeFor[openapi3.ExampleRef]():     strings.Fields("$ref summary description value externalValue"),
		reflect.TypeFor[openapi3.Link]():           strings.Fields("operationRef operationId parameters requestBody description server"),
		reflect.TypeFor[openapi3.LinkRef]():        strings.Fields("$ref operationRef operationId parameters requestBody description server"),
		reflect.TypeFor[openapi3.Tag]():            strings.Fields("name summary description externalDocs parent kind"),
		reflect.TypeFor[openapi3.SecurityScheme](): strings.Fields(
			"type description name in scheme bearerFormat flows openIdConnectUrl"),
		reflect.TypeFor[openapi3.SecuritySchemeRef](): strings.Fields(
			"$ref type description name in scheme bearerFormat flows openIdConnectUrl"),
		reflect.TypeFor[openapi3.OAuthFlows]():    strings.Fields("implicit password clientCredentials authorizationCode"),
		reflect.TypeFor[openapi3.OAuthFlow]():     strings.Fields("deviceAuthorizationUrl authorizationUrl tokenUrl refreshUrl scopes"),
		reflect.TypeFor[openapi3.Discriminator](): strings.Fields("propertyName mapping defaultMapping"),
	}
}
