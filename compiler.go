package candor

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/body"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/form"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// compiler compiles types under the rules of one app: it makes the functions that bind, decode, check and encode.
type compiler struct {
	rules  *check.Set
	codec  *codec.Compiler
	bind   *bind.Compiler
	body   *body.Compiler
	codecs codecSet
	// schemas holds what the app adds to its schemas.
	schemas schema.Options
	// otherSide returns the compiler for clients, which encode what this one's functions decode and the reverse. It
	// checks no rules: that is left to the server.
	otherSide func() *compiler
}

func newCompiler(rules *check.Set, codecs codecSet) *compiler {
	c := &compiler{rules: rules, codec: codec.NewCompiler(rules), codecs: codecs}
	c.bind = &bind.Compiler{Rules: rules, Defaults: c.codec.Default, Fill: c.codec.Filler, Example: c.codec.CheckExample, WriteJSON: c.writeJSON}
	forms := &form.Compiler{Bind: c.bind, Upload: uploadType, SetUpload: setUpload, NoEmpty: reflect.TypeFor[OAuth2PasswordForm]()}
	c.body = &body.Compiler{Rules: rules, Codec: c.codec, Form: forms, Others: codecs.others()}
	c.bind.JSON, c.bind.ClosedJSON = c.jsonText(codec.Options{}), c.jsonText(codec.Options{ForbidExtra: true})
	// Lazy, because each compiler has another side, and so on without end.
	c.otherSide = sync.OnceValue(func() *compiler { return newCompiler(nil, codecs) })
	return c
}

// writeJSON makes the inverse of the functions made by jsonText.
func (c *compiler) writeJSON(f *typeinfo.Field) (func(v reflect.Value) (string, error), error) {
	encoder, err := c.codec.Encoder(f.Type, nil)
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) (string, error) {
		text, err := encoder.Append(nil, v, false, nil)
		return string(text), err
	}, nil
}

// leastJSONText is the default body limit; a JSON text in a parameter or a form may always take the memory that belongs
// to it.
const leastJSONText = 1 << 20

// jsonText makes functions that read parameters written as JSON, and check their rules.
func (c *compiler) jsonText(o codec.Options) bind.JSONText {
	return func(f *typeinfo.Field) (func(dst reflect.Value, text string, faults *fault.List), error) {
		decoder, err := c.codec.Decoder(f.Type, f.Rules)
		if err != nil {
			return nil, err
		}
		return func(dst reflect.Value, text string, faults *fault.List) {
			if !decoder.Decode([]byte(text), dst, o.ForBody(max(leastJSONText, int64(len(text)))), faults) {
				faults.Add(fault.With(fault.ValueError, "error", "takes too much memory when decoded"))
			}
		}, nil
	}
}

// schemaOptions returns what the user adds to schemas.
func schemaOptions(rules map[string]Rule, schemas map[reflect.Type]map[string]any) (schema.Options, error) {
	o := schema.Options{Rules: map[string]schema.Rule{}}
	for t, keywords := range schemas {
		if t == nil {
			return o, errors.New("Config.Schemas has a nil type; write reflect.TypeFor[T]()")
		}
		if err := o.Describe(t, keywords); err != nil {
			return o, fmt.Errorf("Config.Schemas[%s]: %w", t, err)
		}
	}
	for name, rule := range rules {
		if rule.Schema != nil {
			o.Rules[name] = schema.KeywordRule(rule.Schema)
		}
	}
	return o, nil
}

// memo caches successful results by key. The zero value is empty and safe for concurrent use.
type memo[K comparable, V any] struct {
	mutex sync.Mutex
	made  map[K]V
}

// get returns the cached result, or compiles it.
func (m *memo[K, V]) get(key K, compile func(K) (V, error)) (V, error) {
	m.mutex.Lock()
	known, ok := m.made[key]
	m.mutex.Unlock()
	if ok {
		return known, nil
	}
	// Called without the lock, because compile may ask for other keys.
	made, err := compile(key)
	if err != nil {
		return made, err
	}
	m.mutex.Lock()
	// Two goroutines may have compiled the same key; all callers get the result that was stored first.
	defer m.mutex.Unlock()
	if known, ok := m.made[key]; ok {
		return known, nil
	}
	if m.made == nil {
		m.made = map[K]V{}
	}
	m.made[key] = made
	return made, nil
}
