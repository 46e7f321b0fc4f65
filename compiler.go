package candor

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/codec"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

// compiler makes the programs of one app from descriptions of types: what
// binds, decodes, checks and encodes under the app's rules.
type compiler struct {
	rules  *check.Set
	codec  *codec.Compiler
	bind   *bind.Compiler
	codecs codecSet
	// schemas are the app's additions to its document.
	schemas schema.Options
	// otherSide makes the programs of clients, which send what this one's read
	// and read what they write; rules are the server's to judge.
	otherSide func() *compiler
}

func newCompiler(rules *check.Set, codecs codecSet) *compiler {
	c := &compiler{rules: rules, codec: codec.NewCompiler(rules), codecs: codecs}
	c.bind = &bind.Compiler{Rules: rules, Defaults: c.codec.Default, Fill: c.codec.Filler, Example: c.codec.CheckExample, WriteJSON: c.writeJSON}
	c.bind.JSON, c.bind.ClosedJSON = c.jsonText(codec.Options{}), c.jsonText(codec.Options{ForbidExtra: true})
	// Made when a client asks for it: each compiler has another side, and so on without end.
	c.otherSide = sync.OnceValue(func() *compiler { return newCompiler(nil, codecs) })
	return c
}

// writeJSON makes the inverse of what readers of jsonText read.
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

// leastJSONText is the limit of bodies by default, whose share of memory a JSON
// text in a parameter or a form may take in any case.
const leastJSONText = 1 << 20

// jsonText makes readers of parameters written as JSON, rules included.
func (c *compiler) jsonText(o codec.Options) bind.JSONText {
	return func(f *typeinfo.Field) (func(dst reflect.Value, text string, faults *fault.List), error) {
		decoder, err := c.codec.Decoder(f.Type, f.Rules)
		if err != nil {
			return nil, err
		}
		return func(dst reflect.Value, text string, faults *fault.List) {
			if !decoder.Decode([]byte(text), dst, limitMemory(o, max(leastJSONText, int64(len(text)))), faults) {
				faults.Add(fault.With(fault.ValueError, "error", "takes too much memory when decoded"))
			}
		}, nil
	}
}

// limitMemory bounds the memory of values that are decoded from so many bytes.
func limitMemory(o codec.Options, limit int64) codec.Options {
	// Values take more memory than their JSON, so that they may have four times as much; min
	// keeps the product in an int of 32 bits.
	o.Memory = int(min(limit, 1<<28))*4 + 512<<10
	return o
}

// inField says which field of an input an error is about, unless it says so
// itself.
func inField(in *typeinfo.Input, f *typeinfo.Field, err error) error {
	if located, ok := errors.AsType[*typeinfo.Error](err); ok && located.Field != "" {
		return err
	}
	at := typeinfo.Error{Type: typeinfo.Name(in.Go), Field: f.Go}
	return fmt.Errorf("%s: %w", at.Where(), err)
}

// schemaOptions is what the user adds to schemas.
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

// memo keeps what was made without an error, by what it was made of. The zero
// value is empty and safe for concurrent use.
type memo[K comparable, V any] struct {
	mutex sync.Mutex
	made  map[K]V
}

// get returns what was made of the key first.
func (m *memo[K, V]) get(key K, compile func(K) (V, error)) (V, error) {
	m.mutex.Lock()
	known, ok := m.made[key]
	m.mutex.Unlock()
	if ok {
		return known, nil
	}
	// Without the mutex, since compile may ask for other keys.
	made, err := compile(key)
	if err != nil {
		return made, err
	}
	m.mutex.Lock()
	// Two may have compiled the same; all get the one that was stored first.
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
