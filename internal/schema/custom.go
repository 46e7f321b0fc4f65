package schema

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/getkin/kin-openapi/openapi3"
)

// Describe adds the schema of a type, given as JSON keywords.
func (o *Options) Describe(t reflect.Type, keywords map[string]any) error {
	s, err := Keywords(keywords)
	if err != nil {
		return err
	}
	if o.Custom == nil {
		o.Custom = map[reflect.Type]*openapi3.Schema{}
	}
	o.Custom[t] = s
	return nil
}

// KeywordRule makes a rule whose effect is described by the keywords for its parameter. Empty keywords leave the schema
// unchanged.
func KeywordRule(keywords func(param string) map[string]any) Rule {
	return func(s *openapi3.Schema, param string) {
		if more, err := Keywords(keywords(param)); err == nil {
			Overlay(s, more)
		}
	}
}

// Keywords returns a schema from JSON keywords, such as {"type": "string", "maxLength": 3}.
func Keywords(keywords map[string]any) (*openapi3.Schema, error) {
	s := &openapi3.Schema{}
	data, err := json.Marshal(keywords)
	if err != nil {
		return nil, fmt.Errorf("the schema %v cannot be written as JSON; use plain values", keywords)
	}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%s is not a schema of OpenAPI 3.1; correct the keywords", data)
	}
	return s, nil
}

// Overlay adds the keywords of more to s: keywords that s does not have are set, the others become an element of allOf.
func Overlay(s, more *openapi3.Schema) {
	rest := &openapi3.Schema{}
	from, into, left := reflect.ValueOf(more).Elem(), reflect.ValueOf(s).Elem(), reflect.ValueOf(rest).Elem()
	for i := range from.NumField() {
		switch {
		// A zero field means an absent keyword; unexported fields belong to kin-openapi.
		case from.Field(i).IsZero() || !into.Field(i).CanSet():
		case into.Field(i).IsZero():
			into.Field(i).Set(from.Field(i))
		case !reflect.DeepEqual(into.Field(i).Interface(), from.Field(i).Interface()):
			left.Field(i).Set(from.Field(i))
		}
	}
	if !rest.IsEmpty() {
		s.AllOf = append(s.AllOf, openapi3.NewSchemaRef("", rest))
	}
}
